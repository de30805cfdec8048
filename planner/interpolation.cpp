#include "planner/interpolation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "core/document_text.hpp"
#include "planner/configuration_nodes.hpp"
#include "planner/evaluate.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Node;
using core::Reference;
using core::Secret;
using core::SourceRange;
using core::Template;
using core::Value;

namespace {

std::size_t code_points(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  }));
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = text.find_first_not_of(kSpace);
  return begin == std::string_view::npos
             ? std::string_view()
             : text.substr(begin, text.find_last_not_of(kSpace) + 1 - begin);
}

/// The item of a list or map that `step` means, or null.
const Value* item_at(const Value& value, const std::string& step) {
  if (const Map* map = value.get<Map>()) {
    return core::find(*map, step);
  }
  const List* list = value.get<List>();
  std::size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool number = error == std::errc() && end == step.data() + step.size();
  return list && number && index < list->size() ? &(*list)[index] : nullptr;
}

std::string type_in_words(const Value& value) {
  return value.is_null() ? "null" : value.is<List>() ? "a list" : "a map";
}

/// A key with `$${` become `${`; nothing if there is more in it than text.
std::optional<std::string> key_of(const core::MapEntry& entry) {
  if (entry.key.find("${") == std::string::npos) {
    return entry.key;
  }
  const Expression expression = parse_expression(entry.key);
  const std::string* literal = expression.parts.size() == 1
                                   ? std::get_if<std::string>(&expression.parts.front().what)
                                   : nullptr;
  return literal ? std::optional(*literal) : std::nullopt;
}

std::string with_blank(std::string text) { return text.empty() ? text : text + " "; }

}  // namespace

Interpolator::Interpolator(const ConfigurationInput& input,
                           InterpolationScope scope,
                           core::Diagnostics& diagnostics)
    : input_(input), scope_(std::move(scope)), diagnostics_(diagnostics) {}

Value Interpolator::value_of(const Node& node) {
  core::Path path;
  core::Positions positions;
  return value_of(node, path, positions, [](const core::Path&) { return false; });
}

Value Interpolator::value_of(const Node& node,
                             core::Path& path,
                             core::Positions& positions,
                             const TakesText& takes_text) {
  positions.emplace(core::to_string(path), node.range);
  if (const Node::Items* items = node.items()) {
    List list;
    list.reserve(items->size());
    for (std::size_t i = 0; i < items->size(); ++i) {
      path.emplace_back(i);
      list.push_back(value_of((*items)[i], path, positions, takes_text));
      path.pop_back();
    }
    return list;
  }
  if (const Node::Entries* entries = node.entries()) {
    Map map;
    for (const core::MapEntry& entry : *entries) {
      const std::optional<std::string> key = key_of(entry);
      if (!key) {
        failed("Interpolation in a key",
               fmt::format("The key `{}` holds an interpolation, which only values can. Write the "
                           "key out; where `${{` is meant as text, write `$${{`.",
                           entry.key),
               entry.key_range);
        continue;
      }
      path.emplace_back(*key);
      map.emplace(*key, value_of(entry.value, path, positions, takes_text));
      path.pop_back();
    }
    return map;
  }
  const bool number =
      std::holds_alternative<std::int64_t>(node.data) || std::holds_alternative<double>(node.data);
  if (number && takes_text(path)) {
    return node.raw;
  }
  return scalar(node);
}

Value Interpolator::scalar(const Node& node) {
  const std::string* text = std::get_if<std::string>(&node.data);
  if (text == nullptr) {
    return std::visit(core::overloaded{[](const Node::Items&) { return Value(); },
                                       [](const Node::Entries&) { return Value(); },
                                       [](const auto& plain) { return Value(plain); }},
                      node.data);
  }
  if (text->find("${") == std::string::npos) {
    return *text;
  }
  const Expression expression = parse_expression(*text);
  for (const ExpressionError& error : expression.errors) {
    diagnostics_.error(error.summary, error.detail, range_inside(node, error.begin, error.end));
  }
  return expression.parts.size() == 1 ? single(node, expression.parts.front())
                                      : joined(node, expression);
}

Value Interpolator::single(const Node& node, const ExpressionPart& part) {
  const SourceRange range = range_inside(node, part.begin, part.end);
  return std::visit(
      core::overloaded{
          [](const std::string& literal) { return Value(literal); },
          [&](const VariableReference& reference) { return variable(reference, range); },
          [&](const EachReference& reference) { return each(reference, range); },
          [&](const Reference& reference) { return resource(reference, range); },
          [&](const InstanceReference& reference) { return instance(reference, range); },
          [&](ProjectReference) { return name(scope_.project, "${project}", range); },
          [&](WorkspaceReference) { return name(scope_.workspace, "${workspace}", range); },
          [&](const EnvironmentReference& reference) { return environment(reference, range); },
          [&](const FileReference& reference) { return file(reference, range); },
          [](BrokenReference) { return Value(Template{}); }},
      part.what);
}

Value Interpolator::joined(const Node& node, const Expression& expression) {
  Template result;
  bool broken = false;
  bool refers = false;
  bool secret = false;
  bool known = true;
  std::string plain;
  for (const ExpressionPart& part : expression.parts) {
    Value value = single(node, part);
    if (const Template* reference = value.get<Template>()) {
      broken = broken || reference->parts.empty();
      refers = true;
      result.parts.insert(result.parts.end(), reference->parts.begin(), reference->parts.end());
    } else if (const Secret* hidden = value.get<Secret>()) {
      secret = true;
      known = known && hidden->known();
      plain += hidden->known() ? hidden->reveal() : "";
      result.parts.emplace_back(*hidden);
    } else if (value.is_null() || value.is<List>() || value.is<Map>()) {
      failed("Value is not text",
             fmt::format("`{}` is {}, which has no place inside a text. Only when it stands alone "
                         "does an interpolation keep its type.",
                         node.raw.substr(part.begin, part.end - part.begin),
                         type_in_words(value)),
             range_inside(node, part.begin, part.end));
      broken = true;
    } else {
      const std::string text = as_text(value);
      plain += text;
      std::string* last =
          result.parts.empty() ? nullptr : std::get_if<std::string>(&result.parts.back());
      if (last != nullptr) {
        *last += text;
      } else {
        result.parts.emplace_back(text);
      }
    }
  }
  if (broken) {
    return Template{};
  }
  if (refers) {
    return result;
  }
  if (!known) {
    return Secret();
  }
  return secret ? Value(Secret(std::move(plain))) : Value(std::move(plain));
}

Value Interpolator::variable(const VariableReference& reference, const SourceRange& range) {
  const std::string written = "${var." + reference.name + "}";
  if (scope_.variables == nullptr) {
    return not_here(written, range);
  }
  if (scope_.variables->broken.contains(reference.name)) {
    return Template{};
  }
  const auto found = scope_.variables->values.find(reference.name);
  if (found == scope_.variables->values.end() &&
      scope_.variables->completeness == Completeness::FilesMissing) {
    return Template{};
  }
  if (found == scope_.variables->values.end()) {
    return failed(
        "Unknown variable",
        fmt::format("`{}` refers to a variable that is not declared. {}Declare it under "
                    "`variables`.",
                    written,
                    with_blank(core::did_you_mean(reference.name, scope_.variables->names()))),
        range);
  }
  return part_of(
      found->second.value, reference.steps, fmt::format("variable `{}`", reference.name), range);
}

Value Interpolator::part_of(const Value& whole,
                            const std::vector<std::string>& steps,
                            const std::string& whose,
                            const SourceRange& range) {
  const Value* value = &whole;
  for (const std::string& step : steps) {
    // A part of what is not set here is not set here either.
    const Secret* secret = value->get<Secret>();
    if (secret != nullptr && !secret->known()) {
      return *secret;
    }
    value = item_at(*value, step);
    if (value == nullptr) {
      return failed(
          fmt::format("Unknown part of a {}", whose.substr(0, whose.find(' '))),
          fmt::format("The {} has no part \"{}\". A part of a map is named by its key, one "
                      "of a list by its number from 0.",
                      whose,
                      step),
          range);
    }
  }
  return *value;
}

Value Interpolator::each(const EachReference& reference, const SourceRange& range) {
  const bool key = reference.part == EachReference::Part::Key;
  if (scope_.each == nullptr) {
    return failed(
        "Not inside for_each",
        fmt::format("`${{each.{}}}` has a meaning only inside a resource with `for_each`. "
                    "Add `for_each` to the resource, or write the value out.",
                    key ? "key" : "value"),
        range);
  }
  if (key) {
    return scope_.each->key;
  }
  return part_of(scope_.each->value,
                 reference.steps,
                 fmt::format("value of \"{}\" in `for_each`", scope_.each->key),
                 range);
}

Value Interpolator::environment(const EnvironmentReference& reference, const SourceRange& range) {
  const std::optional<std::string> value = input_.environment(reference.name);
  if (reference.fallback && (!value || value->empty())) {
    return *reference.fallback;
  }
  if (!value) {
    return failed(kEnvironmentNotSet,
                  fmt::format("`${{env:{0}}}` needs {0} in the environment of aim, where it is not "
                              "set. Set it, or write ${{env:{0}:-TEXT}} with a text for when it is "
                              "not.",
                              reference.name),
                  range);
  }
  if (!is_utf8(*value)) {
    return failed(
        "Invalid UTF-8",
        fmt::format("The environment variable {} does not hold UTF-8 text.", reference.name),
        range);
  }
  return *value;
}

Value Interpolator::file(const FileReference& reference, const SourceRange& range) {
  const core::Result<std::string> contents = input_.read_file(reference.path, range.file);
  if (!contents) {
    return failed(
        "File cannot be read",
        fmt::format("`${{file:{}}}`: {}. A relative path begins at the file it is written "
                    "in.",
                    reference.path,
                    core::to_string(contents.error())),
        range);
  }
  if (!is_utf8(*contents)) {
    return failed("Invalid UTF-8",
                  fmt::format("The file {} does not hold UTF-8 text, so it cannot become a value. "
                              "Mount it instead.",
                              reference.path),
                  range);
  }
  return trimmed(*contents);
}

Value Interpolator::name(const std::string* value,
                         std::string_view written,
                         const SourceRange& range) {
  return value == nullptr ? not_here(written, range) : Value(*value);
}

Value Interpolator::not_here(std::string_view written, const SourceRange& range) {
  return failed("Reference is not possible here",
                fmt::format("`{}` is not known {}, which must be known before anything else. Write "
                            "the value out, or take it from ${{env:NAME}}.",
                            written,
                            scope_.where),
                range);
}

Value Interpolator::failed(std::string summary, std::string detail, const SourceRange& range) {
  diagnostics_.error(std::move(summary), std::move(detail), range);
  return Template{};
}

bool is_broken(const Value& value) {
  const Template* text = value.get<Template>();
  return text && text->parts.empty();
}

SourceRange range_inside(const Node& scalar, std::size_t begin, std::size_t end) {
  const SourceRange& whole = scalar.range;
  const bool one_line = whole.begin.line == whole.end.line;
  const std::size_t quotes = scalar.quoted ? 2 : 0;
  if (!one_line || whole.end.column - whole.begin.column != code_points(scalar.raw) + quotes) {
    return whole;
  }
  SourceRange part = whole;
  const std::string_view raw = scalar.raw;
  part.begin.column += static_cast<std::uint32_t>(code_points(raw.substr(0, begin)) + quotes / 2);
  part.end.column =
      part.begin.column + static_cast<std::uint32_t>(code_points(raw.substr(begin, end - begin)));
  return part;
}

Value made_secret(const Value& value) {
  if (const List* list = value.get<List>()) {
    List copy;
    for (const Value& item : *list) {
      copy.push_back(made_secret(item));
    }
    return copy;
  }
  if (const Map* map = value.get<Map>()) {
    Map copy;
    for (const auto& [key, item] : *map) {
      copy.emplace(key, made_secret(item));
    }
    return copy;
  }
  if (value.is_null() || value.is<Secret>() || value.is<Template>()) {
    return value;
  }
  return Secret(as_text(value));
}

bool is_utf8(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t length = core::utf8_length(text, offset);
    if (length == 0) {
      return false;
    }
    offset += length;
  }
  return true;
}

}  // namespace aim::planner
