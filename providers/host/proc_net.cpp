#include "providers/host/proc_net.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

namespace aim::providers {

namespace {

std::vector<std::string_view> words_of(std::string_view line) {
  std::vector<std::string_view> words;
  while (!line.empty()) {
    const std::size_t begin = line.find_first_not_of(" \t");
    if (begin == std::string_view::npos) {
      break;
    }
    const std::size_t end = std::min(line.find_first_of(" \t", begin), line.size());
    words.push_back(line.substr(begin, end - begin));
    line.remove_prefix(end);
  }
  return words;
}

template <class Take>
void for_each_line(std::string_view text, const Take& take) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    take(words_of(text.substr(0, end)));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
}

template <class Number>
std::optional<Number> number(std::string_view text, int base) {
  Number value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  return failed == std::errc() && end == text.data() + text.size() ? std::optional(value)
                                                                   : std::nullopt;
}

std::string shown(int family, const void* bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  return inet_ntop(family, bytes, text.data(), text.size()) != nullptr ? text.data() : "";
}

/// Words of eight hexadecimal digits, each a number of the host, together an address.
std::optional<std::string> address_of(std::string_view digits) {
  if (digits.size() != 8 && digits.size() != 32) {
    return std::nullopt;
  }
  std::array<unsigned char, 16> bytes{};
  for (std::size_t word = 0; word * 8 < digits.size(); ++word) {
    const auto value = number<std::uint32_t>(digits.substr(word * 8, 8), 16);
    if (!value) {
      return std::nullopt;
    }
    std::memcpy(bytes.data() + word * 4, &*value, 4);
  }
  if (digits.size() == 8) {
    return shown(AF_INET, bytes.data());
  }
  constexpr std::array<unsigned char, 12> kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  return std::equal(kMapped.begin(), kMapped.end(), bytes.begin())
             ? shown(AF_INET, bytes.data() + 12)
             : shown(AF_INET6, bytes.data());
}

}  // namespace

std::vector<SocketRow> parse_sockets(std::string_view table, std::string_view protocol) {
  constexpr std::string_view kListening = "0A";
  std::vector<SocketRow> rows;
  for_each_line(table, [&](const std::vector<std::string_view>& words) {
    // sl local_address rem_address st tx:rx tr:when retrnsmt uid timeout inode
    if (words.size() < 10 || (protocol == "tcp" && words[3] != kListening)) {
      return;
    }
    const std::size_t colon = words[1].find(':');
    if (colon == std::string_view::npos) {
      return;
    }
    const auto address = address_of(words[1].substr(0, colon));
    const auto port = number<std::uint16_t>(words[1].substr(colon + 1), 16);
    const auto uid = number<unsigned>(words[7], 10);
    const auto inode = number<std::uint64_t>(words[9], 10);
    if (address && port && uid && inode) {
      rows.push_back({*address, *port, *uid, *inode});
    }
  });
  return rows;
}

std::vector<core::HostRoute> parse_ipv4_routes(std::string_view table) {
  std::vector<core::HostRoute> routes;
  for_each_line(table, [&](const std::vector<std::string_view>& words) {
    // Iface Destination Gateway Flags RefCnt Use Metric Mask
    if (words.size() < 8 || words[0] == "lo") {
      return;
    }
    const auto destination = address_of(words[1]);
    const auto mask = number<std::uint32_t>(words[7], 16);
    if (destination && mask && *mask != 0) {
      routes.push_back(
          {fmt::format("{}/{}", *destination, __builtin_popcount(*mask)), std::string(words[0])});
    }
  });
  return routes;
}

std::vector<core::HostRoute> parse_ipv6_routes(std::string_view table) {
  std::vector<core::HostRoute> routes;
  for_each_line(table, [&](const std::vector<std::string_view>& words) {
    // destination prefix source prefix gateway metric references use flags interface; in the
    // order of the network's bytes, unlike the sockets.
    if (words.size() < 10 || words[9] == "lo" || words[0].size() != 32) {
      return;
    }
    std::array<unsigned char, 16> bytes{};
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      const auto value = number<unsigned>(words[0].substr(i * 2, 2), 16);
      if (!value) {
        return;
      }
      bytes[i] = static_cast<unsigned char>(*value);
    }
    const auto prefix = number<unsigned>(words[1], 16);
    const bool link_local_or_multicast = bytes[0] == 0xff || (bytes[0] == 0xfe && bytes[1] == 0x80);
    // A route to one address is an interface's own.
    if (prefix && *prefix > 0 && *prefix < 128 && !link_local_or_multicast) {
      routes.push_back(
          {fmt::format("{}/{}", shown(AF_INET6, bytes.data()), *prefix), std::string(words[9])});
    }
  });
  return routes;
}

std::string container_of_cgroup(std::string_view text) {
  constexpr std::size_t kIdDigits = 64;
  const auto is_digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  std::string found;
  std::size_t run = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && is_digit(text[i])) {
      ++run;
      continue;
    }
    if (run == kIdDigits) {
      found = text.substr(i - run, run);
    }
    run = 0;
  }
  return found;
}

}  // namespace aim::providers
