#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "planner/plan_codec.hpp"
#include "planner/plan_file.hpp"
#include "planner/unset_secrets.hpp"

namespace aim::planner {

namespace json = boost::json;

namespace {

void compare_identity(const Plan& planned, const Plan& now, std::vector<std::string>& out) {
  if (planned.project != now.project || planned.workspace != now.workspace) {
    out.push_back(
        fmt::format("The plan is for project \"{}\", workspace \"{}\"; this is project "
                    "\"{}\", workspace \"{}\".",
                    planned.project,
                    planned.workspace,
                    now.project,
                    now.workspace));
  }
  if (planned.lineage != now.lineage) {
    if (planned.lineage.empty()) {
      out.emplace_back("There was no state when the plan was made; now there is one.");
    } else if (now.lineage.empty()) {
      out.emplace_back("The state that the plan was made from is gone.");
    } else {
      out.push_back(fmt::format("The plan was made from another state: lineage {}, now {}.",
                                planned.lineage,
                                now.lineage));
    }
  } else if (planned.serial != now.serial) {
    out.push_back(
        fmt::format("The state moved from serial {} to {}: another apply came in between.",
                    planned.serial,
                    now.serial));
  }
  if (planned.configuration_digest != now.configuration_digest) {
    out.emplace_back("The configuration files were edited.");
  }
  if (encode_options(planned.options) != encode_options(now.options)) {
    out.emplace_back("The plan was made with other options (--destroy, --target and the like).");
  }
}

/// Calls the function that fits for every key of either map whose entries differ.
template <class M, class Gone, class Came, class Moved>
void compare_keys(
    const M& planned, const M& now, const Gone& gone, const Came& came, const Moved& moved) {
  for (const auto& [key, value] : planned) {
    const auto other = now.find(key);
    if (other == now.end()) {
      gone(key);
    } else if (other->second != value) {
      moved(key);
    }
  }
  for (const auto& [key, value] : now) {
    if (!planned.contains(key)) {
      came(key);
    }
  }
}

std::map<std::string, std::string> variable_texts(const Plan& plan) {
  std::map<std::string, std::string> texts;
  for (const auto& [name, variable] : plan.variables) {
    texts.emplace(name, json::serialize(encode_variable(plan, name, variable, Extent::Compared)));
  }
  return texts;
}

std::map<std::string, std::string> change_texts(const Plan& plan) {
  std::map<std::string, std::string> texts;
  for (const ResourceChange& change : plan.changes) {
    texts.emplace(change.address.str(),
                  json::serialize(encode_change(plan, change, Extent::Compared)));
  }
  return texts;
}

std::map<std::string, std::string> output_texts(const Plan& plan) {
  std::map<std::string, std::string> texts;
  for (const OutputChange& output : plan.outputs) {
    texts.emplace(output.name, json::serialize(encode_output(plan, output)));
  }
  return texts;
}

void compare_variables(const Plan& planned, const Plan& now, std::vector<std::string>& out) {
  const auto say = [&](std::string_view what) {
    return [&out, what](const std::string& name) {
      out.push_back(fmt::format("Variable \"{}\" {}.", name, what));
    };
  };
  compare_keys(variable_texts(planned),
               variable_texts(now),
               say("is no longer declared"),
               say("is new"),
               say("has another value"));
}

void compare_objects(const Plan& planned, const Plan& now, std::vector<std::string>& out) {
  const auto say = [&](std::string_view what) {
    return [&out, what](const std::string& address) {
      out.push_back(fmt::format("{} {}.", address, what));
    };
  };
  compare_keys(planned.fingerprints,
               now.fingerprints,
               say("is gone from Docker"),
               say("has appeared on Docker"),
               say("has changed on Docker"));
  if (planned.unmanaged != now.unmanaged ||
      planned.unmanaged_addresses != now.unmanaged_addresses) {
    out.emplace_back("Other unmanaged objects carry this project's labels.");
  }
}

/// What would be done differently, for when no cause was found.
void compare_effects(const Plan& planned, const Plan& now, std::vector<std::string>& out) {
  const auto say_change = [&](const std::string& address) {
    out.push_back(fmt::format("What would be done to {} is not what was planned.", address));
  };
  compare_keys(change_texts(planned), change_texts(now), say_change, say_change, say_change);
  const auto say_output = [&](const std::string& name) {
    out.push_back(fmt::format("Output \"{}\" would not be what was planned.", name));
  };
  compare_keys(output_texts(planned), output_texts(now), say_output, say_output, say_output);
}

/// A sensitive variable that was not set for one of two plans is compared only where it is used:
/// there its digest was taken from what is recorded.
Plan without_unset_variables(const Plan& plan, const Plan& other) {
  Plan copy = plan;
  std::erase_if(copy.variables, [&](const auto& entry) {
    const auto theirs = other.variables.find(entry.first);
    return is_unset_secret(entry.second.value) ||
           (theirs != other.variables.end() && is_unset_secret(theirs->second.value));
  });
  return copy;
}

bool has_unset_variables(const Plan& plan) {
  return std::any_of(plan.variables.begin(), plan.variables.end(), [](const auto& entry) {
    return is_unset_secret(entry.second.value);
  });
}

}  // namespace

std::vector<std::string> differences(const Plan& planned, const Plan& now) {
  if (has_unset_variables(planned) || has_unset_variables(now)) {
    const Plan a = without_unset_variables(planned, now);
    const Plan b = without_unset_variables(now, planned);
    return differences(a, b);
  }
  std::vector<std::string> out;
  if (canonical_plan_bytes(planned) == canonical_plan_bytes(now)) {
    return out;
  }
  compare_identity(planned, now, out);
  compare_variables(planned, now, out);
  compare_objects(planned, now, out);
  if (out.empty()) {
    compare_effects(planned, now, out);
  }
  if (out.empty()) {
    out.emplace_back("What is known of the objects on Docker is not what it was.");
  }
  return out;
}

}  // namespace aim::planner
