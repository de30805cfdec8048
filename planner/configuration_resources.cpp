#include "planner/configuration_resources.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/configuration_env_file.hpp"
#include "planner/configuration_lifecycle.hpp"
#include "planner/endpoint_extras.hpp"
#include "planner/schema.hpp"
#include "planner/schema_normalise.hpp"
#include "planner/schema_positions.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::Kind;
using core::Map;
using core::MapEntry;
using core::Node;
using core::Path;
using core::Value;

namespace {

bool is_common(Kind kind, std::string_view key) {
  const auto common = common_attributes(kind);
  return std::any_of(common.begin(), common.end(), [&](const Attribute& attribute) {
    return attribute.name == key;
  });
}

/// What Docker takes for the name of a container, a network or a volume.
/// Source: RestrictedNamePattern of the Engine, "[a-zA-Z0-9][a-zA-Z0-9_.-]+".
bool is_docker_name(std::string_view name) {
  const auto word = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
  };
  return name.size() >= 2 && word(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char c) {
           return word(c) || c == '_' || c == '.' || c == '-';
         });
}

/// Names that end with .g and a number are those of candidates and predecessors.
bool is_reserved_name(std::string_view name) {
  const std::size_t dot = name.rfind(".g");
  const std::string_view digits = dot == std::string_view::npos ? "" : name.substr(dot + 2);
  return !digits.empty() &&
         std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class ResourceReader {
 public:
  ResourceReader(const Address& address,
                 const SectionEntry& entry,
                 const InterpolationScope& scope,
                 const ConfigurationInput& input,
                 const ResourceSettings& settings,
                 Diagnostics& diagnostics)
      : kind_(address.kind),
        entry_(entry),
        input_(input),
        settings_(settings),
        diagnostics_(diagnostics),
        attributes_(input, scope, diagnostics),
        common_(input, common_scope(scope), diagnostics) {
    result_.desired.address = address;
    result_.desired.range = entry.key_range;
    result_.desired.lifecycle.retain = kind_ == Kind::Volume;
  }

  std::optional<LoadedResource> run(const Node& node) {
    const Node::Entries* entries = map_entries(
        node, fmt::format("`{}.{}`", core::section_name(kind_), entry_.name), diagnostics_);
    if (entries == nullptr) {
      return std::nullopt;
    }
    DesiredResource& desired = result_.desired;
    desired.positions.emplace("", entry_.key_range);
    for (const MapEntry& entry : *entries) {
      read(entry);
    }
    add_env_files();
    desired.named = !name_.empty();
    desired.docker_name =
        desired.named ? name_
        : desired.external
            ? entry_.name
            : default_docker_name(settings_.project, settings_.workspace, desired.address);
    decode();
    for (const FoundReference& found : attributes_.references()) {
      result_.needs.push_back({found.reference.address, found.range});
    }
    return std::move(result_);
  }

 private:
  static InterpolationScope common_scope(InterpolationScope scope) {
    scope.resources = nullptr;
    scope.where = "in what every resource takes (depends_on, name, lifecycle, external)";
    return scope;
  }

  void read(const MapEntry& entry) {
    if (is_free_key(entry.key)) {
      return;
    }
    if (!is_common(kind_, entry.key)) {
      Path path{entry.key};
      Value value = attributes_.value_of(
          entry.value, path, result_.desired.positions, [this](const Path& inner) {
            return takes_text(kind_, inner);
          });
      result_.written.emplace(entry.key, std::move(value));
      return;
    }
    read_common(entry);
  }

  void read_common(const MapEntry& entry) {
    if (entry.key == "depends_on") {
      read_depends_on(entry);
    } else if (entry.key == "name") {
      read_name(entry);
    } else if (entry.key == "external") {
      result_.desired.external = boolean(entry).value_or(false);
    } else if (entry.key == "env_file") {
      read_env_files(entry);
    } else if (entry.key == "replace") {
      read_replace(entry);
    } else if (entry.key == "lifecycle") {
      read_lifecycle(entry.value, common_, *settings_.scope.resources, result_, diagnostics_);
    }
    // for_each and enabled have said before which resources there are.
  }

  /// The value of what every resource has, with its position.
  Value common_value(const std::string& key, const Node& node) {
    Path path{key};
    return common_.value_of(
        node, path, result_.desired.positions, [](const Path&) { return false; });
  }

  std::optional<bool> boolean(const MapEntry& entry) {
    const Value value = common_value(entry.key, entry.value);
    if (const bool* truth = value.get<bool>()) {
      return *truth;
    }
    report(entry, value, "true or false");
    return std::nullopt;
  }

  void report(const MapEntry& entry, const Value& value, std::string_view expected) {
    if (!is_broken(value)) {
      diagnostics_.error(
          "Wrong type",
          fmt::format("`{}` must be {}, but it is {}.", entry.key, expected, describe(value)),
          entry.value.range);
    }
  }

  void read_name(const MapEntry& entry) {
    const Value value = common_value(entry.key, entry.value);
    const std::string* name = value.get<std::string>();
    if (name == nullptr) {
      report(entry, value, "text");
    } else if (!is_docker_name(*name)) {
      diagnostics_.error(
          "Bad name",
          fmt::format("{} cannot be a name on Docker, which has at least two "
                      "characters out of a-z, A-Z, 0-9, `_`, `.` and `-`, and begins "
                      "with a letter or digit.",
                      shown(*name)),
          entry.value.range);
    } else if (is_reserved_name(*name)) {
      diagnostics_.error("Bad name",
                         fmt::format("{} ends like the name of a container that aim replaces "
                                     "(`.g` and a number). Choose another.",
                                     shown(*name)),
                         entry.value.range);
    } else {
      name_ = *name;
    }
  }

  void read_depends_on(const MapEntry& entry) {
    const Value value = common_value(entry.key, entry.value);
    const core::List* list = value.get<core::List>();
    if (list == nullptr) {
      report(entry, value, "a list of addresses");
      return;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      read_dependency((*list)[i],
                      core::position_of(result_.desired.positions, {"depends_on", i})
                          .value_or(entry.value.range));
    }
  }

  void read_dependency(const Value& item, const core::SourceRange& range) {
    const std::string* text = item.get<std::string>();
    if (text == nullptr) {
      if (!is_broken(item)) {
        diagnostics_.error("Wrong type",
                           fmt::format("`depends_on` must hold addresses such as container.db, but "
                                       "here is {}.",
                                       describe(item)),
                           range);
      }
      return;
    }
    const core::Result<Address> address = Address::parse(*text);
    if (!address) {
      const std::string kind = text->substr(0, text->find('.'));
      const std::string near =
          core::did_you_mean(kind, {"endpoint", "container", "network", "volume"});
      diagnostics_.error(
          "Bad address",
          fmt::format("{} is no address of a resource. {}{}One is written KIND.NAME, KIND being "
                      "endpoint, container, network or volume.",
                      shown(*text),
                      near,
                      near.empty() ? "" : " "),
          range);
      return;
    }
    need_all(*address, range, *text);
  }

  /// A whole set stands for each of its resources.
  void need_all(const Address& address,
                const core::SourceRange& range,
                const std::string& written) {
    const ResourceTable& known = *settings_.scope.resources;
    if (check_address(address, known, range, written, diagnostics_) != Standing::Set) {
      result_.needs.push_back({address, range});
      return;
    }
    for (const Address& one : instances_of(address, known)) {
      result_.needs.push_back({one, range});
    }
  }

  void read_env_files(const MapEntry& entry) {
    const Value value = common_value(entry.key, entry.value);
    const core::List* list = value.get<core::List>();
    const core::List one{value};
    for (std::size_t i = 0; i < (list ? *list : one).size(); ++i) {
      const Value& item = (list ? *list : one)[i];
      if (const std::string* path = item.get<std::string>(); path && !path->empty()) {
        const Path place = list ? Path{"env_file", i} : Path{"env_file"};
        env_files_.emplace_back(
            *path, core::position_of(result_.desired.positions, place).value_or(entry.value.range));
      } else {
        report(entry, item, "a path or a list of paths");
      }
    }
  }

  /// A later file wins over an earlier one, and `env` over all.
  void add_env_files() {
    if (env_files_.empty()) {
      return;
    }
    const Value* written = core::find(result_.written, "env");
    if (written && !written->is_null() && !written->is<Map>()) {
      return;  // that has an error of its own
    }
    const Map own = written && written->is<Map>() ? *written->get<Map>() : Map();
    Map all = own;
    for (const auto& [path, range] : env_files_) {
      for (EnvFileVariable& variable : read_env_file(path, range, input_, diagnostics_)) {
        if (!own.contains(variable.name)) {
          result_.desired.positions.insert_or_assign(core::to_string(Path{"env", variable.name}),
                                                     variable.range);
          all.insert_or_assign(variable.name, std::move(variable.value));
        }
      }
    }
    if (!all.empty()) {
      result_.written.insert_or_assign("env", std::move(all));
    }
  }

  void read_replace(const MapEntry& entry) {
    const Value value = common_value(entry.key, entry.value);
    const std::string* text = value.get<std::string>();
    result_.desired.delete_data = text != nullptr && *text == "delete_data";
    if (!result_.desired.delete_data) {
      report(entry, value, "`delete_data`");
    }
  }

  void fill_image() {
    const Value* image = core::find(result_.written, "image");
    if (kind_ != Kind::Endpoint || (image != nullptr && !image->is_null())) {
      return;
    }
    const Attribute* attribute = find_attribute(kind_, "backend");
    const std::string fallback(attribute == nullptr ? "" : attribute->default_text);
    const auto found =
        settings_.backends.find(core::string_at(result_.written, "backend").value_or(fallback));
    if (found != settings_.backends.end()) {
      result_.written.insert_or_assign("image", found->second.image);
      result_.desired.positions.insert_or_assign("image", found->second.range);
    }
  }

  void decode() {
    DesiredResource& desired = result_.desired;
    if (kind_ == Kind::Volume && entry_.name == kBuiltInCache && !desired.external) {
      diagnostics_.error("Reserved name",
                         fmt::format("The volume {0} is the host's own cache, which all projects "
                                     "share and none may delete. Give this volume another key, or "
                                     "mark it `external: true`.",
                                     kBuiltInCache),
                         entry_.key_range);
    }
    if (desired.external) {
      for (const auto& [name, value] : result_.written) {
        diagnostics_.error(
            "External resource with attributes",
            fmt::format("{} is `external: true`: it exists elsewhere and aim never "
                        "creates or changes it, so `{}` would have no effect. Remove "
                        "one of the two.",
                        desired.address.str(),
                        name),
            core::position_of(desired.positions, {name}));
      }
      return;
    }
    fill_image();
    desired.attributes = decode_attributes(kind_,
                                           result_.written,
                                           desired.positions,
                                           desired.address,
                                           desired.defaulted,
                                           diagnostics_);
    follow_canonical_order(kind_, result_.written, desired.attributes, desired.positions);
  }

  Kind kind_;
  const SectionEntry& entry_;
  const ConfigurationInput& input_;
  const ResourceSettings& settings_;
  Diagnostics& diagnostics_;
  Interpolator attributes_;
  Interpolator common_;
  std::string name_;  ///< on Docker, when one is given
  std::vector<std::pair<std::string, core::SourceRange>> env_files_;
  LoadedResource result_;
};

}  // namespace

Node with_defaults(const Node& own, const Node& fallback) {
  Node result = own;
  if (std::holds_alternative<core::Null>(own.data)) {
    result.data = Node::Entries();
  }
  Node::Entries* entries = std::get_if<Node::Entries>(&result.data);
  const Node::Entries* others = fallback.entries();
  if (entries == nullptr || others == nullptr) {
    return result;
  }
  for (const MapEntry& other : *others) {
    const auto found = std::find_if(entries->begin(), entries->end(), [&](const MapEntry& entry) {
      return entry.key == other.key;
    });
    if (found == entries->end()) {
      entries->push_back(other);
    } else if (found->value.entries() != nullptr && other.value.entries() != nullptr) {
      found->value = with_defaults(found->value, other.value);
    }
  }
  return result;
}

void check_resource_name(Kind kind, const SectionEntry& entry, Diagnostics& diagnostics) {
  if (core::ResourceNameRules::valid(entry.name)) {
    return;
  }
  diagnostics.add({core::Severity::Error,
                   "Bad name of a resource",
                   fmt::format("{} cannot be the name of a resource: {}.",
                               shown(entry.name),
                               core::ResourceNameRules::kRule),
                   entry.key_range,
                   {},
                   Address{kind, entry.name, std::nullopt}.str()});
}

std::optional<LoadedResource> load_resource(const Address& address,
                                            const SectionEntry& entry,
                                            const EachValue* each,
                                            const ConfigurationInput& input,
                                            const ResourceSettings& settings,
                                            Diagnostics& diagnostics) {
  Diagnostics found;
  InterpolationScope scope = settings.scope;
  scope.each = each;
  ResourceReader reader(address, entry, scope, input, settings, found);
  std::optional<LoadedResource> loaded = reader.run(*entry.node);
  for (core::Diagnostic diagnostic : found.items()) {
    diagnostic.address = address.str();
    diagnostics.add(std::move(diagnostic));
  }
  return loaded;
}

}  // namespace aim::planner
