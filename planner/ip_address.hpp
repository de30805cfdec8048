#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace aim::planner {

/// An IPv4 or IPv6 address in network byte order.
struct IpAddress {
  enum class Family { V4, V6 };

  Family family = Family::V4;
  std::array<std::uint8_t, 16> bytes{};  ///< the first four of an IPv4 address

  /// Nothing for a name, an address with a zone or with leading zeros.
  [[nodiscard]] static std::optional<IpAddress> parse(std::string_view text);
  /// As inet_ntop writes it: lower case, longest run of zeros left out.
  [[nodiscard]] std::string str() const;

  bool operator==(const IpAddress&) const = default;
};

/// "172.30.0.0/16". The address may have bits behind the prefix; `base` has none.
struct Subnet {
  IpAddress address;
  unsigned prefix = 0;

  [[nodiscard]] static std::optional<Subnet> parse(std::string_view text);
  [[nodiscard]] Subnet base() const;
  [[nodiscard]] bool contains(const IpAddress& other) const;
  [[nodiscard]] bool contains(const Subnet& other) const;
  [[nodiscard]] std::string str() const;

  bool operator==(const Subnet&) const = default;
};

}  // namespace aim::planner
