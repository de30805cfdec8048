#include "cmd/view/plan_effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "cmd/view/text.hpp"

namespace aim::view {

using core::Address;
using core::Kind;
using core::Map;
using core::Value;
using planner::Action;
using planner::Downtime;
using planner::Plan;
using planner::ResourceChange;

namespace {

constexpr std::size_t kLabelColumns = 10;
// More names than that say less than their number.
constexpr std::size_t kMostNames = 12;

bool runs(Kind kind) { return kind == Kind::Endpoint || kind == Kind::Container; }

std::string short_name(const Address& address) {
  return escape_line(address.str().substr(core::to_string(address.kind).size() + 1));
}

/// "    first     the new image is pulled while qwen keeps serving", wrapped under its beginning.
std::string labelled(std::string_view label, const std::string& text) {
  std::string out;
  std::string head = pad_to_width(label, kLabelColumns);
  for (const std::string& line : wrap(text, kColumns - 4 - kLabelColumns)) {
    out += fmt::format("    {}{}\n", head, line);
    head.assign(kLabelColumns, ' ');
  }
  return out;
}

bool changes_image(const ResourceChange& change) {
  return std::any_of(change.fields.begin(), change.fields.end(), [](const auto& field) {
    const std::string name = core::to_string(field.path);
    return name == "image" || name == "image_digest";
  });
}

/// "GPUs 0-3", "GPU 2", "GPUs 0-1, 4": the devices of an endpoint that are known, or nothing.
std::string gpu_text(const Map& attributes) {
  const Value* value = core::find(attributes, "gpu_ids");
  const core::List* list = value ? value->get<core::List>() : nullptr;
  if (list == nullptr || list->empty()) {
    return {};
  }
  std::vector<std::int64_t> ids;
  for (const Value& item : *list) {
    const std::int64_t* id = item.get<std::int64_t>();
    if (id == nullptr) {
      return {};
    }
    ids.push_back(*id);
  }
  std::sort(ids.begin(), ids.end());
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < ids.size();) {
    std::size_t last = i;
    while (last + 1 < ids.size() && ids[last + 1] == ids[last] + 1) {
      ++last;
    }
    parts.push_back(last == i ? fmt::format("{}", ids[i])
                              : fmt::format("{}-{}", ids[i], ids[last]));
    i = last + 1;
  }
  return fmt::format("{} {}", ids.size() == 1 ? "GPU" : "GPUs", fmt::join(parts, ", "));
}

std::string downtime_text(const ResourceChange& change) {
  const bool probed = change.address.kind == Kind::Endpoint ||
                      core::find(change.attributes, "readiness") != nullptr;
  std::string text = probed ? "until it answers again" : "until it runs again";
  if (change.last_start_millis > 0) {
    text += fmt::format(" (last start took {})",
                        elapsed_text(std::chrono::milliseconds(change.last_start_millis)));
  }
  const std::string gpus = gpu_text(change.attributes);
  if (!gpus.empty()) {
    text += fmt::format(":\n{} must be free first", gpus);
  }
  return text;
}

}  // namespace

namespace {

std::string volume_effects(const ResourceChange& change) {
  if (change.action == Action::Delete) {
    return labelled("data",
                    fmt::format("everything in the volume {} is deleted with it",
                                escape_line(change.docker_name)));
  }
  if (change.action == Action::Replace) {
    return labelled("data",
                    fmt::format("EVERYTHING IN THE VOLUME {} IS DELETED once all else is ready, "
                                "and cannot be had back; {} begins empty",
                                escape_line(change.docker_id),
                                escape_line(change.docker_name)));
  }
  return {};
}

std::string network_effects(const ResourceChange& change) {
  if (change.action != Action::Replace) {
    return {};
  }
  return labelled("first",
                  change.previous_network
                      ? "all who are on it leave it, since the old network has to go before the "
                        "new one can come; they are cut off until they have joined that"
                      : "the new network is made beside it, and its users join that") +
         labelled("on fail", "the previous network is made again as it was, and joined again");
}

/// The volumes without a name go with their container, and a plan names what it deletes.
std::string anonymous_volume_effects(const ResourceChange& change) {
  std::vector<std::string> volumes;
  for (const auto& [path, name] : change.anonymous_volumes) {
    volumes.push_back(fmt::format("{} ({})", escape_line(path), escape_line(name.substr(0, 12))));
  }
  if (volumes.empty()) {
    return {};
  }
  return change.action == Action::Delete
             ? labelled("data",
                        fmt::format("the volumes without a name at {} are deleted with it",
                                    fmt::join(volumes, ", ")))
             : labelled("data",
                        fmt::format("the volumes without a name at {} are handed on",
                                    fmt::join(volumes, ", ")));
}

/// What of the GPUs' memory the model takes, as it was found when the recipe was chosen.
std::string fit_effect(const ResourceChange& change) {
  const core::Value* selected = core::find(change.attributes, "selected");
  const core::Map* decision = selected ? selected->get<core::Map>() : nullptr;
  const auto sum = decision ? core::string_at(*decision, "fit") : std::nullopt;
  return sum ? labelled("fit", *sum) : std::string();
}

}  // namespace

std::string render_effects(const ResourceChange& change) {
  if (change.address.kind == Kind::Volume) {
    return volume_effects(change);
  }
  if (change.address.kind == Kind::Network) {
    return network_effects(change);
  }
  if (change.action == Action::Delete) {
    return anonymous_volume_effects(change);
  }
  if (change.action == Action::Create) {
    return fit_effect(change);
  }
  if (change.action != Action::Replace || change.downtime != Downtime::Restart) {
    return {};
  }
  const std::string name = short_name(change.address);
  const bool pulls =
      changes_image(change) && core::string_at(change.attributes, "pull").value_or("") != "never" &&
      !core::string_at(change.computed, "image_id");  // known only of an image that is here
  return labelled("first",
                  fmt::format("the new {} while {} keeps {}",
                              pulls ? "image is pulled" : "container is created",
                              name,
                              change.address.kind == Kind::Endpoint ? "serving" : "running")) +
         labelled("downtime", downtime_text(change)) + fit_effect(change) +
         anonymous_volume_effects(change) +
         labelled("on fail", "the previous container, kept stopped, is started again");
}

std::string forget_reason(const ResourceChange& change) {
  if (change.external) {
    return "external: it stays on Docker";
  }
  return change.retain ? "on_destroy: retain, it stays on Docker" : "it stays on Docker";
}

std::vector<std::string> interrupted_names(const Plan& plan) {
  std::map<std::string, int> uses;
  for (const ResourceChange& change : plan.changes) {
    ++uses[short_name(change.address)];
  }
  std::vector<std::string> names;
  for (const ResourceChange& change : plan.changes) {
    if (change.downtime == Downtime::Restart) {
      const std::string name = short_name(change.address);
      names.push_back(uses[name] > 1 ? escape_line(change.address.str()) : name);
    }
  }
  return names;
}

std::string not_restarted_text(const Plan& plan) {
  const auto has_effect = [](const ResourceChange& change) {
    return change.action == Action::Update || change.action == Action::Replace ||
           change.action == Action::Delete;
  };
  if (std::none_of(plan.changes.begin(), plan.changes.end(), has_effect)) {
    return {};
  }
  std::vector<std::string> names;
  for (const ResourceChange& change : plan.changes) {
    const bool starts = std::any_of(change.steps.begin(), change.steps.end(), [](const auto& step) {
      return std::holds_alternative<planner::Start>(step) ||
             std::holds_alternative<planner::Restart>(step);
    });
    const bool stays = change.action == Action::NoOp || change.action == Action::Update;
    if (runs(change.address.kind) && stays && change.downtime == Downtime::None && !starts) {
      names.push_back(escape_line(change.address.str()));
    }
  }
  if (names.empty()) {
    return {};
  }
  if (names.size() > kMostNames) {
    const std::size_t more = names.size() - kMostNames;
    names.resize(kMostNames);
    return fmt::format("Not restarted: {} and {} more.", fmt::join(names, ", "), more);
  }
  return fmt::format("Not restarted: {}.", fmt::join(names, ", "));
}

}  // namespace aim::view
