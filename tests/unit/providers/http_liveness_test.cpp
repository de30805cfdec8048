#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "providers/http/http_client.hpp"
#include "tests/unit/providers/test_server.hpp"

namespace aim::providers {
namespace {

using core::ErrorCode;
using core::make_error;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;
using test::Peer;
using test::plain_answer;
using test::TestServer;

const LivenessProbe kProbe{"/_ping", milliseconds(20), milliseconds(40)};

core::Result<HttpResponse> wait_for_ever(HttpClient& client, std::stop_token stop = {}) {
  return client.stream(
      {"POST", "/wait", {}, {}}, [](std::string_view) { return true; }, milliseconds(0), stop);
}

bool is_ping(const std::string& request) { return request.starts_with("GET /_ping "); }

TEST(HttpLiveness, WaitsAsLongAsTheServerLives) {
  std::atomic<int> pings{0};
  TestServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (is_ping(*request)) {
        ++pings;
        peer.write(plain_answer("OK"));
        continue;
      }
      peer.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
      // Silent until it was asked a few times, and then it speaks.
      while (pings < 3) {
        std::this_thread::sleep_for(milliseconds(5));
      }
      peer.write("2\r\nok\r\n0\r\n\r\n");
    }
  });
  HttpClient client(server.endpoint(), 16, HttpClient::kLargestBody, kProbe);
  const core::Result<HttpResponse> answer = wait_for_ever(client);
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_EQ(answer->status, 200);
  EXPECT_GE(pings, 3);
}

TEST(HttpLiveness, EndsWhenTheServerAnswersNobody) {
  const TestServer server([](Peer& peer) { peer.await_hang_up(); });
  HttpClient client(server.endpoint(), 16, HttpClient::kLargestBody, kProbe);
  const core::Result<HttpResponse> answer = wait_for_ever(client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(),
            make_error(ErrorCode::Timeout,
                       "no answer from " + to_string(server.endpoint()) + " within 0.04 s"));
}

TEST(HttpLiveness, StopsAtOnceWhileItAsks) {
  const TestServer server([](Peer& peer) { peer.await_hang_up(); });
  HttpClient client(server.endpoint(),
                    16,
                    HttpClient::kLargestBody,
                    LivenessProbe{"/_ping", milliseconds(20), seconds(30)});
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(100));
    source.request_stop();
  });
  const auto begin = steady_clock::now();
  const core::Result<HttpResponse> answer = wait_for_ever(client, source.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Cancelled);
  EXPECT_LT(steady_clock::now() - begin, seconds(5));
}

TEST(HttpLiveness, LeavesALimitOnTheSilenceAlone) {
  std::atomic<int> pings{0};
  TestServer server([&](Peer& peer) {
    while (const auto request = peer.read_request()) {
      if (is_ping(*request)) {
        ++pings;
        peer.write(plain_answer("OK"));
      }
    }
  });
  HttpClient client(server.endpoint(), 16, HttpClient::kLargestBody, kProbe);
  const core::Result<HttpResponse> answer = client.stream(
      {"POST", "/pull", {}, {}}, [](std::string_view) { return true; }, milliseconds(60), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Timeout);
  EXPECT_EQ(pings, 0);
}

}  // namespace
}  // namespace aim::providers
