#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "core/result.hpp"
#include "core/value.hpp"

namespace aim::providers {

/// Reads the attributes of one object for a request. The first fault is kept and later ones are
/// passed over, so a caller reads everything and asks once at the end. Null counts as absent.
class AttributeReader {
 public:
  /// `what` stands in messages: "container lab-qwen".
  AttributeReader(const core::Map& attributes, std::string what)
      : attributes_(attributes), what_(std::move(what)) {}

  [[nodiscard]] std::optional<std::string> text(std::string_view name);
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name);
  [[nodiscard]] std::optional<double> number(std::string_view name);
  [[nodiscard]] std::optional<bool> boolean(std::string_view name);
  [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view name);
  /// Name and text of each member, in order of name; no text where the value is null.
  [[nodiscard]] std::vector<std::pair<std::string, std::optional<std::string>>> text_map(
      std::string_view name);
  [[nodiscard]] const core::Map* map(std::string_view name);
  /// Null unless the attribute is a list.
  [[nodiscard]] const core::List* list(std::string_view name);

  /// Marks an attribute that needs no reading.
  void skip(std::string_view name) { read_.emplace(name); }

  void fail(std::string message);

  [[nodiscard]] bool failed() const { return error_.has_value(); }

  /// The first fault, or that an attribute was never read: dropping it in silence would be a lie.
  [[nodiscard]] core::Result<void> finish();

 private:
  const core::Value* value(std::string_view name);
  void wrong_type(std::string_view name, std::string_view wanted);
  std::optional<std::string> text_of(std::string_view name, const core::Value& value);

  const core::Map& attributes_;
  std::string what_;
  std::set<std::string, std::less<>> read_;
  std::optional<core::Error> error_;
};

}  // namespace aim::providers
