#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <fstream>
#include <sstream>
#include <thread>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;

std::string two_endpoints(const Lab& lab, const std::string& chat_env) {
  return fmt::format(R"(
endpoints:
  chat:
    model: test/model
    image: aim/model-server:1
    port: {}
    env: {{ {} }}
    stop_grace_period: 5s
    readiness: {{ interval: 200ms, start_timeout: 4s, inference_timeout: 5s }}
  other:
    model: test/other
    image: aim/model-server:1
    port: {}
    readiness: {{ interval: 200ms, start_timeout: 30s }}
)",
                     lab.port(),
                     chat_env,
                     lab.port(1));
}

std::string contents(const std::string& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

/// A client that asks one endpoint again and again and counts what went wrong.
class ClientLoop {
 public:
  ClientLoop(const Lab& lab, int port, std::string model)
      : thread_([this, &lab, port, model = std::move(model)](std::stop_token stop) {
          for (int i = 0; i < 2000 && !stop.stop_requested(); ++i) {
            const Lab::Answer answer = lab.chat(port, model);
            ++asked_;
            if (answer.status != 200) {
              ++failed_;
            }
          }
        }) {}

  void end() {
    thread_.request_stop();
    thread_.join();
  }

  [[nodiscard]] int asked() const { return asked_; }

  [[nodiscard]] int failed() const { return failed_; }

 private:
  std::atomic<int> asked_{0};
  std::atomic<int> failed_{0};
  std::jthread thread_;
};

struct Way {
  const char* name;
  const char* environment;
  const char* cause;  ///< what the message says
  /// A line of the log that the message and the saved log hold. It has to be among the very last
  /// of its stream: Docker keeps no order between the two.
  const char* tail;
};

class EveryWayToFail : public ::testing::TestWithParam<Way> {};

TEST_P(EveryWayToFail, PutsThePredecessorBackAndLeavesTheOthersAlone) {
  const Way& way = GetParam();
  const Lab lab(std::string("fail-") + way.name);
  const std::string container = lab.project() + "-chat";
  lab.configure(two_endpoints(lab, "GOOD: \"1\""));
  const Finished first = lab.aim({"apply", "--yes"});
  ASSERT_EQ(first.code, 0) << first.out << first.err;
  const std::string id = lab.docker({"inspect", "-f", "{{.Id}}", container});

  ClientLoop client(lab, lab.port(1), "test/other");
  lab.configure(two_endpoints(lab, way.environment));
  const Finished failed = lab.aim({"apply", "--yes"});
  client.end();

  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  const std::string said = failed.out + failed.err;
  EXPECT_THAT(said, HasSubstr(way.cause));
  EXPECT_THAT(said, HasSubstr(way.tail));
  const std::string log =
      (lab.directory() / ".aim/logs").string() + "/run-2-" + container + ".g2.log";
  EXPECT_THAT(said, HasSubstr(".aim/logs/run-2-" + container + ".g2.log"));
  EXPECT_THAT(contents(log), HasSubstr(way.tail));

  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.Id}}", container}), id);
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", container}),
            "unless-stopped");
  EXPECT_EQ(lab.chat(lab.port(), "test/model").status, 200);
  EXPECT_EQ(lab.docker({"ps", "-aq", "--filter", "name=" + container + "[.]g"}), "");
  EXPECT_GT(client.asked(), 0);
  EXPECT_EQ(client.failed(), 0);

  lab.configure(two_endpoints(lab, "GOOD: \"1\""));
  EXPECT_EQ(lab.aim({"plan", "--detailed-exitcode"}).code, 0);
}

INSTANTIATE_TEST_SUITE_P(
    ModelServer,
    EveryWayToFail,
    ::testing::Values(Way{"never",
                          "MODEL_SERVER_NEVER_READY: \"1\", MODEL_SERVER_SILENT: \"1\"",
                          "without any progress",
                          "vLLM API server version"},
                      Way{"exits",
                          "MODEL_SERVER_LOAD_SECONDS: \"10\", MODEL_SERVER_EXIT_AFTER: \"1\", "
                          "MODEL_SERVER_EXIT_CODE: \"17\", "
                          "MODEL_SERVER_LOG: \"torch.OutOfMemoryError: HIP out of memory\"",
                          "exited with code 17",
                          "torch.OutOfMemoryError: HIP out of memory"},
                      Way{"inference",
                          "MODEL_SERVER_INFERENCE_STATUS: \"500\"",
                          "HTTP 500",
                          "POST /v1/chat/completions HTTP/1.1\" 500 Internal Server Error"},
                      Way{"name",
                          "MODEL_SERVER_SERVED_NAME: wrong",
                          "model \"test/model\" is not listed",
                          "GET /v1/models HTTP/1.1\" 200 OK"}),
    [](const auto& way) { return way.param.name; });

TEST(Readiness, ASlowLoadBecomesReady) {
  const Lab lab("slow");
  lab.configure(two_endpoints(lab, "MODEL_SERVER_LOAD_SECONDS: \"6\""));
  // start_timeout is 4 s without progress, and the load prints what it does all the time.
  const Finished applied = lab.aim({"apply", "--yes"});
  EXPECT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_EQ(lab.chat(lab.port(), "test/model").status, 200);
}

TEST(Failure, OfAFirstApplyLeavesNothing) {
  const Lab lab("first");
  lab.configure(two_endpoints(lab,
                              "MODEL_SERVER_LOAD_SECONDS: \"10\", "
                              "MODEL_SERVER_EXIT_AFTER: \"1\", "
                              "MODEL_SERVER_EXIT_CODE: \"2\""));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_TRUE(lab.labelled().empty());
}

TEST(Failure, OfPrepareChangesNothingAndExitsWithOne) {
  const Lab lab("prepare");
  lab.configure(two_endpoints(lab, "GOOD: \"1\""));
  const Finished first = lab.aim({"apply", "--yes"});
  ASSERT_EQ(first.code, 0) << first.out << first.err;
  const std::string id = lab.docker({"inspect", "-f", "{{.Id}}", lab.project() + "-chat"});
  const std::string started =
      lab.docker({"inspect", "-f", "{{.State.StartedAt}}", lab.project() + "-chat"});
  lab.configure(fmt::format(
      "endpoints:\n  chat: {{ model: test/model, image: \"127.0.0.1:1/none:9\", port: {} }}\n",
      lab.port()));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 1) << failed.out << failed.err;
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.Id}}", lab.project() + "-chat"}), id);
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.State.StartedAt}}", lab.project() + "-chat"}),
            started);
}

}  // namespace
}  // namespace aim::e2e
