#pragma once

#include <compare>
#include <functional>
#include <optional>
#include <string>

#include "core/engine.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// One image that containers of a run are made from, as it was planned. Equal works are one pull.
struct ImageWork {
  std::string reference;       ///< as configured
  std::string digest;          ///< that was decided on, empty if none
  std::string id;              ///< that was decided on, empty if not known
  std::string platform;        ///< that was asked for; empty: the Engine's own
  bool may_pull = true;        ///< false: `pull: never`
  bool tag_is_current = true;  ///< false: the tag may stand for something else than the digest
  auto operator<=>(const ImageWork&) const = default;
};

/// What a change that makes a container needs; nothing if it makes none, or if which image it is
/// comes out only during the run.
[[nodiscard]] std::optional<ImageWork> image_work(const ResourceChange& change);

/// An image that is there, and how to name it when a container is made from it.
struct ReadyImage {
  core::ObservedImage image;
  std::string create_from;
};

struct ImagePorts {
  core::EngineReader& reader;
  core::EngineActor& actor;
};

/// Sees to it that the image is there: pulled if it is not, the very one that was decided on, and
/// for the right platform. `pulling` is called before anything is fetched. Blocking. Errors: those
/// of core::EngineActor::pull; NotFound with `pull: never`; Invalid for the wrong platform.
[[nodiscard]] core::Result<ReadyImage> make_image_ready(
    const ImagePorts& ports,
    const ImageWork& work,
    const std::function<void()>& pulling,
    const std::function<void(const core::PullProgress&)>& progress,
    std::stop_token stop);

}  // namespace aim::planner
