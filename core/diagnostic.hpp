#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/source.hpp"

namespace aim::core {

enum class Severity { Error, Warning, Note };

/// A second place that belongs to a diagnostic, e.g. "first defined here".
struct RelatedPlace {
  std::string message;
  SourceRange range;

  bool operator==(const RelatedPlace&) const = default;
};

/// One thing that is wrong with what the user gave us. The summary is constant text; names and
/// values go into the detail, which says what is wrong, why it matters and how to mend it.
struct Diagnostic {
  Severity severity = Severity::Error;
  std::string summary;
  std::string detail;
  std::optional<SourceRange> range;
  std::vector<RelatedPlace> related;
  std::string address;  ///< of the resource concerned, may be empty

  bool operator==(const Diagnostic&) const = default;
};

/// Collected diagnostics. Functions append here and carry on, so that one run reports everything.
class Diagnostics {
 public:
  void add(Diagnostic diagnostic);
  void error(std::string summary, std::string detail, std::optional<SourceRange> range = {});
  void warning(std::string summary, std::string detail, std::optional<SourceRange> range = {});
  void note(std::string summary, std::string detail, std::optional<SourceRange> range = {});
  void append(const Diagnostics& others);

  [[nodiscard]] bool has_errors() const;

  [[nodiscard]] bool empty() const { return items_.empty(); }

  /// In order of file, line, column; those without a place last, in the order they were added.
  /// Exact repetitions are dropped.
  [[nodiscard]] std::vector<Diagnostic> sorted() const;

  [[nodiscard]] const std::vector<Diagnostic>& items() const { return items_; }

 private:
  std::vector<Diagnostic> items_;
};

/// The candidates nearest to `word` by edit distance, best first, at most three, none that is
/// further away than a third of the word's length (at least one edit).
[[nodiscard]] std::vector<std::string> nearest(std::string_view word,
                                               const std::vector<std::string>& candidates);

/// "Did you mean `a`?" / "Did you mean `a` or `b`?"; empty if nothing is near.
[[nodiscard]] std::string did_you_mean(std::string_view word,
                                       const std::vector<std::string>& candidates);

}  // namespace aim::core
