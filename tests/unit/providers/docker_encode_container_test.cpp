#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "providers/docker/docker_api.hpp"
#include "providers/docker/tar.hpp"

namespace aim::providers {
namespace {

namespace json = boost::json;
using core::ErrorCode;
using core::List;
using core::Map;
using core::Null;
using core::ObservedContainer;
using core::Secret;

constexpr ApiVersion kModern{1, 44};

core::CreateContainer container(Map attributes) {
  core::CreateContainer call;
  call.name = "lab-web";
  call.attributes = std::move(attributes);
  return call;
}

json::object body_of(const core::Result<HttpRequest>& request) {
  EXPECT_TRUE(request) << core::to_string(request.error());
  return request ? json::parse(request->body).as_object() : json::object{};
}

json::object created(const core::CreateContainer& call, ApiVersion version = kOldestApi) {
  return body_of(encode(call, version));
}

json::value in(const json::object& body, std::string_view pointer) {
  boost::system::error_code error;
  const json::value whole = body;
  const json::value* found = whole.find_pointer(pointer, error);
  return found ? *found : json::value("absent");
}

json::value host_of(Map attributes, std::string_view key) {
  return in(created(container(std::move(attributes))), "/HostConfig/" + std::string(key));
}

json::value config_of(Map attributes, std::string_view key) {
  return in(created(container(std::move(attributes))), "/" + std::string(key));
}

std::string refusal(const core::Result<HttpRequest>& request) {
  EXPECT_FALSE(request);
  if (request) {
    return "";
  }
  EXPECT_EQ(request.error().code, ErrorCode::Invalid);
  return request.error().message;
}

/// What inspect would show of a container made with `body`: the Engine keeps nearly all verbatim.
ObservedContainer as_observed(const json::object& body) {
  json::object config = body;
  const json::object host = body.at("HostConfig").as_object();
  json::array mounts;
  if (const json::value* wanted = host.if_contains("Mounts")) {
    for (const json::value& item : wanted->as_array()) {
      const json::object& mount = item.as_object();
      const json::value* source = mount.if_contains("Source");
      const json::value* read_only = mount.if_contains("ReadOnly");
      mounts.emplace_back(json::object{{"Type", mount.at("Type")},
                                       {"Name", source ? *source : json::value("")},
                                       {"Source", source ? *source : json::value("")},
                                       {"Destination", mount.at("Target")},
                                       {"RW", !(read_only && read_only->as_bool())}});
    }
  }
  json::object networks;
  if (const json::value* attached = body.if_contains("NetworkingConfig")) {
    networks = attached->at("EndpointsConfig").as_object();
  }
  const json::object root{{"Id", "0123456789abcdef"},
                          {"Name", "/lab-web"},
                          {"State", {{"Status", "created"}}},
                          {"Config", config},
                          {"HostConfig", host},
                          {"Mounts", mounts},
                          {"NetworkSettings", {{"Networks", networks}}}};
  const auto observed = decode_container(json::serialize(root));
  EXPECT_TRUE(observed);
  return observed ? *observed : ObservedContainer{};
}

/// One of everything that the vocabulary has.
Map full_attributes() {
  return {
      {"image", "lab-web:1.2"},
      {"command", List{"-c", "true"}},
      {"entrypoint", List{"/bin/sh"}},
      {"env", Map{{"A", "1"}, {"EQ", "a=b"}}},
      {"labels", Map{{"team", "search"}}},
      {"ports",
       List{"127.0.0.1:5000:5000/udp", "127.0.0.1:18000:8000/tcp", "[::1]:18001:8000/tcp"}},
      {"mounts",
       List{Map{{"type", "volume"},
                {"source", "lab-data"},
                {"target", "/data"},
                {"read_only", true}},
            Map{{"type", "bind"}, {"source", "/srv"}, {"target", "/srv"}, {"read_only", false}},
            Map{{"type", "tmpfs"}, {"target", "/t"}, {"read_only", false}, {"size", 1'000'000}}}},
      {"memory", 67'108'864},
      {"memory_swap", 268'435'456},
      {"memory_reservation", 33'554'432},
      {"cpus", 1.5},
      {"cpuset", "0"},
      {"pids_limit", 50},
      {"shm_size", 134'217'728},
      {"ulimits", Map{{"nofile", Map{{"soft", 100}, {"hard", 200}}}}},
      {"devices", List{"/dev/a:/dev/b", "/dev/kfd", "/dev/null:/dev/mynull:r"}},
      {"user", "1000:1000"},
      {"working_dir", "/srv"},
      {"hostname", "webhost"},
      {"init", true},
      {"ipc", "host"},
      {"pid", "host"},
      {"runtime", "nvidia"},
      {"tty", true},
      {"stdin_open", true},
      {"read_only", true},
      {"privileged", true},
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
      {"healthcheck",
       Map{{"test", List{"CMD-SHELL", "true"}},
           {"interval", 3000},
           {"timeout", 1500},
           {"start_period", 60'000},
           {"start_interval", 500},
           {"retries", 3}}}};
}

TEST(EncodeContainer, ComesBackAsItWasAsked) {
  core::CreateContainer call = container(full_attributes());
  call.restart = "on-failure:3";
  call.networks = {{"lab-back", {"api"}, ""}, {"lab-front", {"web"}, "172.30.5.9"}};
  Map expected = full_attributes();
  expected["restart"] = "on-failure:3";
  expected["ports"] =
      List{"127.0.0.1:18000:8000/tcp", "127.0.0.1:5000:5000/udp", "[::1]:18001:8000/tcp"};
  expected["networks"] =
      Map{{"lab-back", Map{{"aliases", List{"api", "webhost"}}}},
          {"lab-front", Map{{"aliases", List{"web", "webhost"}}, {"ipv4_address", "172.30.5.9"}}}};
  EXPECT_EQ(core::canonical_json(as_observed(created(call, kModern)).attributes),
            core::canonical_json(expected));
}

TEST(EncodeContainer, SendsLittleForLittle) {
  core::CreateContainer call = container({{"image", "a:1"}});
  call.labels = {{"dev.aim.run", "r"}};
  const core::Result<HttpRequest> request = encode(call, kOldestApi);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->target, "/containers/create?name=lab-web");
  EXPECT_EQ(json::parse(request->body),
            json::value({{"Image", "a:1"},
                         {"Labels", {{"dev.aim.run", "r"}}},
                         {"HostConfig",
                          {{"RestartPolicy", {{"Name", "no"}, {"MaximumRetryCount", 0}}},
                           {"NetworkMode", "bridge"}}}}));
}

TEST(EncodeContainer, AsksForAPlatformInTheQuery) {
  const auto request =
      encode(container({{"image", "a:1"}, {"platform", "linux/arm64"}}), kOldestApi);
  ASSERT_TRUE(request);
  EXPECT_EQ(request->target, "/containers/create?name=lab-web&platform=linux%2Farm64");
}

TEST(EncodeContainer, PutsTheCallsLabelsOverTheAttributes) {
  core::CreateContainer call = container({{"labels", Map{{"a", "1"}, {"b", "2"}}}});
  call.labels = {{"b", "3"}, {"dev.aim.run", "r"}};
  EXPECT_EQ(in(created(call), "/Labels"),
            json::value({{"a", "1"}, {"b", "3"}, {"dev.aim.run", "r"}}));
}

TEST(EncodeContainer, TakesTheEntrypointAwayWithOneEmptyText) {
  EXPECT_EQ(config_of({{"entrypoint", List{}}}, "Entrypoint"), json::value({""}));
  EXPECT_EQ(config_of({{"entrypoint", Null{}}}, "Entrypoint"), json::value("absent"));
  EXPECT_EQ(config_of({{"command", List{}}}, "Cmd"), json::value(json::array{}));
}

TEST(EncodeContainer, WritesVariablesAsPairs) {
  EXPECT_EQ(
      config_of({{"env", Map{{"A", "1"}, {"B", Null{}}, {"C", ""}, {"N", 5}, {"T", true}}}}, "Env"),
      json::value({"A=1", "B", "C=", "N=5", "T=true"}));
}

TEST(EncodeContainer, RevealsSecrets) {
  const core::Template url{{std::string("http://user:"), Secret("pw"), std::string("@host")}};
  EXPECT_EQ(config_of({{"env", Map{{"KEY", Secret("geheim")}, {"URL", url}}}}, "Env"),
            json::value({"KEY=geheim", "URL=http://user:pw@host"}));
}

TEST(EncodeContainer, RefusesASecretThatIsNotKnown) {
  EXPECT_EQ(
      refusal(encode(container({{"env", Map{{"KEY", Secret::from_digest("ab")}}}}), kOldestApi)),
      "container lab-web: a secret in attribute env.KEY is not known here");
}

TEST(EncodeContainer, RefusesWhatIsNotKnownYet) {
  const core::Reference other{{core::Kind::Endpoint, "qwen", std::nullopt}, "url"};
  EXPECT_EQ(refusal(encode(container({{"user", core::Unknown{}}}), kOldestApi)),
            "container lab-web: attribute user is not known yet");
  EXPECT_EQ(refusal(encode(container({{"user", core::Template{{other}}}}), kOldestApi)),
            "container lab-web: attribute user is not known yet");
}

TEST(EncodeContainer, RefusesWrongTypes) {
  const auto message = [](Map attributes) {
    return refusal(encode(container(std::move(attributes)), kOldestApi));
  };
  EXPECT_EQ(message({{"memory", "1g"}}),
            "container lab-web: attribute memory is not a whole number");
  EXPECT_EQ(message({{"cpus", "two"}}), "container lab-web: attribute cpus is not a number");
  EXPECT_EQ(message({{"init", "yes"}}), "container lab-web: attribute init is not true or false");
  EXPECT_EQ(message({{"command", "ls"}}), "container lab-web: attribute command is not a list");
  EXPECT_EQ(message({{"env", List{}}}), "container lab-web: attribute env is not a map");
  EXPECT_EQ(message({{"image", List{}}}), "container lab-web: attribute image is not a text");
  EXPECT_EQ(message({{"mounts", List{"a:/b"}}}),
            "container lab-web: attribute mounts is not a list of maps");
}

TEST(EncodeContainer, RefusesWhatDockerHasNoCounterpartFor) {
  EXPECT_EQ(refusal(encode(container({{"image", "a:1"}, {"recipe", "x"}}), kOldestApi)),
            "container lab-web: attribute recipe has no counterpart on Docker");
}

TEST(EncodeContainer, BindsPortsAndExposesThem) {
  const json::object body = created(container(
      {{"ports", List{"127.0.0.1:8000:80/tcp", "[::1]:8000:80/tcp", "0.0.0.0:53:53/udp"}}}));
  EXPECT_EQ(in(body, "/ExposedPorts"),
            json::value({{"80/tcp", json::object{}}, {"53/udp", json::object{}}}));
  EXPECT_EQ(in(body, "/HostConfig/PortBindings/80~1tcp"),
            json::value(json::array{{{"HostIp", "127.0.0.1"}, {"HostPort", "8000"}},
                                    {{"HostIp", "::1"}, {"HostPort", "8000"}}}));
  EXPECT_EQ(in(body, "/HostConfig/PortBindings/53~1udp"),
            json::value(json::array{json::object{{"HostIp", "0.0.0.0"}, {"HostPort", "53"}}}));
}

TEST(EncodeContainer, RefusesNamesWherePortsAreBound) {
  EXPECT_EQ(refusal(encode(container({{"ports", List{"localhost:8000:80/tcp"}}}), kOldestApi)),
            "container lab-web: port \"localhost:8000:80/tcp\": localhost is no IP address");
}

TEST(EncodeContainer, UsesTypedMountsOnly) {
  const json::object body = created(container(
      {{"mounts",
        List{Map{{"type", "bind"}, {"source", "/a"}, {"target", "/b"}, {"read_only", true}},
             Map{{"type", "volume"}, {"target", "/anonymous"}}}}}));
  EXPECT_EQ(in(body, "/HostConfig/Mounts"),
            json::value(json::array{
                {{"Type", "bind"}, {"Source", "/a"}, {"Target", "/b"}, {"ReadOnly", true}},
                {{"Type", "volume"}, {"Target", "/anonymous"}}}));
  EXPECT_EQ(in(body, "/HostConfig/Binds"), json::value("absent"));
}

TEST(EncodeContainer, RefusesASizeThatDockerWouldDrop) {
  EXPECT_EQ(
      refusal(encode(
          container(
              {{"mounts",
                List{Map{{"type", "bind"}, {"source", "/a"}, {"target", "/b"}, {"size", 5}}}}}),
          kOldestApi)),
      "container lab-web: a mount: attribute size has no counterpart on Docker");
}

TEST(EncodeContainer, LeavesSwapToDocker) {
  EXPECT_EQ(host_of({{"memory", 100}}, "Memory"), json::value(100));
  EXPECT_EQ(host_of({{"memory", 100}}, "MemorySwap"), json::value("absent"));
  EXPECT_EQ(host_of({{"memory", 100}, {"memory_swap", -1}}, "MemorySwap"), json::value(-1));
}

TEST(EncodeContainer, CountsProcessorsInBillionths) {
  EXPECT_EQ(host_of({{"cpus", 0.1}}, "NanoCpus"), json::value(100'000'000));
  EXPECT_EQ(host_of({{"cpus", 2}}, "NanoCpus"), json::value(2'000'000'000));
}

TEST(EncodeContainer, RoundsTheGracePeriodUp) {
  EXPECT_EQ(config_of({{"stop_grace_period", 1500}}, "StopTimeout"), json::value(2));
  EXPECT_EQ(config_of({{"stop_grace_period", 0}}, "StopTimeout"), json::value(0));
}

TEST(EncodeContainer, KnowsTheRestartPolicies) {
  const auto policy = [](const std::string& text) {
    core::CreateContainer call = container({{"restart", "always"}});
    call.restart = text;
    return in(created(call), "/HostConfig/RestartPolicy");
  };
  EXPECT_EQ(policy("no"), json::value({{"Name", "no"}, {"MaximumRetryCount", 0}}));
  EXPECT_EQ(policy("unless-stopped"),
            json::value({{"Name", "unless-stopped"}, {"MaximumRetryCount", 0}}));
  EXPECT_EQ(policy("on-failure"), json::value({{"Name", "on-failure"}, {"MaximumRetryCount", 0}}));
  EXPECT_EQ(policy("on-failure:5"),
            json::value({{"Name", "on-failure"}, {"MaximumRetryCount", 5}}));
  for (const std::string wrong :
       {"sometimes", "always:3", "on-failure:x", "on-failure:", "on-failures"}) {
    core::CreateContainer call = container({});
    call.restart = wrong;
    EXPECT_EQ(refusal(encode(call, kOldestApi)),
              "container lab-web: \"" + wrong + "\" is no restart policy");
  }
}

TEST(EncodeContainer, TakesOneNetworkIntoTheCreationOfOldEngines) {
  core::CreateContainer call = container({});
  call.networks = {{"lab-a", {"web"}, "10.0.0.5"}, {"lab-b", {}, ""}, {"lab-c", {"x"}, ""}};
  const json::object body = created(call, {1, 43});
  EXPECT_EQ(in(body, "/HostConfig/NetworkMode"), json::value("lab-a"));
  EXPECT_EQ(in(body, "/NetworkingConfig/EndpointsConfig"),
            json::value({{"lab-a",
                          {{"Aliases", json::array{"web"}},
                           {"IPAMConfig", {{"IPv4Address", "10.0.0.5"}}}}}}));
  EXPECT_EQ(
      networks_to_connect(call, {1, 43}, "id"),
      (std::vector<core::ConnectNetwork>{{"id", {"lab-b", {}, ""}}, {"id", {"lab-c", {"x"}, ""}}}));
}

TEST(EncodeContainer, TakesAllNetworksIntoTheCreationOfNewEngines) {
  core::CreateContainer call = container({});
  call.networks = {{"lab-a", {}, ""}, {"lab-b", {"y"}, ""}};
  EXPECT_EQ(in(created(call, kModern), "/NetworkingConfig/EndpointsConfig"),
            json::value({{"lab-a", json::object{}}, {"lab-b", {{"Aliases", json::array{"y"}}}}}));
  EXPECT_TRUE(networks_to_connect(call, kModern, "id").empty());
}

TEST(EncodeContainer, TakesAModeInsteadOfNetworks) {
  EXPECT_EQ(host_of({{"network_mode", "host"}}, "NetworkMode"), json::value("host"));
  core::CreateContainer both = container({{"network_mode", "host"}});
  both.networks = {{"lab-a", {}, ""}};
  EXPECT_EQ(refusal(encode(both, kOldestApi)),
            "container lab-web: network_mode and networks exclude each other");
}

TEST(EncodeContainer, WritesHealthchecksInNanoseconds) {
  const Map check{{"test", "curl localhost"}, {"interval", 1500}};
  EXPECT_EQ(config_of({{"healthcheck", check}}, "Healthcheck"),
            json::value({{"Test", {"CMD-SHELL", "curl localhost"}}, {"Interval", 1'500'000'000}}));
  EXPECT_EQ(config_of({{"healthcheck", Map{{"disable", true}}}}, "Healthcheck"),
            json::value({{"Test", json::array{"NONE"}}}));
}

TEST(EncodeContainer, RefusesWhatOldEnginesWouldDropInSilence) {
  EXPECT_EQ(refusal(encode(container({{"healthcheck", Map{{"start_interval", 500}}}}), {1, 43})),
            "container lab-web: healthcheck: start_interval needs Docker 25 (API 1.44)");
}

TEST(EncodeContainer, ReadsDevicesAsDockerRunDoes) {
  const json::value devices = host_of(
      {{"devices", List{"/dev/kfd", "/dev/a:/dev/b", "/dev/a:/dev/b:rw", "/dev/a:r"}}}, "Devices");
  const auto device = [](const char* host, const char* inside, const char* access) {
    return json::object{
        {"PathOnHost", host}, {"PathInContainer", inside}, {"CgroupPermissions", access}};
  };
  EXPECT_EQ(devices,
            json::value(json::array{device("/dev/kfd", "/dev/kfd", "rwm"),
                                    device("/dev/a", "/dev/b", "rwm"),
                                    device("/dev/a", "/dev/b", "rw"),
                                    device("/dev/a", "/dev/a", "r")}));
}

core::PutFiles put(Map files) { return {"id", std::move(files)}; }

TEST(EncodeFiles, PacksThemWithOwnerAndMode) {
  const auto request =
      encode(put({{"/run/secrets/token",
                   Map{{"content", Secret("geheim")}, {"mode", "0400"}, {"uid", 1000}}}}));
  ASSERT_TRUE(request);
  EXPECT_EQ(request->method, "PUT");
  EXPECT_EQ(request->target, "/containers/id/archive?path=%2F");
  EXPECT_EQ(request->content_type, "application/x-tar");
  const auto file = only_file_of(request->body);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->content, "geheim");
  EXPECT_EQ(file->mode, 0400U);
  EXPECT_EQ(file->uid, 1000U);
  EXPECT_EQ(file->gid, 0U);
  EXPECT_NE(request->body.find("run/secrets/token"), std::string::npos);
}

TEST(EncodeFiles, RefusesWhatCannotBePut) {
  const auto no_place = encode(put({{"token", Map{{"content", "x"}}}}));
  ASSERT_FALSE(no_place);
  EXPECT_EQ(no_place.error().message,
            "the files of container id: file token: its path is not absolute");
  const auto large = encode(put({{"/x", Map{{"content", "x"}, {"uid", 2'097'152}}}}));
  ASSERT_FALSE(large);
  EXPECT_EQ(large.error().message, "the files of container id: file /x: its uid is out of range");
}

TEST(ReadTar, FindsTheOneFileBehindExtendedHeaders) {
  // A path of more than 100 bytes needs a record before the file.
  const std::string archive = tar_archive({{std::string(120, 'p'), "content", 0640, 7, 8}});
  const auto file = only_file_of(archive);
  ASSERT_TRUE(file);
  EXPECT_EQ(file->content, "content");
  EXPECT_EQ(file->mode, 0640U);
  EXPECT_EQ(file->uid, 7U);
  EXPECT_EQ(file->gid, 8U);
}

TEST(ReadTar, RefusesWhatIsNoFile) {
  std::string folder = tar_archive({{"d", "", 0755}});
  folder[156] = '5';
  EXPECT_EQ(only_file_of(folder).error().message, "it is no plain file");
  EXPECT_EQ(only_file_of("").error().message, "Docker sent something that is no tar archive");
  EXPECT_EQ(only_file_of(tar_archive({{"d", std::string(2000, 'x')}}).substr(0, 1024)).error().code,
            core::ErrorCode::Protocol);
}

}  // namespace
}  // namespace aim::providers
