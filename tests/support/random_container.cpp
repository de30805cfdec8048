#include "tests/support/random_container.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <vector>

namespace aim::support {

namespace {

struct Choice {
  std::string_view name;
  std::vector<std::string_view> values;
  bool everywhere = true;
};

// Values of one attribute differ in more than spelling, so that a change between them is one.
const std::vector<Choice>& choices() {
  static const std::vector<Choice> kChoices = {
      {"command", {"[m/one]", "[m/two, --seed, \"1\"]", "[\"m/a b\"]"}},
      {"env", {"{ A: one }", "{ A: two, B: \"b=c\" }", "{ LONG: \"x y z\", EMPTY: \"\" }"}},
      {"labels", {"{ team: a }", "{ team: b, \"other.label\": \"1\" }"}},
      {"ports",
       {"[\"127.0.0.1:@P0@:8000\"]",
        "[\"127.0.0.1:@P1@:8000\", \"127.0.0.1:@P2@:9000/udp\"]",
        "[\"127.0.0.1:@P3@:8000\"]"}},
      {"mounts",
       {"[\"data:/data\"]",
        "[\"data:/data:ro\", { type: tmpfs, target: /scratch, size: 1MiB, mode: 0700 }]",
        "[{ source: \"@DIR@\", target: /in, read_only: true, propagation: private }]",
        "[{ source: data, target: /data, nocopy: true }, \"@DIR@:/deep/in\"]"}},
      {"networks",
       {"[side]",
        "{ default: {}, side: { aliases: [one, two] } }",
        "{ side: { ipv4_address: 10.215.7.@A@, aliases: [three] } }"}},
      {"network_mode", {"none", "bridge"}},
      {"restart", {"\"no\"", "on-failure:3", "always", "on-failure"}},
      {"memory", {"64MiB", "128MiB", "256MiB"}},
      {"memory_swap", {"512MiB", "1GiB", "-1"}},
      {"memory_reservation", {"16MiB", "32MiB"}},
      {"cpus", {"0.5", "1.25"}},
      {"cpu_shares", {"512", "2048"}},
      {"cpuset", {"\"0\"", "0-1"}},
      {"cpuset_mems", {"\"0\""}},
      {"pids_limit", {"100", "200"}},
      {"oom_score_adj", {"100", "500"}},
      {"shm_size", {"1MiB", "2MiB"}},
      {"ulimits",
       {"{ core: 0 }", "{ nofile: { soft: 512, hard: 1024 } }", "{ nofile: 1024, core: 10 }"}},
      {"devices", {"[/dev/zero]", "[\"/dev/null:/dev/nothing:r\", /dev/zero]"}},
      {"gpus", {"1", "all", "{ ids: [\"0\", \"1\"], options: { a: b } }"}},
      {"runtime", {"io.containerd.runc.v2"}},
      {"user", {"\"65534\"", "\"65534:65534\""}},
      {"working_dir", {"/tmp", "/tmp/deep"}},
      {"hostname", {"one", "two.example"}},
      {"init", {"true", "false"}},
      {"ipc", {"shareable", "none", "host"}},
      {"pid", {"host"}},
      {"tty", {"true"}},
      {"stdin_open", {"true"}},
      {"read_only", {"true"}},
      {"privileged", {"true"}, false},
      {"stop_signal", {"SIGINT", "SIGKILL"}},
      {"stop_grace_period", {"3s", "2500ms"}},
      {"cap_add", {"[NET_ADMIN]", "[SYS_PTRACE, NET_ADMIN]"}},
      {"cap_drop", {"[MKNOD]", "[ALL]"}},
      {"security_opt", {"[no-new-privileges]", "[seccomp=unconfined]"}},
      {"group_add", {"[44]", "[109, 44]"}},
      {"extra_hosts", {"[\"db:10.0.0.5\"]", "[\"db:10.0.0.6\", \"host:host-gateway\"]"}},
      {"dns", {"[192.0.2.1]", "[192.0.2.2, 192.0.2.1]"}},
      {"dns_search", {"[lab.example]", "[.]"}},
      {"dns_options", {"[\"ndots:2\"]", "[\"ndots:3\", rotate]"}},
      {"sysctls", {"{ kernel.domainname: a }", "{ kernel.domainname: b }"}},
      {"logging", {"{ driver: json-file, options: { max-size: 1m } }", "{ driver: local }"}},
      {"healthcheck",
       {"{ test: [CMD, /model-server, --help], interval: 90s }",
        "{ test: exit 0, start_period: 1m }",
        "{ disable: true }"}},
      {"pull", {"never"}}};
  return kChoices;
}

std::size_t below(std::mt19937& random, std::size_t limit) {
  // Not a distribution of the standard library: those differ between implementations.
  return random() % limit;
}

std::string filled(std::string_view text, const Belongings& belongings) {
  std::string result(text);
  const auto put = [&](const std::string& mark, const std::string& value) {
    for (std::size_t at = result.find(mark); at != std::string::npos; at = result.find(mark)) {
      result.replace(at, mark.size(), value);
    }
  };
  put("@DIR@", belongings.folder);
  put("@A@", std::to_string(belongings.address));
  for (int port = 0; port < 4; ++port) {
    put(fmt::format("@P{}@", port), std::to_string(belongings.first_port + port));
  }
  return result;
}

/// What cannot stand beside what is there.
bool fits(const ContainerSpec& spec) {
  const auto has = [&](const char* name) { return spec.contains(name); };
  const bool alone = has("network_mode") && spec.at("network_mode") == "none";
  return !(has("memory_swap") && !has("memory")) && !(has("network_mode") && has("networks")) &&
         !(alone && has("ports"));
}

std::string pick(std::mt19937& random, const Choice& choice, const Belongings& belongings) {
  return filled(choice.values[below(random, choice.values.size())], belongings);
}

/// The network mode takes the place of the network `default`, which then goes too.
std::set<std::string> named(const ContainerSpec& before,
                            const ContainerSpec& after,
                            const std::string& name) {
  const bool moved = before.contains("network_mode") != after.contains("network_mode");
  return moved ? std::set<std::string>{"network_mode", "networks"} : std::set<std::string>{name};
}

}  // namespace

ContainerSpec random_container(std::mt19937& random, Host host, const Belongings& belongings) {
  ContainerSpec spec;
  for (const Choice& choice : choices()) {
    // About a third of all attributes.
    if (below(random, 3) != 0 || (host == Host::Restricted && !choice.everywhere)) {
      continue;
    }
    spec.emplace(choice.name, pick(random, choice, belongings));
    if (!fits(spec)) {
      spec.erase(std::string(choice.name));
    }
  }
  return spec;
}

RandomChange random_change(std::mt19937& random,
                           const ContainerSpec& before,
                           Host host,
                           const Belongings& belongings) {
  while (true) {
    const Choice& choice = choices()[below(random, choices().size())];
    const std::string name(choice.name);
    if (host == Host::Restricted && !choice.everywhere) {
      continue;
    }
    RandomChange change{before, {}};
    if (before.contains(name) && below(random, 3) == 0) {
      change.after.erase(name);
    } else {
      change.after[name] = pick(random, choice, belongings);
    }
    if (change.after != before && fits(change.after)) {
      change.names = named(before, change.after, name);
      return change;
    }
  }
}

std::string to_yaml(const ContainerSpec& spec) {
  std::vector<std::string> members;
  for (const auto& [name, text] : spec) {
    members.push_back(fmt::format("{}: {}", name, text));
  }
  return fmt::format("{}", fmt::join(members, ", "));
}

}  // namespace aim::support
