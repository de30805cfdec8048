#include "planner/schema.hpp"
#include "planner/schema_members.hpp"

namespace aim::planner {

using core::Kind;

namespace {

using enum Type;
using enum OnChange;

constexpr double kMebi = 1024.0 * 1024.0;

constexpr std::string_view kBackendChoices[] = {"vllm", "sglang", "llamacpp", "custom"};
constexpr std::string_view kTaskChoices[] = {"chat", "completion", "embedding", "rerank"};
constexpr std::string_view kPullChoices[] = {"missing", "always", "never"};

constexpr Attribute kImage = {
    .name = "image",
    .type = Image,
    .description = "Image to run. Without a tag and a digest, `:latest` is meant.",
    .required = true};
constexpr Attribute kEntrypoint = {
    .name = "entrypoint",
    .type = Strings,
    .description =
        "Replaces the image's entrypoint, and with it the image's command. An empty "
        "list takes the entrypoint away."};
constexpr Attribute kEnv = {.name = "env",
                            .type = StringMap,
                            .description = "Environment variables.",
                            .format = Format::EnvironmentKeys};
constexpr Attribute kLabels = {
    .name = "labels",
    .type = StringMap,
    .description = "Labels on the Docker object. Those that begin with `dev.aim.` belong to aim.",
    .format = Format::LabelKeys};
constexpr Attribute kMounts = {
    .name = "mounts",
    .type = Mounts,
    .description =
        "What is mounted where: `volume-key:/path[:ro]`, `/on/the/host:/path[:ro]`, or "
        "the long form."};
constexpr Attribute kNetworks = {
    .name = "networks",
    .type = Networks,
    .on_change = InPlace,
    .description =
        "Keys of `networks` to join: a list, or a map with aliases and an address each. "
        "Left out: the project's network `default`."};
constexpr Attribute kRestart = {
    .name = "restart",
    .type = RestartPolicy,
    .on_change = InPlace,
    .description =
        "What Docker does when the container ends by itself: no, always, unless-stopped, "
        "on-failure or on-failure:N.",
    .default_text = "unless-stopped"};
constexpr Attribute kMemory = {
    .name = "memory",
    .type = Size,
    .on_change = InPlace,
    .description = "Memory limit; Docker takes no less than 6MiB. Left out: no limit.",
    .irreversible_when_set = true,
    .replace_when_removed = true,
    .minimum = 6 * kMebi};
constexpr Attribute kMemorySwap = {
    .name = "memory_swap",
    .type = Size,
    .on_change = InPlace,
    .description =
        "Limit of memory and swap together, or -1 for unlimited swap; needs `memory`. "
        "Left out: twice `memory`.",
    .irreversible_when_set = true,
    .replace_when_removed = true,
    .minimum = -1};
constexpr Attribute kCpus = {.name = "cpus",
                             .type = Number,
                             .on_change = InPlace,
                             .description =
                                 "How many CPUs' worth of time it gets, such as 1.5. "
                                 "Left out: no limit.",
                             .irreversible_when_set = true,
                             .replace_when_removed = true,
                             .minimum = 0.01};
constexpr Attribute kShmSize = {.name = "shm_size",
                                .type = Size,
                                .description = "Size of /dev/shm. Left out: Docker's 64MiB.",
                                .minimum = 1};
constexpr Attribute kUser = {
    .name = "user",
    .type = String,
    .description = "USER[:GROUP] that it runs as, names or numbers. Left out: the image's."};
constexpr Attribute kInit = {.name = "init",
                             .type = Boolean,
                             .description =
                                 "Whether Docker's small init process reaps zombies and "
                                 "forwards signals. Left out: the daemon's setting."};
constexpr Attribute kIpc = {.name = "ipc",
                            .type = String,
                            .description =
                                "IPC namespace: none, private, shareable, host or "
                                "container:NAME. Left out: the daemon's setting.",
                            .format = Format::IpcMode};
constexpr Attribute kPull = {
    .name = "pull",
    .type = String,
    .on_change = Record,
    .description = "When the image is pulled before the container is made.",
    .default_text = "missing",
    .choices = kPullChoices};

/// Nothing here refers to a run-time value, so the whole table is built by the compiler.
consteval Attribute stop_grace_period(std::string_view fallback) {
  return {
      .name = "stop_grace_period",
      .type = Duration,
      .on_change = Record,
      .description = "How long it gets to end by itself when it is stopped, before it is killed.",
      .default_text = fallback};
}

consteval Attribute command(std::string_view description) {
  return {.name = "command", .type = Strings, .description = description};
}

consteval Attribute logging(std::string_view description, std::string_view fallback) {
  return {.name = "logging",
          .type = Object,
          .description = description,
          .default_text = fallback,
          .members = members::kLoggingMembers};
}

constexpr Attribute kContainer[] = {
    kImage,
    command("Replaces the image's command, one word an item; no shell is involved."),
    kEntrypoint,
    kEnv,
    kLabels,
    {.name = "ports",
     .type = Ports,
     .description = "Published ports, `[IP:]HOST:CONTAINER[/tcp|udp|sctp]`. Without an IP address "
                    "the port is open on every interface (0.0.0.0)."},
    kMounts,
    kNetworks,
    {.name = "network_mode",
     .type = String,
     .description = "bridge, host, none or container:NAME instead of `networks`.",
     .format = Format::NetworkMode},
    kRestart,
    kMemory,
    kMemorySwap,
    kCpus,
    kShmSize,
    kUser,
    {.name = "working_dir",
     .type = String,
     .description = "Directory that it starts in. Left out: the image's.",
     .format = Format::AbsolutePath},
    {.name = "hostname",
     .type = String,
     .description = "Its own name for itself. Left out: the first 12 digits of its id.",
     .format = Format::Hostname},
    kInit,
    kIpc,
    {.name = "tty",
     .type = Boolean,
     .description = "Whether it gets a terminal.",
     .default_text = "false"},
    {.name = "read_only",
     .type = Boolean,
     .description = "Whether its root file system can only be read.",
     .default_text = "false"},
    {.name = "privileged",
     .type = Boolean,
     .description = "Whether it may do everything that the host may.",
     .default_text = "false"},
    {.name = "stop_signal",
     .type = String,
     .description = "Signal that asks it to end. Left out: the image's, else SIGTERM.",
     .format = Format::Signal},
    stop_grace_period("10s"),
    {.name = "cap_add",
     .type = Strings,
     .description = "Linux capabilities to add, such as NET_ADMIN, or ALL.",
     .format = Format::Capability},
    {.name = "cap_drop",
     .type = Strings,
     .description = "Linux capabilities to take away, or ALL.",
     .format = Format::Capability},
    {.name = "security_opt",
     .type = Strings,
     .description = "no-new-privileges, seccomp=unconfined, apparmor=PROFILE, label=OPTION.",
     .format = Format::SecurityOption},
    {.name = "group_add",
     .type = Strings,
     .description = "More groups of the process; names are looked up inside the image."},
    {.name = "extra_hosts",
     .type = Strings,
     .description = "Lines for /etc/hosts, `HOST:IP`; the IP `host-gateway` is Docker's host.",
     .format = Format::ExtraHost},
    {.name = "dns",
     .type = Strings,
     .description = "IP addresses of name servers.",
     .format = Format::IpAddress},
    {.name = "sysctls",
     .type = StringMap,
     .description = "Kernel settings of its namespaces, such as net.core.somaxconn."},
    logging("Where its output goes. Left out: the daemon's setting.", ""),
    kPull,
    {.name = "readiness",
     .type = Object,
     .on_change = Record,
     .description = "What must pass before it counts as up. Left out: that it runs.",
     .members = members::kContainerReadiness}};

constexpr Attribute kEndpoint[] = {
    {.name = "model",
     .type = String,
     .description = "What is served: a Hugging Face id or a path inside the container; for "
                    "llamacpp a GGUF repository or file; for custom the name that clients use.",
     .required = true,
     .format = Format::Plain},
    {.name = "backend",
     .type = String,
     .description = "Serving engine that the image holds.",
     .default_text = "vllm",
     .choices = kBackendChoices},
    {.name = "image",
     .type = Image,
     .description = "Image to run, unless `backends` sets one for all endpoints of the backend. "
                    "Without a tag and a digest, `:latest` is meant.",
     .required = true},
    command("Replaces the command that aim would write for the backend, one word an item."),
    kEntrypoint,
    {.name = "args",
     .type = Arguments,
     .description = "Serve arguments by flag: true is a bare flag, false leaves it out, a list "
                    "repeats it, a map becomes JSON."},
    kEnv,
    kLabels,
    {.name = "port",
     .type = Port,
     .description = "Port published on `bind`.",
     .default_text = "8000"},
    {.name = "container_port",
     .type = Port,
     .description = "Port that the server listens on inside the container. Left out: 8000 for vllm "
                    "and custom, 30000 for sglang, 8080 for llamacpp."},
    {.name = "bind",
     .type = String,
     .description = "IP address that `port` is published on; 0.0.0.0 is every interface.",
     .default_text = "127.0.0.1",
     .format = Format::BindAddress},
    {.name = "served_name",
     .type = String,
     .description = "Name of the model in requests. Left out: `model`.",
     .format = Format::Plain},
    {.name = "task",
     .type = String,
     .on_change = Record,
     .description = "What the model does, which is what its inference check asks for.",
     .default_text = "chat",
     .choices = kTaskChoices},
    {.name = "api_key",
     .type = String,
     .description = "Key that clients must send.",
     .sensitive = true},
    kMounts,
    kNetworks,
    kShmSize,
    kIpc,
    kMemory,
    kMemorySwap,
    kCpus,
    kRestart,
    kUser,
    kInit,
    stop_grace_period("60s"),
    kPull,
    logging("Where its output goes.",
            R"({ driver: json-file, options: { max-size: 50m, max-file: "3" } })"),
    {.name = "readiness",
     .type = Object,
     .on_change = Record,
     .description = "What must pass before it counts as up.",
     .default_text = "{}",
     .members = members::kEndpointReadiness}};

constexpr Attribute kIpamMembers[] = {
    {.name = "subnet",
     .type = String,
     .description = "Addresses of the network, such as 172.30.0.0/16.",
     .required = true,
     .format = Format::Subnet},
    {.name = "gateway",
     .type = String,
     .description = "The network's own address. Left out: the first of the subnet.",
     .format = Format::IpAddress},
    {.name = "ip_range",
     .type = String,
     .description = "Part of the subnet that containers get their addresses from.",
     .format = Format::Subnet}};

constexpr Attribute kNetwork[] = {
    {.name = "driver",
     .type = String,
     .description = "Docker's network driver.",
     .default_text = "bridge",
     .format = Format::Plain},
    {.name = "internal",
     .type = Boolean,
     .description = "Whether the network has no way out.",
     .default_text = "false"},
    {.name = "attachable",
     .type = Boolean,
     .description = "Whether containers that are not of a service may join (overlay networks).",
     .default_text = "false"},
    {.name = "ipv6",
     .type = Boolean,
     .description = "Whether it has IPv6 addresses too.",
     .default_text = "false"},
    {.name = "options", .type = StringMap, .description = "Options of the driver."},
    kLabels,
    {.name = "ipam",
     .type = Object,
     .description = "Its addresses. Left out: Docker chooses.",
     .members = kIpamMembers}};

constexpr Attribute kVolume[] = {
    {.name = "driver",
     .type = String,
     .description = "Docker's volume driver.",
     .default_text = "local",
     .format = Format::Plain},
    {.name = "options", .type = StringMap, .description = "Options of the driver."},
    kLabels};

}  // namespace

std::span<const Attribute> attributes(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
      return kEndpoint;
    case Kind::Container:
      return kContainer;
    case Kind::Network:
      return kNetwork;
    case Kind::Volume:
      return kVolume;
  }
  return {};
}

}  // namespace aim::planner
