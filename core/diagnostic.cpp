#include "core/diagnostic.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace aim::core {

void Diagnostics::add(Diagnostic diagnostic) { items_.push_back(std::move(diagnostic)); }

void Diagnostics::error(std::string summary, std::string detail, std::optional<SourceRange> range) {
  add({Severity::Error, std::move(summary), std::move(detail), std::move(range), {}, {}});
}

void Diagnostics::warning(std::string summary,
                          std::string detail,
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
  return std::any_of(items_.begin(), items_.end(), [](const Diagnostic& d) {
    return d.severity == Severity::Error;
  });
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
    return a.range &&
           std::tie(a.range->file, a.range->begin) < std::tie(b.range->file, b.range->begin);
  });
  return result;
}

namespace {

/// Insertions, deletions, replacements and swaps of neighbours, which count as one.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  const std::size_t width = b.size() + 1;
  std::vector<std::size_t> table((a.size() + 1) * width);
  const auto at = [&](std::size_t i, std::size_t j) -> std::size_t& {
    return table[i * width + j];
  };
  for (std::size_t i = 0; i <= a.size(); ++i) {
    at(i, 0) = i;
  }
  for (std::size_t j = 0; j <= b.size(); ++j) {
    at(0, j) = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t replace = at(i - 1, j - 1) + (a[i - 1] == b[j - 1] ? 0U : 1U);
      at(i, j) = std::min({at(i - 1, j) + 1, at(i, j - 1) + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        at(i, j) = std::min(at(i, j), at(i - 2, j - 2) + 1);
      }
    }
  }
  return at(a.size(), b.size());
}

}  // namespace

std::vector<std::string> nearest(std::string_view word,
                                 const std::vector<std::string>& candidates) {
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
