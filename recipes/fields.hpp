#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "core/value.hpp"

namespace aim::recipes {

/// Reads the keys of one map of a data file. A key that is there but of the wrong type is reported
/// and reads as absent; keys nobody asked for are reported by finish().
/// Borrows node and diagnostics.
class Fields {
 public:
  /// `name` is how the map is spoken of: "`verified`", "A recipe". Reports a node that is no map;
  /// null is an empty map.
  Fields(const core::Node& node, std::string name, core::Diagnostics& diagnostics);

  /// False when the node was no map.
  [[nodiscard]] bool is_map() const { return entries_ != nullptr; }

  /// The value of `key`, or null when it is absent or null.
  [[nodiscard]] const core::Node* take(std::string_view key);

  [[nodiscard]] std::optional<std::string> text(std::string_view key);
  /// As text(); an absent or empty one is reported as missing.
  [[nodiscard]] std::string required_text(std::string_view key);
  /// A whole number from `least` on.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t least = 0);
  [[nodiscard]] std::optional<double> number(std::string_view key);
  [[nodiscard]] std::optional<bool> truth(std::string_view key);
  /// A list of texts; a single text is a list of one.
  [[nodiscard]] std::vector<std::string> texts(std::string_view key);
  /// The entries of a map; none when absent.
  [[nodiscard]] const core::Node::Entries& map(std::string_view key);
  /// The items of a list; none when absent.
  [[nodiscard]] const core::Node::Items& list(std::string_view key);

  /// finish() is silent about `key`, and does not name it among those that could be there.
  void ignore(std::string_view key) { ignored_.emplace_back(key); }

  /// Reports what was not asked for. Keys that begin with x- are free.
  void finish();

  [[nodiscard]] const core::Node& node() const { return node_; }

 private:
  const core::Node& node_;
  std::string name_;
  core::Diagnostics& diagnostics_;
  const core::Node::Entries* entries_ = nullptr;
  std::vector<std::string> known_;
  std::vector<std::string> ignored_;

  void wrong_type(const core::Node& found, std::string_view key, std::string_view expected);
};

/// `text` in quotes, shortened and escaped as messages show it.
[[nodiscard]] std::string in_quotes(std::string_view text);

/// "a, b and c"
[[nodiscard]] std::string listed(const std::vector<std::string>& words,
                                 std::string_view last = "and");

/// What a node is, in a sentence: "a list", "null", `"text"`.
[[nodiscard]] std::string described(const core::Node& node);

/// The plain value of a node. Notes in `positions`, if given, where each part stands; the keys of
/// the parts begin with `path`.
[[nodiscard]] core::Value value_of(const core::Node& node,
                                   const core::Path& path = {},
                                   core::Positions* positions = nullptr);

/// The whole text of a file. NotFound, or Failed when it cannot be read or has more than `limit`
/// bytes.
[[nodiscard]] core::Result<std::string> read_text(const std::string& file,
                                                  std::size_t limit = 8U << 20U);

}  // namespace aim::recipes
