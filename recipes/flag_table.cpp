#include "recipes/flag_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "recipes/fields.hpp"

namespace aim::recipes {

using core::Diagnostics;
using core::Node;

namespace {

struct TypeWord {
  FlagType type;
  std::string_view word;
  std::string_view told;
};

constexpr std::array<TypeWord, 8> kTypes = {{{FlagType::Bool, "bool", "no value"},
                                             {FlagType::Int, "int", "a whole number"},
                                             {FlagType::Float, "float", "a number"},
                                             {FlagType::String, "string", "a text"},
                                             {FlagType::Path, "path", "a path"},
                                             {FlagType::Choice, "choice", "one of its choices"},
                                             {FlagType::List, "list", "a list"},
                                             {FlagType::Json, "json", "a map, or JSON text"}}};

class TableReader {
 public:
  explicit TableReader(Diagnostics& diagnostics) : diagnostics_(diagnostics) {}

  Flag flag(const core::MapEntry& entry) {
    Flag flag;
    flag.name = entry.key;
    Fields fields(entry.value, fmt::format("The flag {}", entry.key), diagnostics_);
    const std::string type = fields.required_text("type");
    const auto* found = std::find_if(
        kTypes.begin(), kTypes.end(), [&](const TypeWord& word) { return word.word == type; });
    if (found != kTypes.end()) {
      flag.type = found->type;
    } else if (!type.empty()) {
      diagnostics_.error("Unknown type of a flag",
                         fmt::format("{} has the type {}.", entry.key, in_quotes(type)),
                         entry.value.range);
    }
    flag.since = version(fields, "since", flag.since_text);
    flag.removed = version(fields, "removed", flag.removed_text);
    flag.instead = fields.text("instead").value_or("");
    flag.deprecated = fields.text("deprecated").has_value();
    flag.negatable = fields.take("negatable") != nullptr;
    flag.negations = fields.texts("negations");
    flag.aliases = fields.texts("aliases");
    for (std::string& spelling : fields.texts("short")) {
      flag.aliases.push_back(std::move(spelling));
    }
    flag.choices = fields.texts("choices");
    for (std::string& choice : fields.texts("also")) {
      flag.choices.push_back(std::move(choice));
    }
    flag.special = fields.texts("special");
    const std::string separator = fields.text("separator").value_or("repeat");
    flag.separator = separator == "space" ? Separator::Space
                     : separator == ","   ? Separator::Comma
                                          : Separator::Repeat;
    static_cast<void>(fields.text("element"));
    flag.value_optional = fields.truth("value_optional").value_or(false);
    flag.suffixes = fields.truth("suffixes").value_or(false);
    fields.finish();
    return flag;
  }

 private:
  Diagnostics& diagnostics_;

  std::optional<Version> version(Fields& fields, std::string_view key, std::string& text) {
    text = fields.text(key).value_or("");
    const std::optional<Version> version = parse_version(text);
    if (!text.empty() && !version) {
      diagnostics_.error("Not a version",
                         fmt::format("`{}` is {}, which is no version.", key, in_quotes(text)),
                         fields.node().range);
    }
    return version;
  }
};

}  // namespace

std::string_view to_string(FlagType type) {
  return std::find_if(
             kTypes.begin(), kTypes.end(), [&](const TypeWord& word) { return word.type == type; })
      ->told;
}

bool Flag::exists_in(const std::optional<Version>& version) const {
  if (!version) {
    return !removed;
  }
  return (!since || *since <= *version) && (!removed || *version < *removed);
}

void FlagTable::add(Flag flag) {
  spellings_.emplace(flag.name, flag.name);
  for (const std::string& alias : flag.aliases) {
    spellings_.emplace(alias, flag.name);
  }
  if (flag.negatable && flag.name.starts_with("--")) {
    negations_.emplace("--no-" + flag.name.substr(2), flag.name);
  }
  for (const std::string& negation : flag.negations) {
    negations_.emplace(negation, flag.name);
  }
  const std::string name = flag.name;
  flags_.insert_or_assign(name, std::move(flag));
}

FlagTable::Meaning FlagTable::find(std::string_view spelling) const {
  const std::string text = plain(spelling);
  if (const auto found = spellings_.find(text); found != spellings_.end()) {
    return {&flags_.find(found->second)->second, false};
  }
  if (const auto found = negations_.find(text); found != negations_.end()) {
    return {&flags_.find(found->second)->second, true};
  }
  return {};
}

std::string FlagTable::plain(std::string_view spelling) const {
  std::string text(spelling);
  if (underscores && text.starts_with("--")) {
    const std::size_t end = std::min(text.find('.'), text.size());
    std::replace(text.begin() + 2, text.begin() + static_cast<std::ptrdiff_t>(end), '_', '-');
  }
  return text;
}

std::vector<std::string> FlagTable::with_prefix(std::string_view prefix,
                                                const std::optional<Version>& version) const {
  std::vector<std::string> found;
  const std::string text = plain(prefix);
  for (const auto* names : {&spellings_, &negations_}) {
    for (auto entry = names->lower_bound(text);
         entry != names->end() && entry->first.starts_with(text);
         ++entry) {
      if (flags_.find(entry->second)->second.exists_in(version)) {
        found.push_back(entry->first);
      }
    }
  }
  return found;
}

std::vector<std::string> FlagTable::names(const std::optional<Version>& version) const {
  std::vector<std::string> result;
  for (const auto* names : {&spellings_, &negations_}) {
    for (const auto& [spelling, name] : *names) {
      if (flags_.find(name)->second.exists_in(version)) {
        result.push_back(spelling);
      }
    }
  }
  return result;
}

std::optional<FlagTable> read_flag_table(const Node& document, Diagnostics& diagnostics) {
  const std::size_t before = diagnostics.items().size();
  Fields fields(document, "A table of flags", diagnostics);
  FlagTable table;
  table.backend = fields.required_text("backend");
  static_cast<void>(fields.take("source"));
  table.newest_text = fields.required_text("newest");
  if (const std::optional<Version> newest = parse_version(table.newest_text)) {
    table.newest = *newest;
  } else if (!table.newest_text.empty()) {
    diagnostics.error(
        "Not a version",
        fmt::format("`newest` is {}, which is no version.", in_quotes(table.newest_text)),
        document.range);
  }
  table.complete = fields.truth("complete").value_or(false);
  TableReader reader(diagnostics);
  for (const core::MapEntry& entry : fields.map("flags")) {
    table.add(reader.flag(entry));
  }
  fields.finish();
  return diagnostics.items().size() == before ? std::optional(std::move(table)) : std::nullopt;
}

}  // namespace aim::recipes
