#pragma once

#include <variant>
#include <vector>

#include "core/diagnostic.hpp"
#include "planner/configuration.hpp"
#include "planner/image_decision.hpp"

namespace aim::planner {

/// The tag of a container that stays as it is stands for another image on this Docker.
struct TagMoved {
  std::string reference;
  std::string runs;  ///< image ids
  std::string now;
};

/// Something that was found out about the image of a resource.
struct ImageFinding {
  core::Address address;
  std::variant<ImageProblem, TagMoved> what;
  bool needed = true;  ///< false: the resource can stay as it is without it
};

/// Tells what was found, each at the place where the image is written: an image that cannot be had
/// is an error, a registry that cannot be asked a warning, a tag that has moved a note.
void preflight_images(const std::vector<ImageFinding>& findings,
                      const Configuration& configuration,
                      core::Diagnostics& diagnostics);

}  // namespace aim::planner
