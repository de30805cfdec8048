#include "tests/support/memory_docker_pools.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace aim::support::memory {

namespace {

constexpr int kGivesIpv6 = 46;  // 1.46: an IPv6 subnet of Docker's own choice

std::uint32_t mask_of(int prefix) { return prefix == 0 ? 0 : ~std::uint32_t{0} << (32 - prefix); }

bool overlaps(const World& world, std::uint32_t base, int prefix) {
  return std::any_of(world.networks.begin(), world.networks.end(), [&](const auto& entry) {
    const Network& other = *entry.second;
    const std::uint32_t mask = mask_of(std::min(prefix, other.prefix));
    return other.base != 0 && (other.base & mask) == (base & mask);
  });
}

}  // namespace

void choose_subnet(const World& world, Network& network) {
  network.prefix = 16;
  const auto take = [&](std::uint32_t base) {
    network.base = base;
    return !overlaps(world, base, network.prefix);
  };
  constexpr std::uint32_t kFirst = (172U << 24) + (17U << 16);
  constexpr std::uint32_t kPrivate = 10U << 24;
  for (std::uint32_t i = 0; i < 15; ++i) {
    if (take(kFirst + (i << 16))) {
      return;
    }
  }
  for (std::uint32_t i = 0; i < 256; ++i) {
    if (take(kPrivate + (i << 16))) {
      return;
    }
  }
}

namespace {

std::optional<Answer> read_subnet(const World& world,
                                  const json::object& wanted,
                                  Network& network) {
  const std::string subnet = text_at(wanted, "Subnet");
  const std::size_t slash = subnet.find('/');
  const std::optional<std::uint32_t> base = parse_address(subnet.substr(0, slash));
  if (!base || slash == std::string::npos) {
    return refusal(400, fmt::format("invalid CIDR address: {}", subnet));
  }
  network.prefix = std::stoi(subnet.substr(slash + 1));
  network.base = *base & mask_of(network.prefix);
  network.chosen_by_user = true;
  if (overlaps(world, network.base, network.prefix)) {
    return refusal(403, "Pool overlaps with other one on this address space");
  }
  return std::nullopt;
}

/// The auxiliary addresses, which no container gets.
std::optional<Answer> reserve_addresses(const json::object& pool, Network& network) {
  for (const json::key_value_pair& entry : object_at(pool, "AuxiliaryAddresses")) {
    const std::string text(entry.value().as_string());
    const std::optional<std::uint32_t> address = parse_address(text);
    const std::uint32_t size = ~std::uint32_t{0} >> network.prefix;
    if (!address || *address < network.base || *address - network.base > size) {
      return refusal(403,
                     fmt::format("auxiliary address: ({}:{}) must belong to the master pool: {}",
                                 std::string_view(entry.key()),
                                 text,
                                 text_at(pool, "Subnet")));
    }
    if (*address == network.gateway || !network.used.insert(*address).second) {
      return refusal(403, "Pool overlaps with other one on this address space");
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<Answer> settle_pools(const World& world,
                                   const std::string& driver,
                                   bool with_ipv6,
                                   json::array& pools,
                                   Network& network) {
  json::array fours;
  json::array sixes;
  for (const json::value& pool : pools) {
    const bool is_six = text_at(pool.as_object(), "Subnet").find(':') != std::string::npos;
    (is_six ? sixes : fours).push_back(pool);
  }
  if (with_ipv6 && sixes.empty() && world.newest_minor < kGivesIpv6) {
    return refusal(404,
                   "could not find an available, non-overlapping IPv6 address pool among the "
                   "defaults to assign to the network");
  }
  if (driver == "bridge" && (fours.size() > 1 || sixes.size() > 1)) {
    return refusal(403, "bridge driver doesn't support multiple subnets");
  }
  network.has_ipv6 = with_ipv6 && !sixes.empty();
  if (fours.empty()) {
    choose_subnet(world, network);
    network.gateway = network.base + 1;
    fours.push_back(
        json::object{{"Subnet", fmt::format("{}/{}", address_text(network.base), network.prefix)},
                     {"Gateway", address_text(network.gateway)}});
  } else {
    const json::object& pool = fours.front().as_object();
    if (auto wrong = read_subnet(world, pool, network)) {
      return *wrong;
    }
    network.gateway = parse_address(text_at(pool, "Gateway")).value_or(network.base + 1);
    if (auto wrong = reserve_addresses(pool, network)) {
      return *wrong;
    }
  }
  pools = std::move(fours);
  pools.insert(pools.end(), sixes.begin(), sixes.end());
  return std::nullopt;
}

}  // namespace aim::support::memory
