#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/clock.hpp"
#include "core/host_facts.hpp"
#include "core/value.hpp"

namespace aim::core {

using Labels = std::map<std::string, std::string, std::less<>>;

/// The birth labels: written when an object is created, never compared, never changed.
namespace label {
inline constexpr const char* kProject = "dev.aim.project";
inline constexpr const char* kWorkspace = "dev.aim.workspace";
inline constexpr const char* kLineage = "dev.aim.lineage";
inline constexpr const char* kAddress = "dev.aim.address";
inline constexpr const char* kGeneration = "dev.aim.generation";
inline constexpr const char* kRun = "dev.aim.run";
inline constexpr const char* kGpus = "dev.aim.gpus";
inline constexpr const char* kSpec = "dev.aim.spec";
inline constexpr const char* kLock = "dev.aim.lock";  ///< only on the lock volume: who holds it
inline constexpr const char* kPrefix = "dev.aim.";
}  // namespace label

enum class ContainerStatus { Created, Running, Paused, Restarting, Removing, Exited, Dead };
[[nodiscard]] std::string_view to_string(ContainerStatus status);
[[nodiscard]] std::optional<ContainerStatus> container_status_from(std::string_view word);

struct ContainerState {
  ContainerStatus status = ContainerStatus::Created;
  std::int64_t exit_code = 0;
  bool oom_killed = false;
  std::int64_t restart_count = 0;
  std::string error;       ///< the Engine's own words, foreign text
  std::string started_at;  ///< RFC 3339 as the Engine gives it; empty if never started
  std::string finished_at;
  std::string health;  ///< "", "starting", "healthy", "unhealthy"

  bool operator==(const ContainerState&) const = default;
};

/// A published port. `host_ip` is empty when the Engine was given none.
struct PublishedPort {
  std::string host_ip;
  std::uint16_t host_port = 0;
  std::uint16_t container_port = 0;
  std::string protocol = "tcp";
  bool operator==(const PublishedPort&) const = default;
};

/// One row of the Engine's container list.
struct ContainerSummary {
  std::string id;
  std::string name;  ///< without the leading slash
  std::string image;
  Labels labels;
  ContainerStatus status = ContainerStatus::Created;
  std::vector<PublishedPort> ports;                   ///< live bindings; empty unless running
  std::vector<std::string> network_ids;               ///< of the networks it is attached to
  std::vector<std::string> volumes;                   ///< names of the volumes it mounts
  std::map<std::string, std::string> addresses = {};  ///< IPv4, by network id, while it runs
  bool operator==(const ContainerSummary&) const = default;
};

struct NetworkAttachment {
  std::string network_id;
  std::string ip_address;  ///< empty unless running
  std::vector<std::string> aliases;
  bool operator==(const NetworkAttachment&) const = default;
};

/// A container as inspect shows it. `attributes` is the normalised projection in the vocabulary of
/// kind `container` (planner/schema.hpp) with the values Docker really has: image defaults are in
/// it. It never holds addresses, times or anything else that changes by itself.
struct ObservedContainer {
  std::string id;
  std::string name;
  std::string image_id;
  ContainerState state;
  Labels labels;
  Map attributes;
  std::map<std::string, NetworkAttachment> networks;  ///< by network name
  std::vector<PublishedPort> live_ports;
  std::map<std::string, std::string> anonymous_volumes;  ///< their names by path inside
  bool tty = false;
  bool operator==(const ObservedContainer&) const = default;
};

struct ObservedNetwork {
  std::string id;
  std::string name;
  Labels labels;
  Map attributes;  ///< vocabulary of kind `network`
  std::vector<std::string> container_ids;
  bool operator==(const ObservedNetwork&) const = default;
};

struct ObservedVolume {
  std::string name;
  Labels labels;
  Map attributes;  ///< vocabulary of kind `volume`
  std::string created_at;
  std::string mountpoint;
  bool operator==(const ObservedVolume&) const = default;
};

struct ObservedImage {
  std::string id;
  std::vector<std::string> repo_tags;
  std::vector<std::string> repo_digests;
  Labels labels;
  std::string architecture;
  std::string os;
  std::vector<std::string> volumes;  ///< paths declared by VOLUME
  bool operator==(const ObservedImage&) const = default;
};

struct Platform {
  std::string os;            ///< "linux"
  std::string architecture;  ///< "amd64", as images name it
  bool operator==(const Platform&) const = default;
};

/// What a registry has behind a tag or digest.
struct RegistryImage {
  std::string digest;               ///< "sha256:..." of the manifest, or of the list of manifests
  std::vector<Platform> platforms;  ///< that it is there for; empty: the registry did not say
  bool operator==(const RegistryImage&) const = default;
};

struct EngineInfo {
  std::string server_version;
  std::string api_version;  ///< the negotiated one, "1.41"
  std::string name;         ///< host name of the Engine
  std::string os_type;
  std::string architecture;
  std::string product = "Docker Engine";  ///< or what else speaks Docker's API: "Podman 4.3.1"
  /// Whether limits and restart policy of a container can be changed (core::UpdateContainer).
  bool updates_containers = true;
  std::string kernel_version = {};
  std::string data_root = {};  ///< folder on the Engine's host
  std::int64_t cpus = 0;       ///< 0: not told
  std::int64_t memory_bytes = 0;
  std::set<std::string> runtimes = {};  ///< names; empty: not told
  std::set<std::string> log_drivers = {};
  std::set<std::string> network_drivers = {};
  std::set<std::string> volume_drivers = {};
  bool rootless = false;  ///< in namespaces of its own, so the host looks different to it
  std::vector<std::string> cdi_devices = {};  ///< "nvidia.com/gpu=0"; told from API 1.50 on
  bool operator==(const EngineInfo&) const = default;
};

/// What was seen of one image reference. The registry is asked only where a plan turns on it.
struct SeenImage {
  std::optional<ObservedImage> local;  ///< none: the Engine does not have it
  std::optional<Result<RegistryImage>> registry;
};

/// What was seen of Docker, once, for one plan. Containers outside `containers` were listed only.
struct ObservedWorld {
  EngineInfo engine;
  std::vector<ContainerSummary> listed;
  std::map<std::string, ObservedContainer> containers;  ///< by id: ours, and those that claim to be
  std::map<std::string, Labels>
      image_labels;  ///< by image id, for containers that claim to be ours
  std::vector<ObservedNetwork> networks;
  std::vector<ObservedVolume> volumes;
  std::map<std::string, SeenImage> images;  ///< by reference or id, those that were looked at
  std::optional<HostFacts> host;            ///< asked only where something changes that rests on it
};

/// A resource as state holds it after its last commit.
struct RecordedResource {
  Address address;
  Map attributes;  ///< the resolved specification; secrets by digest
  Map computed;    ///< container_id, image_digest, url, ...: what others may refer to
  Map baseline;    ///< projection observed right after creation or change; null map: none taken
  std::string baseline_api;
  std::string docker_id;  ///< container or network id, volume name
  std::string docker_name;
  std::int64_t generation = 1;
  std::vector<Address> dependencies;
  bool prevent_destroy = false;
  bool retain = false;  ///< on_destroy: retain
  bool external = false;
  bool held = false;              ///< it was stopped on request and is left so
  std::string salt;               ///< prefix its secrets were hashed with
  std::string created_run;        ///< label value of the run that made the Docker object
  std::int64_t start_millis = 0;  ///< how long the last start took until ready, 0 unknown

  bool operator==(const RecordedResource&) const = default;
};

struct RecordedOutput {
  Value value;
  bool sensitive = false;
  bool operator==(const RecordedOutput&) const = default;
};

struct OpenRun {
  RunId id;
  std::string phase;      ///< "prepare", "switch", "readiness", "commit", "undo"
  std::string operation;  ///< "apply", "destroy"
  std::string who;        ///< user@host
  std::int64_t pid = 0;
  Utc started{};
  std::size_t steps = 0;      ///< calls to Docker that were begun
  std::size_t unsettled = 0;  ///< of these, without a recorded outcome
  bool operator==(const OpenRun&) const = default;
};

/// Everything a plan needs of the state store.
struct StateSnapshot {
  std::string lineage;  ///< empty: there is no state yet
  std::int64_t serial = 0;
  std::string project;
  std::string workspace;
  std::map<Address, RecordedResource> resources;
  std::map<std::string, RecordedOutput> outputs;
  std::optional<OpenRun> open_run;
};

}  // namespace aim::core
