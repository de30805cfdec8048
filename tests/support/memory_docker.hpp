#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "providers/http/http_client.hpp"
#include "tests/support/memory_docker_script.hpp"

namespace aim::support {

/// A small Docker in memory: it answers the Engine API's HTTP requests from containers, networks,
/// volumes and images of its own, with the answers, refusals and rewritings that the Engine was
/// seen to give. In process it is an HttpTransport; MemoryDockerServer puts the same world behind
/// a unix socket.
///
/// Time is the injected clock's. With a FakeClock a container lives on only while somebody waits
/// or advances; `POST /wait`, followed logs and `/events` then block until time or another call
/// brings what they wait for. Ids count up, so that two runs of one test are alike.
/// Every function is thread-safe.
class MemoryDocker : public providers::HttpTransport {
 public:
  explicit MemoryDocker(core::Clock& clock, MemoryDockerOptions options = {});
  ~MemoryDocker() override;
  MemoryDocker(const MemoryDocker&) = delete;
  MemoryDocker& operator=(const MemoryDocker&) = delete;

  core::Result<providers::HttpResponse> send(const providers::HttpRequest& request,
                                             std::chrono::milliseconds deadline,
                                             std::stop_token stop) override;
  core::Result<providers::HttpResponse> stream(const providers::HttpRequest& request,
                                               const providers::BodySink& sink,
                                               std::chrono::milliseconds inactivity,
                                               std::stop_token stop) override;

  /// Begins one exchange, for a face that puts it on a wire.
  [[nodiscard]] FakeExchange open(const providers::HttpRequest& request, std::stop_token stop);

  // What the world holds and does.
  void add_image(const FakeImage& image);
  /// `image` can be pulled from now on; an earlier one of that reference can from now on be had
  /// by its digest alone.
  void add_registry_image(const FakeImage& image, PullScript script = {});
  /// Its registry has that tag and what stood behind it no more.
  void remove_registry_image(const std::string& reference);
  /// `registry` ("host:port", or empty for the common one) serves nobody else from now on.
  void require_login(const std::string& registry, std::string user, std::string password);
  /// Nobody answers at that registry, or answers again.
  void silence_registry(const std::string& registry, bool silent);
  /// How the containers behave that match, from their next start on. The last match wins; without
  /// one a program runs, silent, until it is stopped.
  void set_program(ContainerMatch match, Program program);
  /// What running `command` (compared by its first words) in a matching container does.
  void set_exec(ContainerMatch match, std::vector<std::string> command, ExecResult result);
  /// Matching calls take that long on the clock. A creation holds its name meanwhile and shows
  /// nothing yet; a removal shows the container as being removed; the rest happens at the end.
  void set_latency(CallPattern pattern, std::chrono::milliseconds latency);
  /// Ports on the Engine's host that a program outside Docker holds.
  void occupy_host_port(std::uint16_t port);
  /// The program in a running container ends now, as by itself.
  void end_program(const std::string& container, std::int64_t exit_code, bool oom_killed = false);
  /// The container is being removed, and is gone when `takes` has passed.
  void begin_removal(const std::string& container, std::chrono::milliseconds takes);
  /// Everything stops; what the restart policies bring back is started again.
  void restart_daemon();
  /// Somebody else's call: answered as any other, but not recorded, delayed or made to fail.
  /// `target` has no version prefix.
  providers::HttpResponse outside(std::string method, std::string target, std::string body = {});

  // What goes wrong. Changing calls are counted from 1 since construction or forget_calls().
  void fail_change(std::size_t number, Fault fault);
  /// The `occurrence`-th (from 1) matching call from now on fails, and `times - 1` after it.
  void fail(CallPattern pattern, Fault fault, std::size_t occurrence = 1, std::size_t times = 1);
  /// The caller's machine dies: changing call `number` is the last that has an effect
  /// (Crash::AfterEffect) or the first that has none, and whatever follows is Unreachable.
  void crash_at(std::size_t number, Crash moment);
  [[nodiscard]] bool crashed() const;
  /// Forgets every fault and crash that was scripted.
  void heal();

  // What was asked.
  [[nodiscard]] std::vector<RecordedCall> calls() const;
  [[nodiscard]] std::vector<RecordedCall> changing_calls() const;
  /// "POST /containers/create?name=a", one for each changing call.
  [[nodiscard]] std::vector<std::string> changing_lines() const;
  void forget_calls();

  // What there is.
  [[nodiscard]] std::optional<ContainerView> container(const std::string& reference) const;
  [[nodiscard]] std::vector<ContainerView> containers() const;   ///< sorted by name
  [[nodiscard]] std::vector<std::string> network_names() const;  ///< without bridge, host, none
  [[nodiscard]] std::vector<std::string> volume_names() const;   ///< anonymous ones too
  [[nodiscard]] bool has_image(const std::string& reference) const;
  /// One line for each object, sorted, with ids and settings but without times: two worlds are
  /// the same if their lines are.
  [[nodiscard]] std::vector<std::string> world_lines() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace aim::support
