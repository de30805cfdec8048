#include "tests/support/memory_docker_world.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>

#include "core/secret.hpp"

namespace aim::support::memory {

namespace {

constexpr std::size_t kKeptEvents = 256;

int minor_of(const std::string& api_version) {
  const std::size_t dot = api_version.find('.');
  return std::stoi(api_version.substr(dot + 1));
}

bool is_hex(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789abcdef") == std::string::npos;
}

}  // namespace

Matcher::Matcher(const ContainerMatch& match) : what(match) {
  if (!match.name.empty()) {
    name.emplace(match.name, std::regex::ECMAScript | std::regex::optimize);
  }
}

bool Matcher::operator()(const Container& container) const {
  if (!what.image.empty() && canonical_ref(what.image) != canonical_ref(container.image_ref)) {
    return false;
  }
  if (name && !std::regex_match(container.name, *name)) {
    return false;
  }
  if (what.argument.empty()) {
    return true;
  }
  for (const char* key : {"Entrypoint", "Cmd", "Env"}) {
    const std::vector<std::string> texts = texts_at(container.config, key);
    if (std::find(texts.begin(), texts.end(), what.argument) != texts.end()) {
      return true;
    }
  }
  return false;
}

World::World(core::Clock& clock, MemoryDockerOptions given)
    : options(std::move(given)),
      newest_minor(minor_of(options.api_version)),
      clock_(clock),
      base_steady_(clock.steady_now()),
      base_nanoseconds_(std::chrono::nanoseconds(clock.utc_now().time_since_epoch()).count()),
      now_(base_steady_) {
  make_predefined_networks(*this);
}

Container* World::container(const std::string& reference) {
  const std::string name = reference.starts_with('/') ? reference.substr(1) : reference;
  if (const auto exact = containers.find(name); exact != containers.end()) {
    return exact->second.get();
  }
  if (const auto named = container_names.find(name); named != container_names.end()) {
    const auto holder = containers.find(named->second);
    return holder == containers.end() ? nullptr : holder->second.get();
  }
  if (!is_hex(name)) {
    return nullptr;
  }
  const auto first = containers.lower_bound(name);
  if (first == containers.end() || !first->first.starts_with(name)) {
    return nullptr;
  }
  const auto second = std::next(first);
  const bool ambiguous = second != containers.end() && second->first.starts_with(name);
  return ambiguous ? nullptr : first->second.get();
}

std::vector<Network*> World::networks_named(const std::string& reference) {
  if (const auto exact = networks.find(reference); exact != networks.end()) {
    return {exact->second.get()};
  }
  std::vector<Network*> found;
  for (const std::string& id : network_order) {
    if (networks.at(id)->name == reference) {
      found.push_back(networks.at(id).get());
    }
  }
  if (found.empty() && is_hex(reference)) {
    for (const std::string& id : network_order) {
      if (id.starts_with(reference)) {
        found.push_back(networks.at(id).get());
      }
    }
  }
  return found;
}

Network* World::network(const std::string& reference) {
  const std::vector<Network*> found = networks_named(reference);
  return found.size() == 1 ? found.front() : nullptr;
}

Image* World::image(const std::string& reference) {
  const std::string ref = canonical_ref(reference);
  for (auto& [id, image] : images) {
    if (id == reference || image.tags.contains(ref) || image.digests.contains(ref)) {
      return &image;
    }
  }
  const std::string hex = reference.starts_with("sha256:") ? reference.substr(7) : reference;
  for (auto& [id, image] : images) {
    if (is_hex(hex) && hex.size() >= 4 && id.substr(7).starts_with(hex)) {
      return &image;
    }
  }
  return nullptr;
}

std::vector<const Container*> World::users_of_volume(const std::string& name) const {
  std::vector<const Container*> users;
  for (const auto& [id, container] : containers) {
    for (const json::value& mount : container->mounts) {
      if (text_at(mount.as_object(), "Type") == "volume" &&
          text_at(mount.as_object(), "Name") == name) {
        users.push_back(container.get());
        break;
      }
    }
  }
  return users;
}

std::string World::make_id() { return core::sha256_hex(fmt::format("memory-{}", next_id_++)); }

std::int64_t World::stamp() {
  const std::int64_t elapsed = std::chrono::nanoseconds(now_ - base_steady_).count();
  last_stamp_ = std::max(base_nanoseconds_ + elapsed, last_stamp_ + 1);
  return last_stamp_;
}

void World::at(core::Steady when, std::function<void(World&)> what) {
  timers_.emplace(when, std::move(what));
}

bool World::catch_up() {
  const core::Steady until = clock_.steady_now();
  bool any = false;
  while (!timers_.empty() && timers_.begin()->first <= until) {
    auto due = timers_.extract(timers_.begin());
    now_ = std::max(now_, due.key());
    due.mapped()(*this);
    any = true;
  }
  now_ = std::max(now_, until);
  return any;
}

std::optional<core::Steady> World::next_timer() const {
  if (timers_.empty()) {
    return std::nullopt;
  }
  return timers_.begin()->first;
}

void World::emit(std::string type,
                 std::string action,
                 std::string actor,
                 std::map<std::string, std::string> attributes) {
  events.push_back({++last_event,
                    stamp(),
                    std::move(type),
                    std::move(action),
                    std::move(actor),
                    std::move(attributes)});
  if (events.size() > kKeptEvents) {
    events.pop_front();
  }
}

void World::emit(const Container& container,
                 const std::string& action,
                 std::map<std::string, std::string> more) {
  for (const json::key_value_pair& label : object_at(container.config, "Labels")) {
    more.emplace(label.key(), label.value().as_string());
  }
  more.emplace("image", container.image_ref);
  more.emplace("name", container.name);
  emit("container", action, container.id, std::move(more));
}

std::string Request::parameter(const std::string& name) const {
  const auto found = query.find(name);
  return found == query.end() ? std::string() : found->second;
}

bool Request::flag(const std::string& name) const {
  const std::string text = parameter(name);
  return text == "1" || text == "true" || text == "True";
}

Answer empty_answer(int status) {
  Answer answer;
  answer.status = status;
  answer.content_type.clear();
  return answer;
}

Answer json_answer(int status, const json::value& body) {
  Answer answer;
  answer.status = status;
  answer.body = json::serialize(body) + "\n";
  return answer;
}

Answer refusal(int status, std::string_view message) {
  return json_answer(status, {{"message", message}});
}

Answer no_such_container(const std::string& reference) {
  return refusal(404, "No such container: " + reference);
}

std::string text_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_string() ? std::string(value->get_string()) : std::string();
}

std::int64_t number_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  if (value == nullptr || !value->is_number()) {
    return 0;
  }
  boost::system::error_code not_exact;
  return value->to_number<std::int64_t>(not_exact);
}

bool flag_at(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_bool() && value->get_bool();
}

std::vector<std::string> texts_at(const json::object& object, std::string_view key) {
  std::vector<std::string> texts;
  const json::value* value = object.if_contains(key);
  if (value != nullptr && value->is_string()) {
    texts.emplace_back(value->get_string());
  }
  if (value != nullptr && value->is_array()) {
    for (const json::value& item : value->get_array()) {
      texts.emplace_back(item.is_string() ? std::string_view(item.get_string()) : "");
    }
  }
  return texts;
}

const json::object& object_at(const json::object& object, std::string_view key) {
  static const json::object kNone;
  const json::value* value = object.if_contains(key);
  return value != nullptr && value->is_object() ? value->get_object() : kNone;
}

json::array to_array(const std::vector<std::string>& texts) {
  json::array array;
  array.reserve(texts.size());
  for (const std::string& text : texts) {
    array.emplace_back(text);
  }
  return array;
}

json::object to_object(const core::Labels& labels) {
  json::object object;
  for (const auto& [key, value] : labels) {
    object.emplace(key, value);
  }
  return object;
}

core::Labels labels_of(const json::value& labels) {
  core::Labels map;
  if (labels.is_object()) {
    for (const json::key_value_pair& label : labels.get_object()) {
      map.emplace(label.key(), label.value().as_string());
    }
  }
  return map;
}

std::string rfc3339(std::int64_t nanoseconds) {
  if (nanoseconds == 0) {
    return "0001-01-01T00:00:00Z";
  }
  constexpr std::int64_t kSecond = 1'000'000'000;
  const std::time_t seconds = nanoseconds / kSecond;
  std::string text =
      fmt::format("{:%Y-%m-%dT%H:%M:%S}.{:09}", fmt::gmtime(seconds), nanoseconds % kSecond);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text + "Z";
}

bool labels_match(const core::Labels& labels, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& pattern) {
    const std::size_t equals = pattern.find('=');
    const auto found = labels.find(pattern.substr(0, equals));
    return found != labels.end() &&
           (equals == std::string::npos || found->second == pattern.substr(equals + 1));
  });
}

std::variant<Filters, Answer> filters_of(const Request& request,
                                         const std::set<std::string>& known) {
  Filters filters;
  const std::string text = request.parameter("filters");
  if (text.empty()) {
    return filters;
  }
  boost::system::error_code wrong;
  const json::value parsed = json::parse(text, wrong);
  if (wrong || !parsed.is_object()) {
    return refusal(
        500, fmt::format("invalid character '{}' looking for beginning of value", text.front()));
  }
  for (const json::key_value_pair& entry : parsed.get_object()) {
    if (!known.contains(std::string(entry.key()))) {
      return refusal(400, fmt::format("Invalid filter '{}'", std::string_view(entry.key())));
    }
    std::vector<std::string>& values = filters[std::string(entry.key())];
    if (entry.value().is_array()) {
      for (const json::value& item : entry.value().get_array()) {
        values.emplace_back(item.as_string());
      }
    } else if (entry.value().is_object()) {
      for (const json::key_value_pair& item : entry.value().get_object()) {
        values.emplace_back(item.key());
      }
    }
  }
  return filters;
}

}  // namespace aim::support::memory
