#include <fmt/format.h>

#include <algorithm>
#include <thread>

#include "tests/contract/face.hpp"
#include "tests/support/tar_writer.hpp"

namespace aim::contract_test {

using core::ContainerStatus;
using core::ErrorCode;

TEST_P(Contract, InfoSaysWhichEngineItIs) {
  const auto info = engine->info(stop);
  ASSERT_TRUE(info) << core::to_string(info.error());
  EXPECT_TRUE(info->api_version.starts_with("1.")) << info->api_version;
  EXPECT_FALSE(info->server_version.empty());
  EXPECT_FALSE(info->name.empty());
  EXPECT_EQ(info->os_type, "linux");
  EXPECT_EQ(info->architecture, "x86_64");
}

TEST_P(Contract, CreatedContainerIsThereAndDoesNotRun) {
  const std::string id = must(container("a", runs_until_stopped()));
  const core::ObservedContainer seen = inspect(name("a"));
  EXPECT_EQ(seen.id, id);
  EXPECT_EQ(seen.name, name("a"));
  EXPECT_EQ(seen.state.status, ContainerStatus::Created);
  EXPECT_EQ(seen.state.exit_code, 0);
  EXPECT_EQ(seen.state.started_at, "");
  EXPECT_EQ(seen.state.health, "");
}

TEST_P(Contract, ContainerIsFoundByNameIdAndBeginningOfId) {
  const std::string id = must(container("a", runs_until_stopped()));
  EXPECT_EQ(inspect(id).name, name("a"));
  EXPECT_EQ(inspect(id.substr(0, 12)).name, name("a"));
  EXPECT_EQ(inspect(name("a")).id, id);
}

TEST_P(Contract, MissingContainerIsNotFound) {
  const auto seen = engine->inspect_container(name("none"), stop);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, ErrorCode::NotFound);
  EXPECT_EQ(seen.error().message, "No such container: " + name("none"));
}

TEST_P(Contract, EnvironmentAndLabelsAreLaidOverThoseOfTheImage) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["env"] = core::Map{{"OURS", "1"}};
  call.labels["user-label"] = "mine";
  must(call);
  const core::ObservedContainer seen = inspect(name("a"));
  EXPECT_EQ(*core::find(seen.attributes, "env"),
            core::Value(core::Map{{"FROM_IMAGE", "yes"}, {"OURS", "1"}}));
  EXPECT_EQ(seen.labels.at("from-image"), "yes");
  EXPECT_EQ(seen.labels.at("user-label"), "mine");
  EXPECT_EQ(seen.labels.at(core::label::kRun), "run-1");
}

TEST_P(Contract, VariableWithoutValueTakesTheImagesAway) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["env"] = core::Map{{"FROM_IMAGE", core::Null{}}};
  must(call);
  EXPECT_EQ(core::find(inspect(name("a")).attributes, "env"), nullptr);
}

TEST_P(Contract, CommandComesFromTheImageUnlessAnEntrypointIsGiven) {
  core::CreateContainer plain = container("a", runs_until_stopped());
  plain.attributes.erase("command");
  must(plain);
  EXPECT_EQ(*core::find(inspect(name("a")).attributes, "command"), core::Value(core::List{"sh"}));

  core::CreateContainer own = container("b", runs_until_stopped());
  own.attributes.erase("command");
  own.attributes["entrypoint"] = core::List{"sleep", "1000"};
  must(own);
  EXPECT_EQ(core::find(inspect(name("b")).attributes, "command"), nullptr);
}

TEST_P(Contract, SettingsAreShownAsTheyWereAskedFor) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.restart = "on-failure:4";
  call.attributes["memory"] = 64 * 1024 * 1024;
  call.attributes["cpus"] = 0.5;
  call.attributes["pids_limit"] = 100;
  call.attributes["working_dir"] = "/bin/../etc/";
  call.attributes["user"] = "1000";
  call.attributes["stop_signal"] = "SIGINT";
  call.attributes["stop_grace_period"] = 7000;
  call.attributes["init"] = true;
  call.attributes["group_add"] = core::List{"44"};
  call.attributes["security_opt"] = core::List{"seccomp=unconfined"};
  call.attributes["ulimits"] = core::Map{{"memlock", -1}};
  call.attributes["devices"] = core::List{"/dev/null"};
  call.attributes["logging"] =
      core::Map{{"driver", "json-file"}, {"options", core::Map{{"max-size", "1m"}}}};
  call.attributes["extra_hosts"] = core::List{"host:10.0.0.1"};
  must(call);
  const core::Map seen = inspect(name("a")).attributes;
  EXPECT_EQ(*core::find(seen, "restart"), core::Value("on-failure:4"));
  EXPECT_EQ(*core::find(seen, "memory"), core::Value(64 * 1024 * 1024));
  EXPECT_EQ(core::find(seen, "memory_swap"), nullptr) << "twice the memory is Docker's default";
  EXPECT_EQ(*core::find(seen, "cpus"), core::Value(0.5));
  EXPECT_EQ(*core::find(seen, "pids_limit"), core::Value(100));
  EXPECT_EQ(*core::find(seen, "working_dir"), core::Value("/etc"));
  EXPECT_EQ(*core::find(seen, "user"), core::Value("1000"));
  EXPECT_EQ(*core::find(seen, "stop_signal"), core::Value("SIGINT"));
  EXPECT_EQ(*core::find(seen, "stop_grace_period"), core::Value(7000));
  EXPECT_EQ(*core::find(seen, "init"), core::Value(true));
  EXPECT_EQ(*core::find(seen, "group_add"), core::Value(core::List{"44"}));
  EXPECT_EQ(*core::find(seen, "security_opt"), core::Value(core::List{"seccomp=unconfined"}));
  EXPECT_EQ(*core::find(seen, "ulimits"),
            core::Value(core::Map{{"memlock", core::Map{{"hard", -1}, {"soft", -1}}}}));
  EXPECT_EQ(*core::find(seen, "devices"), core::Value(core::List{"/dev/null"}));
  EXPECT_EQ(
      *core::find(seen, "logging"),
      core::Value(core::Map{{"driver", "json-file"}, {"options", core::Map{{"max-size", "1m"}}}}));
  EXPECT_EQ(*core::find(seen, "extra_hosts"), core::Value(core::List{"host:10.0.0.1"}));
}

TEST_P(Contract, IpcOfTheHostBringsASecurityOptionWithIt) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["ipc"] = "host";
  must(call);
  const core::Map seen = inspect(name("a")).attributes;
  EXPECT_EQ(*core::find(seen, "ipc"), core::Value("host"));
  EXPECT_EQ(*core::find(seen, "security_opt"), core::Value(core::List{"label=disable"}));
}

TEST_P(Contract, ProjectionIsTheSameBeforeAndAfterTheFirstStart) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["env"] = core::Map{{"OURS", "1"}};
  call.attributes["ports"] = core::List{fmt::format("127.0.0.1:{}:8000/tcp", port())};
  must(call);
  const core::Map before = inspect(name("a")).attributes;
  must(core::StartContainer{name("a")});
  EXPECT_EQ(inspect(name("a")).attributes, before);
  must(core::StopContainer{name("a"), std::chrono::seconds(5)});
  EXPECT_EQ(inspect(name("a")).attributes, before);
}

TEST_P(Contract, SameBirthAdoptsTheContainerThatIsThere) {
  const core::CreateContainer call = container("a", runs_until_stopped());
  const std::string id = must(call);
  EXPECT_EQ(must(call), id);
}

TEST_P(Contract, NameHeldByAForeignContainerIsAConflict) {
  core::CreateContainer foreign = container("a", runs_until_stopped());
  foreign.labels.clear();
  const std::string id = must(foreign);
  const core::Error error = refused(container("a", runs_until_stopped()));
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message,
            fmt::format("the name {} is taken by container {}", name("a"), id.substr(0, 12)));
}

TEST_P(Contract, AnotherGenerationIsAConflict) {
  core::CreateContainer call = container("a", runs_until_stopped());
  must(call);
  call.labels[core::label::kGeneration] = "2";
  EXPECT_EQ(refused(call).code, ErrorCode::Conflict);
}

TEST_P(Contract, CreateDoesNotPull) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["image"] = name("no-such-image") + ":3";
  const core::Error error = refused(call);
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_EQ(error.message, "No such image: " + name("no-such-image") + ":3");
}

TEST_P(Contract, SettingsThatMakeNoSenseAreInvalid) {
  core::CreateContainer small = container("a", runs_until_stopped());
  small.attributes["memory"] = 1000;
  EXPECT_EQ(refused(small).message, "Minimum memory limit allowed is 6MB");

  core::CreateContainer relative = container("a", runs_until_stopped());
  relative.attributes["working_dir"] = "here";
  const core::Error error = refused(relative);
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_EQ(error.message,
            "the working directory 'here' is invalid, it needs to be an absolute path");

  core::CreateContainer runtime = container("a", runs_until_stopped());
  runtime.attributes["runtime"] = "aim-none";
  EXPECT_EQ(refused(runtime).message, "Unknown runtime specified aim-none");

  core::CreateContainer logging = container("a", runs_until_stopped());
  logging.attributes["logging"] = core::Map{{"driver", "aim-none"}};
  EXPECT_EQ(refused(logging).code, ErrorCode::Invalid);
}

TEST_P(Contract, ShortNameIsInvalid) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.name = "x";
  const core::Error error = refused(call);
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_EQ(error.message,
            "Invalid container name (x), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed");
}

TEST_P(Contract, BindOfAMissingPathIsInvalid) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["mounts"] =
      core::List{core::Map{{"type", "bind"}, {"source", "/aim-no-such-path"}, {"target", "/x"}}};
  const core::Error error = refused(call);
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_EQ(error.message,
            "invalid mount config for type \"bind\": bind source path does not exist: "
            "/aim-no-such-path");
}

TEST_P(Contract, FilesArePutInBeforeTheStart) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::PutFiles{
      id, core::Map{{"/etc/aim-token", core::Map{{"content", core::Secret("s3cret")}}}}});
  const providers::HttpResponse file =
      raw("GET", "/containers/" + id + "/archive?path=/etc/aim-token");
  ASSERT_EQ(file.status, 200) << file.body;
  const auto entries = support::read_tar(file.body);
  ASSERT_TRUE(entries);
  ASSERT_EQ(entries->size(), 1U);
  EXPECT_EQ(entries->front().content, "s3cret");
}

TEST_P(Contract, ListShowsEveryContainerWithItsState) {
  must(container("created", runs_until_stopped()));
  must(container("running", runs_until_stopped()));
  must(core::StartContainer{name("running")});
  must(container("exited", exits(3)));
  must(core::StartContainer{name("exited")});
  await(name("exited"), [](const core::ObservedContainer& seen) {
    return seen.state.status == ContainerStatus::Exited;
  });
  const auto all = engine->list_containers(stop);
  ASSERT_TRUE(all) << core::to_string(all.error());
  std::map<std::string, core::ContainerSummary> ours;
  for (const core::ContainerSummary& one : *all) {
    if (one.name.starts_with(name(""))) {
      ours[one.name] = one;
    }
  }
  ASSERT_EQ(ours.size(), 3U);
  EXPECT_EQ(ours[name("created")].status, ContainerStatus::Created);
  EXPECT_EQ(ours[name("running")].status, ContainerStatus::Running);
  EXPECT_EQ(ours[name("exited")].status, ContainerStatus::Exited);
  EXPECT_EQ(ours[name("exited")].image, image());
  EXPECT_EQ(ours[name("exited")].labels.at(core::label::kAddress), "container.exited");
}

TEST_P(Contract, RenameGivesTheNameAwayAndMayBeRepeated) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::RenameContainer{id, name("b")});
  EXPECT_EQ(inspect(id).name, name("b"));
  must(core::RenameContainer{id, name("b")});
  EXPECT_EQ(engine->inspect_container(name("a"), stop).error().code, ErrorCode::NotFound);
  EXPECT_NE(must(container("a", runs_until_stopped())), id);
}

TEST_P(Contract, RenameToATakenNameIsAConflict) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(container("b", runs_until_stopped()));
  EXPECT_EQ(refused(core::RenameContainer{id, name("b")}).code, ErrorCode::Conflict);
  EXPECT_EQ(inspect(id).name, name("a"));
}

TEST_P(Contract, RenameOfAMissingContainerIsNotFound) {
  EXPECT_EQ(refused(core::RenameContainer{name("none"), name("b")}).code, ErrorCode::NotFound);
}

TEST_P(Contract, RunningContainerCanBeRenamed) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  must(core::RenameContainer{id, name("b")});
  EXPECT_EQ(inspect(name("b")).state.status, ContainerStatus::Running);
}

TEST_P(Contract, UpdateChangesLimitsAndPolicyInPlace) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["memory"] = 64 * 1024 * 1024;
  const std::string id = must(call);
  must(core::UpdateContainer{
      id, {{"memory", 128 * 1024 * 1024}, {"cpus", 0.25}, {"restart", "unless-stopped"}}});
  const core::ObservedContainer seen = inspect(id);
  EXPECT_EQ(*core::find(seen.attributes, "memory"), core::Value(128 * 1024 * 1024));
  EXPECT_EQ(*core::find(seen.attributes, "cpus"), core::Value(0.25));
  EXPECT_EQ(*core::find(seen.attributes, "restart"), core::Value("unless-stopped"));
}

TEST_P(Contract, UpdateOfARunningContainerDoesNotRestartIt) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  const std::string started = inspect(id).state.started_at;
  must(core::UpdateContainer{id, {{"restart", "always"}}});
  EXPECT_EQ(inspect(id).state.started_at, started);
}

TEST_P(Contract, UpdateBelowTheMinimumIsInvalid) {
  const std::string id = must(container("a", runs_until_stopped()));
  const core::Error error = refused(core::UpdateContainer{id, {{"memory", 1000}}});
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_EQ(error.message, "Minimum memory limit allowed is 6MB");
}

TEST_P(Contract, UpdateOfAMissingContainerIsNotFound) {
  EXPECT_EQ(refused(core::UpdateContainer{name("none"), {{"restart", "no"}}}).code,
            ErrorCode::NotFound);
}

TEST_P(Contract, RemoveMayBeRepeated) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::RemoveContainer{id});
  must(core::RemoveContainer{id});
  must(core::RemoveContainer{name("a")});
}

TEST_P(Contract, RunningContainerIsRemovedOnlyByForce) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(core::StartContainer{id});
  const core::Error error = refused(core::RemoveContainer{id});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message,
            fmt::format("You cannot remove a running container {}. Stop the container before "
                        "attempting removal or force remove",
                        id));
  must(core::RemoveContainer{id, true});
  EXPECT_FALSE(engine->inspect_container(id, stop));
}

TEST_P(Contract, ImageIsInspectedByTagAndId) {
  const auto seen = engine->inspect_image(image(), stop);
  ASSERT_TRUE(seen) << core::to_string(seen.error());
  EXPECT_EQ(seen->repo_tags, std::vector<std::string>{image()});
  EXPECT_EQ(seen->labels.at("from-image"), "yes");
  EXPECT_EQ(seen->os, "linux");
  EXPECT_EQ(seen->architecture, "amd64");
  const auto by_id = engine->inspect_image(seen->id, stop);
  ASSERT_TRUE(by_id);
  EXPECT_EQ(by_id->id, seen->id);
}

TEST_P(Contract, MissingImageIsNotFound) {
  const auto seen = engine->inspect_image(name("none") + ":1", stop);
  ASSERT_FALSE(seen);
  EXPECT_EQ(seen.error().code, ErrorCode::NotFound);
}

TEST_P(Contract, ImageThatIsUsedCannotBeRemoved) {
  must(container("a", runs_until_stopped()));
  EXPECT_EQ(raw("DELETE", "/images/" + image()).status, 409);
}

TEST_P(Contract, PullFromARegistryThatIsNotThereFails) {
  const auto pulled = engine->pull(
      {"127.0.0.1:1/aim/none:1", {}}, [](const core::PullProgress&) {}, stop);
  ASSERT_FALSE(pulled);
  EXPECT_EQ(pulled.error().code, ErrorCode::Unreachable);
  EXPECT_NE(pulled.error().message.find("connection refused"), std::string::npos)
      << pulled.error().message;
}

}  // namespace aim::contract_test
