#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <chrono>

#include "tests/model_server/server_process.hpp"

namespace aim::model_server {
namespace {

namespace json = boost::json;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr const char* kModel = "Qwen/Qwen3-0.6B";

std::vector<std::string> on_loopback(std::vector<std::string> more = {}) {
  std::vector<std::string> arguments = {"serve", kModel, "--host", "127.0.0.1", "--port", "0"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

class Running {
 public:
  explicit Running(std::vector<std::string> arguments = {},
                   const std::map<std::string, std::string>& environment = {})
      : process(on_loopback(std::move(arguments)), environment), port(process.wait_for_port()) {
    EXPECT_NE(port, 0);
  }

  [[nodiscard]] Answer get(const std::string& path, const std::string& headers = "") const {
    return call(port, {.path = path, .headers = headers});
  }

  [[nodiscard]] Answer post(const std::string& path, const std::string& body) const {
    return call(port, {.method = "POST", .path = path, .body = body});
  }

  ServerProcess process;
  std::uint16_t port;
};

Ended run_to_end(std::vector<std::string> arguments,
                 const std::map<std::string, std::string>& environment = {}) {
  ServerProcess process(arguments, environment);
  return process.wait();
}

std::string chat(const std::string& more = "") {
  return R"({"model":"Qwen/Qwen3-0.6B","messages":[{"role":"user","content":"Hello there"}])" +
         more + "}";
}

std::string content_of(const Answer& answer) {
  return std::string(
      json::parse(answer.body).at("choices").at(0).at("message").at("content").as_string());
}

std::vector<std::string> events_of(const Answer& answer) {
  std::vector<std::string> events;
  std::string_view rest = answer.body;
  while (!rest.empty()) {
    const auto end = rest.find("\n\n");
    EXPECT_TRUE(rest.starts_with("data: ")) << rest;
    events.emplace_back(rest.substr(6, end - 6));
    rest.remove_prefix(end + 2);
  }
  return events;
}

TEST(ModelServer, AnswersHealthAndVersion) {
  const Running server;
  EXPECT_EQ(server.get("/health").status, 200);
  EXPECT_EQ(server.get("/health").body, "");
  EXPECT_EQ(server.get("/version").body, R"({"version":"0.27.1"})");
}

TEST(ModelServer, ListsTheServedNamesAndAdapters) {
  const Running server({"--served-model-name",
                        "chat",
                        "qwen",
                        "--max-model-len",
                        "32k",
                        "--lora-modules",
                        "sql=/adapters/sql"});
  const json::value models = json::parse(server.get("/v1/models").body);
  EXPECT_EQ(models.at("object"), "list");
  ASSERT_EQ(models.at("data").as_array().size(), 3U);
  EXPECT_EQ(models.at("data").at(0).at("id"), "chat");
  EXPECT_EQ(models.at("data").at(0).at("root"), kModel);
  EXPECT_EQ(models.at("data").at(0).at("max_model_len"), 32000);
  EXPECT_EQ(models.at("data").at(1).at("id"), "qwen");
  EXPECT_EQ(models.at("data").at(2).at("parent"), "chat");
}

TEST(ModelServer, AnswersAChatCompletion) {
  const Running server;
  const Answer answer = server.post("/v1/chat/completions", chat());
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(content_of(answer),
            "This is Qwen/Qwen3-0.6B speaking for a test. You said: Hello there");
  const json::value body = json::parse(answer.body);
  EXPECT_EQ(body.at("object"), "chat.completion");
  EXPECT_EQ(body.at("choices").at(0).at("finish_reason"), "stop");
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 6);
  EXPECT_EQ(body.at("usage").at("completion_tokens"), 11);
}

TEST(ModelServer, StopsAtTheTokenLimitAndAtAStopString) {
  const Running server;
  const Answer limited = server.post("/v1/chat/completions", chat(R"(,"max_tokens":2)"));
  EXPECT_EQ(content_of(limited), "This is");
  EXPECT_EQ(json::parse(limited.body).at("choices").at(0).at("finish_reason"), "length");
  const Answer stopped = server.post("/v1/chat/completions", chat(R"(,"stop":["for a"])"));
  EXPECT_EQ(content_of(stopped), "This is Qwen/Qwen3-0.6B speaking ");
  const Answer longer =
      server.post("/v1/chat/completions", chat(R"(,"max_tokens":40,"ignore_eos":true)"));
  EXPECT_EQ(json::parse(longer.body).at("usage").at("completion_tokens"), 40);
}

TEST(ModelServer, StreamsAChatCompletionWithUsage) {
  const Running server;
  const Answer answer =
      server.post("/v1/chat/completions",
                  chat(R"(,"max_tokens":3,"stream":true,"stream_options":{"include_usage":true})"));
  EXPECT_THAT(answer.headers, HasSubstr("content-type: text/event-stream"));
  const auto events = events_of(answer);
  ASSERT_EQ(events.size(), 6U);
  const auto choice = [&](std::size_t i) { return json::parse(events[i]).at("choices").at(0); };
  EXPECT_EQ(choice(0).at("delta").at("role"), "assistant");
  EXPECT_EQ(choice(1).at("delta").at("content"), "This");
  EXPECT_EQ(choice(2).at("finish_reason"), nullptr);
  EXPECT_EQ(choice(3).at("finish_reason"), "length");
  EXPECT_EQ(json::parse(events[4]).at("choices").as_array().size(), 0U);
  EXPECT_EQ(json::parse(events[4]).at("usage").at("completion_tokens"), 3);
  EXPECT_EQ(events[5], "[DONE]");
}

TEST(ModelServer, AnswersACompletion) {
  const Running server;
  const json::value body = json::parse(
      server.post("/v1/completions", R"({"prompt":"Once upon a time","max_tokens":4})").body);
  EXPECT_EQ(body.at("object"), "text_completion");
  EXPECT_EQ(body.at("choices").at(0).at("text"), "This is Qwen/Qwen3-0.6B speaking");
  EXPECT_EQ(body.at("usage").at("total_tokens"), 8);
}

TEST(ModelServer, EmbedsTheSameTextAlike) {
  const Running server;
  const json::value body = json::parse(
      server.post("/v1/embeddings", R"({"input":["a b","c","a b"],"dimensions":4})").body);
  const auto vector = [&](std::size_t i) { return body.at("data").at(i).at("embedding"); };
  EXPECT_EQ(vector(0).as_array().size(), 4U);
  EXPECT_EQ(vector(0), vector(2));
  EXPECT_NE(vector(0), vector(1));
  EXPECT_EQ(body.at("usage").at("prompt_tokens"), 5);
  const json::value encoded = json::parse(
      server.post("/v1/embeddings", R"({"input":"c","dimensions":4,"encoding_format":"base64"})")
          .body);
  EXPECT_EQ(encoded.at("data").at(0).at("embedding").as_string().size(), 24U);
}

TEST(ModelServer, RanksByWordsInCommon) {
  const Running server;
  const json::value body = json::parse(
      server
          .post("/v1/rerank",
                R"({"query":"red fox","documents":["a dog","the red fox","a fox"],"top_n":2})")
          .body);
  ASSERT_EQ(body.at("results").as_array().size(), 2U);
  EXPECT_EQ(body.at("results").at(0).at("index"), 1);
  EXPECT_EQ(body.at("results").at(0).at("relevance_score"), 1.0);
  EXPECT_EQ(body.at("results").at(1).at("index"), 2);
}

TEST(ModelServer, CountsRequestsAndTokens) {
  const Running server({}, {{"MODEL_SERVER_KV_USAGE", "0.25"}});
  static_cast<void>(server.post("/v1/chat/completions", chat(R"(,"max_tokens":3)")));
  static_cast<void>(server.post("/v1/chat/completions", chat()));
  const std::string metrics = server.get("/metrics").body;
  const std::string labels = R"({engine="0",model_name="Qwen/Qwen3-0.6B")";
  EXPECT_THAT(metrics, HasSubstr("vllm:prompt_tokens_total" + labels + "} 12\n"));
  EXPECT_THAT(metrics, HasSubstr("vllm:generation_tokens_total" + labels + "} 14\n"));
  EXPECT_THAT(metrics, HasSubstr("vllm:kv_cache_usage_perc" + labels + "} 0.25\n"));
  EXPECT_THAT(metrics, HasSubstr("vllm:num_requests_running" + labels + "} 0\n"));
  EXPECT_THAT(metrics,
              HasSubstr("vllm:request_success_total" + labels + R"(,finished_reason="length"} 1)"));
  EXPECT_THAT(metrics,
              HasSubstr("vllm:request_success_total" + labels + R"(,finished_reason="stop"} 1)"));
  EXPECT_THAT(metrics, HasSubstr("vllm:time_to_first_token_seconds_count" + labels + "} 2\n"));
  EXPECT_THAT(metrics,
              HasSubstr("vllm:request_generation_tokens_bucket" + labels + R"(,le="5"} 1)"));
}

TEST(ModelServer, ShapesItsErrorsLikeVllm) {
  const Running server({"--max-model-len", "16"});
  EXPECT_EQ(server.post("/v1/chat/completions", R"({"model":"x","messages":[]})").body,
            R"({"error":{"message":"The model `x` does not exist.","type":"NotFoundError",)"
            R"("param":"model","code":404}})");
  EXPECT_EQ(server.get("/nowhere").body,
            R"({"error":{"message":"Not Found","type":"Not Found","param":null,"code":404}})");
  EXPECT_EQ(server.get("/v1/completions").status, 405);
  EXPECT_EQ(server.post("/v1/completions", "{").status, 400);
  EXPECT_EQ(server.post("/v1/completions", R"({"prompt":"a","max_tokens":0})").status, 400);
  EXPECT_THAT(server.post("/v1/completions", R"({"prompt":"a","max_tokens":16})").body,
              HasSubstr("This model's maximum context length is 16 tokens."));
}

TEST(ModelServer, GuardsOnlyTheVersionedRoutes) {
  const Running by_flag({"--api-key", "secret"});
  EXPECT_EQ(by_flag.get("/v1/models").status, 401);
  EXPECT_EQ(by_flag.get("/v1/models").body, R"({"error":"Unauthorized"})");
  EXPECT_EQ(by_flag.get("/v1/models", "authorization: Bearer wrong\r\n").status, 401);
  EXPECT_EQ(by_flag.get("/v1/models", "authorization: Bearer secret\r\n").status, 200);
  EXPECT_EQ(by_flag.get("/health").status, 200);
  EXPECT_THAT(by_flag.process.out(), Not(HasSubstr("secret")));
  const Running by_variable({}, {{"VLLM_API_KEY", "secret"}});
  EXPECT_EQ(by_variable.get("/v1/models").status, 401);
  EXPECT_EQ(by_variable.get("/v1/models", "authorization: Bearer secret\r\n").status, 200);
}

TEST(ModelServer, KeepsAConnectionForSeveralRequests) {
  const Running server;
  const int descriptor = connect_to(server.port);
  const std::string twice =
      "GET /health HTTP/1.1\r\nhost: x\r\n\r\nGET /nowhere HTTP/1.1\r\nconnection: close\r\n\r\n";
  ASSERT_EQ(::send(descriptor, twice.data(), twice.size(), 0), static_cast<ssize_t>(twice.size()));
  std::string received;
  char piece[4096];
  ssize_t count = 0;
  while ((count = ::recv(descriptor, piece, sizeof piece, 0)) > 0) {
    received.append(piece, static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  EXPECT_THAT(received, StartsWith("HTTP/1.1 200 OK"));
  EXPECT_THAT(received, HasSubstr("HTTP/1.1 404 Not Found"));
}

TEST(ModelServer, ReadsAChunkedRequest) {
  const Running server;
  const Answer answer =
      call(server.port,
           {.method = "POST",
            .path = "/v1/completions",
            .headers = "content-type: application/json\r\ntransfer-encoding: chunked\r\n\r\n"
                       "5\r\n{\"pro\r\nb\r\nmpt\":\"a b\"}\r\n0\r\n\r\nx-rest: "});
  EXPECT_EQ(json::parse(answer.body).at("usage").at("prompt_tokens"), 2);
}

TEST(ModelServer, ShowsTheAskedVariablesAndItsArguments) {
  const Running server({"--seed", "7"},
                       {{"MODEL_SERVER_ECHO_ENV", "COLOUR,ABSENT"}, {"COLOUR", "blue"}});
  EXPECT_EQ(server.get("/environment").body,
            R"({"variables":{"COLOUR":"blue","ABSENT":null},"arguments":["serve",)"
            R"("Qwen/Qwen3-0.6B","--host","127.0.0.1","--port","0","--seed","7"]})");
}

TEST(ModelServer, DoesNotListenWhileItLoads) {
  const std::uint16_t port = free_port();
  ServerProcess process({kModel, "--host", "127.0.0.1", "--port", std::to_string(port)},
                        {{"MODEL_SERVER_NEVER_READY", "1"}});
  ASSERT_TRUE(process.wait_for_log("init engine (profile, create kv cache, warmup model)"));
  EXPECT_EQ(connect_to(port), -1);
  process.send_signal(SIGTERM);
  EXPECT_EQ(process.wait().exit_status, 0);
}

TEST(ModelServer, TakesItsTimeToLoadAndTellsThePhases) {
  const auto begin = std::chrono::steady_clock::now();
  Running server({}, {{"MODEL_SERVER_LOAD_SECONDS", "0.3"}});
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(300));
  EXPECT_EQ(server.get("/health").status, 200);
  server.process.send_signal(SIGTERM);
  const Ended ended = server.process.wait();
  EXPECT_EQ(ended.exit_status, 0);
  std::size_t at = 0;
  for (const char* phase : {"vLLM API server version 0.27.1",
                            "non-default args: {'model_tag': 'Qwen/Qwen3-0.6B'",
                            "Initializing a V1 LLM engine (v0.27.1) with config:",
                            "Starting to load model Qwen/Qwen3-0.6B...",
                            "Loading weights took ",
                            "Model loading took ",
                            "Available KV cache memory: ",
                            "GPU KV cache size: ",
                            "Maximum concurrency for 40960 tokens per request: 4.00x",
                            "Graph capturing finished in ",
                            "init engine (profile, create kv cache, warmup model) took ",
                            "Starting vLLM server on "}) {
    at = ended.out.find(phase, at);
    ASSERT_NE(at, std::string::npos) << phase;
  }
  EXPECT_THAT(ended.error, HasSubstr("Loading safetensors checkpoint shards: 100% Completed"));
  EXPECT_THAT(ended.error, HasSubstr("INFO:     Application startup complete."));
}

TEST(ModelServer, IsSilentWhileLoadingWhenAsked) {
  const Ended ended = run_to_end({kModel},
                                 {{"MODEL_SERVER_NEVER_READY", "1"},
                                  {"MODEL_SERVER_SILENT", "1"},
                                  {"MODEL_SERVER_EXIT_AFTER", "0.05"}});
  EXPECT_EQ(ended.exit_status, 1);
  EXPECT_THAT(ended.out, Not(HasSubstr("Starting to load model")));
  EXPECT_EQ(ended.error, "");
}

TEST(ModelServer, EndsWithTheGivenStatusAndLastWords) {
  const Ended ended =
      run_to_end(on_loopback(),
                 {{"MODEL_SERVER_EXIT_AFTER", "0.05"},
                  {"MODEL_SERVER_EXIT_CODE", "7"},
                  {"MODEL_SERVER_LOG", "ERROR one\\ntorch.OutOfMemoryError: two\n"}});
  EXPECT_EQ(ended.exit_status, 7);
  EXPECT_THAT(ended.error, testing::EndsWith("ERROR one\ntorch.OutOfMemoryError: two\n"));
}

TEST(ModelServer, FailsInferenceWhileHealthy) {
  const Running server({}, {{"MODEL_SERVER_INFERENCE_STATUS", "500"}});
  EXPECT_EQ(server.get("/health").status, 200);
  const Answer answer = server.post("/v1/chat/completions", chat());
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.body,
            R"({"error":{"message":"EngineCore encountered an issue. See stack trace (above) for )"
            R"(the root cause.","type":"InternalServerError","param":null,"code":500}})");
}

TEST(ModelServer, CanBeUnhealthyOrServeAWrongName) {
  const Running server(
      {}, {{"MODEL_SERVER_HEALTH_STATUS", "503"}, {"MODEL_SERVER_SERVED_NAME", "wrong"}});
  EXPECT_EQ(server.get("/health").status, 503);
  EXPECT_EQ(json::parse(server.get("/v1/models").body).at("data").at(0).at("id"), "wrong");
  EXPECT_EQ(server.post("/v1/chat/completions", chat()).status, 404);
}

TEST(ModelServer, GeneratesAtTheGivenRate) {
  const Running server({}, {{"MODEL_SERVER_TOKENS_PER_SECOND", "50"}});
  const auto begin = std::chrono::steady_clock::now();
  static_cast<void>(server.post("/v1/chat/completions", chat(R"(,"max_tokens":5)")));
  EXPECT_GE(std::chrono::steady_clock::now() - begin, std::chrono::milliseconds(100));
}

TEST(ModelServer, CompletesTheRequestUnderWayWhenItIsToldToStop) {
  Running server({}, {{"MODEL_SERVER_TOKENS_PER_SECOND", "0.01"}});
  const int descriptor = connect_to(server.port);
  const std::string body = chat(R"(,"stream":true)");
  const std::string request = fmt::format(
      "POST /v1/chat/completions HTTP/1.1\r\ncontent-type: application/json\r\n"
      "connection: close\r\ncontent-length: {}\r\n\r\n{}",
      body.size(),
      body);
  ASSERT_GT(::send(descriptor, request.data(), request.size(), 0), 0);
  char piece[8192];
  ssize_t count = ::recv(descriptor, piece, sizeof piece, 0);  // it has begun
  server.process.send_signal(SIGTERM);
  std::string received(piece, static_cast<std::size_t>(count));
  while ((count = ::recv(descriptor, piece, sizeof piece, 0)) > 0) {
    received.append(piece, static_cast<std::size_t>(count));
  }
  ::close(descriptor);
  EXPECT_THAT(received, HasSubstr("data: [DONE]"));
  EXPECT_EQ(server.process.wait().exit_status, 0);
}

TEST(ModelServer, HelpNamesEveryVariable) {
  const Ended ended = run_to_end({"--help"});
  EXPECT_EQ(ended.exit_status, 0);
  EXPECT_THAT(ended.out, HasSubstr("MODEL_SERVER_NEVER_READY"));
  EXPECT_THAT(ended.out, HasSubstr("MODEL_SERVER_ALLOCATE_MIB"));
}

}  // namespace
}  // namespace aim::model_server
