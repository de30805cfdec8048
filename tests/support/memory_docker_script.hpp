#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "core/clock.hpp"
#include "core/snapshot.hpp"
#include "providers/http/http_client.hpp"

// The values a test describes and reads a MemoryDocker with.
namespace aim::support {

/// Which Engine is played. Only the API version matters to the answers; it selects the rest.
struct MemoryDockerOptions {
  std::string api_version = "1.41";  ///< the newest it speaks: 1.41 to 1.56
  /// The release of a Podman that speaks `api_version` and has no call to update a container;
  /// empty: it is Docker.
  std::string podman{};
  std::string host_name = "memory-docker";
  std::int64_t cpus = 64;
  std::int64_t memory_bytes = std::int64_t{1} << 40;
  std::vector<std::string> runtimes{};  ///< besides runc
  /// Which drivers can give a container its GPUs: "nvidia", "cdi".
  std::vector<std::string> device_drivers{};
  /// Streams come in pieces of at most that many bytes; 0: as they were written.
  std::size_t piece_bytes = 0;
  /// Paths on the host that a bind mount or a device may name; without any, every path exists.
  std::vector<std::string> host_paths{};
  /// Addresses of the host besides 127.0.0.0/8; without any, every address is one.
  std::vector<std::string> host_addresses{};
};

/// An image as its Dockerfile would make it.
struct FakeImage {
  std::string ref{};  ///< "vllm:1"; ":latest" is added
  std::vector<std::string> env{};
  core::Labels labels{};
  std::vector<std::string> cmd{};  ///< with no entrypoint either: "run"
  std::vector<std::string> entrypoint{};
  std::vector<std::string> volumes{};  ///< paths declared by VOLUME
  std::vector<std::string> exposed{};  ///< "8000/tcp"
  std::string user{};
  std::string working_dir{};
  std::vector<std::string> healthcheck{};  ///< "CMD", ...; 30 s apart, three times
  /// "Interval", "Timeout", "StartPeriod" in nanoseconds, "Retries"
  std::map<std::string, std::int64_t> healthcheck_numbers{};
  std::string architecture = "amd64";
  std::string content{};  ///< images that differ in anything, or in this, have different ids
};

/// What a pull of an image does besides bringing it.
struct PullScript {
  std::uint64_t layer_bytes = 3'000'000;
  int layers = 2;
  std::chrono::milliseconds time_per_layer{0};
  int refuse_status = 0;  ///< not 0: refused before any progress, with `error`
  std::string error{};    ///< with refuse_status 0: told inside the stream of a 200
  int failing_pulls = 0;  ///< only so many first pulls fail with `error`; 0: all of them
};

/// Which containers a script is for; what is empty matches all.
struct ContainerMatch {
  std::string image{};     ///< the reference the container was created with
  std::string name{};      ///< a regular expression for the whole name
  std::string argument{};  ///< one of entrypoint, command or environment ("K=V") is this text
};

struct OutputLine {
  std::string text{};  ///< a line break is added
  std::chrono::milliseconds at{0};
  bool is_stderr = false;
};

/// What the program in a container does once it is started.
struct Program {
  std::optional<std::chrono::milliseconds> exits_after{};  ///< none: runs until it is stopped
  std::int64_t exit_code = 0;
  bool oom_killed = false;
  std::vector<OutputLine> output{};
  /// How long it takes to end after the stop signal; none: it ignores it and is killed after the
  /// grace period, which gives 137.
  std::optional<std::chrono::milliseconds> stops_after = std::chrono::milliseconds{0};
  std::int64_t stop_code = 143;
  /// When its health check first succeeds, if the container has one; none: never.
  std::optional<std::chrono::milliseconds> healthy_after = std::chrono::milliseconds{0};
  int start_status = 0;  ///< not 0: it cannot be started, and this is the answer
  std::string start_error{};
};

struct ExecResult {
  std::int64_t exit_code = 0;
  std::string standard_output{};
  std::string standard_error{};
};

/// Which calls; what is empty matches all.
struct CallPattern {
  std::string method{};
  std::string path{};  ///< regular expression found in path and query, without the version prefix
};

/// What happens to a call instead of, or besides, its answer.
struct Fault {
  enum class Kind { Answer, LoseReply, Refuse, Hang, HangAfterEffect };
  Kind kind = Kind::Refuse;
  int status = 500;
  std::string message{};

  /// No effect; this status and message.
  static Fault answer(int status, std::string message) {
    return {Kind::Answer, status, std::move(message)};
  }

  /// The effect, and then the connection breaks.
  static Fault lose_reply() { return {Kind::LoseReply, 0, {}}; }

  /// No effect; the connection is refused.
  static Fault refuse() { return {Kind::Refuse, 0, {}}; }

  /// No effect; no answer until the caller's deadline.
  static Fault hang() { return {Kind::Hang, 0, {}}; }

  static Fault hang_after_effect() { return {Kind::HangAfterEffect, 0, {}}; }
};

enum class Crash { BeforeEffect, AfterEffect };

struct RecordedCall {
  std::size_t change_number = 0;  ///< counted from 1; 0: it changes nothing
  std::string method;
  std::string target;       ///< path and query as sent, without the version prefix
  std::string api_version;  ///< of the prefix; empty if there was none
  std::string body;
  int status = 0;  ///< 0: no answer, or none yet
};

/// A container as a test wants to look at it.
struct ContainerView {
  std::string id;
  std::string name;
  std::string image;  ///< as it was asked for
  std::string image_id;
  core::ContainerStatus status = core::ContainerStatus::Created;
  std::int64_t exit_code = 0;
  core::Labels labels;
  std::vector<std::string> entrypoint;
  std::vector<std::string> cmd;
  std::vector<std::string> env;
  std::string restart_policy;                ///< "no", "always", "unless-stopped", "on-failure"
  std::vector<std::string> networks;         ///< names, sorted
  std::vector<core::PublishedPort> bound;    ///< live; an empty host_ip is every address
  std::map<std::string, std::string> files;  ///< put in by archive, by absolute path
  std::string host_config;  ///< JSON of the HostConfig that was asked for, as the Engine keeps it
  std::optional<core::Steady> started;

  [[nodiscard]] bool running() const { return status == core::ContainerStatus::Running; }
};

/// The next part of a body that comes in pieces.
struct FakePiece {
  enum class Kind { Text, End, TimedOut, Stopped, Broken };
  Kind kind = Kind::End;
  std::string text;
};

/// An exchange with the fake Engine that has begun.
struct FakeExchange {
  enum class Fate { Answered, Broken, Silent };
  Fate fate = Fate::Answered;
  bool raw = false;  ///< neither chunked nor of a known length: it ends with the connection
  int status = 200;
  std::map<std::string, std::string> headers;  ///< names in lower case
  std::string body;                            ///< of an answer; why, for a broken exchange
  /// If set, the body goes on after `body`. Blocks; `until` is a time of the docker's clock.
  std::function<FakePiece(std::optional<core::Steady> until, std::stop_token stop)> more;
};

}  // namespace aim::support
