#include "providers/docker/ssh_host.hpp"

#include <gtest/gtest.h>

#include "providers/docker/docker_host.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using core::make_error;
using Words = std::vector<std::string>;

Words command(const std::string& uri) {
  const auto endpoint = parse_docker_host(uri);
  EXPECT_TRUE(endpoint) << core::to_string(endpoint.error());
  return endpoint ? endpoint->command : Words{};
}

std::string fault(const std::string& uri) {
  const auto endpoint = parse_docker_host(uri);
  EXPECT_FALSE(endpoint) << uri;
  return endpoint ? "" : endpoint.error().message;
}

TEST(SshHost, RunsDockersOwnRelayAtTheOtherEnd) {
  EXPECT_EQ(
      command("ssh://far"),
      (Words{
          "ssh", "-o", "ConnectTimeout=30", "-T", "--", "far", "docker", "system", "dial-stdio"}));
  EXPECT_EQ(command("ssh://far/"), command("ssh://far"));
  EXPECT_EQ(command("ssh://root@far:2222/run/user/1000/docker.sock"),
            (Words{"ssh",
                   "-o",
                   "ConnectTimeout=30",
                   "-T",
                   "-l",
                   "root",
                   "-p",
                   "2222",
                   "--",
                   "far",
                   "docker",
                   "--host=unix:///run/user/1000/docker.sock",
                   "system",
                   "dial-stdio"}));
  EXPECT_EQ(command("ssh://[fd00::1]:22").at(7), "fd00::1");
}

TEST(SshHost, IsCalledByItsAddress) {
  const auto endpoint = parse_docker_host("ssh://root@far:2222/d.sock");
  ASSERT_TRUE(endpoint);
  EXPECT_EQ(to_string(*endpoint), "ssh://root@far:2222/d.sock");
  EXPECT_EQ(endpoint->host, "far");
}

TEST(SshHost, DecodesAndQuotesForTheShellAtTheOtherEnd) {
  EXPECT_EQ(command("ssh://user%40corp@far").at(5), "user@corp");
  EXPECT_EQ(command("ssh://far/a%20b;'c").at(7), "'--host=unix:///a b;'\\''c'");
}

TEST(SshTunnel, LeadsToAPortOfThatMachine) {
  const auto engine = parse_docker_host("ssh://root@far:2222/d.sock");
  ASSERT_TRUE(engine);
  const HttpEndpoint tunnel = ssh_tunnel(*engine, "::1", 8000);
  EXPECT_EQ(tunnel.command,
            (Words{"ssh",
                   "-o",
                   "ConnectTimeout=30",
                   "-T",
                   "-l",
                   "root",
                   "-p",
                   "2222",
                   "-W",
                   "[::1]:8000",
                   "--",
                   "far"}));
  EXPECT_EQ(to_string(tunnel), "[::1]:8000 through ssh://root@far:2222/d.sock");
}

TEST(SshHost, TakesNoPassword) {
  const auto endpoint = parse_docker_host("ssh://root:hunter2@far");
  ASSERT_FALSE(endpoint);
  EXPECT_EQ(endpoint.error(),
            make_error(ErrorCode::Invalid,
                       "the Docker host at far holds a password: ssh takes none from an address; "
                       "use a key, or an ssh agent"));
}

TEST(SshHost, SaysWhatIsWrong) {
  EXPECT_EQ(fault("ssh://far?x=1"),
            "Docker host \"ssh://far?x=1\": a query (?) or a fragment (#) means nothing to ssh");
  EXPECT_EQ(fault("ssh://far#x"),
            "Docker host \"ssh://far#x\": a query (?) or a fragment (#) means nothing to ssh");
  for (const std::string uri :
       {"ssh://", "ssh://root@", "ssh:///d.sock", "ssh://-oProxyCommand=x"}) {
    EXPECT_EQ(fault(uri),
              "Docker host \"" + uri + "\": write ssh://USER@HOST, with the name of a host");
  }
  for (const std::string uri :
       {"ssh://far:", "ssh://far:x", "ssh://far:0", "ssh://[::1", "ssh://a:1:2"}) {
    EXPECT_EQ(fault(uri), "Docker host \"" + uri + "\": the port is not a number from 1 to 65535");
  }
  for (const std::string uri : {"ssh://@far", "ssh://%zz@far"}) {
    EXPECT_EQ(fault(uri), "Docker host \"" + uri + "\": there is no proper user name before the @");
  }
  EXPECT_EQ(fault("ssh://far/50%"),
            "Docker host \"ssh://far/50%\": a percent sign in a path is written %25");
}

}  // namespace
}  // namespace aim::providers
