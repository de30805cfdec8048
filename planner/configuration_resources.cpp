#include "planner/configuration_resources.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "planner/schema.hpp"
#include "planner/schema_normalise.hpp"

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

struct UnsupportedKey {
  std::string_view key;
  std::string_view use;
};

constexpr std::array<UnsupportedKey, 3> kUnsupported = {
    {{"for_each", "Write the resources out one by one."},
     {"enabled", "Comment the resource out to remove it."},
     {"replace", "Give the volume another key to get a new one."}}};

constexpr std::array<UnsupportedKey, 2> kUnsupportedLifecycle = {
    {{"lifecycle.ignore_changes", "Write the value into the configuration."},
     {"lifecycle.replace_triggered_by", "Replace it with `aim apply --replace ADDRESS`."}}};

const std::vector<std::string>& lifecycle_keys() {
  static const std::vector<std::string> kKeys = {"prevent_destroy", "on_destroy"};
  return kKeys;
}

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
  ResourceReader(Kind kind,
                 const SectionEntry& entry,
                 const ConfigurationInput& input,
                 const ResourceSettings& settings,
                 Diagnostics& diagnostics)
      : kind_(kind),
        entry_(entry),
        settings_(settings),
        diagnostics_(diagnostics),
        attributes_(input, settings.scope, diagnostics),
        common_(input, common_scope(settings.scope), diagnostics) {
    result_.desired.address = Address{kind, entry.name, std::nullopt};
    result_.desired.range = entry.key_range;
    result_.desired.lifecycle.retain = kind == Kind::Volume;
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
    desired.docker_name =
        !name_.empty() ? name_
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
    for (const UnsupportedKey& unsupported : kUnsupported) {
      if (entry.key == unsupported.key) {
        report_unsupported(entry.key_range, entry.key, unsupported.use, diagnostics_);
        return;
      }
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
    } else {
      read_lifecycle(entry);
    }
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
    if (!address || address->key) {
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
    if (settings_.scope.resources != nullptr) {
      check_address(*address, *settings_.scope.resources, range, *text, diagnostics_);
    }
    result_.needs.push_back({*address, range});
  }

  void read_lifecycle(const MapEntry& lifecycle) {
    const Node::Entries* entries = map_entries(lifecycle.value, "`lifecycle`", diagnostics_);
    if (entries == nullptr) {
      return;
    }
    for (const MapEntry& entry : *entries) {
      if (entry.key == "prevent_destroy") {
        result_.desired.lifecycle.prevent_destroy = boolean(entry).value_or(false);
      } else if (entry.key == "on_destroy") {
        read_on_destroy(entry);
      } else if (!is_free_key(entry.key)) {
        report_lifecycle(entry);
      }
    }
  }

  void read_on_destroy(const MapEntry& entry) {
    const Value value = common_value(entry.key, entry.value);
    const std::string* text = value.get<std::string>();
    if (text != nullptr && (*text == "delete" || *text == "retain")) {
      result_.desired.lifecycle.retain = *text == "retain";
    } else {
      report(entry, value, "`delete` or `retain`");
    }
  }

  void report_lifecycle(const MapEntry& entry) {
    const std::string key = "lifecycle." + entry.key;
    for (const UnsupportedKey& unsupported : kUnsupportedLifecycle) {
      if (key == unsupported.key) {
        report_unsupported(entry.key_range, key, unsupported.use, diagnostics_);
        return;
      }
    }
    report_unknown_key(entry, "`lifecycle`", lifecycle_keys(), diagnostics_);
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
  }

  Kind kind_;
  const SectionEntry& entry_;
  const ResourceSettings& settings_;
  Diagnostics& diagnostics_;
  Interpolator attributes_;
  Interpolator common_;
  std::string name_;  ///< on Docker, when one is given
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

std::optional<LoadedResource> load_resource(Kind kind,
                                            const SectionEntry& entry,
                                            const ConfigurationInput& input,
                                            const ResourceSettings& settings,
                                            Diagnostics& diagnostics) {
  const Address address{kind, entry.name, std::nullopt};
  Diagnostics found;
  if (!core::ResourceNameRules::valid(entry.name)) {
    found.error("Bad name of a resource",
                fmt::format("{} cannot be the name of a resource: {}.",
                            shown(entry.name),
                            core::ResourceNameRules::kRule),
                entry.key_range);
  }
  ResourceReader reader(kind, entry, input, settings, found);
  const auto defaults = settings.defaults.find(kind);
  std::optional<LoadedResource> loaded =
      defaults == settings.defaults.end()
          ? reader.run(*entry.node)
          : reader.run(with_defaults(*entry.node, *defaults->second));
  for (core::Diagnostic diagnostic : found.items()) {
    diagnostic.address = address.str();
    diagnostics.add(std::move(diagnostic));
  }
  return loaded;
}

}  // namespace aim::planner
