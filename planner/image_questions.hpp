#pragma once

#include <cstddef>
#include <map>
#include <stop_token>
#include <string>

#include "core/engine.hpp"
#include "core/snapshot.hpp"

namespace aim::planner {

/// How much has to be known of an image.
enum class ImageNeed {
  Local,              ///< what the Engine has under that reference
  RegistryIfMissing,  ///< and if it has nothing, what the registry has
  Registry            ///< both
};

/// What a plan wants to know of images and does not, by reference.
using ImageQuestions = std::map<std::string, ImageNeed>;

/// Looks images up in an observed world and writes down what is not in it.
class ImageLookup {
 public:
  ImageLookup(const core::ObservedWorld& world, ImageQuestions& questions)
      : world_(world), questions_(questions) {}

  /// Null, and a question, if not enough is known.
  [[nodiscard]] const core::SeenImage* find(const std::string& reference, ImageNeed need);

 private:
  const core::ObservedWorld& world_;
  ImageQuestions& questions_;
};

/// Asks the Engine, `parallelism` wide, and adds the answers to `world`. Blocking. A registry that
/// refuses or does not answer is an answer. Errors: those of core::EngineReader::inspect_image.
[[nodiscard]] core::Result<void> answer_questions(core::EngineReader& engine,
                                                  const ImageQuestions& questions,
                                                  std::size_t parallelism,
                                                  std::stop_token stop,
                                                  core::ObservedWorld& world);

}  // namespace aim::planner
