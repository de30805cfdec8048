#include <fmt/format.h>

#include <algorithm>

#include "planner/configuration.hpp"
#include "planner/schema_format.hpp"
#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

/// `${volume.data.name}` where the key `data` is meant: the key of the volume, else nothing.
const std::string* referred_volume(const Value& value) {
  const core::Template* text = value.get<core::Template>();
  const core::Reference* reference =
      text && !text->parts.empty() ? std::get_if<core::Reference>(&text->parts.front()) : nullptr;
  const bool is_name =
      reference && reference->address.kind == core::Kind::Volume && reference->attribute == "name";
  return is_name ? &reference->address.name : nullptr;
}

bool refuse_reference(const Value& value, const Site& site) {
  const std::string* key = referred_volume(value);
  if (key != nullptr) {
    site.error(
        "Reference is not possible here",
        fmt::format("A volume is mounted by its key in this configuration: write `{}` instead "
                    "of a reference to its name.",
                    *key));
  }
  return key != nullptr;
}

/// "source:/path[:ro]" as the long form, or nothing after a diagnostic.
std::optional<Map> from_short_form(const std::string& text, const Site& site) {
  const auto bad = [&](std::string_view why) {
    site.error("Invalid mount", fmt::format("`{}` is {}. {}", site.name(), shown(text), why));
    return std::nullopt;
  };
  std::vector<std::string> parts;
  // The key of an instance, `data["eu:1"]`, may hold colons.
  std::size_t begin = 0;
  const std::size_t key_end = text.find("[\"") < text.find(':') ? text.find("\"]") : 0;
  for (std::size_t colon = text.find(':', key_end); colon != std::string::npos;
       colon = text.find(':', begin)) {
    parts.push_back(text.substr(begin, colon - begin));
    begin = colon + 1;
  }
  parts.push_back(text.substr(begin));
  if (parts.size() == 1) {
    return bad(
        "Say what is mounted: VOLUME:/path, or /on/the/host:/path. A volume without a name would "
        "be "
        "lost with its container.");
  }
  if (parts.size() > 3) {
    return bad(
        "It has too many colons: write SOURCE:TARGET or SOURCE:TARGET:ro, or the long form.");
  }
  Map mount{{"source", parts[0]}, {"target", parts[1]}};
  if (parts.size() == 3) {
    if (parts[2] != "ro" && parts[2] != "rw") {
      return bad(fmt::format("The only options are ro and rw, not {}.", shown(parts[2])));
    }
    mount.emplace("read_only", parts[2] == "ro");
  }
  return mount;
}

bool check_bind_source(Map& mount, const std::string& source, const Site& site) {
  if (source.starts_with('/')) {
    mount.insert_or_assign("source", clean_path(source));
    return true;
  }
  site.error(
      "Invalid mount",
      fmt::format("`{}` has the source {}, which is not an absolute path. {}",
                  site.name(),
                  shown(source),
                  source.starts_with('~')
                      ? "Docker knows no home folders: write the whole path."
                      : "Docker does not know where aim was started: write the whole path."));
  return false;
}

bool check_volume_source(const std::string& source, const Site& site) {
  if (source.find("[\"") != std::string::npos && local_address(core::Kind::Volume, source)) {
    return true;
  }
  if (source.find('/') == std::string::npos && source.find('~') == std::string::npos &&
      !source.starts_with('.') && !source.empty()) {
    return true;
  }
  if (source.starts_with('~')) {
    site.error("Invalid mount",
               fmt::format("`{}` has the source {}. Docker knows no home folders: write the whole "
                           "path, or a key of `volumes`.",
                           site.name(),
                           shown(source)));
    return false;
  }
  site.error(
      "Invalid mount",
      fmt::format("`{}` has the source {}, which is neither a key of `volumes` nor an absolute "
                  "path.",
                  site.name(),
                  shown(source)));
  return false;
}

bool check_tmpfs(Map& mount, const Site& site) {
  if (core::find(mount, "source") != nullptr) {
    site.error("Invalid mount",
               fmt::format("`{}` is a tmpfs, which has no source. Remove `source`.", site.name()));
    return false;
  }
  if (core::boolean_at(mount, "read_only") == true) {
    site.error(
        "Invalid mount",
        fmt::format("`{}` is a tmpfs, which is empty at the start: read_only makes no sense. "
                    "Remove it.",
                    site.name()));
    return false;
  }
  mount.erase("read_only");
  return true;
}

struct MemberOfType {
  std::string_view name;
  std::string_view type;
  std::string_view who;
};

constexpr MemberOfType kMembersOfTypes[] = {{"propagation", "bind", "a bind mount"},
                                            {"recursive", "bind", "a bind mount"},
                                            {"create_source", "bind", "a bind mount"},
                                            {"nocopy", "volume", "a volume"},
                                            {"subpath", "volume", "a volume"},
                                            {"size", "tmpfs", "a tmpfs"},
                                            {"mode", "tmpfs", "a tmpfs"}};

/// Docker refuses what belongs to another type, or passes over it.
bool check_members_of_type(const Map& mount, const std::string& type, const Site& site) {
  bool good = true;
  for (const MemberOfType& member : kMembersOfTypes) {
    if (member.type != type && core::find(mount, member.name) != nullptr) {
      site.error(
          "Invalid mount",
          fmt::format(
              "`{}` has `{}`, which only {} can have.", site.name(), member.name, member.who));
      good = false;
    }
  }
  return good;
}

/// A path that leaves the volume is refused by Docker when the container starts.
bool check_subpath(const Map& mount, const Site& site) {
  const std::optional<std::string> path = core::string_at(mount, "subpath");
  const std::string whole = path ? "/" + *path + "/" : std::string();
  if (!path || (!path->starts_with('/') && whole.find("/../") == std::string::npos)) {
    return true;
  }
  site.error("Invalid mount",
             fmt::format("`{}` has the subpath {}, which must be relative and stay inside the "
                         "volume.",
                         site.name(),
                         shown(*path)));
  return false;
}

/// What Docker does anyway need not be said.
void drop_defaults(Map& mount) {
  for (const auto& [name, value] :
       {std::pair{"recursive", true}, {"create_source", false}, {"nocopy", false}}) {
    if (core::boolean_at(mount, name) == value) {
      mount.erase(name);
    }
  }
}

/// What the members must fulfil together. Values that are not known yet are not looked at.
bool check_mount(Map& mount, const Site& site) {
  if (core::string_at(mount, "target") == "/") {
    site.error("Invalid mount",
               fmt::format("`{}` would cover the whole container: its target is /. "
                           "Mount something below it.",
                           site.name()));
    return false;
  }
  const Value* source = core::find(mount, "source");
  const std::string* source_text = source ? source->get<std::string>() : nullptr;
  const Value* given_type = core::find(mount, "type");
  if (given_type && !given_type->is<std::string>()) {
    return true;
  }
  if (given_type == nullptr) {
    if (source_text == nullptr) {
      site.error("Missing attribute",
                 fmt::format("`type` is required in `{}`: volume, bind or tmpfs.", site.name()));
      return false;
    }
    mount.emplace("type", source_text->starts_with('/') ? "bind" : "volume");
  }
  const std::string type = core::string_at(mount, "type").value_or("");
  if (!check_members_of_type(mount, type, site) || !check_subpath(mount, site)) {
    return false;
  }
  drop_defaults(mount);
  if (type == "tmpfs") {
    return check_tmpfs(mount, site);
  }
  if (source == nullptr) {
    site.error(
        "Missing attribute",
        fmt::format("`source` is required in `{}`: {}",
                    site.name(),
                    type == "bind" ? "an absolute path on Docker's host." : "a key of `volumes`."));
    return false;
  }
  if (type == "volume") {
    return source_text ? check_volume_source(*source_text, site) : !refuse_reference(*source, site);
  }
  return source_text == nullptr || check_bind_source(mount, *source_text, site);
}

std::optional<Value> normalise_mount(const Value& item, const Site& site) {
  if (passes_unchecked(item)) {
    return refuse_reference(item, site) ? std::nullopt : std::optional(item);
  }
  Value long_form = item;
  if (const std::string* text = item.get<std::string>()) {
    std::optional<Map> members = from_short_form(*text, site);
    if (!members) {
      return std::nullopt;
    }
    if (core::string_at(*members, "source") == "") {
      // The long form would speak of an empty text that nobody wrote.
      static_cast<void>(check_volume_source("", site));
      return std::nullopt;
    }
    long_form = Value(std::move(*members));
  } else if (!item.is<Map>()) {
    refuse(site, "SOURCE:TARGET[:ro] or a map", item);
    return std::nullopt;
  }
  std::optional<Value> mount = normalise_object(mount_members(), long_form, site);
  if (!mount || !check_mount(*mount->get<Map>(), site)) {
    return std::nullopt;
  }
  return mount;
}

std::optional<std::string> target_of(const Value& mount) {
  const Map* members = mount.get<Map>();
  return members ? core::string_at(*members, "target") : std::nullopt;
}

}  // namespace

std::optional<Value> normalise_mounts(const Value& value, const Site& site) {
  const List* items = value.get<List>();
  if (items == nullptr) {
    refuse(site, "a list of mounts", value);
    return std::nullopt;
  }
  List mounts;
  std::map<std::string, std::size_t> targets;
  bool good = true;
  for (std::size_t i = 0; i < items->size(); ++i) {
    std::optional<Value> mount = normalise_mount((*items)[i], site.at(i));
    if (!mount) {
      good = false;
      continue;
    }
    if (const std::optional<std::string> target = target_of(*mount)) {
      const auto [first, is_new] = targets.emplace(*target, i);
      if (!is_new) {
        site.at(i).error("Target mounted twice",
                         fmt::format("`{}` is mounted at {}, where `{}` is mounted already.",
                                     site.at(i).name(),
                                     shown(*target),
                                     site.at(first->second).name()));
        good = false;
      }
    }
    mounts.push_back(std::move(*mount));
  }
  if (!good) {
    return std::nullopt;
  }
  std::stable_sort(mounts.begin(), mounts.end(), [](const Value& a, const Value& b) {
    const std::optional<std::string> left = target_of(a);
    const std::optional<std::string> right = target_of(b);
    return left && (!right || *left < *right);
  });
  return Value(std::move(mounts));
}

}  // namespace aim::planner
