#include "cmd/view/json_stream.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cmd/view/progress_text.hpp"
#include "cmd/view/text.hpp"
#include "planner/plan_json.hpp"

namespace aim::view {

namespace json = boost::json;
using core::Activity;

namespace {

constexpr std::string_view kModule = "aim.ui";
constexpr std::string_view kInterface = "1.2";

/// Terraform's words where it has one.
std::string_view hook_action(Activity activity) {
  switch (activity) {
    case Activity::Pulling:
      return "pull";
    case Activity::Creating:
      return "create";
    case Activity::Updating:
      return "update";
    case Activity::Replacing:
      return "replace";
    case Activity::Destroying:
    case Activity::Removing:
      return "delete";
    case Activity::Stopping:
      return "stop";
    case Activity::Disconnecting:
      return "disconnect";
    case Activity::Starting:
      return "start";
    case Activity::Waiting:
      return "wait";
    case Activity::Undoing:
      return "undo";
    case Activity::Renaming:
      return "rename";
  }
  return "";
}

json::object hook(const std::string& resource, Activity activity) {
  return {{"resource", resource_json(resource)}, {"action", hook_action(activity)}};
}

std::int64_t whole_seconds(std::chrono::milliseconds elapsed) {
  return std::chrono::floor<std::chrono::seconds>(elapsed).count();
}

json::object as_hook(json::object members) {
  json::object object;
  object.emplace("hook", std::move(members));
  return object;
}

}  // namespace

void JsonStream::emit(std::string_view level,
                      std::string_view message,
                      std::string_view type,
                      const json::object& members) {
  const std::lock_guard lock(mutex_);
  if (!begun_) {
    begun_ = true;
    write("info",
          fmt::format("aim {}", AIM_VERSION),
          "version",
          {{"aim", AIM_VERSION}, {"ui", kInterface}});
  }
  write(level, message, type, members);
}

void JsonStream::write(std::string_view level,
                       std::string_view message,
                       std::string_view type,
                       const json::object& members) {
  json::object object{{"@level", level},
                      {"@message", valid_utf8(message)},
                      {"@module", kModule},
                      {"@timestamp", planner::utc_text(clock_.utc_now())},
                      {"type", type}};
  for (const auto& [key, value] : members) {
    object.emplace(key, value);
  }
  out_ << json::serialize(object) << '\n';
  // Whoever reads this reads it as it happens.
  out_.flush();
}

json::object resource_json(const std::string& resource) {
  const std::string addr = valid_utf8(resource);
  json::object object{
      {"addr", addr}, {"module", ""}, {"resource", addr}, {"implied_provider", "docker"}};
  const core::Result<core::Address> address = core::Address::parse(resource);
  object.emplace("resource_type", address ? core::to_string(address->kind) : "image");
  object.emplace("resource_name", address ? address->name : addr);
  object.emplace("resource_key",
                 address && address->key ? json::value(valid_utf8(*address->key)) : nullptr);
  return object;
}

void JsonProgress::on(const core::ProgressEvent& event) {
  const std::lock_guard lock(mutex_);
  const core::Steady now = clock_.steady_now();
  const auto begin = [&](const std::string& resource, Activity activity) {
    stream_.emit(
        "info", start_text(resource, activity), "apply_start", as_hook(hook(resource, activity)));
  };
  std::visit(core::overloaded{
                 [&](const core::PhaseEntered& e) {
                   stream_.emit("info",
                                fmt::format("Phase: {}", core::to_string(e.phase)),
                                "phase",
                                {{"phase", core::to_string(e.phase)}});
                 },
                 [&](const core::ActivityStarted& e) {
                   running_.start(e.resource, e.activity, now);
                   begin(e.resource, e.activity);
                 },
                 [&](const core::ActivityProgress& e) {
                   if (running_.progress(e, now)) {
                     begin(e.resource, e.activity);
                   }
                 },
                 [&](const core::ActivityFinished& e) {
                   running_.end(e.resource, e.activity);
                   json::object members = hook(e.resource, e.activity);
                   if (!e.id.empty()) {
                     members.emplace("id_key", "id");
                     members.emplace("id_value", valid_utf8(e.id));
                   }
                   members.emplace("elapsed_seconds", whole_seconds(e.elapsed));
                   stream_.emit("info", end_text(e), "apply_complete", as_hook(std::move(members)));
                 },
                 [&](const core::ActivityFailed& e) {
                   running_.end(e.resource, e.activity);
                   json::object members = hook(e.resource, e.activity);
                   members.emplace("elapsed_seconds", whole_seconds(e.elapsed));
                   members.emplace("error", valid_utf8(core::to_string(e.error)));
                   stream_.emit(
                       "error", failure_text(e), "apply_errored", as_hook(std::move(members)));
                 },
                 [&](const core::UndoStarted& e) {
                   stream_.emit("warn",
                                fmt::format("Undoing: {}", e.reason),
                                "undo",
                                {{"reason", valid_utf8(e.reason)}});
                 },
                 [&](const core::Warned& e) {
                   stream_.emit("warn",
                                fmt::format("{}: {}", e.resource, e.message),
                                "log",
                                {{"resource", resource_json(e.resource)}});
                 }},
             event);
}

void JsonProgress::tick() {
  const std::lock_guard lock(mutex_);
  const core::Steady now = clock_.steady_now();
  for (const RunningActivity& running : running_.due(now)) {
    json::object members = hook(running.resource, running.activity);
    members.emplace("elapsed_seconds", whole_seconds(running.elapsed(now)));
    if (!running.detail.empty()) {
      members.emplace("detail", valid_utf8(running.detail));
    }
    if (running.pull) {
      members.emplace("current_bytes", running.pull->current_bytes);
      members.emplace("total_bytes", running.pull->total_bytes);
    }
    stream_.emit("info", still_text(running, now), "apply_progress", as_hook(std::move(members)));
  }
}

}  // namespace aim::view
