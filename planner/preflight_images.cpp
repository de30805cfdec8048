#include "planner/preflight_images.hpp"

#include <fmt/format.h>

namespace aim::planner {

using core::Diagnostic;
using core::Severity;
using Kind = ImageProblem::Kind;

namespace {

std::optional<core::SourceRange> image_range(const Configuration& configuration,
                                             const core::Address& address) {
  const auto found = configuration.resources.find(address);
  if (found == configuration.resources.end()) {
    return std::nullopt;
  }
  const auto range = core::position_of(found->second.positions, {"image"});
  return range ? range : found->second.range;
}

/// "sha256:" and twelve digits, as Docker's own client shows ids.
std::string short_id(const std::string& id) {
  constexpr std::size_t kShown = 7 + 12;
  return id.substr(0, kShown);
}

std::string summary_of(Kind kind) {
  switch (kind) {
    case Kind::NotHere:
      return "Image is not on this Docker";
    case Kind::Missing:
      return "Image does not exist";
    case Kind::Refused:
      return "Registry refuses access";
    case Kind::NotAsked:
      return "Registry could not be asked";
    case Kind::OldOneGone:
      return "Recorded image is gone";
    case Kind::WrongPlatform:
      return "Image is for another platform";
  }
  return "";
}

std::string detail_of(const ImageProblem& problem, const core::Address& address) {
  switch (problem.kind) {
    case Kind::NotHere:
      return fmt::format(
          "{} wants image \"{}\", which this Docker does not have, and with `pull: "
          "never` or an image id aim does not fetch it. Load or build it there, or "
          "set `pull: missing`.",
          address.str(),
          problem.reference);
    case Kind::Missing:
    case Kind::Refused:
      return fmt::format(
          "{} wants image \"{}\": {}.", address.str(), problem.reference, problem.words);
    case Kind::NotAsked:
      return fmt::format("Whether image \"{}\" of {} can be had is not known: {}.",
                         problem.reference,
                         address.str(),
                         problem.words);
    case Kind::OldOneGone:
      return fmt::format(
          "{} was made from {} of \"{}\", which neither this Docker nor the registry "
          "has any more. It gets what stands behind that name now.",
          address.str(),
          short_id(problem.words),
          problem.reference);
    case Kind::WrongPlatform:
      return fmt::format(
          "Image \"{}\" of {} is for {}, and this Docker needs another platform. "
          "Choose a tag that is for it.",
          problem.reference,
          address.str(),
          problem.words);
  }
  return "";
}

Severity severity_of(const ImageProblem& problem, bool needed) {
  const bool fatal = problem.kind != Kind::NotAsked && problem.kind != Kind::OldOneGone;
  return fatal && needed ? Severity::Error : Severity::Warning;
}

}  // namespace

void preflight_images(const std::vector<ImageFinding>& findings,
                      const Configuration& configuration,
                      core::Diagnostics& diagnostics) {
  for (const ImageFinding& finding : findings) {
    Diagnostic diagnostic;
    diagnostic.address = finding.address.str();
    diagnostic.range = image_range(configuration, finding.address);
    std::visit(core::overloaded{
                   [&](const ImageProblem& problem) {
                     diagnostic.severity = severity_of(problem, finding.needed);
                     diagnostic.summary = summary_of(problem.kind);
                     diagnostic.detail = detail_of(problem, finding.address);
                     if (!finding.needed) {
                       diagnostic.detail += " It stays as it is.";
                     }
                   },
                   [&](const TagMoved& moved) {
                     diagnostic.severity = Severity::Note;
                     diagnostic.summary = "Tag has moved";
                     diagnostic.detail = fmt::format(
                         "{0} runs image {1}; on this Docker \"{2}\" is {3} by now. It keeps the "
                         "one that it runs until `aim apply --upgrade={0}` replaces it.",
                         finding.address.str(),
                         short_id(moved.runs),
                         moved.reference,
                         short_id(moved.now));
                   }},
               finding.what);
    diagnostics.add(std::move(diagnostic));
  }
}

}  // namespace aim::planner
