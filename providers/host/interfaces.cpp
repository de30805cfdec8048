#include "providers/host/interfaces.hpp"

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>

namespace aim::providers {

namespace {

/// A file descriptor that is closed at the end.
class Socket {
 public:
  Socket(int family, int type) : descriptor_(socket(family, type | SOCK_CLOEXEC, 0)) {}

  ~Socket() {
    if (descriptor_ >= 0) {
      close(descriptor_);
    }
  }

  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  [[nodiscard]] int get() const { return descriptor_; }

 private:
  int descriptor_;
};

/// As inet_ntop writes it; empty for what is no IP address.
std::string canonical(const std::string& text) {
  for (const int family : {AF_INET, AF_INET6}) {
    std::array<unsigned char, 16> bytes{};
    std::array<char, INET6_ADDRSTRLEN> shown{};
    if (inet_pton(family, text.c_str(), bytes.data()) == 1 &&
        inet_ntop(family, bytes.data(), shown.data(), shown.size()) != nullptr) {
      return shown.data();
    }
  }
  return {};
}

std::set<std::string> own_addresses() {
  std::set<std::string> found;
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0) {
    return found;
  }
  for (const ifaddrs* one = list; one != nullptr; one = one->ifa_next) {
    if (one->ifa_addr == nullptr) {
      continue;
    }
    std::array<char, INET6_ADDRSTRLEN> shown{};
    const void* bytes = nullptr;
    sockaddr_in v4{};
    sockaddr_in6 v6{};
    if (one->ifa_addr->sa_family == AF_INET) {
      std::memcpy(&v4, one->ifa_addr, sizeof v4);
      bytes = &v4.sin_addr;
    } else if (one->ifa_addr->sa_family == AF_INET6) {
      std::memcpy(&v6, one->ifa_addr, sizeof v6);
      bytes = &v6.sin6_addr;
    }
    if (bytes && inet_ntop(one->ifa_addr->sa_family, bytes, shown.data(), shown.size())) {
      found.emplace(shown.data());
    }
  }
  freeifaddrs(list);
  return found;
}

bool always_own(const std::string& address) {
  return address.starts_with("127.") || address == "0.0.0.0" || address == "::" || address == "::1";
}

bool any_address_can_be_bound() {
  for (const char* file :
       {"/proc/sys/net/ipv4/ip_nonlocal_bind", "/proc/sys/net/ipv6/ip_nonlocal_bind"}) {
    std::ifstream stream(file);
    int value = 0;
    if (stream >> value && value != 0) {
      return true;
    }
  }
  return false;
}

}  // namespace

bool is_own_address(const std::string& host) {
  const std::string address = canonical(host);
  return host == "localhost" || always_own(address) ||
         (!address.empty() && own_addresses().contains(address));
}

std::set<std::string> not_own_addresses(const std::set<std::string>& addresses) {
  std::set<std::string> missing;
  const std::set<std::string> own = own_addresses();
  if (own.empty() || any_address_can_be_bound()) {
    return missing;
  }
  for (const std::string& address : addresses) {
    const std::string same = canonical(address);
    if (!same.empty() && !always_own(same) && !own.contains(same)) {
      missing.insert(address);
    }
  }
  return missing;
}

bool can_bind_ipv4(const core::HostPort& port) {
  const Socket probe(AF_INET, port.protocol == "udp" ? SOCK_DGRAM : SOCK_STREAM);
  const int on = 1;
  // As the Engine's own proxy does for TCP.
  if (port.protocol == "tcp") {
    setsockopt(probe.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  }
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port.port);
  sockaddr any{};
  std::memcpy(&any, &where, sizeof any);
  return bind(probe.get(), &any, sizeof any) == 0 || errno != EADDRINUSE;
}

std::optional<pid_t> listening_process(const std::string& path) {
  sockaddr_un where{};
  where.sun_family = AF_UNIX;
  if (path.size() >= sizeof where.sun_path) {
    return std::nullopt;
  }
  std::memcpy(where.sun_path, path.c_str(), path.size() + 1);
  const Socket client(AF_UNIX, SOCK_STREAM);
  const void* generic = &where;
  if (connect(client.get(), static_cast<const sockaddr*>(generic), sizeof where) != 0) {
    return std::nullopt;
  }
  ucred peer{};
  socklen_t size = sizeof peer;
  if (getsockopt(client.get(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) {
    return std::nullopt;
  }
  return peer.pid;
}

}  // namespace aim::providers
