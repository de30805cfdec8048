#include "planner/configuration_settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "planner/schema.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Diagnostics;
using core::MapEntry;
using core::Node;
using core::Value;

namespace {

constexpr std::string_view kOnlyHost = "local";

/// The text of a setting; nothing after an error.
std::optional<std::string> text_of(const Node& node,
                                   std::string_view name,
                                   const ConfigurationInput& input,
                                   InterpolationScope scope,
                                   Diagnostics& diagnostics) {
  scope.where = fmt::format("in {}", name);
  Interpolator interpolator(input, scope, diagnostics);
  const Value value = interpolator.value_of(node);
  if (is_broken(value)) {
    return std::nullopt;
  }
  const std::string* text = value.get<std::string>();
  if (text != nullptr && !text->empty()) {
    return *text;
  }
  diagnostics.error(
      "Wrong type",
      fmt::format(
          "{} must be text, but it is {}.", name, text != nullptr ? "empty" : describe(value)),
      node.range);
  return std::nullopt;
}

class OutputReader {
 public:
  OutputReader(const ConfigurationInput& input,
               const InterpolationScope& scope,
               Diagnostics& diagnostics)
      : input_(input), scope_(scope), diagnostics_(diagnostics) {}

  std::optional<DesiredOutput> read(const SectionEntry& entry) {
    name_ = fmt::format("`outputs.{}`", entry.name);
    DesiredOutput output;
    output.range = entry.key_range;
    const Node* value = entry.node;
    if (const Node::Entries* entries = entry.node->entries()) {
      value = nullptr;
      for (const MapEntry& member : *entries) {
        value = member.key == "value" ? &member.value : value;
        read_member(member, output);
      }
    }
    if (value == nullptr) {
      diagnostics_.error("Missing key",
                         fmt::format("{} has no `value`. An output is a value, or a map of value, "
                                     "sensitive and description.",
                                     name_),
                         entry.key_range);
      return std::nullopt;
    }
    set_value(*value, output);
    return output;
  }

 private:
  void read_member(const MapEntry& member, DesiredOutput& output) {
    static const std::vector<std::string> kKeys = {"value", "sensitive", "description"};
    const std::string at = fmt::format("`{}.{}`", name_.substr(1, name_.size() - 2), member.key);
    if (member.key == "sensitive") {
      if (const bool* truth = std::get_if<bool>(&member.value.data)) {
        output.sensitive = *truth;
      } else {
        report_type(member.value, at, "true or false", diagnostics_);
      }
    } else if (member.key == "description") {
      if (const std::string* text = std::get_if<std::string>(&member.value.data)) {
        output.description = *text;
      } else {
        report_type(member.value, at, "text", diagnostics_);
      }
    } else if (member.key != "value" && !is_free_key(member.key)) {
      report_unknown_key(member, name_, kKeys, diagnostics_);
    }
  }

  void set_value(const Node& node, DesiredOutput& output) {
    Interpolator interpolator(input_, scope_, diagnostics_);
    core::Path path;
    output.value = interpolator.value_of(
        node, path, output.positions, [](const core::Path&) { return false; });
    const auto& references = interpolator.references();
    output.sensitive =
        output.sensitive || core::contains_secret(output.value) ||
        std::any_of(references.begin(), references.end(), [](const FoundReference& found) {
          const Attribute* attribute =
              find_attribute(found.reference.address.kind, found.reference.attribute);
          return attribute != nullptr && attribute->sensitive;
        });
    std::set<core::Address> needed;
    for (const FoundReference& found : references) {
      needed.insert(found.reference.address);
    }
    output.dependencies.assign(needed.begin(), needed.end());
    if (output.sensitive) {
      output.value = made_secret(output.value);
    }
  }

  const ConfigurationInput& input_;
  const InterpolationScope& scope_;
  Diagnostics& diagnostics_;
  std::string name_;
};

}  // namespace

std::string read_project(const ConfigurationSections& sections,
                         const ConfigurationInput& input,
                         const InterpolationScope& scope,
                         Diagnostics& diagnostics) {
  if (!sections.project) {
    std::optional<core::SourceRange> first;
    if (!input.files.empty()) {
      first = core::SourceRange{input.files.front().name, {1, 1}, {1, 1}};
    }
    diagnostics.error("Missing project",
                      "The configuration has no `project`: the name that its containers, networks "
                      "and volumes begin with on Docker. Add `project: NAME`.",
                      std::move(first));
    return {};
  }
  const std::optional<std::string> name =
      text_of(*sections.project->node, "`project`", input, scope, diagnostics);
  if (name && !core::ProjectName::parse(*name)) {
    diagnostics.error(
        "Bad project name",
        fmt::format("{} cannot be a project: {}.", shown(*name), core::ProjectNameRules::kRule),
        sections.project->node->range);
    return {};
  }
  return name.value_or("");
}

std::optional<std::string> read_docker_host(const ConfigurationSections& sections,
                                            const ConfigurationInput& input,
                                            const InterpolationScope& scope,
                                            Diagnostics& diagnostics) {
  std::optional<std::string> docker;
  for (const SectionEntry& host : sections.hosts) {
    if (is_free_key(host.name)) {
      continue;
    }
    if (host.name != kOnlyHost) {
      diagnostics.error("Unknown host",
                        fmt::format("{} is no host: there is one, and its name is `local`. Where "
                                    "its Docker is, `hosts.local.docker` says.",
                                    shown(host.name)),
                        host.key_range);
      continue;
    }
    const Node::Entries* entries = map_entries(*host.node, "`hosts.local`", diagnostics);
    for (const MapEntry& entry : entries == nullptr ? Node::Entries() : *entries) {
      if (entry.key == "docker") {
        docker = text_of(entry.value, "`hosts.local.docker`", input, scope, diagnostics);
      } else if (entry.key != "gpus" && !is_free_key(entry.key)) {
        report_unknown_key(entry, "`hosts.local`", {"docker", "gpus"}, diagnostics);
      }
    }
  }
  return docker;
}

std::optional<std::string> read_state_path(const ConfigurationSections& sections,
                                           const ConfigurationInput& input,
                                           const InterpolationScope& scope,
                                           Diagnostics& diagnostics) {
  std::optional<std::string> path;
  const Node::Entries* entries =
      sections.state ? map_entries(*sections.state->node, "`state`", diagnostics) : nullptr;
  for (const MapEntry& entry : entries == nullptr ? Node::Entries() : *entries) {
    if (entry.key == "path") {
      path = text_of(entry.value, "`state.path`", input, scope, diagnostics);
    } else if (!is_free_key(entry.key)) {
      report_unknown_key(entry, "`state`", {"path"}, diagnostics);
    }
  }
  return path;
}

OnFailure read_on_failure(const ConfigurationSections& sections,
                          const ConfigurationInput& input,
                          const InterpolationScope& scope,
                          Diagnostics& diagnostics) {
  if (!sections.on_failure) {
    return OnFailure::Rollback;
  }
  const Node& node = *sections.on_failure->node;
  const std::optional<std::string> word = text_of(node, "`on_failure`", input, scope, diagnostics);
  const std::optional<OnFailure> choice = word ? on_failure_from(*word) : OnFailure::Rollback;
  if (!choice) {
    diagnostics.error("Unknown value",
                      fmt::format("`on_failure` is {}. It can be `rollback`, where a failure takes "
                                  "everything back, or `keep`, where what succeeded stays.",
                                  shown(*word)),
                      node.range);
  }
  return choice.value_or(OnFailure::Rollback);
}

std::map<std::string, BackendImage> read_backends(const ConfigurationSections& sections,
                                                  const ConfigurationInput& input,
                                                  const InterpolationScope& scope,
                                                  Diagnostics& diagnostics) {
  std::map<std::string, BackendImage> backends;
  const Attribute* attribute = find_attribute(core::Kind::Endpoint, "backend");
  AIM_CHECK(attribute != nullptr);
  const std::vector<std::string> known(attribute->choices.begin(), attribute->choices.end());
  for (const SectionEntry& backend : sections.backends) {
    if (is_free_key(backend.name)) {
      continue;
    }
    if (std::find(known.begin(), known.end(), backend.name) == known.end()) {
      report_unknown_key({backend.name, backend.key_range, {}}, "`backends`", known, diagnostics);
      continue;
    }
    const std::string name = fmt::format("backends.{}", backend.name);
    const Node::Entries* entries = map_entries(*backend.node, "`" + name + "`", diagnostics);
    for (const MapEntry& entry : entries == nullptr ? Node::Entries() : *entries) {
      if (entry.key == "image") {
        if (auto image = text_of(entry.value, "`" + name + ".image`", input, scope, diagnostics)) {
          backends.emplace(backend.name, BackendImage{std::move(*image), entry.value.range});
        }
      } else if (!is_free_key(entry.key)) {
        report_unknown_key(entry, "`" + name + "`", {"image"}, diagnostics);
      }
    }
  }
  return backends;
}

std::map<core::Kind, const Node*> read_defaults(const ConfigurationSections& sections,
                                                Diagnostics& diagnostics) {
  std::map<core::Kind, const Node*> defaults;
  std::vector<std::string> known;
  for (const core::Kind kind : core::kAllKinds) {
    known.emplace_back(core::to_string(kind));
  }
  for (const SectionEntry& entry : sections.defaults) {
    const std::optional<core::Kind> kind = core::kind_from(entry.name);
    if (kind) {
      if (map_entries(*entry.node, fmt::format("`defaults.{}`", entry.name), diagnostics)) {
        defaults.emplace(*kind, entry.node);
      }
    } else if (!is_free_key(entry.name)) {
      report_unknown_key({entry.name, entry.key_range, {}}, "`defaults`", known, diagnostics);
    }
  }
  return defaults;
}

std::map<std::string, DesiredOutput> read_outputs(const ConfigurationSections& sections,
                                                  const ConfigurationInput& input,
                                                  const InterpolationScope& scope,
                                                  Diagnostics& diagnostics) {
  std::map<std::string, DesiredOutput> outputs;
  OutputReader reader(input, scope, diagnostics);
  for (const SectionEntry& entry : sections.outputs) {
    if (!is_variable_name(entry.name)) {
      diagnostics.error(
          "Bad name of an output",
          fmt::format(
              "{} cannot be the name of an output: {}.", shown(entry.name), kVariableNameRule),
          entry.key_range);
    }
    if (auto output = reader.read(entry)) {
      outputs.emplace(entry.name, std::move(*output));
    }
  }
  return outputs;
}

}  // namespace aim::planner
