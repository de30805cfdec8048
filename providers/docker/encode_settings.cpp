#include "providers/docker/encode_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "providers/docker/encode_parts.hpp"

namespace aim::providers {

namespace json = boost::json;
using core::Map;
using core::Value;

namespace {

constexpr std::int64_t kNanosPerMilli = 1'000'000;
/// Docker's own.
constexpr std::int64_t kStartIntervalMillis = 5'000;

/// A check whose words are [NONE].
bool is_none(const json::object& body) {
  const json::value* test = body.if_contains("Test");
  return test && test->is_array() && test->get_array() == json::array{"NONE"};
}

void set_test(json::object& body, const Map& members, AttributeReader& check) {
  const Value* test = core::find(members, "test");
  if (check.boolean("disable").value_or(false)) {
    body["Test"] = json::array{"NONE"};
  } else if (test && test->is<core::List>()) {
    set_texts(body, "Test", check.texts("test"));
  } else if (const auto command = check.text("test")) {
    body["Test"] = json::array{"CMD-SHELL", *command};
  }
}

}  // namespace

void set_healthcheck(json::object& config, AttributeReader& reader, ApiVersion version) {
  const Map* members = reader.map("healthcheck");
  if (members == nullptr) {
    return;
  }
  AttributeReader check(*members, "healthcheck");
  json::object body;
  set_test(body, *members, check);
  const auto interval = check.integer("interval");
  const auto timeout = check.integer("timeout");
  const auto start_period = check.integer("start_period");
  const auto start_interval = check.integer("start_interval");
  const auto retries = check.integer("retries");
  const auto set_nanos = [&](std::string_view key, const std::optional<std::int64_t>& millis) {
    if (millis) {
      body[key] = *millis * kNanosPerMilli;
    }
  };
  if (!is_none(body)) {
    set_nanos("Interval", interval);
    set_nanos("Timeout", timeout);
    // None at all would be the image's; one millisecond is the least that Docker takes.
    set_nanos(
        "StartPeriod",
        start_period ? std::optional(std::max<std::int64_t>(1, *start_period)) : std::nullopt);
    set(body, "Retries", retries);
  }
  // Engines before API 1.44 drop the field without a word.
  if (version < kApiWithStartInterval && start_interval) {
    check.fail("start_interval needs Docker 25 (API 1.44)");
  } else if (version >= kApiWithStartInterval && !is_none(body)) {
    set_nanos("StartInterval", start_interval.value_or(kStartIntervalMillis));
  }
  if (const core::Result<void> done = check.finish(); !done) {
    reader.fail(done.error().message);
  }
  config["Healthcheck"] = std::move(body);
}

namespace {

void set_bind_options(json::object& body, AttributeReader& mount, ApiVersion version) {
  json::object options;
  set(options, "Propagation", mount.text("propagation"));
  if (mount.boolean("recursive") == false) {
    options["NonRecursive"] = true;
  }
  if (const auto create = mount.boolean("create_source")) {
    if (version < kApiWithCreatedSources) {
      mount.fail("create_source needs Docker 23 (API 1.42)");
    }
    options["CreateMountpoint"] = *create;
  }
  if (!options.empty()) {
    body["BindOptions"] = std::move(options);
  }
}

void set_volume_options(json::object& body, AttributeReader& mount, ApiVersion version) {
  json::object options;
  set(options, "NoCopy", mount.boolean("nocopy"));
  if (const auto subpath = mount.text("subpath")) {
    if (version < kApiWithSubpaths) {
      mount.fail("subpath needs Docker 26 (API 1.45)");
    }
    options["Subpath"] = *subpath;
  }
  if (!options.empty()) {
    body["VolumeOptions"] = std::move(options);
  }
}

void set_tmpfs_options(json::object& body, AttributeReader& mount) {
  json::object options;
  set(options, "SizeBytes", mount.integer("size"));
  if (const auto text = mount.text("mode")) {
    std::int64_t mode = 0;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), mode, 8);
    if (error != std::errc() || end != text->data() + text->size()) {
      mount.fail(fmt::format("\"{}\" are no octal permissions", *text));
    }
    options["Mode"] = mode;
  }
  if (!options.empty()) {
    body["TmpfsOptions"] = std::move(options);
  }
}

json::object mount_body(const Map& members, AttributeReader& reader, ApiVersion version) {
  AttributeReader mount(members, "a mount");
  json::object body;
  const std::string type = mount.text("type").value_or("volume");
  body["Type"] = type;
  set(body, "Source", mount.text("source"));
  set(body, "Target", mount.text("target"));
  set(body, "ReadOnly", mount.boolean("read_only"));
  // What belongs to another type is never read, and finish() says so.
  if (type == "bind") {
    set_bind_options(body, mount, version);
  } else if (type == "volume") {
    set_volume_options(body, mount, version);
  } else if (type == "tmpfs") {
    set_tmpfs_options(body, mount);
  }
  if (const core::Result<void> done = mount.finish(); !done) {
    reader.fail(done.error().message);
  }
  return body;
}

}  // namespace

void set_mounts(json::object& host, AttributeReader& reader, ApiVersion version) {
  const core::List* mounts = reader.list("mounts");
  if (mounts == nullptr) {
    return;
  }
  json::array bodies;
  for (const Value& item : *mounts) {
    const Map* members = item.get<Map>();
    if (members == nullptr) {
      reader.fail("attribute mounts is not a list of maps");
      return;
    }
    bodies.emplace_back(mount_body(*members, reader, version));
  }
  host["Mounts"] = std::move(bodies);
}

}  // namespace aim::providers
