#include "planner/lifecycle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "planner/known_secrets.hpp"
#include "planner/schema.hpp"

namespace aim::planner {

using core::Map;
using core::Path;
using core::Secret;
using core::Value;

namespace {

/// Where a word ends that is written without quotes.
std::size_t word_end(std::string_view text, std::size_t begin) {
  const std::size_t end = text.find_first_of(".[]\"", begin);
  return end == std::string_view::npos ? text.size() : end;
}

/// What stands in brackets from `begin`, which is behind the opening one; `begin` moves behind the
/// closing one.
std::optional<core::PathStep> bracketed(std::string_view text, std::size_t& begin) {
  if (begin < text.size() && text[begin] == '"') {
    std::size_t end = begin + 1;
    while (end < text.size() && text[end] != '"') {
      end += text[end] == '\\' ? 2 : 1;
    }
    if (end + 1 >= text.size() || text[end + 1] != ']') {
      return std::nullopt;
    }
    boost::system::error_code failed;
    const boost::json::value key =
        boost::json::parse(boost::json::string_view(text.data() + begin, end + 1 - begin), failed);
    begin = end + 2;
    return failed ? std::nullopt : std::optional<core::PathStep>(std::string(key.as_string()));
  }
  const std::size_t end = text.find(']', begin);
  std::size_t index = 0;
  if (end == std::string_view::npos || end == begin) {
    return std::nullopt;
  }
  const auto [stop, failed] = std::from_chars(text.data() + begin, text.data() + end, index);
  begin = end + 1;
  return failed == std::errc() && stop == text.data() + end ? std::optional<core::PathStep>(index)
                                                            : std::nullopt;
}

bool starts_with(const Path& path, const Path& start) {
  return path.size() >= start.size() && std::equal(start.begin(), start.end(), path.begin());
}

/// Whether a path of what Docker shows is `start` with the key of a network in it.
bool is_attachment(const Path& path, const Path& start, const NameLookup& names) {
  const std::string* key = start.size() > 1 ? std::get_if<std::string>(&start[1]) : nullptr;
  if (key == nullptr || start.front() != core::PathStep("networks")) {
    return false;
  }
  const core::Result<core::Address> network = local_address(core::Kind::Network, *key);
  Path shown = start;
  if (network) {
    shown[1] = names(*network);
  }
  return starts_with(path, shown);
}

/// Makes the part of `target` at `path` what it is in `source`, where it may be missing.
void copy_at(const Map& source, Map& target, const Path& path, std::size_t depth) {
  const std::string* key = std::get_if<std::string>(&path[depth]);
  if (key == nullptr) {
    return;
  }
  const Value* there = core::find(source, *key);
  const auto here = target.find(*key);
  if (depth + 1 == path.size()) {
    if (there != nullptr) {
      const Value kept = with_known_secrets(*there, here == target.end() ? nullptr : &here->second);
      target.insert_or_assign(*key, kept);
    } else if (here != target.end()) {
      target.erase(here);
    }
    return;
  }
  const Map* inner_source = there ? there->get<Map>() : nullptr;
  Map inner = here != target.end() && here->second.is<Map>() ? *here->second.get<Map>() : Map();
  if (inner_source == nullptr && inner.empty()) {
    return;
  }
  static const Map kNothing;
  copy_at(inner_source ? *inner_source : kNothing, inner, path, depth + 1);
  if (!inner.empty()) {
    target.insert_or_assign(*key, std::move(inner));
  } else if (here != target.end()) {
    target.erase(here);
  }
}

std::vector<Path> ignored_paths(core::Kind kind, const Lifecycle& lifecycle) {
  std::vector<Path> paths = lifecycle.ignore_changes;
  if (lifecycle.ignore_all) {
    for (const Attribute& attribute : attributes(kind)) {
      paths.push_back({std::string(attribute.name)});
    }
  }
  return paths;
}

Value restored(const Value& value,
               const Value* wanted,
               Path& path,
               std::vector<Path>& restored_at) {
  if (const Secret* secret = value.get<Secret>()) {
    if (secret->known() || wanted == nullptr) {
      return value;
    }
    restored_at.push_back(path);
    return *wanted;
  }
  const Map* map = value.get<Map>();
  if (map == nullptr) {
    return value;
  }
  const Map* other = wanted ? wanted->get<Map>() : nullptr;
  Map copy;
  for (const auto& [key, item] : *map) {
    path.emplace_back(key);
    copy.emplace(key, restored(item, other ? core::find(*other, key) : nullptr, path, restored_at));
    path.pop_back();
  }
  return copy;
}

/// Whether something about the object itself changes, and not only what state says of it.
bool is_changed(const ResourceChange& change) {
  switch (change.action) {
    case Action::NoOp:
    case Action::Forget:
    case Action::Delete:
      return false;
    case Action::Create:
      return change.reason == Reason::Missing;
    case Action::Replace:
      return true;
    case Action::Update:
      return std::any_of(change.fields.begin(), change.fields.end(), [](const FieldChange& field) {
        return field.path.front() != core::PathStep("lifecycle");
      });
  }
  return false;
}

bool fires(const std::string& attribute, const ResourceChange& change) {
  if (!is_changed(change)) {
    return false;
  }
  if (attribute.empty()) {
    return true;
  }
  const Value* computed = core::find(change.computed, attribute);
  return (computed && computed->is<core::Unknown>()) ||
         std::any_of(change.fields.begin(), change.fields.end(), [&](const FieldChange& field) {
           return field.path.front() == core::PathStep(attribute);
         });
}

}  // namespace

std::optional<Path> parse_path(std::string_view text) {
  Path path;
  std::size_t at = 0;
  while (at < text.size()) {
    if (text[at] == '[' && !path.empty()) {
      ++at;
      const std::optional<core::PathStep> step = bracketed(text, at);
      if (!step) {
        return std::nullopt;
      }
      path.push_back(*step);
      continue;
    }
    if (!path.empty()) {
      if (text[at] != '.') {
        return std::nullopt;
      }
      ++at;
    }
    const std::size_t end = word_end(text, at);
    if (end == at) {
      return std::nullopt;
    }
    path.emplace_back(std::string(text.substr(at, end - at)));
    at = end;
  }
  return path.empty() ? std::nullopt : std::optional(std::move(path));
}

bool ignores(const Lifecycle& lifecycle, const Path& path, const NameLookup& names) {
  return lifecycle.ignore_all || std::any_of(lifecycle.ignore_changes.begin(),
                                             lifecycle.ignore_changes.end(),
                                             [&](const Path& ignored) {
                                               return starts_with(path, ignored) ||
                                                      is_attachment(path, ignored, names);
                                             });
}

void keep_ignored(core::Kind kind,
                  const Lifecycle& lifecycle,
                  const Map& recorded,
                  Map& attributes,
                  Map& deferred) {
  for (const Path& path : ignored_paths(kind, lifecycle)) {
    copy_at(recorded, attributes, path, 0);
    if (path.size() == 1) {
      deferred.erase(std::get<std::string>(path.front()));
    } else if (deferred.contains(std::get<std::string>(path.front()))) {
      copy_at(recorded, deferred, path, 0);
    }
  }
}

std::vector<Path> restore_secrets(const Map& wanted, Map& attributes) {
  std::vector<Path> paths;
  Path path;
  const Value whole(wanted);
  const Value result = restored(Value(attributes), &whole, path, paths);
  attributes = *result.get<Map>();
  return paths;
}

std::vector<std::string> fired(const std::vector<Trigger>& triggers,
                               const std::map<core::Address, ResourceChange>& changes) {
  std::vector<std::string> texts;
  for (const Trigger& trigger : triggers) {
    const auto change = changes.find(trigger.address);
    if (change != changes.end() && fires(trigger.attribute, change->second)) {
      texts.push_back(trigger.attribute.empty()
                          ? trigger.address.str()
                          : fmt::format("{}.{}", trigger.address.str(), trigger.attribute));
    }
  }
  return texts;
}

std::vector<FieldChange> lifecycle_fields(const DesiredResource& desired,
                                          const core::RecordedResource& record) {
  std::vector<FieldChange> fields;
  const auto compare = [&](const char* name, const Value& before, const Value& after) {
    if (!(before == after)) {
      const Path path{"lifecycle", name};
      fields.push_back({path, before, after, false, core::position_of(desired.positions, path)});
    }
  };
  const auto on_destroy = [](bool retain) { return Value(retain ? "retain" : "delete"); };
  compare("on_destroy", on_destroy(record.retain), on_destroy(desired.lifecycle.retain));
  compare("prevent_destroy", record.prevent_destroy, desired.lifecycle.prevent_destroy);
  return fields;
}

}  // namespace aim::planner
