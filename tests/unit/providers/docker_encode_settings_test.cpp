#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "providers/docker/docker_api.hpp"

// Health, mounts and hardware of a container, and the pools of a network, as Docker takes them.
namespace aim::providers {
namespace {

namespace json = boost::json;
using core::List;
using core::Map;
using core::Value;

core::Result<HttpRequest> request(const std::string& name, Value value, ApiVersion version) {
  core::CreateContainer call;
  call.name = "lab-web";
  call.attributes = {{"image", "a:1"}, {name, std::move(value)}};
  return encode(call, version);
}

/// The member of the body that an attribute became.
json::value made(const std::string& name,
                 Value value,
                 std::string_view pointer,
                 ApiVersion version = kOldestApi) {
  const core::Result<HttpRequest> encoded = request(name, std::move(value), version);
  EXPECT_TRUE(encoded) << core::to_string(encoded.error());
  boost::system::error_code none;
  const json::value body = encoded ? json::parse(encoded->body) : json::value();
  const json::value* found = body.find_pointer(pointer, none);
  return found ? *found : json::value("absent");
}

std::string refusal(const std::string& name, Value value) {
  const core::Result<HttpRequest> encoded = request(name, std::move(value), kOldestApi);
  EXPECT_FALSE(encoded);
  return encoded ? "" : encoded.error().message;
}

TEST(EncodeHealth, LeavesNothingToTheImage) {
  const Map check{{"test", List{"CMD", "probe"}},
                  {"interval", 30'000},
                  {"timeout", 1'500},
                  {"retries", 3},
                  {"start_period", 0}};
  EXPECT_EQ(made("healthcheck", check, "/Healthcheck"),
            json::parse(R"({"Test":["CMD","probe"],"Interval":30000000000,"Timeout":1500000000,
                            "StartPeriod":1000000,"Retries":3})"));
  EXPECT_EQ(made("healthcheck", check, "/Healthcheck/StartInterval", {1, 44}), 5'000'000'000);
}

TEST(EncodeHealth, TakesTheCheckAway) {
  EXPECT_EQ(made("healthcheck", Map{{"test", List{"NONE"}}}, "/Healthcheck", {1, 44}),
            json::parse(R"({"Test":["NONE"]})"));
}

TEST(EncodeGpus, IsOneRequest) {
  EXPECT_EQ(made("gpus",
                 Map{{"count", "all"}, {"capabilities", List{"gpu", "utility"}}},
                 "/HostConfig/DeviceRequests"),
            json::parse(R"([{"Count":-1,"Capabilities":[["gpu","utility"]]}])"));
  EXPECT_EQ(made("gpus",
                 Map{{"driver", "cdi"}, {"ids", List{"amd.com/gpu=0"}}},
                 "/HostConfig/DeviceRequests",
                 {1, 44}),
            json::parse(R"([{"Driver":"cdi","DeviceIDs":["amd.com/gpu=0"]}])"));
  EXPECT_EQ(refusal("gpus", Map{{"driver", "cdi"}, {"ids", List{"amd.com/gpu=0"}}}),
            "container lab-web: gpus: the driver cdi needs Docker 25 (API 1.44)");
}

TEST(EncodeMounts, CarryTheOptionsOfTheirType) {
  EXPECT_EQ(made("mounts",
                 List{Map{{"type", "bind"},
                          {"source", "/srv"},
                          {"target", "/a"},
                          {"propagation", "rslave"},
                          {"recursive", false},
                          {"create_source", true}},
                      Map{{"type", "volume"},
                          {"source", "data"},
                          {"target", "/b"},
                          {"nocopy", true},
                          {"subpath", "x"}},
                      Map{{"type", "tmpfs"}, {"target", "/c"}, {"size", 1024}, {"mode", "1777"}}},
                 "/HostConfig/Mounts",
                 {1, 45}),
            json::parse(R"([{"Type":"bind","Source":"/srv","Target":"/a","BindOptions":
                               {"Propagation":"rslave","NonRecursive":true,"CreateMountpoint":true}},
                            {"Type":"volume","Source":"data","Target":"/b","VolumeOptions":
                               {"NoCopy":true,"Subpath":"x"}},
                            {"Type":"tmpfs","Target":"/c","TmpfsOptions":
                               {"SizeBytes":1024,"Mode":1023}}])"));
}

TEST(EncodeMounts, AreNotDroppedInSilence) {
  EXPECT_EQ(
      refusal(
          "mounts",
          List{Map{
              {"type", "bind"}, {"source", "/srv"}, {"target", "/a"}, {"create_source", true}}}),
      "container lab-web: a mount: create_source needs Docker 23 (API 1.42)");
  EXPECT_EQ(
      refusal(
          "mounts",
          List{Map{{"type", "volume"}, {"source", "data"}, {"target", "/a"}, {"subpath", "x"}}}),
      "container lab-web: a mount: subpath needs Docker 26 (API 1.45)");
  EXPECT_EQ(
      refusal("mounts",
              List{Map{{"type", "volume"}, {"source", "data"}, {"target", "/a"}, {"mode", "755"}}}),
      "container lab-web: a mount: attribute mode has no counterpart on Docker");
}

json::value ipam_of(Map ipam) {
  core::CreateNetwork call;
  call.name = "lab-net";
  call.attributes = {{"ipam", std::move(ipam)}};
  const core::Result<HttpRequest> encoded = encode(call, kOldestApi);
  EXPECT_TRUE(encoded) << core::to_string(encoded.error());
  return encoded ? json::parse(encoded->body).at("IPAM") : json::value();
}

TEST(EncodeNetwork, PoolsStandOneByOne) {
  EXPECT_EQ(
      ipam_of({{"pools",
                List{Map{{"subnet", "10.1.0.0/24"}, {"aux_addresses", Map{{"a", "10.1.0.5"}}}},
                     Map{{"subnet", "fd00::/64"}, {"gateway", "fd00::1"}}}},
               {"driver", "own"},
               {"options", Map{{"k", "v"}}}}),
      json::parse(R"({"Driver":"own","Options":{"k":"v"},"Config":[
                {"Subnet":"10.1.0.0/24","AuxiliaryAddresses":{"a":"10.1.0.5"}},
                {"Subnet":"fd00::/64","Gateway":"fd00::1"}]})"));
  EXPECT_EQ(ipam_of({{"options", Map{{"k", "v"}}}}),
            json::parse(R"({"Driver":"default","Options":{"k":"v"}})"));
}

TEST(EncodeNetwork, CanBeWithoutIpv4WhereDockerCan) {
  core::CreateNetwork call;
  call.name = "lab-net";
  call.attributes = {{"ipv4", false}, {"ipv6", true}};
  const core::Result<HttpRequest> modern = encode(call, {1, 48});
  ASSERT_TRUE(modern);
  EXPECT_EQ(json::parse(modern->body).at("EnableIPv4"), false);
  const core::Result<HttpRequest> old = encode(call, kOldestApi);
  ASSERT_FALSE(old);
  EXPECT_EQ(old.error().message, "network lab-net: ipv4 needs Docker 28 (API 1.48)");
}

}  // namespace
}  // namespace aim::providers
