#include <fmt/format.h>

#include <algorithm>

#include "tests/contract/face.hpp"

namespace aim::contract_test {

using core::ErrorCode;

namespace {

core::List mount_of(const std::string& volume) {
  return {core::Map{{"type", "volume"}, {"source", volume}, {"target", "/data"}}};
}

}  // namespace

TEST_P(Contract, VolumeIsListedWithItsLabels) {
  EXPECT_EQ(must(volume("v")), name("v"));
  const auto all = engine->list_volumes(stop);
  ASSERT_TRUE(all) << core::to_string(all.error());
  const auto ours = std::find_if(all->begin(), all->end(), [&](const core::ObservedVolume& one) {
    return one.name == name("v");
  });
  ASSERT_NE(ours, all->end());
  EXPECT_EQ(ours->labels, birth("run-1", "volume.v"));
  EXPECT_NE(ours->created_at, "");
  EXPECT_NE(ours->mountpoint, "");
}

TEST_P(Contract, SameBirthAdoptsTheVolumeThatIsThere) {
  must(volume("v"));
  EXPECT_EQ(must(volume("v")), name("v"));
}

TEST_P(Contract, VolumeWithOtherLabelsIsAConflictAlthoughDockerSaysCreated) {
  core::CreateVolume foreign = volume("v");
  foreign.labels = {{"theirs", "yes"}};
  must(foreign);
  const core::Error error = refused(volume("v"));
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(
      error.message,
      fmt::format("a volume named {} exists already and was made by somebody else", name("v")));
}

TEST_P(Contract, VolumeWithUnknownOptionIsInvalid) {
  core::CreateVolume call = volume("v");
  call.attributes["options"] = core::Map{{"aim-none", "1"}};
  const core::Error error = refused(call);
  EXPECT_EQ(error.code, ErrorCode::Invalid);
  EXPECT_EQ(error.message, fmt::format("create {}: invalid option: \"aim-none\"", name("v")));
}

TEST_P(Contract, VolumeOfAStoppedContainerCannotBeRemoved) {
  must(volume("v"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["mounts"] = mount_of(name("v"));
  const std::string id = must(call);
  const core::Error error = refused(core::RemoveVolume{name("v")});
  EXPECT_EQ(error.code, ErrorCode::Conflict);
  EXPECT_EQ(error.message, fmt::format("remove {}: volume is in use - [{}]", name("v"), id));
}

TEST_P(Contract, RemovalOfAVolumeMayBeRepeated) {
  must(volume("v"));
  must(core::RemoveVolume{name("v")});
  must(core::RemoveVolume{name("v")});
}

TEST_P(Contract, RemovingAContainerKeepsItsNamedVolumes) {
  must(volume("v"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["mounts"] = mount_of(name("v"));
  must(call);
  must(core::RemoveContainer{name("a")});
  EXPECT_EQ(raw("GET", "/volumes/" + name("v")).status, 200);
}

TEST_P(Contract, AnonymousVolumesGoWithTheirContainer) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["mounts"] = core::List{core::Map{{"type", "volume"}, {"target", "/data"}}};
  must(call);
  const std::map<std::string, std::string> volumes = inspect(name("a")).anonymous_volumes;
  ASSERT_EQ(volumes.size(), 1U);
  const std::string volume = volumes.at("/data");
  EXPECT_EQ(raw("GET", "/volumes/" + volume).status, 200);
  must(core::RemoveContainer{name("a")});
  EXPECT_EQ(raw("GET", "/volumes/" + volume).status, 404);
}

TEST_P(Contract, AnAnonymousVolumeThatWasHandedOnStaysWithItsNextContainer) {
  core::CreateContainer first = container("a", runs_until_stopped());
  first.attributes["mounts"] = core::List{core::Map{{"type", "volume"}, {"target", "/data"}}};
  must(first);
  const std::string volume = inspect(name("a")).anonymous_volumes.at("/data");
  core::CreateContainer second = container("b", runs_until_stopped());
  second.attributes["mounts"] = mount_of(volume);
  must(second);
  // Still one without a name, and no mount that anybody asked for.
  EXPECT_EQ(inspect(name("b")).anonymous_volumes.at("/data"), volume);
  EXPECT_EQ(core::find(inspect(name("b")).attributes, "mounts"), nullptr);
  must(core::RemoveContainer{name("a")});
  EXPECT_EQ(raw("GET", "/volumes/" + volume).status, 200);
  // Docker spares it now, since it was given by its name.
  must(core::RemoveContainer{name("b")});
  EXPECT_EQ(raw("GET", "/volumes/" + volume).status, 200);
  must(core::RemoveVolume{volume});
}

TEST_P(Contract, TheListSaysWhichVolumesAContainerMounts) {
  must(volume("v"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["mounts"] = mount_of(name("v"));
  const std::string id = must(call);
  const auto all = engine->list_containers(stop);
  ASSERT_TRUE(all);
  const auto ours = std::find_if(
      all->begin(), all->end(), [&](const core::ContainerSummary& one) { return one.id == id; });
  ASSERT_NE(ours, all->end());
  EXPECT_EQ(ours->volumes, std::vector<std::string>{name("v")});
}

TEST_P(Contract, MissingVolumeIsMadeByTheContainerWithoutLabels) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["mounts"] = mount_of(name("v"));
  must(call);
  const providers::HttpResponse made = raw("GET", "/volumes/" + name("v"));
  ASSERT_EQ(made.status, 200);
  EXPECT_NE(made.body.find("\"Labels\":null"), std::string::npos) << made.body;
}

TEST_P(Contract, MountsAreShownAsTheyWereAskedFor) {
  must(volume("v"));
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["mounts"] = core::List{
      core::Map{{"type", "bind"}, {"source", "/tmp"}, {"target", "/host"}, {"read_only", true}},
      core::Map{{"type", "tmpfs"}, {"target", "/scratch"}, {"size", 1048576}},
      core::Map{{"type", "volume"}, {"source", name("v")}, {"target", "/data"}}};
  must(call);
  const core::Map seen = inspect(name("a")).attributes;
  const core::Value* mounts = core::find(seen, "mounts");
  ASSERT_NE(mounts, nullptr);
  const core::List* list = mounts->get<core::List>();
  ASSERT_NE(list, nullptr);
  ASSERT_EQ(list->size(), 3U);
  std::map<std::string, core::Map> by_target;
  for (const core::Value& one : *list) {
    const core::Map& mount = *one.get<core::Map>();
    by_target[*core::string_at(mount, "target")] = mount;
  }
  EXPECT_EQ(core::string_at(by_target["/host"], "source"), "/tmp");
  EXPECT_EQ(core::boolean_at(by_target["/host"], "read_only"), true);
  EXPECT_EQ(core::string_at(by_target["/data"], "source"), name("v"));
  EXPECT_EQ(core::string_at(by_target["/scratch"], "type"), "tmpfs");
  EXPECT_EQ(core::integer_at(by_target["/scratch"], "size"), 1048576);
}

}  // namespace aim::contract_test
