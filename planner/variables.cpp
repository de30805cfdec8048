#include "planner/variables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Diagnostics;
using core::MapEntry;
using core::Node;
using core::Value;

namespace {

struct TypeName {
  VariableType type;
  const char* name;
};

constexpr std::array<TypeName, 6> kTypeNames = {{{VariableType::String, "string"},
                                                 {VariableType::Integer, "integer"},
                                                 {VariableType::Number, "number"},
                                                 {VariableType::Boolean, "boolean"},
                                                 {VariableType::List, "list"},
                                                 {VariableType::Map, "map"}}};

const std::vector<std::string>& known_keys() {
  static const std::vector<std::string> kKeys = {
      "type", "default", "sensitive", "description", "minimum", "maximum", "choices", "pattern"};
  return kKeys;
}

/// The type of a variable that declares none: that of its default.
VariableType inferred(const Node* default_node) {
  if (default_node == nullptr) {
    return VariableType::String;
  }
  return std::visit(core::overloaded{[](core::Null) { return VariableType::String; },
                                     [](const std::string&) { return VariableType::String; },
                                     [](bool) { return VariableType::Boolean; },
                                     [](std::int64_t) { return VariableType::Integer; },
                                     [](double) { return VariableType::Number; },
                                     [](const Node::Items&) { return VariableType::List; },
                                     [](const Node::Entries&) { return VariableType::Map; }},
                    default_node->data);
}

class DeclarationReader {
 public:
  DeclarationReader(const SectionEntry& entry, Diagnostics& diagnostics)
      : name_(fmt::format("`variables.{}`", entry.name)), diagnostics_(diagnostics) {
    result_.name = entry.name;
    result_.range = entry.key_range;
    entries_ = map_entries(*entry.node, name_, diagnostics);
  }

  VariableDeclaration run() {
    if (!is_variable_name(result_.name)) {
      diagnostics_.error(
          "Bad name of a variable",
          fmt::format(
              "\"{}\" cannot be the name of a variable: {}.", result_.name, kVariableNameRule),
          result_.range);
    }
    result_.readable = entries_ != nullptr;
    if (!result_.readable) {
      return result_;
    }
    result_.default_node = find("default");
    result_.type = inferred(result_.default_node);
    for (const MapEntry& entry : *entries_) {
      read(entry);
    }
    check_constraints();
    return result_;
  }

 private:
  const Node* find(std::string_view key) const {
    for (const MapEntry& entry : *entries_) {
      if (entry.key == key) {
        return &entry.value;
      }
    }
    return nullptr;
  }

  std::string at(const MapEntry& entry) const {
    return fmt::format("`variables.{}.{}`", result_.name, entry.key);
  }

  void read(const MapEntry& entry) {
    const Node& node = entry.value;
    if (entry.key == "type") {
      read_type(entry);
    } else if (entry.key == "sensitive") {
      if (const bool* truth = std::get_if<bool>(&node.data)) {
        result_.sensitive = *truth;
      } else {
        report_type(node, at(entry), "true or false", diagnostics_);
      }
    } else if (entry.key == "description") {
      if (!std::holds_alternative<std::string>(node.data)) {
        report_type(node, at(entry), "text", diagnostics_);
      }
    } else if (entry.key == "minimum") {
      result_.minimum = number(entry);
    } else if (entry.key == "maximum") {
      result_.maximum = number(entry);
    } else if (entry.key == "pattern") {
      read_pattern(entry);
    } else if (entry.key != "default" && entry.key != "choices" && !is_free_key(entry.key)) {
      report_unknown_key(entry, name_, known_keys(), diagnostics_);
    }
  }

  void read_type(const MapEntry& entry) {
    std::vector<std::string> names;
    for (const TypeName& known : kTypeNames) {
      if (entry.value.raw == known.name) {
        result_.type = known.type;
        return;
      }
      names.emplace_back(known.name);
    }
    const std::string near = core::did_you_mean(entry.value.raw, names);
    diagnostics_.error("Unknown type of a variable",
                       fmt::format("{} is {}, which is no type. {}{}There are {}.",
                                   at(entry),
                                   described(entry.value),
                                   near,
                                   near.empty() ? "" : " ",
                                   listed(names)),
                       entry.value.range);
  }

  std::optional<double> number(const MapEntry& entry) {
    if (const std::int64_t* whole = std::get_if<std::int64_t>(&entry.value.data)) {
      return static_cast<double>(*whole);
    }
    if (const double* fraction = std::get_if<double>(&entry.value.data)) {
      return *fraction;
    }
    report_type(entry.value, at(entry), "a number", diagnostics_);
    return std::nullopt;
  }

  void read_pattern(const MapEntry& entry) {
    const std::string* pattern = std::get_if<std::string>(&entry.value.data);
    if (pattern == nullptr) {
      report_type(entry.value, at(entry), "text", diagnostics_);
    } else if (!is_pattern(*pattern)) {
      diagnostics_.error("Bad pattern",
                         fmt::format("{} is {}, which is no regular expression (as in ECMAScript).",
                                     at(entry),
                                     shown(*pattern)),
                         entry.value.range);
    } else {
      result_.pattern = *pattern;
    }
  }

  void check_constraints() {
    for (const MapEntry& entry : *entries_) {
      const bool of_numbers = entry.key == "minimum" || entry.key == "maximum";
      const bool is_number =
          result_.type == VariableType::Integer || result_.type == VariableType::Number;
      if ((of_numbers && !is_number) ||
          (entry.key == "pattern" && result_.type != VariableType::String)) {
        diagnostics_.error(
            "Constraint does not fit the type",
            fmt::format("{} is a constraint for {}, but the variable is {}. Change `type`, or "
                        "remove the constraint.",
                        at(entry),
                        of_numbers ? "numbers" : "text",
                        in_words(result_.type)),
            entry.key_range);
      }
      if (entry.key == "choices") {
        read_choices(entry);
      }
    }
  }

  void read_choices(const MapEntry& entry) {
    const Node::Items* items = entry.value.items();
    if (items == nullptr || items->empty()) {
      report_type(entry.value, at(entry), "a list with at least one choice", diagnostics_);
      return;
    }
    for (const Node& item : *items) {
      if (!item.is_scalar()) {
        report_type(item, "a choice in " + at(entry), in_words(result_.type), diagnostics_);
        continue;
      }
      const Value value =
          std::visit(core::overloaded{[](const Node::Items&) { return Value(); },
                                      [](const Node::Entries&) { return Value(); },
                                      [](const auto& scalar) { return Value(scalar); }},
                     item.data);
      if (auto choice = convert_variable(
              result_, value, item.raw, {fmt::format("{}", at(entry)), item.range}, diagnostics_)) {
        result_.choices.push_back(std::move(*choice));
      }
    }
  }

  std::string name_;
  Diagnostics& diagnostics_;
  const Node::Entries* entries_ = nullptr;
  VariableDeclaration result_;
};

/// The value that counts for one variable, not yet converted.
struct Given {
  Value value;
  std::string raw;
  VariableOrigin origin;
};

class Resolver {
 public:
  Resolver(const std::vector<VariableDeclaration>& declarations,
           const ConfigurationInput& input,
           Completeness completeness,
           Diagnostics& diagnostics)
      : input_(input), diagnostics_(diagnostics) {
    table_.completeness = completeness;
    for (const VariableDeclaration& declaration : declarations) {
      declarations_.emplace(declaration.name, &declaration);
      names_.push_back(declaration.name);
    }
  }

  VariableTable run(const std::vector<VariableDocument>& documents) {
    for (const auto& [name, text] : input_.environment_variables) {
      if (declarations_.contains(name)) {
        give_text(name, text, "AIM_VAR_" + name);
      }
    }
    for (const VariableDocument& document : documents) {
      take_file(document);
    }
    for (const auto& [name, text] : input_.flag_variables) {
      if (declarations_.contains(name)) {
        give_text(name, text, "--var");
      } else if (table_.completeness == Completeness::Whole) {
        diagnostics_.error("Undeclared variable",
                           fmt::format("--var sets `{}`, which the configuration does not declare. "
                                       "{}Declare it under `variables`, or drop the flag.",
                                       name,
                                       suggestion(name)));
      }
    }
    for (const auto& [name, declaration] : declarations_) {
      if (declaration->readable) {
        settle(*declaration);
      } else {
        table_.broken.insert(name);
      }
    }
    return std::move(table_);
  }

 private:
  std::string suggestion(const std::string& name) const {
    const std::string near = core::did_you_mean(name, names_);
    return near.empty() ? near : near + " ";
  }

  void give_text(const std::string& name, const std::string& text, std::string origin) {
    if (!is_utf8(text)) {
      diagnostics_.error(
          "Invalid UTF-8",
          fmt::format("The value that {} gives `{}` is not UTF-8 text.", origin, name));
      table_.broken.insert(name);
      return;
    }
    given_.insert_or_assign(name, Given{text, text, {std::move(origin), std::nullopt}});
  }

  void take_file(const VariableDocument& document) {
    const Node::Entries* entries = map_entries(document.root, document.name, diagnostics_);
    if (entries == nullptr) {
      return;
    }
    for (const MapEntry& entry : *entries) {
      if (is_free_key(entry.key)) {
        continue;
      }
      if (!declarations_.contains(entry.key)) {
        if (table_.completeness == Completeness::FilesMissing) {
          continue;
        }
        diagnostics_.warning("Undeclared variable",
                             fmt::format("The configuration does not declare `{}`, so this value "
                                         "has no effect. {}Declare it under `variables`, or remove "
                                         "it here.",
                                         entry.key,
                                         suggestion(entry.key)),
                             entry.key_range);
        continue;
      }
      given_.insert_or_assign(entry.key, evaluated(entry.value, document.name));
    }
  }

  Given evaluated(const Node& node, std::string origin) {
    return evaluated(node, std::move(origin), diagnostics_);
  }

  Given evaluated(const Node& node, std::string origin, Diagnostics& diagnostics) {
    Interpolator interpolator(
        input_, {nullptr, nullptr, nullptr, nullptr, "in a value of a variable"}, diagnostics);
    Value value = interpolator.value_of(node);
    // Of an interpolated text only what it became counts.
    std::string raw = value.is<std::string>() ? *value.get<std::string>() : node.raw;
    return {std::move(value), std::move(raw), {std::move(origin), node.range}};
  }

  void settle(const VariableDeclaration& declaration) {
    const Node* fallback = declaration.default_node;
    const auto found = given_.find(declaration.name);
    const bool literal = fallback != nullptr && fallback->is_scalar() &&
                         fallback->raw.find("${") == std::string::npos;
    std::optional<Value> value;
    std::string origin = "default";
    if (found == given_.end() && is_left_unset(declaration)) {
      table_.unset.emplace(declaration.name, declaration.range);
      table_.values.emplace(declaration.name, VariableValue{core::Secret(), true, "not set here"});
      return;
    }
    // A default that is wrong is wrong also while something else stands in for it, but its
    // environment variables and files are needed only when it is used.
    if (fallback != nullptr && (literal || found == given_.end())) {
      Given given = evaluated(*fallback, "the default");
      value = accepted(declaration, given);
    } else if (fallback == nullptr && found == given_.end() &&
               !table_.broken.contains(declaration.name)) {
      diagnostics_.error("Variable is not set",
                         fmt::format("`{0}` has no default, and nothing gives it a value. Give it "
                                     "one with --var {0}=VALUE, AIM_VAR_{0} or aim.vars.yaml.",
                                     declaration.name),
                         declaration.range);
    }
    if (found != given_.end()) {
      value = accepted(declaration, found->second);
      origin = found->second.origin.words;
    }
    if (!value || table_.broken.contains(declaration.name)) {
      table_.broken.insert(declaration.name);
      return;
    }
    table_.values.emplace(
        declaration.name,
        VariableValue{
            declaration.sensitive ? made_secret(*value) : *value, declaration.sensitive, origin});
  }

  /// A secret is rarely at hand where a plan is made, and a plan can do without.
  bool is_left_unset(const VariableDeclaration& declaration) {
    if (!declaration.sensitive || table_.broken.contains(declaration.name)) {
      return false;
    }
    if (declaration.default_node == nullptr) {
      return true;
    }
    Diagnostics found;
    static_cast<void>(evaluated(*declaration.default_node, "the default", found));
    return found.has_errors() &&
           std::all_of(found.items().begin(), found.items().end(), [](const auto& diagnostic) {
             return diagnostic.summary == kEnvironmentNotSet;
           });
  }

  std::optional<Value> accepted(const VariableDeclaration& declaration, const Given& given) {
    if (core::contains_template(given.value)) {
      return std::nullopt;
    }
    std::optional<Value> value =
        convert_variable(declaration, given.value, given.raw, given.origin, diagnostics_);
    return value && check_variable(declaration, *value, given.origin, diagnostics_)
               ? std::move(value)
               : std::nullopt;
  }

  const ConfigurationInput& input_;
  Diagnostics& diagnostics_;
  std::map<std::string, const VariableDeclaration*> declarations_;
  std::vector<std::string> names_;
  std::map<std::string, Given> given_;
  VariableTable table_;
};

}  // namespace

VariableDeclaration read_declaration(const SectionEntry& entry, Diagnostics& diagnostics) {
  return DeclarationReader(entry, diagnostics).run();
}

VariableTable resolve_variables(const std::vector<VariableDeclaration>& declarations,
                                const std::vector<VariableDocument>& documents,
                                const ConfigurationInput& input,
                                Completeness completeness,
                                Diagnostics& diagnostics) {
  return Resolver(declarations, input, completeness, diagnostics).run(documents);
}

}  // namespace aim::planner
