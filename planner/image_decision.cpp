#include "planner/image_decision.hpp"

#include <algorithm>
#include <array>

#include "planner/image_reference.hpp"

namespace aim::planner {

using core::ErrorCode;
using core::Null;
using core::SeenImage;
using core::Unknown;
using core::Value;

namespace {

using Kind = ImageProblem::Kind;

ImageDecision undecided(std::optional<ImageProblem> problem = std::nullopt) {
  return {Unknown{}, Unknown{}, std::move(problem)};
}

ImageProblem problem_of(const std::string& reference, const core::Error& error) {
  const Kind kind = error.code == ErrorCode::NotFound ? Kind::Missing
                    : error.code == ErrorCode::Denied ? Kind::Refused
                                                      : Kind::NotAsked;
  return {kind, reference, core::to_string(error)};
}

ImageDecision from_local(const core::ObservedImage& image,
                         const WantedImage& wanted,
                         const std::string& preferred) {
  const auto digest = digest_in(image.repo_digests, wanted.reference, preferred);
  ImageDecision decision{digest ? Value(*digest) : Value(Null{}), image.id, std::nullopt};
  if (!is_for_platform(image.os, image.architecture, wanted.platform)) {
    decision.problem =
        ImageProblem{Kind::WrongPlatform, wanted.reference, image.os + "/" + image.architecture};
  }
  return decision;
}

ImageDecision from_registry(const core::RegistryImage& image, const WantedImage& wanted) {
  ImageDecision decision{image.digest, Unknown{}, std::nullopt};
  const bool fits =
      image.platforms.empty() ||
      std::any_of(image.platforms.begin(), image.platforms.end(), [&](const core::Platform& one) {
        return is_for_platform(one.os, one.architecture, wanted.platform);
      });
  if (!fits) {
    std::string all;
    for (const core::Platform& one : image.platforms) {
      all += (all.empty() ? "" : ", ") + one.os + "/" + one.architecture;
    }
    decision.problem = ImageProblem{Kind::WrongPlatform, wanted.reference, all};
  }
  return decision;
}

/// Whether the registry has to be asked what stands behind a tag even though it is here.
bool asks_registry(const WantedImage& wanted, const SeenImage& here) {
  if (wanted.pull == "never") {
    return false;
  }
  // An image that was made on this Docker is in no registry.
  return wanted.pull == "always" ||
         (wanted.upgrade && (!here.local || digest_in(here.local->repo_digests, wanted.reference)));
}

/// What stands behind the reference now.
ImageDecision decide_now(const WantedImage& wanted, ImageLookup& lookup) {
  const ImageName name = parse_image(wanted.reference);
  const bool only_here = wanted.pull == "never" || !name.id.empty();
  const SeenImage* seen =
      lookup.find(wanted.reference, only_here ? ImageNeed::Local : ImageNeed::RegistryIfMissing);
  if (seen == nullptr) {
    return undecided();
  }
  if (only_here && !seen->local) {
    return undecided(ImageProblem{Kind::NotHere, wanted.reference, {}});
  }
  const bool can_move = !only_here && name.digest.empty();
  if (can_move && asks_registry(wanted, *seen)) {
    seen = lookup.find(wanted.reference, ImageNeed::Registry);
    if (seen == nullptr) {
      return undecided();
    }
    const core::Result<core::RegistryImage>& registry = *seen->registry;
    if (registry) {
      const bool have_it =
          seen->local && digest_in(seen->local->repo_digests, wanted.reference, registry->digest) ==
                             registry->digest;
      return have_it ? from_local(*seen->local, wanted, registry->digest)
                     : from_registry(*registry, wanted);
    }
    ImageDecision decision = seen->local && registry.error().code != ErrorCode::NotFound &&
                                     registry.error().code != ErrorCode::Denied
                                 ? from_local(*seen->local, wanted, {})
                                 : undecided();
    decision.problem = problem_of(wanted.reference, registry.error());
    return decision;
  }
  if (seen->local) {
    return from_local(*seen->local, wanted, name.digest);
  }
  return *seen->registry ? from_registry(**seen->registry, wanted)
                         : undecided(problem_of(wanted.reference, seen->registry->error()));
}

}  // namespace

ImageDecision decide_image(const WantedImage& wanted,
                           const std::optional<RecordedImage>& recorded,
                           ImageLookup& lookup) {
  const bool keeps = recorded && same_image(recorded->reference, wanted.reference) &&
                     !wanted.upgrade && wanted.pull != "always" &&
                     parse_image(wanted.reference).digest.empty();
  if (!keeps || recorded->id.empty()) {
    return decide_now(wanted, lookup);
  }
  const SeenImage* by_id = lookup.find(recorded->id, ImageNeed::Local);
  if (by_id == nullptr) {
    return undecided();
  }
  if (by_id->local) {
    ImageDecision decision = from_local(*by_id->local, wanted, recorded->digest);
    if (!recorded->digest.empty()) {
      decision.digest = recorded->digest;  // Docker forgets it with the tag, and has the image
    }
    return decision;
  }
  if (recorded->digest.empty()) {
    return decide_now(wanted, lookup);
  }
  const SeenImage* by_digest =
      lookup.find(with_digest(wanted.reference, recorded->digest),
                  wanted.pull == "never" ? ImageNeed::Local : ImageNeed::RegistryIfMissing);
  if (by_digest == nullptr) {
    return undecided();
  }
  if (by_digest->local) {
    return from_local(*by_digest->local, wanted, recorded->digest);
  }
  if (!by_digest->registry) {
    return undecided(ImageProblem{Kind::NotHere, wanted.reference, {}});
  }
  if (*by_digest->registry) {
    return from_registry(**by_digest->registry, wanted);
  }
  ImageProblem problem =
      problem_of(with_digest(wanted.reference, recorded->digest), by_digest->registry->error());
  if (problem.kind != Kind::Missing) {
    return {recorded->digest, Unknown{}, std::move(problem)};
  }
  ImageDecision decision = decide_now(wanted, lookup);
  if (!decision.problem) {
    decision.problem = ImageProblem{Kind::OldOneGone, wanted.reference, recorded->digest};
  }
  return decision;
}

MovedImage look_for_moved_image(const WantedImage& wanted,
                                const RecordedImage& recorded,
                                ImageLookup& lookup) {
  const ImageName name = parse_image(wanted.reference);
  if (!name.digest.empty() || !name.id.empty() || (!wanted.upgrade && wanted.pull != "always")) {
    return {};
  }
  ImageDecision now = decide_now(wanted, lookup);
  if (now.problem && now.problem->kind != Kind::WrongPlatform) {
    return {std::nullopt, std::move(now.problem)};
  }
  if (const std::string* digest = now.digest.get<std::string>()) {
    if (*digest == recorded.digest) {
      return {};
    }
    // One image can have several digests, or be from before digests were recorded.
    const SeenImage* running = lookup.find(recorded.id, ImageNeed::Local);
    if (running == nullptr ||
        (running->local &&
         digest_in(running->local->repo_digests, wanted.reference, *digest) == *digest)) {
      return {};
    }
    return {std::move(now), std::nullopt};
  }
  const std::string* id = now.id.get<std::string>();
  return id && *id != recorded.id ? MovedImage{std::move(now), std::nullopt} : MovedImage{};
}

std::string platform_of(const core::EngineInfo& engine) {
  struct Name {
    std::string_view kernel;
    std::string_view image;
  };

  static constexpr std::array<Name, 7> kNames = {{{"x86_64", "amd64"},
                                                  {"aarch64", "arm64"},
                                                  {"armv7l", "arm"},
                                                  {"armv6l", "arm"},
                                                  {"i686", "386"},
                                                  {"i386", "386"},
                                                  {"loongarch64", "loong64"}}};
  const auto known = std::find_if(kNames.begin(), kNames.end(), [&](const Name& name) {
    return name.kernel == engine.architecture;
  });
  return engine.os_type + "/" +
         (known == kNames.end() ? engine.architecture : std::string(known->image));
}

bool is_for_platform(const std::string& os,
                     const std::string& architecture,
                     const std::string& platform) {
  const std::size_t slash = platform.find('/');
  const std::string wanted_os = platform.substr(0, slash);
  const std::string rest = slash == std::string::npos ? std::string() : platform.substr(slash + 1);
  const std::string wanted_architecture = rest.substr(0, rest.find('/'));
  const auto fits = [](const std::string& has, const std::string& wants) {
    return has.empty() || wants.empty() || has == wants;
  };
  return fits(os, wanted_os) && fits(architecture, wanted_architecture);
}

}  // namespace aim::planner
