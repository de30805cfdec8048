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

TEST(HttpClient, ReadsAnAnswerOverAUnixSocket) {
  const TestServer server(
      answering({"HTTP/1.1 201 Created\r\nApi-Version: 1.41\r\nX-Two: a\r\n"
                 "x-two: b\r\nContent-Length: 5\r\n\r\nhello"}));
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_TRUE(response) << core::to_string(response.error());
  EXPECT_EQ(response->status, 201);
  EXPECT_EQ(response->body, "hello");
  EXPECT_EQ(response->headers.at("api-version"), "1.41");
  EXPECT_EQ(response->headers.at("x-two"), "a, b");
}

TEST(HttpClient, WritesAProperHead) {
  TestServer* self = nullptr;
  TestServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      self->record(*request);
      peer.write(plain_answer(""));
    }
  });
  self = &server;
  HttpClient client(server.endpoint());
  HttpRequest upload = post("/v1.41/x?a=b", "abc");
  upload.headers.emplace("Authorization", "Bearer t");
  ASSERT_TRUE(send(client, upload));
  ASSERT_TRUE(send(client, post("/start")));
  ASSERT_TRUE(send(client, get("/list")));
  EXPECT_EQ(
      server.requests(),
      (std::vector<std::string>{"POST /v1.41/x?a=b HTTP/1.1\r\nHost: docker\r\nUser-Agent: aim\r\n"
                                "Authorization: Bearer t\r\nContent-Type: application/json\r\n"
                                "Content-Length: 3\r\n\r\nabc",
                                "POST /start HTTP/1.1\r\nHost: docker\r\nUser-Agent: aim\r\n"
                                "Content-Length: 0\r\n\r\n",
                                "GET /list HTTP/1.1\r\nHost: docker\r\nUser-Agent: aim\r\n\r\n"}));
}

TEST(HttpClient, NamesTheHostOverTcp) {
  TestServer* self = nullptr;
  TestServer server(
      [&](Peer& peer) {
        self->record(peer.read_request().value_or(""));
        peer.write(plain_answer("ok"));
        peer.await_hang_up();
      },
      TestServer::Kind::Tcp);
  self = &server;
  HttpClient client(server.endpoint());
  ASSERT_TRUE(send(client, get("/")));
  EXPECT_NE(server.requests().front().find("\r\nHost: " + to_string(server.endpoint()) + "\r\n"),
            std::string::npos);
}

TEST(HttpClient, FindsTheAddressOfAName) {
  const TestServer server(answering({plain_answer("ok")}), TestServer::Kind::Tcp);
  HttpEndpoint endpoint = server.endpoint();
  endpoint.host = "localhost";
  HttpClient client(endpoint);
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_TRUE(response) << core::to_string(response.error());
  EXPECT_EQ(response->body, "ok");
}

TEST(HttpClient, RefusesToSmuggleHeaders) {
  const TestServer server(answering({plain_answer("ok")}));
  HttpClient client(server.endpoint());
  HttpRequest in_value = get("/");
  in_value.headers.emplace("Authorization", "Bearer a\r\nX-Evil: 1");
  for (const HttpRequest& request : {in_value, get("/a b"), get("/a\nb")}) {
    const core::Result<HttpResponse> response = send(client, request);
    ASSERT_FALSE(response);
    EXPECT_EQ(response.error().code, ErrorCode::Invalid);
  }
  EXPECT_EQ(server.connections(), 0U);
}

TEST(HttpClient, SaysThatNobodyListens) {
  HttpEndpoint endpoint;
  endpoint.scheme = HttpEndpoint::Scheme::Unix;
  endpoint.path = "/nonexistent/docker.sock";
  HttpClient client(endpoint);
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unreachable);
  EXPECT_EQ(response.error().message,
            "cannot connect to /nonexistent/docker.sock: No such file or directory");
}

TEST(HttpClient, SaysThatAPortIsRefused) {
  HttpEndpoint endpoint;
  {
    const TestServer server(answering({plain_answer("")}), TestServer::Kind::Tcp);
    endpoint = server.endpoint();
  }
  HttpClient client(endpoint);
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unreachable);
  EXPECT_EQ(response.error().message,
            "cannot connect to " + to_string(endpoint) + ": Connection refused");
}

TEST(HttpClient, RefusesASocketPathThatIsTooLong) {
  HttpEndpoint endpoint;
  endpoint.scheme = HttpEndpoint::Scheme::Unix;
  endpoint.path = "/" + std::string(200, 'x');
  HttpClient client(endpoint);
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unreachable);
}

TEST(HttpClient, KeepsConnections) {
  const TestServer server(answering({plain_answer("1"), plain_answer("2"), plain_answer("3")}));
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, get("/"))->body, "1");
  EXPECT_EQ(send(client, post("/"))->body, "2");
  EXPECT_EQ(send(client, get("/"))->body, "3");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, KeepsNoMoreIdleConnectionsThanAsked) {
  const TestServer server(answering({plain_answer("x")}));
  HttpClient client(server.endpoint(), 0);
  ASSERT_TRUE(send(client, get("/")));
  ASSERT_TRUE(send(client, get("/")));
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClient, LeavesAConnectionThatTheServerCloses) {
  const TestServer server(answering(
      {"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n1", plain_answer("2")}));
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, get("/"))->body, "1");
  EXPECT_EQ(send(client, get("/"))->body, "2");
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClient, ServesSeveralThreadsAtOnce) {
  // All four must be on the wire together before any is answered.
  std::latch all_here(4);
  const TestServer server([&](Peer& peer) {
    while (peer.read_request()) {
      all_here.arrive_and_wait();
      peer.write(plain_answer("ok"));
    }
  });
  HttpClient client(server.endpoint());
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      const core::Result<HttpResponse> response = send(client, get("/"));
      answered += response && response->body == "ok" ? 1 : 0;
    });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  EXPECT_EQ(answered, 4);
}

TEST(HttpClient, RepeatsAGetOnAConnectionThatDied) {
  // The first connection takes the second request and hangs up without a word.
  const TestServer server([](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (peer.number() == 1 && request->starts_with("GET /second")) {
        return;
      }
      peer.write(plain_answer(std::to_string(peer.number())));
    }
  });
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, get("/first"))->body, "1");
  const core::Result<HttpResponse> second = send(client, get("/second"));
  ASSERT_TRUE(second) << core::to_string(second.error());
  EXPECT_EQ(second->body, "2");
}

TEST(HttpClient, DoesNotRepeatAPost) {
  const TestServer server([](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (request->starts_with("POST")) {
        return;
      }
      peer.write(plain_answer("ok"));
    }
  });
  HttpClient client(server.endpoint());
  ASSERT_TRUE(send(client, get("/")));
  const core::Result<HttpResponse> response = send(client, post("/create", "{}"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Unreachable);
  EXPECT_EQ(response.error().message,
            "the connection to " + to_string(server.endpoint()) +
                " broke after the request was sent, before an answer came");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, DoesNotRepeatAGetForEver) {
  const TestServer server([](Peer& peer) {
    const bool first = peer.number() == 1;
    if (peer.read_request() && first) {
      peer.write(plain_answer("ok"));
      (void)peer.read_request();
    }
  });
  HttpClient client(server.endpoint());
  ASSERT_TRUE(send(client, get("/")));
  EXPECT_FALSE(send(client, get("/")));
  EXPECT_EQ(server.connections(), 2U);
}

TEST(HttpClient, ReplacesAConnectionThatWasClosedWhileIdle) {
  std::latch closed(1);
  const TestServer server([&](Peer& peer) {
    if (peer.read_request()) {
      peer.write(plain_answer(std::to_string(peer.number())));
    }
    if (peer.number() == 1) {
      peer.hang_up();
      closed.count_down();
    } else {
      peer.await_hang_up();
    }
  });
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, get("/"))->body, "1");
  closed.wait();
  // Not even a POST notices, since nothing was sent on the dead connection.
  const core::Result<HttpResponse> response = send(client, post("/"));
  ASSERT_TRUE(response) << core::to_string(response.error());
  EXPECT_EQ(response->body, "2");
}

TEST(HttpClient, ReadsChunksWhateverTheirBounds) {
  const std::string answer =
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n1;x=y\r\n \r\n"
      "5\r\nworld\r\n0\r\n\r\n";
  const TestServer server([&](Peer& peer) {
    while (peer.read_request()) {
      peer.write_bytewise(answer);
    }
  });
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, get("/"))->body, "hello world");
  EXPECT_EQ(send(client, get("/"))->body, "hello world");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, ReadsABodyThatEndsWithTheConnection) {
  const TestServer server([](Peer& peer) {
    (void)peer.read_request();
    peer.write("HTTP/1.1 200 OK\r\n\r\nuntil the end");
  });
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, get("/"))->body, "until the end");
}

TEST(HttpClient, ExpectsNoBodyWhereThereIsNone) {
  const TestServer server(answering({"HTTP/1.1 204 No Content\r\n\r\n",
                                     "HTTP/1.1 304 Not Modified\r\n\r\n",
                                     "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
                                     plain_answer("after")}));
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, post("/start"))->status, 204);
  EXPECT_EQ(send(client, post("/start"))->status, 304);
  EXPECT_EQ(send(client, {"HEAD", "/", {}, {}})->body, "");
  EXPECT_EQ(send(client, get("/"))->body, "after");
  EXPECT_EQ(server.connections(), 1U);
}

TEST(HttpClient, PassesOver100Continue) {
  const TestServer server(answering({"HTTP/1.1 100 Continue\r\n\r\n" + plain_answer("real")}));
  HttpClient client(server.endpoint());
  EXPECT_EQ(send(client, post("/", "x"))->body, "real");
}

TEST(HttpClient, TakesAnyStatusAsAnAnswer) {
  const TestServer server(
      answering({"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 4\r\n\r\nboom"}));
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_TRUE(response);
  EXPECT_EQ(response->status, 500);
  EXPECT_EQ(response->body, "boom");
}

TEST(HttpClient, TakesLargeHeadsAndRefusesAbsurdOnes) {
  const auto with_header = [](std::size_t size) {
    return "HTTP/1.1 200 OK\r\nX-Big: " + std::string(size, 'x') +
           "\r\nContent-Length: 2\r\n\r\nok";
  };
  const TestServer server(answering({with_header(60'000), with_header(400'000)}));
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> large = send(client, get("/"));
  ASSERT_TRUE(large) << core::to_string(large.error());
  EXPECT_EQ(large->headers.at("x-big").size(), 60'000U);
  const core::Result<HttpResponse> absurd = send(client, post("/"));
  ASSERT_FALSE(absurd);
  EXPECT_EQ(absurd.error().code, ErrorCode::Protocol);
}

TEST(HttpClient, RefusesAbsurdTrailers) {
  const TestServer server(answering(
      {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: " + std::string(100'000, 'x') +
       "\r\n\r\n"}));
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Protocol);
}

TEST(HttpClient, RefusesWhatIsNotHttp) {
  const TestServer server(answering({"SSH-2.0-OpenSSH_9.2\r\n\r\n"}));
  HttpClient client(server.endpoint());
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Protocol);
}

TEST(HttpClient, RefusesABodyThatIsTooLong) {
  const TestServer server(answering({plain_answer("12345"), plain_answer("123456")}));
  HttpClient client(server.endpoint(), 16, 5);
  EXPECT_EQ(send(client, get("/"))->body, "12345");
  const core::Result<HttpResponse> response = send(client, get("/"));
  ASSERT_FALSE(response);
  EXPECT_EQ(response.error().code, ErrorCode::Protocol);
  EXPECT_EQ(response.error().message,
            "the answer of " + to_string(server.endpoint()) + " has more than 5 bytes");
}

TEST(HttpClient, NoticesACutBody) {
  for (const std::string answer : {"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf",
                                   "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n9\r\nha",
                                   "HTTP/1.1 200 OK\r\nContent-Le"}) {
    const TestServer server([&](Peer& peer) {
      (void)peer.read_request();
      peer.write(answer);
    });
    HttpClient client(server.endpoint());
    const core::Result<HttpResponse> response = send(client, get("/"));
    ASSERT_FALSE(response) << answer;
    EXPECT_EQ(response.error().code, ErrorCode::Unreachable);
    EXPECT_EQ(
        response.error().message,
        "the connection to " + to_string(server.endpoint()) + " broke in the middle of the answer");
  }
}

}  // namespace
}  // namespace aim::providers
