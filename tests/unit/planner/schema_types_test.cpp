#include "tests/unit/planner/schema_fixture.hpp"

namespace aim::planner {
namespace {

using core::Kind;
using core::List;
using core::Map;
using core::Secret;
using core::Value;
using testing::ElementsAre;
using testing::IsEmpty;

/// The one message about the attribute, or all of them joined.
std::string complaint(const Decoded& decoded) {
  std::string text;
  for (const std::string& message : decoded.messages()) {
    text += (text.empty() ? "" : "\n") + message;
  }
  return text;
}

TEST(Texts, TakeNumbersAsText) {
  EXPECT_EQ(container_with("user", 1000).at("user"), Value("1000"));
  EXPECT_EQ(container_with("command", List{"--port", 8080, true, 0.5, 1.0}).at("command"),
            Value(List{"--port", "8080", "true", "0.5", "1.0"}));
  EXPECT_EQ(container_with("env", Map{{"A", 1}, {"B", false}, {"C", 1.5}}).at("env"),
            Value(Map{{"A", "1"}, {"B", "false"}, {"C", "1.5"}}));
}

TEST(Texts, OtherThingsAreRefused) {
  EXPECT_EQ(complaint(container_with("user", true)),
            "Invalid value: `user` must be text, but it is true. Put it in quotes if that text is "
            "meant.");
  EXPECT_EQ(complaint(container_with("user", List{})),
            "Wrong type: `user` must be text, but it is a list.");
  EXPECT_EQ(complaint(container_with("user", "")),
            "Empty text: `user` is empty. Remove it, or set it to null, if it shall not be set.");
  EXPECT_EQ(complaint(container_with("user", std::string("a\0b", 3))),
            "Invalid value: `user` contains a zero byte, which no program can receive.");
  EXPECT_EQ(complaint(container_with("command", "serve --all")),
            "Wrong type: `command` must be a list of texts, but it is \"serve --all\". Write one "
            "list item for each; a text with spaces is one item.");
  EXPECT_EQ(complaint(container_with("command", List{"a", Value()})),
            "Invalid value: `command[1]` must be text, but it is null.");
  EXPECT_EQ(
      complaint(container_with("env", List{"A=1"})),
      "Wrong type: `env` must be a map of texts, but it is a list. Write `KEY: value` lines.");
  EXPECT_EQ(complaint(container_with("env", Map{{"A", List{}}})),
            "Wrong type: `env.A` must be text, but it is a list.");
}

TEST(Texts, AreShortenedInMessages) {
  EXPECT_EQ(
      complaint(container_with("tty", std::string(200, 'a'))),
      "Invalid value: `tty` must be true or false, but it is \"" + std::string(80, 'a') + "...\".");
}

TEST(Choices, AreSuggested) {
  EXPECT_EQ(complaint(endpoint_with("backend", "vlm")),
            "Invalid value: `backend` must be one of vllm, sglang, llamacpp, custom, but it is "
            "\"vlm\". Did you mean `vllm`?");
  EXPECT_EQ(
      complaint(container_with("pull", "sometimes")),
      "Invalid value: `pull` must be one of missing, always, never, but it is \"sometimes\".");
}

TEST(Keys, OfLabelsCannotBeOurs) {
  EXPECT_EQ(complaint(container_with("labels", Map{{"dev.aim.project", "x"}})),
            "Reserved label: Label \"dev.aim.project\" is aim's own: it writes those that begin "
            "with `dev.aim.` itself, to find its objects again. Choose another name.");
  EXPECT_THAT(container_with("labels", Map{{"dev.aimless", "x"}}).messages(), IsEmpty());
  EXPECT_EQ(complaint(decode(Kind::Volume, {{"labels", Map{{"dev.aim.x", Value()}}}})),
            "Reserved label: Label \"dev.aim.x\" is aim's own: it writes those that begin with "
            "`dev.aim.` itself, to find its objects again. Choose another name.");
}

TEST(Keys, OfTheEnvironmentHaveNoEqualsSign) {
  EXPECT_EQ(complaint(container_with("env", Map{{"A=1", "x"}})),
            "Invalid name: \"A=1\" is no name for a member of `env`: it must not be empty and has "
            "no `=`.");
  EXPECT_EQ(complaint(container_with("sysctls", Map{{"", "x"}})),
            "Invalid name: \"\" is no name for a member of `sysctls`: it must not be empty.");
}

TEST(Numbers, ComeAlsoAsTextOutOfTheEnvironment) {
  EXPECT_EQ(endpoint_with("port", "9000").at("port"), Value(9000));
  EXPECT_EQ(container_with("cpus", "1.5").at("cpus"), Value(1.5));
  EXPECT_EQ(container_with("tty", "true").at("tty"), Value(true));
}

TEST(Numbers, OfCpusAreAlwaysFractions) {
  EXPECT_EQ(container_with("cpus", 2).at("cpus"), Value(2.0));
  EXPECT_EQ(container_with("cpus", 0.1234567891234).at("cpus"), Value(0.123456789));
}

TEST(Numbers, OutsideTheirRangeAreRefused) {
  EXPECT_EQ(complaint(container_with("cpus", 0)),
            "Value out of range: `cpus` must be at least 0.01, but it is 0.");
  EXPECT_EQ(complaint(container_with("cpus", "many")),
            "Invalid value: `cpus` must be a number, but it is \"many\".");
  EXPECT_EQ(
      complaint(endpoint_with("port", 70000)),
      "Invalid value: `port` must be a port number from 1 to 65535, or auto, but it is 70000.");
  EXPECT_EQ(
      complaint(endpoint_with("port", "http")),
      "Invalid value: `port` must be a port number from 1 to 65535, or auto, but it is \"http\".");
  EXPECT_EQ(
      complaint(endpoint_with("port", 80.5)),
      "Invalid value: `port` must be a port number from 1 to 65535, or auto, but it is 80.5.");
}

TEST(DurationValues, NeedAUnit) {
  EXPECT_EQ(container_with("stop_grace_period", "1m").at("stop_grace_period"), Value(60'000));
  EXPECT_EQ(container_with("stop_grace_period", 0).at("stop_grace_period"), Value(0));
  EXPECT_EQ(
      complaint(container_with("stop_grace_period", 30)),
      "Invalid value: `stop_grace_period` must be a duration such as 30s, 5m or 1h30m, but it "
      "is 30. Say the unit: 30s, 30m or 30h.");
  EXPECT_EQ(
      complaint(container_with("stop_grace_period", "half an hour")),
      "Invalid value: `stop_grace_period` must be a duration such as 30s, 5m or 1h30m, but it "
      "is \"half an hour\".");
  EXPECT_EQ(complaint(endpoint_with("readiness", Map{{"interval", "0s"}})),
            "Value out of range: `readiness.interval` must be at least 1ms, but it is 0s.");
}

TEST(SizeValues, AreBytes) {
  EXPECT_EQ(container_with("shm_size", "16GiB").at("shm_size"), Value(std::int64_t{16} << 30));
  EXPECT_EQ(container_with("shm_size", 4096).at("shm_size"), Value(4096));
  EXPECT_EQ(complaint(container_with("shm_size", "2gb")),
            "Invalid value: `shm_size` must be a size such as 16GiB or 500MB, but it is \"2gb\". "
            "Lower case can be read both ways: write 2GiB for steps of 1024, or 2GB for steps of "
            "1000.");
  EXPECT_EQ(complaint(container_with("shm_size", -1)),
            "Invalid value: `shm_size` must be a size such as 16GiB or 500MB, but it is -1.");
}

TEST(SizeValues, OfMemoryStartAtWhatDockerTakes) {
  EXPECT_EQ(container_with("memory", "6MiB").at("memory"), Value(6 << 20));
  EXPECT_EQ(complaint(container_with("memory", "1MiB")),
            "Value out of range: `memory` must be at least 6MiB, but it is 1MiB.");
  EXPECT_EQ(complaint(container_with("memory", 0)),
            "Value out of range: `memory` must be at least 6MiB, but it is 0B.");
}

TEST(SizeValues, OfSwapMayBeUnlimited) {
  const auto with_swap = [](Value swap) {
    return decode(Kind::Container,
                  {{"image", "nginx:1"}, {"memory", "1GiB"}, {"memory_swap", std::move(swap)}});
  };
  EXPECT_EQ(with_swap(-1).at("memory_swap"), Value(-1));
  EXPECT_EQ(with_swap("-1").at("memory_swap"), Value(-1));
  EXPECT_EQ(complaint(with_swap(0)),
            "Invalid value: `memory_swap` must be a size such as 16GiB or 500MB, or -1 for no "
            "limit, but it is 0.");
  EXPECT_EQ(complaint(with_swap("512MiB")),
            "Conflicting attributes: `memory_swap` is the limit of memory and swap together, so it "
            "cannot be less than `memory`: 512MiB is less than 1GiB.");
  EXPECT_EQ(complaint(container_with("memory_swap", "1GiB")),
            "Conflicting attributes: `memory_swap` is the limit of memory and swap together, so it "
            "needs `memory` too.");
}

TEST(Images, GetATagWhereTheyHaveNeitherTagNorDigest) {
  const std::string digest = "@sha256:" + std::string(64, 'a');
  const auto canonical = [](const std::string& text) {
    return decode(Kind::Container, {{"image", text}}).at("image");
  };
  EXPECT_EQ(canonical("nginx"), Value("nginx:latest"));
  EXPECT_EQ(canonical("ghcr.io/open-webui/open-webui"),
            Value("ghcr.io/open-webui/open-webui:latest"));
  EXPECT_EQ(canonical("localhost:5000/a/b"), Value("localhost:5000/a/b:latest"));
  EXPECT_EQ(canonical("localhost:5000/a/b:1"), Value("localhost:5000/a/b:1"));
  EXPECT_EQ(canonical("nginx" + digest), Value("nginx" + digest));
  EXPECT_EQ(canonical("nginx:1" + digest), Value("nginx:1" + digest));
  EXPECT_EQ(canonical("a__b/c.d-e--f"), Value("a__b/c.d-e--f:latest"));
  EXPECT_EQ(canonical("sha256:" + std::string(64, 'b')), Value("sha256:" + std::string(64, 'b')));
}

TEST(Images, ThatDockerCannotReadAreRefused) {
  for (const std::string text : {"",
                                 "Nginx",
                                 "nginx:",
                                 "nginx:la test",
                                 "nginx:-1",
                                 "a//b",
                                 "/a",
                                 "a/",
                                 "-a",
                                 "a___b",
                                 "a..b",
                                 "nginx@sha256:12",
                                 "http://nginx",
                                 "a/B",
                                 "nginx latest"}) {
    EXPECT_THAT(decode(Kind::Container, {{"image", text}}).diagnostics, testing::SizeIs(1)) << text;
  }
  EXPECT_EQ(complaint(decode(Kind::Container, {{"image", "Nginx"}})),
            "Invalid value: `image` must be an image reference such as vllm/vllm-openai:v0.11.1, "
            "but it is \"Nginx\".");
}

TEST(Restart, TakesDockersWords) {
  for (const char* text : {"no", "always", "unless-stopped", "on-failure", "on-failure:3"}) {
    EXPECT_EQ(container_with("restart", text).at("restart"), Value(text));
  }
  EXPECT_EQ(container_with("restart", "on-failure:0").at("restart"), Value("on-failure"));
  EXPECT_EQ(container_with("restart", "on-failure:03").at("restart"), Value("on-failure:3"));
  for (const Value& value : {Value("never"),
                             Value("on-failure:"),
                             Value("on-failure:-1"),
                             Value("always:3"),
                             Value("on-failure:x")}) {
    EXPECT_THAT(container_with("restart", value).diagnostics, testing::SizeIs(1));
  }
  EXPECT_EQ(complaint(container_with("restart", false)),
            "Invalid value: `restart` must be no, always, unless-stopped, on-failure or "
            "on-failure:N, but it is false.");
}

TEST(ArgumentValues, StayAsTheyAre) {
  const Map arguments{{"--max-num-seqs", 256},
                      {"--async-scheduling", true},
                      {"--lora", List{"a", Map{{"rank", 8}}}},
                      {"--override", Map{{"temperature", 0.5}, {"stop", Value()}}}};
  const Decoded decoded = endpoint_with("args", arguments);
  EXPECT_THAT(decoded.messages(), IsEmpty());
  EXPECT_EQ(decoded.at("args"), Value(arguments));
}

TEST(ArgumentValues, MustBeFlagsWithValues) {
  EXPECT_EQ(complaint(endpoint_with("args", Map{{"--fast", Value()}})),
            "Missing value: `args.--fast` has no value. Write true for a flag without one, or "
            "remove the line.");
  EXPECT_EQ(complaint(endpoint_with("args", Map{{"max-num-seqs", 1}})),
            "Invalid flag: \"max-num-seqs\" is no flag. Write each as the serving engine takes it, "
            "such as `--max-num-seqs: 256`; what has no flag goes into `command`.");
  EXPECT_THAT(
      endpoint_with("args", Map{{"--a=1", true}, {"--", true}, {"--a b", true}}).diagnostics,
      testing::SizeIs(3));
  EXPECT_EQ(complaint(endpoint_with("args", List{"--fast"})),
            "Wrong type: `args` must be a map of flags, but it is a list. Write `--flag: value` "
            "lines, with true for a flag without a value.");
  EXPECT_EQ(complaint(endpoint_with("args", Map{{"--a", List{List{}}}})),
            "Wrong type: `args.--a[0]` must be a scalar or a map, but it is a list. A list repeats "
            "the flag once for each item.");
}

TEST(ArgumentValues, CannotBeSecret) {
  EXPECT_EQ(complaint(endpoint_with("args", Map{{"--token", Secret("t")}})),
            "Sensitive value in serve arguments: `args.--token` would put a sensitive value on the "
            "command line, which everyone on Docker's host can read. Hand it over in `env`.");
}

TEST(Formats, HaveACanonicalForm) {
  EXPECT_EQ(endpoint_with("bind", "::0").at("bind"), Value("::"));
  EXPECT_EQ(container_with("working_dir", "/a/../b//c/").at("working_dir"), Value("/b/c"));
  EXPECT_EQ(container_with("stop_signal", "term").at("stop_signal"), Value("SIGTERM"));
  EXPECT_EQ(container_with("stop_signal", "SIGRTMIN+3").at("stop_signal"), Value("SIGRTMIN+3"));
  EXPECT_EQ(container_with("stop_signal", 15).at("stop_signal"), Value("15"));
  EXPECT_EQ(
      container_with("cap_add", List{"sys_ptrace", "CAP_NET_ADMIN", "SYS_PTRACE"}).at("cap_add"),
      Value(List{"NET_ADMIN", "SYS_PTRACE"}));
  EXPECT_EQ(container_with("security_opt", List{"seccomp:unconfined", "no-new-privileges:true"})
                .at("security_opt"),
            Value(List{"seccomp=unconfined", "no-new-privileges"}));
  EXPECT_EQ(container_with("extra_hosts", List{"db:10.0.0.1", "host=host-gateway", "v6:[::1]"})
                .at("extra_hosts"),
            Value(List{"db:10.0.0.1", "host:host-gateway", "v6:::1"}));
  EXPECT_EQ(container_with("ipc", "host").at("ipc"), Value("host"));
  EXPECT_EQ(container_with("network_mode", "container:vpn").at("network_mode"),
            Value("container:vpn"));
}

TEST(Formats, SayWhatIsExpected) {
  EXPECT_EQ(complaint(endpoint_with("bind", "localhost")),
            "Invalid value: `bind` must be an IP address, but it is \"localhost\". Docker would "
            "take `localhost` and open the port on every interface. Write 127.0.0.1.");
  EXPECT_EQ(complaint(endpoint_with("bind", "lab.example")),
            "Invalid value: `bind` must be an IP address, but it is \"lab.example\".");
  EXPECT_EQ(complaint(container_with("working_dir", "app")),
            "Invalid value: `working_dir` must be an absolute path, but it is \"app\".");
  EXPECT_EQ(complaint(container_with("hostname", "-a")),
            "Invalid value: `hostname` must be a host name of up to 63 letters, digits, dots, "
            "dashes and underscores, but it is \"-a\".");
  EXPECT_EQ(complaint(container_with("stop_signal", "SIGSTOPP")),
            "Invalid value: `stop_signal` must be a signal such as SIGTERM or 15, but it is "
            "\"SIGSTOPP\".");
  EXPECT_EQ(complaint(container_with("cap_add", List{"NET_ADMN"})),
            "Invalid value: `cap_add[0]` must be a Linux capability such as NET_ADMIN, or ALL, but "
            "it is \"NET_ADMN\". Did you mean `NET_ADMIN`?");
  EXPECT_EQ(
      complaint(container_with("security_opt", List{"seccomp=profile.json"})),
      "Invalid value: `security_opt[0]` must be no-new-privileges, seccomp=unconfined, "
      "apparmor=PROFILE or label=OPTION, but it is \"seccomp=profile.json\". Docker takes the "
      "profile itself and not its path: write the JSON, as in "
      "seccomp=${file:profile.json}.");
  EXPECT_EQ(complaint(container_with("extra_hosts", List{"db"})),
            "Invalid value: `extra_hosts[0]` must be HOST:IP or HOST:host-gateway, but it is "
            "\"db\".");
  EXPECT_EQ(complaint(container_with("network_mode", "backend")),
            "Invalid value: `network_mode` must be bridge, host, none or container:NAME, but it is "
            "\"backend\". To join a network of this configuration, name it in `networks`.");
  EXPECT_EQ(complaint(container_with("ipc", "container:")),
            "Invalid value: `ipc` must be none, private, shareable, host or container:NAME, but it "
            "is \"container:\".");
}

TEST(Together, NetworkModeTakesThePlaceOfNetworks) {
  const Decoded decoded =
      decode(Kind::Container,
             {{"image", "nginx:1"}, {"network_mode", "host"}, {"networks", List{"back"}}});
  EXPECT_EQ(complaint(decoded),
            "Conflicting attributes: `network_mode` takes the place of `networks`. Remove one of "
            "the two.");
}

TEST(Together, NetworkModesThatPublishNothingRefusePorts) {
  const auto with_mode = [](const char* mode) {
    return complaint(decode(Kind::Container,
                            {{"image", "nginx:1"},
                             {"network_mode", mode},
                             {"hostname", "web"},
                             {"ports", List{"80:80"}}}));
  };
  EXPECT_EQ(with_mode("bridge"), "");
  EXPECT_EQ(with_mode("host"),
            "Conflicting attributes: With `network_mode: host` Docker publishes no ports. Remove "
            "`ports`; what the container listens on is open anyway.");
  EXPECT_EQ(with_mode("none"),
            "Conflicting attributes: With `network_mode: none` Docker publishes no ports. Remove "
            "`ports`.");
  EXPECT_EQ(with_mode("container:vpn"),
            "Conflicting attributes: With `network_mode: container:vpn` the other container's "
            "network is used as it is: set `ports` there.\n"
            "Conflicting attributes: With `network_mode: container:vpn` the other container's "
            "network is used as it is: set `hostname` there.");
}

TEST(Together, ReadinessOfAContainerChecksSomething) {
  EXPECT_EQ(
      complaint(container_with("readiness", Map{{"interval", "1s"}})),
      "Nothing to check: `readiness` has none of `http`, `tcp`, `exec` and `log`, so there is "
      "nothing to wait for. Add one, or remove `readiness`: then running is enough.");
  EXPECT_THAT(endpoint_with("readiness", Map{{"builtin", false}}).messages(), IsEmpty());
}

TEST(Together, TheAddressesOfANetworkFit) {
  const auto with_ipam = [](Map ipam) { return complaint(network_with("ipam", std::move(ipam))); };
  EXPECT_EQ(
      with_ipam(
          {{"subnet", "172.30.0.0/16"}, {"gateway", "172.30.0.1"}, {"ip_range", "172.30.5.0/24"}}),
      "");
  EXPECT_EQ(with_ipam({{"subnet", "172.30.0.1/16"}}),
            "Invalid value: `ipam.subnet` must be a subnet such as 172.30.0.0/16, but it is "
            "\"172.30.0.1/16\". Did you mean `172.30.0.0/16`?");
  EXPECT_EQ(with_ipam({{"subnet", "172.30.0.0/16"}, {"gateway", "172.31.0.1"}}),
            "Conflicting attributes: The gateway 172.31.0.1 is not in the subnet 172.30.0.0/16.");
  EXPECT_EQ(with_ipam({{"subnet", "172.30.0.0/16"}, {"ip_range", "172.0.0.0/8"}}),
            "Conflicting attributes: The range 172.0.0.0/8 is not in the subnet 172.30.0.0/16.");
  EXPECT_EQ(with_ipam({{"gateway", "172.30.0.1"}}),
            "Missing attribute: `subnet` is required in `ipam`: Addresses of the network, such as "
            "172.30.0.0/16.");
  EXPECT_EQ(
      with_ipam({{"subnet", "fd00::/64"}}),
      "Conflicting attributes: An IPv6 subnet is passed over by Docker unless the network has "
      "`ipv6: true`.");
}

}  // namespace
}  // namespace aim::planner
