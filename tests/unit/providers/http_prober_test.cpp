#include "providers/health/http_prober.hpp"

#include <gtest/gtest.h>

#include <functional>

#include "tests/unit/providers/test_server.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using core::make_error;
using core::ProbeAnswer;
using core::ProbeRequest;
using core::ProbeTarget;
using core::Result;
using std::chrono::milliseconds;
using test::answering;
using test::Peer;
using test::plain_answer;
using test::TestServer;

constexpr milliseconds kPatient{30'000};

/// Goes on by 250 ms each time it is looked at.
class SteppingClock : public core::Clock {
 public:
  core::Utc utc_now() override { return {}; }

  core::Steady steady_now() override { return now_ += milliseconds(250); }

  bool wait_for(milliseconds, std::stop_token) override { return true; }

 private:
  core::Steady now_{};
};

ProbeTarget published_at(const TestServer& server, const std::string& host_ip = "127.0.0.1") {
  ProbeTarget target;
  target.container_id = "x";
  target.container_port = 8000;
  target.published = core::PublishedPort{host_ip, server.endpoint().port, 8000, "tcp"};
  return target;
}

ProbeRequest request_of(std::string path) {
  ProbeRequest request;
  request.path = std::move(path);
  request.timeout = kPatient;
  return request;
}

TEST(PublishedRoute, AsksThePublishedPort) {
  SteppingClock clock;
  TestServer* self = nullptr;
  TestServer server(
      [&](Peer& peer) {
        self->record(peer.read_request().value_or(""));
        peer.write("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 7\r\n\r\nloading");
      },
      TestServer::Kind::Tcp);
  self = &server;
  PublishedRoute route(clock);
  ProbeRequest request = request_of("/v1/completions");
  request.method = "POST";
  request.body = "{}";
  request.bearer = core::Secret("geheim");
  const Result<ProbeAnswer> answer = route.http(published_at(server), request, {});
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_EQ(answer->status, 503);
  EXPECT_EQ(answer->body, "loading");
  EXPECT_EQ(answer->latency, milliseconds(250));
  EXPECT_EQ(server.requests().front(),
            "POST /v1/completions HTTP/1.1\r\nHost: " + to_string(server.endpoint()) +
                "\r\nUser-Agent: aim\r\nAuthorization: Bearer geheim\r\nConnection: close\r\n"
                "Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}");
}

TEST(PublishedRoute, ReachesEveryInterfaceByLoopback) {
  SteppingClock clock;
  const TestServer server(answering({plain_answer("ok")}), TestServer::Kind::Tcp);
  PublishedRoute route(clock);
  for (const char* any : {"", "0.0.0.0"}) {
    const Result<ProbeAnswer> answer = route.http(published_at(server, any), request_of("/"), {});
    ASSERT_TRUE(answer) << core::to_string(answer.error());
    EXPECT_EQ(answer->status, 200);
  }
}

TEST(PublishedRoute, ReachesAnotherHostByItsName) {
  SteppingClock clock;
  const TestServer server(answering({plain_answer("ok")}), TestServer::Kind::Tcp);
  PublishedRoute route(clock, "localhost");
  EXPECT_TRUE(route.http(published_at(server, "0.0.0.0"), request_of("/"), {}));
}

TEST(PublishedRoute, DoesNotLeadToTheLoopbackOfAnotherHost) {
  SteppingClock clock;
  const TestServer server(answering({plain_answer("wrong host")}), TestServer::Kind::Tcp);
  PublishedRoute route(clock, "gpu1");
  const Result<ProbeAnswer> answer = route.http(published_at(server), request_of("/"), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(
      answer.error(),
      make_error(ErrorCode::Unsupported, "port 8000 is published on 127.0.0.1 of another host"));
}

TEST(PublishedRoute, DoesNotLeadToAPortThatIsNotPublished) {
  SteppingClock clock;
  PublishedRoute route(clock);
  ProbeTarget target;
  target.container_port = 8000;
  EXPECT_EQ(route.http(target, request_of("/"), {}).error(),
            make_error(ErrorCode::Unsupported, "port 8000 is not published"));
  EXPECT_EQ(route.tcp(target, kPatient, {}).error().code, ErrorCode::Unsupported);
}

TEST(PublishedRoute, CutsLongBodies) {
  SteppingClock clock;
  const TestServer server(answering({plain_answer(std::string(3UL * 1024 * 1024, 'x'))}),
                          TestServer::Kind::Tcp);
  PublishedRoute route(clock);
  const Result<ProbeAnswer> answer = route.http(published_at(server), request_of("/"), {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body.size(), 1024U * 1024);
}

TEST(PublishedRoute, EndsAtTheTimeoutOfTheProbe) {
  SteppingClock clock;
  const TestServer server([](Peer& peer) { peer.await_hang_up(); }, TestServer::Kind::Tcp);
  PublishedRoute route(clock);
  ProbeRequest request = request_of("/");
  request.timeout = milliseconds(30);
  const Result<ProbeAnswer> answer = route.http(published_at(server), request, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
}

TEST(PublishedRoute, SeesThroughAProxyWithNobodyBehindIt) {
  SteppingClock clock;
  const TestServer server([](Peer&) {}, TestServer::Kind::Tcp);
  PublishedRoute route(clock);
  const Result<void> open = route.tcp(published_at(server), kPatient, {});
  ASSERT_FALSE(open);
  EXPECT_EQ(open.error().code, ErrorCode::Unreachable);
}

/// A tunnel whose program is the shell.
Tunnel shell_tunnel(std::string script, std::string& asked) {
  return [script = std::move(script), &asked](const std::string& host, std::uint16_t port) {
    asked = host + " " + std::to_string(port);
    HttpEndpoint endpoint;
    endpoint.scheme = HttpEndpoint::Scheme::Program;
    endpoint.path = "the tunnel";
    endpoint.command = {"sh", "-c", script};
    return endpoint;
  };
}

TEST(PublishedRoute, LeadsToTheLoopbackOfAnotherHostThroughATunnel) {
  SteppingClock clock;
  std::string asked;
  ProbeTarget target;
  target.published = core::PublishedPort{"0.0.0.0", 8000, 8000, "tcp"};
  PublishedRoute route(
      clock,
      {},
      shell_tunnel("read -r line; printf 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'", asked));
  const Result<ProbeAnswer> answer = route.http(target, request_of("/health"), {});
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_EQ(answer->body, "ok");
  EXPECT_EQ(asked, "127.0.0.1 8000");
}

TEST(PublishedRoute, SeesThatATunnelLeadsToNobody) {
  SteppingClock clock;
  std::string asked;
  ProbeTarget target;
  target.container_address = "172.18.0.2";
  target.container_port = 80;
  ContainerAddressRoute route(
      clock, shell_tunnel("echo 'open failed: connect failed' >&2; exit 255", asked));
  EXPECT_EQ(route.tcp(target, kPatient, {}).error(),
            make_error(ErrorCode::Unreachable,
                       "cannot connect to the tunnel: open failed: connect failed (sh exited with "
                       "255)"));
  EXPECT_EQ(asked, "172.18.0.2 80");
}

TEST(ContainerAddressRoute, AsksTheContainersOwnAddress) {
  SteppingClock clock;
  const TestServer server(answering({plain_answer("ok")}), TestServer::Kind::Tcp);
  ContainerAddressRoute route(clock);
  ProbeTarget target;
  target.container_address = "127.0.0.1";
  target.container_port = server.endpoint().port;
  const Result<ProbeAnswer> answer = route.http(target, request_of("/"), {});
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_EQ(answer->body, "ok");
  EXPECT_TRUE(route.tcp(target, kPatient, {}));
}

TEST(ContainerAddressRoute, DoesNotLeadToAContainerWithoutOne) {
  SteppingClock clock;
  ContainerAddressRoute route(clock);
  EXPECT_EQ(route.http({}, request_of("/"), {}).error(),
            make_error(ErrorCode::Unsupported, "the container has no address of its own"));
}

/// Answers as it was told.
class FixedRoute : public core::ProbeRoute {
 public:
  FixedRoute(std::string name, Result<ProbeAnswer> answer, int* asked = nullptr)
      : name_(std::move(name)), answer_(std::move(answer)), asked_(asked) {}

  [[nodiscard]] std::string name() const override { return name_; }

  Result<ProbeAnswer> http(const ProbeTarget&, const ProbeRequest&, std::stop_token) override {
    count();
    return answer_;
  }

  Result<void> tcp(const ProbeTarget&, milliseconds, std::stop_token) override {
    count();
    return answer_ ? Result<void>() : answer_.error();
  }

 private:
  void count() {
    if (asked_ != nullptr) {
      ++*asked_;
    }
  }

  std::string name_;
  Result<ProbeAnswer> answer_;
  int* asked_;
};

RoutedProber prober_of(Result<ProbeAnswer> first,
                       Result<ProbeAnswer> second,
                       int* second_asked = nullptr) {
  std::vector<std::unique_ptr<core::ProbeRoute>> routes;
  routes.push_back(std::make_unique<FixedRoute>("first way", std::move(first)));
  routes.push_back(std::make_unique<FixedRoute>("second way", std::move(second), second_asked));
  return RoutedProber(std::move(routes));
}

core::Error no_way(const char* why) { return make_error(ErrorCode::Unsupported, why); }

TEST(RoutedProber, PassesOverWaysThatDoNotLeadThere) {
  RoutedProber prober = prober_of(no_way("no port"), ProbeAnswer{204, "", milliseconds(1)});
  const Result<ProbeAnswer> answer = prober.http({}, {}, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 204);
  EXPECT_TRUE(prober.tcp({}, kPatient, {}));
}

TEST(RoutedProber, GoesByTheFirstWayThatLeadsThere) {
  int second_asked = 0;
  RoutedProber prober = prober_of(make_error(ErrorCode::Unreachable, "refused"),
                                  ProbeAnswer{200, "", milliseconds(1)},
                                  &second_asked);
  const Result<ProbeAnswer> answer = prober.http({}, {}, {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(core::to_string(answer.error()), "refused, by the first way");
  EXPECT_EQ(answer.error().code, ErrorCode::Unreachable);
  EXPECT_EQ(second_asked, 0);
}

TEST(RoutedProber, SaysWhyNoWayLeadsThere) {
  RoutedProber prober = prober_of(no_way("no port"), no_way("no address"));
  EXPECT_EQ(prober.http({}, {}, {}).error(),
            no_way("no way leads to it (first way: no port; second way: no address)"));
  EXPECT_EQ(RoutedProber({}).tcp({}, kPatient, {}).error(), no_way("there is no way to reach it"));
}

TEST(RoutedProber, EndsWithAStop) {
  int second_asked = 0;
  RoutedProber prober = prober_of(make_error(ErrorCode::Cancelled, "stopped"),
                                  ProbeAnswer{200, "", milliseconds(1)},
                                  &second_asked);
  EXPECT_EQ(prober.http({}, {}, {}).error(), make_error(ErrorCode::Cancelled, "stopped"));
  EXPECT_EQ(second_asked, 0);
}

}  // namespace
}  // namespace aim::providers
