#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using core::RunResult;
using planner::Action;
using planner::ApplyResult;
using planner::PlanOptions;
using planner::ResourceChange;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr const char* kRef = "r.example/team/web:1";

std::string one(const std::string& more = "", const std::string& image = kRef) {
  return fmt::format("containers:\n  web: {{ image: \"{}\"{} }}\n", image, more);
}

std::string digest_in(const ResourceChange& change) {
  return core::string_at(change.computed, "image_digest").value_or("");
}

std::vector<std::string> notes_of(const planner::Plan& plan) {
  std::vector<std::string> notes;
  for (const core::Diagnostic& note : plan.notes) {
    notes.push_back(note.summary + ": " + note.detail);
  }
  return notes;
}

/// Calls whose path holds `part`.
int asked(const ApplyLab& lab, const std::string& part) {
  const std::vector<support::RecordedCall> calls = lab.docker.calls();
  return static_cast<int>(
      std::count_if(calls.begin(), calls.end(), [&](const support::RecordedCall& call) {
        return call.target.find(part) != std::string::npos;
      }));
}

std::string image_of(ApplyLab& lab, const std::string& container = "lab-web") {
  return lab.docker.container(container)->image;
}

PlanOptions upgrade() {
  PlanOptions options;
  options.upgrade_all = true;
  return options;
}

/// The container web, made from the first image behind kRef, which the registry has.
class Images : public testing::Test {
 protected:
  void deploy(const std::string& yaml = one()) {
    lab.docker.add_registry_image({.ref = kRef, .content = "first"});
    lab.configure(yaml);
    ASSERT_EQ(lab.apply().result, RunResult::Applied);
    const planner::Plan plan = lab.plan();
    first_digest = digest_in(change_of(plan, "container.web"));
    first_id = lab.docker.container("lab-web")->image_id;
    lab.docker.forget_calls();
  }

  void move_tag() { lab.docker.add_registry_image({.ref = kRef, .content = "second"}); }

  void expect_no_changes() {
    const planner::Plan plan = lab.plan();
    EXPECT_THAT(lab.errors, IsEmpty());
    EXPECT_FALSE(planner::has_changes(plan));
  }

  ApplyLab lab;
  std::string first_digest;
  std::string first_id;
};

TEST_F(Images, AMissingOneIsAskedForAtPlanAndPulledInApply) {
  lab.docker.add_registry_image({.ref = kRef, .content = "first"});
  lab.configure(one());
  const planner::Plan plan = lab.plan();
  EXPECT_THAT(lab.errors, IsEmpty());
  EXPECT_EQ(asked(lab, "/distribution/"), 1);
  EXPECT_EQ(asked(lab, "/images/create"), 0);
  EXPECT_THAT(digest_in(change_of(plan, "container.web")), testing::StartsWith("sha256:"));
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_EQ(image_of(lab), kRef);
  EXPECT_THAT(lab.progress.lines, testing::Contains(std::string(kRef) + ": pulling done"));
  const core::RecordedResource record =
      lab.store->snapshot().resources.at(core::Address::parse("container.web").value());
  EXPECT_EQ(core::string_at(record.computed, "image_digest"),
            digest_in(change_of(plan, "container.web")));
}

TEST_F(Images, APlanWithoutChangesAsksNoRegistryAndLooksAtNoImage) {
  deploy();
  lab.docker.forget_calls();
  expect_no_changes();
  EXPECT_EQ(asked(lab, "/distribution/"), 0);
  EXPECT_EQ(asked(lab, "/images/"), 0);
}

TEST_F(Images, OneOfManyIsPulledOnceForAll) {
  lab.docker.add_registry_image({.ref = kRef, .content = "first"});
  std::string yaml = "containers:\n";
  for (int i = 0; i < 12; ++i) {
    yaml += fmt::format("  c{}: {{ image: \"{}\" }}\n", i, kRef);
  }
  lab.configure(yaml);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_EQ(asked(lab, "/images/create"), 1);
  EXPECT_EQ(asked(lab, "/distribution/"), 1);
}

TEST_F(Images, AMovedTagIsNoChangeUntilAnUpgradeIsAskedFor) {
  deploy();
  move_tag();
  expect_no_changes();
  const planner::Plan plan = lab.plan(upgrade());
  const ResourceChange& change = change_of(plan, "container.web");
  EXPECT_EQ(change.action, Action::Replace);
  ASSERT_THAT(change.fields, SizeIs(2));
  EXPECT_EQ(core::to_string(change.fields[1].path), "image_digest");
  EXPECT_EQ(change.fields[1].before, core::Value(first_digest));
  EXPECT_EQ(change.fields[1].after, core::Value(digest_in(change)));
  EXPECT_NE(digest_in(change), first_digest);
  EXPECT_TRUE(change.fields[1].forces_replacement);
  EXPECT_EQ(change.fields[1].source.value().begin.line, 4U);

  ASSERT_EQ(lab.apply(upgrade()).result, RunResult::Applied);
  EXPECT_NE(lab.docker.container("lab-web")->image_id, first_id);
  EXPECT_EQ(image_of(lab), kRef);
  expect_no_changes();
  EXPECT_FALSE(planner::has_changes(lab.plan(upgrade())));
}

TEST_F(Images, AnUpgradeOfOneLeavesTheOthers) {
  deploy(one() + fmt::format("  other: {{ image: \"{}\" }}\n", kRef));
  move_tag();
  PlanOptions options;
  options.upgrades = {core::Address::parse("container.other").value()};
  const planner::Plan plan = lab.plan(options);
  EXPECT_EQ(change_of(plan, "container.web").action, Action::NoOp);
  EXPECT_EQ(change_of(plan, "container.other").action, Action::Replace);
  options.upgrades = {core::Address::parse("container.none").value()};
  static_cast<void>(lab.plan(options));
  EXPECT_THAT(lab.errors, ElementsAre(HasSubstr("Unknown address: --upgrade container.none")));
}

TEST_F(Images, PullAlwaysAsksAtEachPlan) {
  deploy(one(", pull: always"));
  EXPECT_FALSE(planner::has_changes(lab.plan()));
  EXPECT_EQ(asked(lab, "/distribution/"), 1);
  move_tag();
  EXPECT_EQ(change_of(lab.plan(), "container.web").action, Action::Replace);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_NE(lab.docker.container("lab-web")->image_id, first_id);
  expect_no_changes();
}

TEST_F(Images, AReplacementForAnotherReasonKeepsTheDecidedImage) {
  deploy();
  move_tag();
  // The new image is even here already.
  EXPECT_EQ(lab.docker.outside("POST", fmt::format("/images/create?fromImage={}", kRef)).status,
            200);
  lab.configure(one(", env: { A: b }"));
  const planner::Plan plan = lab.plan();
  EXPECT_THAT(
      notes_of(plan),
      ElementsAre(HasSubstr("Tag has moved: container.web runs image " + first_id.substr(0, 19))));
  EXPECT_EQ(digest_in(change_of(plan, "container.web")), first_digest);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_EQ(lab.docker.container("lab-web")->image_id, first_id);
  EXPECT_EQ(image_of(lab), "r.example/team/web@" + first_digest);
  expect_no_changes();
  // The note stays until the tag and the container agree.
  EXPECT_THAT(notes_of(lab.plan()), SizeIs(1));
  ASSERT_EQ(lab.apply(upgrade()).result, RunResult::Applied);
  EXPECT_EQ(image_of(lab), kRef);
  EXPECT_THAT(notes_of(lab.plan()), IsEmpty());
}

TEST_F(Images, AGoneContainerComesBackFromTheDecidedImage) {
  deploy();
  move_tag();
  lab.docker.outside("DELETE", "/containers/lab-web?force=1");
  lab.docker.outside("DELETE", fmt::format("/images/{}?force=1", kRef));
  const planner::Plan plan = lab.plan();
  EXPECT_EQ(digest_in(change_of(plan, "container.web")), first_digest);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_EQ(lab.docker.container("lab-web")->image_id, first_id);
  expect_no_changes();
}

TEST_F(Images, AnImageThatIsNowhereAnyMoreIsReplacedByWhatTheTagIsNow) {
  deploy();
  lab.docker.outside("DELETE", "/containers/lab-web?force=1");
  lab.docker.outside("DELETE", fmt::format("/images/{}?force=1", kRef));
  lab.docker.remove_registry_image(kRef);
  lab.docker.add_registry_image({.ref = kRef, .content = "second"});
  const planner::Plan plan = lab.plan();
  EXPECT_THAT(lab.errors, IsEmpty());
  EXPECT_THAT(notes_of(plan),
              ElementsAre(fmt::format(
                  "Recorded image is gone: container.web was made from {} of \"{}\", which neither "
                  "this Docker nor the registry has any more. It gets what stands behind that name "
                  "now.",
                  first_digest.substr(0, 19),
                  kRef)));
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_NE(lab.docker.container("lab-web")->image_id, first_id);
  expect_no_changes();
}

TEST_F(Images, OfThisDockerAreComparedById) {
  lab.docker.add_image({.ref = "app:1", .content = "first"});
  lab.configure(one("", "app:1"));
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_EQ(digest_in(change_of(lab.plan(), "container.web")), "");
  const std::string before = lab.docker.container("lab-web")->image_id;
  lab.docker.add_image({.ref = "app:1", .content = "second"});
  EXPECT_FALSE(planner::has_changes(lab.plan()));
  EXPECT_THAT(notes_of(lab.plan()), ElementsAre(HasSubstr("Tag has moved")));
  const planner::Plan plan = lab.plan(upgrade());
  const ResourceChange& change = change_of(plan, "container.web");
  EXPECT_EQ(change.action, Action::Replace);
  EXPECT_EQ(core::to_string(change.fields[1].path), "image_id");
  EXPECT_EQ(change.fields[1].before, core::Value(before));
  ASSERT_EQ(lab.apply(upgrade()).result, RunResult::Applied);
  EXPECT_NE(lab.docker.container("lab-web")->image_id, before);
  expect_no_changes();
  EXPECT_EQ(asked(lab, "/distribution/"), 0);
}

TEST_F(Images, ATagThatMovesBetweenPlanAndPullChangesNothing) {
  lab.docker.add_registry_image({.ref = kRef, .content = "first"});
  lab.configure(one());
  const std::string planned = digest_in(change_of(lab.plan(), "container.web"));
  const std::string first = lab.docker.calls().empty() ? "" : planned;
  // The executor gets the plan that was made before.
  lab.before_execute = [&] { move_tag(); };
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_EQ(digest_in(change_of(lab.plan(), "container.web")), first);
  EXPECT_EQ(image_of(lab), "r.example/team/web@" + planned);
}

TEST_F(Images, ALostStateKnowsTheDigestAgain) {
  deploy();
  lab.lose_state();
  const planner::Plan plan = lab.plan();
  EXPECT_FALSE(planner::has_changes(plan));
  EXPECT_EQ(digest_in(change_of(plan, "container.web")), first_digest);
}

TEST_F(Images, OthersMayReferToTheDigest) {
  lab.docker.add_registry_image({.ref = kRef, .content = "first"});
  lab.configure(one() + "outputs: { digest: \"${container.web.image_digest}\" }\n");
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  expect_no_changes();
  EXPECT_EQ(lab.store->snapshot().outputs.at("digest").value,
            core::Value(digest_in(change_of(lab.plan(), "container.web"))));
}

// --- what would fail in apply is found at plan ---------------------------------------------------

TEST_F(Images, ThatDoNotExistAreAnErrorAtPlan) {
  lab.docker.add_registry_image({.ref = "r.example/team/web:2"});
  lab.configure(one());
  static_cast<void>(lab.plan());
  EXPECT_THAT(lab.errors,
              ElementsAre("Image does not exist: container.web wants image "
                          "\"r.example/team/web:1\": manifest unknown: manifest unknown. r.example "
                          "has no such image: check the name and the tag."));
}

TEST_F(Images, ThatNeedALoginAreAnErrorAtPlan) {
  lab.docker.add_registry_image({.ref = kRef});
  lab.docker.require_login("r.example", "ada", "right");
  lab.configure(one());
  static_cast<void>(lab.plan());
  ASSERT_THAT(lab.errors, SizeIs(1));
  EXPECT_THAT(lab.errors[0], HasSubstr("Registry refuses access: container.web wants image"));
  EXPECT_THAT(lab.errors[0],
              HasSubstr("no basic auth credentials. There are no credentials for "
                        "r.example in "));
}

TEST_F(Images, OfASilentRegistryAreAWarningAtPlanAndAnErrorInPrepare) {
  lab.docker.add_registry_image({.ref = kRef});
  lab.docker.silence_registry("r.example", true);
  lab.configure(one());
  const planner::Plan plan = lab.plan();
  EXPECT_THAT(lab.errors, IsEmpty());
  EXPECT_THAT(notes_of(plan),
              ElementsAre(HasSubstr("Registry could not be asked: Whether image "
                                    "\"r.example/team/web:1\" of container.web can be had is not "
                                    "known: Get \"http://r.example/v2/\": dial tcp")));
  EXPECT_TRUE(change_of(plan, "container.web").computed.at("image_digest").is<core::Unknown>());
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack);
  EXPECT_FALSE(result.switched);
  ASSERT_THAT(result.failures, SizeIs(1));
  EXPECT_THAT(result.failures[0].cause, HasSubstr("Docker cannot reach r.example"));
  lab.docker.silence_registry("r.example", false);
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_THAT(digest_in(change_of(lab.plan(), "container.web")), testing::StartsWith("sha256:"));
}

TEST_F(Images, ASilentRegistryStopsNoUpgradeOfOthers) {
  deploy();
  lab.docker.silence_registry("r.example", true);
  const planner::Plan plan = lab.plan(upgrade());
  EXPECT_THAT(lab.errors, IsEmpty());
  EXPECT_FALSE(planner::has_changes(plan));
  EXPECT_THAT(notes_of(plan), ElementsAre(HasSubstr("Registry could not be asked")));
}

TEST_F(Images, ThatAreNeverPulledMustBeHere) {
  lab.docker.add_registry_image({.ref = kRef});
  lab.configure(one(", pull: never"));
  static_cast<void>(lab.plan());
  EXPECT_THAT(lab.errors,
              ElementsAre("Image is not on this Docker: container.web wants image "
                          "\"r.example/team/web:1\", which this Docker does not have, and with "
                          "`pull: never` or an image id aim does not fetch it. Load or build it "
                          "there, or set `pull: missing`."));
  EXPECT_EQ(asked(lab, "/distribution/"), 0);
  lab.docker.add_image({.ref = kRef});
  ASSERT_EQ(lab.apply().result, RunResult::Applied);
  EXPECT_EQ(asked(lab, "/images/create"), 0);
}

TEST_F(Images, ForAnotherPlatformAreAnErrorAtPlan) {
  lab.docker.add_registry_image({.ref = kRef, .architecture = "arm64"});
  lab.configure(one());
  static_cast<void>(lab.plan());
  EXPECT_THAT(lab.errors,
              ElementsAre("Image is for another platform: Image \"r.example/team/web:1\" of "
                          "container.web is for linux/arm64, and this Docker needs another "
                          "platform. Choose a tag that is for it."));
}

TEST_F(Images, ForAnotherPlatformFailInPrepareIfNobodySaidSoBefore) {
  lab.docker.add_registry_image({.ref = kRef, .architecture = "arm64"});
  lab.docker.silence_registry("r.example", true);
  lab.configure(one());
  lab.before_execute = [&] { lab.docker.silence_registry("r.example", false); };
  const ApplyResult result = lab.apply();
  EXPECT_FALSE(result.switched);
  ASSERT_THAT(result.failures, SizeIs(1));
  EXPECT_EQ(result.failures[0].cause,
            "image r.example/team/web:1 is for linux/arm64, and this Docker runs linux/amd64. "
            "Choose a tag that is for that platform");
  EXPECT_FALSE(lab.docker.container("lab-web"));
}

}  // namespace
}  // namespace aim::apply_test
