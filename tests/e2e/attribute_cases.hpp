#pragma once

#include <span>
#include <string_view>

namespace aim::e2e {

enum class Cost {
  Update,   ///< the container goes on
  Replace,  ///< a new container
  Keep      ///< aim alone notices
};

/// One attribute on a container of its own: what is written for it in each phase, where Docker's
/// own inspect shows it, and what a change costs. Texts may hold @DIR@ (a directory on the host),
/// @P0@ to @P3@ (free ports) and @ARCH@ (the host's architecture as Docker calls it).
struct AttributeCase {
  std::string_view attribute;     ///< "memory", or with members "mounts.size healthcheck.interval"
  std::string_view set;           ///< YAML, flow style, members of the container
  std::string_view changed = {};  ///< empty: there is no other value to be had here
  std::string_view removed = {};  ///< what is left without it
  std::string_view pointer = {};  ///< into inspect; empty: Docker does not keep it
  std::string_view set_json = {};
  std::string_view changed_json = {};
  std::string_view removed_json = {};  ///< "absent" is also null
  Cost change = Cost::Replace;
  Cost removal = Cost::Replace;
  /// Attributes that the plan names on removal; empty: those of `attribute` before the first dot.
  std::string_view removal_names = {};
  bool required = false;  ///< cannot be removed
};

[[nodiscard]] std::span<const AttributeCase> container_cases();

/// What cannot be shown on this Engine or this kernel, with the words that say so.
struct RefusedCase {
  std::string_view attribute;
  std::string_view written;  ///< YAML members of the container
  std::string_view message;  ///< the Engine's, or the plan's
  bool at_plan = false;
};

[[nodiscard]] std::span<const RefusedCase> refused_cases();

/// Attributes of networks and volumes: what is written, where inspect shows it.
struct ObjectCase {
  std::string_view attribute;
  std::string_view set;
  std::string_view pointer;
  std::string_view json;
};

[[nodiscard]] std::span<const ObjectCase> network_cases();
[[nodiscard]] std::span<const ObjectCase> volume_cases();

}  // namespace aim::e2e
