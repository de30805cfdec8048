#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/source.hpp"
#include "core/value.hpp"

namespace aim::core {

struct Node;

struct MapEntry;

/// A scalar with its YAML core type already decided: `plain` scalars are null, boolean (only
/// true and false), integer, float or string; quoted ones are strings.
struct Node {
  using Entries = std::vector<MapEntry>;  ///< in file order
  using Items = std::vector<Node>;
  using Data = std::variant<Null, bool, std::int64_t, double, std::string, Items, Entries>;

  Data data;
  SourceRange range;
  std::string raw;      ///< the scalar as written, before it got its type; empty for collections
  bool quoted = false;  ///< a scalar in quotes or a block scalar

  [[nodiscard]] const Items* items() const { return std::get_if<Items>(&data); }

  [[nodiscard]] const Entries* entries() const { return std::get_if<Entries>(&data); }

  [[nodiscard]] bool is_scalar() const { return !items() && !entries(); }

  /// The value of `key` in a map, or null.
  [[nodiscard]] const Node* find(std::string_view key) const;
};

struct MapEntry {
  std::string key;
  SourceRange key_range;
  Node value;
};

/// What a document may cost: beyond these it is refused with a diagnostic.
struct DocumentLimits {
  std::size_t bytes = 8U << 20U;  ///< of a file, and of the text that aliases add
  std::size_t depth = 64;
  std::size_t nodes = 1'000'000;      ///< written out in the file
  std::size_t alias_nodes = 200'000;  ///< that aliases add
};

/// Reads one YAML document into our own tree. The only user of yaml-cpp.
///
/// Appends an error for: malformed YAML, invalid UTF-8, a duplicate key (both places), a tab used
/// for indentation, more than one document, a key that is not a scalar, too deep, too large, an
/// alias that refers to itself or multiplies beyond the limit, a tag outside YAML's core schema, a
/// number out of range, and an unquoted `${...}` inside a flow collection ("quote it"). A byte
/// order mark and CRLF are accepted. `<<` merges maps (its own keys win). Where the error leaves
/// the structure clear the tree is returned, else nothing.
/// An empty document is an empty map.
[[nodiscard]] std::optional<Node> read_document(const std::string& file_name,
                                                std::string_view text,
                                                Diagnostics& diagnostics,
                                                const DocumentLimits& limits = {});

}  // namespace aim::core
