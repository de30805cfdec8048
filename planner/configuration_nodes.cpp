#include "planner/configuration_nodes.hpp"

#include <fmt/format.h>

#include "planner/expression.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Diagnostics;
using core::Node;

std::string described(const Node& node) {
  return std::visit(core::overloaded{[](core::Null) -> std::string { return "null"; },
                                     [](const Node::Items&) -> std::string { return "a list"; },
                                     [](const Node::Entries&) -> std::string { return "a map"; },
                                     [](const std::string& text) { return shown(text); },
                                     [&](const auto&) { return node.raw; }},
                    node.data);
}

const Node::Entries* map_entries(const Node& node,
                                 std::string_view name,
                                 Diagnostics& diagnostics) {
  static const Node::Entries kNone;
  if (std::holds_alternative<core::Null>(node.data)) {
    return &kNone;
  }
  if (const Node::Entries* entries = node.entries()) {
    return entries;
  }
  report_type(node, name, "a map", diagnostics);
  return nullptr;
}

void report_type(const Node& node,
                 std::string_view name,
                 std::string_view expected,
                 Diagnostics& diagnostics) {
  diagnostics.error("Wrong type",
                    fmt::format("{} must be {}, but it is {}.", name, expected, described(node)),
                    node.range);
}

void report_unknown_key(const core::MapEntry& entry,
                        std::string_view name,
                        const std::vector<std::string>& known,
                        Diagnostics& diagnostics) {
  const std::string near = core::did_you_mean(entry.key, known);
  diagnostics.error("Unknown key",
                    fmt::format("{} has no key {}. {}{}It takes {}.",
                                name,
                                shown(entry.key),
                                near,
                                near.empty() ? "" : " ",
                                listed(known)),
                    entry.key_range);
}

void report_unsupported(const core::SourceRange& range,
                        std::string_view key,
                        std::string_view use,
                        Diagnostics& diagnostics) {
  diagnostics.error(kUnsupportedSummary,
                    fmt::format("`{}` is not supported by this version of aim. {}", key, use),
                    range);
}

bool is_free_key(std::string_view key) { return key.starts_with("x-"); }

std::string listed(const std::vector<std::string>& words) {
  std::string text;
  for (std::size_t i = 0; i < words.size(); ++i) {
    text += i == 0 ? "" : i + 1 == words.size() ? " and " : ", ";
    text += words[i];
  }
  return text;
}

}  // namespace aim::planner
