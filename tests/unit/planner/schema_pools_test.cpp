#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/schema_fixture.hpp"

namespace aim::planner {
namespace {

using core::Kind;
using core::List;
using core::Map;
using core::Value;
using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::string> messages(Map network) { return decode(Kind::Network, network).messages(); }

Map pool(const char* subnet) { return {{"subnet", subnet}}; }

TEST(Pools, OfOneSubnetAreTheSameHoweverTheyAreWritten) {
  const Map flat{{"subnet", "10.1.0.0/24"}, {"gateway", "10.1.0.9"}};
  const Decoded decoded = network_with("ipam", Map{{"pools", List{flat}}, {"driver", "default"}});
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_EQ(decoded.at("ipam"),
            Value(Map{{"subnet", "10.1.0.0/24"}, {"gateway", "10.1.0.9"}, {"driver", "default"}}));
  EXPECT_EQ(network_with("ipam", flat).at("ipam"), Value(flat));
}

TEST(Pools, OfBothFamiliesStandBesideEachOther) {
  const Map network{{"ipv6", true},
                    {"ipam", Map{{"pools", List{pool("10.1.0.0/24"), pool("fd00::/64")}}}}};
  EXPECT_THAT(messages(network), IsEmpty());
  EXPECT_EQ(decode(Kind::Network, network).at("ipam"),
            Value(Map{{"pools", List{pool("10.1.0.0/24"), pool("fd00::/64")}}}));
}

TEST(Pools, ThatDockerWouldLeakAreErrors) {
  EXPECT_THAT(messages({{"ipam", Map{{"pools", List{pool("10.1.0.0/24"), pool("10.2.0.0/24")}}}}}),
              ElementsAre("Conflicting attributes: A network of driver bridge has one subnet of "
                          "each family, and 10.2.0.0/24 is the second IPv4 one. Make another "
                          "network for it."));
  EXPECT_THAT(messages({{"driver", "macvlan"},
                        {"ipam", Map{{"pools", List{pool("10.1.0.0/24"), pool("10.2.0.0/24")}}}}}),
              IsEmpty());
  EXPECT_THAT(messages({{"driver", "macvlan"},
                        {"ipam", Map{{"pools", List{pool("10.1.0.0/16"), pool("10.1.2.0/24")}}}}}),
              ElementsAre("Conflicting attributes: The subnets 10.1.0.0/16 and 10.1.2.0/24 "
                          "overlap."));
  EXPECT_THAT(
      messages({{"ipam", Map{{"pools", List{pool("10.1.0.0/24")}}, {"gateway", "10.1.0.1"}}}}),
      ElementsAre("Conflicting attributes: `ipam` has `pools` and parts of a pool beside "
                  "it. Move them into `pools`."));
}

TEST(Pools, KeepAuxiliaryAddressesInsideAndApart) {
  const auto with_aux = [](Map aux) {
    return messages({{"ipam",
                      Map{{"subnet", "10.1.0.0/24"},
                          {"gateway", "10.1.0.1"},
                          {"aux_addresses", std::move(aux)}}}});
  };
  EXPECT_THAT(with_aux({{"router", "10.1.0.5"}}), IsEmpty());
  EXPECT_THAT(with_aux({{"router", "10.9.0.5"}}),
              ElementsAre("Conflicting attributes: The address 10.9.0.5 is not in the subnet "
                          "10.1.0.0/24."));
  EXPECT_THAT(with_aux({{"router", "10.1.0.1"}}),
              ElementsAre("Conflicting attributes: The address 10.1.0.1 is the gateway already."));
  EXPECT_THAT(with_aux({{"a", "10.1.0.5"}, {"b", "10.1.0.5"}}),
              ElementsAre("Conflicting attributes: The address 10.1.0.5 is `a` already."));
  EXPECT_THAT(with_aux({{"a", "router"}}),
              ElementsAre("Invalid value: `ipam.aux_addresses.a` must be an IP address, but it is "
                          "\"router\"."));
}

}  // namespace
}  // namespace aim::planner
