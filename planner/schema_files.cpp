#include <fmt/format.h>

#include "planner/schema_format.hpp"
#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::Map;
using core::Value;

namespace {

using enum Type;
using enum OnChange;

// Seven octal digits of a tar archive.
constexpr double kLargestId = 2'097'151;

constexpr Attribute kFileMembers[] = {
    {.name = "content",
     .type = String,
     .on_change = InPlace,
     .description = "What is in it, as it is: no line break is added.",
     .required = true,
     .format = Format::Content},
    {.name = "mode",
     .type = String,
     .on_change = InPlace,
     .description = "Its permissions in octal digits. Left out: 0644.",
     .format = Format::FilePermissions},
    {.name = "uid",
     .type = Integer,
     .on_change = InPlace,
     .description = "Number of the user that it belongs to. Left out: 0, which is root.",
     .minimum = 0,
     .maximum = kLargestId},
    {.name = "gid",
     .type = Integer,
     .on_change = InPlace,
     .description = "Number of the group that it belongs to. Left out: 0.",
     .minimum = 0,
     .maximum = kLargestId}};

/// The long form of one file, or nothing after a diagnostic.
std::optional<Value> normalise_file(const Value& file, const Site& site) {
  const bool long_form = file.is<Map>();
  if (file.is<core::List>() || file.is_null()) {
    refuse(site, "text or a map with `content`", file);
    return std::nullopt;
  }
  return normalise_object(kFileMembers, long_form ? file : Value(Map{{"content", file}}), site);
}

std::optional<std::string> checked_path(const std::string& path, const Site& site) {
  if (!path.starts_with('/') || path.ends_with('/') || path.find('\0') != std::string::npos) {
    site.error("Invalid path",
               fmt::format("{} in `files` is no path of a file: write an absolute path inside the "
                           "container that does not end with a slash.",
                           shown(path)));
    return std::nullopt;
  }
  std::string clean = clean_path(path);
  for (const std::string_view hidden : {"/dev", "/proc", "/sys"}) {
    if (clean == hidden || clean.starts_with(std::string(hidden) + "/")) {
      site.error("Invalid path",
                 fmt::format("{} in `files` lies below {}, which Docker mounts anew at each start: "
                             "the container could not see the file.",
                             shown(path),
                             hidden));
      return std::nullopt;
    }
  }
  return clean;
}

}  // namespace

std::span<const Attribute> file_members() { return kFileMembers; }

std::optional<Value> normalise_files(const Value& value, const Site& site) {
  const Map* files = value.get<Map>();
  if (files == nullptr) {
    refuse(site, "a map of paths to contents", value);
    return std::nullopt;
  }
  Map result;
  bool good = true;
  for (const auto& [path, file] : *files) {
    const Site place = site.at(path);
    const std::optional<std::string> clean = checked_path(path, place);
    std::optional<Value> canonical = normalise_file(file, place);
    if (!clean || !canonical) {
      good = false;
      continue;
    }
    if (!result.emplace(*clean, std::move(*canonical)).second) {
      place.error("File named twice",
                  fmt::format("`files` has {} twice, written differently.", shown(*clean)));
      good = false;
    }
  }
  return good ? std::optional(Value(std::move(result))) : std::nullopt;
}

}  // namespace aim::planner
