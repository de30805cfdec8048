#include <fmt/format.h>

#include <boost/json.hpp>

#include "planner/json_members.hpp"
#include "planner/plan_codec.hpp"

namespace aim::planner {

namespace json = boost::json;
using core::Address;
using core::Map;
using core::Value;

namespace {

/// The enumerator of `all` that is written like the member `key`.
template <class Enum, std::size_t N>
Enum word(const JsonMembers& members, std::string_view key, const Enum (&all)[N]) {
  const std::string text = members.text(key);
  for (const Enum each : all) {
    if (to_string(each) == text) {
      return each;
    }
  }
  members.fault().set(fmt::format("{} is no word this aim knows", members.place(key)));
  return all[0];
}

constexpr Action kActions[] = {
    Action::NoOp, Action::Create, Action::Update, Action::Replace, Action::Delete, Action::Forget};
constexpr Reason kReasons[] = {Reason::None,
                               Reason::CannotUpdate,
                               Reason::ByRequest,
                               Reason::Follows,
                               Reason::Triggered,
                               Reason::Drifted,
                               Reason::Missing,
                               Reason::NoConfiguration,
                               Reason::DestroyRequested};

core::SourcePosition position(const JsonMembers& range, std::string_view key) {
  std::vector<std::uint32_t> numbers;
  range.for_each(key, [&](const json::value& item, const std::string& where) {
    const std::int64_t* number = item.if_int64();
    if (number == nullptr || *number < 0 || *number > 0xffff'ffffLL) {
      range.fault().set(fmt::format("{} is no line or column", where));
      return;
    }
    numbers.push_back(static_cast<std::uint32_t>(*number));
  });
  if (numbers.size() != 2) {
    range.fault().set(fmt::format("{} is not a line and a column", range.place(key)));
    return {};
  }
  return {numbers[0], numbers[1]};
}

core::SourceRange range_of(const json::value* value, const std::string& place, Fault& fault) {
  const JsonMembers range(value, place, fault);
  return {range.text("file"), position(range, "begin"), position(range, "end")};
}

std::optional<core::SourceRange> optional_range(const JsonMembers& members, std::string_view key) {
  const json::value* value = members.find(key);
  return value ? std::optional(range_of(value, members.place(key), members.fault())) : std::nullopt;
}

core::Path path_of(const JsonMembers& members, std::string_view key) {
  core::Path path;
  members.for_each(key, [&](const json::value& step, const std::string& where) {
    if (const json::string* name = step.if_string()) {
      path.emplace_back(std::string(*name));
    } else if (const std::int64_t* index = step.if_int64(); index && *index >= 0) {
      path.emplace_back(static_cast<std::size_t>(*index));
    } else {
      members.fault().set(fmt::format("{} is no step of a path", where));
    }
  });
  if (path.empty() || !std::holds_alternative<std::string>(path.front())) {
    members.fault().set(fmt::format("{} does not begin with an attribute", members.place(key)));
  }
  return path;
}

std::vector<FieldChange> fields_of(const JsonMembers& members, std::string_view key) {
  std::vector<FieldChange> fields;
  members.for_each(key, [&](const json::value& item, const std::string& where) {
    const JsonMembers field(&item, where, members.fault());
    fields.push_back({path_of(field, "path"),
                      field.value("before"),
                      field.value("after"),
                      field.boolean("forces_replacement"),
                      optional_range(field, "source")});
  });
  return fields;
}

core::Attachment attachment_of(const JsonMembers& step) {
  const JsonMembers attachment(step.at("attachment"), step.place("attachment"), step.fault());
  return {attachment.text("network"),
          attachment.texts("aliases"),
          attachment.text("ipv4_address"),
          attachment.text("ipv6_address")};
}

std::optional<InPlaceStep> step_of(const JsonMembers& step) {
  const std::string name = step.text("step");
  if (name == "set_limits") {
    return SetLimits{step.map("attributes"), step.map("previous"), step.boolean("after_readiness")};
  }
  if (name == "connect") {
    return Connect{attachment_of(step)};
  }
  if (name == "disconnect") {
    return Disconnect{attachment_of(step)};
  }
  if (name == "rename") {
    return Rename{step.text("from"), step.text("to")};
  }
  if (name == "start") {
    return Start{};
  }
  if (name == "stop") {
    return Stop{};
  }
  if (name == "unpause") {
    return Unpause{};
  }
  if (name == "replace_files") {
    return ReplaceFiles{step.texts("paths")};
  }
  if (name == "restart") {
    return Restart{};
  }
  step.fault().set(fmt::format("{} is no step this aim knows", step.place("step")));
  return std::nullopt;
}

std::optional<core::CreateNetwork> network_of(const JsonMembers& change) {
  const json::value* value = change.find("previous_network");
  if (value == nullptr) {
    return std::nullopt;
  }
  const core::Result<core::Call> call = core::call_from_json(*value);
  const core::CreateNetwork* network = call ? std::get_if<core::CreateNetwork>(&*call) : nullptr;
  if (network == nullptr) {
    change.fault().set(fmt::format("{} makes no network", change.place("previous_network")));
    return std::nullopt;
  }
  return *network;
}

Downtime downtime_of(const JsonMembers& change) {
  const std::string text = change.text("downtime");
  if (text == "restart") {
    return Downtime::Restart;
  }
  if (text == "removal") {
    return Downtime::Removal;
  }
  if (text != "none") {
    change.fault().set(fmt::format("{} is no word this aim knows", change.place("downtime")));
  }
  return Downtime::None;
}

ResourceChange change_of(const JsonMembers& members) {
  ResourceChange change;
  change.address = members.address("address");
  if (members.find("moved_from") != nullptr) {
    change.moved_from = members.address("moved_from");
  }
  change.action = word(members, "action", kActions);
  change.reason = word(members, "reason", kReasons);
  change.before = members.optional_map("before");
  change.kept_baseline = members.optional_map("kept_baseline");
  change.after = members.optional_map("after");
  change.fields = fields_of(members, "fields");
  change.attributes = members.map("attributes");
  change.computed = members.map("computed");
  change.deferred = members.map("deferred");
  members.for_each("steps", [&](const json::value& item, const std::string& where) {
    if (std::optional<InPlaceStep> step = step_of(JsonMembers(&item, where, members.fault()))) {
      change.steps.push_back(std::move(*step));
    }
  });
  change.dependencies = members.addresses("dependencies");
  change.previous_dependencies = members.addresses("previous_dependencies");
  members.for_each("superseded", [&](const json::value& item, const std::string& where) {
    const JsonMembers object(&item, where, members.fault());
    change.superseded.emplace_back(object.text("id"), object.text("name"));
  });
  members.for_each_member(
      "anonymous_volumes",
      [&](const std::string& path, const json::value& item, const std::string& where) {
        const json::string* name = item.if_string();
        if (name == nullptr) {
          members.fault().set(fmt::format("{} is not a text", where));
          return;
        }
        change.anonymous_volumes.emplace(path, std::string(*name));
      });
  members.for_each("detached", [&](const json::value& item, const std::string& where) {
    const JsonMembers attachment(&item, where, members.fault());
    change.detached.push_back(
        {attachment.text("network"), attachment.texts("aliases"), attachment.text("ipv4_address")});
  });
  change.previous_network = network_of(members);
  change.docker_name = members.text("docker_name");
  change.docker_id = members.text("docker_id");
  change.salt = members.text("salt");
  change.triggered_by = members.texts("triggered_by");
  change.generation = members.integer("generation");
  change.downtime = downtime_of(members);
  change.last_start_millis = members.integer("last_start_millis");
  change.stopped = members.boolean("stopped");
  change.held = members.boolean("held");
  change.keep_previous = members.boolean("keep_previous");
  change.external = members.boolean("external");
  change.prevent_destroy = members.boolean("prevent_destroy");
  change.retain = members.boolean("retain");
  change.range = optional_range(members, "range");
  return change;
}

OutputChange output_of(const JsonMembers& members) {
  OutputChange output;
  output.name = members.text("name");
  output.action = word(members, "action", kActions);
  output.before = members.value("before");
  output.after = members.value("after");
  output.sensitive = members.boolean("sensitive");
  output.dependencies = members.addresses("dependencies");
  if (members.find("source") != nullptr) {
    output.source = members.value("source");
  }
  return output;
}

core::RecordedResource recorded_of(const JsonMembers& members) {
  core::RecordedResource resource;
  resource.address = members.address("address");
  resource.attributes = members.map("attributes");
  resource.computed = members.map("computed");
  resource.baseline = members.map("baseline");
  resource.baseline_api = members.text("baseline_api");
  resource.docker_id = members.text("docker_id");
  resource.docker_name = members.text("docker_name");
  resource.generation = members.integer("generation");
  resource.dependencies = members.addresses("dependencies");
  resource.prevent_destroy = members.boolean("prevent_destroy");
  resource.retain = members.boolean("retain");
  resource.external = members.boolean("external");
  resource.salt = members.text("salt");
  resource.created_run = members.text("created_run");
  resource.held = members.boolean("held");
  resource.start_millis = members.integer("start_millis");
  return resource;
}

core::Diagnostic note_of(const JsonMembers& members) {
  core::Diagnostic note;
  const std::int64_t severity = members.integer("severity");
  if (severity < 0 || severity > static_cast<std::int64_t>(core::Severity::Note)) {
    members.fault().set(fmt::format("{} is no severity", members.place("severity")));
  } else {
    note.severity = static_cast<core::Severity>(severity);
  }
  note.summary = members.text("summary");
  note.detail = members.text("detail");
  note.address = members.text("address");
  note.range = optional_range(members, "range");
  members.for_each("related", [&](const json::value& item, const std::string& where) {
    const JsonMembers related(&item, where, members.fault());
    note.related.push_back(
        {related.text("message"),
         range_of(related.at("range"), related.place("range"), members.fault())});
  });
  return note;
}

PlanOptions options_of(const JsonMembers& members) {
  const auto address_set = [&](std::string_view key) {
    const std::vector<Address> list = members.addresses(key);
    return std::set<Address>(list.begin(), list.end());
  };
  PlanOptions options;
  options.destroy = members.boolean("destroy");
  options.destroy_volumes = members.boolean("destroy_volumes");
  options.refresh_only = members.boolean("refresh_only");
  options.targets = address_set("targets");
  options.excludes = address_set("excludes");
  options.replaces = address_set("replaces");
  options.upgrades = address_set("upgrades");
  options.upgrade_all = members.boolean("upgrade_all");
  options.allow_exec = members.boolean("allow_exec");
  return options;
}

void read_lists(const JsonMembers& members, Plan& plan) {
  Fault& fault = members.fault();
  members.for_each("changes", [&](const json::value& item, const std::string& where) {
    plan.changes.push_back(change_of(JsonMembers(&item, where, fault)));
  });
  members.for_each("drift", [&](const json::value& item, const std::string& where) {
    const JsonMembers drift(&item, where, fault);
    plan.drift.push_back(
        {drift.address("address"), drift.boolean("missing"), fields_of(drift, "fields")});
  });
  members.for_each("outputs", [&](const json::value& item, const std::string& where) {
    plan.outputs.push_back(output_of(JsonMembers(&item, where, fault)));
  });
  members.for_each("unmanaged", [&](const json::value& item, const std::string& where) {
    const JsonMembers object(&item, where, fault);
    plan.unmanaged_addresses.push_back(object.address("address"));
    plan.unmanaged.push_back(object.text("name"));
  });
  members.for_each("notes", [&](const json::value& item, const std::string& where) {
    plan.notes.push_back(note_of(JsonMembers(&item, where, fault)));
  });
}

void read_maps(const JsonMembers& members, Plan& plan) {
  Fault& fault = members.fault();
  members.for_each_member(
      "fingerprints",
      [&](const std::string& name, const json::value& item, const std::string& where) {
        const json::string* digest = item.if_string();
        if (digest == nullptr) {
          fault.set(fmt::format("{} is not a text", where));
          return;
        }
        plan.fingerprints.emplace(name, std::string(*digest));
      });
  members.for_each_member(
      "variables", [&](const std::string& name, const json::value& item, const std::string& where) {
        const JsonMembers variable(&item, where, fault);
        plan.variables.emplace(
            name,
            VariableValue{
                variable.value("value"), variable.boolean("sensitive"), variable.text("origin")});
      });
  members.for_each_member(
      "rebuilt", [&](const std::string& name, const json::value& item, const std::string& where) {
        plan.rebuilt.emplace(name, recorded_of(JsonMembers(&item, where, fault)));
      });
}

}  // namespace

core::Result<Plan> decode_plan(const json::value& json) {
  Fault fault;
  const JsonMembers members(&json, "", fault);
  Plan plan;
  plan.project = members.text("project");
  plan.workspace = members.text("workspace");
  plan.lineage = members.text("lineage");
  plan.serial = members.integer("serial");
  plan.configuration_digest = members.text("configuration_digest");
  plan.updates_containers = members.boolean("updates_containers");
  plan.options = options_of(JsonMembers(members.at("options"), "options", fault));
  read_lists(members, plan);
  read_maps(members, plan);
  if (fault.what()) {
    return core::make_error(core::ErrorCode::Protocol, *fault.what());
  }
  return plan;
}

}  // namespace aim::planner
