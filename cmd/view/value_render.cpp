#include "cmd/view/value_render.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "cmd/view/sequence_diff.hpp"
#include "planner/unset_secrets.hpp"

namespace aim::view {

using core::List;
using core::Map;
using core::Value;
using planner::Attribute;

namespace {

bool is_collection(const Value& value) {
  const List* list = value.get<List>();
  const Map* map = value.get<Map>();
  return (list && !list->empty()) || (map && !map->empty());
}

bool is_multi_line(const Value& value) {
  const std::string* text = value.get<std::string>();
  return text != nullptr && text->find('\n') != std::string::npos;
}

bool is_flat_list(const Value& value) {
  const List* list = value.get<List>();
  return list && std::none_of(list->begin(), list->end(), [](const Value& item) {
           return is_collection(item) || is_multi_line(item);
         });
}

bool has_one_line_form(const Attribute* attribute, const Value& value) {
  return is_sensitive(attribute, value) ||
         (!is_multi_line(value) && (!is_collection(value) || is_flat_list(value)));
}

std::string integer_text(const Attribute* attribute, std::int64_t number) {
  if (attribute != nullptr && attribute->type == planner::Type::Duration) {
    return planner::format_duration(number);
  }
  if (attribute != nullptr && attribute->type == planner::Type::Size) {
    return planner::format_size(number);
  }
  return fmt::format("{}", number);
}

/// Lines of a text as a here-document shows them; a missing line end is shown, too.
std::vector<std::string> document_lines(const std::string& text) {
  std::vector<std::string> lines;
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    lines.push_back(escape_line(rest.substr(0, end)));
    if (end == std::string_view::npos) {
      lines.emplace_back("(no line end here)");
      break;
    }
    rest.remove_prefix(end + 1);
  }
  return lines;
}

std::size_t room(const ValueSite& site) {
  const std::size_t taken = site.indent + 2;
  return kColumns > taken + 8 ? kColumns - taken : 8;
}

/// Appends one value whose last line takes the suffix and, where there is room, the remark. What
/// does not fit is continued under the value's beginning, or under a long name.
void append_broken(const ValueSite& site,
                   Symbol symbol,
                   const std::string& prefix,
                   const std::string& text,
                   std::vector<Line>& lines) {
  const std::string whole = text + site.suffix;
  const std::size_t prefix_columns = display_width(prefix);
  const bool beside = prefix_columns <= room(site) / 2;
  const std::size_t offset = beside ? prefix_columns : 2;
  const auto append = [&](const std::string& row) {
    lines.push_back({site.indent, symbol, row, "", Tone::Plain});
    symbol = Symbol::None;
  };
  if (prefix_columns + display_width(whole) <= room(site)) {
    append(prefix + whole);
  } else {
    std::vector<std::string> pieces = break_hard(whole, room(site) - offset);
    const std::string margin(offset, ' ');
    append(beside ? prefix + pieces.front() : prefix.substr(0, prefix.find_last_not_of(' ') + 1));
    for (std::size_t i = beside ? 1 : 0; i < pieces.size(); ++i) {
      append(margin + pieces[i]);
    }
  }
  if (site.remark.empty()) {
    return;
  }
  if (display_width(lines.back().text) + 2 + site.remark.size() <= room(site)) {
    lines.back().remark = site.remark;
  } else {
    lines.push_back(
        {site.indent, Symbol::None, std::string(offset, ' ') + site.remark, "", Tone::Red});
  }
}

void open_bracket(const ValueSite& site,
                  Symbol symbol,
                  std::string_view bracket,
                  std::vector<Line>& lines) {
  lines.push_back(
      {site.indent, symbol, site.prefix + std::string(bracket), site.remark, Tone::Plain});
}

void close_bracket(const ValueSite& site, std::string_view bracket, std::vector<Line>& lines) {
  lines.push_back({site.indent, Symbol::None, std::string(bracket) + site.suffix, "", Tone::Plain});
}

}  // namespace

const Attribute* member_attribute(const Attribute* attribute, std::string_view name) {
  if (attribute == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(attribute->members.begin(),
                                  attribute->members.end(),
                                  [&](const Attribute& member) { return member.name == name; });
  return found == attribute->members.end() ? nullptr : &*found;
}

bool is_sensitive(const Attribute* attribute, const Value& value) {
  if (value.is_null() || value.is<core::Unknown>()) {
    return false;
  }
  return value.is<core::Secret>() || (attribute != nullptr && attribute->sensitive);
}

std::string key_text(std::string_view key) {
  const bool plain = !key.empty() && std::all_of(key.begin(), key.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.' || c == '/';
  });
  return plain ? std::string(key) : quote(key);
}

std::string inline_value(const Attribute* attribute, const Value& value) {
  if (is_sensitive(attribute, value)) {
    return std::string(planner::is_unset_secret(value) ? kNotSetHere : kSensitive);
  }
  const auto list_text = [](const List& list) {
    std::vector<std::string> items;
    for (const Value& item : list) {
      items.push_back(inline_value(nullptr, item));
    }
    return fmt::format("[{}]", fmt::join(items, ", "));
  };
  const auto map_text = [attribute](const Map& map) -> std::string {
    std::vector<std::string> items;
    for (const auto& [key, item] : map) {
      items.push_back(fmt::format(
          "{} = {}", key_text(key), inline_value(member_attribute(attribute, key), item)));
    }
    return items.empty() ? "{}" : fmt::format("{{ {} }}", fmt::join(items, ", "));
  };
  return std::visit(
      core::overloaded{[](core::Null) -> std::string { return "null"; },
                       [](bool truth) -> std::string { return truth ? "true" : "false"; },
                       [&](std::int64_t number) { return integer_text(attribute, number); },
                       [](double number) { return fmt::format("{}", number); },
                       [](const std::string& text) { return quote(text); },
                       [&](const List& list) { return list_text(list); },
                       [&](const Map& map) { return map_text(map); },
                       [](const core::Secret&) { return std::string(kSensitive); },
                       [](core::Unknown) { return std::string(kUnknown); },
                       [](const core::Template&) { return std::string(kUnknown); }},
      value.data());
}

void render_hidden(std::size_t count,
                   std::string_view what,
                   std::size_t indent,
                   std::vector<Line>& lines) {
  if (count > 0) {
    lines.push_back(
        {indent,
         Symbol::None,
         fmt::format("# ({} unchanged {}{} hidden)", count, what, count == 1 ? "" : "s"),
         "",
         Tone::Dim});
  }
}

namespace {

void render_map_whole(const ValueSite& site,
                      Symbol symbol,
                      const Map& map,
                      std::vector<Line>& lines) {
  std::size_t columns = 0;
  for (const auto& [key, value] : map) {
    columns = std::max(columns, display_width(key_text(key)));
  }
  open_bracket(site, symbol, "{", lines);
  for (const auto& [key, value] : map) {
    render_value({site.indent + 4,
                  pad_to_width(key_text(key), columns) + " = ",
                  "",
                  "",
                  member_attribute(site.attribute, key)},
                 symbol,
                 value,
                 lines);
  }
  close_bracket(site, "}", lines);
}

void render_document(const ValueSite& site,
                     Symbol symbol,
                     const std::string& text,
                     std::vector<Line>& lines) {
  open_bracket(site, symbol, "<<-EOT", lines);
  for (const std::string& line : document_lines(text)) {
    append_broken({site.indent + 4, "", "", "", nullptr}, symbol, "", line, lines);
  }
  close_bracket(site, "EOT", lines);
}

}  // namespace

void render_value(const ValueSite& site,
                  Symbol symbol,
                  const Value& value,
                  std::vector<Line>& lines) {
  if (has_one_line_form(site.attribute, value)) {
    const std::string text = inline_value(site.attribute, value);
    const std::size_t width =
        display_width(site.prefix) + display_width(text) + display_width(site.suffix);
    if (width <= room(site) || !is_collection(value)) {
      append_broken(site, symbol, site.prefix, text, lines);
      return;
    }
  }
  if (const Map* map = value.get<Map>()) {
    render_map_whole(site, symbol, *map, lines);
  } else if (const List* list = value.get<List>()) {
    open_bracket(site, symbol, "[", lines);
    for (const Value& item : *list) {
      render_value({site.indent + 4, "", ",", "", nullptr}, symbol, item, lines);
    }
    close_bracket(site, "]", lines);
  } else {
    render_document(site, symbol, std::get<std::string>(value.data()), lines);
  }
}

namespace {

void render_map_difference(const ValueSite& site,
                           const Map& before,
                           const Map& after,
                           std::vector<Line>& lines) {
  std::set<std::string> changed;
  std::size_t unchanged = 0;
  for (const auto& [key, value] : before) {
    const Value* other = core::find(after, key);
    if (other && *other == value) {
      ++unchanged;
    } else {
      changed.insert(key);
    }
  }
  for (const auto& [key, value] : after) {
    if (core::find(before, key) == nullptr) {
      changed.insert(key);
    }
  }
  std::size_t columns = 0;
  for (const std::string& key : changed) {
    columns = std::max(columns, display_width(key_text(key)));
  }
  open_bracket(site, Symbol::Change, "{", lines);
  for (const std::string& key : changed) {
    const Value* old_value = core::find(before, key);
    const Value* new_value = core::find(after, key);
    render_difference({site.indent + 4,
                       pad_to_width(key_text(key), columns) + " = ",
                       "",
                       "",
                       member_attribute(site.attribute, key)},
                      old_value ? *old_value : Value(),
                      new_value ? *new_value : Value(),
                      lines);
  }
  render_hidden(unchanged, "element", site.indent + 4, lines);
  close_bracket(site, "}", lines);
}

/// One run of elements that were taken out and of those that came in their place.
void render_gap(std::size_t indent,
                const List& removed,
                const List& added,
                std::vector<Line>& lines) {
  const ValueSite site{indent, "", ",", "", nullptr};
  std::size_t paired = 0;
  while (paired < std::min(removed.size(), added.size()) && removed[paired].is<Map>() &&
         added[paired].is<Map>()) {
    render_map_difference(site, *removed[paired].get<Map>(), *added[paired].get<Map>(), lines);
    ++paired;
  }
  for (std::size_t i = paired; i < removed.size(); ++i) {
    render_value(site, Symbol::Remove, removed[i], lines);
  }
  for (std::size_t i = paired; i < added.size(); ++i) {
    render_value(site, Symbol::Add, added[i], lines);
  }
}

void render_list_difference(const ValueSite& site,
                            const List& before,
                            const List& after,
                            std::vector<Line>& lines) {
  open_bracket(site, Symbol::Change, "[", lines);
  const std::size_t indent = site.indent + 4;
  for (const SequenceEdit& edit : sequence_diff(before, after)) {
    render_hidden(edit.kept, "element", indent, lines);
    const auto slice = [](const List& list, std::size_t begin, std::size_t count) {
      const auto first = list.begin() + static_cast<std::ptrdiff_t>(begin);
      return List(first, first + static_cast<std::ptrdiff_t>(count));
    };
    render_gap(indent,
               slice(before, edit.removed_begin, edit.removed),
               slice(after, edit.added_begin, edit.added),
               lines);
  }
  close_bracket(site, "]", lines);
}

void render_document_difference(const ValueSite& site,
                                const std::string& before,
                                const std::string& after,
                                std::vector<Line>& lines) {
  const auto as_list = [](const std::string& text) {
    List list;
    for (std::string& line : document_lines(text)) {
      list.emplace_back(std::move(line));
    }
    return list;
  };
  const List old_lines = as_list(before);
  const List new_lines = as_list(after);
  const ValueSite inner{site.indent + 4, "", "", "", nullptr};
  open_bracket(site, Symbol::Change, "<<-EOT", lines);
  for (const SequenceEdit& edit : sequence_diff(old_lines, new_lines)) {
    render_hidden(edit.kept, "line", inner.indent, lines);
    for (std::size_t i = 0; i < edit.removed; ++i) {
      append_broken(
          inner, Symbol::Remove, "", *old_lines[edit.removed_begin + i].get<std::string>(), lines);
    }
    for (std::size_t i = 0; i < edit.added; ++i) {
      append_broken(
          inner, Symbol::Add, "", *new_lines[edit.added_begin + i].get<std::string>(), lines);
    }
  }
  close_bracket(site, "EOT", lines);
}

/// `before -> after` of two values that have a one-line form each.
void render_scalar_difference(const ValueSite& site,
                              const Value& before,
                              const Value& after,
                              std::vector<Line>& lines) {
  const bool hidden = is_sensitive(site.attribute, before) && is_sensitive(site.attribute, after);
  const std::string old_text = inline_value(site.attribute, before);
  const std::string new_text = inline_value(site.attribute, after);
  const std::string one = hidden ? old_text : old_text + " -> " + new_text;
  std::size_t width = display_width(site.prefix) + display_width(one + site.suffix);
  width += site.remark.empty() ? 0 : 2 + site.remark.size();
  // A remark that alone breaks the line is no reason to split a short pair of values.
  const bool short_values = display_width(site.prefix) + display_width(one) <= room(site) / 2;
  if (width <= room(site) || hidden || short_values) {
    append_broken(site, Symbol::Change, site.prefix, one, lines);
    return;
  }
  ValueSite first = site;
  first.suffix.clear();
  first.remark.clear();
  append_broken(first, Symbol::Change, site.prefix, old_text, lines);
  const std::size_t offset = std::max<std::size_t>(display_width(site.prefix), 3);
  append_broken(site, Symbol::None, std::string(offset - 3, ' ') + "-> ", new_text, lines);
}

}  // namespace

void render_difference(const ValueSite& site,
                       const Value& before,
                       const Value& after,
                       std::vector<Line>& lines) {
  if (before.is_null() || after.is_null()) {
    const bool added = before.is_null();
    ValueSite alone = site;
    if (!added && !site.prefix.empty()) {
      alone.suffix = " -> null" + site.suffix;
    }
    render_value(alone, added ? Symbol::Add : Symbol::Remove, added ? after : before, lines);
    return;
  }
  const bool open = !is_sensitive(site.attribute, before) && !is_sensitive(site.attribute, after);
  if (open && before.is<Map>() && after.is<Map>()) {
    render_map_difference(site, *before.get<Map>(), *after.get<Map>(), lines);
  } else if (open && before.is<List>() && after.is<List>()) {
    render_list_difference(site, *before.get<List>(), *after.get<List>(), lines);
  } else if (open && before.is<std::string>() && after.is<std::string>() &&
             (is_multi_line(before) || is_multi_line(after))) {
    render_document_difference(site, *before.get<std::string>(), *after.get<std::string>(), lines);
  } else if (has_one_line_form(site.attribute, before) &&
             has_one_line_form(site.attribute, after)) {
    render_scalar_difference(site, before, after, lines);
  } else {
    render_value(site, Symbol::Remove, before, lines);
    render_value(site, Symbol::Add, after, lines);
  }
}

}  // namespace aim::view
