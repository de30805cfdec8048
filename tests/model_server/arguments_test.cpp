#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "tests/model_server/server_process.hpp"

namespace aim::model_server {
namespace {

using testing::HasSubstr;

const std::string kServeUsage = "usage: vllm serve [model_tag] [options]\nvllm serve: error: ";
const std::string kOuterUsage =
    "usage: vllm [-h] [-v] {chat,complete,serve,bench,collect-env,run-batch} ...\n"
    "vllm: error: ";

Ended run(const std::vector<std::string>& arguments,
          std::map<std::string, std::string> environment = {}) {
  environment.emplace("MODEL_SERVER_EXIT_AFTER", "0");  // an accepted command line ends at once
  environment.emplace("MODEL_SERVER_EXIT_CODE", "42");
  ServerProcess process(arguments, environment);
  return process.wait();
}

void expect_refused(const std::vector<std::string>& arguments, const std::string& text) {
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.error, text);
  EXPECT_EQ(ended.exit_status, 2);
}

void expect_accepted(const std::vector<std::string>& arguments) {
  const Ended ended = run(arguments);
  EXPECT_EQ(ended.error, "");
  EXPECT_EQ(ended.exit_status, 42);
}

TEST(ModelServerArguments, RefusesAnUnknownFlag) {
  expect_refused({"serve", "m", "--max-batch-size", "8"},
                 kOuterUsage + "unrecognized arguments: --max-batch-size 8\n");
}

TEST(ModelServerArguments, RefusesAValueOfASwitch) {
  expect_refused({"serve", "m", "--trust-remote-code", "true"},
                 kOuterUsage + "unrecognized arguments: true\n");
  expect_refused({"serve", "m", "--enforce-eager=true"},
                 kServeUsage +
                     "argument --enforce-eager/--no-enforce-eager: ignored explicit argument "
                     "'true'\n");
}

TEST(ModelServerArguments, RefusesAMissingValue) {
  expect_refused({"serve", "m", "--tensor-parallel-size"},
                 kServeUsage + "argument --tensor-parallel-size/-tp: expected one argument\n");
  expect_refused({"serve", "m", "--port", "--enforce-eager"},
                 kServeUsage + "argument --port: expected one argument\n");
  expect_refused({"serve", "m", "--served-model-name"},
                 kServeUsage + "argument --served-model-name: expected at least one argument\n");
}

TEST(ModelServerArguments, RefusesAWrongValue) {
  expect_refused({"serve", "m", "--port", "http"},
                 kServeUsage + "argument --port: invalid int value: 'http'\n");
  expect_refused({"serve", "m", "--gpu-memory-utilization", "most"},
                 kServeUsage + "argument --gpu-memory-utilization: invalid float value: 'most'\n");
  expect_refused({"serve", "m", "--dtype", "fp8"},
                 kServeUsage +
                     "argument --dtype: invalid choice: 'fp8' (choose from 'auto', 'bfloat16', "
                     "'float', 'float16', 'float32', 'half')\n");
  expect_refused(
      {"serve", "m", "--max-model-len", "long"},
      kServeUsage + "argument --max-model-len: invalid human_readable_int value: 'long'\n");
  expect_refused({"serve", "m", "--limit-mm-per-prompt", "{x"},
                 kServeUsage +
                     "argument --limit-mm-per-prompt: Value {x cannot be converted to <function "
                     "loads>.\n");
}

TEST(ModelServerArguments, RefusesAnAmbiguousPrefix) {
  expect_refused({"serve",
                  "m",
                  "--served",
                  "x",
                  "--max-model-l",
                  "8",
                  "--pipeline-p",
                  "1",
                  "--tensor",
                  "2",
                  "--data-parallel-r",
                  "0"},
                 kServeUsage +
                     "ambiguous option: --data-parallel-r could match --data-parallel-rank, "
                     "--data-parallel-rpc-port\n");
}

TEST(ModelServerArguments, AcceptsEverySpelling) {
  expect_accepted({"serve",
                   "Qwen/Qwen3-0.6B",
                   "--max_model_len=32K",
                   "-tp",
                   "2",
                   "--no-enable-prefix-caching",
                   "--enforce-eager",
                   "--max-model-l",
                   "-1",
                   "--compilation-config",
                   R"({"cudagraph_mode":"FULL"})",
                   "--compilation-config.cudagraph_mode",
                   "FULL",
                   "-cc.level=3",
                   "--hf-token",
                   "--served-model-name",
                   "a",
                   "b",
                   "--dtype",
                   "bfloat16"});
  expect_accepted({"--model", "Qwen/Qwen3-0.6B", "--port=9000"});
}

TEST(ModelServerArguments, WantsTheModelBeforeServedNames) {
  const Ended ended = run({"serve", "--served-model-name", "a", "m"});
  EXPECT_EQ(ended.exit_status, 1);
  EXPECT_THAT(ended.error, HasSubstr("`model` should be provided as the first positional"));
}

TEST(ModelServerArguments, FindsSomeMistakesOnlyWhenItStarts) {
  const Ended share = run({"serve", "m", "--gpu-memory-utilization", "1.5"});
  EXPECT_EQ(share.exit_status, 1);
  EXPECT_THAT(share.error, HasSubstr("Input should be greater than 0 and less than or equal to 1"));
  const Ended tools = run({"serve", "m", "--enable-auto-tool-choice"});
  EXPECT_EQ(tools.exit_status, 1);
  EXPECT_EQ(tools.error,
            "TypeError: Error: --enable-auto-tool-choice requires --tool-call-parser\n");
}

TEST(ModelServerArguments, RefusesANonsensicalVariable) {
  const Ended ended = run({"serve", "m"}, {{"MODEL_SERVER_KV_USAGE", "most"}});
  EXPECT_EQ(ended.exit_status, 2);
  EXPECT_EQ(ended.error,
            "model-server: error: MODEL_SERVER_KV_USAGE is 'most'; it means: the KV cache use that "
            "/metrics shows, 0 to 1\n");
}

}  // namespace
}  // namespace aim::model_server
