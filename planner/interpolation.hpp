#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/document.hpp"
#include "core/value.hpp"
#include "planner/configuration.hpp"
#include "planner/expression.hpp"
#include "planner/interpolation_scope.hpp"

namespace aim::planner {

/// Summary of the error for `${env:NAME}` without a value.
inline constexpr const char* kEnvironmentNotSet = "Environment variable is not set";

struct FoundReference {
  core::Reference reference;
  core::SourceRange range;
};

/// Turns nodes of a document into values, with what stands in `${...}` put in. References to
/// resources become templates. Where something could not be put in, an error is added and an empty
/// template stands in its place, which passes every later check.
class Interpolator {
 public:
  /// Everything must outlive it.
  Interpolator(const ConfigurationInput& input,
               InterpolationScope scope,
               core::Diagnostics& diagnostics);

  /// Whether a scalar at a path becomes text, so that 1.10 must not turn into 1.1.
  using TakesText = std::function<bool(const core::Path&)>;

  /// The value of `node`, which stands at `path`. Positions of all its parts are added.
  core::Value value_of(const core::Node& node,
                       core::Path& path,
                       core::Positions& positions,
                       const TakesText& takes_text);
  /// The same without any wish for positions and texts.
  core::Value value_of(const core::Node& node);

  /// References to resources that were met, in order of the text.
  [[nodiscard]] const std::vector<FoundReference>& references() const { return references_; }

 private:
  core::Value scalar(const core::Node& node);
  core::Value single(const core::Node& node, const ExpressionPart& part);
  core::Value joined(const core::Node& node, const Expression& expression);
  core::Value variable(const VariableReference& reference, const core::SourceRange& range);
  core::Value each(const EachReference& reference, const core::SourceRange& range);
  core::Value resource(const core::Reference& reference, const core::SourceRange& range);
  core::Value instance(const InstanceReference& reference, const core::SourceRange& range);
  core::Value all_instances(const InstanceReference& reference, const core::SourceRange& range);
  bool has_attribute(const core::Address& address,
                     const std::string& attribute,
                     const std::string& written,
                     const core::SourceRange& range);
  core::Value environment(const EnvironmentReference& reference, const core::SourceRange& range);
  core::Value file(const FileReference& reference, const core::SourceRange& range);
  core::Value part_of(const core::Value& whole,
                      const std::vector<std::string>& steps,
                      const std::string& whose,
                      const core::SourceRange& range);
  core::Value name(const std::string* value,
                   std::string_view written,
                   const core::SourceRange& range);
  core::Value not_here(std::string_view written, const core::SourceRange& range);
  core::Value failed(std::string summary, std::string detail, const core::SourceRange& range);

  const ConfigurationInput& input_;
  InterpolationScope scope_;
  core::Diagnostics& diagnostics_;
  std::vector<FoundReference> references_;
};

/// Whether `value` is what stands for something that could not be put in.
[[nodiscard]] bool is_broken(const core::Value& value);

/// Where `[begin, end)` of the text of a scalar stands; the whole scalar if it was escaped or runs
/// over several lines.
[[nodiscard]] core::SourceRange range_inside(const core::Node& scalar,
                                             std::size_t begin,
                                             std::size_t end);

/// Every text, number and boolean inside becomes a secret.
[[nodiscard]] core::Value made_secret(const core::Value& value);

/// Whether the text is UTF-8 throughout, as everything in a configuration must be.
[[nodiscard]] bool is_utf8(std::string_view text);

}  // namespace aim::planner
