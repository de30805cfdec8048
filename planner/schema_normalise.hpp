#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.hpp"
#include "planner/schema.hpp"
#include "planner/schema_site.hpp"

/// The parts that normalise() and decode_attributes() are made of. Each function returns the
/// canonical value, or nothing after a diagnostic at its site.
namespace aim::planner {

/// normalise() at a site.
[[nodiscard]] std::optional<core::Value> normalise_at(const Attribute& attribute,
                                                      const core::Value& value,
                                                      const Site& site);

/// Integer, Number, Boolean, Duration, Size, Port.
[[nodiscard]] std::optional<core::Value> normalise_number(const Attribute& attribute,
                                                          const core::Value& value,
                                                          const Site& site);
/// String, Strings, StringMap, Image, RestartPolicy.
[[nodiscard]] std::optional<core::Value> normalise_text(const Attribute& attribute,
                                                        const core::Value& value,
                                                        const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_arguments(const core::Value& value,
                                                             const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_ports(const core::Value& value,
                                                         const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_mounts(const core::Value& value,
                                                          const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_files(const core::Value& value,
                                                         const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_networks(const core::Value& value,
                                                            const Site& site);

[[nodiscard]] std::optional<core::Value> normalise_ulimits(const Attribute& attribute,
                                                           const core::Value& value,
                                                           const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_gpus(const Attribute& attribute,
                                                        const core::Value& value,
                                                        const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_gpu_request(const Attribute& attribute,
                                                               const core::Value& value,
                                                               const Site& site);
[[nodiscard]] std::optional<core::Value> normalise_objects(const Attribute& attribute,
                                                           const core::Value& value,
                                                           const Site& site);
/// Object, whose format may ask for more than its members.
[[nodiscard]] std::optional<core::Value> normalise_shaped_object(const Attribute& attribute,
                                                                 const core::Value& value,
                                                                 const Site& site);

/// How the members of an object, or of a whole resource, are spoken of in messages.
struct Owner {
  std::string name;                     ///< "An endpoint", "`readiness.http`"
  std::string members;                  ///< sentence that says what there is, with a leading space
  std::vector<std::string> other_keys;  ///< that somebody else takes, for suggestions
  std::string required_for;             ///< "for an endpoint", "in `readiness.http`"
  std::vector<std::string>* defaulted = nullptr;  ///< receives what came from the table
};

/// Adds canonical members and defaults to `result`, as far as they are right; false after an
/// error. Unknown and missing members are errors.
[[nodiscard]] bool normalise_members(std::span<const Attribute> members,
                                     const core::Map& written,
                                     const Site& site,
                                     const Owner& owner,
                                     core::Map& result);

/// The members of an object that is a value at `site`.
[[nodiscard]] std::optional<core::Value> normalise_object(std::span<const Attribute> members,
                                                          const core::Value& value,
                                                          const Site& site);

/// What `default_text` says, not yet canonical; null when there is no default.
[[nodiscard]] core::Value default_value(const Attribute& attribute);

/// Checks that several attributes fit together, after each was found right alone.
void check_together(core::Kind kind, const core::Map& attributes, const Site& site);

/// "a list", "a map", or a scalar as it was written, shortened.
[[nodiscard]] std::string describe(const core::Value& value);
/// `text` in quotes, safe for a terminal, shortened.
[[nodiscard]] std::string shown(std::string_view text);
/// A scalar as text; nothing for collections, null and secrets.
[[nodiscard]] std::optional<std::string> text_from(const core::Value& value);
/// Templates and unknown values cannot be looked at yet.
[[nodiscard]] bool passes_unchecked(const core::Value& value);

/// "`ports` must be EXPECTED, but it is DESCRIPTION.HINT"
void refuse(const Site& site,
            std::string_view expected,
            const core::Value& value,
            std::string_view hint = {});
/// A sensitive value where aim has to read the value.
void refuse_secret(const Site& site);

}  // namespace aim::planner
