#pragma once

#include <gtest/gtest.h>

#include <iosfwd>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/clock.hpp"
#include "core/engine.hpp"
#include "providers/docker/docker_engine.hpp"
#include "tests/support/memory_docker.hpp"
#include "tests/support/memory_docker_server.hpp"

namespace aim::contract_test {

/// A way to an Engine: the in-memory one called directly or over a socket, as an Engine of API
/// 1.41, or of 1.44 or 1.52; the real one; or Podman.
enum class Face {
  InProcess,
  UnixSocket,
  InProcess144,
  UnixSocket144,
  InProcess152,
  UnixSocket152,
  RealEngine,
  Podman
};
void PrintTo(Face face, std::ostream* out);
[[nodiscard]] std::string face_name(const testing::TestParamInfo<Face>& info);

/// Where AIM_TEST_DOCKER says that the real Engine listens; empty if it is not set.
[[nodiscard]] std::string real_socket();

/// A program, once as words for a shell and once as what the in-memory Docker plays.
struct Act {
  std::vector<std::string> command;
  support::Program played;
};

/// Runs until it is told to stop, and then ends at once with 143.
[[nodiscard]] Act runs_until_stopped();
/// Runs on whatever it is told.
[[nodiscard]] Act ignores_stop();
/// Ends at once, without a word.
[[nodiscard]] Act exits(int code);
/// Writes out-1 and out-2 to standard output and err-1 to standard error, then ends with 3.
[[nodiscard]] Act talks();
/// Names a program that is not in the image.
[[nodiscard]] Act is_missing();

/// One Engine with an image in it, and names that nobody else uses. Everything it made is gone
/// after the test.
class Contract : public testing::TestWithParam<Face> {
 protected:
  void SetUp() override;
  void TearDown() override;

  /// "aim-contract-<pid>-<tail>"
  [[nodiscard]] std::string name(std::string_view tail) const;

  [[nodiscard]] const std::string& image() const { return image_; }

  /// A host port that is likely to be free.
  [[nodiscard]] static std::uint16_t port();

  /// The call that makes a container called name(tail) that does `act`.
  [[nodiscard]] core::CreateContainer container(std::string_view tail, const Act& act);
  [[nodiscard]] core::CreateNetwork network(std::string_view tail);
  [[nodiscard]] core::CreateVolume volume(std::string_view tail);

  /// Does `call` and returns the id of what it made; a failure fails the test.
  std::string must(const core::Call& call);
  /// Does `call` and returns its error; a success fails the test and gives an empty message.
  core::Error refused(const core::Call& call);
  core::ObservedContainer inspect(const std::string& reference);
  /// The network with everything that only its inspect shows.
  [[nodiscard]] bool network_exists(const std::string& network);
  /// A request of somebody else: no aim code but the transport is between.
  providers::HttpResponse raw(std::string method, std::string target, std::string body = {});

  /// Whether the Engine speaks API 1.44, that of Docker 25, or newer.
  [[nodiscard]] bool speaks_1_44() const { return api_version_ != "1.41"; }

  /// From API 1.46 on Docker chooses an IPv6 subnet by itself.
  [[nodiscard]] bool chooses_ipv6() const { return api_version_ == "1.52"; }

  /// Looks again and again until the container is as `holds` wants it, at most ten seconds.
  core::ObservedContainer await(const std::string& reference,
                                const std::function<bool(const core::ObservedContainer&)>& holds);

  [[nodiscard]] providers::HttpTransport& transport() { return *transport_; }

  core::SystemClock clock;
  std::unique_ptr<support::MemoryDocker> memory;  ///< null before the real Engine and Podman
  std::unique_ptr<providers::DockerEngine> engine;
  const std::stop_token stop;  ///< never asked

 private:
  void use_socket(const std::string& path);
  void use_memory(const std::string& api_version);
  void import_image();

  std::string api_version_ = "1.41";  ///< of raw requests
  std::unique_ptr<support::MemoryDockerServer> server_;
  std::unique_ptr<providers::HttpClient> client_;
  providers::HttpTransport* transport_ = nullptr;
  std::string image_;
};

/// Birth labels of one resource, as an apply writes them.
[[nodiscard]] core::Labels birth(const std::string& run,
                                 const std::string& address,
                                 const std::string& generation = "1");

}  // namespace aim::contract_test
