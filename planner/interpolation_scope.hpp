#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/ids.hpp"
#include "planner/configuration.hpp"

namespace aim::planner {

/// Whether all files of the configuration could be read.
enum class Completeness { Whole, FilesMissing };

/// The variables of a configuration. `broken` are declared, but an error has been reported and
/// they have no value.
struct VariableTable {
  std::map<std::string, VariableValue> values;
  std::set<std::string> broken;
  /// Sensitive ones that nothing gives a value, and where they are declared. Their value is a
  /// secret without content, and so is all that is made of it.
  std::map<std::string, core::SourceRange> unset;
  /// Where files are missing, an unknown variable is no error of its own.
  Completeness completeness = Completeness::Whole;

  [[nodiscard]] std::vector<std::string> names() const;
};

/// What `for_each` made of one resource.
struct InstanceKeys {
  std::set<std::string> keys;
  bool broken = false;  ///< an error has been reported, and the keys are not known
};

/// The resources that can be referred to.
struct ResourceTable {
  std::set<core::Address> addresses;
  /// Those with `for_each`, by their address without a key.
  std::map<core::Address, InstanceKeys> sets;
  /// Those with `enabled: false`, and where that is said.
  std::map<core::Address, core::SourceRange> disabled;
  /// Where files are missing, a reference to an unknown resource is no error of its own.
  Completeness completeness = Completeness::Whole;
};

/// What an address is, as seen from a place that names it.
enum class Standing {
  Known,    ///< one resource
  Set,      ///< all that `for_each` made of one
  Unknown,  ///< an error has been reported
  Unsure    ///< nothing can be said, since something else is broken
};

/// Looks an address up; where there is no such resource, or it is disabled, an error tells so and
/// suggests the nearest.
[[nodiscard]] Standing check_address(const core::Address& address,
                                     const ResourceTable& resources,
                                     const core::SourceRange& range,
                                     const std::string& written,
                                     core::Diagnostics& diagnostics);

/// The addresses of all that `for_each` made of `address`, in order.
[[nodiscard]] std::vector<core::Address> instances_of(const core::Address& address,
                                                      const ResourceTable& resources);

/// The error for a set where only one resource can stand; `written` names it, `suffix` is what
/// follows an address there (".url").
void report_set(const core::Address& address,
                const ResourceTable& resources,
                const core::SourceRange& range,
                const std::string& written,
                const std::string& suffix,
                core::Diagnostics& diagnostics);

/// What `${each...}` stands for in one resource.
struct EachValue {
  std::string key;
  core::Value value;
};

/// What `${...}` may mean at a place. A null member: nothing of that sort.
struct InterpolationScope {
  const VariableTable* variables = nullptr;
  const std::string* project = nullptr;
  const std::string* workspace = nullptr;
  const ResourceTable* resources = nullptr;
  std::string where;  ///< "in the default of a variable", for complaints about what is null
  const EachValue* each = nullptr;
};

/// The names of everything that `${KIND.NAME.ATTRIBUTE}` may name, in order.
[[nodiscard]] std::vector<std::string> attribute_names(core::Kind kind);

}  // namespace aim::planner
