#include "providers/docker/port_binding.hpp"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <array>
#include <charconv>
#include <optional>

namespace aim::providers {

namespace {

std::optional<std::uint16_t> port_number(std::string_view digits) {
  std::uint16_t value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size();
  return whole ? std::optional(value) : std::nullopt;
}

bool is_address(const std::string& text) {
  std::array<unsigned char, sizeof(::in6_addr)> binary{};
  return ::inet_pton(AF_INET, text.c_str(), binary.data()) == 1 ||
         ::inet_pton(AF_INET6, text.c_str(), binary.data()) == 1;
}

}  // namespace

core::Result<PortBinding> parse_port_binding(std::string_view text) {
  const auto bad = [&](std::string_view why) {
    return core::make_error(core::ErrorCode::Invalid, fmt::format("port \"{}\": {}", text, why));
  };
  PortBinding binding;
  std::string_view rest = text;
  if (const std::size_t slash = rest.rfind('/'); slash != std::string_view::npos) {
    binding.protocol = std::string(rest.substr(slash + 1));
    rest = rest.substr(0, slash);
  }
  const std::size_t colon = rest.rfind(':');
  const std::optional<std::uint16_t> container =
      port_number(colon == std::string_view::npos ? rest : rest.substr(colon + 1));
  if (!container || *container == 0) {
    return bad("there is no container port");
  }
  binding.container_port = *container;
  if (colon == std::string_view::npos) {
    return binding;
  }
  rest = rest.substr(0, colon);
  const std::size_t ip_end = rest.rfind(':');
  binding.host_port =
      std::string(ip_end == std::string_view::npos ? rest : rest.substr(ip_end + 1));
  if (!binding.host_port.empty() && !port_number(binding.host_port)) {
    return bad("the host port is no number");
  }
  if (ip_end == std::string_view::npos) {
    return binding;
  }
  binding.host_ip = std::string(rest.substr(0, ip_end));
  if (binding.host_ip.starts_with('[') && binding.host_ip.ends_with(']')) {
    binding.host_ip = binding.host_ip.substr(1, binding.host_ip.size() - 2);
  }
  if (!binding.host_ip.empty() && !is_address(binding.host_ip)) {
    return bad(fmt::format("{} is no IP address", binding.host_ip));
  }
  return binding;
}

std::string to_string(const PortBinding& binding) {
  const bool is_v6 = binding.host_ip.find(':') != std::string::npos;
  const std::string address =
      is_v6 ? fmt::format("[{}]:", binding.host_ip)
            : (binding.host_ip.empty() ? std::string() : binding.host_ip + ":");
  return fmt::format("{}{}:{}/{}",
                     address,
                     binding.host_port.empty() ? "0" : binding.host_port,
                     binding.container_port,
                     binding.protocol);
}

}  // namespace aim::providers
