#include <fmt/format.h>

#include <boost/json.hpp>

#include "planner/schema_normalise.hpp"
#include "planner/schema_tables.hpp"

namespace aim::planner {

namespace json = boost::json;
using core::Kind;

namespace {

constexpr std::string_view kInterpolation = R"(\$\{)";
constexpr std::string_view kResourceName = "^[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}$";

json::object reference_to(std::string_view definition) {
  return {{"$ref", fmt::format("#/$defs/{}", definition)}};
}

json::object pattern(std::string_view expression) {
  return {{"type", "string"}, {"pattern", expression}};
}

/// Any of the forms, a text with `${...}` that becomes one of them, or null for "not set".
json::object any_of(std::initializer_list<json::value> forms) {
  json::array all;
  for (const json::value& form : forms) {
    all.push_back(form);
  }
  all.emplace_back(reference_to("interpolated"));
  all.emplace_back(json::object{{"type", "null"}});
  return {{"anyOf", std::move(all)}};
}

json::object text() { return {{"type", {"string", "number", "boolean"}}}; }

json::object list_of(json::object item) { return {{"type", "array"}, {"items", std::move(item)}}; }

json::object map_of(json::object item) {
  return {{"type", "object"}, {"additionalProperties", std::move(item)}};
}

json::object limit() {
  return {{"anyOf",
           {json::object{{"type", "integer"}, {"minimum", -1}},
            json::object{{"const", "unlimited"}},
            pattern("^-?[0-9]+$")}}};
}

json::object definition_of_type(Type type) {
  switch (type) {
    case Type::String:
    case Type::Image:
      return {{"type", {"string", "number", "null"}}};
    case Type::Integer:
      return any_of({json::object{{"type", "integer"}}, pattern("^-?[0-9]+$")});
    case Type::Number:
      return any_of({json::object{{"type", "number"}}, pattern(R"(^-?[0-9]+(\.[0-9]+)?$)")});
    case Type::Boolean:
      return any_of({json::object{{"type", "boolean"}}, json::object{{"enum", {"true", "false"}}}});
    case Type::Duration:
      return any_of({json::object{{"const", 0}},
                     pattern(R"(^(0|(?=[0-9])([0-9]+(\.[0-9]{1,3})?h)?([0-9]+(\.[0-9]{1,3})?m)?)"
                             R"(([0-9]+(\.[0-9]{1,3})?s)?([0-9]+(\.[0-9]{1,3})?ms)?)$)")});
    case Type::Size:
      return any_of({json::object{{"type", "integer"}, {"minimum", -1}},
                     pattern(R"(^(-1|[0-9]+(\.[0-9]{1,3})? *([bB]|[kKmMgGtTpP]([iI][bB])?|)"
                             R"([kKMGTP]B)?)$)")});
    case Type::Port:
      return any_of({json::object{{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}},
                     pattern("^[0-9]{1,5}$")});
    case Type::PortRequest:
      return any_of({json::object{{"type", "integer"}, {"minimum", 1}, {"maximum", 65535}},
                     json::object{{"const", "auto"}},
                     pattern("^[0-9]{1,5}$")});
    case Type::Strings:
      return any_of({list_of(text())});
    case Type::StringMap:
      return any_of({map_of({{"type", {"string", "number", "boolean", "null"}}})});
    case Type::Arguments:
      return any_of({json::object{{"type", "object"},
                                  {"propertyNames", pattern("^-")},
                                  {"additionalProperties", {{"not", {{"type", "null"}}}}}}});
    case Type::RestartPolicy:
      return any_of({json::object{{"enum", {"no", "always", "unless-stopped", "on-failure"}}},
                     pattern("^on-failure:[0-9]+$")});
    case Type::Ports:
      return any_of({list_of(any_of(
          {pattern(R"(^(\[[0-9a-fA-F:.]+\]:|[0-9.]+:)?[0-9]+:[0-9]+(/(tcp|udp|sctp))?$)")}))});
    case Type::Mounts:
      return any_of({list_of(any_of({pattern(R"re(^([^:\[]+|[^\[]+\[".*"\]):/[^:]+(:(ro|rw))?$)re"),
                                     reference_to("mount")}))});
    case Type::Networks:
      return any_of({list_of({{"type", "string"}}), map_of(any_of({reference_to("attachment")}))});
    case Type::Files:
      return any_of({map_of(any_of({text(), reference_to("file")}))});
    case Type::Ulimits: {
      json::object both = map_of(limit());
      both["required"] = json::array{"soft", "hard"};
      return any_of({map_of(any_of({limit(), std::move(both)}))});
    }
    case Type::Gpus:
    case Type::GpuRequest:
    case Type::Objects:
    case Type::Object:
      break;
  }
  return {};
}

struct NamedType {
  Type type;
  std::string_view name;
};

constexpr NamedType kNamedTypes[] = {{Type::String, "text"},
                                     {Type::Integer, "integer"},
                                     {Type::Number, "number"},
                                     {Type::Boolean, "boolean"},
                                     {Type::Duration, "duration"},
                                     {Type::Size, "size"},
                                     {Type::Port, "port"},
                                     {Type::PortRequest, "portRequest"},
                                     {Type::Strings, "strings"},
                                     {Type::StringMap, "stringMap"},
                                     {Type::Arguments, "arguments"},
                                     {Type::Image, "image"},
                                     {Type::RestartPolicy, "restartPolicy"},
                                     {Type::Ports, "ports"},
                                     {Type::Mounts, "mounts"},
                                     {Type::Networks, "networks"},
                                     {Type::Files, "files"},
                                     {Type::Ulimits, "ulimits"}};

std::string_view definition_name(Type type) {
  for (const NamedType& named : kNamedTypes) {
    if (named.type == type) {
      return named.name;
    }
  }
  return "";
}

json::object object_of(std::span<const Attribute> members);

constexpr std::string_view kAddress =
    R"re(^(endpoint|container|network|volume)\.[a-zA-Z0-9][a-zA-Z0-9_-]{0,62}(\[".*"\])?$)re";

/// What the types of the table have no word for.
std::optional<json::object> form_of_its_own(std::string_view name) {
  if (name == "for_each") {
    return json::object{{"anyOf",
                         {json::object{{"type", "array"},
                                       {"uniqueItems", true},
                                       {"items", {{"type", {"string", "number", "boolean"}}}}},
                          json::object{{"type", "object"}},
                          reference_to("interpolated")}}};
  }
  if (name == "ignore_changes") {
    return json::object{{"anyOf",
                         {json::object{{"const", "all"}},
                          list_of({{"type", "string"}}),
                          reference_to("interpolated")}}};
  }
  if (name == "depends_on") {
    return any_of({list_of({{"anyOf", {pattern(kAddress), reference_to("interpolated")}}})});
  }
  return std::nullopt;
}

json::object form_of(const Attribute& attribute) {
  if (std::optional<json::object> own = form_of_its_own(attribute.name)) {
    return std::move(*own);
  }
  if (attribute.type == Type::Object) {
    return any_of({object_of(attribute.members)});
  }
  if (attribute.type == Type::Objects) {
    return any_of({list_of(any_of({object_of(attribute.members)}))});
  }
  if (attribute.type == Type::Gpus) {
    return any_of({json::object{{"type", "integer"}, {"minimum", 1}},
                   pattern("^(all|[0-9]+)$"),
                   object_of(attribute.members)});
  }
  if (attribute.type == Type::GpuRequest) {
    return any_of({json::object{{"type", "integer"}, {"minimum", 0}, {"maximum", 16}},
                   pattern("^(auto|[0-9]+)$"),
                   object_of(attribute.members)});
  }
  if (attribute.format == Format::HealthTest) {
    return any_of({json::object{{"type", "string"}}, list_of(text())});
  }
  if (!attribute.choices.empty()) {
    json::array choices;
    for (const std::string_view choice : attribute.choices) {
      choices.emplace_back(choice);
    }
    return any_of({json::object{{"enum", std::move(choices)}}});
  }
  if (attribute.one_alone) {
    return any_of({reference_to(definition_name(attribute.type)), text()});
  }
  return reference_to(definition_name(attribute.type));
}

json::object property(const Attribute& attribute) {
  json::object schema = form_of(attribute);
  schema["description"] =
      fmt::format("{}{}", attribute.required ? "Required. " : "", attribute.description);
  if (!attribute.default_text.empty()) {
    schema["default"] = core::to_json(default_value(attribute));
  }
  if (attribute.type == Type::Integer && attribute.minimum && attribute.maximum) {
    schema["minimum"] = static_cast<std::int64_t>(*attribute.minimum);
    schema["maximum"] = static_cast<std::int64_t>(*attribute.maximum);
  }
  if (attribute.format == Format::LabelKeys) {
    schema["propertyNames"] = {{"not", pattern(R"(^dev\.aim\.)")}};
  }
  if (attribute.format == Format::EnvironmentKeys) {
    schema["propertyNames"] = pattern("^[^=]+$");
  }
  return schema;
}

void add_properties(std::span<const Attribute> members, json::object& properties) {
  for (const Attribute& member : members) {
    if (!member.refused) {
      properties[member.name] = property(member);
    }
  }
}

json::object closed_object(json::object properties) {
  return {{"type", "object"},
          {"properties", std::move(properties)},
          {"patternProperties", {{"^x-", true}}},
          {"additionalProperties", false}};
}

json::object object_of(std::span<const Attribute> members) {
  json::object properties;
  add_properties(members, properties);
  json::object schema = closed_object(std::move(properties));
  json::array required;
  for (const Attribute& member : members) {
    if (member.required) {
      required.emplace_back(member.name);
    }
  }
  if (!required.empty()) {
    schema["required"] = std::move(required);
  }
  return schema;
}

/// Nothing is required here: `defaults` and `backends` may fill in what is not written.
json::object resource(Kind kind) {
  json::object properties;
  add_properties(attributes(kind), properties);
  add_properties(common_attributes(kind), properties);
  return closed_object(std::move(properties));
}

json::object resources(Kind kind) {
  json::object schema = map_of(any_of({reference_to(core::to_string(kind))}));
  schema["propertyNames"] = pattern(kResourceName);
  return schema;
}

json::object definitions() {
  json::object result;
  result["interpolated"] = pattern(kInterpolation);
  for (const NamedType& named : kNamedTypes) {
    result[named.name] = definition_of_type(named.type);
  }
  result["mount"] = object_of(mount_members());
  result["attachment"] = object_of(attachment_members());
  result["file"] = object_of(file_members());
  for (const Kind kind : core::kAllKinds) {
    result[core::to_string(kind)] = resource(kind);
  }
  return result;
}

json::object described(std::string_view description, json::object schema) {
  schema["description"] = description;
  return schema;
}

json::object variable() {
  json::object properties{
      {"type", {{"enum", {"string", "integer", "number", "boolean", "list", "map"}}}},
      {"default", described("Its value when nothing else sets it.", {})},
      {"description", {{"type", "string"}}},
      {"sensitive", described("Never shown, nor stored in clear.", {{"type", "boolean"}})},
      {"minimum", {{"type", "number"}}},
      {"maximum", {{"type", "number"}}},
      {"choices", described("The values that it may have.", {{"type", "array"}})},
      {"pattern", described("A regular expression that a text must match.", {{"type", "string"}})}};
  json::object schema = closed_object(std::move(properties));
  schema["type"] = json::array{"object", "null"};
  return schema;
}

json::object output() {
  json::object members{{"value", json::object()},
                       {"sensitive", {{"type", "boolean"}}},
                       {"description", {{"type", "string"}}}};
  json::object long_form = closed_object(std::move(members));
  long_form["required"] = json::array{"value"};
  return {{"anyOf", {text(), json::object{{"type", "array"}}, std::move(long_form)}}};
}

json::object address() { return pattern(kAddress); }

json::object entry_of(json::object members, std::initializer_list<std::string_view> required) {
  json::object schema = closed_object(std::move(members));
  json::array names;
  for (const std::string_view name : required) {
    names.emplace_back(name);
  }
  schema["required"] = std::move(names);
  return schema;
}

/// Sections that say how what is deployed becomes what is written.
void add_transitions(json::object& properties) {
  properties["moved"] =
      described("Resources that have another address now. Their objects on Docker are kept.",
                {{"type", {"array", "null"}},
                 {"items", entry_of({{"from", address()}, {"to", address()}}, {"from", "to"})}});
  properties["removed"] = described(
      "Resources that are gone from here, and whether their objects go as well.",
      {{"type", {"array", "null"}},
       {"items", entry_of({{"from", address()}, {"destroy", {{"type", "boolean"}}}}, {"from"})}});
}

json::object defaults() {
  json::object kinds;
  for (const Kind kind : core::kAllKinds) {
    kinds[core::to_string(kind)] = any_of({reference_to(core::to_string(kind))});
  }
  return closed_object(std::move(kinds));
}

json::object backends() {
  json::object names;
  for (const std::string_view backend : find_attribute(Kind::Endpoint, "backend")->choices) {
    names[backend] = any_of({closed_object({{"image", reference_to("image")}})});
  }
  return closed_object(std::move(names));
}

json::object sections() {
  json::object properties;
  properties["version"] = described("Version of this format.", {{"const", 1}});
  properties["project"] =
      described("Identity of this configuration on Docker, with the workspace.",
                {{"anyOf", {pattern("^[a-z0-9][a-z0-9-]{0,39}$"), reference_to("interpolated")}}});
  properties["hosts"] = described(
      "Where Docker is.",
      closed_object({{"local", any_of({closed_object({{"docker", reference_to("text")}})})}}));
  properties["variables"] =
      described("What may be set from outside, as ${var.NAME}.", map_of(variable()));
  properties["backends"] = described("What the endpoints of a backend have in common.", backends());
  properties["defaults"] = described(
      "What the resources of a kind have in common: maps merge by key, lists replace.", defaults());
  for (const Kind kind : core::kAllKinds) {
    properties[core::section_name(kind)] = resources(kind);
  }
  add_transitions(properties);
  properties["outputs"] = described("Values for people and programs.", map_of(output()));
  properties["on_failure"] =
      described("What becomes of the rest of an apply when a part of it fails.",
                any_of({json::object{{"enum", {"rollback", "keep"}}}}));
  properties["state"] =
      described("Where aim keeps what it did.", closed_object({{"path", reference_to("text")}}));
  return properties;
}

}  // namespace

json::value json_schema() {
  json::object schema{{"$schema", "https://json-schema.org/draft/2020-12/schema"},
                      {"title", "aim.yaml"}};
  for (auto& [key, value] : closed_object(sections())) {
    schema.emplace(key, value);
  }
  schema["$defs"] = definitions();
  return schema;
}

}  // namespace aim::planner
