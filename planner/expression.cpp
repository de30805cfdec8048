#include "planner/expression.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/diagnostic.hpp"

namespace aim::planner {

namespace {

constexpr std::string_view kKnown =
    "It can be var.NAME, KIND.NAME.ATTRIBUTE, each.key, each.value, project, workspace, env:NAME "
    "or "
    "file:PATH; where `${` is meant as text, write `$${`.";

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_word(std::string_view text) {
  return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter(c) || is_digit(c) || c == '-';
  });
}

std::string_view trimmed(std::string_view text) {
  const std::size_t begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) {
    return {};
  }
  return text.substr(begin, text.find_last_not_of(" \t") + 1 - begin);
}

/// "Did you mean ...? ", or nothing.
std::string suggestion(std::string_view word, const std::vector<std::string>& candidates) {
  const std::string near = core::did_you_mean(word, candidates);
  return near.empty() ? near : near + " ";
}

/// The place behind the quoted text that begins at `open`, or the end of `text`.
std::size_t behind_quotes(std::string_view text, std::size_t open) {
  for (std::size_t i = open + 1; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '"') {
      return i + 1;
    }
  }
  return text.size();
}

/// Splits at dots, but for those inside `[...]`.
std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words(1);
  bool inside = false;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == '"' && inside) {
      const std::size_t end = behind_quotes(text, i);
      words.back() += text.substr(i, end - i);
      i = end;
      continue;
    }
    inside = text[i] == '[' || (inside && text[i] != ']');
    if (text[i] == '.' && !inside) {
      words.emplace_back();
    } else {
      words.back() += text[i];
    }
    ++i;
  }
  return words;
}

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Expression run() {
    while (offset_ < text_.size()) {
      const std::size_t open = text_.find("${", offset_);
      if (open == std::string_view::npos) {
        literal(text_.substr(offset_), offset_);
        break;
      }
      if (open > 0 && text_[open - 1] == '$') {
        // `$${` stands for `${`.
        literal(text_.substr(offset_, open - 1 - offset_), offset_);
        literal("${", open - 1);
        offset_ = open + 2;
        continue;
      }
      literal(text_.substr(offset_, open - offset_), offset_);
      interpolation(open);
    }
    return std::move(result_);
  }

 private:
  using What = decltype(ExpressionPart::what);

  void literal(std::string_view text, std::size_t begin) {
    if (text.empty()) {
      return;
    }
    if (!result_.parts.empty()) {
      ExpressionPart& last = result_.parts.back();
      if (std::string* joined = std::get_if<std::string>(&last.what)) {
        *joined += text;
        last.end = begin + text.size();
        return;
      }
    }
    result_.parts.push_back({std::string(text), begin, begin + text.size()});
  }

  void interpolation(std::size_t open) {
    const std::size_t close = closing_brace(open);
    if (close == std::string_view::npos) {
      begin_ = open;
      end_ = text_.size();
      add(fail("Interpolation is never closed",
               fmt::format("`{}` has no closing brace. Add it; where `${{` is meant as text, write "
                           "`$${{`.",
                           text_.substr(open))));
      offset_ = text_.size();
      return;
    }
    begin_ = open;
    end_ = close + 1;
    offset_ = end_;
    add(understand(text_.substr(open + 2, close - open - 2)));
  }

  std::size_t closing_brace(std::size_t open) const {
    for (std::size_t i = open + 2; i < text_.size();) {
      if (text_[i] == '"' && text_[i - 1] == '[') {
        i = behind_quotes(text_, i);
      } else if (text_[i] == '}') {
        return i;
      } else {
        ++i;
      }
    }
    return std::string_view::npos;
  }

  What understand(std::string_view inside) {
    const std::string_view body = trimmed(inside);
    if (body.starts_with("env:")) {
      return environment(body.substr(4));
    }
    if (body.starts_with("file:")) {
      const std::string path(trimmed(body.substr(5)));
      return path.empty() ? fail("Malformed interpolation",
                                 fmt::format("`{}` names no file. Write ${{file:PATH}}; a relative "
                                             "path begins at the file it is written in.",
                                             written()))
                          : What(FileReference{path});
    }
    if (body == "project") {
      return ProjectReference{};
    }
    if (body == "workspace") {
      return WorkspaceReference{};
    }
    return dotted(body);
  }

  What environment(std::string_view body) {
    const std::size_t dash = body.find(":-");
    EnvironmentReference reference{std::string(trimmed(body.substr(0, dash))), std::nullopt};
    if (dash != std::string_view::npos) {
      reference.fallback = std::string(body.substr(dash + 2));
    }
    const bool valid = !reference.name.empty() && is_letter(reference.name.front()) &&
                       std::all_of(reference.name.begin(), reference.name.end(), [](char c) {
                         return is_letter(c) || is_digit(c);
                       });
    if (!valid) {
      return fail("Malformed interpolation",
                  fmt::format("`{}` names no environment variable. Write ${{env:NAME}}, or "
                              "${{env:NAME:-TEXT}} with a text for when it is not set.",
                              written()));
    }
    return reference;
  }

  What dotted(std::string_view body) {
    const std::vector<std::string> words = split(body);
    const std::string& first = words.front();
    if (first == "each") {
      return each(words);
    }
    if (first == "var") {
      return variable(words);
    }
    if (const std::optional<core::Kind> kind = core::kind_from(first)) {
      return resource(*kind, words);
    }
    return unknown(first, words.size());
  }

  What variable(const std::vector<std::string>& words) {
    if (words.size() < 2 || !is_variable_name(words[1])) {
      return fail("Malformed interpolation",
                  fmt::format("`{}` names no variable. Write ${{var.NAME}}: {}. There are no "
                              "operators and functions.",
                              written(),
                              kVariableNameRule));
    }
    for (std::size_t i = 2; i < words.size(); ++i) {
      if (words[i].empty()) {
        return fail("Malformed interpolation",
                    fmt::format("`{}` has an empty word between its dots.", written()));
      }
    }
    return VariableReference{words[1], {words.begin() + 2, words.end()}};
  }

  What each(const std::vector<std::string>& words) {
    const bool key = words.size() == 2 && words[1] == "key";
    const bool value = words.size() >= 2 && words[1] == "value";
    const bool empty = std::any_of(
        words.begin(), words.end(), [](const std::string& word) { return word.empty(); });
    if ((!key && !value) || empty) {
      return fail("Malformed interpolation",
                  fmt::format("`{}` is nothing that `for_each` gives. Write ${{each.key}}, "
                              "${{each.value}} or, for a part of a map, ${{each.value.PART}}.",
                              written()));
    }
    return EachReference{key ? EachReference::Part::Key : EachReference::Part::Value,
                         {words.begin() + 2, words.end()}};
  }

  What resource(core::Kind kind, const std::vector<std::string>& words) {
    const std::string_view kind_name = core::to_string(kind);
    const std::size_t bracket =
        words.size() > 1 ? words[1].find('[') : static_cast<std::size_t>(std::string::npos);
    const std::string name = words.size() > 1 ? words[1].substr(0, bracket) : std::string();
    const std::string index =
        bracket == std::string::npos ? std::string() : words[1].substr(bracket);
    if (!core::ResourceNameRules::valid(name)) {
      return fail("Malformed interpolation",
                  fmt::format("`{}` names no {}. Write ${{{}.NAME.ATTRIBUTE}}: {}.",
                              written(),
                              kind_name,
                              kind_name,
                              core::ResourceNameRules::kRule));
    }
    if (words.size() < 3 || !is_word(words[2])) {
      return fail("Malformed interpolation",
                  fmt::format("`{}` names no attribute of {}.{}. Write ${{{}.{}.ATTRIBUTE}}.",
                              written(),
                              kind_name,
                              words[1],
                              kind_name,
                              words[1]));
    }
    if (words.size() > 3) {
      return fail("Malformed interpolation",
                  fmt::format("`{}` goes into an attribute, and only whole attributes can be "
                              "referred to. Write ${{{}.{}.{}}}.",
                              written(),
                              kind_name,
                              words[1],
                              words[2]));
    }
    if (index.empty()) {
      return core::Reference{core::Address{kind, name, std::nullopt}, words[2]};
    }
    return instance(kind, name, index, words[2]);
  }

  /// `index` is all from the first bracket to the next dot.
  What instance(core::Kind kind,
                const std::string& name,
                const std::string& index,
                const std::string& attribute) {
    if (core::Result<core::Address> address =
            core::Address::parse(fmt::format("{}.{}{}", core::to_string(kind), name, index))) {
      return core::Reference{std::move(*address), attribute};
    }
    const bool closed = index.size() > 2 && index.ends_with(']');
    const std::string_view inside =
        closed ? trimmed(std::string_view(index).substr(1, index.size() - 2)) : "";
    if (inside == "*") {
      return InstanceReference{kind, name, AllInstances{}, attribute};
    }
    const std::vector<std::string> words = split(inside);
    const std::size_t errors = result_.errors.size();
    if (words.front() == "each" || words.front() == "var") {
      What what = words.front() == "each" ? each(words) : variable(words);
      if (EachReference* reference = std::get_if<EachReference>(&what)) {
        return InstanceReference{kind, name, std::move(*reference), attribute};
      }
      if (VariableReference* reference = std::get_if<VariableReference>(&what)) {
        return InstanceReference{kind, name, std::move(*reference), attribute};
      }
      AIM_CHECK(result_.errors.size() > errors);
      return BrokenReference{};
    }
    return fail(
        "Malformed interpolation",
        fmt::format("`{}` has `{}` between the brackets. A key is written in quotes, "
                    "{}.{}[\"KEY\"]; each.key, each.value, var.NAME and, for all of them, * "
                    "stand without.",
                    written(),
                    inside,
                    core::to_string(kind),
                    name));
  }

  What unknown(const std::string& first, std::size_t words) {
    if (words == 1 && is_variable_name(first)) {
      return fail("Unknown reference",
                  fmt::format("`{}` is nothing that can be referred to. {}An environment variable "
                              "is written ${{env:{}}}, a variable of the configuration "
                              "${{var.{}}}; where `${{` is meant as text, write `$${{`.",
                              written(),
                              suggestion(first, {"project", "workspace"}),
                              first,
                              first));
    }
    return fail(
        "Unknown reference",
        fmt::format(
            "`{}` begins with \"{}\", which is no kind of resource and nothing else "
            "that can be referred to. {}{}",
            written(),
            first,
            suggestion(
                first,
                {"var", "each", "endpoint", "container", "network", "volume", "env", "file"}),
            kKnown));
  }

  std::string_view written() const { return text_.substr(begin_, end_ - begin_); }

  What fail(std::string summary, std::string detail) {
    result_.errors.push_back({std::move(summary), std::move(detail), begin_, end_});
    return BrokenReference{};
  }

  void add(What what) { result_.parts.push_back({std::move(what), begin_, end_}); }

  std::string_view text_;
  std::size_t offset_ = 0;
  std::size_t begin_ = 0;  ///< of the interpolation that is being read
  std::size_t end_ = 0;
  Expression result_;
};

}  // namespace

Expression parse_expression(std::string_view text) { return Parser(text).run(); }

bool is_variable_name(std::string_view name) { return is_word(name) && is_letter(name.front()); }

}  // namespace aim::planner
