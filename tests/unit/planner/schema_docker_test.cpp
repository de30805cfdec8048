#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/schema_fixture.hpp"

// What Docker can give a container: hardware, limits, health, mounts in full.
namespace aim::planner {
namespace {

using core::Kind;
using core::List;
using core::Map;
using core::Value;
using testing::ElementsAre;
using testing::IsEmpty;

Value canonical(const std::string& name, Value value) {
  const Decoded decoded = container_with(name, std::move(value));
  EXPECT_THAT(decoded.messages(), IsEmpty()) << name;
  const Value once = decoded.at(name);
  // What is canonical stays as it is.
  core::Diagnostics diagnostics;
  const auto again =
      normalise(*find_attribute(Kind::Container, name), once, {}, {name}, diagnostics);
  EXPECT_TRUE(again == once) << name;
  return once;
}

std::string complaint(const std::string& name, Value value) {
  const Decoded decoded = container_with(name, std::move(value));
  EXPECT_EQ(decoded.diagnostics.size(), 1U) << name;
  return decoded.diagnostics.empty() ? "" : decoded.messages()[0];
}

TEST(Devices, AreASetInTheirShortestForm) {
  EXPECT_EQ(
      canonical("devices",
                List{"/dev/kfd:/dev/kfd:mrw",
                     "/dev//fuse",
                     "/dev/kfd",
                     "/dev/sdb:/dev/xvdb",
                     "/dev/sdc:r",
                     "/dev/null:/dev/none:wr"}),
      Value(List{
          "/dev/fuse", "/dev/kfd", "/dev/null:/dev/none:rw", "/dev/sdb:/dev/xvdb", "/dev/sdc:r"}));
}

TEST(Devices, ThatDockerWouldMisreadAreErrors) {
  for (const char* bad : {"kfd", "/dev/kfd:x", "/dev/kfd:rr", "/", "/a:/b:/c", ""}) {
    EXPECT_EQ(complaint("devices", List{bad}),
              fmt::format("Invalid value: `devices[0]` must be a device such as /dev/fuse, "
                          "/dev/sdb:/dev/xvdb or /dev/sdb:/dev/xvdb:r, but it is \"{}\".",
                          bad));
  }
  EXPECT_EQ(complaint("devices", List{"/dev/null:/dev/x", "/dev/zero:/dev/x"}),
            "Device named twice: `devices` puts /dev/null:/dev/x and /dev/zero:/dev/x at the same "
            "place inside.");
}

TEST(Gpus, MayBeACountAllOrAMap) {
  EXPECT_EQ(canonical("gpus", 2), Value(Map{{"count", "2"}, {"capabilities", List{"gpu"}}}));
  EXPECT_EQ(canonical("gpus", "all"), Value(Map{{"count", "all"}, {"capabilities", List{"gpu"}}}));
  EXPECT_EQ(canonical("gpus",
                      Map{{"ids", List{"1", "0"}},
                          {"driver", "nvidia"},
                          {"capabilities", List{"utility", "gpu"}}}),
            Value(Map{{"ids", List{"1", "0"}},
                      {"driver", "nvidia"},
                      {"capabilities", List{"gpu", "utility"}}}));
  EXPECT_EQ(canonical("gpus", Map{{"driver", "cdi"}, {"ids", List{"amd.com/gpu=0"}}}),
            Value(Map{{"driver", "cdi"}, {"ids", List{"amd.com/gpu=0"}}}));
}

TEST(Gpus, AreSaidOnce) {
  EXPECT_EQ(complaint("gpus", Map{{"count", 1}, {"ids", List{"0"}}}),
            "Conflicting attributes: `gpus` has `count` and `ids`; Docker takes one of them.");
  EXPECT_EQ(complaint("gpus", Map{{"driver", "nvidia"}}),
            "Missing attribute: `gpus` says neither how many GPUs (`count`) nor which ones "
            "(`ids`).");
  EXPECT_EQ(complaint("gpus", 0),
            "Invalid value: `gpus.count` must be a number of GPUs, or `all`, but it is \"0\".");
  EXPECT_EQ(complaint("gpus", true),
            "Invalid value: `gpus` must be a number of GPUs, all, or a map, but it is true.");
}

TEST(Ulimits, HaveASoftAndAHardLimit) {
  EXPECT_EQ(canonical("ulimits",
                      Map{{"nofile", 65536},
                          {"memlock", "unlimited"},
                          {"core", Map{{"soft", 0}, {"hard", "unlimited"}}},
                          {"stack", "67108864"}}),
            Value(Map{{"nofile", Map{{"soft", 65536}, {"hard", 65536}}},
                      {"memlock", Map{{"soft", -1}, {"hard", -1}}},
                      {"core", Map{{"soft", 0}, {"hard", -1}}},
                      {"stack", Map{{"soft", 67108864}, {"hard", 67108864}}}}));
}

TEST(Ulimits, ThatFailAtTheStartAreErrors) {
  EXPECT_EQ(complaint("ulimits", Map{{"nofiles", 1}}),
            "Unknown limit: Linux has no limit \"nofiles\". Did you mean `nofile`? There are as, "
            "core, cpu, data, fsize, locks, memlock, msgqueue, nice, nofile, nproc, rss, rtprio, "
            "rttime, sigpending, stack.");
  EXPECT_EQ(complaint("ulimits", Map{{"nofile", Map{{"soft", 2}, {"hard", 1}}}}),
            "Conflicting attributes: The soft limit of `ulimits.nofile` is above the hard one, "
            "which the kernel refuses: 2 and 1.");
  EXPECT_EQ(complaint("ulimits", Map{{"nofile", Map{{"soft", -1}, {"hard", 1}}}}),
            "Conflicting attributes: The soft limit of `ulimits.nofile` is above the hard one, "
            "which the kernel refuses: unlimited and 1.");
  EXPECT_EQ(complaint("ulimits", Map{{"nofile", "many"}}),
            "Invalid value: `ulimits.nofile` must be a number, unlimited, or a map of soft and "
            "hard, but it is \"many\".");
}

TEST(Healthcheck, SaysEveryField) {
  EXPECT_EQ(canonical("healthcheck", Map{{"test", "curl -f localhost"}}),
            Value(Map{{"test", List{"CMD-SHELL", "curl -f localhost"}},
                      {"interval", 30000},
                      {"timeout", 30000},
                      {"retries", 3},
                      {"start_period", 0}}));
  EXPECT_EQ(canonical("healthcheck",
                      Map{{"test", List{"CMD", "probe", "-x"}},
                          {"interval", "5s"},
                          {"start_period", "2m"},
                          {"start_interval", "1s"}}),
            Value(Map{{"test", List{"CMD", "probe", "-x"}},
                      {"interval", 5000},
                      {"timeout", 30000},
                      {"retries", 3},
                      {"start_period", 120000},
                      {"start_interval", 1000}}));
}

TEST(Healthcheck, ThatIsTakenAwaySaysNothingElse) {
  const Value none(Map{{"test", List{"NONE"}}});
  EXPECT_EQ(canonical("healthcheck", Map{{"disable", true}}), none);
  EXPECT_EQ(canonical("healthcheck", Map{{"test", List{"NONE"}}}), none);
  EXPECT_EQ(canonical("healthcheck", Map{{"test", "NONE"}}), none);
  EXPECT_EQ(complaint("healthcheck", Map{{"disable", true}, {"interval", "5s"}}),
            "Conflicting attributes: `healthcheck` takes the check away, so `interval` has no "
            "meaning. Remove one of the two.");
  EXPECT_EQ(complaint("healthcheck", Map{{"disable", true}, {"test", "true"}}),
            "Conflicting attributes: `healthcheck` has a `test` and `disable: true`. Remove one of "
            "the two.");
}

TEST(Healthcheck, ThatDockerWouldNeverRunIsAnError) {
  EXPECT_EQ(complaint("healthcheck", Map{{"test", List{"curl", "localhost"}}}),
            "Invalid value: `healthcheck.test` must be a text, or a list that begins with CMD or "
            "CMD-SHELL or is [NONE]: Docker never runs any other.");
  EXPECT_EQ(complaint("healthcheck", Map{{"test", List{"CMD"}}}),
            "Invalid value: `healthcheck.test` begins with CMD, so a program and its arguments "
            "must follow.");
  EXPECT_EQ(complaint("healthcheck", Map{{"test", List{"CMD-SHELL", "a", "b"}}}),
            "Invalid value: `healthcheck.test` begins with CMD-SHELL, so one text for the shell "
            "must follow.");
}

TEST(Limits, HaveTheRangesOfDocker) {
  EXPECT_EQ(canonical("cpuset", "3,0-1,1,2,6"), Value("0-3,6"));
  EXPECT_EQ(canonical("cpuset_mems", 0), Value("0"));
  EXPECT_EQ(complaint("cpuset", "3-1"),
            "Invalid value: `cpuset` must be numbers and ranges such as 0-3,6, but it is "
            "\"3-1\".");
  EXPECT_EQ(complaint("cpu_shares", 1),
            "Value out of range: `cpu_shares` must be between 2 and 262144, but it is 1.");
  EXPECT_EQ(complaint("oom_score_adj", 1001),
            "Value out of range: `oom_score_adj` must be between -1000 and 1000, but it is 1001.");
  EXPECT_EQ(complaint("pids_limit", 0),
            "Value out of range: `pids_limit` must be at least 1, but it is 0.");
  EXPECT_EQ(complaint("memory_reservation", "1MiB"),
            "Value out of range: `memory_reservation` must be at least 6MiB, but it is 1MiB.");
  const Decoded both = decode(
      Kind::Container, {{"image", "a:1"}, {"memory", "64MiB"}, {"memory_reservation", "1GiB"}});
  EXPECT_THAT(both.messages(),
              ElementsAre("Conflicting attributes: `memory_reservation` cannot be more than "
                          "`memory`: 1GiB is more than 64MiB."));
}

TEST(Platform, HasASystemAndAnArchitecture) {
  EXPECT_EQ(canonical("platform", "linux/arm/v7"), Value("linux/arm/v7"));
  EXPECT_EQ(complaint("platform", "amd64"),
            "Invalid value: `platform` must be a platform such as linux/amd64 or linux/arm/v7, but "
            "it is \"amd64\". Did you mean `linux/amd64`?");
}

TEST(Sysctls, OfTheWholeHostAreErrors) {
  EXPECT_EQ(complaint("sysctls", Map{{"vm.swappiness", 5}}),
            "Setting of the whole host: A container has no vm.swappiness of its own: it holds for "
            "the whole kernel. Set it on the host, or remove it.");
  const Decoded shared = decode(
      Kind::Container,
      {{"image", "a:1"},
       {"network_mode", "host"},
       {"ipc", "host"},
       {"sysctls",
        Map{{"net.core.somaxconn", 512}, {"kernel.shmmax", 1024}, {"kernel.domainname", "a"}}}});
  EXPECT_THAT(shared.messages(),
              ElementsAre("Conflicting attributes: With `ipc: host` the container uses the host's "
                          "IPC namespace and may not change kernel.shmmax. Set it on the host, or "
                          "remove it.",
                          "Conflicting attributes: With `network_mode: host` the container uses "
                          "the host's network and may not change net.core.somaxconn. Set it on the "
                          "host, or remove it."));
}

TEST(Dns, HasDomainsAndOptions) {
  EXPECT_EQ(canonical("dns_search", List{"lab.example", "."}), Value(List{"lab.example", "."}));
  EXPECT_EQ(canonical("dns_options", List{"ndots:2"}), Value(List{"ndots:2"}));
  EXPECT_EQ(complaint("dns_search", List{"a b"}),
            "Invalid value: `dns_search[0]` must be a domain such as lab.example, but it is "
            "\"a b\".");
  EXPECT_EQ(complaint("dns_options", List{"nd ots"}),
            "Invalid value: `dns_options[0]` must be an option such as ndots:2, but it is "
            "\"nd ots\".");
}

TEST(Mounts, TakeTheOptionsOfTheirType) {
  EXPECT_EQ(
      canonical("mounts",
                List{Map{{"source", "/srv"},
                         {"target", "/a"},
                         {"propagation", "rslave"},
                         {"recursive", false}},
                     Map{{"source", "data"}, {"target", "/b"}, {"nocopy", true}, {"subpath", "x"}},
                     Map{{"type", "tmpfs"}, {"target", "/c"}, {"size", "1MiB"}, {"mode", "0750"}}}),
      Value(List{Map{{"type", "bind"},
                     {"source", "/srv"},
                     {"target", "/a"},
                     {"read_only", false},
                     {"propagation", "rslave"},
                     {"recursive", false}},
                 Map{{"type", "volume"},
                     {"source", "data"},
                     {"target", "/b"},
                     {"read_only", false},
                     {"nocopy", true},
                     {"subpath", "x"}},
                 Map{{"type", "tmpfs"}, {"target", "/c"}, {"size", 1048576}, {"mode", "750"}}}));
}

TEST(Mounts, LeaveOutWhatDockerDoesAnyway) {
  EXPECT_EQ(canonical("mounts",
                      List{Map{{"source", "/srv"},
                               {"target", "/a"},
                               {"recursive", true},
                               {"create_source", false}},
                           Map{{"source", "data"}, {"target", "/b"}, {"nocopy", false}}}),
            canonical("mounts", List{"/srv:/a", "data:/b"}));
}

TEST(Mounts, RefuseTheOptionsOfOtherTypes) {
  const auto of = [](Map mount) {
    mount.emplace("target", "/x");
    return complaint("mounts", List{std::move(mount)});
  };
  EXPECT_EQ(of({{"source", "data"}, {"propagation", "private"}}),
            "Invalid mount: `mounts[0]` has `propagation`, which only a bind mount can have.");
  EXPECT_EQ(of({{"source", "/srv"}, {"nocopy", true}}),
            "Invalid mount: `mounts[0]` has `nocopy`, which only a volume can have.");
  EXPECT_EQ(of({{"source", "/srv"}, {"mode", "755"}}),
            "Invalid mount: `mounts[0]` has `mode`, which only a tmpfs can have.");
  EXPECT_EQ(of({{"source", "data"}, {"subpath", "../up"}}),
            "Invalid mount: `mounts[0]` has the subpath \"../up\", which must be relative and stay "
            "inside the volume.");
  EXPECT_EQ(of({{"type", "tmpfs"}, {"mode", "0"}}),
            "Invalid value: `mounts[0].mode` must be octal permissions such as 1777 or 0750, and "
            "not 0, but it is \"0\".");
}

TEST(Text, OfLongFormsIsTakenAsItWasWritten) {
  EXPECT_TRUE(takes_text(Kind::Container, {"mounts", std::size_t{0}, "mode"}));
  EXPECT_FALSE(takes_text(Kind::Container, {"mounts", std::size_t{0}, "size"}));
  EXPECT_TRUE(takes_text(Kind::Container, {"networks", "side", "aliases", std::size_t{0}}));
  EXPECT_TRUE(takes_text(Kind::Container, {"healthcheck", "test"}));
  EXPECT_TRUE(takes_text(Kind::Container, {"healthcheck", "test", std::size_t{1}}));
  EXPECT_TRUE(takes_text(Kind::Container, {"gpus", "ids", std::size_t{0}}));
  EXPECT_TRUE(takes_text(Kind::Network, {"ipam", "pools", std::size_t{0}, "subnet"}));
  EXPECT_FALSE(takes_text(Kind::Container, {"ulimits", "nofile"}));
}

}  // namespace
}  // namespace aim::planner
