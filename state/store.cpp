#include "state/store.hpp"

#include <fmt/format.h>

#include <utility>

#include "state/files.hpp"
#include "state/migrations.hpp"
#include "state/read_only.hpp"
#include "state/rows.hpp"
#include "state/sqlite.hpp"

namespace aim::state {

struct StateStore::Impl {
  Impl(Connection opened, core::Clock& the_clock)
      : connection(std::move(opened)),
        clock(the_clock),
        insert_step(connection.prepare(
            "INSERT INTO steps (run_id, address, phase, object_name, call_json, inverse_json, "
            "intended_unix_ms) VALUES (?, ?, ?, ?, ?, ?, ?)")),
        settle_step(connection.prepare(
            "UPDATE steps SET ok = ?, docker_id = ?, error = ?, settled_unix_ms = ? "
            "WHERE step_id = ? AND settled_unix_ms IS NULL")),
        set_phase(connection.prepare(
            "UPDATE runs SET phase = ? WHERE run_id = ? AND finished_unix_ms IS NULL")),
        upsert_resource(connection.prepare(
            "INSERT OR REPLACE INTO resources (address, attributes_json, computed_json, "
            "baseline_json, baseline_api, docker_id, docker_name, generation, dependencies_json, "
            "prevent_destroy, retain, external, salt, created_run, start_ms, serial, held) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)")),
        remove_resource(connection.prepare("DELETE FROM resources WHERE address = ?")) {}

  [[nodiscard]] std::int64_t now_unix_ms() { return clock.utc_now().time_since_epoch().count(); }

  void move_to_phase(core::RunId run, core::Phase phase) {
    set_phase.use().with(core::to_string(phase)).with(run.value).run();
    AIM_CHECK(connection.changes() == 1);
  }

  core::StepId add_step(core::RunId run, const core::StepIntent& intent) {
    std::optional<std::string> inverse;
    if (intent.inverse) {
      inverse = call_to_text(*intent.inverse);
    }
    insert_step.use()
        .with(run.value)
        .with(intent.address.str())
        .with(core::to_string(intent.phase))
        .with(intent.object_name)
        .with(call_to_text(intent.call))
        .with_optional(inverse)
        .with(now_unix_ms())
        .run();
    return core::StepId{connection.last_insert_id()};
  }

  void write_resource(const core::RecordedResource& resource, std::int64_t serial) {
    upsert_resource.use()
        .with(resource.address.str())
        .with(core::canonical_json(resource.attributes))
        .with(core::canonical_json(resource.computed))
        .with(core::canonical_json(resource.baseline))
        .with(resource.baseline_api)
        .with(resource.docker_id)
        .with(resource.docker_name)
        .with(resource.generation)
        .with(addresses_to_json(resource.dependencies))
        .with(std::int64_t{resource.prevent_destroy})
        .with(std::int64_t{resource.retain})
        .with(std::int64_t{resource.external})
        .with(resource.salt)
        .with(resource.created_run)
        .with(resource.start_millis)
        .with(serial)
        .with(std::int64_t{resource.held})
        .run();
  }

  void replace_outputs(const std::map<std::string, core::RecordedOutput>& outputs) {
    connection.execute("DELETE FROM outputs");
    Statement insert =
        connection.prepare("INSERT INTO outputs (name, value_json, sensitive) VALUES (?, ?, ?)");
    for (const auto& [name, output] : outputs) {
      insert.use()
          .with(name)
          .with(core::canonical_json(output.value))
          .with(std::int64_t{output.sensitive})
          .run();
    }
  }

  std::int64_t next_revision(core::RunId run) {
    connection.execute("UPDATE meta SET serial = serial + 1");
    const std::int64_t serial = connection.number("SELECT serial FROM meta");
    Statement insert = connection.prepare(
        "INSERT INTO revisions (serial, run_id, committed_unix_ms) VALUES (?, ?, ?)");
    insert.use().with(serial).with(run.value).with(now_unix_ms()).run();
    return serial;
  }

  Connection connection;
  core::Clock& clock;
  Statement insert_step;
  Statement settle_step;
  Statement set_phase;
  Statement upsert_resource;
  Statement remove_resource;
};

StateStore::StateStore(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}

StateStore::~StateStore() = default;

core::Result<std::unique_ptr<StateStore>> StateStore::open(const std::filesystem::path& file,
                                                           core::Clock& clock) {
  if (auto made = make_private_file(file); !made) {
    return core::while_doing(made.error(), "while opening the state");
  }
  auto connection = Connection::open(file, Connection::Mode::ReadWrite);
  if (!connection) {
    return connection.error();
  }
  // Nothing is written to a file before it is known to be ours and of a schema we know.
  if (auto version = schema_version(*connection, migrations().size()); !version) {
    return version.error();
  }
  if (!connection->use_wal()) {
    return core::make_error(
        core::ErrorCode::Failed,
        fmt::format("the file system of the state file {} cannot hold it: SQLite's write-ahead log "
                    "needs shared memory, which network file systems lack",
                    file.string()));
  }
  if (auto migrated = migrate(*connection, migrations()); !migrated) {
    return migrated.error();
  }
  return std::unique_ptr<StateStore>(
      new StateStore(std::make_unique<Impl>(std::move(*connection), clock)));
}

core::Result<core::StateSnapshot> StateStore::read(const std::filesystem::path& file) {
  return read_without_writing(file, migrations());
}

core::StateSnapshot StateStore::snapshot() { return read_snapshot(impl_->connection); }

std::vector<Revision> StateStore::revisions() { return read_revisions(impl_->connection); }

std::vector<JournalStep> StateStore::steps(core::RunId run) {
  return read_steps(impl_->connection, run);
}

core::RunId StateStore::begin_run(const core::RunHeader& header) {
  Connection& connection = impl_->connection;
  Transaction transaction = connection.begin(Transaction::Kind::Write);
  AIM_CHECK(connection.number("SELECT count(*) FROM runs WHERE finished_unix_ms IS NULL") == 0);
  Statement begin_lineage = connection.prepare(
      "INSERT OR IGNORE INTO meta (id, lineage, serial, project, workspace) VALUES (1, ?, 0, ?, "
      "?)");
  begin_lineage.use().with(header.lineage).with(header.project).with(header.workspace).run();
  Statement insert = connection.prepare(
      "INSERT INTO runs (label, operation, user, host, boot_id, pid, git_commit, plan_json, phase, "
      "started_unix_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  insert.use()
      .with(header.label)
      .with(header.operation)
      .with(header.user)
      .with(header.host)
      .with(header.boot_id)
      .with(header.pid)
      .with(header.git_commit)
      .with(header.plan_json)
      .with(core::to_string(core::Phase::Prepare))
      .with(impl_->now_unix_ms())
      .run();
  const core::RunId run{connection.last_insert_id()};
  transaction.commit();
  return run;
}

void StateStore::enter_phase(core::RunId run, core::Phase phase) {
  impl_->move_to_phase(run, phase);
}

core::StepId StateStore::intent(core::RunId run, const core::StepIntent& intent) {
  return impl_->add_step(run, intent);
}

void StateStore::outcome(core::StepId step, const core::StepOutcome& outcome) {
  impl_->settle_step.use()
      .with(std::int64_t{outcome.ok})
      .with(outcome.id)
      .with(outcome.error)
      .with(impl_->now_unix_ms())
      .with(step.value)
      .run();
  AIM_CHECK(impl_->connection.changes() == 1);
}

std::vector<core::StepId> StateStore::commit(core::RunId run, const core::CommitRecord& record) {
  Transaction transaction = impl_->connection.begin(Transaction::Kind::Write);
  impl_->move_to_phase(run, core::Phase::Commit);
  const std::int64_t serial = impl_->next_revision(run);
  for (const core::Address& address : record.removals) {
    impl_->remove_resource.use().with(address.str()).run();
  }
  for (const core::RecordedResource& resource : record.upserts) {
    impl_->write_resource(resource, serial);
  }
  impl_->replace_outputs(record.outputs);
  std::vector<core::StepId> remaining;
  for (const core::StepIntent& intent : record.remaining) {
    remaining.push_back(impl_->add_step(run, intent));
  }
  transaction.commit();
  return remaining;
}

void StateStore::forget(core::RunId, const std::vector<core::Address>& removed) {
  if (removed.empty()) {
    return;
  }
  Transaction transaction = impl_->connection.begin(Transaction::Kind::Write);
  for (const core::Address& address : removed) {
    impl_->remove_resource.use().with(address.str()).run();
  }
  transaction.commit();
}

void StateStore::finish_run(core::RunId run, core::RunResult result, const std::string& message) {
  Statement finish = impl_->connection.prepare(
      "UPDATE runs SET finished_unix_ms = ?, result = ?, message = ? "
      "WHERE run_id = ? AND finished_unix_ms IS NULL");
  finish.use()
      .with(impl_->now_unix_ms())
      .with(core::to_string(result))
      .with(message)
      .with(run.value)
      .run();
  AIM_CHECK(impl_->connection.changes() == 1);
}

}  // namespace aim::state
