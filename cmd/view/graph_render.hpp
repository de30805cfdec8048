#pragma once

#include <boost/json/fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "core/ids.hpp"
#include "planner/configuration.hpp"
#include "planner/plan.hpp"

namespace aim::view {

/// The resources and what they depend on, in order of address.
struct Graph {
  struct Node {
    core::Address address;
    std::optional<planner::Action> action;  ///< with a plan
    bool external = false;
    std::vector<core::Address> needs;
  };

  std::string project;
  std::vector<Node> nodes;
};

/// `plan` may be null.
[[nodiscard]] Graph graph_of(const planner::Configuration& configuration,
                             const planner::Plan* plan);

/// The language of Graphviz. An arrow leads from what depends to what it depends on.
[[nodiscard]] std::string render_dot(const Graph& graph);
/// A flowchart of Mermaid, which code hosts show in Markdown.
[[nodiscard]] std::string render_mermaid(const Graph& graph);
[[nodiscard]] boost::json::value graph_json(const Graph& graph);

}  // namespace aim::view
