#pragma once

#include <optional>
#include <string>

#include "core/value.hpp"
#include "planner/image_questions.hpp"

namespace aim::planner {

/// Why an image cannot be had, or could not be looked for.
struct ImageProblem {
  enum class Kind {
    NotHere,     ///< `pull: never`, and this Docker does not have it
    Missing,     ///< the registry does not have it
    Refused,     ///< the registry wants other credentials
    NotAsked,    ///< the registry could not be asked
    OldOneGone,  ///< what a tag once stood for is nowhere any more
    WrongPlatform
  };
  Kind kind = Kind::NotAsked;
  std::string reference;
  std::string
      words;  ///< of the Engine with advice, foreign text; for WrongPlatform, what it is for
};

/// Which image a new container gets.
struct ImageDecision {
  core::Value digest;  ///< text; Null: it has none, since it was made on this Docker; Unknown
  core::Value id;      ///< text, or Unknown
  std::optional<ImageProblem> problem;
};

/// What was decided when a container was last made.
struct RecordedImage {
  std::string reference;
  std::string digest;  ///< empty: none
  std::string id;
};

/// What a resource says of its image.
struct WantedImage {
  std::string reference;  ///< canonical
  std::string pull;       ///< "missing", "always" or "never"
  std::string platform;   ///< "linux/amd64": what it must be for
  bool upgrade = false;   ///< --upgrade: what stands behind the reference now
};

/// The image of a container that has to be made: what stood behind the reference when it was last
/// decided, as long as the reference is the same and that image can be had, else what stands
/// behind it now. Pure but for the questions that `lookup` writes down; with a question open, what
/// it turns on is Unknown.
[[nodiscard]] ImageDecision decide_image(const WantedImage& wanted,
                                         const std::optional<RecordedImage>& recorded,
                                         ImageLookup& lookup);

/// Whether the reference of a container that stays as it is stands for another image now; nothing
/// if it does not, or could not be told. Asks the registry for `pull: always` and --upgrade.
struct MovedImage {
  std::optional<ImageDecision> now;
  std::optional<ImageProblem> problem;
};

[[nodiscard]] MovedImage look_for_moved_image(const WantedImage& wanted,
                                              const RecordedImage& recorded,
                                              ImageLookup& lookup);

/// "linux/amd64" of what an Engine says of itself ("linux", "x86_64"): images have other names.
[[nodiscard]] std::string platform_of(const core::EngineInfo& engine);

/// Whether an image of `os` and `architecture` is for `platform` ("linux/arm64[/v8]"). An image
/// that does not say is for any.
[[nodiscard]] bool is_for_platform(const std::string& os,
                                   const std::string& architecture,
                                   const std::string& platform);

}  // namespace aim::planner
