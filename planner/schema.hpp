#pragma once

#include <boost/json/fwd.hpp>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// The type of an attribute: what may be written, and the canonical value it becomes.
enum class Type {
  String,         ///< text
  Integer,        ///< whole number
  Number,         ///< number, may have a fraction
  Boolean,        ///< true or false
  Duration,       ///< "30s", "5m", "1h30m"; canonical: milliseconds as integer
  Size,           ///< "16GiB", "500MB", bytes; canonical: bytes as integer
  Port,           ///< 1 to 65535
  Strings,        ///< list of texts
  StringMap,      ///< map of texts; numbers and booleans become text; null drops the key
  Arguments,      ///< serve arguments: true, false, scalar, list, map; null is an error
  Image,          ///< image reference; ":latest" is added when it has neither tag nor digest
  RestartPolicy,  ///< no, always, unless-stopped, on-failure[:N]
  Ports,          ///< list of "[IP:]HOST:CONTAINER[/PROTO]"; canonical with IP and protocol
  Mounts,         ///< list of "source:/path[:ro]" or objects; canonical: objects sorted by target
  Networks,       ///< list of names or map of name to { aliases, ipv4_address }; canonical: map
  Object          ///< `members`
};

/// What a change of the attribute costs.
enum class OnChange {
  InPlace,  ///< Docker changes it on the living object
  Replace,  ///< only a new object can have it
  Record    ///< concerns aim alone: written to state, Docker is not called
};

/// One attribute of a kind: the single place that decoding, defaults, validation, diff,
/// `aim schema` and docs/reference derive from.
struct Attribute {
  std::string_view name;
  Type type = Type::String;
  OnChange on_change = OnChange::Replace;
  std::string_view description;
  std::string_view default_text = {};  ///< as it would be written in YAML; empty: none
  std::span<const std::string_view> choices = {};
  std::span<const Attribute> members = {};  ///< of an Object
  bool required = false;
  bool sensitive = false;  ///< its value is a secret whatever it was made of
  /// An in-place change from `null` to a value that Docker cannot take back: it is done last.
  bool irreversible_when_set = false;
  /// Docker cannot remove the value in place: dropping it needs a new object.
  bool replace_when_removed = false;
  std::string_view least_api = "1.41";
};

/// An attribute that others may refer to and that nobody writes.
struct ComputedAttribute {
  std::string_view name;
  std::string_view description;
  bool known_before_apply = false;  ///< follows from the configuration alone
};

[[nodiscard]] std::span<const Attribute> attributes(core::Kind kind);
[[nodiscard]] std::span<const ComputedAttribute> computed_attributes(core::Kind kind);
/// Null when the kind has no such attribute.
[[nodiscard]] const Attribute* find_attribute(core::Kind kind, std::string_view name);

/// Decodes what was written for a whole resource into canonical values: unknown keys are errors
/// with a suggestion, wrong types and values are errors at their place, defaults are filled in
/// here and nowhere else. Templates pass through unchecked; see normalise. Keys that every
/// resource has (depends_on, name, lifecycle, ...) must have been taken out before.
/// `defaulted` receives the names of the attributes that came from the table.
[[nodiscard]] core::Map decode_attributes(core::Kind kind, const core::Map& written,
                                          const core::Positions& positions,
                                          const core::Address& address,
                                          std::vector<std::string>& defaulted,
                                          core::Diagnostics& diagnostics);

/// Canonical form of one attribute, or nothing after a diagnostic at `path`. Called again for a
/// template once its value is known. Idempotent.
[[nodiscard]] std::optional<core::Value> normalise(const Attribute& attribute,
                                                   const core::Value& value,
                                                   const core::Positions& positions,
                                                   const core::Path& path,
                                                   core::Diagnostics& diagnostics);

/// A value as people read it: durations and sizes with units, text in quotes, secrets as
/// "(sensitive value)", unknowns as "(known after apply)". `attribute` may be null.
[[nodiscard]] std::string display(const Attribute* attribute, const core::Value& value);

/// JSON Schema (draft 2020-12) of aim.yaml.
[[nodiscard]] boost::json::value json_schema();

/// Parses "1h30m", "30s", "250ms", "0"; nothing if it is not a duration. Result in milliseconds.
[[nodiscard]] std::optional<std::int64_t> parse_duration(std::string_view text);
[[nodiscard]] std::string format_duration(std::int64_t milliseconds);  ///< "1h30m", "30s", "250ms"
/// Parses "16GiB", "500MB", "512m" (binary, as Docker has it), "1024"; nothing if it is no size.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);
[[nodiscard]] std::string format_size(std::int64_t bytes);  ///< "16GiB", "500MB", "1025B"

}  // namespace aim::planner
