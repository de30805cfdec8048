#include "tests/apply/apply_lab.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <unistd.h>

#include <fstream>
#include <sstream>

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

ApplyLab::ApplyLab(support::MemoryDockerOptions docker_options)
    : docker(clock, std::move(docker_options)), prober(docker, clock), engine(docker) {
  // What a disk takes to be sure of a write is not what is tested here.
  const fs::path memory = "/dev/shm";
  const fs::path place = access(memory.c_str(), W_OK) == 0 ? memory : fs::temp_directory_path();
  std::string pattern = (place / "aim-apply-XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  directory_ = pattern;
  store = state::StateStore::open(directory_ / "state.db", clock).value();
  for (const char* image : {"serve:1", "serve:2", "web:1"}) {
    docker.add_image({.ref = image});
  }
  for (const char* image : {"store:1", "store:2"}) {
    docker.add_image({.ref = image, .volumes = {"/var/lib/store"}});
  }
  docker.add_image({.ref = "job:1"});
  support::Program work;
  work.exits_after = std::chrono::milliseconds(500);
  work.output = {{"working", std::chrono::milliseconds(100), false}};
  docker.set_program({.image = "job:1", .name = {}, .argument = {}}, work);
}

ApplyLab::~ApplyLab() {
  store.reset();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
}

void ApplyLab::lose_state() {
  store.reset();
  for (const char* name : {"state.db", "state.db-wal", "state.db-shm"}) {
    fs::remove(directory_ / name);
  }
  store = state::StateStore::open(directory_ / "state.db", clock).value();
}

std::string ApplyLab::database_bytes() const {
  std::ostringstream bytes;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory_)) {
    bytes << std::ifstream(entry.path(), std::ios::binary).rdbuf();
  }
  return bytes.str();
}

void ApplyLab::configure(const std::string& yaml) { yaml_ = "version: 1\nproject: lab\n" + yaml; }

planner::Configuration ApplyLab::load(core::Diagnostics& diagnostics) const {
  planner::ConfigurationInput input;
  input.files.push_back({"aim.yaml", yaml_});
  input.flag_variables = variables;
  input.environment = [this](const std::string& name) {
    const auto found = environment.find(name);
    return found == environment.end() ? std::nullopt : std::optional(found->second);
  };
  input.read_file = [this](const std::string& path,
                           const std::string&) -> core::Result<std::string> {
    const auto found = files.find(path);
    if (found == files.end()) {
      return core::make_error(core::ErrorCode::NotFound, path);
    }
    return found->second;
  };
  core::SourceFiles sources;
  return planner::load_configuration(input, sources, diagnostics);
}

planner::Plan ApplyLab::plan_with(const planner::PlanOptions& plan_options,
                                  core::Diagnostics& diagnostics) {
  const planner::Configuration configuration = load(diagnostics);
  if (diagnostics.has_errors()) {
    return {};
  }
  const core::StateSnapshot state = store->snapshot();
  auto world = planner::observe(engine, state, "lab", "default", 4, {});
  EXPECT_TRUE(world) << core::to_string(world.error());
  core::Result<planner::Plan> plan = planner::make_plan_asking(
      engine, configuration, state, *world, plan_options, 4, {}, diagnostics);
  EXPECT_TRUE(plan) << core::to_string(plan.error());
  return std::move(*plan);
}

planner::Plan ApplyLab::plan(const planner::PlanOptions& plan_options) {
  core::Diagnostics diagnostics;
  planner::Plan plan = plan_with(plan_options, diagnostics);
  note_errors(diagnostics);
  return plan;
}

void ApplyLab::note_errors(const core::Diagnostics& diagnostics) {
  errors.clear();
  for (const core::Diagnostic& one : diagnostics.sorted()) {
    if (one.severity == core::Severity::Error) {
      errors.push_back(one.summary + ": " + one.detail);
    }
  }
}

planner::ApplyResult ApplyLab::operate(planner::StopStart::Operation operation,
                                       const std::string& address) {
  core::Diagnostics diagnostics;
  const planner::Configuration configuration = load(diagnostics);
  const core::StateSnapshot state = store->snapshot();
  auto world = planner::observe(engine, state, "lab", "default", 4, {});
  EXPECT_TRUE(world) << core::to_string(world.error());
  const planner::StopStart request{operation, {core::Address::parse(address).value()}};
  const planner::Plan planned =
      planner::plan_stop_start(configuration, state, *world, request, diagnostics);
  note_errors(diagnostics);
  return errors.empty() ? carry_out(planned, {}) : planner::ApplyResult();
}

std::string ApplyLab::plan_errors(const planner::PlanOptions& plan_options) {
  core::Diagnostics diagnostics;
  static_cast<void>(plan_with(plan_options, diagnostics));
  std::string text;
  for (const core::Diagnostic& one : diagnostics.sorted()) {
    if (one.severity == core::Severity::Error) {
      text += one.summary + ": " + one.detail + "\n";
    }
  }
  return text;
}

planner::ApplyResult ApplyLab::apply(const planner::PlanOptions& plan_options,
                                     std::stop_token stop) {
  const planner::Plan planned = plan(plan_options);
  for (const std::string& error : errors) {
    ADD_FAILURE() << error;
  }
  if (before_execute) {
    std::exchange(before_execute, nullptr)();
  }
  return carry_out(planned, stop);
}

planner::ApplyResult ApplyLab::carry_out(const planner::Plan& planned, std::stop_token stop) {
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
