#include "planner/configuration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <set>
#include <tuple>

#include "core/document_text.hpp"
#include "planner/configuration_gpus.hpp"
#include "planner/configuration_instances.hpp"
#include "planner/configuration_links.hpp"
#include "planner/configuration_moves.hpp"
#include "planner/configuration_namespaces.hpp"
#include "planner/configuration_resources.hpp"
#include "planner/configuration_sections.hpp"
#include "planner/configuration_settings.hpp"
#include "planner/endpoint_extras.hpp"
#include "planner/variables.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::Kind;
using core::Map;
using core::Node;
using core::Value;

namespace {

constexpr std::string_view kDefaultWorkspace = "default";
constexpr std::size_t kKeyHashDigits = 6;
constexpr std::size_t kLongestSlug = 32;

std::optional<Node> read_file(const ConfigurationFile& file,
                              core::SourceFiles& sources,
                              Diagnostics& diagnostics) {
  sources.add(file.name, std::string(core::without_bom(file.text)));
  return core::read_document(file.name, file.text, diagnostics);
}

/// In order of name, so that the order they were found in changes nothing.
std::vector<const ConfigurationFile*> by_name(const std::vector<ConfigurationFile>& files) {
  std::vector<const ConfigurationFile*> sorted;
  for (const ConfigurationFile& file : files) {
    sorted.push_back(&file);
  }
  std::sort(
      sorted.begin(), sorted.end(), [](const ConfigurationFile* a, const ConfigurationFile* b) {
        return std::tie(a->name, a->text) < std::tie(b->name, b->text);
      });
  return sorted;
}

std::string digest_of(const std::vector<const ConfigurationFile*>& files) {
  std::string all;
  for (const ConfigurationFile* file : files) {
    all += fmt::format("{}:{}:{}:{}", file->name.size(), file->name, file->text.size(), file->text);
  }
  return core::sha256_hex(all);
}

class Loader {
 public:
  Loader(const ConfigurationInput& input, core::SourceFiles& sources, Diagnostics& diagnostics)
      : input_(input), sources_(sources), diagnostics_(diagnostics) {}

  Configuration run() {
    const std::vector<const ConfigurationFile*> files = by_name(input_.files);
    configuration_.digest = digest_of(files);
    configuration_.workspace = input_.workspace;
    const std::vector<Node> documents = read_documents(files);
    const ConfigurationSections sections = collect_sections(documents, diagnostics_);
    load_variables(sections);
    load_settings(sections);
    load_resources(sections);
    if (completeness_ == Completeness::Whole) {
      configuration_.moved = read_moves(sections, known_, diagnostics_);
      configuration_.removed = read_removed(sections, known_, diagnostics_);
    }
    configuration_.outputs = read_outputs(sections, input_, settings_.scope, diagnostics_);
    return std::move(configuration_);
  }

 private:
  std::vector<Node> read_documents(const std::vector<const ConfigurationFile*>& files) {
    std::vector<Node> roots;
    for (const ConfigurationFile* file : files) {
      if (std::optional<Node> root = read_file(*file, sources_, diagnostics_)) {
        roots.push_back(std::move(*root));
      } else {
        completeness_ = Completeness::FilesMissing;
      }
    }
    return roots;
  }

  void load_variables(const ConfigurationSections& sections) {
    std::vector<VariableDeclaration> declarations;
    for (const SectionEntry& entry : sections.variables) {
      declarations.push_back(read_declaration(entry, diagnostics_));
    }
    std::vector<VariableDocument> documents;
    for (const ConfigurationFile& file : input_.variable_files) {
      if (std::optional<Node> root = read_file(file, sources_, diagnostics_)) {
        documents.push_back({file.name, std::move(*root)});
      }
    }
    variables_ = resolve_variables(declarations, documents, input_, completeness_, diagnostics_);
  }

  void load_settings(const ConfigurationSections& sections) {
    InterpolationScope scope{&variables_, nullptr, &configuration_.workspace, nullptr, ""};
    if (sections.project || completeness_ == Completeness::Whole) {
      configuration_.project = read_project(sections, input_, scope, diagnostics_);
    }
    scope.project = &configuration_.project;
    configuration_.docker_host = read_docker_host(sections, input_, scope, diagnostics_);
    configuration_.gpus = read_declared_gpus(sections, input_, scope, diagnostics_);
    configuration_.state_path = read_state_path(sections, input_, scope, diagnostics_);
    configuration_.on_failure = read_on_failure(sections, input_, scope, diagnostics_);
    settings_.project = configuration_.project;
    settings_.workspace = configuration_.workspace;
    settings_.backends = read_backends(sections, input_, scope, diagnostics_);
    settings_.defaults = read_defaults(sections, diagnostics_);
    scope.resources = &known_;
    settings_.scope = scope;
    configuration_.unset_variables = variables_.unset;
    for (const auto& [name, variable] : variables_.values) {
      VariableValue digested = variable;
      digested.value = core::with_digests(
          variable.value,
          fmt::format("{}/{}/var.{}", configuration_.project, configuration_.workspace, name));
      configuration_.variables.emplace(name, std::move(digested));
    }
  }

  void load_resources(const ConfigurationSections& sections) {
    known_.completeness = completeness_;
    const std::vector<ExpandedEntry> entries = expand(sections);
    if (!known_.sets.contains(default_network()) && !known_.disabled.contains(default_network())) {
      known_.addresses.insert(default_network());
    }
    // From here on it is known which resources there are.
    LoadedResources resources;
    for (const ExpandedEntry& expanded : entries) {
      for (const Instance& instance : expanded.instances) {
        load(instance, expanded.entry, resources);
      }
    }
    join_default_network(resources);
    link_networks_and_volumes(resources, known_, diagnostics_);
    if (needs_default_network(resources) && known_.addresses.contains(default_network()) &&
        !resources.contains(default_network())) {
      add_default_network(sections, resources);
    }
    link_namespaces(resources, diagnostics_);
    check_docker_names(resources, diagnostics_);
    set_dependencies(resources, diagnostics_);
    for (auto& [address, resource] : resources) {
      configuration_.resources.emplace(address, finished(std::move(resource.desired)));
    }
  }

  std::vector<ExpandedEntry> expand(const ConfigurationSections& sections) {
    std::vector<ExpandedEntry> expanded;
    for (const auto& [kind, entries] : sections.resources) {
      const auto defaults = settings_.defaults.find(kind);
      for (const SectionEntry& entry : entries) {
        check_resource_name(kind, entry, diagnostics_);
        SectionEntry whole = entry;
        if (defaults != settings_.defaults.end()) {
          whole.node = &merged_.emplace_back(with_defaults(*entry.node, *defaults->second));
        }
        expanded.push_back(
            expand_entry(kind, whole, input_, settings_.scope, known_, diagnostics_));
      }
    }
    return expanded;
  }

  void load(const Instance& instance, const SectionEntry& entry, LoadedResources& resources) {
    const EachValue* each = instance.each ? &*instance.each : nullptr;
    if (auto loaded =
            load_resource(instance.address, entry, each, input_, settings_, diagnostics_)) {
      resources.emplace(instance.address, std::move(*loaded));
    }
  }

  void add_default_network(const ConfigurationSections& sections, LoadedResources& resources) {
    Node nothing;
    nothing.data = Node::Entries();
    core::SourceRange range;
    if (sections.project) {
      range = sections.project->node->range;
    }
    nothing.range = range;
    SectionEntry entry{default_network().name, range, &nothing};
    if (const auto defaults = settings_.defaults.find(Kind::Network);
        defaults != settings_.defaults.end()) {
      entry.node = &merged_.emplace_back(with_defaults(nothing, *defaults->second));
    }
    load({default_network(), std::nullopt}, entry, resources);
  }

  DesiredResource finished(DesiredResource resource) const {
    const bool secret = std::any_of(
        resource.attributes.begin(), resource.attributes.end(), [](const auto& attribute) {
          return core::contains_secret(attribute.second);
        });
    if (secret) {
      const Value digested = core::with_digests(
          std::move(resource.attributes),
          secret_salt(configuration_.project, configuration_.workspace, resource.address));
      resource.attributes = *digested.get<Map>();
    }
    return resource;
  }

  const ConfigurationInput& input_;
  core::SourceFiles& sources_;
  Diagnostics& diagnostics_;
  Completeness completeness_ = Completeness::Whole;
  Configuration configuration_;
  VariableTable variables_;
  ResourceTable known_;
  ResourceSettings settings_;
  std::deque<Node> merged_;  ///< entries with the defaults of their kind; stays where it is
};

/// What stands in `defaults` or under an anchor is wrong once, however many resources take it.
void append_once(const Diagnostics& found, Diagnostics& diagnostics) {
  std::set<std::tuple<std::string, std::string, core::SourceRange>> seen;
  for (const core::Diagnostic& item : found.items()) {
    if (!item.range || seen.emplace(item.summary, item.detail, *item.range).second) {
      diagnostics.add(item);
    }
  }
}

/// Lower-case letters and digits of a key, words joined by dashes. The digits that follow it in a
/// name tell keys apart, so a long key loses its end.
std::string slug(const std::string& key) {
  std::string text;
  for (const char c : key) {
    if (text.size() == kLongestSlug) {
      break;
    }
    const char lower = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
    if ((lower >= 'a' && lower <= 'z') || (lower >= '0' && lower <= '9')) {
      text += lower;
    } else if (!text.empty() && text.back() != '-') {
      text += '-';
    }
  }
  while (text.ends_with('-')) {
    text.pop_back();
  }
  return text;
}

}  // namespace

Configuration load_configuration(const ConfigurationInput& input,
                                 core::SourceFiles& sources,
                                 Diagnostics& diagnostics) {
  Diagnostics found;
  Configuration configuration = Loader(input, sources, found).run();
  append_once(found, diagnostics);
  return configuration;
}

std::optional<OnFailure> on_failure_from(std::string_view word) {
  return word == "rollback" ? std::optional(OnFailure::Rollback)
         : word == "keep"   ? std::optional(OnFailure::Keep)
                            : std::nullopt;
}

std::string default_docker_name(const std::string& project,
                                const std::string& workspace,
                                const Address& address) {
  if (address.kind == Kind::Volume && address.name == kBuiltInCache) {
    return address.name;
  }
  std::string name = project;
  if (workspace != kDefaultWorkspace) {
    name += "-" + workspace;
  }
  return name + "-" + network_alias(address);
}

std::string network_alias(const Address& address) {
  if (!address.key) {
    return address.name;
  }
  const std::string words = slug(*address.key);
  return fmt::format("{}{}{}-{}",
                     address.name,
                     words.empty() ? "" : "-",
                     words,
                     core::sha256_hex(*address.key).substr(0, kKeyHashDigits));
}

core::Result<Address> local_address(Kind kind, const std::string& text) {
  return Address::parse(fmt::format("{}.{}", core::to_string(kind), text));
}

std::string secret_salt(const std::string& project,
                        const std::string& workspace,
                        const Address& address) {
  return fmt::format("{}/{}/{}", project, workspace, address.str());
}

}  // namespace aim::planner
