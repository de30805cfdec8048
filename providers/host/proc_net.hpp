#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/host_facts.hpp"

namespace aim::providers {

/// One row of /proc/net/tcp, tcp6, udp or udp6. Source: Documentation/networking/proc_net_tcp.rst
/// of Linux; the addresses are words in the order of the host's bytes.
struct SocketRow {
  std::string address;
  std::uint16_t port = 0;
  unsigned uid = 0;
  std::uint64_t inode = 0;
  bool operator==(const SocketRow&) const = default;
};

/// The rows of a table that keep others from binding their port: for "tcp" those that listen, for
/// "udp" all. An IPv4 address that is written as an IPv6 one reads as what it is. Rows that cannot
/// be read are passed over.
[[nodiscard]] std::vector<SocketRow> parse_sockets(std::string_view table,
                                                   std::string_view protocol);

/// /proc/net/route and /proc/net/ipv6_route without default routes and without lo.
[[nodiscard]] std::vector<core::HostRoute> parse_ipv4_routes(std::string_view table);
[[nodiscard]] std::vector<core::HostRoute> parse_ipv6_routes(std::string_view table);

/// The container in whose control group a program is, from /proc/PID/cgroup: the last name that
/// is, or ends in, 64 hexadecimal digits. Empty if there is none.
[[nodiscard]] std::string container_of_cgroup(std::string_view text);

}  // namespace aim::providers
