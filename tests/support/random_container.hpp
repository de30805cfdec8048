#pragma once

#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>

namespace aim::support {

/// Attributes of a container by name, each as YAML in flow style. Only combinations that the
/// configuration allows.
using ContainerSpec = std::map<std::string, std::string>;

/// What the specifications may ask for.
enum class Host {
  Any,        ///< everything: a Docker in memory
  Restricted  ///< no `privileged`, two CPUs, one memory node: what a test machine has
};

/// Which host ports and which folder a container may name.
struct Belongings {
  int first_port = 0;  ///< that and the next three
  std::string folder;  ///< on the host
  int address = 0;     ///< last part of its fixed address on the network `side`
};

/// A random one. The same engine state gives the same specification everywhere.
[[nodiscard]] ContainerSpec random_container(std::mt19937& random,
                                             Host host,
                                             const Belongings& belongings);

struct RandomChange {
  ContainerSpec after;
  std::set<std::string> names;  ///< attributes that a plan must name, and no others
};

/// One attribute set, changed or removed.
[[nodiscard]] RandomChange random_change(std::mt19937& random,
                                         const ContainerSpec& before,
                                         Host host,
                                         const Belongings& belongings);

/// "image: web:1, memory: 64MiB", for between braces.
[[nodiscard]] std::string to_yaml(const ContainerSpec& spec);

}  // namespace aim::support
