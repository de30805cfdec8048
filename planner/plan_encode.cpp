#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "planner/evaluate.hpp"
#include "planner/plan_codec.hpp"

namespace aim::planner {

namespace json = boost::json;
using core::Map;
using core::Secret;
using core::Template;
using core::Value;

namespace {

/// Gives every secret inside that has no digest yet one that depends on its place alone.
Value digested(const Value& value, const std::string& place) {
  if (const Secret* secret = value.get<Secret>()) {
    return secret->known() && secret->digest().empty() ? secret->with_digest(place) : *secret;
  }
  if (const core::List* list = value.get<core::List>()) {
    core::List copy;
    for (std::size_t i = 0; i < list->size(); ++i) {
      copy.push_back(digested((*list)[i], fmt::format("{}[{}]", place, i)));
    }
    return copy;
  }
  if (const Map* map = value.get<Map>()) {
    Map copy;
    for (const auto& [key, item] : *map) {
      copy.emplace(key, digested(item, fmt::format("{}.{}", place, key)));
    }
    return copy;
  }
  if (const Template* text = value.get<Template>()) {
    Template copy = *text;
    for (std::size_t i = 0; i < copy.parts.size(); ++i) {
      Secret* secret = std::get_if<Secret>(&copy.parts[i]);
      if (secret && secret->known() && secret->digest().empty()) {
        copy.parts[i] = secret->with_digest(fmt::format("{}[{}]", place, i));
      }
    }
    return copy;
  }
  return value;
}

/// Writes the parts of one plan.
class Encoder {
 public:
  Encoder(const Plan& plan, Extent extent)
      : salt_(fmt::format("{}/{}/", plan.project, plan.workspace)), extent_(extent) {}

  json::object change(const ResourceChange& c) const {
    const std::string place = c.address.str();
    json::object object{{"address", place},
                        {"action", to_string(c.action)},
                        {"reason", to_string(c.reason)},
                        {"before", optional_map(c.before, place)},
                        {"kept_baseline", optional_map(c.kept_baseline, place)},
                        {"after", optional_map(c.after, place)},
                        {"fields", fields(c.fields, place)},
                        {"attributes", map(c.attributes, place)},
                        {"computed", map(c.computed, place)},
                        {"deferred", map(c.deferred, place)},
                        {"steps", steps(c.steps, place)},
                        {"dependencies", addresses(c.dependencies)},
                        {"previous_dependencies", addresses(c.previous_dependencies)},
                        {"superseded", superseded(c)},
                        {"anonymous_volumes", texts(c.anonymous_volumes)},
                        {"detached", attachments(c.detached)},
                        {"docker_name", c.docker_name},
                        {"docker_id", c.docker_id},
                        {"salt", c.salt},
                        {"triggered_by", json::value_from(c.triggered_by)},
                        {"generation", c.generation},
                        {"downtime", to_string(c.downtime)},
                        {"last_start_millis", c.last_start_millis},
                        {"stopped", c.stopped},
                        {"held", c.held},
                        {"keep_previous", c.keep_previous},
                        {"external", c.external},
                        {"prevent_destroy", c.prevent_destroy},
                        {"retain", c.retain}};
    if (c.previous_network) {
      object.emplace("previous_network", core::to_json(core::Call(*c.previous_network)));
    }
    if (c.moved_from) {
      object.emplace("moved_from", c.moved_from->str());
    }
    if (extent_ == Extent::Whole && c.range) {
      object.emplace("range", range(*c.range));
    }
    return object;
  }

  json::object drift(const Drift& d) const {
    return {{"address", d.address.str()},
            {"missing", d.missing},
            {"fields", fields(d.fields, d.address.str())}};
  }

  json::object output(const OutputChange& o) const {
    const std::string place = "output." + o.name;
    json::object object{{"name", o.name},
                        {"action", to_string(o.action)},
                        {"before", output_value(o, o.before, place)},
                        {"after", output_value(o, o.after, place)},
                        {"sensitive", o.sensitive},
                        {"dependencies", addresses(o.dependencies)}};
    if (o.source) {
      object.emplace("source", value(*o.source, place));
    }
    return object;
  }

  json::object variable(const std::string& name, const VariableValue& v) const {
    json::object object{{"value", hidden_value(v.sensitive, v.value, "var." + name)},
                        {"sensitive", v.sensitive}};
    if (extent_ == Extent::Whole) {
      object.emplace("origin", v.origin);
    }
    return object;
  }

  json::object recorded(const core::RecordedResource& r) const {
    const std::string place = r.address.str();
    return {{"address", place},
            {"attributes", map(r.attributes, place)},
            {"computed", map(r.computed, place)},
            {"baseline", map(r.baseline, place)},
            {"baseline_api", r.baseline_api},
            {"docker_id", r.docker_id},
            {"docker_name", r.docker_name},
            {"generation", r.generation},
            {"dependencies", addresses(r.dependencies)},
            {"prevent_destroy", r.prevent_destroy},
            {"retain", r.retain},
            {"external", r.external},
            {"salt", r.salt},
            {"created_run", r.created_run},
            {"held", r.held},
            {"start_millis", r.start_millis}};
  }

  static json::object note(const core::Diagnostic& d) {
    json::object object{{"severity", static_cast<std::int64_t>(d.severity)},
                        {"summary", d.summary},
                        {"detail", d.detail},
                        {"address", d.address}};
    if (d.range) {
      object.emplace("range", range(*d.range));
    }
    json::array related;
    for (const core::RelatedPlace& place : d.related) {
      related.push_back(json::object{{"message", place.message}, {"range", range(place.range)}});
    }
    object.emplace("related", std::move(related));
    return object;
  }

 private:
  static std::string_view to_string(Action action) { return planner::to_string(action); }

  static std::string_view to_string(Reason reason) { return planner::to_string(reason); }

  static std::string_view to_string(Downtime downtime) {
    switch (downtime) {
      case Downtime::None:
        return "none";
      case Downtime::Restart:
        return "restart";
      case Downtime::Removal:
        return "removal";
    }
    return "";
  }

  static json::object range(const core::SourceRange& r) {
    return {{"file", r.file},
            {"begin", json::array{r.begin.line, r.begin.column}},
            {"end", json::array{r.end.line, r.end.column}}};
  }

  json::value value(const Value& v, const std::string& place) const {
    return core::contains_secret(v) ? core::to_json(digested(v, salt_ + place)) : core::to_json(v);
  }

  json::value map(const Map& m, const std::string& place) const {
    const bool secrets = std::any_of(
        m.begin(), m.end(), [](const auto& entry) { return core::contains_secret(entry.second); });
    return secrets ? value(Value(m), place) : core::to_json(m);
  }

  json::value optional_map(const std::optional<Map>& m, const std::string& place) const {
    return m ? map(*m, place) : json::value(nullptr);
  }

  /// What is sensitive by declaration may hold its text openly; the file must not.
  json::value hidden_value(bool sensitive, const Value& v, const std::string& place) const {
    const bool open =
        sensitive && !v.is_null() && !v.is<core::Unknown>() && !v.is<Secret>() && !v.is<Template>();
    return value(open ? Value(Secret(as_text(v))) : v, place);
  }

  json::value output_value(const OutputChange& o, const Value& v, const std::string& place) const {
    return hidden_value(o.sensitive, v, place);
  }

  json::array fields(const std::vector<FieldChange>& changes, const std::string& address) const {
    json::array array;
    for (const FieldChange& field : changes) {
      json::array path;
      for (const core::PathStep& step : field.path) {
        if (const std::size_t* index = std::get_if<std::size_t>(&step)) {
          path.push_back(static_cast<std::int64_t>(*index));
        } else {
          path.push_back(json::string(std::get<std::string>(step)));
        }
      }
      const std::string place = fmt::format("{}.{}", address, core::to_string(field.path));
      json::object object{{"path", std::move(path)},
                          {"before", value(field.before, place)},
                          {"after", value(field.after, place)},
                          {"forces_replacement", field.forces_replacement}};
      if (extent_ == Extent::Whole && field.source) {
        object.emplace("source", range(*field.source));
      }
      array.push_back(std::move(object));
    }
    return array;
  }

  static json::object attachment(const core::Attachment& a) {
    json::array aliases;
    for (const std::string& alias : a.aliases) {
      aliases.push_back(json::string(alias));
    }
    return {{"network", a.network},
            {"aliases", std::move(aliases)},
            {"ipv4_address", a.ipv4_address},
            {"ipv6_address", a.ipv6_address}};
  }

  json::array steps(const std::vector<InPlaceStep>& in_place, const std::string& place) const {
    json::array array;
    for (const InPlaceStep& step : in_place) {
      array.push_back(std::visit(
          core::overloaded{
              [&](const SetLimits& s) -> json::value {
                return json::object{{"step", "set_limits"},
                                    {"attributes", map(s.attributes, place)},
                                    {"previous", map(s.previous, place)},
                                    {"after_readiness", s.after_readiness}};
              },
              [](const Connect& s) -> json::value {
                return json::object{{"step", "connect"}, {"attachment", attachment(s.attachment)}};
              },
              [](const Disconnect& s) -> json::value {
                return json::object{{"step", "disconnect"},
                                    {"attachment", attachment(s.attachment)}};
              },
              [](const Rename& s) -> json::value {
                return json::object{{"step", "rename"}, {"from", s.from}, {"to", s.to}};
              },
              [](const Start&) -> json::value {
                return json::object{{"step", "start"}};
              },
              [](const Stop&) -> json::value {
                return json::object{{"step", "stop"}};
              },
              [](const Unpause&) -> json::value {
                return json::object{{"step", "unpause"}};
              },
              [](const ReplaceFiles& s) -> json::value {
                return json::object{{"step", "replace_files"},
                                    {"paths", json::array(s.paths.begin(), s.paths.end())}};
              },
              [](const Restart&) -> json::value {
                return json::object{{"step", "restart"}};
              }},
          step));
    }
    return array;
  }

  static json::object texts(const std::map<std::string, std::string>& map) {
    json::object object;
    for (const auto& [key, text] : map) {
      object.emplace(key, text);
    }
    return object;
  }

  static json::array attachments(const std::vector<core::Attachment>& list) {
    json::array array;
    for (const core::Attachment& one : list) {
      array.push_back(attachment(one));
    }
    return array;
  }

  static json::array superseded(const ResourceChange& change) {
    json::array array;
    for (const auto& [id, name] : change.superseded) {
      array.push_back(json::object{{"id", id}, {"name", name}});
    }
    return array;
  }

  static json::array addresses(const std::vector<core::Address>& list) {
    json::array array;
    for (const core::Address& address : list) {
      array.push_back(json::string(address.str()));
    }
    return array;
  }

  std::string salt_;
  Extent extent_;
};

json::array address_set(const std::set<core::Address>& set) {
  json::array array;
  for (const core::Address& address : set) {
    array.push_back(json::string(address.str()));
  }
  return array;
}

void encode_lists(const Plan& plan, const Encoder& encoder, json::object& object) {
  json::array changes;
  for (const ResourceChange& change : plan.changes) {
    changes.push_back(encoder.change(change));
  }
  object.emplace("changes", std::move(changes));
  json::array drifts;
  for (const Drift& drift : plan.drift) {
    drifts.push_back(encoder.drift(drift));
  }
  object.emplace("drift", std::move(drifts));
  json::array outputs;
  for (const OutputChange& output : plan.outputs) {
    outputs.push_back(encoder.output(output));
  }
  object.emplace("outputs", std::move(outputs));
  json::array unmanaged;
  for (std::size_t i = 0; i < plan.unmanaged.size(); ++i) {
    AIM_CHECK(i < plan.unmanaged_addresses.size());
    unmanaged.push_back(
        json::object{{"address", plan.unmanaged_addresses[i].str()}, {"name", plan.unmanaged[i]}});
  }
  object.emplace("unmanaged", std::move(unmanaged));
}

}  // namespace

json::value encode_change(const Plan& plan, const ResourceChange& change, Extent extent) {
  return Encoder(plan, extent).change(change);
}

json::value encode_output(const Plan& plan, const OutputChange& output) {
  return Encoder(plan, Extent::Compared).output(output);
}

json::value encode_options(const PlanOptions& options) {
  return json::object{{"destroy", options.destroy},
                      {"destroy_volumes", options.destroy_volumes},
                      {"refresh_only", options.refresh_only},
                      {"targets", address_set(options.targets)},
                      {"excludes", address_set(options.excludes)},
                      {"replaces", address_set(options.replaces)},
                      {"upgrades", address_set(options.upgrades)},
                      {"upgrade_all", options.upgrade_all},
                      {"allow_exec", options.allow_exec}};
}

json::value encode_variable(const Plan& plan,
                            const std::string& name,
                            const VariableValue& variable,
                            Extent extent) {
  return Encoder(plan, extent).variable(name, variable);
}

json::value encode_plan(const Plan& plan, Extent extent) {
  const Encoder encoder(plan, extent);
  json::object object{{"project", plan.project},
                      {"workspace", plan.workspace},
                      {"lineage", plan.lineage},
                      {"serial", plan.serial},
                      {"configuration_digest", plan.configuration_digest},
                      {"updates_containers", plan.updates_containers},
                      {"options", encode_options(plan.options)}};
  encode_lists(plan, encoder, object);
  if (extent == Extent::Whole) {
    json::array notes;
    for (const core::Diagnostic& note : plan.notes) {
      notes.push_back(Encoder::note(note));
    }
    object.emplace("notes", std::move(notes));
  }
  json::object fingerprints;
  for (const auto& [address, digest] : plan.fingerprints) {
    fingerprints.emplace(address, digest);
  }
  object.emplace("fingerprints", std::move(fingerprints));
  json::object variables;
  for (const auto& [name, variable] : plan.variables) {
    variables.emplace(name, encoder.variable(name, variable));
  }
  object.emplace("variables", std::move(variables));
  json::object rebuilt;
  for (const auto& [address, resource] : plan.rebuilt) {
    rebuilt.emplace(address, encoder.recorded(resource));
  }
  object.emplace("rebuilt", std::move(rebuilt));
  return object;
}

}  // namespace aim::planner
