#include "planner/schema_reference.hpp"

#include <fmt/format.h>

#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::Kind;

namespace {

std::string cell(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|') {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string_view cost_words(OnChange change) {
  switch (change) {
    case OnChange::InPlace:
      return "in place";
    case OnChange::Replace:
      return "replace";
    case OnChange::Record:
      return "aim only";
  }
  return "";
}

std::string type_cell(const Attribute& attribute) {
  if (attribute.name == "for_each") {
    return "list or map";
  }
  if (attribute.name == "ignore_changes") {
    return "list of paths, or `all`";
  }
  if (!attribute.choices.empty()) {
    return fmt::format("`{}`", fmt::join(attribute.choices, "`, `"));
  }
  return std::string(type_words(attribute.type));
}

std::string default_cell(const Attribute& attribute) {
  if (attribute.required) {
    return "required";
  }
  return attribute.default_text.empty() ? "" : fmt::format("`{}`", attribute.default_text);
}

std::string notes(const Attribute& attribute) {
  std::string text;
  if (attribute.sensitive) {
    text += " Sensitive: never shown or stored in clear.";
  }
  if (attribute.replace_when_removed) {
    text += " Removing it needs a new container.";
  }
  if (attribute.least_api != "1.41") {
    text += fmt::format(" Needs Docker API {}.", attribute.least_api);
  }
  return text;
}

std::string table(std::span<const Attribute> members) {
  std::string text =
      "| name | type | default | a change is made | meaning |\n|---|---|---|---|---|\n";
  for (const Attribute& member : members) {
    if (member.refused) {
      continue;
    }
    text += fmt::format("| `{}` | {} | {} | {} | {}{} |\n",
                        member.name,
                        cell(type_cell(member)),
                        cell(default_cell(member)),
                        cost_words(member.on_change),
                        cell(member.description),
                        notes(member));
  }
  return text;
}

/// Sections for the members of objects, each after the table that names it.
std::string member_sections(std::span<const Attribute> attributes, const std::string& prefix) {
  std::string text;
  for (const Attribute& attribute : attributes) {
    const std::string path = prefix + std::string(attribute.name);
    std::span<const Attribute> members = attribute.members;
    std::string heading = fmt::format("`{}`", path);
    if (attribute.type == Type::Mounts) {
      members = mount_members();
      heading = fmt::format("An item of `{}` in its long form", path);
    } else if (attribute.type == Type::Networks) {
      members = attachment_members();
      heading = fmt::format("A value of `{}` as a map", path);
    } else if (attribute.type == Type::Files) {
      members = file_members();
      heading = fmt::format("A value of `{}` as a map", path);
    } else if (attribute.type == Type::Ulimits) {
      heading = fmt::format("A value of `{}` as a map", path);
    } else if (attribute.type == Type::Gpus || attribute.type == Type::GpuRequest) {
      heading = fmt::format("`{}` as a map", path);
    } else if (attribute.type == Type::Objects) {
      heading = fmt::format("An item of `{}`", path);
    }
    if (members.empty()) {
      continue;
    }
    text += fmt::format("\n### {}\n\n{}", heading, table(members));
    text += member_sections(members, path + ".");
  }
  return text;
}

std::string_view introduction(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
      return "A model that is served over HTTP: a container whose arguments aim writes, and which "
             "counts as up once it answers.";
    case Kind::Container:
      return "Any other container: a user interface, a gateway, a database.";
    case Kind::Network:
      return "A network of Docker. Each project has one named `default`, which needs no mention.";
    case Kind::Volume:
      return "A volume of Docker. It survives `aim destroy` unless `--volumes` is given.";
  }
  return "";
}

}  // namespace

std::string_view type_words(Type type) {
  switch (type) {
    case Type::String:
      return "text";
    case Type::Integer:
      return "whole number";
    case Type::Number:
      return "number";
    case Type::Boolean:
      return "true or false";
    case Type::Duration:
      return "duration (`30s`, `5m`, `1h30m`)";
    case Type::Size:
      return "size (`16GiB`, `500MB`, `512m`)";
    case Type::Port:
      return "port (1 to 65535)";
    case Type::PortRequest:
      return "port (1 to 65535), or `auto`";
    case Type::Strings:
      return "list of texts";
    case Type::StringMap:
      return "map of texts";
    case Type::Arguments:
      return "map of flags";
    case Type::Image:
      return "image reference";
    case Type::RestartPolicy:
      return "restart policy";
    case Type::Ports:
      return "list of ports";
    case Type::Mounts:
      return "list of mounts";
    case Type::Networks:
      return "list or map of networks";
    case Type::Files:
      return "map of files";
    case Type::Ulimits:
      return "map of limits";
    case Type::Gpus:
      return "count, `all` or map";
    case Type::GpuRequest:
      return "count, `auto` or map";
    case Type::Objects:
      return "list of maps";
    case Type::Object:
      return "map";
  }
  return "";
}

std::string reference_markdown(Kind kind) {
  const std::string_view name = core::to_string(kind);
  std::string text = fmt::format("# {}\n\n{}\n", name, introduction(kind));
  text += fmt::format(
      "\nWritten under `{}:`, by name. *in place*: Docker changes it while the container runs; "
      "*replace*: only a new object can have it; *aim only*: Docker is not called.\n",
      core::section_name(kind));
  text += fmt::format("\n## Attributes\n\n{}", table(attributes(kind)));
  text += member_sections(attributes(kind), "");
  text += fmt::format("\n## What every {} takes\n\n{}", name, table(common_attributes(kind)));
  text += member_sections(common_attributes(kind), "");
  text += fmt::format(
      "\n## What others may refer to\n\nAs `${{{}.NAME.ATTRIBUTE}}`: every attribute above, and\n\n"
      "| name | known before apply | meaning |\n|---|---|---|\n",
      name);
  for (const ComputedAttribute& computed : computed_attributes(kind)) {
    text += fmt::format("| `{}` | {} | {} |\n",
                        computed.name,
                        computed.known_before_apply ? "yes" : "no",
                        cell(computed.description));
  }
  return text;
}

}  // namespace aim::planner
