#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "providers/docker/docker_api.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::Map;
using core::Null;
using core::ObservedContainer;

constexpr ApiVersion kModern{1, 44};

json::object body_of(const core::Result<HttpRequest>& request) {
  EXPECT_TRUE(request) << core::to_string(request.error());
  return request ? json::parse(request->body).as_object() : json::object{};
}

json::value in(const json::object& body, std::string_view pointer) {
  boost::system::error_code error;
  const json::value whole = body;
  const json::value* found = whole.find_pointer(pointer, error);
  return found ? *found : json::value("absent");
}

std::string refusal(const core::Result<HttpRequest>& request) {
  EXPECT_FALSE(request);
  if (request) {
    return "";
  }
  EXPECT_EQ(request.error().code, ErrorCode::Invalid);
  return request.error().message;
}

ObservedContainer observed(Map attributes) {
  ObservedContainer now;
  now.id = "id";
  now.attributes = std::move(attributes);
  return now;
}

json::object updated(Map attributes, Map now) {
  return body_of(
      encode(core::UpdateContainer{"lab-web", std::move(attributes)}, observed(std::move(now))));
}

TEST(EncodeUpdate, RepeatsTheRestartPolicy) {
  const auto request = encode(core::UpdateContainer{"lab-web", {{"cpus", 1.5}}},
                              observed({{"restart", "on-failure:3"}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target, "/containers/lab-web/update");
  EXPECT_EQ(json::parse(request->body),
            json::value({{"RestartPolicy", {{"Name", "on-failure"}, {"MaximumRetryCount", 3}}},
                         {"NanoCpus", 1'500'000'000}}));
}

TEST(EncodeUpdate, ChangesTheRestartPolicy) {
  EXPECT_EQ(updated({{"restart", "no"}}, {{"restart", "always"}}),
            (json::object{{"RestartPolicy", {{"Name", "no"}, {"MaximumRetryCount", 0}}}}));
}

TEST(EncodeUpdate, MovesDockersOwnSwapWithTheMemory) {
  EXPECT_EQ(in(updated({{"memory", 200}}, {{"memory", 100}}), "/MemorySwap"), json::value(400));
  EXPECT_EQ(in(updated({{"memory", 200}}, {}), "/MemorySwap"), json::value(400));
}

TEST(EncodeUpdate, KeepsASwapThatWasConfiguredWhileItFits) {
  const auto swap = [](std::int64_t memory, std::int64_t now) {
    return in(updated({{"memory", memory}}, {{"memory", 100}, {"memory_swap", now}}),
              "/MemorySwap");
  };
  EXPECT_EQ(swap(200, 300), json::value(300));
  EXPECT_EQ(swap(200, -1), json::value(-1));
  EXPECT_EQ(swap(200, 150), json::value(400));
}

TEST(EncodeUpdate, SendsEveryLimit) {
  EXPECT_EQ(updated({{"memory", 100},
                     {"memory_swap", 150},
                     {"memory_reservation", 50},
                     {"cpuset", "0-1"},
                     {"pids_limit", -1}},
                    {}),
            (json::object{{"RestartPolicy", {{"Name", "no"}, {"MaximumRetryCount", 0}}},
                          {"Memory", 100},
                          {"MemorySwap", 150},
                          {"MemoryReservation", 50},
                          {"CpusetCpus", "0-1"},
                          {"PidsLimit", -1}}));
}

TEST(EncodeUpdate, RefusesWhatDockerWouldIgnore) {
  EXPECT_EQ(refusal(encode(core::UpdateContainer{"lab-web", {{"memory", Null{}}}}, observed({}))),
            "container lab-web: Docker cannot take memory away from a living container");
  EXPECT_EQ(refusal(encode(core::UpdateContainer{"lab-web", {{"image", "b:2"}}}, observed({}))),
            "container lab-web: attribute image has no counterpart on Docker");
}

TEST(IgnoredUpdates, ComparesByMeaning) {
  const auto ignored = [](Map wanted, Map after) {
    return ignored_updates(core::UpdateContainer{"x", std::move(wanted)},
                           observed(std::move(after)));
  };
  using Names = std::vector<std::string>;
  EXPECT_EQ(ignored({{"memory", 100}, {"cpus", 2}}, {{"memory", 100}, {"cpus", 2.0}}), Names{});
  EXPECT_EQ(ignored({{"memory", 100}, {"cpus", 2}}, {{"memory", 50}, {"cpus", 1.0}}),
            (Names{"cpus", "memory"}));
  EXPECT_EQ(ignored({{"cpus", 2}}, {}), Names{"cpus"});
  EXPECT_EQ(ignored({{"restart", "no"}}, {}), Names{});
  EXPECT_EQ(ignored({{"restart", "always"}}, {{"restart", "no"}}), Names{"restart"});
  EXPECT_EQ(ignored({{"memory_swap", 200}}, {{"memory", 100}}), Names{});
  EXPECT_EQ(ignored({{"memory_swap", 300}}, {{"memory", 100}}), Names{"memory_swap"});
  EXPECT_EQ(ignored({{"pids_limit", -1}}, {}), Names{});
  EXPECT_EQ(ignored({{"pids_limit", 5}}, {}), Names{"pids_limit"});
}

TEST(EncodeNetwork, ChecksForDuplicates) {
  const auto request =
      encode(core::CreateNetwork{"lab-default", {}, {{"dev.aim.run", "r"}}}, kOldestApi);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target, "/networks/create");
  EXPECT_EQ(json::parse(request->body),
            json::value({{"Name", "lab-default"},
                         {"CheckDuplicate", true},
                         {"Driver", "bridge"},
                         {"Labels", {{"dev.aim.run", "r"}}}}));
}

TEST(EncodeNetwork, ComesBackAsItWasAsked) {
  const Map attributes{
      {"driver", "macvlan"},
      {"internal", true},
      {"attachable", true},
      {"ipv6", true},
      {"options", Map{{"parent", "eth0"}}},
      {"labels", Map{{"team", "x"}}},
      {"ipam",
       Map{{"subnet", "10.0.0.0/24"}, {"gateway", "10.0.0.1"}, {"ip_range", "10.0.0.128/25"}}}};
  json::object body = body_of(encode(core::CreateNetwork{"lab-x", attributes, {}}, kOldestApi));
  body["Id"] = "n";
  const auto network = decode_network(json::serialize(body));
  ASSERT_TRUE(network);
  EXPECT_EQ(core::canonical_json(network->attributes), core::canonical_json(attributes));
}

TEST(EncodeVolume, ComesBackAsItWasAsked) {
  const Map attributes{
      {"driver", "local"}, {"options", Map{{"type", "nfs"}}}, {"labels", Map{{"team", "x"}}}};
  const auto request = encode(core::CreateVolume{"lab-data", attributes, {{"dev.aim.run", "r"}}});
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target, "/volumes/create");
  EXPECT_EQ(json::parse(request->body),
            json::value({{"Name", "lab-data"},
                         {"Driver", "local"},
                         {"DriverOpts", {{"type", "nfs"}}},
                         {"Labels", {{"team", "x"}, {"dev.aim.run", "r"}}}}));
}

TEST(EncodeCall, BuildsEachTarget) {
  const auto line = [](const HttpRequest& request) {
    return request.method + " " + request.target + " " + request.body;
  };
  EXPECT_EQ(line(encode(core::StartContainer{"a b"})), "POST /containers/a%20b/start ");
  EXPECT_EQ(line(encode(core::StopContainer{"x", std::chrono::seconds(60)})),
            "POST /containers/x/stop?t=60 ");
  EXPECT_EQ(line(encode(core::KillContainer{"x"})), "POST /containers/x/kill ");
  EXPECT_EQ(line(encode(core::PauseContainer{"x"})), "POST /containers/x/pause ");
  EXPECT_EQ(line(encode(core::UnpauseContainer{"x"})), "POST /containers/x/unpause ");
  EXPECT_EQ(line(encode(core::RenameContainer{"x", "lab-web.g2"})),
            "POST /containers/x/rename?name=lab-web.g2 ");
  EXPECT_EQ(line(encode(core::RemoveContainer{"x", true, false})),
            "DELETE /containers/x?v=0&force=1 ");
  EXPECT_EQ(line(encode(core::RemoveContainer{"x", false, true})),
            "DELETE /containers/x?v=1&force=0 ");
  EXPECT_EQ(line(encode(core::ConnectNetwork{"x", {"lab-a", {"web"}, ""}})),
            "POST /networks/lab-a/connect "
            "{\"Container\":\"x\",\"EndpointConfig\":{\"Aliases\":[\"web\"]}}");
  EXPECT_EQ(line(encode(core::DisconnectNetwork{"x", "lab-a"})),
            "POST /networks/lab-a/disconnect {\"Container\":\"x\",\"Force\":false}");
  EXPECT_EQ(line(encode(core::RemoveNetwork{"lab-a"})), "DELETE /networks/lab-a ");
  EXPECT_EQ(line(encode(core::RemoveVolume{"lab-v"})), "DELETE /volumes/lab-v ");
}

}  // namespace
}  // namespace aim::providers
