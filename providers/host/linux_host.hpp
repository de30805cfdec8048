#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/host_facts.hpp"
#include "core/snapshot.hpp"
#include "providers/host/proc_net.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// The host that aim runs on, read from /proc and the file system.
///
/// Docker counts as running here if all of this holds: it is reached over a Unix socket or an
/// address of this host; it is not rootless; its host name and kernel are this host's; its data
/// folder exists here; and, where the process behind the socket may be looked at, that process has
/// our network and mount namespaces. So a socket that was forwarded or mounted into a container,
/// and a virtual machine that pretends to be local, count as another host.
class LinuxHost : public core::HostReader {
 public:
  /// `root` is put before /proc, so that tests can bring their own.
  explicit LinuxHost(HttpEndpoint docker, std::filesystem::path root = "/");

  [[nodiscard]] core::HostFacts look(const core::EngineInfo& info,
                                     const core::HostQuestions& questions) override;

 private:
  /// Why Docker is not here, or an empty text.
  [[nodiscard]] std::string why_elsewhere(const core::EngineInfo& info) const;
  [[nodiscard]] std::vector<core::HostSocket> sockets(const std::set<core::HostPort>& ports) const;
  void find_programs(std::vector<core::HostSocket>& sockets,
                     const std::vector<SocketRow>& rows) const;

  HttpEndpoint docker_;
  std::filesystem::path root_;
};

}  // namespace aim::providers
