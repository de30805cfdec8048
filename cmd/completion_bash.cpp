#include <algorithm>

#include "cmd/completion.hpp"

namespace aim::cmd {

namespace {

/// Where bash, by its default COMP_WORDBREAKS, begins the word that it replaces. Quotes count
/// there too, and are looked at where they open.
constexpr std::string_view kWordBreaks = "=:><;|&(";
constexpr std::string_view kNeedsBackslash = " \t\"'\\$`!*?[](){}<>|&;~#";

/// One candidate without quotes around it, or behind the quote that is open already.
std::string quoted(std::string_view text, char quote) {
  std::string result;
  for (const char c : text) {
    if (quote == '\'') {
      result += c == '\'' ? std::string("'\\''") : std::string(1, c);
      continue;
    }
    const std::string_view special = quote == '"' ? std::string_view("\"\\$`") : kNeedsBackslash;
    if (special.find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

}  // namespace

BashLine parse_bash_line(std::string_view line) {
  BashLine result;
  bool in_word = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    const bool blank = c == ' ' || c == '\t' || c == '\n';
    if (result.quote == '\0' && blank) {
      if (in_word) {
        result.words.push_back(std::move(result.current));
      }
      result.current.clear();
      result.replaced = 0;
      in_word = false;
      continue;
    }
    in_word = true;
    if (result.quote != '\0' && c == result.quote) {
      result.quote = '\0';
    } else if (result.quote == '\0' && (c == '\'' || c == '"')) {
      result.quote = c;
      result.replaced = result.current.size();
    } else if (c == '\\' && result.quote != '\'' && i + 1 < line.size()) {
      result.current += line[++i];
    } else {
      result.current += c;
      if (result.quote == '\0' && kWordBreaks.find(c) != std::string_view::npos) {
        result.replaced = result.current.size();
      }
    }
  }
  return result;
}

std::vector<std::string> bash_insertions(const BashLine& line,
                                         const std::vector<Candidate>& candidates) {
  std::vector<std::string> result;
  for (const Candidate& candidate : candidates) {
    if (candidate.text.starts_with(line.current)) {
      result.push_back(quoted(std::string_view(candidate.text).substr(line.replaced), line.quote));
    }
  }
  std::sort(result.begin(), result.end());
  return result;
}

}  // namespace aim::cmd
