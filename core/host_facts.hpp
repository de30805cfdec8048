#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

namespace aim::core {

struct EngineInfo;

/// A port of the host that something in a plan is going to bind.
struct HostPort {
  std::string protocol;  ///< "tcp" or "udp"
  std::uint16_t port = 0;
  auto operator<=>(const HostPort&) const = default;
};

/// What a plan has to know of the host that Docker runs on. Nothing is asked about what does not
/// change, so a plan without changes asks nothing.
struct HostQuestions {
  std::set<HostPort> ports;
  std::set<std::string> paths;        ///< bind sources and devices
  std::set<std::string> plugins;      ///< drivers that the Engine does not list
  std::set<std::string> addresses;    ///< IP addresses that ports are published on
  bool routes = false;                ///< a network with addresses of its own is made
  std::optional<std::string> volume;  ///< a folder whose file system is written to

  bool operator==(const HostQuestions&) const = default;

  [[nodiscard]] bool empty() const { return *this == HostQuestions(); }
};

enum class PathKind {
  Missing,
  Folder,
  File,
  Device,
  Other,   ///< a socket, a pipe
  Unknown  ///< this user may not look there
};

/// A socket on a port that was asked for.
struct HostSocket {
  HostPort port;
  std::string address;     ///< "0.0.0.0", "::", "127.0.0.1"
  bool also_ipv4 = false;  ///< a wildcard of IPv6 that takes the port of IPv4 too
  std::string program;     ///< empty when this user may not see whose it is
  std::int64_t pid = 0;    ///< 0: not known
  std::string user;        ///< its name, else its number
  std::string container;   ///< id of the container that the program runs in, or empty
  bool operator==(const HostSocket&) const = default;
};

struct HostRoute {
  std::string subnet;  ///< "10.8.0.0/16"; the default route is left out
  std::string interface;
  bool operator==(const HostRoute&) const = default;
};

struct DiskSpace {
  std::uint64_t free_bytes = 0;  ///< for anyone
  std::uint64_t total_bytes = 0;
  bool operator==(const DiskSpace&) const = default;
};

/// What was seen of the host. Where `here` is false, nothing else was looked at.
struct HostFacts {
  bool here = false;    ///< Docker runs on this host, in our namespaces
  std::string why_not;  ///< "its name is \"gpu7\" and this host's is \"laptop\""
  std::vector<HostSocket> sockets;
  std::map<std::string, PathKind> paths;
  std::set<std::string> plugins;            ///< those of the asked ones that have a socket or file
  std::set<std::string> missing_addresses;  ///< those of the asked ones that no interface has
  std::vector<HostRoute> routes;
  std::optional<DiskSpace> space;
  bool operator==(const HostFacts&) const = default;
};

/// Looks at the host that aim runs on, and changes nothing there.
class HostReader {
 public:
  virtual ~HostReader() = default;
  /// Answers `questions` if the Engine that gave `info` runs on this host. Blocks for the time of
  /// a few reads of /proc. What cannot be read counts as unknown, never as missing.
  [[nodiscard]] virtual HostFacts look(const EngineInfo& info, const HostQuestions& questions) = 0;
};

}  // namespace aim::core
