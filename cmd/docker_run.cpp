#include "cmd/docker_run.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>
#include <utility>

#include "planner/evaluate.hpp"
#include "planner/schema.hpp"

namespace aim::cmd {

using core::List;
using core::Map;
using core::Value;

namespace {

using Names = std::pair<std::string_view, std::string_view>;

constexpr Names kTexts[] = {{"cpuset", "--cpuset-cpus"},
                            {"cpuset_mems", "--cpuset-mems"},
                            {"hostname", "--hostname"},
                            {"ipc", "--ipc"},
                            {"network_mode", "--network"},
                            {"pid", "--pid"},
                            {"platform", "--platform"},
                            {"runtime", "--runtime"},
                            {"stop_signal", "--stop-signal"},
                            {"user", "--user"},
                            {"working_dir", "--workdir"}};
constexpr Names kNumbers[] = {{"cpu_shares", "--cpu-shares"},
                              {"cpus", "--cpus"},
                              {"memory", "--memory"},
                              {"memory_reservation", "--memory-reservation"},
                              {"memory_swap", "--memory-swap"},
                              {"oom_score_adj", "--oom-score-adj"},
                              {"pids_limit", "--pids-limit"},
                              {"shm_size", "--shm-size"}};
constexpr Names kSwitches[] = {{"init", "--init"},
                               {"privileged", "--privileged"},
                               {"read_only", "--read-only"},
                               {"stdin_open", "--interactive"},
                               {"tty", "--tty"}};
constexpr Names kLists[] = {{"cap_add", "--cap-add"},
                            {"cap_drop", "--cap-drop"},
                            {"devices", "--device"},
                            {"dns", "--dns"},
                            {"dns_options", "--dns-option"},
                            {"dns_search", "--dns-search"},
                            {"extra_hosts", "--add-host"},
                            {"group_add", "--group-add"},
                            {"ports", "--publish"},
                            {"security_opt", "--security-opt"}};
constexpr Names kMaps[] = {{"labels", "--label"}, {"sysctls", "--sysctl"}};
/// Handled one by one below.
constexpr std::string_view kOthers[] = {"command",
                                        "entrypoint",
                                        "env",
                                        "gpus",
                                        "healthcheck",
                                        "image",
                                        "logging",
                                        "mounts",
                                        "stop_grace_period",
                                        "ulimits"};

template <class Table>
std::string_view option_of(const Table& table, std::string_view name) {
  const auto found = std::find_if(
      std::begin(table), std::end(table), [&](const Names& names) { return names.first == name; });
  return found == std::end(table) ? std::string_view() : found->second;
}

/// Inside double quotes of a shell, so that a variable can stand in it.
std::string in_double_quotes(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (std::string_view("\"\\$`").find(c) != std::string_view::npos) {
      result += '\\';
    }
    result += c;
  }
  return result;
}

std::string number_text(const Value& value) {
  if (const double* number = value.get<double>()) {
    return fmt::format("{}", *number);
  }
  const std::int64_t* whole = value.get<std::int64_t>();
  return whole ? fmt::format("{}", *whole) : std::string();
}

/// A field of the comma-separated values that --mount takes.
std::string csv(const std::string& field) {
  if (field.find_first_of(",\"") == std::string::npos) {
    return field;
  }
  std::string result = "\"";
  for (const char c : field) {
    result += c == '"' ? std::string("\"\"") : std::string(1, c);
  }
  return result + "\"";
}

class Writer {
 public:
  explicit Writer(const ContainerToRun& container) : container_(container) {}

  DockerCommand run() {
    const bool several = container_.networks.size() > 1;
    line(several ? "docker create" : "docker run --detach");
    add("--name", container_.name);
    add("--restart", container_.restart);
    if (!container_.networks.empty()) {
      attach(container_.networks.front());
    }
    for (const auto& [name, value] : container_.attributes) {
      write(name, value);
    }
    write_program();
    for (std::size_t i = 1; i < container_.networks.size(); ++i) {
      connect(container_.networks[i]);
    }
    if (several) {
      finish();
      line("docker start");
      lines_.back() += " " + shell_quoted(container_.name);
    }
    finish();
    result_.variables.assign(variables_.begin(), variables_.end());
    return std::move(result_);
  }

 private:
  void line(std::string text) { lines_.push_back(std::move(text)); }

  void finish() {
    result_.script += fmt::format("{}\n", fmt::join(lines_, " \\\n  "));
    lines_.clear();
  }

  void add(std::string_view option, std::string_view text) {
    if (!text.empty()) {
      line(fmt::format("{} {}", option, shell_quoted(text)));
    }
  }

  /// A word that may be a secret, or not known yet.
  std::string word(std::string_view prefix, const Value& value, const std::string& place) {
    if (value.is<core::Secret>()) {
      std::string name = "AIM_SECRET";
      for (const char c : "_" + place) {
        const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        const bool digit = c >= '0' && c <= '9';
        name += letter ? static_cast<char>(c & ~0x20) : digit ? c : '_';
      }
      variables_.insert(name);
      return fmt::format("\"{}${{{}}}\"", in_double_quotes(prefix), name);
    }
    if (const std::string* text = value.get<std::string>()) {
      return shell_quoted(std::string(prefix) + *text);
    }
    return shell_quoted(std::string(prefix) + planner::display(nullptr, value));
  }

  void attach(const core::Attachment& network) {
    add("--network", network.network);
    for (const std::string& alias : network.aliases) {
      add("--network-alias", alias);
    }
    add("--ip", network.ipv4_address);
  }

  void connect(const core::Attachment& network) {
    finish();
    line("docker network connect");
    for (const std::string& alias : network.aliases) {
      add("--alias", alias);
    }
    add("--ip", network.ipv4_address);
    line(shell_quoted(network.network) + " " + shell_quoted(container_.name));
  }

  void write(const std::string& name, const Value& value) {
    if (const std::string_view option = option_of(kTexts, name); !option.empty()) {
      line(fmt::format("{} {}", option, word("", value, name)));
    } else if (const std::string_view number = option_of(kNumbers, name); !number.empty()) {
      add(number, number_text(value));
    } else if (const std::string_view flag = option_of(kSwitches, name); !flag.empty()) {
      write_switch(name, flag, value);
    } else if (const std::string_view list = option_of(kLists, name); !list.empty()) {
      write_list(list, name, value);
    } else if (const std::string_view map = option_of(kMaps, name); !map.empty()) {
      write_map(map, name, value);
    } else if (std::find(std::begin(kOthers), std::end(kOthers), name) != std::end(kOthers)) {
      write_other(name, value);
    } else if (!value.is_null()) {
      result_.left_out.push_back(name);
    }
  }

  void write_switch(const std::string& name, std::string_view option, const Value& value) {
    const bool* on = value.get<bool>();
    if (on && *on) {
      line(std::string(option));
    } else if (on && name == "init") {
      line("--init=false");  // the daemon's setting may be otherwise
    }
  }

  void write_list(std::string_view option, const std::string& name, const Value& value) {
    const List* list = value.get<List>();
    for (std::size_t i = 0; list && i < list->size(); ++i) {
      line(fmt::format("{} {}", option, word("", (*list)[i], fmt::format("{}_{}", name, i))));
    }
  }

  void write_map(std::string_view option, const std::string& name, const Value& value) {
    const Map* map = value.get<Map>();
    for (const auto& [key, text] : map ? *map : Map()) {
      line(fmt::format("{} {}", option, word(key + "=", text, name + "_" + key)));
    }
  }

  void write_other(const std::string& name, const Value& value) {
    if (name == "env") {
      write_environment(value);
    } else if (name == "logging") {
      write_logging(value);
    } else if (name == "mounts") {
      write_mounts(value);
    } else if (name == "ulimits") {
      write_ulimits(value);
    } else if (name == "gpus") {
      write_gpus(value);
    } else if (name == "healthcheck") {
      write_healthcheck(value);
    } else if (const std::int64_t* grace = value.get<std::int64_t>();
               grace && name == "stop_grace_period") {
      add("--stop-timeout", fmt::format("{}", (*grace + 999) / 1000));
    }
  }

  /// A secret is taken from the environment of the docker command, which then names it only.
  void write_environment(const Value& value) {
    const Map* map = value.get<Map>();
    for (const auto& [name, text] : map ? *map : Map()) {
      if (text.is<core::Secret>()) {
        add("--env", name);
        variables_.insert(name);
      } else {
        line(fmt::format("--env {}", word(name + "=", text, name)));
      }
    }
  }

  void write_logging(const Value& value) {
    const Map* map = value.get<Map>();
    if (map == nullptr) {
      return;
    }
    add("--log-driver", core::string_at(*map, "driver").value_or(""));
    if (const Value* options = core::find(*map, "options")) {
      write_map("--log-opt", "logging", *options);
    }
  }

  /// Source: opts/gpus.go of Docker's client, comma-separated fields of which some are lists.
  void write_gpus(const Value& value) {
    const Map* request = value.get<Map>();
    if (request == nullptr || core::find(*request, "options") != nullptr) {
      result_.left_out.emplace_back("gpus");
      return;
    }
    std::vector<std::string> fields;
    for (const auto& [member, field] : {std::pair{"count", "count="}, {"driver", "driver="}}) {
      if (const auto text = core::string_at(*request, member)) {
        fields.push_back(csv(field + *text));
      }
    }
    for (const auto& [member, field] :
         {std::pair{"ids", "device="}, {"capabilities", "capabilities="}}) {
      const Value* list = core::find(*request, member);
      std::vector<std::string> words;
      for (const Value& item : list && list->is<List>() ? *list->get<List>() : List()) {
        words.push_back(planner::as_text(item));
      }
      const bool usual = words == std::vector<std::string>{"gpu"};
      if (!words.empty() && !usual) {
        fields.push_back(csv(fmt::format("{}{}", field, fmt::join(words, ","))));
      }
    }
    add("--gpus", fmt::format("{}", fmt::join(fields, ",")));
  }

  void write_mounts(const Value& value) {
    const List* list = value.get<List>();
    for (const Value& item : list ? *list : List()) {
      const Map* mount = item.get<Map>();
      if (mount == nullptr) {
        result_.left_out.emplace_back("mounts");
        continue;
      }
      const std::string type = core::string_at(*mount, "type").value_or("volume");
      std::vector<std::string> fields = {"type=" + type};
      for (const auto& [key, option] : {std::pair{"source", "source"},
                                        std::pair{"target", "target"},
                                        std::pair{"propagation", "bind-propagation"},
                                        std::pair{"subpath", "volume-subpath"}}) {
        if (const auto text = core::string_at(*mount, key)) {
          fields.push_back(csv(fmt::format("{}={}", option, *text)));
        }
      }
      if (const auto size = core::integer_at(*mount, "size")) {
        fields.push_back(fmt::format("tmpfs-size={}", *size));
      }
      if (core::boolean_at(*mount, "nocopy") == true) {
        fields.emplace_back("volume-nocopy");
      }
      if (core::boolean_at(*mount, "read_only") == true) {
        fields.emplace_back("readonly");
      }
      add("--mount", fmt::format("{}", fmt::join(fields, ",")));
    }
  }

  void write_ulimits(const Value& value) {
    const Map* map = value.get<Map>();
    for (const auto& [name, limit] : map ? *map : Map()) {
      if (const std::int64_t* both = limit.get<std::int64_t>()) {
        add("--ulimit", fmt::format("{}={}", name, *both));
      } else if (const Map* members = limit.get<Map>()) {
        add("--ulimit",
            fmt::format("{}={}:{}",
                        name,
                        core::integer_at(*members, "soft").value_or(-1),
                        core::integer_at(*members, "hard").value_or(-1)));
      }
    }
  }

  /// The docker command only takes a line for the shell inside; a list of words has no option.
  void write_healthcheck(const Value& value) {
    const Map* map = value.get<Map>();
    if (map == nullptr) {
      return;
    }
    if (core::boolean_at(*map, "disable") == true) {
      line("--no-healthcheck");
      return;
    }
    const Value* test = core::find(*map, "test");
    if (test && !test->is<std::string>()) {
      result_.left_out.emplace_back("healthcheck");
      return;
    }
    add("--health-cmd", core::string_at(*map, "test").value_or(""));
    for (const auto& [key, option] : {std::pair{"interval", "--health-interval"},
                                      std::pair{"timeout", "--health-timeout"},
                                      std::pair{"start_period", "--health-start-period"}}) {
      if (const auto millis = core::integer_at(*map, key)) {
        add(option, fmt::format("{}ms", *millis));
      }
    }
    if (const auto retries = core::integer_at(*map, "retries")) {
      add("--health-retries", fmt::format("{}", *retries));
    }
  }

  /// Image, entrypoint and command: --entrypoint takes one word, so the others go in front of the
  /// command.
  void write_program() {
    std::string last;
    const auto words = [&](std::string_view name, std::size_t from) {
      const Value* value = core::find(container_.attributes, name);
      const List* list = value ? value->get<List>() : nullptr;
      for (std::size_t i = from; list && i < list->size(); ++i) {
        last += " " + word("", (*list)[i], fmt::format("{}_{}", name, i));
      }
    };
    const Value* entrypoint = core::find(container_.attributes, "entrypoint");
    if (const List* list = entrypoint ? entrypoint->get<List>() : nullptr) {
      line(fmt::format("--entrypoint {}",
                       list->empty() ? "''" : word("", list->front(), "entrypoint_0")));
      words("entrypoint", 1);
    }
    words("command", 0);
    const Value* image = core::find(container_.attributes, "image");
    line((image ? word("", *image, "image") : std::string()) + last);
  }

  const ContainerToRun& container_;
  DockerCommand result_;
  std::vector<std::string> lines_;
  std::set<std::string> variables_;
};

}  // namespace

std::string shell_quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string result = "'";
  for (const char c : word) {
    result += c == '\'' ? std::string("'\\''") : std::string(1, c);
  }
  return result + "'";
}

DockerCommand docker_command(const ContainerToRun& container) { return Writer(container).run(); }

}  // namespace aim::cmd
