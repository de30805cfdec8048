#include "state/rows.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace aim::state {

namespace {

/// Says which column of which row is not what the store wrote.
struct Cell {
  const Connection& connection;
  std::string_view column;
  std::string row;

  [[noreturn]] void damaged(const std::string& why) const {
    throw core::BrokenWorld(fmt::format("the state file {} is damaged: {} of {} cannot be read: {}",
                                        connection.file(),
                                        column,
                                        row,
                                        why));
  }
};

core::Value value_of(const Cell& cell, const std::string& text) {
  auto value = core::parse_canonical_json(text);
  if (!value) {
    cell.damaged(core::to_string(value.error()));
  }
  return std::move(*value);
}

core::Map map_of(const Cell& cell, const std::string& text) {
  core::Value value = value_of(cell, text);
  core::Map* map = value.get<core::Map>();
  if (map == nullptr) {
    cell.damaged("it is not a map");
  }
  return std::move(*map);
}

core::Address address_of(const Cell& cell, const std::string& text) {
  auto address = core::Address::parse(text);
  if (!address) {
    cell.damaged(core::to_string(address.error()));
  }
  return std::move(*address);
}

std::vector<core::Address> addresses_of(const Cell& cell, const std::string& text) {
  const core::Value value = value_of(cell, text);
  const core::List* list = value.get<core::List>();
  if (list == nullptr) {
    cell.damaged("it is not a list");
  }
  std::vector<core::Address> addresses;
  for (const core::Value& item : *list) {
    const std::string* word = item.get<std::string>();
    if (word == nullptr) {
      cell.damaged("it is not a list of addresses");
    }
    addresses.push_back(address_of(cell, *word));
  }
  return addresses;
}

core::Call call_of(const Cell& cell, const std::string& text) {
  boost::json::error_code failure;
  boost::json::parse_options options;
  options.max_depth = 128;
  const boost::json::value json = boost::json::parse(text, failure, {}, options);
  if (failure) {
    cell.damaged(failure.message());
  }
  auto call = core::call_from_json(json);
  if (!call) {
    cell.damaged(core::to_string(call.error()));
  }
  return std::move(*call);
}

core::Phase phase_of(const Cell& cell, const std::string& text) {
  for (const core::Phase phase : {core::Phase::Prepare,
                                  core::Phase::Switch,
                                  core::Phase::Readiness,
                                  core::Phase::Commit,
                                  core::Phase::Undo}) {
    if (core::to_string(phase) == text) {
      return phase;
    }
  }
  cell.damaged(fmt::format("{} is not a phase", text));
}

core::Utc utc_of(std::int64_t unix_ms) { return core::Utc(std::chrono::milliseconds(unix_ms)); }

constexpr std::string_view kSelectResources =
    "SELECT address, attributes_json, computed_json, baseline_json, baseline_api, docker_id, "
    "docker_name, generation, dependencies_json, prevent_destroy, retain, external, salt, "
    "created_run, start_ms, held FROM resources";

core::RecordedResource resource_of(const Connection& connection, Statement::Use& row) {
  const std::string name = row.text(0);
  const auto cell = [&](std::string_view column) { return Cell{connection, column, name}; };
  core::RecordedResource resource;
  resource.address = address_of(cell("the address"), name);
  resource.attributes = map_of(cell("the specification"), row.text(1));
  resource.computed = map_of(cell("the computed attributes"), row.text(2));
  resource.baseline = map_of(cell("the baseline"), row.text(3));
  resource.baseline_api = row.text(4);
  resource.docker_id = row.text(5);
  resource.docker_name = row.text(6);
  resource.generation = row.integer(7);
  resource.dependencies = addresses_of(cell("the dependencies"), row.text(8));
  resource.prevent_destroy = row.integer(9) != 0;
  resource.retain = row.integer(10) != 0;
  resource.external = row.integer(11) != 0;
  resource.salt = row.text(12);
  resource.created_run = row.text(13);
  resource.start_millis = row.integer(14);
  resource.held = row.integer(15) != 0;
  return resource;
}

std::optional<core::OpenRun> open_run(Connection& connection) {
  Statement statement = connection.prepare(
      "SELECT run_id, phase, operation, user, host, pid, started_unix_ms, "
      "(SELECT count(*) FROM steps WHERE steps.run_id = runs.run_id), "
      "(SELECT count(*) FROM steps WHERE steps.run_id = runs.run_id AND settled_unix_ms IS NULL) "
      "FROM runs WHERE finished_unix_ms IS NULL ORDER BY run_id DESC LIMIT 1");
  Statement::Use row = statement.use();
  if (!row.next()) {
    return std::nullopt;
  }
  core::OpenRun run;
  run.id.value = row.integer(0);
  run.phase = row.text(1);
  run.operation = row.text(2);
  run.who = fmt::format("{}@{}", row.text(3), row.text(4));
  run.pid = row.integer(5);
  run.started = utc_of(row.integer(6));
  run.steps = static_cast<std::size_t>(row.integer(7));
  run.unsettled = static_cast<std::size_t>(row.integer(8));
  return run;
}

void read_meta(Connection& connection, core::StateSnapshot& snapshot) {
  Statement statement = connection.prepare("SELECT lineage, serial, project, workspace FROM meta");
  Statement::Use row = statement.use();
  if (row.next()) {
    snapshot.lineage = row.text(0);
    snapshot.serial = row.integer(1);
    snapshot.project = row.text(2);
    snapshot.workspace = row.text(3);
  }
}

}  // namespace

core::StateSnapshot read_snapshot(Connection& connection) {
  const Transaction one_view = connection.begin(Transaction::Kind::Read);
  core::StateSnapshot snapshot;
  read_meta(connection, snapshot);
  Statement resources = connection.prepare(kSelectResources);
  Statement::Use resource_row = resources.use();
  while (resource_row.next()) {
    core::RecordedResource resource = resource_of(connection, resource_row);
    const core::Address address = resource.address;
    snapshot.resources.emplace(address, std::move(resource));
  }
  Statement outputs = connection.prepare("SELECT name, value_json, sensitive FROM outputs");
  Statement::Use output_row = outputs.use();
  while (output_row.next()) {
    const std::string name = output_row.text(0);
    const Cell cell{connection, "the value", fmt::format("output {}", name)};
    snapshot.outputs[name] =
        core::RecordedOutput{value_of(cell, output_row.text(1)), output_row.integer(2) != 0};
  }
  snapshot.open_run = open_run(connection);
  return snapshot;
}

std::vector<Revision> read_revisions(Connection& connection) {
  Statement statement = connection.prepare(
      "SELECT revisions.serial, revisions.run_id, committed_unix_ms, operation, user, host, "
      "git_commit FROM revisions JOIN runs ON runs.run_id = revisions.run_id "
      "ORDER BY revisions.serial DESC");
  Statement::Use row = statement.use();
  std::vector<Revision> revisions;
  while (row.next()) {
    Revision revision;
    revision.serial = row.integer(0);
    revision.run.value = row.integer(1);
    revision.committed = utc_of(row.integer(2));
    revision.operation = row.text(3);
    revision.who = fmt::format("{}@{}", row.text(4), row.text(5));
    revision.git_commit = row.text(6);
    revisions.push_back(std::move(revision));
  }
  return revisions;
}

std::vector<JournalStep> read_steps(Connection& connection, core::RunId run) {
  Statement statement = connection.prepare(
      "SELECT step_id, address, phase, object_name, call_json, inverse_json, settled_unix_ms, ok, "
      "docker_id, error FROM steps WHERE run_id = ? ORDER BY step_id");
  Statement::Use row = statement.use();
  row.with(run.value);
  std::vector<JournalStep> steps;
  while (row.next()) {
    JournalStep step;
    step.id.value = row.integer(0);
    const auto cell = [&](std::string_view column) {
      return Cell{connection, column, fmt::format("step {}", step.id.value)};
    };
    step.intent.address = address_of(cell("the address"), row.text(1));
    step.intent.phase = phase_of(cell("the phase"), row.text(2));
    step.intent.object_name = row.text(3);
    step.intent.call = call_of(cell("the call"), row.text(4));
    if (const auto inverse = row.optional_text(5)) {
      step.intent.inverse = call_of(cell("the inverse"), *inverse);
    }
    if (!row.is_null(6)) {
      step.outcome = core::StepOutcome{row.integer(7) != 0, row.text(8), row.text(9)};
    }
    steps.push_back(std::move(step));
  }
  return steps;
}

std::string addresses_to_json(const std::vector<core::Address>& addresses) {
  core::List list;
  for (const core::Address& address : addresses) {
    list.emplace_back(address.str());
  }
  return core::canonical_json(core::Value(std::move(list)));
}

std::string call_to_text(const core::Call& call) {
  return boost::json::serialize(core::to_json(call));
}

}  // namespace aim::state
