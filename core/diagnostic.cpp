#include "core/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <tuple>

namespace aim::core {

void Diagnostics::add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }

void Diagnostics::error(std::string summary, std::string detail, std::optional<SourceRange> range) {
  add({Severity::Error, std::move(summary), std::move(detail), std::move(range), {}, {}});
}

void Diagnostics::warning(std::string summary, std::string detail,
                          std::optional<SourceRange> range) {
  add({Severity::Warning, std::move(summary), std::move(detail), std::move(range), {}, {}});
}

void Diagnostics::note(std::string summary, std::string detail, std::optional<SourceRange> range) {
  add({Severity::Note, std::move(summary), std::move(detail), std::move(range), {}, {}});
}

void Diagnostics::append(const Diagnostics& others) {
  items_.insert(items_.end(), others.items_.begin(), others.items_.end());
}

bool Diagnostics::has_errors() const {
  return std::any_of(items_.begin(), items_.end(),
                     [](const Diagnostic& d) { return d.severity == Severity::Error; });
}

std::vector<Diagnostic> Diagnostics::sorted() const {
  std::vector<Diagnostic> result;
  for (const Diagnostic& item : items_) {
    if (std::find(result.begin(), result.end(), item) == result.end()) {
      result.push_back(item);
    }
  }
  std::stable_sort(result.begin(), result.end(), [](const Diagnostic& a, const Diagnostic& b) {
    if (a.range.has_value() != b.range.has_value()) {
      return a.range.has_value();
    }
    return a.range && std::tie(a.range->file, a.range->begin) < std::tie(b.range->file, b.range->begin);
  });
  return result;
}

namespace {

std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t above = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? 0U : 1U)});
      diagonal = above;
    }
  }
  return row[b.size()];
}

}  // namespace

std::vector<std::string> nearest(std::string_view word, const std::vector<std::string>& candidates) {
  // A word of thousands of characters is no typing error, and the table would be quadratic.
  if (word.size() > 128) {
    return {};
  }
  const std::size_t limit = std::max<std::size_t>(1, word.size() / 3);
  std::vector<std::pair<std::size_t, std::string>> found;
  for (const std::string& candidate : candidates) {
    if (candidate.size() > word.size() + limit || word.size() > candidate.size() + limit) {
      continue;
    }
    const std::size_t distance = edit_distance(word, candidate);
    if (distance <= limit) {
      found.emplace_back(distance, candidate);
    }
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  std::vector<std::string> best;
  for (std::size_t i = 0; i < found.size() && i < 3; ++i) {
    best.push_back(found[i].second);
  }
  return best;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  const std::vector<std::string> best = nearest(word, candidates);
  if (best.empty()) {
    return {};
  }
  std::string text = fmt::format("Did you mean `{}`", best.front());
  for (std::size_t i = 1; i < best.size(); ++i) {
    text += fmt::format("{} `{}`", i + 1 == best.size() ? " or" : ",", best[i]);
  }
  return text + "?";
}

}  // namespace aim::core
