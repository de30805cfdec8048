#include "providers/http/http_client.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <thread>

#include "tests/unit/providers/test_server.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::answering;
using test::Peer;
using test::plain_answer;
using test::TestServer;

// Long enough for any machine; no test waits for it.
constexpr seconds kPatient{30};
// For tests that a deadline must end.
constexpr milliseconds kShort{30};

HttpRequest get(std::string target) { return {"GET", std::move(target), {}, {}}; }

HttpRequest post(std::string target, std::string body = {}) {
  return {"POST", std::move(target), {}, std::move(body)};
}

core::Result<HttpResponse> send(HttpClient& client, const HttpRequest& request) {
  return client.send(request, kPatient, {});
}

TEST(HttpClient, EndsAtItsDeadline) {
  const TestServer server([](Peer& peer) { peer.await_hang_up(); });
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = client.send(get("/"), kShort, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Timeout);
  EXPECT_EQ(response.error().message,
            "no answer from " + to_string(server.endpoint()) + " within 0.03 s");
}

TEST(HttpClient, CountsTheWholeAnswerIntoTheDeadline) {
  const TestServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf");
    peer.await_hang_up();
  });
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = client.send(get("/"), kShort, {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Timeout);
}

TEST(HttpClient, DoesNotKeepAConnectionThatTimedOut) {
  const TestServer server([](Peer& peer) {
    if (peer.number() == 1) {
      peer.await_hang_up();
    } else if (peer.read_request()) {
      peer.write(plain_answer("fresh"));
      peer.await_hang_up();
    }
  });
  HttpClient client(server.endpoint());
  EXPECT_FALSE(client.send(get("/"), kShort, {}));
  EXPECT_EQ(send(client, get("/"))->body, "fresh");
}

TEST(HttpClient, EndsWhenAStopIsRequested) {
  std::stop_source stop;
  const TestServer server([&](Peer& peer) {
    (void)peer.read_request();
    stop.request_stop();
    peer.await_hang_up();
  });
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = client.send(get("/"), kPatient, stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Cancelled);
}

TEST(HttpClient, DoesNotBeginAfterAStop) {
  const TestServer server(answering({plain_answer("x")}));
  HttpClient client(server.endpoint());
  std::stop_source stop;
  stop.request_stop();
  const core::Result<HttpResponse> response = client.send(get("/"), kPatient, stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Cancelled);
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpClient, KeepsServingAfterAStopOfAnother) {
  std::stop_source stop;
  const TestServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (request->starts_with("GET /slow")) {
        stop.request_stop();
        peer.await_hang_up();
        return;
      }
      peer.write(plain_answer("ok"));
    }
  });
  HttpClient client(server.endpoint());
  ASSERT_TRUE(client.send(get("/quick"), kPatient, stop.get_token()));
  EXPECT_FALSE(client.send(get("/slow"), kPatient, stop.get_token()));
  EXPECT_EQ(send(client, get("/quick"))->body, "ok");
}

TEST(HttpClientStream, HandsTheBodyOverAsItComes) {
  // The second piece is sent only after the first was seen.
  std::latch seen(1);
  const TestServer server([&](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\none\r\n");
    seen.wait();
    peer.write("3\r\ntwo\r\n0\r\n\r\n");
    peer.await_hang_up();
  });
  HttpClient client(server.endpoint());
  std::string body;
  const BodySink sink = [&](std::string_view bytes) {
    if (body.empty()) {
      seen.count_down();
    }
    body += bytes;
    return true;
  };
  const core::Result<HttpResponse> response = client.stream(get("/"), sink, kPatient, {});
  ASSERT_TRUE(response) << core::to_string(response.error());
  EXPECT_EQ(body, "onetwo");
  EXPECT_EQ(response->body, "");
}

TEST(HttpClientStream, KeepsTheBodyOfAnError) {
  const TestServer server(answering({"HTTP/1.1 404 Not Found\r\nContent-Length: 4\r\n\r\nnope"}));
  HttpClient client(server.endpoint());
  bool fed = false;
  const core::Result<HttpResponse> response = client.stream(get("/"),
                                                            [&](std::string_view) {
                                                              fed = true;
                                                              return true;
                                                            },
                                                            kPatient,
                                                            {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 404);
  EXPECT_EQ(response->body, "nope");
  EXPECT_FALSE(fed);
}

TEST(HttpClientStream, EndsWhenTheSinkHasEnough) {
  const TestServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\n\r\nfirst");
    peer.await_hang_up();
  });
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response =
      client.stream(get("/"), [](std::string_view) { return false; }, milliseconds(0), {});
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 200);
}

TEST(HttpClientStream, EndsAfterSilence) {
  const TestServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\n\r\nfirst");
    peer.await_hang_up();
  });
  HttpClient client(server.endpoint());
  std::string body;
  const core::Result<HttpResponse> response = client.stream(get("/"),
                                                            [&](std::string_view bytes) {
                                                              body += bytes;
                                                              return true;
                                                            },
                                                            kShort,
                                                            {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Timeout);
  EXPECT_EQ(response.error().message, to_string(server.endpoint()) + " was silent for 0.03 s");
  EXPECT_EQ(body, "first");
}

TEST(HttpClientStream, EndsAtOnceWhenAStopIsRequestedInALongSilence) {
  std::stop_source stop;
  const TestServer server([&](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\n\r\n");
    stop.request_stop();
    peer.await_hang_up();
  });
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = client.stream(
      post("/wait"), [](std::string_view) { return true; }, milliseconds(0), stop.get_token());
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Cancelled);
}

TEST(HttpClientStream, NoticesACutBody) {
  const TestServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nline\r\n");
  });
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response =
      client.stream(get("/"), [](std::string_view) { return true; }, milliseconds(0), {});
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unreachable);
}

TEST(TryConnect, FindsAListener) {
  const TestServer server([](Peer& peer) { peer.await_hang_up(); }, TestServer::Kind::Tcp);
  EXPECT_TRUE(try_connect(server.endpoint(), milliseconds(0), kPatient, {}));
  EXPECT_TRUE(try_connect(server.endpoint(), milliseconds(20), kPatient, {}));
}

TEST(TryConnect, TakesAGreetingForALife) {
  const TestServer server(
      [](Peer& peer) {
        peer.write("220 hello\r\n");
        peer.await_hang_up();
      },
      TestServer::Kind::Tcp);
  EXPECT_TRUE(try_connect(server.endpoint(), kPatient, kPatient, {}));
}

TEST(TryConnect, SeesThroughAProxyWithNobodyBehindIt) {
  const TestServer server([](Peer&) {}, TestServer::Kind::Tcp);
  const core::Result<void> connected = try_connect(server.endpoint(), kPatient, kPatient, {});
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::Unreachable);
  EXPECT_EQ(
      connected.error().message,
      "cannot connect to " + to_string(server.endpoint()) + ": the connection was closed at once");
}

TEST(TryConnect, EndsWhenAStopIsRequested) {
  std::stop_source stop;
  const TestServer server(
      [&](Peer& peer) {
        stop.request_stop();
        peer.await_hang_up();
      },
      TestServer::Kind::Tcp);
  const core::Result<void> connected =
      try_connect(server.endpoint(), kPatient, kPatient, stop.get_token());
  ASSERT_FALSE(connected);
  EXPECT_EQ(connected.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace aim::providers
