#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <fstream>
#include <iterator>

#include "providers/docker/docker_api.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::List;
using core::Map;
using core::ObservedContainer;
using core::Value;

/// What an Engine 20.10 answered, recorded.
std::string recorded(const std::string& name) {
  std::ifstream file("tests/unit/providers/data/engine_20_10/" + name + ".json");
  return {std::istreambuf_iterator<char>(file), {}};
}

ObservedContainer decoded(std::string_view body) {
  const core::Result<ObservedContainer> container = decode_container(body);
  EXPECT_TRUE(container) << core::to_string(container.error());
  return container ? *container : ObservedContainer{};
}

constexpr std::string_view kId = "613d56511d3e3b10467c27d643e37c65b10622fe278a1965fafe4c1931afb1e4";

/// An inspect answer with nothing in it but what is asked for.
ObservedContainer with(json::object config, json::object host = {}, json::object more = {}) {
  json::object root{{"Id", kId}, {"Name", "/lab-web"}, {"State", {{"Status", "running"}}}};
  root["Config"] = std::move(config);
  root["HostConfig"] = std::move(host);
  for (const auto& [key, value] : more) {
    root[key] = value;
  }
  return decoded(json::serialize(root));
}

Map with_networks(const std::string& mode, json::object networks, const char* hostname = "") {
  return with({{"Hostname", hostname}},
              {{"NetworkMode", mode}},
              {{"NetworkSettings", {{"Networks", std::move(networks)}}}})
      .attributes;
}

TEST(DecodeContainer, ReadsARunningOne) {
  const ObservedContainer web = decoded(recorded("running"));
  EXPECT_EQ(web.id, kId);
  EXPECT_EQ(web.name, "lab-web");
  EXPECT_EQ(web.image_id,
            "sha256:6697b2216746082777fed275f87f75be61cb8f5311cb3126c977771cdc4445c6");
  EXPECT_EQ(web.state.status, core::ContainerStatus::Running);
  EXPECT_EQ(web.state.health, "healthy");
  EXPECT_EQ(web.state.exit_code, 0);
  EXPECT_TRUE(web.state.started_at.starts_with("2026-"));
  EXPECT_EQ(web.state.finished_at, "");
  EXPECT_EQ(web.labels, (core::Labels{{"dev.aim.address", "container.web"}, {"team", "search"}}));
  EXPECT_FALSE(web.tty);
  EXPECT_EQ(web.anonymous_volumes,
            (std::map<std::string, std::string>{
                {"/anon", "8eea82e67730310680a73fe9bb63e80ec23dee6086fefa34a5e0c48421b92c49"}}));
  EXPECT_EQ(web.live_ports,
            (std::vector<core::PublishedPort>{{"127.0.0.1", 5000, 5000, "udp"},
                                              {"127.0.0.1", 18000, 8000, "tcp"},
                                              {"::1", 18001, 8000, "tcp"}}));
  ASSERT_EQ(web.networks.size(), 2U);
  EXPECT_EQ(
      web.networks.at("lab-front"),
      (core::NetworkAttachment{"af96ea91caa1f2e6485fcb0acdb90ef21fc86517dfe14f7e12faa8de9b72c155",
                               "172.30.5.9",
                               {"web", "webhost"}}));
}

TEST(DecodeContainer, ProjectsEverySetting) {
  const Map expected{
      {"image", "lab-web:1.2"},
      {"command", List{"-c", "while true; do sleep 1; done"}},
      {"entrypoint", List{"/bin/sh"}},
      {"env", Map{{"A", "1"}, {"EQ", "a=b"}}},
      {"labels", Map{{"team", "search"}}},
      {"ports",
       List{"127.0.0.1:18000:8000/tcp", "127.0.0.1:5000:5000/udp", "[::1]:18001:8000/tcp"}},
      {"mounts",
       List{Map{{"type", "volume"},
                {"source", "lab-data"},
                {"target", "/data"},
                {"read_only", true}},
            Map{{"type", "bind"}, {"source", "/srv"}, {"target", "/srv"}, {"read_only", false}},
            Map{{"type", "tmpfs"}, {"target", "/t"}, {"read_only", false}, {"size", 1'000'000}},
            Map{{"type", "tmpfs"}, {"target", "/t2"}, {"read_only", false}}}},
      {"networks",
       Map{{"lab-front", Map{{"aliases", List{"web", "webhost"}}, {"ipv4_address", "172.30.5.9"}}},
           {"lab-back", Map{{"aliases", List{"api", "webhost"}}}}}},
      {"restart", "on-failure:3"},
      {"memory", 67'108'864},
      {"memory_swap", 268'435'456},
      {"memory_reservation", 33'554'432},
      {"cpus", 1.5},
      {"cpuset", "0"},
      {"pids_limit", 50},
      {"shm_size", 134'217'728},
      {"ulimits", Map{{"nofile", Map{{"soft", 100}, {"hard", 200}}}}},
      {"devices", List{"/dev/null:/dev/mynull:r"}},
      {"user", "1000:1000"},
      {"working_dir", "/srv"},
      {"hostname", "webhost"},
      {"init", true},
      {"read_only", true},
      {"stop_signal", "SIGINT"},
      {"stop_grace_period", 7000},
      {"cap_add", List{"SYS_PTRACE"}},
      {"cap_drop", List{"MKNOD"}},
      {"security_opt", List{"seccomp=unconfined"}},
      {"group_add", List{"44"}},
      {"extra_hosts", List{"a:1.2.3.4"}},
      {"dns", List{"8.8.8.8"}},
      {"sysctls", Map{{"net.core.somaxconn", "100"}}},
      {"logging", Map{{"driver", "json-file"}, {"options", Map{{"max-size", "1m"}}}}},
      {"healthcheck", Map{{"test", List{"CMD-SHELL", "true"}}, {"interval", 3000}}}};
  const Map attributes = decoded(recorded("running")).attributes;
  EXPECT_EQ(core::canonical_json(attributes), core::canonical_json(expected));
}

TEST(DecodeContainer, ProjectsTheSameBeforeTheStart) {
  const ObservedContainer created = decoded(recorded("created"));
  EXPECT_EQ(created.state.status, core::ContainerStatus::Created);
  EXPECT_EQ(created.state.started_at, "");
  EXPECT_TRUE(created.live_ports.empty());
  EXPECT_EQ(core::canonical_json(created.attributes),
            core::canonical_json(decoded(recorded("running")).attributes));
}

TEST(DecodeContainer, LeavesDefaultsOut) {
  const Map attributes = with({{"Image", "a:1"},
                               {"Hostname", "613d56511d3e"},
                               {"Env", nullptr},
                               {"Cmd", nullptr},
                               {"Entrypoint", json::array{}},
                               {"Labels", json::object{}},
                               {"Tty", false}},
                              {{"NetworkMode", "none"},
                               {"RestartPolicy", {{"Name", ""}, {"MaximumRetryCount", 0}}},
                               {"Memory", 0},
                               {"MemorySwap", 0},
                               {"NanoCpus", 0},
                               {"ShmSize", 67'108'864},
                               {"IpcMode", "private"},
                               {"Runtime", "runc"},
                               {"PidsLimit", nullptr},
                               {"Init", nullptr},
                               {"Mounts", nullptr},
                               {"PortBindings", {{"80/tcp", nullptr}}},
                               {"Ulimits", nullptr}})
                             .attributes;
  EXPECT_EQ(core::canonical_json(attributes),
            R"({"image":"a:1","network_mode":"none","restart":"no"})");
}

TEST(DecodeContainer, DoesNotMindAbsentSections) {
  const ObservedContainer bare =
      decoded(R"({"Id":"abc","Name":"x","State":{"Status":"exited"},"Config":{"Image":"a:1"}})");
  EXPECT_EQ(core::canonical_json(bare.attributes), R"({"image":"a:1"})");
}

TEST(DecodeContainer, ShowsSwapOnlyWhenItIsNotDockersOwnChoice) {
  const auto swap = [](std::int64_t memory, std::int64_t value) {
    return core::integer_at(with({}, {{"Memory", memory}, {"MemorySwap", value}}).attributes,
                            "memory_swap");
  };
  EXPECT_EQ(swap(100, 200), std::nullopt);
  EXPECT_EQ(swap(0, 0), std::nullopt);
  EXPECT_EQ(swap(100, -1), -1);
  EXPECT_EQ(swap(100, 100), 100);
}

TEST(DecodeContainer, ReadsProcessorsFromEitherSetting) {
  EXPECT_EQ(*core::find(with({}, {{"NanoCpus", 2'500'000'000}}).attributes, "cpus"), Value(2.5));
  EXPECT_EQ(
      *core::find(with({}, {{"CpuQuota", 50'000}, {"CpuPeriod", 100'000}}).attributes, "cpus"),
      Value(0.5));
}

TEST(DecodeContainer, TakesEverySpellingOfUnlimitedProcesses) {
  for (const json::value& limit : {json::value(nullptr), json::value(0), json::value(-1)}) {
    EXPECT_EQ(core::find(with({}, {{"PidsLimit", limit}}).attributes, "pids_limit"), nullptr);
  }
}

TEST(DecodeContainer, BringsSetsIntoOneForm) {
  const Map attributes =
      with({},
           {{"CapAdd", {"net_admin", "CAP_SYS_PTRACE", "NET_ADMIN"}},
            {"SecurityOpt", {"seccomp:unconfined", "label=disable", "no-new-privileges"}},
            {"GroupAdd", {"9", "44", "9"}}})
          .attributes;
  EXPECT_EQ(core::canonical_json(attributes),
            R"({"cap_add":["NET_ADMIN","SYS_PTRACE"],"group_add":["44","9"],)"
            R"("security_opt":["label=disable","no-new-privileges","seccomp=unconfined"]})");
}

TEST(DecodeContainer, LeavesOutVariablesThatOnlyHideOnesOfTheImage) {
  const Map attributes = with({{"Env", {"A=1", "HIDDEN", "A=2", "EMPTY="}}}).attributes;
  EXPECT_EQ(core::canonical_json(attributes), R"({"env":{"A":"2","EMPTY":""}})");
}

TEST(DecodeContainer, WritesPortsAsTheyAreConfigured) {
  const Map attributes =
      with({},
           {{"PortBindings",
             {{"80/tcp",
               {{{"HostIp", ""}, {"HostPort", "8080"}}, {{"HostIp", "0.0.0.0"}, {"HostPort", ""}}}},
              {"81", {{{"HostIp", "::"}, {"HostPort", "81"}}}}}}})
          .attributes;
  EXPECT_EQ(core::canonical_json(attributes),
            R"({"ports":["0.0.0.0:0:80/tcp","8080:80/tcp","[::]:81:81/tcp"]})");
}

TEST(DecodeContainer, TellsModesFromNetworks) {
  const json::object empty_endpoint{{"NetworkID", "n"}};
  EXPECT_EQ(core::canonical_json(with_networks("lab-default", {{"lab-default", empty_endpoint}})),
            R"({"networks":{"lab-default":{}}})");
  EXPECT_EQ(core::canonical_json(with_networks("host", {{"host", empty_endpoint}})),
            R"({"network_mode":"host"})");
  EXPECT_EQ(core::canonical_json(with_networks("container:abc", {})),
            R"({"network_mode":"container:abc"})");
  EXPECT_EQ(core::canonical_json(with_networks("default", {{"bridge", empty_endpoint}})),
            R"({"network_mode":"bridge"})");
  EXPECT_EQ(core::canonical_json(with_networks(
                "bridge", {{"bridge", empty_endpoint}, {"lab-default", empty_endpoint}})),
            R"({"network_mode":"bridge","networks":{"lab-default":{}}})");
}

TEST(DecodeContainer, NoticesThatABridgeModeIsNoLongerOnTheBridge) {
  EXPECT_EQ(core::canonical_json(with_networks("bridge", {})), "{}");
}

TEST(DecodeContainer, TakesTheShortIdOutOfTheAliases) {
  const json::object endpoint{{"Aliases", {"web", "613d56511d3e", "web"}}};
  EXPECT_EQ(core::canonical_json(
                with_networks("lab-default", {{"lab-default", endpoint}}, "613d56511d3e")),
            R"({"networks":{"lab-default":{"aliases":["web"]}}})");
}

TEST(DecodeContainer, ShowsNoHostNameInANetworkOfSomebodyElse) {
  for (const char* mode : {"host", "container:abc"}) {
    EXPECT_EQ(core::find(with_networks(mode, {}, "the-host"), "hostname"), nullptr) << mode;
  }
}

TEST(DecodeContainer, ReadsTheStateOfADeadOne) {
  const ObservedContainer dead = with({},
                                      {},
                                      {{"RestartCount", 4},
                                       {"State",
                                        {{"Status", "exited"},
                                         {"ExitCode", 137},
                                         {"OOMKilled", true},
                                         {"Error", "boom"},
                                         {"StartedAt", "2026-01-01T00:00:00Z"},
                                         {"FinishedAt", "2026-01-01T00:01:00Z"},
                                         {"Health", {{"Status", "none"}}}}}});
  EXPECT_EQ(dead.state,
            (core::ContainerState{core::ContainerStatus::Exited,
                                  137,
                                  true,
                                  4,
                                  "boom",
                                  "2026-01-01T00:00:00Z",
                                  "2026-01-01T00:01:00Z",
                                  ""}));
}

TEST(DecodeContainer, RefusesAnswersThatAreNone) {
  const auto message = [](std::string_view body) {
    const core::Result<ObservedContainer> container = decode_container(body);
    EXPECT_FALSE(container);
    EXPECT_EQ(container.error().code, ErrorCode::Protocol);
    return container.error().message;
  };
  EXPECT_TRUE(message("<html>").starts_with("Docker's answer is not JSON: "));
  EXPECT_EQ(message("[]"), "Docker's answer is not a JSON object");
  EXPECT_EQ(message("{}"), "Docker described a container without id, name or configuration");
  EXPECT_EQ(message(R"({"Id":"a","Name":"b","Config":{},"State":{"Status":"odd"}})"),
            "Docker described a container in state \"odd\"");
}

TEST(DecodeList, ReadsContainers) {
  const auto rows = decode_container_list(recorded("list"));
  ASSERT_TRUE(rows) << core::to_string(rows.error());
  ASSERT_EQ(rows->size(), 1U);
  EXPECT_EQ(rows->front(),
            (core::ContainerSummary{std::string(kId),
                                    "lab-web",
                                    "lab-web:1.2",
                                    {{"dev.aim.address", "container.web"}, {"team", "search"}},
                                    core::ContainerStatus::Running,
                                    {{"127.0.0.1", 5000, 5000, "udp"},
                                     {"127.0.0.1", 18000, 8000, "tcp"},
                                     {"::1", 18001, 8000, "tcp"}},
                                    {"af96ea91caa1f2e6485fcb0acdb90ef21fc86517dfe14f7e12faa8de9b72"
                                     "c155",
                                     "cf682a2946c5b4de6d11aa977aa13aca400061e35613e31940cef07ed0a1"
                                     "8ee0"},
                                    {"8eea82e67730310680a73fe9bb63e80ec23dee6086fefa34a5e0c48421b9"
                                     "2c49",
                                     "lab-data"},
                                    rows->front().addresses}));
  EXPECT_EQ(rows->front().addresses.size(), 2U);
}

TEST(DecodeList, PassesOverExposedPortsAndLinkNames) {
  const auto rows = decode_container_list(
      R"([{"Id":"a","Names":["/web/db","/db"],"State":"created","Labels":null,)"
      R"("Ports":[{"PrivatePort":5432,"Type":"tcp"}]}])");
  ASSERT_TRUE(rows);
  EXPECT_EQ(rows->front().name, "db");
  EXPECT_TRUE(rows->front().ports.empty());
}

TEST(DecodeList, ReadsNetworks) {
  const auto networks = decode_network_list(recorded("networks"));
  ASSERT_TRUE(networks);
  ASSERT_EQ(networks->size(), 5U);
  EXPECT_EQ(networks->back().name, "lab-back");
  EXPECT_EQ(networks->back().id,
            "cf682a2946c5b4de6d11aa977aa13aca400061e35613e31940cef07ed0a18ee0");
  EXPECT_EQ(core::canonical_json(networks->back().attributes),
            R"({"driver":"bridge","ipam":{"gateway":"172.27.0.1","subnet":"172.27.0.0/16"}})");
}

TEST(DecodeList, ReadsEverySettingOfANetwork) {
  const auto network = decode_network(
      R"({"Id":"n","Name":"lab-x","Driver":"macvlan","Internal":true,"Attachable":true,)"
      R"("EnableIPv6":true,"Options":{"parent":"eth0"},)"
      R"("Labels":{"dev.aim.run":"r","team":"x"},"IPAM":{"Config":[{"Subnet":"10.0.0.0/24",)"
      R"("Gateway":"10.0.0.1","IPRange":"10.0.0.128/25"}]},"Containers":{"b":{},"a":{}}})");
  ASSERT_TRUE(network);
  EXPECT_EQ(core::canonical_json(network->attributes),
            R"({"attachable":true,"driver":"macvlan","internal":true,)"
            R"("ipam":{"gateway":"10.0.0.1","ip_range":"10.0.0.128/25","subnet":"10.0.0.0/24"},)"
            R"("ipv6":true,"labels":{"team":"x"},"options":{"parent":"eth0"}})");
  EXPECT_EQ(network->labels, (core::Labels{{"dev.aim.run", "r"}, {"team", "x"}}));
  EXPECT_EQ(network->container_ids, (std::vector<std::string>{"a", "b"}));
}

TEST(DecodeList, ReadsVolumes) {
  const auto volumes = decode_volume_list(recorded("volumes"));
  ASSERT_TRUE(volumes);
  ASSERT_EQ(volumes->size(), 2U);
  EXPECT_EQ(volumes->front().name, "lab-data");
  EXPECT_EQ(volumes->front().mountpoint, "/var/lib/docker/volumes/lab-data/_data");
  EXPECT_EQ(volumes->front().created_at, "2026-11-24T03:47:04Z");
  EXPECT_EQ(core::canonical_json(volumes->front().attributes), R"({"driver":"local"})");
}

TEST(DecodeList, TakesNoVolumesForNone) {
  const auto volumes = decode_volume_list(R"({"Volumes":null,"Warnings":null})");
  ASSERT_TRUE(volumes);
  EXPECT_TRUE(volumes->empty());
}

TEST(DecodeList, RefusesAnswersThatAreNone) {
  EXPECT_EQ(decode_container_list("{}").error().message,
            "Docker's answer lacks a list of containers");
  EXPECT_EQ(decode_container_list("[1]").error().message,
            "Docker's answer lacks an object in a list");
  EXPECT_EQ(decode_container_list("[{}]").error().message,
            "Docker's answer lacks the id of a container");
  EXPECT_EQ(decode_network_list("{}").error().message, "Docker's answer lacks a list of networks");
  EXPECT_EQ(decode_network("{}").error().message,
            "Docker's answer lacks the id or name of a network");
  EXPECT_EQ(decode_volume("{}").error().message, "Docker's answer lacks the name of a volume");
  EXPECT_EQ(decode_volume_list("[]").error().code, ErrorCode::Protocol);
}

TEST(DecodeImage, ReadsOne) {
  const auto image = decode_image(recorded("image"));
  ASSERT_TRUE(image);
  EXPECT_EQ(image->id, "sha256:6697b2216746082777fed275f87f75be61cb8f5311cb3126c977771cdc4445c6");
  EXPECT_EQ(image->architecture, "amd64");
  EXPECT_EQ(image->os, "linux");
}

TEST(DecodeImage, ReadsWhatTheImageDeclares) {
  const auto image = decode_image(
      R"({"Id":"sha256:1","RepoTags":["<none>:<none>","a:1"],"RepoDigests":["<none>@<none>","a@sha256:2"],)"
      R"("Config":{"Labels":{"x":"y"},"Volumes":{"/b":{},"/a":{}}}})");
  ASSERT_TRUE(image);
  EXPECT_EQ(image->repo_tags, (std::vector<std::string>{"a:1"}));
  EXPECT_EQ(image->repo_digests, (std::vector<std::string>{"a@sha256:2"}));
  EXPECT_EQ(image->labels, (core::Labels{{"x", "y"}}));
  EXPECT_EQ(image->volumes, (std::vector<std::string>{"/a", "/b"}));
}

TEST(DecodeImage, DoesNotMindAnImageWithoutConfiguration) {
  const auto image = decode_image(R"({"Id":"sha256:1"})");
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->labels.empty());
  EXPECT_EQ(decode_image("{}").error().message, "Docker's answer lacks the id of an image");
}

TEST(DecodeInfo, ReadsWhoTheEngineIs) {
  const auto info = decode_info(recorded("info"), {1, 41});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->server_version, "20.10.24+dfsg1");
  EXPECT_EQ(info->api_version, "1.41");
  EXPECT_EQ(info->name, "gpu-host");
  EXPECT_EQ(info->os_type, "linux");
  EXPECT_EQ(info->architecture, "x86_64");
}

TEST(DecodeInfo, ReadsWhatTheEngineHas) {
  const auto info =
      decode_info(R"({"NCPU":8,"MemTotal":1024,"DockerRootDir":"/d","KernelVersion":"6.1.0",)"
                  R"("Runtimes":{"runc":{"path":"runc"},"nvidia":{"path":"n"}},)"
                  R"("Plugins":{"Volume":["local"],"Network":["bridge"],"Log":["none","local"]},)"
                  R"("SecurityOptions":["name=seccomp,profile=default","name=rootless"]})",
                  {1, 44});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->cpus, 8);
  EXPECT_EQ(info->memory_bytes, 1024);
  EXPECT_EQ(info->data_root, "/d");
  EXPECT_EQ(info->kernel_version, "6.1.0");
  EXPECT_EQ(info->runtimes, (std::set<std::string>{"nvidia", "runc"}));
  EXPECT_EQ(info->volume_drivers, (std::set<std::string>{"local"}));
  EXPECT_EQ(info->network_drivers, (std::set<std::string>{"bridge"}));
  EXPECT_EQ(info->log_drivers, (std::set<std::string>{"local", "none"}));
  EXPECT_TRUE(info->rootless);
  EXPECT_FALSE(decode_info("{}", {1, 44})->rootless);
}

TEST(DecodeInfo, ReadsTheDevicesThatTheEngineKnows) {
  const auto info =
      decode_info(R"({"DiscoveredDevices":[{"Source":"cdi","ID":"nvidia.com/gpu=1"},)"
                  R"({"Source":"other","ID":"x"},{"Source":"cdi","ID":"nvidia.com/gpu=0"}]})",
                  {1, 50});
  ASSERT_TRUE(info);
  EXPECT_EQ(info->cdi_devices, (std::vector<std::string>{"nvidia.com/gpu=0", "nvidia.com/gpu=1"}));
}

TEST(DecodeList, ReadsTheAddressesOfWhatRuns) {
  const std::string networks =
      R"("NetworkSettings":{"Networks":{"lab":{"NetworkID":"n1","IPAddress":"10.8.0.9"},)"
      R"("idle":{"NetworkID":"n2","IPAddress":""}}}})";
  const auto running = decode_container_list(R"([{"Id":"a","State":"running",)" + networks + "]");
  ASSERT_TRUE(running);
  EXPECT_EQ(running->front().addresses, (std::map<std::string, std::string>{{"n1", "10.8.0.9"}}));
  // A container that failed to start keeps an address in the list that nobody holds.
  const auto created = decode_container_list(R"([{"Id":"a","State":"created",)" + networks + "]");
  ASSERT_TRUE(created);
  EXPECT_TRUE(created->front().addresses.empty());
}

TEST(DecodeCreated, ReadsIdAndWarnings) {
  const auto container = decode_created(R"({"Id":"abc","Warnings":["w1","w2"]})");
  ASSERT_TRUE(container);
  EXPECT_EQ(container->id, "abc");
  EXPECT_EQ(container->warnings, (std::vector<std::string>{"w1", "w2"}));
  EXPECT_EQ(decode_created(R"({"Id":"n","Warning":"w"})")->warnings,
            (std::vector<std::string>{"w"}));
  EXPECT_EQ(decode_created(R"({"Id":"n","Warning":""})")->warnings, std::vector<std::string>());
  EXPECT_EQ(decode_created("{}").error().message,
            "Docker's answer lacks the id of what was created");
}

TEST(DecodeExit, ReadsCodeAndError) {
  EXPECT_EQ(decode_exit(R"({"Error":null,"StatusCode":3})")->exit_code, 3);
  EXPECT_EQ(decode_exit(R"({"Error":{"Message":"gone"},"StatusCode":125})")->error, "gone");
  EXPECT_EQ(decode_exit("{}").error().message,
            "Docker's answer lacks the exit code of a container");
}

}  // namespace
}  // namespace aim::providers
