#include "recipes/diagnose.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "recipes/fields.hpp"

namespace aim::recipes {

using core::Diagnostics;

namespace {

constexpr std::size_t kLogBytes = 256U << 10U;
constexpr std::size_t kLineBytes = 4000;
constexpr std::size_t kCaptureBytes = 120;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return result;
}

using Captures = std::map<std::string, std::string>;

bool is_name(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || c == '_';
  });
}

/// What comes next in a pattern.
struct Piece {
  enum class Kind { Literal, Any, Word } kind = Kind::Literal;
  std::string_view text;  ///< of a literal; the name of a word
};

Piece take_piece(std::string_view& pattern) {
  if (pattern.front() == '*') {
    pattern.remove_prefix(1);
    return {Piece::Kind::Any, {}};
  }
  if (pattern.front() == '{') {
    const std::size_t end = pattern.find('}');
    const std::string_view name =
        end == std::string_view::npos ? std::string_view() : pattern.substr(1, end - 1);
    if (is_name(name)) {
      pattern.remove_prefix(end + 1);
      return {Piece::Kind::Word, name};
    }
  }
  std::size_t end = 1;
  while (end < pattern.size() && pattern[end] != '*' && pattern[end] != '{') {
    ++end;
  }
  const Piece piece{Piece::Kind::Literal, pattern.substr(0, end)};
  pattern.remove_prefix(end);
  return piece;
}

/// The word at `at`: to the next blank, without punctuation at its end.
std::string word_at(std::string_view line, std::size_t at, std::size_t& end) {
  end = std::min(line.find_first_of(" \t,;)", at), line.size());
  std::string word(line.substr(at, std::min(end - at, kCaptureBytes)));
  while (!word.empty() && (word.back() == '.' || word.back() == ':' || word.back() == '\'')) {
    word.pop_back();
  }
  word.erase(0, word.find_first_not_of("'\""));
  return word;
}

/// Each piece is looked for once, behind the one before: linear in the line. `folded` is the line
/// in lower case, from which nothing but the case differs.
bool matches(std::string_view pattern,
             std::string_view folded,
             std::string_view line,
             Captures& captures) {
  std::size_t at = 0;
  bool anywhere = true;  // the next literal may stand further on
  while (!pattern.empty()) {
    const Piece piece = take_piece(pattern);
    switch (piece.kind) {
      case Piece::Kind::Any:
        anywhere = true;
        break;
      case Piece::Kind::Literal: {
        const std::size_t found = anywhere ? folded.find(piece.text, at)
                                  : folded.substr(at).starts_with(piece.text)
                                      ? at
                                      : std::string_view::npos;
        if (found == std::string_view::npos) {
          return false;
        }
        at = found + piece.text.size();
        anywhere = false;
        break;
      }
      case Piece::Kind::Word: {
        while (at < line.size() && line[at] == ' ') {
          ++at;
        }
        std::size_t end = at;
        std::string word = word_at(line, at, end);
        if (word.empty()) {
          return false;
        }
        captures.insert_or_assign(std::string(piece.text), std::move(word));
        at = end;
        break;
      }
    }
  }
  return true;
}

std::string filled(std::string text, const Captures& captures) {
  for (const auto& [name, value] : captures) {
    const std::string mark = "{" + name + "}";
    for (std::size_t at = text.find(mark); at != std::string::npos;
         at = text.find(mark, at + value.size())) {
      text.replace(at, mark.size(), value);
    }
  }
  return text;
}

/// The lines of the end of the log with their numbers, newest first.
std::vector<std::pair<std::size_t, std::string_view>> newest_lines(std::string_view log) {
  std::size_t number = 1;
  if (log.size() > kLogBytes) {
    const std::size_t cut = log.size() - kLogBytes;
    number += static_cast<std::size_t>(
        std::count(log.begin(), log.begin() + static_cast<std::ptrdiff_t>(cut), '\n'));
    log.remove_prefix(cut);
  }
  std::vector<std::pair<std::size_t, std::string_view>> lines;
  while (!log.empty()) {
    const std::size_t end = std::min(log.find_first_of("\n\r"), log.size());
    if (end > 0) {
      lines.emplace_back(number, log.substr(0, std::min(end, kLineBytes)));
    }
    number += end < log.size() && log[end] == '\n' ? 1U : 0U;
    log.remove_prefix(std::min(end + 1, log.size()));
  }
  std::reverse(lines.begin(), lines.end());
  return lines;
}

}  // namespace

std::vector<FailurePattern> read_failures(const core::Node& document, Diagnostics& diagnostics) {
  Fields fields(document, "A list of failures", diagnostics);
  const std::string backend = fields.text("backend").value_or("");
  std::vector<FailurePattern> result;
  for (const core::Node& item : fields.list("failures")) {
    Fields one(item, "A failure", diagnostics);
    FailurePattern failure;
    failure.id = one.required_text("id");
    failure.backend = backend;
    for (const std::string& pattern : one.texts("patterns")) {
      if (pattern.size() < 4) {
        diagnostics.error("Pattern too short",
                          fmt::format("{} would be found in too many lines.", in_quotes(pattern)),
                          item.range);
        continue;
      }
      failure.patterns.push_back(lower(pattern));
    }
    failure.cause = one.required_text("cause");
    failure.remedy = one.required_text("remedy");
    failure.wrapper = one.truth("wrapper").value_or(false);
    one.finish();
    result.push_back(std::move(failure));
  }
  fields.finish();
  return result;
}

std::vector<FailurePattern> read_failures(const std::filesystem::path& directory,
                                          Diagnostics& diagnostics,
                                          core::SourceFiles& sources) {
  namespace fs = std::filesystem;
  std::set<fs::path> files;
  std::error_code code;
  for (const fs::directory_entry& entry : fs::directory_iterator(directory, code)) {
    if (entry.path().extension() == ".yaml") {
      files.insert(entry.path());
    }
  }
  std::vector<FailurePattern> result;
  for (const fs::path& file : files) {
    const core::Result<std::string> text = read_text(file.string());
    if (!text) {
      diagnostics.error("Patterns of failures cannot be read", text.error().message + ".");
      continue;
    }
    sources.add(file.string(), *text);
    if (const auto document = core::read_document(file.string(), *text, diagnostics)) {
      std::vector<FailurePattern> more = read_failures(*document, diagnostics);
      result.insert(result.end(), more.begin(), more.end());
    }
  }
  std::stable_partition(result.begin(), result.end(), [](const FailurePattern& failure) {
    return !failure.backend.empty();
  });
  return result;
}

std::vector<Diagnosis> diagnose(const FailureEvidence& evidence,
                                const std::vector<FailurePattern>& failures) {
  std::vector<Diagnosis> roots;
  std::vector<Diagnosis> wrappers;
  std::set<std::string> known;
  if (evidence.out_of_memory) {
    roots.push_back({"host-memory",
                     "the memory of the host, or the limit of the container, is exhausted",
                     "Raise `memory`, or let the model be loaded where there is more.",
                     {},
                     0});
  }
  for (const auto& [number, line] : newest_lines(evidence.log)) {
    const std::string folded = lower(line);
    for (const FailurePattern& failure : failures) {
      if ((!failure.backend.empty() && failure.backend != evidence.backend) ||
          known.contains(failure.id)) {
        continue;
      }
      for (const std::string& pattern : failure.patterns) {
        Captures captures;
        if (!matches(pattern, folded, line, captures)) {
          continue;
        }
        known.insert(failure.id);
        (failure.wrapper ? wrappers : roots)
            .push_back({failure.id,
                        filled(failure.cause, captures),
                        filled(failure.remedy, captures),
                        std::string(line),
                        number});
        break;
      }
    }
  }
  if (roots.empty() && evidence.exit_code == 137) {
    roots.push_back({"killed",
                     "something killed the server (exit code 137)",
                     "Look for want of memory on the host (`dmesg`), or for a supervisor.",
                     {},
                     0});
  }
  roots.insert(roots.end(), wrappers.begin(), wrappers.end());
  return roots;
}

}  // namespace aim::recipes
