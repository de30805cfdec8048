#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include "providers/http/http_client.hpp"
#include "tests/unit/providers/test_server.hpp"

namespace aim::providers {
namespace {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::make_error;
using std::chrono::milliseconds;
using std::chrono::seconds;
using std::chrono::steady_clock;

constexpr seconds kPatient{30};

/// A program as a connection: the shell, with `script`.
HttpEndpoint program(std::string script) {
  HttpEndpoint endpoint;
  endpoint.scheme = HttpEndpoint::Scheme::Program;
  endpoint.path = "ssh://far";
  endpoint.command = {"sh", "-c", std::move(script)};
  return endpoint;
}

/// Reads one head after the other and answers each with `body`.
std::string answering_script(const std::string& body) {
  return "while :; do n=0; while IFS= read -r line; do n=1; [ \"$line\" = \"$(printf '\\r')\" ] && "
         "break; done; [ $n = 1 ] || exit 0; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: " +
         std::to_string(body.size()) + "\\r\\n\\r\\n" + body + "'; done";
}

core::Result<HttpResponse> get(HttpClient& client, std::stop_token stop = {}) {
  return client.send({"GET", "/", {}, {}}, kPatient, std::move(stop));
}

/// The processes that this one has started and not waited for, dead or alive.
std::set<int> children() {
  std::set<int> found;
  for (const fs::directory_entry& task : fs::directory_iterator("/proc/self/task")) {
    std::ifstream list(task.path() / "children");
    for (int pid = 0; list >> pid;) {
      found.insert(pid);
    }
  }
  return found;
}

TEST(HttpProgram, IsAConnection) {
  HttpClient client(program(answering_script("hello")));
  for (int i = 0; i < 3; ++i) {
    const core::Result<HttpResponse> answer = get(client);
    ASSERT_TRUE(answer) << core::to_string(answer.error());
    EXPECT_EQ(answer->body, "hello");
  }
  EXPECT_EQ(children().size(), 1U) << "one program serves one connection, again and again";
}

TEST(HttpProgram, EndsWithItsClient) {
  {
    HttpClient client(program(answering_script("hello")));
    ASSERT_TRUE(get(client));
  }
  EXPECT_EQ(children(), std::set<int>{});
}

TEST(HttpProgram, IsNotInTheTerminalsSession) {
  HttpClient client(
      program("read -r line; body=$(ps -o sid= -p $$ | tr -d ' \\n'); printf 'HTTP/1.1 200 "
              "OK\\r\\nContent-Length: %s\\r\\n\\r\\n%s' ${#body} \"$body\"; cat >/dev/null"));
  const core::Result<HttpResponse> answer = get(client);
  ASSERT_TRUE(answer) << core::to_string(answer.error());
  EXPECT_NE(answer->body, std::to_string(::getsid(0)));
}

TEST(HttpProgram, SaysWhatTheProgramSaid) {
  HttpClient client(
      program("echo 'ssh: connect to host far port 22: Connection refused' >&2; exit 255"));
  const core::Result<HttpResponse> answer = get(client);
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(),
            make_error(ErrorCode::Unreachable,
                       "cannot connect to ssh://far: ssh: connect to host far port 22: Connection "
                       "refused (sh exited with 255)"));
  EXPECT_EQ(children(), std::set<int>{});
}

TEST(HttpProgram, SaysHowTheProgramEnded) {
  HttpClient silent(program("exit 127"));
  EXPECT_EQ(get(silent).error().message, "cannot connect to ssh://far: sh exited with 127");
  HttpClient killed(program("kill -9 $$"));
  EXPECT_EQ(get(killed).error().message, "cannot connect to ssh://far: sh was ended by signal 9");
}

TEST(HttpProgram, TellsOnlyTheEndOfALongStory) {
  HttpClient client(program("for i in $(seq 2000); do echo line $i >&2; done; exit 1"));
  const core::Result<HttpResponse> answer = get(client);
  ASSERT_FALSE(answer);
  EXPECT_LT(answer.error().message.size(), 2100U);
  EXPECT_THAT(answer.error().message, testing::EndsWith("line 2000 (sh exited with 1)"));
}

TEST(HttpProgram, SaysThatThereIsNoProgram) {
  HttpEndpoint endpoint = program("");
  endpoint.command = {"aim-no-such-program"};
  HttpClient client(endpoint);
  EXPECT_EQ(get(client).error(),
            make_error(ErrorCode::Unreachable,
                       "cannot connect to ssh://far: there is no program \"aim-no-such-program\" "
                       "on the PATH"));
}

TEST(HttpProgram, SaysThatTheConnectionBrokeInTheMiddle) {
  HttpClient client(
      program("read -r line; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: "
              "10\\r\\n\\r\\nhalf'; echo 'client_loop: send disconnect' >&2; exit 255"));
  EXPECT_EQ(get(client).error(),
            make_error(ErrorCode::Unreachable,
                       "the connection to ssh://far broke in the middle of the answer: "
                       "client_loop: send disconnect (sh exited with 255)"));
}

TEST(HttpProgram, StartsAnotherForTheNextRequest) {
  HttpClient client(
      program("read -r line; printf 'HTTP/1.1 200 OK\\r\\nContent-Length: "
              "2\\r\\n\\r\\nok'; sleep 0.02"));
  for (int i = 0; i < 3; ++i) {
    const core::Result<HttpResponse> answer = get(client);
    ASSERT_TRUE(answer) << core::to_string(answer.error());
    EXPECT_EQ(answer->body, "ok");
  }
}

TEST(HttpProgram, EndsAtOnceWhenAStopIsRequested) {
  HttpClient client(program("exec sleep 600"));
  std::stop_source source;
  std::jthread stopper([&] {
    std::this_thread::sleep_for(milliseconds(50));
    source.request_stop();
  });
  const auto begin = steady_clock::now();
  const core::Result<HttpResponse> answer = get(client, source.get_token());
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::Cancelled);
  EXPECT_LT(steady_clock::now() - begin, milliseconds(500));
}

TEST(HttpProgram, EndsAtItsDeadline) {
  HttpClient client(program("exec sleep 600"));
  const core::Result<HttpResponse> answer = client.send({"GET", "/", {}, {}}, milliseconds(50), {});
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error(),
            make_error(ErrorCode::Timeout, "no answer from ssh://far within 0.05 s"));
}

TEST(HttpProgram, IsKilledWhenItDoesNotWantToEnd) {
  const auto begin = steady_clock::now();
  {
    HttpClient client(program("trap '' TERM; while :; do sleep 0.05; done"));
    ASSERT_FALSE(client.send({"GET", "/", {}, {}}, milliseconds(50), {}));
  }
  EXPECT_EQ(children(), std::set<int>{});
  EXPECT_LT(steady_clock::now() - begin, seconds(8));
}

}  // namespace
}  // namespace aim::providers
