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
  /// Where files are missing, an unknown variable is no error of its own.
  Completeness completeness = Completeness::Whole;

  [[nodiscard]] std::vector<std::string> names() const;
};

/// The resources that can be referred to.
struct ResourceTable {
  std::set<core::Address> addresses;
  /// Where files are missing, a reference to an unknown resource is no error of its own.
  Completeness completeness = Completeness::Whole;
};

/// Adds an error unless there is such a resource; suggests the nearest.
void check_address(const core::Address& address,
                   const ResourceTable& resources,
                   const core::SourceRange& range,
                   const std::string& written,
                   core::Diagnostics& diagnostics);

/// What `${...}` may mean at a place. A null member: nothing of that sort.
struct InterpolationScope {
  const VariableTable* variables = nullptr;
  const std::string* project = nullptr;
  const std::string* workspace = nullptr;
  const ResourceTable* resources = nullptr;
  std::string where;  ///< "in the default of a variable", for complaints about what is null
};

/// The names of everything that `${KIND.NAME.ATTRIBUTE}` may name, in order.
[[nodiscard]] std::vector<std::string> attribute_names(core::Kind kind);

}  // namespace aim::planner
