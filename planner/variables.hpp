#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/document.hpp"
#include "planner/configuration.hpp"
#include "planner/configuration_nodes.hpp"
#include "planner/interpolation.hpp"

namespace aim::planner {

enum class VariableType { String, Integer, Number, Boolean, List, Map };

/// What the configuration says of one variable.
struct VariableDeclaration {
  std::string name;
  core::SourceRange range;  ///< of its key
  VariableType type = VariableType::String;
  const core::Node* default_node = nullptr;  ///< null: a value must be given
  bool sensitive = false;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::vector<core::Value> choices;
  std::string pattern;   ///< empty: none
  bool readable = true;  ///< false: it is no map, so nothing can be said of its value
};

/// A document of variables, lowest precedence first.
struct VariableDocument {
  std::string name;
  core::Node root;
};

/// The declaration of one variable as far as it is right; errors for the rest.
[[nodiscard]] VariableDeclaration read_declaration(const SectionEntry& entry,
                                                   core::Diagnostics& diagnostics);

/// Gives each declared variable its value: default, then AIM_VAR_x, then files in order, then
/// --var, the later one wins. Values are converted to the declared type and checked. What is not
/// declared is passed over in the environment, a warning in a file and an error as a flag.
[[nodiscard]] VariableTable resolve_variables(const std::vector<VariableDeclaration>& declarations,
                                              const std::vector<VariableDocument>& documents,
                                              const ConfigurationInput& input,
                                              Completeness completeness,
                                              core::Diagnostics& diagnostics);

/// Where a value comes from, for complaints about it.
struct VariableOrigin {
  std::string words;  ///< "the default", "AIM_VAR_x", "--var", the name of a file
  std::optional<core::SourceRange> range;
};

/// `value` as the declared type; nothing after a diagnostic. Text becomes a number, a boolean, or,
/// read as YAML, a list or a map. `raw` is a scalar as it was written, else empty.
[[nodiscard]] std::optional<core::Value> convert_variable(const VariableDeclaration& declaration,
                                                          const core::Value& value,
                                                          const std::string& raw,
                                                          const VariableOrigin& origin,
                                                          core::Diagnostics& diagnostics);

/// Checks minimum, maximum, choices and pattern; false after an error.
[[nodiscard]] bool check_variable(const VariableDeclaration& declaration,
                                  const core::Value& value,
                                  const VariableOrigin& origin,
                                  core::Diagnostics& diagnostics);

/// "a whole number"
[[nodiscard]] std::string_view in_words(VariableType type);

/// Whether `pattern` is a regular expression.
[[nodiscard]] bool is_pattern(const std::string& pattern);

}  // namespace aim::planner
