#pragma once

#include <fmt/format.h>

#include <compare>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/result.hpp"

namespace aim::core {

/// A text that was checked once, when it was parsed. `Rules` gives its name and its check.
template <class Rules>
class StrongText {
 public:
  /// ErrorCode::Invalid with the rule in words when `text` does not follow it.
  [[nodiscard]] static Result<StrongText> parse(std::string text) {
    if (!Rules::valid(text)) {
      return make_error(ErrorCode::Invalid, std::string(Rules::kRule));
    }
    return StrongText(std::move(text));
  }

  [[nodiscard]] const std::string& str() const { return text_; }

  auto operator<=>(const StrongText&) const = default;

 private:
  explicit StrongText(std::string text) : text_(std::move(text)) {}

  std::string text_;
};

struct ProjectNameRules {
  static constexpr std::string_view kRule =
      "a project name is 1 to 40 characters of a-z, 0-9 and -, and starts with a letter or digit";
  static bool valid(std::string_view text);
};

struct ResourceNameRules {
  static constexpr std::string_view kRule =
      "a name is 1 to 63 characters of a-z, A-Z, 0-9, - and _, and starts with a letter or digit";
  static bool valid(std::string_view text);
};

struct ContainerIdRules {
  static constexpr std::string_view kRule = "a container id is 64 hexadecimal digits";
  static bool valid(std::string_view text);
};

using ProjectName = StrongText<ProjectNameRules>;
using ResourceName = StrongText<ResourceNameRules>;

enum class Kind { Endpoint, Container, Network, Volume };

[[nodiscard]] std::string_view to_string(Kind kind);                 ///< "endpoint"
[[nodiscard]] std::string_view section_name(Kind kind);              ///< "endpoints"
[[nodiscard]] std::optional<Kind> kind_from(std::string_view word);  ///< of "endpoint"
inline constexpr Kind kAllKinds[] = {Kind::Endpoint, Kind::Container, Kind::Network, Kind::Volume};

/// The address of a resource: KIND.NAME, or KIND.NAME["key"] under for_each.
struct Address {
  Kind kind = Kind::Endpoint;
  std::string name;
  std::optional<std::string> key;

  /// ErrorCode::Invalid when `text` is not of that form. In `key`, \" and \\ are escapes.
  [[nodiscard]] static Result<Address> parse(std::string_view text);
  [[nodiscard]] std::string str() const;

  auto operator<=>(const Address&) const = default;
};

/// The number of a run (one apply) and of a step in it, as the journal counts them from 1.
struct RunId {
  std::int64_t value = 0;
  auto operator<=>(const RunId&) const = default;
};

struct StepId {
  std::int64_t value = 0;
  auto operator<=>(const StepId&) const = default;
};

}  // namespace aim::core

template <>
struct fmt::formatter<aim::core::Address> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const aim::core::Address& address, Context& context) const {
    return fmt::formatter<std::string_view>::format(address.str(), context);
  }
};

template <>
struct std::hash<aim::core::Address> {
  std::size_t operator()(const aim::core::Address& address) const {
    return std::hash<std::string>()(address.str());
  }
};
