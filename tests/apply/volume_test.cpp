#include <gmock/gmock.h>

#include "tests/apply/every_step.hpp"

namespace aim::apply_test {
namespace {

using core::RunResult;
using planner::ApplyResult;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr const char* kStore1 = R"(
containers: { store: { image: "store:1" } }
)";
constexpr const char* kStore2 = R"(
containers: { store: { image: "store:2" } }
)";
constexpr const char* kStoreMounted = R"(
containers: { store: { image: "store:2", mounts: ["data:/var/lib/store"] } }
volumes: { data: {} }
)";

constexpr const char* kVolume = R"(
containers:
  db: { image: "web:1", mounts: ["data:/d"] }
  other: { image: "web:1" }
volumes: { data: {} }
)";
constexpr const char* kVolumeReplaced = R"(
containers:
  db: { image: "web:1", mounts: ["data:/d"] }
  other: { image: "web:1" }
volumes: { data: { replace: delete_data, labels: { tier: "2" } } }
)";

INSTANTIATE_TEST_SUITE_P(
    Volumes,
    EveryStep,
    ::testing::Values(Scenario{"HandedOn", kStore1, kStore2, nullptr},
                      Scenario{"NoLongerMounted", kStore1, kStoreMounted, nullptr},
                      Scenario{"Removed", kStore1, "containers: {}\n", nullptr},
                      Scenario{"DataDeleted", kVolume, kVolumeReplaced, nullptr}),
    [](const auto& scenario) { return scenario.param.name; });

/// The volume that is mounted at the path of the image's VOLUME.
std::string store_of(ApplyLab& lab) {
  const auto seen = lab.engine.inspect_container("lab-store", {});
  EXPECT_TRUE(seen);
  const auto found = seen->anonymous_volumes.find("/var/lib/store");
  return found == seen->anonymous_volumes.end() ? std::string() : found->second;
}

TEST(ImageVolume, GoesFromContainerToContainerAndEndsWithTheResource) {
  ApplyLab lab;
  lab.configure(kStore1);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::string volume = store_of(lab);
  ASSERT_FALSE(volume.empty());
  for (const char* next : {kStore2, kStore1}) {
    lab.configure(next);
    const ApplyResult replaced = lab.apply();
    ASSERT_EQ(replaced.result, RunResult::Applied) << causes(replaced);
    EXPECT_EQ(store_of(lab), volume);
    EXPECT_THAT(lab.docker.volume_names(), ElementsAre(volume));
    expect_no_changes(lab);
  }
  lab.configure("containers: {}\n");
  const planner::Plan plan = lab.plan();
  ASSERT_EQ(plan.changes.size(), 2U);
  EXPECT_EQ(plan.changes[0].anonymous_volumes.at("/var/lib/store"), volume);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_THAT(lab.docker.volume_names(), IsEmpty());
}

TEST(ImageVolume, SurvivesAFailedReplacement) {
  ApplyLab lab;
  lab.configure(kStore1);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::string volume = store_of(lab);
  support::Program broken;
  broken.start_status = 500;
  broken.start_error = "no such device";
  lab.docker.set_program({.image = "store:2", .name = {}, .argument = {}}, broken);
  lab.configure(kStore2);
  EXPECT_EQ(lab.apply().result, RunResult::RolledBack);
  EXPECT_EQ(store_of(lab), volume);
  EXPECT_THAT(lab.docker.volume_names(), ElementsAre(volume));
}

TEST(ImageVolume, StaysWhenSomethingElseIsMountedThere) {
  ApplyLab lab;
  lab.configure(kStore1);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::string volume = store_of(lab);
  lab.configure(kStoreMounted);
  const planner::Plan plan = lab.plan();
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_EQ(plan.notes[0].summary, "Volume is no longer mounted");
  EXPECT_THAT(plan.notes[0].detail, HasSubstr("docker volume rm " + volume));
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_THAT(lab.docker.volume_names(), Contains(volume));
}

TEST(VolumeReplacement, NeedsConsent) {
  ApplyLab lab;
  lab.configure(kVolume);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(R"(
containers:
  db: { image: "web:1", mounts: ["data:/d"] }
  other: { image: "web:1" }
volumes: { data: { labels: { tier: "2" } } }
)");
  static_cast<void>(lab.plan());
  EXPECT_THAT(
      lab.errors,
      ElementsAre("Volume cannot be changed: Docker cannot change labels of volume.data, and aim "
                  "does not replace a volume by itself, since its data would be lost. Set "
                  "`replace: delete_data` in it if that is meant. Otherwise define another volume "
                  "beside it, let its users name that one, and remove this one in a later apply."));
}

TEST(VolumeReplacement, DeletesTheDataOnlyAtTheEnd) {
  ApplyLab lab;
  lab.configure(kVolume);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  const std::string other = lab.docker.container("lab-other")->id;
  lab.configure(kVolumeReplaced);
  const planner::Plan plan = lab.plan();
  ASSERT_EQ(plan.notes.size(), 1U);
  EXPECT_EQ(plan.notes[0].summary, "Data will be deleted");
  lab.docker.forget_calls();
  const ApplyResult result = lab.apply();
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_EQ(lab.docker.changing_lines().front(), "POST /volumes/create");
  EXPECT_EQ(lab.docker.changing_lines().back(), "DELETE /volumes/lab-data");
  EXPECT_THAT(lab.docker.volume_names(), ElementsAre("lab-data.g2"));
  EXPECT_EQ(lab.docker.container("lab-other")->id, other);
  expect_no_changes(lab);
}

TEST(VolumeReplacement, IsKnownAgainWhenStateIsLost) {
  ApplyLab lab;
  lab.configure(kVolume);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kVolumeReplaced);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.lose_state();
  expect_no_changes(lab);
}

TEST(VolumeReplacement, CannotKeepAFixedName) {
  ApplyLab lab;
  lab.configure("volumes: { data: { name: box } }\n");
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(
      "volumes: { data: { name: box, replace: delete_data, labels: { tier: \"2\" } } }\n");
  static_cast<void>(lab.plan());
  EXPECT_THAT(
      lab.errors,
      ElementsAre("Volume needs another name: volume.data is to be replaced, and its `name` is "
                  "fixed. The new volume has to be there before the data of the old one is "
                  "deleted, and Docker cannot rename volumes: give it another `name`, or none."));
}

TEST(VolumeReplacement, IsRefusedWhileAUserIsLeftOutOfThePlan) {
  ApplyLab lab;
  lab.configure(kVolume);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  lab.configure(kVolumeReplaced);
  planner::PlanOptions options;
  options.targets = {core::Address::parse("volume.data").value()};
  static_cast<void>(lab.plan(options));
  EXPECT_THAT(lab.errors,
              ElementsAre("Volume is in use: volume.data would be replaced, but container.db "
                          "mounts it and is left as it is. Include it in the plan."));
}

TEST(VolumeReplacement, ByRequestNeedsConsentToo) {
  ApplyLab lab;
  lab.configure(kVolume);
  apply_and_expect_no_changes(lab);
  planner::PlanOptions options;
  options.replaces.insert(core::Address::parse("volume.data").value());
  static_cast<void>(lab.plan(options));
  ASSERT_EQ(lab.errors.size(), 1U);
  EXPECT_THAT(lab.errors[0], HasSubstr("Set `replace: delete_data` in it if that is meant."));
  lab.configure(
      "containers:\n  db: { image: \"web:1\", mounts: [\"data:/d\"] }\n"
      "volumes: { data: { replace: delete_data } }\n");
  apply_and_expect_no_changes(lab);
  const ApplyResult result = lab.apply(options);
  ASSERT_EQ(result.result, RunResult::Applied) << causes(result);
  EXPECT_THAT(lab.docker.volume_names(), ElementsAre("lab-data.g2"));
  expect_no_changes(lab);
}

}  // namespace
}  // namespace aim::apply_test
