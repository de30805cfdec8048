#include "recipes/arguments.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "recipes/argument_values.hpp"
#include "recipes/fields.hpp"
#include "recipes/resolve.hpp"

namespace aim::recipes {

using core::Diagnostics;
using core::Map;
using core::Value;

namespace {

struct Reserved {
  std::string_view neutral;
  std::string_view key;
};

constexpr std::array<Reserved, 12> kReserved = {{{"model", "model"},
                                                 {"repository", "model"},
                                                 {"host", "bind"},
                                                 {"port", "port"},
                                                 {"served_name", "served_name"},
                                                 {"tensor_parallel", "gpus"},
                                                 {"pipeline_parallel", "gpus"},
                                                 {"data_parallel", "gpus"},
                                                 {"context_length", "context_length"},
                                                 {"gpu_memory", "gpu_memory"},
                                                 {"api_key", "api_key"},
                                                 {"alias", "served_name"}}};

class Checker {
 public:
  Checker(const ArgumentCheck& check, Diagnostics& diagnostics)
      : check_(check),
        backend_(*check.backend),
        table_(check.backend->flags),
        diagnostics_(diagnostics) {
    if (check.image.kind == ImageVersion::Kind::Known) {
      version_ = check.image.version;
    }
  }

  /// The flag's own name and its value, or nothing when it is left out.
  std::optional<std::pair<std::string, Value>> checked(const std::string& written,
                                                       const Value& value) {
    if (value.is_null()) {
      diagnostics_.error("Argument without a value",
                         fmt::format("{} has no value. Write `true` for an argument that takes "
                                     "none, `false` to leave it out.",
                                     written),
                         place(written));
      return std::nullopt;
    }
    std::string name = table_.plain(written);
    FlagTable::Meaning meaning = table_.find(name);
    if (meaning.flag == nullptr) {
      name = translated(written, name);
      meaning = table_.find(name);
    }
    if (meaning.flag == nullptr) {
      if (!is_dotted(name)) {
        unknown(written, name);
      }
      return std::pair(name, value);
    }
    if (!meaning.negated) {
      name = meaning.flag->name;
    }
    if (check_.origin == ArgsOrigin::User && is_reserved(written, *meaning.flag)) {
      return std::nullopt;
    }
    if (check_.level == ArgsCheck::Off) {
      return std::pair(name, value);
    }
    exists(written, *meaning.flag);
    return std::pair(name, checked_value(written, meaning, value));
  }

 private:
  const ArgumentCheck& check_;
  const BackendData& backend_;
  const FlagTable& table_;
  Diagnostics& diagnostics_;
  std::optional<Version> version_;

  std::optional<core::SourceRange> place(const std::string& written) const {
    return check_.place ? check_.place(written) : std::nullopt;
  }

  void report(core::Severity severity,
              std::string summary,
              std::string detail,
              const std::string& written) {
    if (check_.level == ArgsCheck::Off) {
      return;
    }
    const bool soft = severity == core::Severity::Warning || check_.level == ArgsCheck::Warn;
    diagnostics_.add({soft ? core::Severity::Warning : core::Severity::Error,
                      std::move(summary),
                      std::move(detail),
                      place(written),
                      {},
                      {}});
  }

  /// An image whose release nobody can tell is given the benefit of the doubt.
  core::Severity severity() const {
    return check_.image.kind == ImageVersion::Kind::Unknown ? core::Severity::Warning
                                                            : core::Severity::Error;
  }

  bool is_recorded() const { return table_.complete && version_ && *version_ <= table_.newest; }

  std::string translated(const std::string& written, const std::string& name) {
    if (const auto known = backend_.spellings.find(name); known != backend_.spellings.end()) {
      return known->second;
    }
    const auto meant = backend_.translations.find(name);
    if (meant == backend_.translations.end()) {
      return name;
    }
    diagnostics_.note("Argument translated",
                      fmt::format("{} has no argument {}; it is taken for {}. Write that instead.",
                                  backend_.title,
                                  written,
                                  meant->second),
                      place(written));
    return meant->second;
  }

  /// `--compilation-config.mode`: a part of an argument that takes JSON.
  bool is_dotted(const std::string& name) const {
    const std::size_t dot = name.find('.');
    if (dot == std::string::npos) {
      return false;
    }
    const FlagTable::Meaning meaning = table_.find(name.substr(0, dot));
    return meaning.flag != nullptr && meaning.flag->type == FlagType::Json;
  }

  bool is_reserved(const std::string& written, const Flag& flag) {
    for (const Reserved& reserved : kReserved) {
      if (backend_.flag(reserved.neutral) == flag.name) {
        diagnostics_.error("Reserved serve argument",
                           fmt::format("{} is written by aim itself. Set the key `{}` of the "
                                       "endpoint instead, and remove {} from `args`.",
                                       written,
                                       reserved.key,
                                       written),
                           place(written));
        return true;
      }
    }
    return false;
  }

  void unknown(const std::string& written, const std::string& name) {
    if (const std::size_t equals = name.find('='); equals != std::string::npos) {
      report(core::Severity::Error,
             "Unknown argument",
             fmt::format("{} holds a value. Write it as `{}: {}`.",
                         written,
                         name.substr(0, equals),
                         name.substr(equals + 1)),
             written);
      return;
    }
    const std::string who = fmt::format("{} {}", backend_.title, release());
    const std::vector<std::string> longer =
        table_.prefixes ? table_.with_prefix(name, version_) : std::vector<std::string>();
    if (longer.size() == 1) {
      report(severity(),
             "Unknown argument",
             fmt::format("{} is not an argument of {}, but the beginning of {}, for which it would "
                         "be taken. Write {}.",
                         written,
                         who,
                         longer.front(),
                         longer.front()),
             written);
      return;
    }
    const std::string near = core::did_you_mean(name, table_.names(version_));
    if (!near.empty()) {
      report(severity(),
             "Unknown argument",
             fmt::format("{} is not an argument of {}. {}", written, who, near),
             written);
      return;
    }
    report(is_recorded() ? core::Severity::Error : core::Severity::Warning,
           "Unknown argument",
           is_recorded()
               ? fmt::format("{} is not an argument of {}. Remove it from `args`, or use "
                             "`args_check: warn`.",
                             written,
                             who)
               : fmt::format("{} is not an argument of {} {}, the newest that is recorded; the "
                             "image may have it.",
                             written,
                             backend_.title,
                             table_.newest_text),
           written);
  }

  std::string release() const {
    return check_.image.text.empty() ? std::string("of this image") : check_.image.text;
  }

  void exists(const std::string& written, const Flag& flag) {
    if (flag.exists_in(version_)) {
      return;
    }
    const bool gone = flag.removed && (!version_ || *version_ >= *flag.removed);
    if (!gone) {
      report(severity(),
             "Argument too new for the image",
             fmt::format("{} exists from {} {} on, and the image is {}. Remove it from `args`, or "
                         "use a newer image.",
                         written,
                         backend_.title,
                         flag.since_text,
                         release()),
             written);
      return;
    }
    std::string advice =
        flag.instead.empty() ? "Remove it."
        : flag.instead.starts_with("(")
            ? fmt::format("What to do: {}.", flag.instead.substr(1, flag.instead.size() - 2))
            : fmt::format("Use {} instead.", flag.instead);
    if (table_.prefixes) {
      const std::vector<std::string> longer = table_.with_prefix(flag.name, version_);
      if (longer.size() == 1) {
        advice += fmt::format(" The server would take it for {}.", longer.front());
      }
    }
    report(severity(),
           "Removed argument",
           fmt::format("{} was removed from {} in {}, and the image is {}. {}",
                       written,
                       backend_.title,
                       flag.removed_text,
                       release(),
                       advice),
           written);
  }

  Value checked_value(const std::string& written,
                      const FlagTable::Meaning& meaning,
                      const Value& value) {
    ValueCheck result = check_value(*meaning.flag, meaning.negated, value);
    if (result.became_switch) {
      diagnostics_.note("Argument translated",
                        fmt::format("{} takes no value; the text {} is taken for {}. Write it "
                                    "without quotes.",
                                    written,
                                    in_quotes(*value.get<std::string>()),
                                    *value.get<std::string>()),
                        place(written));
    }
    if (!result.fault.empty()) {
      // Only the newest release's choices are recorded, but those of --dtype never changed.
      const bool sure = !result.fault_of_choice || meaning.flag->name == "--dtype" ||
                        (version_ && *version_ == table_.newest);
      report(sure ? core::Severity::Error : core::Severity::Warning,
             "Wrong value of an argument",
             fmt::format("{} {}", written, result.fault),
             written);
    }
    return std::move(result.value);
  }
};

/// The name under which two spellings of one flag, or a flag and its negation, are the same.
std::string identity(const FlagTable& table, const std::string& spelling) {
  const FlagTable::Meaning meaning = table.find(spelling);
  return meaning.flag ? meaning.flag->name : table.plain(spelling);
}

void add_value(std::vector<std::string>& words,
               std::string_view flag,
               const std::optional<std::string>& value) {
  if (!flag.empty() && value) {
    words.emplace_back(flag);
    words.push_back(*value);
  }
}

}  // namespace

Map checked_arguments(const Map& arguments, const ArgumentCheck& check, Diagnostics& diagnostics) {
  Checker checker(check, diagnostics);
  Map result;
  for (const auto& [written, value] : arguments) {
    if (auto entry = checker.checked(written, value)) {
      result.insert_or_assign(std::move(entry->first), std::move(entry->second));
    }
  }
  return result;
}

Map merged_arguments(const Map& base, const Map& over, const FlagTable& table) {
  Map result = base;
  for (const auto& [flag, value] : over) {
    const std::string name = identity(table, flag);
    for (auto entry = result.begin(); entry != result.end();) {
      entry = identity(table, entry->first) == name ? result.erase(entry) : std::next(entry);
    }
    const bool* truth = value.get<bool>();
    if (truth == nullptr || *truth) {
      result.insert_or_assign(flag, value);
    }
  }
  std::erase_if(result, [](const auto& entry) {
    const bool* truth = entry.second.template get<bool>();
    return truth != nullptr && !*truth;
  });
  return result;
}

std::vector<std::string> argument_words(const Map& arguments, const FlagTable& table) {
  std::vector<std::string> words;
  for (const auto& [name, value] : arguments) {
    const FlagTable::Meaning meaning = table.find(name);
    const core::List* list = value.get<core::List>();
    if (list != nullptr && meaning.flag != nullptr && meaning.flag->type == FlagType::Json) {
      words.push_back(name);
      words.push_back(core::canonical_json(value));
      continue;
    }
    const bool joined = list != nullptr && meaning.flag != nullptr &&
                        meaning.flag->separator != Separator::Repeat && !list->empty();
    std::vector<std::string> plain = argument_words(Map{{name, value}});
    if (!joined) {
      words.insert(words.end(), plain.begin(), plain.end());
      continue;
    }
    // name, item, name, item, ...
    std::vector<std::string> items;
    for (std::size_t i = 1; i < plain.size(); i += 2) {
      items.push_back(plain[i]);
    }
    words.push_back(name);
    if (meaning.flag->separator == Separator::Space) {
      words.insert(words.end(), items.begin(), items.end());
    } else {
      words.push_back(fmt::format("{}", fmt::join(items, ",")));
    }
  }
  return words;
}

std::vector<std::string> serve_command(const BackendData& backend,
                                       std::string_view image,
                                       const ServeValues& values,
                                       const Map& arguments) {
  std::vector<std::string> words = backend.command_for(image, values.model);
  const auto number = [](int count) {
    return count > 1 ? std::optional(std::to_string(count)) : std::nullopt;
  };
  add_value(words, backend.flag("host"), "0.0.0.0");
  add_value(
      words, backend.flag("port"), std::to_string(values.port == 0 ? backend.port : values.port));
  if (!values.served_name.empty()) {
    add_value(words, backend.flag("served_name"), values.served_name);
  }
  add_value(words, backend.flag("tensor_parallel"), number(values.tensor_parallel));
  add_value(words, backend.flag("pipeline_parallel"), number(values.pipeline_parallel));
  add_value(words, backend.flag("data_parallel"), number(values.data_parallel));
  if (values.context_length) {
    add_value(words, backend.flag("context_length"), std::to_string(*values.context_length));
  }
  if (values.gpu_memory) {
    add_value(words, backend.flag("gpu_memory"), fmt::format("{}", *values.gpu_memory));
  }
  if (!values.config_file.empty()) {
    add_value(words, backend.flag("config_file"), values.config_file);
  }
  if (!values.revision.empty()) {
    add_value(words, backend.flag("revision"), values.revision);
  }
  if (!values.lora.empty()) {
    words.emplace_back(backend.flag("lora"));
    words.emplace_back(backend.flag("lora_adapters"));
    for (const auto& [name, adapter] : values.lora) {
      words.push_back(fmt::format("{}={}", name, adapter));
    }
  }
  const std::vector<std::string> more = argument_words(arguments, backend.flags);
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

}  // namespace aim::recipes
