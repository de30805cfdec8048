#pragma once

#include <initializer_list>
#include <optional>

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace aim::providers::xml {

/// An element with its text; attributes, comments and declarations are passed over.
struct Element {
  std::string name;
  std::string text;  ///< trimmed; entities replaced
  std::vector<Element> children;

  /// The first child of that name, or null.
  [[nodiscard]] const Element* child(std::string_view child_name) const;
  /// The text at the end of a way of first children; empty if it ends before.
  [[nodiscard]] std::string text_at(std::initializer_list<std::string_view> way) const;
};

/// The root element of a document. ErrorCode::Protocol when tags do not match, nest deeper than 64,
/// or are more than 200,000.
[[nodiscard]] core::Result<Element> parse(std::string_view document);

}  // namespace aim::providers::xml
