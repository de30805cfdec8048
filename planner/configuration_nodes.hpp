#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"

namespace aim::planner {

/// One key of a section, in whichever file it stands. The node is borrowed from the document.
struct SectionEntry {
  std::string name;
  core::SourceRange key_range;
  const core::Node* node = nullptr;
};

/// What a node is, in a sentence: "a list", "a map", "null", `"text"`.
[[nodiscard]] std::string described(const core::Node& node);

/// The entries of a map; none for null, which is a key without a value; null after an error.
/// `name` is how the map is spoken of: "`hosts`".
[[nodiscard]] const core::Node::Entries* map_entries(const core::Node& node,
                                                     std::string_view name,
                                                     core::Diagnostics& diagnostics);

/// "Wrong type": `name` must be `expected`, but it is something else.
void report_type(const core::Node& node,
                 std::string_view name,
                 std::string_view expected,
                 core::Diagnostics& diagnostics);

/// "Unknown key", with the nearest of `known`, and all of them.
void report_unknown_key(const core::MapEntry& entry,
                        std::string_view name,
                        const std::vector<std::string>& known,
                        core::Diagnostics& diagnostics);

/// An error for a key that the design has and this version has not.
void report_unsupported(const core::SourceRange& range,
                        std::string_view key,
                        std::string_view use,
                        core::Diagnostics& diagnostics);

/// Keys that begin with x- are free, for anchors and for other programs.
[[nodiscard]] bool is_free_key(std::string_view key);

/// "a, b and c"
[[nodiscard]] std::string listed(const std::vector<std::string>& words);

}  // namespace aim::planner
