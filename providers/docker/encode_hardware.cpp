#include "providers/docker/encode_hardware.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <charconv>

#include "providers/docker/encode_parts.hpp"

namespace aim::providers {

namespace json = boost::json;
using core::Map;
using core::Value;

namespace {

json::object ulimit_body(const std::string& name, const Value& value, AttributeReader& reader) {
  json::object body{{"Name", name}};
  if (const std::int64_t* both = value.get<std::int64_t>()) {
    body["Soft"] = *both;
    body["Hard"] = *both;
    return body;
  }
  const Map* members = value.get<Map>();
  const auto soft = members ? core::integer_at(*members, "soft") : std::nullopt;
  const auto hard = members ? core::integer_at(*members, "hard") : std::nullopt;
  if (!soft || !hard) {
    reader.fail(fmt::format("attribute ulimits.{} has no soft and hard limit", name));
    return body;
  }
  body["Soft"] = *soft;
  body["Hard"] = *hard;
  return body;
}

}  // namespace

void set_ulimits(json::object& host, AttributeReader& reader) {
  if (const Map* ulimits = reader.map("ulimits")) {
    json::array bodies;
    for (const auto& [name, value] : *ulimits) {
      bodies.emplace_back(ulimit_body(name, value, reader));
    }
    host["Ulimits"] = std::move(bodies);
  }
}

namespace {

bool is_device_access(std::string_view text) {
  return !text.empty() && text.find_first_not_of("rwm") == std::string_view::npos;
}

/// "HOST[:CONTAINER][:ACCESS]", as `docker run --device` reads it.
json::object device_body(const std::string& text) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t colon = text.find(':'); colon != std::string::npos;
       colon = text.find(':', begin)) {
    parts.push_back(text.substr(begin, colon - begin));
    begin = colon + 1;
  }
  parts.push_back(text.substr(begin));
  std::string access = "rwm";
  if (parts.size() > 1 && is_device_access(parts.back())) {
    access = parts.back();
    parts.pop_back();
  }
  return {{"PathOnHost", parts.front()},
          {"PathInContainer", parts.size() > 1 ? parts[1] : parts.front()},
          {"CgroupPermissions", access}};
}

}  // namespace

void set_devices(json::object& host, AttributeReader& reader) {
  if (const auto devices = reader.texts("devices")) {
    json::array bodies;
    for (const std::string& device : *devices) {
      bodies.emplace_back(device_body(device));
    }
    host["Devices"] = std::move(bodies);
  }
}

namespace {

constexpr std::int64_t kAllGpus = -1;

std::int64_t gpu_count(const std::string& text, AttributeReader& reader) {
  if (text == "all") {
    return kAllGpus;
  }
  std::int64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size()) {
    reader.fail(fmt::format("\"{}\" is no number of GPUs", text));
  }
  return count;
}

}  // namespace

void set_gpus(json::object& host, AttributeReader& reader, ApiVersion version) {
  const Map* members = reader.map("gpus");
  if (members == nullptr) {
    return;
  }
  AttributeReader gpus(*members, "gpus");
  json::object request;
  const auto driver = gpus.text("driver");
  if (driver == "cdi" && version < kApiWithCdi) {
    gpus.fail("the driver cdi needs Docker 25 (API 1.44)");
  }
  set(request, "Driver", driver);
  if (const auto count = gpus.text("count")) {
    request["Count"] = gpu_count(*count, gpus);
  }
  set_texts(request, "DeviceIDs", gpus.texts("ids"));
  if (const auto capabilities = gpus.texts("capabilities")) {
    // A list of alternatives, each a list of which all must be there.
    request["Capabilities"] = json::array{json_array(*capabilities)};
  }
  if (gpus.map("options") != nullptr) {
    request["Options"] = json_texts(gpus, "options");
  }
  if (const core::Result<void> done = gpus.finish(); !done) {
    reader.fail(done.error().message);
  }
  host["DeviceRequests"] = json::array{std::move(request)};
}

}  // namespace aim::providers
