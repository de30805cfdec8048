#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <functional>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/result.hpp"
#include "core/snapshot.hpp"

namespace aim::core {

/// The half of an Engine that cannot change anything; all that a plan gets. Every function
/// blocks, has its own deadline, ends with ErrorCode::Cancelled when a stop is requested, and may
/// be called from several threads at once.
/// Errors: Unreachable, Timeout, Cancelled, Denied, Protocol, Failed; NotFound where said.
class EngineReader {
 public:
  virtual ~EngineReader() = default;
  [[nodiscard]] virtual Result<EngineInfo> info(std::stop_token stop) = 0;
  /// All containers, running or not, ours or not.
  [[nodiscard]] virtual Result<std::vector<ContainerSummary>> list_containers(
      std::stop_token stop) = 0;
  /// NotFound if there is none. `reference` is an id or a name.
  [[nodiscard]] virtual Result<ObservedContainer> inspect_container(const std::string& reference,
                                                                    std::stop_token stop) = 0;
  [[nodiscard]] virtual Result<std::vector<ObservedNetwork>> list_networks(
      std::stop_token stop) = 0;
  [[nodiscard]] virtual Result<std::vector<ObservedVolume>> list_volumes(std::stop_token stop) = 0;
  /// NotFound if the Engine does not have it. `reference` is an id, tag or digest.
  [[nodiscard]] virtual Result<ObservedImage> inspect_image(const std::string& reference,
                                                            std::stop_token stop) = 0;
  /// Has the Engine ask the image's registry what stands behind a tag or digest; nothing is
  /// pulled. NotFound if the registry does not have it, Denied if it wants (other) credentials,
  /// Unreachable if the Engine cannot get at it. The message says what can be done.
  [[nodiscard]] virtual Result<RegistryImage> ask_registry(const std::string& reference,
                                                           std::stop_token stop) = 0;
};

struct LogRequest {
  std::optional<std::size_t> tail;  ///< last lines; all of them if not set
  bool follow = false;
  bool timestamps = false;
  std::string since = {};  ///< only what was written from then on, as ContainerState has times
};

/// One piece of a container's output, foreign text, not necessarily whole lines.
struct LogPiece {
  bool is_stderr = false;
  std::string_view text;
};

using LogSink = std::function<void(const LogPiece&)>;

struct ContainerExit {
  std::int64_t exit_code = 0;
  bool oom_killed = false;
  std::string error;
  /// Its restart policy started it again meanwhile, so `exit_code` may be that of no exit at all.
  bool restarted = false;
};

/// How a program that was run in a container ended.
struct ExecResult {
  std::int64_t exit_code = 0;
  std::string output;  ///< of both streams, foreign text, at most 64 KiB
};

/// Looks at containers while they run. Thread rules and errors as for EngineReader.
class ContainerWatcher {
 public:
  virtual ~ContainerWatcher() = default;
  /// Hands over the output, in order, until its end (or for ever with `follow`).
  [[nodiscard]] virtual Result<void> logs(const std::string& container,
                                          const LogRequest& request,
                                          const LogSink& sink,
                                          std::stop_token stop) = 0;
  /// Blocks until the container does not run (at once if it does not now). NotFound if gone.
  [[nodiscard]] virtual Result<ContainerExit> wait_exit(const std::string& container,
                                                        std::stop_token stop) = 0;
  /// Runs a program in the container, without a shell, until it ends. Where there is no such
  /// program its exit code is 126 or 127. Errors: Conflict (it does not run), Timeout, in which
  /// case Docker leaves the program running.
  [[nodiscard]] virtual Result<ExecResult> exec(const std::string& container,
                                                const std::vector<std::string>& command,
                                                std::chrono::milliseconds timeout,
                                                std::stop_token stop) = 0;
};

/// How to attach a container to a network, by name or id.
struct Attachment {
  std::string network;
  std::vector<std::string> aliases;
  std::string ipv4_address;       ///< empty: Docker chooses
  std::string ipv6_address = {};  ///< empty: Docker chooses, if the network has any
  bool operator==(const Attachment&) const = default;
};

// One struct for each call that changes something. Containers are named by id or name. The
// answer "already so" (304, 404 on removal) counts as success: every call may be repeated.
struct CreateContainer {
  std::string name;
  /// Vocabulary of kind `container`, all references resolved, secrets known; without `files`.
  Map attributes;
  Labels labels;               ///< the user's and the birth labels
  std::string restart = "no";  ///< overrides `restart` in attributes
  std::vector<Attachment> networks;
  bool operator==(const CreateContainer&) const = default;
};

struct StartContainer {
  std::string container;
  bool operator==(const StartContainer&) const = default;
};

struct StopContainer {
  std::string container;
  std::chrono::seconds grace{10};
  bool operator==(const StopContainer&) const = default;
};

struct KillContainer {
  std::string container;
  bool operator==(const KillContainer&) const = default;
};

struct PauseContainer {
  std::string container;
  bool operator==(const PauseContainer&) const = default;
};

struct UnpauseContainer {
  std::string container;
  bool operator==(const UnpauseContainer&) const = default;
};

struct RenameContainer {
  std::string container;
  std::string new_name;
  bool operator==(const RenameContainer&) const = default;
};

/// `attributes` holds those of memory, memory_swap, memory_reservation, cpus, cpu_shares, cpuset,
/// cpuset_mems, pids_limit, restart that change; -1 takes memory_reservation and pids_limit away.
/// The provider inspects afterwards: ErrorCode::Failed if Docker ignored it.
struct UpdateContainer {
  std::string container;
  Map attributes;
  bool operator==(const UpdateContainer&) const = default;
};

struct RemoveContainer {
  std::string container;
  bool force = false;             ///< kill it if it runs
  bool anonymous_volumes = true;  ///< remove the anonymous volumes with it
  bool operator==(const RemoveContainer&) const = default;
};

struct ConnectNetwork {
  std::string container;
  Attachment attachment;
  bool operator==(const ConnectNetwork&) const = default;
};

struct DisconnectNetwork {
  std::string container;
  std::string network;
  bool operator==(const DisconnectNetwork&) const = default;
};

/// Puts files into a container, running or not, over those that are there. Folders that are
/// missing are made.
struct PutFiles {
  std::string container;
  Map files;  ///< the attribute `files`: path -> { content, mode, uid, gid }
  bool operator==(const PutFiles&) const = default;
};

/// Copies plain files inside a container, owner and mode included, over those that are there.
/// NotFound if one of them is missing.
struct CopyFiles {
  std::string container;
  std::map<std::string, std::string> paths;  ///< from -> to, absolute
  bool operator==(const CopyFiles&) const = default;
};

struct CreateNetwork {
  std::string name;
  Map attributes;
  Labels labels;
  bool operator==(const CreateNetwork&) const = default;
};

struct RemoveNetwork {
  std::string network;
  bool operator==(const RemoveNetwork&) const = default;
};

struct CreateVolume {
  std::string name;
  Map attributes;
  Labels labels;
  bool operator==(const CreateVolume&) const = default;
};

struct RemoveVolume {
  std::string name;
  bool operator==(const RemoveVolume&) const = default;
};

using Call = std::variant<CreateContainer,
                          StartContainer,
                          StopContainer,
                          KillContainer,
                          PauseContainer,
                          UnpauseContainer,
                          RenameContainer,
                          UpdateContainer,
                          RemoveContainer,
                          ConnectNetwork,
                          DisconnectNetwork,
                          PutFiles,
                          CopyFiles,
                          CreateNetwork,
                          RemoveNetwork,
                          CreateVolume,
                          RemoveVolume>;

/// "create container lab-qwen.g2": for people and for error frames.
[[nodiscard]] std::string describe(const Call& call);
/// For the journal. Secrets are written as digests only, so a CreateContainer or UpdateContainer
/// that holds one cannot be made again from its JSON; the inverse of a creation needs none.
[[nodiscard]] boost::json::value to_json(const Call& call);
/// The inverse of to_json. ErrorCode::Protocol on anything else.
[[nodiscard]] Result<Call> call_from_json(const boost::json::value& json);

struct CallOutcome {
  std::string id;                     ///< of what was created; else empty
  std::vector<std::string> warnings;  ///< foreign text
};

/// One tag or digest to bring.
struct PullRequest {
  std::string reference;
  std::string platform;  ///< "linux/arm64"; empty: the Engine's own
  bool operator==(const PullRequest&) const = default;
};

struct PullProgress {
  std::uint64_t current_bytes = 0;
  std::uint64_t total_bytes = 0;  ///< 0: not known yet
  std::string status;             ///< foreign text
};

/// The half of an Engine that changes things. Thread rules as for EngineReader.
class EngineActor {
 public:
  virtual ~EngineActor() = default;
  /// Does one call. A creation whose answer was lost is settled by looking: an object of that name
  /// with the same birth labels (run, address, generation) counts as made by this call.
  /// Errors besides EngineReader's: NotFound, Conflict (name or port taken), Invalid, Unsupported.
  [[nodiscard]] virtual Result<CallOutcome> perform(const Call& call, std::stop_token stop) = 0;
  /// Pulls one tag or digest; success is proven by inspecting the image afterwards. Errors as for
  /// EngineReader::ask_registry.
  [[nodiscard]] virtual Result<ObservedImage> pull(
      const PullRequest& request,
      const std::function<void(const PullProgress&)>& progress,
      std::stop_token stop) = 0;
};

}  // namespace aim::core
