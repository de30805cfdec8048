#include "cmd/view/graph_render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <map>

namespace aim::view {

using core::Address;
using core::Kind;
using planner::Action;

namespace {

/// Graphviz and Mermaid both take text between quotes; they differ in how a quote is written.
std::string dot_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      result += '\\';
    }
    result += c;
  }
  return result + "\"";
}

std::string mermaid_text(const std::string& text) {
  std::string result = "\"";
  for (const char c : text) {
    result += c == '"' ? std::string("#quot;") : c == '#' ? std::string("#35;") : std::string(1, c);
  }
  return result + "\"";
}

std::string_view dot_shape(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
      return "component";
    case Kind::Container:
      return "box";
    case Kind::Network:
      return "ellipse";
    case Kind::Volume:
      return "cylinder";
  }
  return "box";
}

/// Nothing for what stays as it is.
std::string_view dot_colour(Action action) {
  switch (action) {
    case Action::Create:
      return "darkgreen";
    case Action::Update:
      return "darkorange";
    case Action::Replace:
      return "purple";
    case Action::Delete:
      return "red";
    case Action::Forget:
      return "gray50";
    case Action::NoOp:
      return {};
  }
  return {};
}

std::string_view action_word(Action action) {
  switch (action) {
    case Action::Create:
      return "create";
    case Action::Update:
      return "update";
    case Action::Replace:
      return "replace";
    case Action::Delete:
      return "delete";
    case Action::Forget:
      return "forget";
    case Action::NoOp:
      return {};
  }
  return {};
}

std::string label_of(const Graph::Node& node) {
  std::string label = node.address.str();
  if (node.external) {
    label += " (external)";
  }
  if (node.action && !action_word(*node.action).empty()) {
    label += fmt::format(" ({})", action_word(*node.action));
  }
  return label;
}

std::string mermaid_node(const std::string& id, const Graph::Node& node) {
  const std::string text = mermaid_text(label_of(node));
  switch (node.address.kind) {
    case Kind::Endpoint:
      return fmt::format("{}[[{}]]", id, text);
    case Kind::Container:
      return fmt::format("{}[{}]", id, text);
    case Kind::Network:
      return fmt::format("{}([{}])", id, text);
    case Kind::Volume:
      return fmt::format("{}[({})]", id, text);
  }
  return id;
}

}  // namespace

Graph graph_of(const planner::Configuration& configuration, const planner::Plan* plan) {
  std::map<Address, Graph::Node> nodes;
  for (const auto& [address, resource] : configuration.resources) {
    nodes.emplace(address,
                  Graph::Node{address, std::nullopt, resource.external, resource.dependencies});
  }
  for (const planner::ResourceChange& change :
       plan ? plan->changes : std::vector<planner::ResourceChange>()) {
    Graph::Node& node =
        nodes
            .try_emplace(change.address,
                         Graph::Node{change.address, {}, change.external, change.dependencies})
            .first->second;
    node.action = change.action;
  }
  Graph graph;
  graph.project = configuration.project;
  for (auto& [address, node] : nodes) {
    // What is not in the picture cannot be pointed at.
    std::erase_if(node.needs, [&](const Address& need) { return !nodes.contains(need); });
    std::sort(node.needs.begin(), node.needs.end());
    graph.nodes.push_back(node);
  }
  return graph;
}

std::string render_dot(const Graph& graph) {
  std::string text = fmt::format("digraph {} {{\n  rankdir=LR;\n", dot_text(graph.project));
  for (const Graph::Node& node : graph.nodes) {
    std::string attributes = fmt::format("shape={}", dot_shape(node.address.kind));
    if (const std::string label = label_of(node); label != node.address.str()) {
      attributes += ", label=" + dot_text(label);
    }
    if (node.action && !dot_colour(*node.action).empty()) {
      attributes += fmt::format(", color={}", dot_colour(*node.action));
    }
    if (node.external) {
      attributes += ", style=dashed";
    }
    text += fmt::format("  {} [{}];\n", dot_text(node.address.str()), attributes);
  }
  for (const Graph::Node& node : graph.nodes) {
    for (const Address& need : node.needs) {
      text += fmt::format("  {} -> {};\n", dot_text(node.address.str()), dot_text(need.str()));
    }
  }
  return text + "}\n";
}

std::string render_mermaid(const Graph& graph) {
  std::string text = "flowchart LR\n";
  std::map<Address, std::string> ids;
  for (const Graph::Node& node : graph.nodes) {
    const std::string id = fmt::format("n{}", ids.size());
    ids.emplace(node.address, id);
    text += fmt::format("  {}\n", mermaid_node(id, node));
  }
  for (const Graph::Node& node : graph.nodes) {
    for (const Address& need : node.needs) {
      text += fmt::format("  {} --> {}\n", ids.at(node.address), ids.at(need));
    }
  }
  return text;
}

boost::json::value graph_json(const Graph& graph) {
  boost::json::array nodes;
  boost::json::array edges;
  for (const Graph::Node& node : graph.nodes) {
    boost::json::object object{{"address", node.address.str()},
                               {"kind", core::to_string(node.address.kind)},
                               {"external", node.external}};
    if (node.action) {
      const std::string_view word = action_word(*node.action);
      object.emplace("action", word.empty() ? std::string_view("no-op") : word);
    }
    nodes.emplace_back(std::move(object));
    for (const Address& need : node.needs) {
      edges.emplace_back(boost::json::object{{"from", node.address.str()}, {"to", need.str()}});
    }
  }
  return boost::json::object{{"format_version", "1.0"},
                             {"project", graph.project},
                             {"nodes", std::move(nodes)},
                             {"edges", std::move(edges)}};
}

}  // namespace aim::view
