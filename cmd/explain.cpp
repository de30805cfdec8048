#include "cmd/explain.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "planner/realize.hpp"
#include "planner/schema.hpp"

namespace aim::cmd {

using core::Address;
using core::Kind;
using core::Map;
using core::Path;
using core::Value;
using planner::DesiredResource;

namespace {

bool is_key_letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '-';
}

/// The key at the top of the file that a line stands under, as files in block style have it.
std::string section_of(const core::SourceFiles& sources, const core::SourceRange& range) {
  for (std::uint32_t line = range.begin.line; line > 0; --line) {
    const std::string text = sources.line(range.file, line).value_or("");
    const std::size_t end = static_cast<std::size_t>(
        std::find_if_not(text.begin(), text.end(), is_key_letter) - text.begin());
    if (end > 0 && end < text.size() && text[end] == ':') {
      return text.substr(0, end);
    }
  }
  return {};
}

/// Names of the variables in the text of a range, as far as its first line goes.
std::vector<std::string> variables_in(const core::SourceFiles& sources,
                                      const core::SourceRange& range) {
  std::vector<std::string> names;
  std::string text = sources.line(range.file, range.begin.line).value_or("");
  if (range.end.line == range.begin.line) {
    text = text.substr(0, std::min<std::size_t>(text.size(), range.end.column));
  }
  constexpr std::string_view kOpening = "${var.";
  std::size_t at = text.find(kOpening, std::min<std::size_t>(text.size(), range.begin.column - 1));
  while (at != std::string::npos) {
    const std::size_t begin = at + kOpening.size();
    std::size_t end = begin;
    while (end < text.size() && is_key_letter(text[end])) {
      ++end;
    }
    names.push_back(text.substr(begin, end - begin));
    at = text.find(kOpening, end);
  }
  return names;
}

class Explainer {
 public:
  Explainer(const Address& address,
            const planner::Configuration& configuration,
            const core::StateSnapshot& state,
            const planner::Plan& plan,
            const core::SourceFiles& sources)
      : address_(address),
        configuration_(configuration),
        state_(state),
        plan_(plan),
        sources_(sources),
        desired_(configuration.resources.at(address)) {}

  Explanation run() {
    result_.address = address_;
    result_.docker_name = desired_.docker_name;
    result_.range = desired_.range;
    result_.external = desired_.external;
    const auto record = state_.resources.find(address_);
    if (record != state_.resources.end()) {
      result_.generation = record->second.generation;
    }
    const planner::ResourceChange* change = planned();
    const Map& attributes = change ? change->attributes : desired_.attributes;
    for (const auto& [name, value] : attributes) {
      add(planner::find_attribute(address_.kind, name), {name}, value);
    }
    if (const Value* selected = core::find(attributes, "selected"); selected) {
      const Map* map = selected->get<Map>();
      result_.decision = map ? recipes::decision_from(*map) : std::nullopt;
      result_.model = core::string_at(attributes, "model").value_or("");
    }
    add_computed(change, record == state_.resources.end() ? nullptr : &record->second);
    find_needs();
    if (!desired_.external &&
        (address_.kind == Kind::Endpoint || address_.kind == Kind::Container)) {
      add_command(attributes);
    }
    return std::move(result_);
  }

 private:
  const planner::ResourceChange* planned() const {
    const auto found = std::find_if(plan_.changes.begin(),
                                    plan_.changes.end(),
                                    [&](const auto& change) { return change.address == address_; });
    return found == plan_.changes.end() ? nullptr : &*found;
  }

  Origin origin_of(const Path& path) const {
    Origin origin;
    const std::string& attribute = std::get<std::string>(path.front());
    const auto& defaulted = desired_.defaulted;
    if (std::find(defaulted.begin(), defaulted.end(), attribute) != defaulted.end()) {
      origin.from = Origin::From::Default;
      return origin;
    }
    if (is_chosen(path)) {
      origin.from = Origin::From::Recipe;
      return origin;
    }
    const auto found = desired_.positions.find(core::to_string(path));
    const auto whole = desired_.positions.find(attribute);
    if (found == desired_.positions.end() && whole == desired_.positions.end()) {
      origin.from = Origin::From::Default;
      return origin;
    }
    // A member that was not written is the table's, though the attribute around it was; but a list
    // of keys, or a number alone, may have become a map.
    const auto inner = desired_.positions.lower_bound(attribute + ".");
    const bool was_alone =
        inner == desired_.positions.end() || !inner->first.starts_with(attribute + ".");
    if (found == desired_.positions.end() && path.size() > 1 && !was_alone) {
      origin.from = Origin::From::Default;
      return origin;
    }
    origin.range = found != desired_.positions.end() ? found->second : whole->second;
    const std::string section = section_of(sources_, *origin.range);
    origin.section = section == core::section_name(address_.kind) ? std::string() : section;
    for (const std::string& name : variables_in(sources_, *origin.range)) {
      const auto variable = configuration_.variables.find(name);
      origin.variables.push_back(variable == configuration_.variables.end()
                                     ? name
                                     : fmt::format("{} ({})", name, variable->second.origin));
    }
    return origin;
  }

  /// Whether nobody wrote it and it came with the recipe, or with the choice of GPUs.
  bool is_chosen(const Path& path) const {
    const std::string& attribute = std::get<std::string>(path.front());
    const Map* selected = decision();
    const auto place = desired_.positions.find(attribute);
    if (place == desired_.positions.end()) {
      return false;
    }
    if (place->second.file.empty()) {
      return true;
    }
    const auto of_decision = [&](const char* name) {
      return selected ? core::find(*selected, name) : nullptr;
    };
    if (attribute == "env" && path.size() > 1 &&
        !desired_.positions.contains(core::to_string(path))) {
      const Value* env = of_decision("env");
      return env && env->is<Map>() &&
             core::find(*env->get<Map>(), std::get<std::string>(path[1])) != nullptr;
    }
    // One that nobody wrote stands at the model.
    const auto model = desired_.positions.find("model");
    return attribute == "image" && of_decision("image") != nullptr &&
           model != desired_.positions.end() && place->second == model->second;
  }

  const Map* decision() const {
    const Value* selected = core::find(desired_.attributes, "selected");
    return selected ? selected->get<Map>() : nullptr;
  }

  void add(const planner::Attribute* attribute, const Path& path, const Value& value) {
    if (attribute != nullptr && attribute->internal) {
      return;
    }
    const Map* members = value.get<Map>();
    if (members == nullptr || members->empty()) {
      result_.values.push_back(
          {core::to_string(path), planner::display(attribute, value), origin_of(path)});
      return;
    }
    for (const auto& [name, member] : *members) {
      Path inner = path;
      inner.emplace_back(name);
      const planner::Attribute* about = nullptr;
      if (attribute != nullptr) {
        const auto found = std::find_if(attribute->members.begin(),
                                        attribute->members.end(),
                                        [&](const auto& one) { return one.name == name; });
        about = found == attribute->members.end() ? nullptr : &*found;
      }
      add(about, inner, member);
    }
  }

  void add_computed(const planner::ResourceChange* change, const core::RecordedResource* record) {
    std::map<std::string, ExplainedValue> values;
    for (const auto& [name, value] : change ? change->computed : Map()) {
      const bool unknown = core::contains_unknown(value);
      Origin origin;
      origin.from = unknown ? Origin::From::Apply : Origin::From::Configuration;
      values.insert_or_assign(name, ExplainedValue{name, planner::display(nullptr, value), origin});
    }
    for (const auto& [name, value] : record ? record->computed : Map()) {
      const auto known = values.find(name);
      if (known == values.end() || known->second.origin.from == Origin::From::Apply) {
        Origin origin;
        origin.from = Origin::From::Recorded;
        values.insert_or_assign(name,
                                ExplainedValue{name, planner::display(nullptr, value), origin});
      }
    }
    for (auto& [name, value] : values) {
      // Of what is deployed, all that can be known is known: an image made here has no digest.
      if (record == nullptr || value.origin.from != Origin::From::Apply) {
        result_.values.push_back(std::move(value));
      }
    }
  }

  /// References below `value`, with the path of each.
  static void find_references(const Value& value,
                              const Path& path,
                              std::map<Address, std::set<std::string>>& found) {
    if (const auto* text = value.get<core::Template>()) {
      for (const core::Template::Part& part : text->parts) {
        if (const auto* reference = std::get_if<core::Reference>(&part)) {
          found[reference->address].insert(
              fmt::format("`{}` takes its {}", core::to_string(path), reference->attribute));
        }
      }
    } else if (const Map* map = value.get<Map>()) {
      for (const auto& [name, member] : *map) {
        Path inner = path;
        inner.emplace_back(name);
        find_references(member, inner, found);
      }
    } else if (const core::List* list = value.get<core::List>()) {
      for (std::size_t i = 0; i < list->size(); ++i) {
        Path inner = path;
        inner.emplace_back(i);
        find_references((*list)[i], inner, found);
      }
    }
  }

  void find_needs() {
    std::map<Address, std::set<std::string>> reasons;
    find_references(desired_.attributes, {}, reasons);
    const Value* networks = core::find(desired_.attributes, "networks");
    for (const auto& [key, settings] :
         networks && networks->is<Map>() ? *networks->get<Map>() : Map()) {
      reasons[Address{Kind::Network, key, std::nullopt}].insert("`networks` joins it");
    }
    const Value* mounts = core::find(desired_.attributes, "mounts");
    for (const Value& item :
         mounts && mounts->is<core::List>() ? *mounts->get<core::List>() : core::List()) {
      const Map* mount = item.get<Map>();
      if (mount != nullptr && core::string_at(*mount, "type") == "volume") {
        reasons[Address{Kind::Volume, core::string_at(*mount, "source").value_or(""), std::nullopt}]
            .insert(fmt::format("`mounts` has it at {}",
                                core::string_at(*mount, "target").value_or("")));
      }
    }
    for (const Address& need : desired_.dependencies) {
      const std::set<std::string>& why = reasons[need];
      ExplainedDependency dependency{need, {why.begin(), why.end()}};
      if (dependency.reasons.empty()) {
        dependency.reasons.emplace_back(need.kind == Kind::Network && need.name == "default"
                                            ? "it joins the project's network"
                                            : "`depends_on` names it");
      }
      result_.needs.push_back(std::move(dependency));
    }
    for (const auto& [other, resource] : configuration_.resources) {
      const auto& needs = resource.dependencies;
      if (std::find(needs.begin(), needs.end(), address_) != needs.end()) {
        result_.needed_by.push_back(other);
      }
    }
  }

  void add_command(const Map& attributes) {
    const planner::NameLookup names = [&](const Address& other) {
      const auto found = configuration_.resources.find(other);
      return found == configuration_.resources.end() ? other.name : found->second.docker_name;
    };
    result_.command = docker_command({desired_.docker_name,
                                      planner::docker_attributes(address_, attributes, names),
                                      planner::restart_policy(attributes),
                                      planner::attachments(address_, attributes, names)});
  }

  const Address& address_;
  const planner::Configuration& configuration_;
  const core::StateSnapshot& state_;
  const planner::Plan& plan_;
  const core::SourceFiles& sources_;
  const DesiredResource& desired_;
  Explanation result_;
};

}  // namespace

Explanation explain(const Address& address,
                    const planner::Configuration& configuration,
                    const core::StateSnapshot& state,
                    const planner::Plan& plan,
                    const core::SourceFiles& sources) {
  return Explainer(address, configuration, state, plan, sources).run();
}

}  // namespace aim::cmd
