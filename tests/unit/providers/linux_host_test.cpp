#include "providers/host/linux_host.hpp"

#include <arpa/inet.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <cstring>
#include <fstream>

namespace aim::providers {
namespace {

namespace fs = std::filesystem;
using core::HostPort;
using core::HostRoute;
using core::PathKind;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

// As Linux 6 on x86-64 writes them.
constexpr std::string_view kTcp =
    "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
    "inode\n"
    "   0: 0100007F:1F90 00000000:0000 0A 00000000:00000000 00:00000000 00000000  1000        0 "
    "111 1 00000000e7635b82 100 0 0 10 0\n"
    "   1: 0100007F:A992 0100007F:1F90 06 00000000:00000000 03:0000173A 00000000     0        0 0 "
    "3 0000000086aea69e\n";
constexpr std::string_view kTcp6 =
    "  sl  local_address                         remote_address                        st\n"
    "   0: 00000000000000000000000000000000:0050 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000    33        0 222 1 0000000000000000 100 0 0 10 0\n"
    "   1: 0000000000000000FFFF00000100007F:0051 00000000000000000000000000000000:0000 0A "
    "00000000:00000000 00:00000000 00000000    33        0 223 1 0000000000000000 100 0 0 10 0\n";

TEST(ProcNet, ReadsSocketsThatListen) {
  EXPECT_THAT(parse_sockets(kTcp, "tcp"), ElementsAre(SocketRow{"127.0.0.1", 8080, 1000, 111}));
  EXPECT_THAT(parse_sockets(kTcp6, "tcp"),
              ElementsAre(SocketRow{"::", 80, 33, 222}, SocketRow{"127.0.0.1", 81, 33, 223}));
}

TEST(ProcNet, ADatagramSocketHoldsItsPortInAnyState) {
  EXPECT_EQ(parse_sockets(kTcp, "udp").size(), 2U);
}

TEST(ProcNet, PassesOverWhatItCannotRead) {
  EXPECT_THAT(parse_sockets("", "tcp"), IsEmpty());
  EXPECT_THAT(parse_sockets(
                  "a b c\n0: X:1 Y:2 0A 0 0 0 u 0 i\n\n0: 0100007F:99999 x 0A 0 0 0 1 0 1", "tcp"),
              IsEmpty());
}

TEST(ProcNet, ReadsRoutesWithoutTheDefaultOnes) {
  EXPECT_THAT(
      parse_ipv4_routes("Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\n"
                        "eth0\t00000000\t0102A8C0\t0003\t0\t0\t0\t00000000\t0\t0\t0\n"
                        "tun0\t0001080A\t00000000\t0001\t0\t0\t0\t00FFFFFF\t0\t0\t0\n"),
      ElementsAre(HostRoute{"10.8.1.0/24", "tun0"}));
  EXPECT_THAT(parse_ipv6_routes(
                  "fd000000000000000000000000000000 40 00000000000000000000000000000000 00 "
                  "00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0\n"
                  "fe800000000000000000000000000000 40 00000000000000000000000000000000 00 "
                  "00000000000000000000000000000000 00000100 00000001 00000000 00000001 eth0\n"
                  "00000000000000000000000000000000 00 00000000000000000000000000000000 00 "
                  "00000000000000000000000000000000 ffffffff 00000001 00000000 00200200 lo\n"),
              ElementsAre(HostRoute{"fd00::/64", "eth0"}));
}

TEST(ProcNet, FindsTheContainerOfAControlGroup) {
  const std::string id(64, 'a');
  EXPECT_EQ(container_of_cgroup("12:pids:/docker/" + id + "\n0::/\n"), id);
  EXPECT_EQ(container_of_cgroup("0::/system.slice/docker-" + id + ".scope\n"), id);
  EXPECT_EQ(container_of_cgroup("0::/user.slice/user-1000.slice\n"), "");
}

core::HostQuestions about_ports(std::set<HostPort> ports) {
  core::HostQuestions questions;
  questions.ports = std::move(ports);
  return questions;
}

core::HostQuestions about_paths(std::set<std::string> paths) {
  core::HostQuestions questions;
  questions.paths = std::move(paths);
  return questions;
}

core::HostQuestions about_disk(const fs::path& folder) {
  core::HostQuestions questions;
  questions.volume = folder.string();
  return questions;
}

/// A folder that stands for the root of a host.
class LinuxHostTest : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = (fs::temp_directory_path() / "aim-host-XXXXXX").string();
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    utsname own{};
    uname(&own);
    info_.name = own.nodename;
    info_.kernel_version = own.release;
    info_.data_root = root_.string();
  }

  void TearDown() override { fs::remove_all(root_); }

  void write(const std::string& name, std::string_view text) const {
    fs::create_directories((root_ / name).parent_path());
    std::ofstream(root_ / name) << text;
  }

  [[nodiscard]] core::HostFacts look(const core::HostQuestions& questions) const {
    return LinuxHost(local_, root_).look(info_, questions);
  }

  fs::path root_;
  core::EngineInfo info_;
  HttpEndpoint local_{HttpEndpoint::Scheme::Tcp, {}, "127.0.0.1", 2375};
};

TEST_F(LinuxHostTest, FindsTheProgramBehindASocket) {
  const std::string id(64, 'c');
  write("proc/net/tcp", kTcp);
  write("proc/4242/comm", "llama-server\n");
  write("proc/4242/cgroup", "0::/docker/" + id + "\n");
  fs::create_directories(root_ / "proc/4242/fd");
  fs::create_symlink("socket:[111]", root_ / "proc/4242/fd/3");
  fs::create_symlink("/dev/null", root_ / "proc/4242/fd/0");
  const core::HostFacts facts = look(about_ports({{"tcp", 8080}, {"udp", 8080}}));
  EXPECT_TRUE(facts.here) << facts.why_not;
  ASSERT_EQ(facts.sockets.size(), 1U);
  const core::HostSocket& socket = facts.sockets.front();
  EXPECT_EQ(socket.port, (HostPort{"tcp", 8080}));
  EXPECT_EQ(socket.address, "127.0.0.1");
  EXPECT_EQ(socket.program, "llama-server");
  EXPECT_EQ(socket.pid, 4242);
  EXPECT_EQ(socket.container, id);
  EXPECT_THAT(look(about_ports({{"tcp", 81}})).sockets, IsEmpty());
}

TEST_F(LinuxHostTest, TellsWhatPathsAre) {
  write("file", "");
  const std::string file = (root_ / "file").string();
  const core::HostFacts facts =
      look(about_paths({file, root_.string(), "/dev/null", file + "/below", "/no/such/path"}));
  EXPECT_EQ(facts.paths.at(file), PathKind::File);
  EXPECT_EQ(facts.paths.at(root_.string()), PathKind::Folder);
  EXPECT_EQ(facts.paths.at("/dev/null"), PathKind::Device);
  EXPECT_EQ(facts.paths.at(file + "/below"), PathKind::Missing);
  EXPECT_EQ(facts.paths.at("/no/such/path"), PathKind::Missing);
}

TEST_F(LinuxHostTest, MeasuresTheDiskOfTheNearestFolder) {
  const auto space = look(about_disk(root_ / "not/there")).space;
  ASSERT_TRUE(space);
  EXPECT_EQ(space->total_bytes, look(about_disk(root_)).space->total_bytes);
  EXPECT_GT(space->total_bytes, 0U);
}

TEST_F(LinuxHostTest, KnowsItsOwnAddresses) {
  // 203.0.113.0/24 is set aside for documents, RFC 5737.
  core::HostQuestions questions;
  questions.addresses = {"127.0.0.9", "203.0.113.9", "::1"};
  EXPECT_THAT(look(questions).missing_addresses, ElementsAre("203.0.113.9"));
}

TEST_F(LinuxHostTest, AnEngineOfAnotherNameKernelOrDiskIsElsewhere) {
  const auto why = [&](const core::EngineInfo& info) {
    const core::HostFacts facts = LinuxHost(local_, root_).look(info, about_paths({"/dev/null"}));
    EXPECT_FALSE(facts.here);
    EXPECT_THAT(facts.paths, IsEmpty());
    return facts.why_not;
  };
  core::EngineInfo other = info_;
  other.name = "gpu7";
  EXPECT_EQ(why(other), "its host is called \"gpu7\" and this one \"" + info_.name + "\"");
  other = info_;
  other.kernel_version = "5.4.0";
  EXPECT_EQ(why(other), "its kernel is 5.4.0 and the one here is " + info_.kernel_version);
  other = info_;
  other.data_root = "/no/such/folder";
  EXPECT_EQ(why(other), "its data folder /no/such/folder does not exist here");
  other = info_;
  other.rootless = true;
  EXPECT_EQ(why(other), "it is rootless and sees the host from namespaces of its own");
}

TEST_F(LinuxHostTest, AnAddressOfAnotherHostIsElsewhere) {
  LinuxHost host({HttpEndpoint::Scheme::Tcp, {}, "203.0.113.9", 2375}, root_);
  EXPECT_EQ(host.look(info_, {}).why_not,
            "it is reached at 203.0.113.9, which is no address of this host");
}

/// A socket that listens in this very process.
class Listener {
 public:
  Listener(int family, int only_v6) : socket_(socket(family, SOCK_STREAM, 0)) {
    if (family == AF_INET6) {
      setsockopt(socket_, IPPROTO_IPV6, IPV6_V6ONLY, &only_v6, sizeof only_v6);
    }
    sockaddr_storage where{};
    where.ss_family = static_cast<sa_family_t>(family);
    socklen_t size = family == AF_INET ? sizeof(sockaddr_in) : sizeof(sockaddr_in6);
    void* generic = &where;
    EXPECT_EQ(bind(socket_, static_cast<const sockaddr*>(generic), size), 0);
    EXPECT_EQ(listen(socket_, 1), 0);
    size = sizeof where;
    EXPECT_EQ(getsockname(socket_, static_cast<sockaddr*>(generic), &size), 0);
    sockaddr_in6 seen{};
    std::memcpy(&seen, &where, sizeof seen);
    port = ntohs(seen.sin6_port);  // at the same place in both families
  }

  ~Listener() { close(socket_); }

  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  std::uint16_t port = 0;

 private:
  int socket_;
};

core::HostFacts look_here(const core::EngineInfo& info, std::uint16_t port) {
  LinuxHost host({HttpEndpoint::Scheme::Tcp, {}, "127.0.0.1", 2375});
  return host.look(info, about_ports({{"tcp", port}}));
}

TEST_F(LinuxHostTest, SeesThisProcessListen) {
  const Listener listener(AF_INET, 0);
  const core::HostFacts facts = look_here(info_, listener.port);
  ASSERT_EQ(facts.sockets.size(), 1U);
  EXPECT_EQ(facts.sockets.front().address, "0.0.0.0");
  EXPECT_EQ(facts.sockets.front().pid, getpid());
  EXPECT_EQ(facts.sockets.front().program, "providers_test");
}

TEST_F(LinuxHostTest, TellsAWildcardOfIpv6FromOneOfBoth) {
  const Listener both(AF_INET6, 0);
  const Listener only_v6(AF_INET6, 1);
  ASSERT_EQ(look_here(info_, both.port).sockets.size(), 1U);
  EXPECT_TRUE(look_here(info_, both.port).sockets.front().also_ipv4);
  EXPECT_FALSE(look_here(info_, only_v6.port).sockets.front().also_ipv4);
}

}  // namespace
}  // namespace aim::providers
