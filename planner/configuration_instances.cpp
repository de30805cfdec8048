#include "planner/configuration_instances.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "planner/evaluate.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Address;
using core::Diagnostics;
using core::List;
using core::Map;
using core::MapEntry;
using core::Node;
using core::Value;

namespace {

// A key becomes part of names on Docker, of labels and of what people type.
constexpr std::size_t kLongestKey = 200;

const MapEntry* find_entry(const Node& node, std::string_view key) {
  const Node::Entries* entries = node.entries();
  if (entries == nullptr) {
    return nullptr;
  }
  const auto found = std::find_if(
      entries->begin(), entries->end(), [&](const MapEntry& entry) { return entry.key == key; });
  return found == entries->end() ? nullptr : &*found;
}

bool is_usable_key(const std::string& key) {
  return !key.empty() && key.size() <= kLongestKey &&
         std::none_of(key.begin(), key.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

class Expander {
 public:
  Expander(const ConfigurationInput& input,
           InterpolationScope scope,
           ResourceTable& known,
           ExpandedEntry& result,
           Diagnostics& diagnostics)
      : input_(input),
        scope_(std::move(scope)),
        known_(known),
        result_(result),
        diagnostics_(diagnostics),
        whole_{result.kind, result.entry.name, std::nullopt} {
    scope_.resources = nullptr;
  }

  void run() {
    const MapEntry* for_each = find_entry(*result_.entry.node, "for_each");
    enabled_ = find_entry(*result_.entry.node, "enabled");
    if (for_each == nullptr) {
      add(std::nullopt);
      return;
    }
    InstanceKeys& set = known_.sets[whole_];
    // Whoever writes `enabled: false` does not want to hear of the rest.
    const bool* enabled = enabled_ ? std::get_if<bool>(&enabled_->value.data) : nullptr;
    if (enabled != nullptr && !*enabled) {
      known_.disabled.emplace(whole_, enabled_->value.range);
      return;
    }
    set.broken = !read_instances(*for_each);
  }

 private:
  /// False after an error.
  bool read_instances(const MapEntry& for_each) {
    scope_.where = "in `for_each`";
    if (refers_to_resource(for_each.value)) {
      return false;
    }
    Interpolator interpolator(input_, scope_, diagnostics_);
    core::Path path;
    const Value value = interpolator.value_of(
        for_each.value, path, positions_, [](const core::Path&) { return false; });
    if (is_broken(value)) {
      return false;
    }
    // Keys that were written out are no secret, whatever they lead to.
    if (value.is<core::Secret>() || (for_each.value.is_scalar() && core::contains_secret(value))) {
      diagnostics_.error(
          "Sensitive value in for_each",
          "`for_each` is made of a sensitive value, and its keys would be seen in "
          "addresses and in names on Docker. Use a variable that is not sensitive for "
          "the keys.",
          for_each.value.range);
      return false;
    }
    if (const List* list = value.get<List>()) {
      return read_list(*list, for_each.value);
    }
    if (const Map* map = value.get<Map>()) {
      return read_map(*map, for_each);
    }
    diagnostics_.error("Wrong type",
                       fmt::format("`for_each` must be a list or a map, but it is {}. It makes one "
                                   "resource for each entry.",
                                   describe(value)),
                       for_each.value.range);
    return false;
  }

  /// Attributes of resources cannot say which resources there are; anything else is looked at by
  /// the interpolator.
  bool refers_to_resource(const Node& node) {
    if (const Node::Items* items = node.items()) {
      return std::any_of(
          items->begin(), items->end(), [&](const Node& item) { return refers_to_resource(item); });
    }
    if (const Node::Entries* entries = node.entries()) {
      return std::any_of(entries->begin(), entries->end(), [&](const MapEntry& entry) {
        return refers_to_resource(entry.value);
      });
    }
    const std::string* text = std::get_if<std::string>(&node.data);
    if (text == nullptr || text->find("${") == std::string::npos) {
      return false;
    }
    for (const ExpressionPart& part : parse_expression(*text).parts) {
      if (std::holds_alternative<core::Reference>(part.what) ||
          std::holds_alternative<InstanceReference>(part.what)) {
        diagnostics_.error(
            "Reference is not possible here",
            fmt::format(
                "`{}` cannot be used in `for_each`: which resources there are must be known "
                "before anything is planned, and attributes of a resource may be known only "
                "after apply. Use a variable, or write the keys out.",
                text->substr(part.begin, part.end - part.begin)),
            range_inside(node, part.begin, part.end));
        return true;
      }
    }
    return false;
  }

  bool read_list(const List& list, const Node& node) {
    bool good = true;
    std::map<std::string, std::size_t> first_of;
    for (std::size_t i = 0; i < list.size(); ++i) {
      const core::SourceRange range = core::position_of(positions_, {i}).value_or(node.range);
      const std::optional<std::string> key = key_of(list[i], i, node);
      if (is_broken(list[i])) {
        good = false;
      } else if (!key) {
        diagnostics_.error(
            "Wrong type",
            fmt::format("A list in `for_each` must hold texts, since each becomes the "
                        "key of a resource, but here is {}. Write a map from key to "
                        "value instead.",
                        describe(list[i])),
            range);
        good = false;
      } else if (!check_key(*key, range)) {
        good = false;
      } else if (const auto [first, is_new] = first_of.emplace(*key, i); !is_new) {
        report_duplicate(*key, first->second, range, node);
        good = false;
      } else {
        add(EachValue{*key, list[i]});
      }
    }
    return good;
  }

  /// A number is taken as it was written, so that 1.10 stays apart from 1.1.
  static std::optional<std::string> key_of(const Value& value,
                                           std::size_t index,
                                           const Node& node) {
    const Node::Items* items = node.items();
    const bool number = value.is<std::int64_t>() || value.is<double>();
    if (number && items != nullptr) {
      return (*items)[index].raw;
    }
    return number || value.is<std::string>() || value.is<bool>() ? std::optional(as_text(value))
                                                                 : std::nullopt;
  }

  void report_duplicate(const std::string& key,
                        std::size_t first,
                        const core::SourceRange& range,
                        const Node& node) {
    core::Diagnostic diagnostic{
        core::Severity::Error,
        "Key is there twice",
        fmt::format("`for_each` has {} twice, and each key makes one resource. Remove one of them.",
                    shown(key)),
        range,
        {},
        {}};
    const auto other = core::position_of(positions_, {first});
    if (node.items() != nullptr && other) {
      diagnostic.related.push_back({"first here", *other});
    }
    diagnostics_.add(std::move(diagnostic));
  }

  bool read_map(const Map& map, const MapEntry& for_each) {
    bool good = true;
    for (const auto& [key, value] : map) {
      const core::SourceRange range =
          core::position_of(positions_, {key}).value_or(for_each.value.range);
      if (!check_key(key, range)) {
        good = false;
      } else {
        add(EachValue{key, value});
      }
    }
    return good;
  }

  bool check_key(const std::string& key, const core::SourceRange& range) {
    if (!is_usable_key(key)) {
      diagnostics_.error(
          "Bad key",
          fmt::format("{} cannot be a key of `for_each`: a key is 1 to {} characters, "
                      "none of which is a control character.",
                      shown(key),
                      kLongestKey),
          range);
      return false;
    }
    return true;
  }

  void add(std::optional<EachValue> each) {
    Address address = whole_;
    if (each) {
      address.key = each->key;
      known_.sets[whole_].keys.insert(each->key);
    }
    if (!is_enabled(each)) {
      known_.disabled.emplace(std::move(address), enabled_->value.range);
      return;
    }
    known_.addresses.insert(address);
    result_.instances.push_back({std::move(address), std::move(each)});
  }

  bool is_enabled(const std::optional<EachValue>& each) {
    if (enabled_ == nullptr) {
      return true;
    }
    InterpolationScope scope = scope_;
    scope.each = each ? &*each : nullptr;
    scope.where = "in `enabled`";
    Interpolator interpolator(input_, scope, diagnostics_);
    const Value value = interpolator.value_of(enabled_->value);
    if (const bool* truth = value.get<bool>()) {
      return *truth;
    }
    // What comes out of the environment is always text.
    const std::string* text = value.get<std::string>();
    const bool interpolated = enabled_->value.raw.find("${") != std::string::npos;
    if (text != nullptr && interpolated && (*text == "true" || *text == "false")) {
      return *text == "true";
    }
    if (!is_broken(value)) {
      diagnostics_.error(
          "Wrong type",
          fmt::format("`enabled` must be true or false, but it is {}.", describe(value)),
          enabled_->value.range);
    }
    return true;
  }

  const ConfigurationInput& input_;
  InterpolationScope scope_;
  ResourceTable& known_;
  ExpandedEntry& result_;
  Diagnostics& diagnostics_;
  Address whole_;
  const MapEntry* enabled_ = nullptr;
  core::Positions positions_;
};

}  // namespace

ExpandedEntry expand_entry(core::Kind kind,
                           const SectionEntry& entry,
                           const ConfigurationInput& input,
                           const InterpolationScope& scope,
                           ResourceTable& known,
                           Diagnostics& diagnostics) {
  ExpandedEntry result{kind, entry, {}};
  Diagnostics found;
  Expander(input, scope, known, result, found).run();
  for (core::Diagnostic diagnostic : found.items()) {
    diagnostic.address = Address{kind, entry.name, std::nullopt}.str();
    diagnostics.add(std::move(diagnostic));
  }
  return result;
}

}  // namespace aim::planner
