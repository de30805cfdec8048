#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cmd/docker_run.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"
#include "planner/plan.hpp"
#include "recipes/decision.hpp"

namespace aim::cmd {

/// Where one value of a resource comes from.
struct Origin {
  enum class From {
    File,           ///< written for the resource itself, or for all of its kind
    Default,        ///< of the program's own table
    Recipe,         ///< chosen with the recipe
    Configuration,  ///< follows from the configuration: a URL, a name
    Recorded,       ///< decided at the last apply
    Apply           ///< not known before apply
  };

  From from = From::File;
  std::optional<core::SourceRange> range;
  std::string section;                 ///< "backends", "defaults", "x-common"; empty: its own
  std::vector<std::string> variables;  ///< "qwen_gpus (default)", in order of appearance
  bool operator==(const Origin&) const = default;
};

struct ExplainedValue {
  std::string name;   ///< "env.HF_HOME"
  std::string shown;  ///< as people read it; secrets as stars
  Origin origin;
  bool operator==(const ExplainedValue&) const = default;
};

struct ExplainedDependency {
  core::Address address;
  std::vector<std::string> reasons;  ///< "`networks` joins it"
  bool operator==(const ExplainedDependency&) const = default;
};

struct Explanation {
  core::Address address;
  std::string docker_name;
  std::optional<core::SourceRange> range;
  std::int64_t generation = 0;  ///< 0: not deployed yet
  bool external = false;
  std::vector<ExplainedValue> values;
  std::string model;                          ///< of an endpoint with a recipe
  std::optional<recipes::Decision> decision;  ///< which recipe, and why
  std::vector<ExplainedDependency> needs;
  std::vector<core::Address> needed_by;
  std::optional<DockerCommand> command;  ///< of endpoints and containers
};

/// `plan` is one of `configuration` and `state`, whatever its world. The address must be in the
/// configuration.
[[nodiscard]] Explanation explain(const core::Address& address,
                                  const planner::Configuration& configuration,
                                  const core::StateSnapshot& state,
                                  const planner::Plan& plan,
                                  const core::SourceFiles& sources);

/// For people, 80 columns wide but for words that cannot be broken.
[[nodiscard]] std::string render_explanation(const Explanation& explanation);
[[nodiscard]] boost::json::value explanation_json(const Explanation& explanation);

}  // namespace aim::cmd
