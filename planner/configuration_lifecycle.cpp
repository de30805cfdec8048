#include "planner/configuration_lifecycle.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/lifecycle.hpp"
#include "planner/schema.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::Kind;
using core::List;
using core::MapEntry;
using core::Node;
using core::Path;
using core::SourceRange;
using core::Value;

namespace {

std::string with_blank(std::string text) { return text.empty() ? text : text + " "; }

class LifecycleReader {
 public:
  LifecycleReader(Interpolator& common,
                  const ResourceTable& known,
                  LoadedResource& result,
                  Diagnostics& diagnostics)
      : common_(common),
        known_(known),
        result_(result),
        lifecycle_(result.desired.lifecycle),
        kind_(result.desired.address.kind),
        diagnostics_(diagnostics) {}

  void run(const Node& node) {
    static const std::vector<std::string> kKeys = {
        "prevent_destroy", "ignore_changes", "replace_triggered_by", "on_destroy"};
    const Node::Entries* entries = map_entries(node, "`lifecycle`", diagnostics_);
    for (const MapEntry& entry : entries == nullptr ? Node::Entries() : *entries) {
      if (entry.key == "prevent_destroy") {
        lifecycle_.prevent_destroy = boolean(entry).value_or(false);
      } else if (entry.key == "ignore_changes") {
        read_ignore_changes(entry);
      } else if (entry.key == "replace_triggered_by") {
        read_triggers(entry);
      } else if (entry.key == "on_destroy") {
        read_on_destroy(entry);
      } else if (!is_free_key(entry.key)) {
        report_unknown_key(entry, "`lifecycle`", kKeys, diagnostics_);
      }
    }
  }

 private:
  Value value_of(const MapEntry& entry) {
    Path path{"lifecycle", entry.key};
    return common_.value_of(
        entry.value, path, result_.desired.positions, [](const Path&) { return false; });
  }

  SourceRange place_of(const MapEntry& entry, std::size_t index) const {
    return core::position_of(result_.desired.positions, {"lifecycle", entry.key, index})
        .value_or(entry.value.range);
  }

  void report(const MapEntry& entry, const Value& value, std::string_view expected) {
    if (!is_broken(value)) {
      diagnostics_.error(
          "Wrong type",
          fmt::format("`{}` must be {}, but it is {}.", entry.key, expected, describe(value)),
          entry.value.range);
    }
  }

  std::optional<bool> boolean(const MapEntry& entry) {
    const Value value = value_of(entry);
    if (const bool* truth = value.get<bool>()) {
      return *truth;
    }
    report(entry, value, "true or false");
    return std::nullopt;
  }

  void read_on_destroy(const MapEntry& entry) {
    const Value value = value_of(entry);
    const std::string* text = value.get<std::string>();
    if (text != nullptr && (*text == "delete" || *text == "retain")) {
      lifecycle_.retain = *text == "retain";
    } else {
      report(entry, value, "`delete` or `retain`");
    }
  }

  /// Calls `read` with each text of a list and its place.
  template <class Read>
  void each_text(const MapEntry& entry, std::string_view expected, const Read& read) {
    const Value value = value_of(entry);
    const List* list = value.get<List>();
    if (list == nullptr) {
      report(entry, value, expected);
      return;
    }
    for (std::size_t i = 0; i < list->size(); ++i) {
      if (const std::string* text = (*list)[i].get<std::string>()) {
        read(*text, place_of(entry, i));
      } else if (!is_broken((*list)[i])) {
        diagnostics_.error(
            "Wrong type",
            fmt::format(
                "`{}` must be {}, but here is {}.", entry.key, expected, describe((*list)[i])),
            place_of(entry, i));
      }
    }
  }

  void read_ignore_changes(const MapEntry& entry) {
    const std::string* word = std::get_if<std::string>(&entry.value.data);
    if (word != nullptr && *word == "all") {
      lifecycle_.ignore_all = true;
      return;
    }
    each_text(entry,
              "a list of attributes, or `all`",
              [&](const std::string& text, const SourceRange& range) {
                const std::optional<Path> path = parse_path(text);
                if (!path) {
                  diagnostics_.error("Bad path",
                                     fmt::format("{} is no path of an attribute. One is written as "
                                                 "`image`, `env.NAME` or `labels[\"a.b\"]`.",
                                                 shown(text)),
                                     range);
                } else if (check_path(*path, text, range)) {
                  lifecycle_.ignore_changes.push_back(*path);
                }
              });
  }

  bool check_path(const Path& path, const std::string& text, const SourceRange& range) {
    const std::string* first = std::get_if<std::string>(&path.front());
    const Attribute* attribute = first ? find_attribute(kind_, *first) : nullptr;
    if (attribute == nullptr || attribute->refused) {
      std::vector<std::string> names;
      for (const Attribute& known : attributes(kind_)) {
        names.emplace_back(known.name);
      }
      diagnostics_.error("Unknown attribute",
                         fmt::format("`ignore_changes` names {}, which is no attribute of {} {}. {}"
                                     "docs/reference/{}.md lists all of them.",
                                     shown(text),
                                     kind_ == Kind::Endpoint ? "an" : "a",
                                     core::to_string(kind_),
                                     with_blank(core::did_you_mean(first ? *first : text, names)),
                                     core::to_string(kind_)),
                         range);
      return false;
    }
    return check_below(*attribute, path, 1, text, range);
  }

  bool check_below(const Attribute& attribute,
                   const Path& path,
                   std::size_t depth,
                   const std::string& text,
                   const SourceRange& range) {
    if (depth == path.size()) {
      return true;
    }
    const std::string* step = std::get_if<std::string>(&path[depth]);
    const std::string above =
        core::to_string(Path(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth)));
    switch (attribute.type) {
      case Type::Object:
        return check_member(attribute, path, depth, text, range);
      case Type::StringMap:
        if (step != nullptr && depth + 1 == path.size()) {
          return true;
        }
        break;
      case Type::Arguments:
      case Type::Networks:
        if (step != nullptr) {
          return true;
        }
        break;
      default:
        break;
    }
    diagnostics_.error("Path goes too deep",
                       fmt::format("`ignore_changes` names {}, but `{}` counts only as a whole. "
                                   "Write `{}`.",
                                   shown(text),
                                   above,
                                   above),
                       range);
    return false;
  }

  bool check_member(const Attribute& attribute,
                    const Path& path,
                    std::size_t depth,
                    const std::string& text,
                    const SourceRange& range) {
    const std::string* step = std::get_if<std::string>(&path[depth]);
    std::vector<std::string> names;
    for (const Attribute& member : attribute.members) {
      if (step != nullptr && member.name == *step) {
        return check_below(member, path, depth + 1, text, range);
      }
      names.emplace_back(member.name);
    }
    diagnostics_.error(
        "Unknown attribute",
        fmt::format(
            "`ignore_changes` names {}, but `{}` has no such part. {}It takes {}.",
            shown(text),
            core::to_string(Path(path.begin(), path.begin() + static_cast<std::ptrdiff_t>(depth))),
            with_blank(core::did_you_mean(step ? *step : text, names)),
            listed(names)),
        range);
    return false;
  }

  void read_triggers(const MapEntry& entry) {
    each_text(entry, "a list of addresses", [&](const std::string& text, const SourceRange& range) {
      read_trigger(text, range);
    });
  }

  void read_trigger(const std::string& text, const SourceRange& range) {
    Trigger trigger;
    core::Result<Address> address = Address::parse(text);
    if (!address) {
      // KIND.NAME.ATTRIBUTE; a dot may also stand inside a key.
      const std::size_t dot = text.rfind('.');
      address = Address::parse(text.substr(0, dot));
      trigger.attribute = dot == std::string::npos ? "" : text.substr(dot + 1);
    }
    if (!address) {
      diagnostics_.error(
          "Bad address",
          fmt::format("{} is no address of a resource. `replace_triggered_by` takes KIND.NAME or "
                      "KIND.NAME.ATTRIBUTE, KIND being endpoint, container, network or volume.",
                      shown(text)),
          range);
      return;
    }
    trigger.address = *address;
    if (!check_attribute(trigger, text, range)) {
      return;
    }
    const Standing standing = check_address(*address, known_, range, text, diagnostics_);
    if (standing == Standing::Set) {
      for (const Address& one : instances_of(*address, known_)) {
        add({one, trigger.attribute}, range);
      }
    } else if (standing == Standing::Known) {
      add(std::move(trigger), range);
    }
  }

  bool check_attribute(const Trigger& trigger, const std::string& text, const SourceRange& range) {
    const std::vector<std::string> names = attribute_names(trigger.address.kind);
    if (trigger.attribute.empty() ||
        std::binary_search(names.begin(), names.end(), trigger.attribute)) {
      return true;
    }
    diagnostics_.error("Unknown attribute",
                       fmt::format("`replace_triggered_by` names {}, but {} has no attribute {}. {}"
                                   "docs/reference/{}.md lists all of them.",
                                   shown(text),
                                   trigger.address.str(),
                                   shown(trigger.attribute),
                                   with_blank(core::did_you_mean(trigger.attribute, names)),
                                   core::to_string(trigger.address.kind)),
                       range);
    return false;
  }

  /// What triggers a replacement is looked at before, and up before.
  void add(Trigger trigger, const SourceRange& range) {
    result_.needs.push_back({trigger.address, range});
    lifecycle_.replace_triggered_by.push_back(std::move(trigger));
  }

  Interpolator& common_;
  const ResourceTable& known_;
  LoadedResource& result_;
  Lifecycle& lifecycle_;
  Kind kind_;
  Diagnostics& diagnostics_;
};

}  // namespace

void read_lifecycle(const Node& node,
                    Interpolator& common,
                    const ResourceTable& known,
                    LoadedResource& result,
                    Diagnostics& diagnostics) {
  LifecycleReader(common, known, result, diagnostics).run(node);
}

}  // namespace aim::planner
