#include "planner/state_file.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "planner/json_members.hpp"

namespace aim::planner {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;
using core::RecordedResource;
using core::Result;
using core::StateSnapshot;

namespace {

constexpr std::string_view kFormat = "aim state";
constexpr std::int64_t kFormatVersion = 1;
constexpr std::size_t kMostDepth = 160;

json::object encode(const RecordedResource& resource) {
  json::array dependencies;
  for (const core::Address& address : resource.dependencies) {
    dependencies.emplace_back(address.str());
  }
  return {{"address", resource.address.str()},
          {"docker_name", resource.docker_name},
          {"docker_id", resource.docker_id},
          {"generation", resource.generation},
          {"attributes", core::to_json(resource.attributes)},
          {"computed", core::to_json(resource.computed)},
          {"baseline", core::to_json(resource.baseline)},
          {"baseline_api", resource.baseline_api},
          {"dependencies", std::move(dependencies)},
          {"prevent_destroy", resource.prevent_destroy},
          {"retain", resource.retain},
          {"external", resource.external},
          {"held", resource.held},
          {"salt", resource.salt},
          {"created_run", resource.created_run},
          {"start_millis", resource.start_millis}};
}

RecordedResource decode(const JsonMembers& members) {
  RecordedResource resource;
  resource.address = members.address("address");
  resource.docker_name = members.text("docker_name");
  resource.docker_id = members.text("docker_id");
  resource.generation = members.integer("generation");
  resource.attributes = members.map("attributes");
  resource.computed = members.map("computed");
  resource.baseline = members.map("baseline");
  resource.baseline_api = members.text("baseline_api");
  resource.dependencies = members.addresses("dependencies");
  resource.prevent_destroy = members.boolean("prevent_destroy");
  resource.retain = members.boolean("retain");
  resource.external = members.boolean("external");
  resource.held = members.find("held") != nullptr && members.boolean("held");
  resource.salt = members.text("salt");
  resource.created_run = members.text("created_run");
  resource.start_millis = members.integer("start_millis");
  return resource;
}

/// JSON that people can read and compare line by line.
void print(const json::value& value, std::size_t indent, std::string& out) {
  const std::string margin(indent + 2, ' ');
  if (const json::object* object = value.if_object(); object && !object->empty()) {
    std::string_view before = "{\n";
    for (const auto& [key, member] : *object) {
      out += before;
      out += margin + json::serialize(json::string(key)) + ": ";
      print(member, indent + 2, out);
      before = ",\n";
    }
    out += "\n" + std::string(indent, ' ') + "}";
  } else if (const json::array* array = value.if_array(); array && !array->empty()) {
    std::string_view before = "[\n";
    for (const json::value& element : *array) {
      out += before;
      out += margin;
      print(element, indent + 2, out);
      before = ",\n";
    }
    out += "\n" + std::string(indent, ' ') + "]";
  } else {
    out += json::serialize(value);
  }
}

}  // namespace

std::string format_state_file(const StateSnapshot& state) {
  json::array resources;
  for (const auto& [address, resource] : state.resources) {
    resources.emplace_back(encode(resource));
  }
  json::object outputs;
  for (const auto& [name, output] : state.outputs) {
    outputs.emplace(
        name,
        json::object{{"value", core::to_json(output.value)}, {"sensitive", output.sensitive}});
  }
  const json::value document = json::object{{"format", kFormat},
                                            {"format_version", kFormatVersion},
                                            {"lineage", state.lineage},
                                            {"serial", state.serial},
                                            {"project", state.project},
                                            {"workspace", state.workspace},
                                            {"resources", std::move(resources)},
                                            {"outputs", std::move(outputs)}};
  std::string text;
  print(document, 0, text);
  return text + "\n";
}

Result<StateSnapshot> parse_state_file(std::string_view text) {
  json::parse_options options;
  options.max_depth = kMostDepth;
  boost::system::error_code failed;
  const json::value document = json::parse(text, failed, {}, options);
  const json::object* object = failed ? nullptr : document.if_object();
  const json::value* format = object ? object->if_contains("format") : nullptr;
  if (format == nullptr || !format->is_string() || format->get_string() != kFormat) {
    return make_error(ErrorCode::Invalid, "this is no state that `aim state export` wrote");
  }
  Fault fault;
  const JsonMembers members(&document, "", fault);
  if (const std::int64_t version = members.integer("format_version"); version > kFormatVersion) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("the state has format version {}, which is of a newer aim; this "
                                  "one reads up to {}",
                                  version,
                                  kFormatVersion));
  }
  StateSnapshot state;
  state.lineage = members.text("lineage");
  state.serial = members.integer("serial");
  state.project = members.text("project");
  state.workspace = members.text("workspace");
  members.for_each("resources", [&](const json::value& item, const std::string& place) {
    RecordedResource resource = decode(JsonMembers(&item, place, fault));
    const core::Address address = resource.address;
    if (!state.resources.emplace(address, std::move(resource)).second) {
      fault.set(fmt::format("{} is there twice", address.str()));
    }
  });
  members.for_each_member(
      "outputs", [&](const std::string& name, const json::value& item, const std::string& place) {
        const JsonMembers output(&item, place, fault);
        state.outputs.emplace(
            name, core::RecordedOutput{output.value("value"), output.boolean("sensitive")});
      });
  if (fault.what()) {
    return make_error(ErrorCode::Protocol, "the state is damaged: " + *fault.what());
  }
  if (state.lineage.empty()) {
    return make_error(ErrorCode::Protocol, "the state is damaged: it has no lineage");
  }
  return state;
}

}  // namespace aim::planner
