#include <gtest/gtest.h>

#include "planner/image_decision.hpp"
#include "planner/image_reference.hpp"
#include "planner/image_work.hpp"
#include "planner/preflight_images.hpp"
#include "tests/unit/planner/makers.hpp"

namespace aim::planner::test {
namespace {

using core::ErrorCode;
using core::make_error;
using core::Null;
using core::Unknown;
using core::Value;

const std::string kA = "sha256:" + std::string(64, 'a');
const std::string kB = "sha256:" + std::string(64, 'b');
constexpr const char* kRef = "r.example/web:1";

core::ObservedImage image(const std::string& id, std::vector<std::string> digests = {}) {
  core::ObservedImage result;
  result.id = id;
  result.repo_digests = std::move(digests);
  result.os = "linux";
  result.architecture = "amd64";
  return result;
}

core::SeenImage here(core::ObservedImage one) { return {std::move(one), std::nullopt}; }

core::SeenImage in_registry(const std::string& digest) {
  return {std::nullopt, core::RegistryImage{digest, {{"linux", "amd64"}}}};
}

core::SeenImage refused(ErrorCode code) { return {std::nullopt, make_error(code, "the words")}; }

WantedImage want(const std::string& pull = "missing", bool upgrade = false) {
  return {kRef, pull, "linux/amd64", upgrade};
}

struct Asked {
  core::ObservedWorld world;
  ImageQuestions questions;

  ImageDecision decide(const WantedImage& wanted, std::optional<RecordedImage> recorded = {}) {
    questions.clear();
    ImageLookup lookup(world, questions);
    return decide_image(wanted, recorded, lookup);
  }

  MovedImage moved(const WantedImage& wanted, const RecordedImage& recorded) {
    questions.clear();
    ImageLookup lookup(world, questions);
    return look_for_moved_image(wanted, recorded, lookup);
  }
};

TEST(ImageName, IsTakenApart) {
  EXPECT_EQ(parse_image("busybox:1"), (ImageName{"docker.io/library/busybox", "1", "", ""}));
  EXPECT_EQ(parse_image("docker.io/busybox"),
            (ImageName{"docker.io/library/busybox", "latest", "", ""}));
  EXPECT_EQ(parse_image("a/b:x"), (ImageName{"docker.io/a/b", "x", "", ""}));
  EXPECT_EQ(parse_image("h:5000/a:1@" + kA), (ImageName{"h:5000/a", "1", kA, ""}));
  EXPECT_EQ(parse_image("h:5000/a@" + kA), (ImageName{"h:5000/a", "", kA, ""}));
  EXPECT_EQ(parse_image(kA), (ImageName{"", "", "", kA}));
  EXPECT_TRUE(same_image("busybox", "docker.io/library/busybox:latest"));
  EXPECT_FALSE(same_image("busybox:1", "busybox:2"));
  EXPECT_EQ(with_digest("h:5000/a:1", kA), "h:5000/a@" + kA);
}

TEST(ImageDigest, IsThatOfTheSameRepository) {
  const std::vector<std::string> digests = {"other@" + kA, "web@" + kB, "web@" + kA};
  EXPECT_EQ(digest_in(digests, "docker.io/library/web:1"), kA);
  EXPECT_EQ(digest_in(digests, "web:1", kB), kB);
  EXPECT_EQ(digest_in(digests, "r.example/web:1"), std::nullopt);
  EXPECT_EQ(digest_in({}, "web:1"), std::nullopt);
}

TEST(Platforms, AreNamedAsImagesNameThem) {
  core::EngineInfo engine;
  engine.os_type = "linux";
  engine.architecture = "x86_64";
  EXPECT_EQ(platform_of(engine), "linux/amd64");
  engine.architecture = "aarch64";
  EXPECT_EQ(platform_of(engine), "linux/arm64");
  engine.architecture = "riscv64";
  EXPECT_EQ(platform_of(engine), "linux/riscv64");
  EXPECT_TRUE(is_for_platform("linux", "arm64", "linux/arm64/v8"));
  EXPECT_FALSE(is_for_platform("linux", "amd64", "linux/arm64"));
  EXPECT_FALSE(is_for_platform("windows", "amd64", "linux/amd64"));
  EXPECT_TRUE(is_for_platform("", "", "linux/amd64"));
}

TEST(DecideImage, TakesWhatIsHereAndAsksTheRegistryForTheRest) {
  Asked it;
  ImageDecision open = it.decide(want());
  EXPECT_TRUE(open.digest.is<Unknown>());
  EXPECT_EQ(it.questions, (ImageQuestions{{kRef, ImageNeed::RegistryIfMissing}}));
  it.world.images[kRef] = here(image("i1", {std::string("r.example/web@") + kA}));
  ImageDecision local = it.decide(want());
  EXPECT_EQ(local.digest, Value(kA));
  EXPECT_EQ(local.id, Value("i1"));
  EXPECT_TRUE(it.questions.empty());
  it.world.images[kRef] = in_registry(kB);
  ImageDecision remote = it.decide(want());
  EXPECT_EQ(remote.digest, Value(kB));
  EXPECT_TRUE(remote.id.is<Unknown>());
}

TEST(DecideImage, OfThisDockerHasNoDigest) {
  Asked it;
  it.world.images[kRef] = here(image("i1"));
  EXPECT_EQ(it.decide(want()).digest, Value(Null{}));
  EXPECT_EQ(it.decide(want()).id, Value("i1"));
  // Even an upgrade does not look for it elsewhere.
  EXPECT_EQ(it.decide(want("missing", true)).id, Value("i1"));
  EXPECT_TRUE(it.questions.empty());
}

TEST(DecideImage, KeepsWhatWasDecidedWhileItCanBeHad) {
  const RecordedImage recorded{kRef, kA, "i1"};
  const std::string old = std::string("r.example/web@") + kA;
  Asked it;
  it.world.images[kRef] = in_registry(kB);
  static_cast<void>(it.decide(want(), recorded));
  EXPECT_EQ(it.questions, (ImageQuestions{{"i1", ImageNeed::Local}}));
  it.world.images["i1"] = here(image("i1"));
  EXPECT_EQ(it.decide(want(), recorded).digest, Value(kA));
  it.world.images["i1"] = {};
  static_cast<void>(it.decide(want(), recorded));
  EXPECT_EQ(it.questions, (ImageQuestions{{old, ImageNeed::RegistryIfMissing}}));
  it.world.images[old] = in_registry(kA);
  EXPECT_EQ(it.decide(want(), recorded).digest, Value(kA));
  it.world.images[old] = refused(ErrorCode::NotFound);
  const ImageDecision gone = it.decide(want(), recorded);
  EXPECT_EQ(gone.digest, Value(kB));
  EXPECT_EQ(gone.problem.value().kind, ImageProblem::Kind::OldOneGone);
  it.world.images[old] = refused(ErrorCode::Unreachable);
  const ImageDecision unsure = it.decide(want(), recorded);
  EXPECT_EQ(unsure.digest, Value(kA));
  EXPECT_EQ(unsure.problem.value().kind, ImageProblem::Kind::NotAsked);
}

TEST(DecideImage, AnotherReferenceIsDecidedAnew) {
  Asked it;
  it.world.images[kRef] = in_registry(kB);
  EXPECT_EQ(it.decide(want(), RecordedImage{"r.example/web:0", kA, "i1"}).digest, Value(kB));
}

TEST(DecideImage, NeverPulledMeansNeverAsked) {
  Asked it;
  it.world.images[kRef] = {};
  const ImageDecision decision = it.decide(want("never"));
  EXPECT_EQ(decision.problem.value().kind, ImageProblem::Kind::NotHere);
  EXPECT_TRUE(it.questions.empty());
}

TEST(MovedImage, IsLookedForOnlyWhenAsked) {
  const RecordedImage recorded{kRef, kA, "i1"};
  Asked it;
  EXPECT_FALSE(it.moved(want(), recorded).now);
  EXPECT_TRUE(it.questions.empty());
  static_cast<void>(it.moved(want("always"), recorded));
  EXPECT_EQ(it.questions, (ImageQuestions{{kRef, ImageNeed::RegistryIfMissing}}));
  it.world.images[kRef] = here(image("i1", {std::string("r.example/web@") + kA}));
  static_cast<void>(it.moved(want("always"), recorded));
  EXPECT_EQ(it.questions, (ImageQuestions{{kRef, ImageNeed::Registry}}));
  it.world.images[kRef].registry = core::RegistryImage{kB, {}};
  static_cast<void>(it.moved(want("always"), recorded));
  EXPECT_EQ(it.questions, (ImageQuestions{{"i1", ImageNeed::Local}}));
  it.world.images["i1"] = it.world.images[kRef];
  EXPECT_EQ(it.moved(want("always"), recorded).now.value().digest, Value(kB));
}

TEST(MovedImage, IsNoneIfTheRunningOneHasThatDigestToo) {
  Asked it;
  it.world.images[kRef] = {std::nullopt, core::RegistryImage{kB, {}}};
  it.world.images["i1"] =
      here(image("i1", {std::string("r.example/web@") + kA, std::string("r.example/web@") + kB}));
  EXPECT_FALSE(it.moved(want("missing", true), {kRef, kA, "i1"}).now);
  EXPECT_FALSE(it.moved(want("missing", true), {kRef, "", "i1"}).now);
  EXPECT_TRUE(it.questions.empty());
}

TEST(PreflightImages, TellsEachFindingAtItsPlace) {
  Configuration configuration = empty_configuration();
  add(configuration, "container.web", {{"image", kRef}});
  const auto told = [&](ImageProblem problem, bool needed) {
    core::Diagnostics diagnostics;
    preflight_images(
        {{at("container.web"), std::move(problem), needed}}, configuration, diagnostics);
    EXPECT_EQ(diagnostics.items().size(), 1U);
    return diagnostics.items().front();
  };
  using Kind = ImageProblem::Kind;
  const core::Diagnostic missing = told({Kind::Missing, kRef, "no such thing. Check it"}, true);
  EXPECT_EQ(missing.severity, core::Severity::Error);
  EXPECT_EQ(missing.range.value().begin.line, 11U);
  EXPECT_EQ(missing.detail,
            "container.web wants image \"r.example/web:1\": no such thing. Check it.");
  EXPECT_EQ(told({Kind::Refused, kRef, "x"}, true).summary, "Registry refuses access");
  EXPECT_EQ(told({Kind::NotAsked, kRef, "x"}, true).severity, core::Severity::Warning);
  const core::Diagnostic unneeded = told({Kind::Missing, kRef, "x"}, false);
  EXPECT_EQ(unneeded.severity, core::Severity::Warning);
  EXPECT_EQ(unneeded.detail,
            "container.web wants image \"r.example/web:1\": x. It stays as it is.");
}

TEST(ImageWork, IsOneForTheSameImage) {
  ResourceChange change;
  change.address = at("container.web");
  change.action = Action::Create;
  change.attributes = {{"image", kRef}, {"pull", "missing"}};
  change.computed = {{"image_digest", kA}, {"image_id", Unknown{}}};
  const std::optional<ImageWork> work = image_work(change);
  EXPECT_EQ(work, (ImageWork{kRef, kA, "", "", true, true}));
  ResourceChange other = change;
  other.address = at("container.other");
  EXPECT_EQ(image_work(other), work);
  other.action = Action::Replace;
  other.before = core::Map{{"image_digest", kA}};
  EXPECT_EQ(image_work(other), (ImageWork{kRef, kA, "", "", true, false}));
  other.attributes["pull"] = "never";
  EXPECT_FALSE(image_work(other).value().may_pull);
  other.action = Action::Update;
  EXPECT_FALSE(image_work(other));
}

}  // namespace
}  // namespace aim::planner::test
