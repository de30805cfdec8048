#include "planner/ip_address.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

namespace aim::planner {

namespace {

unsigned width(IpAddress::Family family) { return family == IpAddress::Family::V4 ? 32 : 128; }

}  // namespace

std::optional<IpAddress> IpAddress::parse(std::string_view text) {
  const std::string terminated(text);
  // A zero byte would end the text early for inet_pton.
  if (terminated.find('\0') != std::string::npos) {
    return std::nullopt;
  }
  IpAddress address;
  if (::inet_pton(AF_INET, terminated.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  address = {Family::V6, {}};
  if (::inet_pton(AF_INET6, terminated.c_str(), address.bytes.data()) == 1) {
    return address;
  }
  return std::nullopt;
}

std::string IpAddress::str() const {
  std::array<char, INET6_ADDRSTRLEN> text{};
  ::inet_ntop(family == Family::V4 ? AF_INET : AF_INET6,
              bytes.data(),
              text.data(),
              static_cast<socklen_t>(text.size()));
  return text.data();
}

std::optional<Subnet> Subnet::parse(std::string_view text) {
  const std::size_t slash = text.find('/');
  if (slash == std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<IpAddress> address = IpAddress::parse(text.substr(0, slash));
  const std::string_view digits = text.substr(slash + 1);
  unsigned prefix = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), prefix);
  if (!address || error != std::errc() || end != digits.data() + digits.size() ||
      prefix > width(address->family)) {
    return std::nullopt;
  }
  return Subnet{*address, prefix};
}

Subnet Subnet::base() const {
  Subnet result = *this;
  for (std::size_t i = 0; i < result.address.bytes.size(); ++i) {
    const unsigned first_bit = static_cast<unsigned>(i) * 8;
    const unsigned kept = prefix <= first_bit ? 0 : std::min(8U, prefix - first_bit);
    const unsigned mask = kept == 0 ? 0U : (0xFFU << (8U - kept)) & 0xFFU;
    result.address.bytes.at(i) = static_cast<std::uint8_t>(result.address.bytes.at(i) & mask);
  }
  return result;
}

bool Subnet::contains(const IpAddress& other) const {
  return other.family == address.family && Subnet{other, prefix}.base() == base();
}

bool Subnet::contains(const Subnet& other) const {
  return other.prefix >= prefix && contains(other.address);
}

std::string Subnet::str() const { return fmt::format("{}/{}", address.str(), prefix); }

}  // namespace aim::planner
