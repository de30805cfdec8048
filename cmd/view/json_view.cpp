#include "cmd/view/json_view.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cmath>

#include "cmd/view/apply_render.hpp"
#include "cmd/view/diagnostic_render.hpp"
#include "cmd/view/gpu_render.hpp"
#include "cmd/view/plan_render.hpp"
#include "planner/plan_json.hpp"

namespace aim::view {

namespace json = boost::json;
using planner::Action;
using planner::Plan;
using planner::ResourceChange;

namespace {

constexpr std::chrono::milliseconds kLookEvery{1000};

std::string_view level_of(core::Severity severity) {
  switch (severity) {
    case core::Severity::Error:
      return "error";
    case core::Severity::Warning:
      return "warn";
    case core::Severity::Note:
      return "info";
  }
  return "info";
}

/// Terraform's words for the action of a message.
std::string_view action_word(Action action) {
  switch (action) {
    case Action::NoOp:
      return "noop";
    case Action::Create:
      return "create";
    case Action::Update:
      return "update";
    case Action::Replace:
      return "replace";
    case Action::Delete:
      return "delete";
    case Action::Forget:
      return "remove";
  }
  return "";
}

json::object change_message(const core::Address& address,
                            Action action,
                            const std::vector<planner::FieldChange>& fields) {
  json::array differences;
  for (const planner::FieldChange& field : fields) {
    differences.push_back(planner::field_json(address.kind, field));
  }
  return {{"resource", resource_json(address.str())},
          {"action", action_word(action)},
          {"fields", std::move(differences)}};
}

json::value shown_value(bool sensitive, const core::Value& value) {
  return sensitive && !value.is_null() ? json::value(planner::kRedacted)
                                       : planner::public_json(nullptr, value);
}

json::object outputs_json(const std::map<std::string, core::RecordedOutput>& outputs) {
  json::object object;
  for (const auto& [name, output] : outputs) {
    object.emplace(name,
                   json::object{{"sensitive", output.sensitive},
                                {"value", shown_value(output.sensitive, output.value)}});
  }
  return object;
}

json::object planned_outputs_json(const Plan& plan) {
  json::object object;
  for (const planner::OutputChange& output : plan.outputs) {
    json::object entry{{"sensitive", output.sensitive}, {"action", action_word(output.action)}};
    if (!core::contains_unknown(output.after) && !output.after.is_null()) {
      entry.emplace("value", shown_value(output.sensitive, output.after));
    }
    object.emplace(output.name, std::move(entry));
  }
  return object;
}

json::value attributes_json(core::Kind kind, const core::Map& values) {
  json::object object;
  for (const auto& [name, value] : values) {
    object.emplace(name, planner::public_json(planner::attribute_of(kind, name), value));
  }
  return object;
}

json::array texts_json(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) {
    array.push_back(json::string(valid_utf8(text)));
  }
  return array;
}

json::object failure_json(const ApplyFailure& failure) {
  json::array causes;
  for (const FailureCause& cause : failure.causes) {
    causes.push_back(json::object{{"what", valid_utf8(cause.what)},
                                  {"cause", valid_utf8(cause.cause)},
                                  {"evidence", texts_json(cause.evidence)},
                                  {"remedy", valid_utf8(cause.remedy)},
                                  {"log_path", valid_utf8(cause.log_path)}});
  }
  json::object without_service;
  for (const auto& [address, duration] : failure.without_service) {
    without_service.emplace(address, static_cast<double>(duration.count()) / 1000.0);
  }
  json::object object{{"causes", std::move(causes)},
                      {"outcome", outcome_text(failure)},
                      {"left_over", texts_json(failure.left_over)},
                      {"seconds_without_service", std::move(without_service)},
                      {"exit_code", static_cast<int>(failure.exit_code)}};
  if (!failure.given_up.empty()) {
    object.emplace("given_up", texts_json(failure.given_up));
  }
  return object;
}

std::size_t count_forgotten(const Plan& plan) {
  return static_cast<std::size_t>(
      std::count_if(plan.changes.begin(), plan.changes.end(), [](const ResourceChange& change) {
        return change.action == Action::Forget;
      }));
}

std::string one_line(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  return text;
}

}  // namespace

JsonView::JsonView(std::ostream& out, core::Clock& clock, Ticking ticking)
    : out_(out), clock_(clock), ticking_(ticking), stream_(out, clock) {}

JsonView::~JsonView() { ticker_.reset(); }

void JsonView::emit_diagnostic(const core::Diagnostic& diagnostic,
                               const core::SourceFiles& sources) {
  warnings_ += diagnostic.severity == core::Severity::Warning ? 1 : 0;
  stream_.emit(level_of(diagnostic.severity),
               fmt::format("{}: {}", to_string(diagnostic.severity), diagnostic.summary),
               "diagnostic",
               {{"diagnostic", diagnostic_json(diagnostic, sources)}});
}

void JsonView::diagnostics(const core::Diagnostics& diagnostics, const core::SourceFiles& sources) {
  for (const core::Diagnostic& diagnostic : diagnostics.sorted()) {
    emit_diagnostic(diagnostic, sources);
  }
}

void JsonView::error(const core::Error& error) {
  core::Diagnostic diagnostic;
  diagnostic.summary = error.message;
  diagnostic.detail = fmt::format("{}", fmt::join(error.context, "\n"));
  emit_diagnostic(diagnostic, {});
}

void JsonView::stale(const std::vector<std::string>& moved) {
  core::Diagnostic diagnostic;
  diagnostic.summary = "The saved plan is stale";
  diagnostic.detail = fmt::format("{}", fmt::join(moved, "\n"));
  emit_diagnostic(diagnostic, {});
}

void JsonView::message(const std::string& text) { stream_.emit("info", text, "log", {}); }

void JsonView::question(const std::string& text) { stream_.emit("info", text, "question", {}); }

void JsonView::emit_summary(const planner::ChangeCounts& counts,
                            std::size_t forgotten,
                            std::string_view operation,
                            const std::string& message) {
  stream_.emit("info",
               message,
               "change_summary",
               {{"changes",
                 json::object{{"add", counts.add},
                              {"change", counts.change},
                              {"import", 0},
                              {"remove", counts.destroy},
                              {"forget", forgotten},
                              {"operation", operation}}}});
}

void JsonView::plan(const Plan& plan, const core::SourceFiles& sources) {
  for (const planner::Drift& drift : plan.drift) {
    stream_.emit(
        "info",
        fmt::format(
            "{}: Drift detected ({})", drift.address.str(), drift.missing ? "delete" : "update"),
        "resource_drift",
        {{"change",
          change_message(
              drift.address, drift.missing ? Action::Delete : Action::Update, drift.fields)}});
  }
  for (const ResourceChange& change : plan.changes) {
    if (!planner::is_change(change)) {
      continue;
    }
    json::object message = change_message(change.address, change.action, change.fields);
    if (change.reason != planner::Reason::None) {
      message.emplace("reason", planner::to_string(change.reason));
    }
    stream_.emit("info",
                 fmt::format("{}: Plan to {}", change.address.str(), action_word(change.action)),
                 "planned_change",
                 {{"change", std::move(message)}});
  }
  for (const core::Diagnostic& note : plan.notes) {
    emit_diagnostic(note, sources);
  }
  emit_summary(
      planner::count_changes(plan), count_forgotten(plan), "plan", one_line(summary_line(plan)));
  if (!plan.outputs.empty()) {
    stream_.emit("info",
                 fmt::format("Outputs: {}", plan.outputs.size()),
                 "outputs",
                 {{"outputs", planned_outputs_json(plan)}});
  }
}

core::Progress& JsonView::progress() {
  if (!progress_) {
    progress_ = std::make_unique<JsonProgress>(stream_, clock_);
    if (ticking_ == Ticking::On) {
      ticker_ = std::make_unique<Ticker>(clock_, kLookEvery, [this] { progress_->tick(); });
    }
  }
  return *progress_;
}

void JsonView::applied(const Plan& plan,
                       const planner::ApplyResult& result,
                       cmd::ExitCode exit_code) {
  ticker_.reset();
  progress_.reset();
  if (exit_code != cmd::ExitCode::Done || !result.failures.empty()) {
    const ApplyFailure failure = describe_failure(result, exit_code);
    stream_.emit(
        "error", outcome_text(failure), "apply_failed", {{"failure", failure_json(failure)}});
    return;
  }
  emit_summary(result.done,
               count_forgotten(plan),
               plan.options.destroy ? "destroy" : "apply",
               completion_line(plan, result.done));
  stream_.emit("info",
               fmt::format("Outputs: {}", result.outputs.size()),
               "outputs",
               {{"outputs", outputs_json(result.outputs)}});
}

void JsonView::text(const std::string& text) {
  // Help has no JSON form; --json beside --help is no reason to hide it.
  out_ << text;
  out_.flush();
}

void JsonView::json_document(const json::value& document) {
  out_ << json::serialize(document) << '\n';
  out_.flush();
}

void JsonView::version(std::string_view version) {
  json_document(json::object{{"aim_version", version}});
}

void JsonView::valid(const planner::Configuration&) {
  stream_.emit("info",
               "Success! The configuration is valid.",
               "validation",
               {{"valid", true}, {"error_count", 0}, {"warning_count", warnings_}});
}

void JsonView::plan_document(const Plan& plan) {
  json_document(planner::plan_json(plan, {AIM_VERSION, std::nullopt, planner::Errored::No}));
}

void JsonView::state_list(const core::StateSnapshot& state) {
  json::array resources;
  for (const auto& [address, resource] : state.resources) {
    resources.push_back(json::object{{"address", address.str()},
                                     {"docker_name", resource.docker_name},
                                     {"docker_id", resource.docker_id}});
  }
  json_document(json::object{
      {"lineage", state.lineage}, {"serial", state.serial}, {"resources", std::move(resources)}});
}

void JsonView::state_resource(const core::RecordedResource& resource) {
  const core::Kind kind = resource.address.kind;
  std::vector<std::string> dependencies;
  for (const core::Address& address : resource.dependencies) {
    dependencies.push_back(address.str());
  }
  json_document(json::object{{"address", resource.address.str()},
                             {"docker_name", resource.docker_name},
                             {"docker_id", resource.docker_id},
                             {"generation", resource.generation},
                             {"values", attributes_json(kind, resource.attributes)},
                             {"computed", attributes_json(kind, resource.computed)},
                             {"depends_on", texts_json(dependencies)},
                             {"prevent_destroy", resource.prevent_destroy},
                             {"retain", resource.retain},
                             {"external", resource.external}});
}

void JsonView::outputs(const std::map<std::string, core::RecordedOutput>& outputs) {
  json_document(outputs_json(outputs));
}

void JsonView::output(const std::string&, const core::RecordedOutput& output) {
  json_document(shown_value(output.sensitive, output.value));
}

namespace {

json::array gpus_of(const cmd::StatusRow& row) {
  json::array gpus;
  for (const core::Gpu& gpu : row.gpus) {
    json::object one{{"index", gpu.index},
                     {"id", gpu.id},
                     {"model", gpu.model},
                     {"memory_bytes", gpu.memory_bytes},
                     {"health", core::to_string(gpu.health)}};
    if (gpu.used_bytes) {
      one.emplace("used_bytes", *gpu.used_bytes);
    }
    gpus.emplace_back(std::move(one));
  }
  return gpus;
}

json::object serving_of(const cmd::StatusRow& row) {
  json::object serving;
  const auto put = [&](const char* name, const std::optional<double>& value) {
    if (value && *value == std::floor(*value)) {
      serving.emplace(name, static_cast<std::int64_t>(*value));
    } else if (value) {
      serving.emplace(name, *value);
    }
  };
  put("requests_running", row.metrics->running);
  put("requests_waiting", row.metrics->waiting);
  put("requests_finished", row.metrics->requests);
  put("prompt_tokens", row.metrics->prompt_tokens);
  put("generated_tokens", row.metrics->generated_tokens);
  put("tokens_per_second", row.tokens_per_second);
  put("kv_cache_usage", row.metrics->kv_usage);
  return serving;
}

}  // namespace

void JsonView::status(const std::vector<cmd::StatusRow>& rows) {
  json::array array;
  for (const cmd::StatusRow& row : rows) {
    array.push_back(json::object{{"address", row.address.str()},
                                 {"name", valid_utf8(row.name)},
                                 {"url", valid_utf8(row.url)},
                                 {"status", valid_utf8(row.status)},
                                 {"started_at", valid_utf8(row.started_at)},
                                 {"restarts", row.restarts},
                                 {"readiness", valid_utf8(row.readiness)}});
    json::object& object = array.back().as_object();
    if (!row.launch.empty()) {
      object.emplace("launch", row.launch);
    }
    if (!row.gpus.empty()) {
      object.emplace("gpus", gpus_of(row));
    }
    if (row.metrics) {
      object.emplace("serving", serving_of(row));
    }
  }
  json_document(json::object{{"resources", std::move(array)}});
}

void JsonView::gpus(const cmd::GpuReport& report) { json_document(gpus_json(report)); }

void JsonView::test(const core::Address& address, const std::vector<cmd::TestRow>& rows) {
  json::array array;
  bool passed = true;
  for (const cmd::TestRow& row : rows) {
    passed = passed && row.passed;
    json::object object{{"check", valid_utf8(row.check)},
                        {"passed", row.passed},
                        {"detail", valid_utf8(row.detail)}};
    if (row.latency) {
      object.emplace("latency_ms", static_cast<std::int64_t>(row.latency->count()));
    }
    if (row.tokens) {
      object.emplace("tokens", *row.tokens);
    }
    array.push_back(std::move(object));
  }
  json_document(
      json::object{{"address", address.str()}, {"passed", passed}, {"checks", std::move(array)}});
}

void JsonView::log_piece(const core::LogPiece& piece) {
  json_document(json::object{{"stream", piece.is_stderr ? "stderr" : "stdout"},
                             {"text", valid_utf8(piece.text)}});
}

}  // namespace aim::view
