#include "tests/apply/apply_lab.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>

#include "planner/configuration.hpp"
#include "planner/observe.hpp"

namespace aim::apply_test {

namespace fs = std::filesystem;

core::Result<std::string> SavedLogs::save(
    core::RunId run,
    const std::string& container,
    const std::function<core::Result<void>(const core::LogSink&)>& produce) {
  std::string text;
  const core::Result<void> produced =
      produce([&](const core::LogPiece& piece) { text += piece.text; });
  if (!produced) {
    return produced.error();
  }
  const std::string name = fmt::format("run-{}-{}.log", run.value, container);
  logs[name] = text;
  return name;
}

void RecordedProgress::on(const core::ProgressEvent& event) {
  lines.push_back(std::visit(
      core::overloaded{[](const core::PhaseEntered& e) {
                         return fmt::format("phase {}", core::to_string(e.phase));
                       },
                       [](const core::ActivityStarted& e) {
                         return fmt::format("{}: {}", e.resource, core::to_string(e.activity));
                       },
                       [](const core::ActivityProgress& e) {
                         return fmt::format("{}: .. {}", e.resource, e.detail);
                       },
                       [](const core::ActivityFinished& e) {
                         return fmt::format("{}: {} done", e.resource, core::to_string(e.activity));
                       },
                       [](const core::ActivityFailed& e) {
                         return fmt::format("{}: {} failed: {}",
                                            e.resource,
                                            core::to_string(e.activity),
                                            e.error.message);
                       },
                       [](const core::UndoStarted& e) { return fmt::format("undo: {}", e.reason); },
                       [](const core::Warned& e) {
                         return fmt::format("{}: warning {}", e.resource, e.message);
                       }},
      event));
}

ApplyLab::ApplyLab() : docker(clock), prober(docker, clock), engine(docker) {
  std::string pattern = (fs::temp_directory_path() / "aim-apply-XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  directory_ = pattern;
  store = state::StateStore::open(directory_ / "state.db", clock).value();
  for (const char* image : {"serve:1", "serve:2", "web:1"}) {
    docker.add_image({.ref = image});
  }
}

ApplyLab::~ApplyLab() {
  store.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void ApplyLab::configure(const std::string& yaml) { yaml_ = "version: 1\nproject: lab\n" + yaml; }

namespace {

planner::Configuration load(const std::string& yaml) {
  planner::ConfigurationInput input;
  input.files.push_back({"aim.yaml", yaml});
  input.environment = [](const std::string&) { return std::nullopt; };
  input.read_file = [](const std::string& path, const std::string&) -> core::Result<std::string> {
    return core::make_error(core::ErrorCode::NotFound, path);
  };
  core::SourceFiles sources;
  core::Diagnostics diagnostics;
  planner::Configuration configuration = planner::load_configuration(input, sources, diagnostics);
  for (const core::Diagnostic& one : diagnostics.items()) {
    EXPECT_NE(one.severity, core::Severity::Error) << one.summary << ": " << one.detail;
  }
  return configuration;
}

}  // namespace

planner::Plan ApplyLab::plan(const planner::PlanOptions& plan_options) {
  const planner::Configuration configuration = load(yaml_);
  const core::StateSnapshot state = store->snapshot();
  const auto world = planner::observe(engine, state, "lab", "default", 4, {});
  EXPECT_TRUE(world) << core::to_string(world.error());
  core::Diagnostics diagnostics;
  planner::Plan plan = planner::make_plan(configuration, state, *world, plan_options, diagnostics);
  for (const core::Diagnostic& one : diagnostics.items()) {
    ADD_FAILURE() << one.summary << ": " << one.detail;
  }
  return plan;
}

planner::ApplyResult ApplyLab::apply(const planner::PlanOptions& plan_options,
                                     std::stop_token stop) {
  const planner::Plan planned = plan(plan_options);
  core::RunHeader header;
  header.label = core::random_hex(8);
  header.operation = "apply";
  header.user = "tester";
  header.host = "here";
  header.lineage = planned.lineage.empty() ? "lineage" : planned.lineage;
  header.project = "lab";
  header.workspace = "default";
  header.plan_json = "{}";
  const planner::ExecutorPorts ports{engine, engine, engine, prober, *store, logs, clock, progress};
  return planner::execute(planned, header, ports, options, stop);
}

}  // namespace aim::apply_test
