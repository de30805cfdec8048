#include <fmt/format.h>

#include <algorithm>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kStreamTypes = 42;  // 1.42: logs say how they are framed
constexpr int kStrictConditions = 42;
constexpr int kNoLegacyEventKeys = 52;

bool is_tty(const Container& container) { return flag_at(container.config, "Tty"); }

struct LogRequest {
  bool wants_stdout = false;
  bool wants_stderr = false;
  bool follow = false;
  bool timestamps = false;
  bool tty = false;
  std::int64_t since = 0;  ///< nanoseconds

  [[nodiscard]] bool wants(const LogEntry& entry) const {
    const bool stream = tty || (entry.is_stderr ? wants_stderr : wants_stdout);
    return stream && entry.nanoseconds >= since;
  }

  [[nodiscard]] std::string render(const LogEntry& entry) const {
    const std::string text =
        timestamps ? rfc3339(entry.nanoseconds) + " " + entry.text : entry.text;
    if (!tty) {
      return frame(entry.is_stderr ? 2 : 1, text);
    }
    return text.substr(0, text.size() - 1) + "\r\n";
  }
};

std::size_t first_of_tail(const Container& container,
                          const LogRequest& wanted,
                          const std::string& tail) {
  if (tail.empty() || tail == "all") {
    return 0;
  }
  std::size_t left = std::stoul(tail);
  std::size_t position = container.log.size();
  while (position > 0 && left > 0) {
    --position;
    left -= wanted.wants(container.log[position]) ? 1 : 0;
  }
  return left == 0 && std::stoul(tail) == 0 ? container.log.size() : position;
}

std::string event_text(const Event& event, int minor) {
  json::object attributes;
  for (const auto& [key, value] : event.attributes) {
    attributes.emplace(key, value);
  }
  json::object body{{"Type", event.type},
                    {"Action", event.action},
                    {"Actor", {{"ID", event.actor}, {"Attributes", attributes}}},
                    {"scope", "local"},
                    {"time", event.nanoseconds / 1'000'000'000},
                    {"timeNano", event.nanoseconds}};
  if (event.type == "container" && minor < kNoLegacyEventKeys) {
    body["status"] = event.action;
    body["id"] = event.actor;
    body["from"] = text_at(attributes, "image");
  }
  return json::serialize(body) + "\n";
}

std::int64_t parse_time(const std::string& text) {
  const std::size_t dot = text.find('.');
  std::int64_t nanoseconds = std::stoll(text.substr(0, dot)) * 1'000'000'000;
  if (dot != std::string::npos) {
    std::string fraction = text.substr(dot + 1);
    fraction.resize(9, '0');
    nanoseconds += std::stoll(fraction);
  }
  return nanoseconds;
}

bool event_passes(const Event& event, const Filters& filters) {
  return std::all_of(filters.begin(), filters.end(), [&](const auto& filter) {
    const auto& [key, wanted] = filter;
    const auto is_wanted = [&](const std::string& value) {
      return std::find(wanted.begin(), wanted.end(), value) != wanted.end();
    };
    if (key == "type") {
      return is_wanted(event.type);
    }
    if (key == "event") {
      return is_wanted(event.action) || is_wanted(event.action.substr(0, event.action.find(':')));
    }
    if (key == "container") {
      const auto name = event.attributes.find("name");
      return event.type == "container" &&
             (is_wanted(event.actor) ||
              (name != event.attributes.end() && is_wanted(name->second)));
    }
    return labels_match({event.attributes.begin(), event.attributes.end()}, wanted);
  });
}

}  // namespace

std::string frame(int stream, const std::string& text) {
  const auto size = static_cast<std::uint32_t>(text.size());
  std::string framed(8, '\0');
  framed[0] = static_cast<char>(stream);
  for (int i = 0; i < 4; ++i) {
    framed[static_cast<std::size_t>(7 - i)] = static_cast<char>((size >> (8 * i)) & 255);
  }
  return framed + text;
}

Answer container_logs(World& world, const Request& request, Container& container) {
  static_cast<void>(world);
  LogRequest wanted;
  wanted.wants_stdout = request.flag("stdout");
  wanted.wants_stderr = request.flag("stderr");
  wanted.follow = request.flag("follow");
  wanted.timestamps = request.flag("timestamps");
  wanted.tty = is_tty(container);
  if (!wanted.wants_stdout && !wanted.wants_stderr) {
    return refusal(400, "Bad parameters: you must choose at least one stream");
  }
  const std::string since = request.parameter("since");
  wanted.since = since.empty() ? 0 : parse_time(since);
  if (text_at(object_at(container.host, "LogConfig"), "Type") == "none") {
    return refusal(501, "configured logging driver does not support reading");
  }
  Answer answer;
  answer.content_type = request.minor < kStreamTypes ? ""
                        : wanted.tty                 ? "application/vnd.docker.raw-stream"
                                                     : "application/vnd.docker.multiplexed-stream";
  const std::size_t begin = first_of_tail(container, wanted, request.parameter("tail"));
  answer.next = [id = container.id, wanted, position = begin](World& later) mutable {
    const auto found = later.containers.find(id);
    if (found == later.containers.end()) {
      return Step::end();
    }
    const Container& source = *found->second;
    while (position < source.log.size()) {
      const LogEntry& entry = source.log[position++];
      if (wanted.wants(entry)) {
        return Step::piece(wanted.render(entry));
      }
    }
    return wanted.follow && source.counts_as_running() ? Step::blocked() : Step::end();
  };
  return answer;
}

Answer wait_container(World& world, const Request& request, Container& container) {
  static_cast<void>(world);
  const std::string condition = request.parameter("condition");
  const bool known = condition.empty() || condition == "not-running" || condition == "next-exit" ||
                     condition == "removed";
  if (!known && request.minor >= kStrictConditions) {
    return refusal(400, fmt::format("invalid condition: \"{}\"", condition));
  }
  Answer answer;
  const auto done = [](std::int64_t code) {
    return Step::piece(json::serialize(json::object{{"Error", nullptr}, {"StatusCode", code}}) +
                       "\n");
  };
  // The end of the process counts even when a policy starts it again at once (20.10.24).
  const bool at_once =
      condition != "next-exit" && condition != "removed" && !container.counts_as_running();
  answer.next = [id = container.id,
                 done,
                 at_once,
                 until_gone = condition == "removed",
                 ended = container.times_ended,
                 told = false](World& later) mutable {
    if (told) {
      return Step::end();
    }
    const auto found = later.containers.find(id);
    if (found == later.containers.end()) {
      told = true;
      return done(later.last_words[id]);
    }
    if (at_once || (!until_gone && found->second->times_ended > ended)) {
      told = true;
      return done(at_once ? found->second->exit_code : found->second->last_exit_code);
    }
    return Step::blocked();
  };
  return answer;
}

Answer events_call(World& world, const Request& request) {
  static const std::set<std::string> kKnown = {"type", "event", "container", "label"};
  auto filters = filters_of(request, kKnown);
  if (const Answer* wrong = std::get_if<Answer>(&filters)) {
    return *wrong;
  }
  const std::string since = request.parameter("since");
  const std::string until = request.parameter("until");
  const std::int64_t from = since.empty() ? 0 : parse_time(since);
  const std::int64_t to = until.empty() ? 0 : parse_time(until);
  Answer answer;
  answer.next = [from,
                 to,
                 minor = request.minor,
                 filters = std::get<Filters>(filters),
                 seen = since.empty() ? world.last_event : 0](World& later) mutable {
    for (const Event& event : later.events) {
      if (event.number <= seen) {
        continue;
      }
      seen = event.number;
      const bool in_time = event.nanoseconds >= from && (to == 0 || event.nanoseconds <= to);
      if (in_time && event_passes(event, filters)) {
        return Step::piece(event_text(event, minor));
      }
    }
    return to != 0 && later.stamp() >= to ? Step::end() : Step::blocked();
  };
  return answer;
}

}  // namespace aim::support::memory
