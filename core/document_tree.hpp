#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/document.hpp"
#include "core/document_text.hpp"

namespace aim::core {

/// What the parser reports, in the order of the text.
enum class YamlEventType : std::uint8_t { Scalar, Alias, ListBegin, ListEnd, MapBegin, MapEnd };

enum class YamlTag : std::uint8_t { None, Text, Standard };

struct YamlEvent {
  YamlEventType type = YamlEventType::Scalar;
  YamlTag tag = YamlTag::None;
  bool quoted = false;       ///< a scalar in quotes or a block scalar
  std::uint32_t offset = 0;  ///< in the text, of the properties if there are any
  std::uint32_t anchor = 0;  ///< one that is set here, or the one that an alias means; 0: none
  std::uint32_t end = 0;     ///< index of the ListEnd or MapEnd of a ListBegin or MapBegin
  std::string text;          ///< of a scalar
};

struct YamlEvents {
  std::vector<YamlEvent> events;
  std::vector<std::uint32_t> anchors;  ///< anchor -> index of the event that set it
};

/// Makes the tree: decides types, follows aliases, merges `<<`, and reports duplicate keys, keys
/// that are not scalars, and aliases that refer to themselves or multiply beyond the limits; for
/// the latter there is no tree. `parsed` is the text that the events come from.
[[nodiscard]] std::optional<Node> build_tree(const YamlEvents& events,
                                             std::string_view parsed,
                                             const TextPositions& positions,
                                             const DocumentLimits& limits,
                                             Diagnostics& diagnostics);

}  // namespace aim::core
