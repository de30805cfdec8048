#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/ids.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// `${var.NAME}`, or a part of it: `${var.NAME.key.0}`.
struct VariableReference {
  std::string name;
  std::vector<std::string> steps;
  bool operator==(const VariableReference&) const = default;
};

/// `${each.key}`, `${each.value}`, or a part of the value: `${each.value.gpus}`.
struct EachReference {
  enum class Part { Key, Value };
  Part part = Part::Key;
  std::vector<std::string> steps;
  bool operator==(const EachReference&) const = default;
};

/// `[*]`
struct AllInstances {
  bool operator==(const AllInstances&) const = default;
};

/// `${KIND.NAME[INDEX].ATTRIBUTE}`, when the index is more than a key in quotes.
struct InstanceReference {
  core::Kind kind = core::Kind::Endpoint;
  std::string name;
  std::variant<EachReference, VariableReference, AllInstances> index;
  std::string attribute;
  bool operator==(const InstanceReference&) const = default;
};

/// `${project}`
struct ProjectReference {
  bool operator==(const ProjectReference&) const = default;
};

/// `${workspace}`
struct WorkspaceReference {
  bool operator==(const WorkspaceReference&) const = default;
};

/// `${env:NAME}`, `${env:NAME:-fallback}`
struct EnvironmentReference {
  std::string name;
  std::optional<std::string> fallback;
  bool operator==(const EnvironmentReference&) const = default;
};

/// `${file:PATH}`
struct FileReference {
  std::string path;
  bool operator==(const FileReference&) const = default;
};

/// What could not be understood; an error tells why.
struct BrokenReference {
  bool operator==(const BrokenReference&) const = default;
};

/// A piece of a text: literal, with `$${` already become `${`, or one interpolation.
struct ExpressionPart {
  std::variant<std::string,
               VariableReference,
               EachReference,
               core::Reference,
               InstanceReference,
               ProjectReference,
               WorkspaceReference,
               EnvironmentReference,
               FileReference,
               BrokenReference>
      what;
  std::size_t begin = 0;  ///< in bytes of the text
  std::size_t end = 0;
};

/// What is wrong with one interpolation, as a diagnostic says it.
struct ExpressionError {
  std::string summary;
  std::string detail;
  std::size_t begin = 0;
  std::size_t end = 0;
};

struct Expression {
  std::vector<ExpressionPart> parts;
  std::vector<ExpressionError> errors;
};

/// Takes a text apart at its interpolations. Pure: nothing is looked up.
[[nodiscard]] Expression parse_expression(std::string_view text);

/// Whether `name` can be the name of a variable, and the rule in words.
[[nodiscard]] bool is_variable_name(std::string_view name);
inline constexpr std::string_view kVariableNameRule =
    "a name begins with a letter or _, and goes on with letters, digits, _ and -";

/// Summary of everything that the design has and this version has not.
inline constexpr const char* kUnsupportedSummary = "Not supported by this version";

}  // namespace aim::planner
