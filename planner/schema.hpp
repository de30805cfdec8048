#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
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
  PortRequest,    ///< a port, or "auto"
  Strings,        ///< list of texts
  StringMap,      ///< map of texts; numbers and booleans become text; null drops the key
  Arguments,      ///< serve arguments: true, false, scalar, list, map; null is an error
  Image,          ///< image reference; ":latest" is added when it has neither tag nor digest
  RestartPolicy,  ///< no, always, unless-stopped, on-failure[:N]
  Ports,          ///< list of "[IP:]HOST:CONTAINER[/PROTO]"; canonical with IP and protocol
  Mounts,         ///< list of "source:/path[:ro]" or objects; canonical: objects sorted by target
  Networks,       ///< list of names or map of name to { aliases, ipv4_address }; canonical: map
  Files,          ///< map of path to text or { content, mode, uid, gid }; canonical: the latter
  Ulimits,        ///< map of name to a number or { soft, hard }; canonical: both, -1 is no limit
  Gpus,           ///< a count, "all" or `members`; canonical: `members`
  GpuRequest,     ///< a count, "auto" or `members`; canonical: "auto" or `members`
  Objects,        ///< list of maps, each `members`
  Object          ///< `members`
};

/// What a change of the attribute costs.
enum class OnChange {
  InPlace,  ///< Docker changes it on the living object
  Replace,  ///< only a new object can have it
  Record    ///< concerns aim alone: written to state, Docker is not called
};

/// What a text must look like beyond its type; for a list each of its texts, for a map each key.
/// Where aim itself has to read the text (all but Any and the two of keys), it cannot be a secret.
enum class Format {
  Any,
  Content,      ///< anything, and it may be empty
  Plain,        ///< anything aim may read
  IpAddress,    ///< IPv4 or IPv6, canonical as inet_ntop writes it
  BindAddress,  ///< an IpAddress that a port is published on
  Ipv4Address,
  Ipv6Address,
  Subnet,        ///< "172.30.0.0/16", no bit set behind the prefix
  AbsolutePath,  ///< canonical: without ".", "..", double and trailing slashes
  RequestPath,   ///< begins with a slash, no spaces
  Hostname,
  Signal,           ///< canonical: "SIGTERM" or a number
  Capability,       ///< canonical: upper case without "CAP_"; a list is a sorted set
  SecurityOption,   ///< what the Engine API takes; no path of a profile
  ExtraHost,        ///< "HOST:IP" or "HOST:host-gateway"
  NetworkMode,      ///< bridge, host, none, container:NAME
  IpcMode,          ///< none, private, shareable, host, container:NAME
  PidMode,          ///< host, container:NAME
  CpuList,          ///< "0-3,5"; canonical: ascending ranges
  Device,           ///< "HOST[:CONTAINER][:ACCESS]"; canonical: shortest; a list is a sorted set
  FileMode,         ///< octal, not 0
  Platform,         ///< "OS/ARCHITECTURE[/VARIANT]"
  GpuCount,         ///< a number above 0, or all
  GpuCapability,    ///< a word; a list is a sorted set
  Group,            ///< name or number; a list is a sorted set
  SearchDomain,     ///< a host name, or "."
  ResolverOption,   ///< a word for /etc/resolv.conf
  HealthTest,       ///< a text for the shell, or CMD and words, CMD-SHELL and a text, NONE
  Healthcheck,      ///< of an Object: a check that is taken away is { test: [NONE] }
  AddressPools,     ///< of an Object: one pool stands beside the other members, several in `pools`
  EnvironmentKeys,  ///< keys without "="
  FilePermissions,  ///< "644", "0600"; canonical with four digits
  Percent,          ///< "1%" to "100%"
  LabelKeys         ///< keys that do not begin with "dev.aim."
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
  /// Docker cannot remove the value in place: dropping it needs a new object.
  bool replace_when_removed = false;
  /// What Docker's update call takes for "not set". Without it a limit that is set in place cannot
  /// be taken back (but for `memory_swap`, which follows the memory), so that is done last.
  std::optional<std::int64_t> unset_value = {};
  std::string_view least_api = "1.41";
  Format format = Format::Any;
  std::optional<double> minimum = {};  ///< of numbers, durations (milliseconds), sizes (bytes)
  std::optional<double> maximum = {};
  /// Of Strings: one text alone is taken for a list of one.
  bool one_alone = false;
  /// Known by name only: whoever writes it is told what to do instead, and nobody offers it.
  bool refused = false;
  /// Nobody but the planner looks at it: it is recorded, and left out of what people read.
  bool internal = false;
};

/// An attribute that others may refer to and that nobody writes.
struct ComputedAttribute {
  std::string_view name;
  std::string_view description;
  bool known_before_apply = false;  ///< follows from the configuration alone
};

[[nodiscard]] std::span<const Attribute> attributes(core::Kind kind);
[[nodiscard]] std::span<const ComputedAttribute> computed_attributes(core::Kind kind);
/// Attributes of the resolved specification that nobody writes: what was decided at a plan and
/// stays so until what was asked for changes.
[[nodiscard]] std::span<const Attribute> decided_attributes(core::Kind kind);
/// One that is written or decided; null when the kind has no such attribute.
[[nodiscard]] const Attribute* find_attribute(core::Kind kind, std::string_view name);

/// What every resource of a kind takes besides its attributes (depends_on, name, lifecycle, ...),
/// for suggestions, the JSON Schema and the reference.
[[nodiscard]] std::span<const Attribute> common_attributes(core::Kind kind);

/// Whether a scalar at `path` of a resource becomes text. Such a scalar should be handed to
/// decode_attributes as the text that was written: a number alone cannot tell 1.10 from 1.1.
[[nodiscard]] bool takes_text(core::Kind kind, const core::Path& path);

/// Decodes what was written for a whole resource into canonical values: unknown keys are errors
/// with a suggestion, wrong types and values are errors at their place, defaults are filled in
/// here and nowhere else. Templates pass through unchecked; see normalise. An empty list or map
/// says nothing and is left out, but for `entrypoint`. Keys that every resource has
/// (common_attributes) must have been taken out before. A bare number is no duration here.
/// `defaulted` receives the names of the attributes that came from the table.
[[nodiscard]] core::Map decode_attributes(core::Kind kind,
                                          const core::Map& written,
                                          const core::Positions& positions,
                                          const core::Address& address,
                                          std::vector<std::string>& defaulted,
                                          core::Diagnostics& diagnostics);

/// Canonical form of one attribute, or nothing after a diagnostic at `path`. Called again for a
/// template once its value is known. Idempotent: a duration in milliseconds is taken as it is.
/// Null stays null: not set.
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
