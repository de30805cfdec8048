#include "recipes/arguments.hpp"

#include <gtest/gtest.h>

#include "recipes/resolve.hpp"
#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

using core::List;
using core::Map;
using core::Value;

/// Checked arguments and what was said of them.
struct Checked {
  Map args;
  std::string told;
};

Checked check(const Map& args,
              const std::string& image = "vllm/vllm-openai:v0.27.1",
              const std::string& backend = "vllm",
              ArgsCheck level = ArgsCheck::Error,
              ArgsOrigin origin = ArgsOrigin::User) {
  ArgumentCheck question;
  question.backend = installed_backends().find(backend);
  question.image = image_version(image);
  question.level = level;
  question.origin = origin;
  core::Diagnostics diagnostics;
  Checked result;
  result.args = checked_arguments(args, question, diagnostics);
  result.told = recipes::told(diagnostics);
  return result;
}

const FlagTable& vllm() { return installed_backends().find("vllm")->flags; }

std::vector<std::string> command(const std::string& backend,
                                 const std::string& image,
                                 const ServeValues& values,
                                 const Map& args = {}) {
  return serve_command(*installed_backends().find(backend), image, values, args);
}

}  // namespace

TEST(Version, OrdersReleases) {
  const std::vector<std::string> ordered = {"b3716", "b6325"};
  EXPECT_LT(*parse_version("v0.9.2"), *parse_version("v0.10.0"));
  EXPECT_LT(*parse_version("v0.10.1"), *parse_version("0.10.1.1"));
  EXPECT_LT(*parse_version("v0.5.10"), *parse_version("v0.5.10.post1"));
  EXPECT_LT(*parse_version("v0.27.1"), *parse_version("after v0.27.1"));
  EXPECT_LT(*parse_version("after v0.27.1"), *parse_version("v0.28.0"));
  EXPECT_EQ(*parse_version("v0.11.0"), *parse_version("0.11"));
  EXPECT_LT(*parse_version(ordered[0]), *parse_version(ordered[1]));
  for (const char* text : {"", "v", "latest", "v1.2x", "1..2", "v0.5.post"}) {
    EXPECT_FALSE(parse_version(text)) << text;
  }
}

TEST(Version, OfAnImageComesFromItsTag) {
  using Kind = ImageVersion::Kind;
  EXPECT_EQ(image_version("vllm/vllm-openai:v0.27.1").version, *parse_version("0.27.1"));
  EXPECT_EQ(image_version("host:5000/x/vllm:v0.5.16-rocm720-mi30x@sha256:00").version,
            *parse_version("v0.5.16"));
  EXPECT_EQ(image_version("host:5000/x/vllm").kind, Kind::Newest);
  EXPECT_EQ(image_version("vllm/vllm-openai:nightly-0966").kind, Kind::Newest);
  EXPECT_EQ(image_version("ghcr.io/ggml-org/llama.cpp:server-cuda").kind, Kind::Newest);
  EXPECT_EQ(image_version("ghcr.io/ggml-org/llama.cpp:server-cuda-b6325").version,
            *parse_version("b6325"));
  EXPECT_EQ(image_version("rocm/vllm:rocm6.3.1_vllm_0.8").kind, Kind::Unknown);
  EXPECT_EQ(image_version("mine:20250101").kind, Kind::Unknown);
  EXPECT_EQ(image_version("x@sha256:00").kind, Kind::Unknown);
}

TEST(Arguments, OfARealServerPass) {
  const Checked checked = check({{"--max-num-seqs", 256},
                                 {"--async-scheduling", true},
                                 {"--no-enable-prefix-caching", true},
                                 {"--kv_cache_dtype", "fp8"},
                                 {"-q", "awq"},
                                 {"--max-num-batched-tokens", "8k"},
                                 {"--compilation-config.mode", 3},
                                 {"--hf-overrides", Map{{"a", 1}}}});
  EXPECT_EQ(checked.told, "");
  EXPECT_TRUE(checked.args.contains("--kv-cache-dtype"));
  EXPECT_TRUE(checked.args.contains("--quantization"));
}

TEST(Arguments, ThatWereRemovedAreErrors) {
  EXPECT_EQ(
      check({{"--swap-space", 4}, {"--guided-decoding-backend", "x"}, {"--device", "cuda"}}).told,
      "error: Removed argument: --device was removed from vLLM in v0.10.0, and the image is "
      "v0.27.1. Remove it. The server would take it for --device-ids.\n"
      "error: Removed argument: --guided-decoding-backend was removed from vLLM in v0.12.0, "
      "and the image is v0.27.1. Use --structured-outputs-config instead.\n"
      "error: Removed argument: --swap-space was removed from vLLM in v0.18.0, and the image "
      "is v0.27.1. Remove it.\n");
}

TEST(Arguments, DependOnTheReleaseInTheImage) {
  const Map args = {{"--swap-space", 4}, {"--attention-backend", "FLASH_ATTN"}};
  EXPECT_EQ(check(args, "vllm/vllm-openai:v0.17.1").told, "");
  EXPECT_EQ(check(args, "vllm/vllm-openai:v0.11.0").told,
            "error: Argument too new for the image: --attention-backend exists from vLLM v0.13.0 "
            "on, and the image is v0.11.0. Remove it from `args`, or use a newer image.\n");
  EXPECT_EQ(check(args, "vllm/vllm-openai:latest").told,
            "error: Removed argument: --swap-space was removed from vLLM in v0.18.0, and the image "
            "is latest. Remove it.\n");
  EXPECT_EQ(check(args, "mine:20250101").told,
            "warning: Removed argument: --swap-space was removed from vLLM in v0.18.0, and the "
            "image is 20250101. Remove it.\n");
}

TEST(Arguments, ThatAreMisspeltGetTheNearestName) {
  EXPECT_EQ(check({{"--max-num-seqz", 4}}).told,
            "error: Unknown argument: --max-num-seqz is not an argument of vLLM v0.27.1. Did you "
            "mean `--max-num-seqs`?\n");
}

TEST(Arguments, ThatAreTheBeginningOfAnotherAreNamedAsSuch) {
  EXPECT_EQ(check({{"--max-num-se", 4}}).told,
            "error: Unknown argument: --max-num-se is not an argument of vLLM v0.27.1, but the "
            "beginning of --max-num-seqs, for which it would be taken. Write --max-num-seqs.\n");
}

TEST(Arguments, UnknownToACompleteTableAreErrorsAndAboveItWarnings) {
  const Map args = {{"--quite-another-thing", 4}};
  EXPECT_EQ(check(args).told,
            "error: Unknown argument: --quite-another-thing is not an argument of vLLM v0.27.1. "
            "Remove it from `args`, or use `args_check: warn`.\n");
  for (const char* image : {"vllm/vllm-openai:v0.99.0", "vllm/vllm-openai:nightly"}) {
    EXPECT_EQ(check(args, image).told,
              "warning: Unknown argument: --quite-another-thing is not an argument of vLLM "
              "v0.27.1, the newest that is recorded; the image may have it.\n");
  }
}

TEST(Arguments, ThatAimWritesNameTheKeyToUse) {
  EXPECT_EQ(check({{"--max-model-len", 1}, {"-tp", 2}, {"--gpu-memory-utilization", 0.5}}).told,
            "error: Reserved serve argument: --gpu-memory-utilization is written by aim itself. "
            "Set the key `gpu_memory` of the endpoint instead, and remove "
            "--gpu-memory-utilization from `args`.\n"
            "error: Reserved serve argument: --max-model-len is written by aim itself. Set the key "
            "`context_length` of the endpoint instead, and remove --max-model-len from `args`.\n"
            "error: Reserved serve argument: -tp is written by aim itself. Set the key `gpus` of "
            "the endpoint instead, and remove -tp from `args`.\n");
  EXPECT_EQ(check({{"--tensor-parallel-size", 2}},
                  "vllm/vllm-openai:v0.27.1",
                  "vllm",
                  ArgsCheck::Error,
                  ArgsOrigin::Recipe)
                .told,
            "");
}

TEST(Arguments, ThatNeverWorkedAreTranslated) {
  const Checked checked = check({{"--max-batch-size", "32"}, {"--trust-remote-code", "true"}});
  EXPECT_EQ(checked.told,
            "note: Argument translated: vLLM has no argument --max-batch-size; it is taken for "
            "--max-num-seqs. Write that instead.\n"
            "note: Argument translated: --trust-remote-code takes no value; the text \"true\" is "
            "taken for true. Write it without quotes.\n");
  EXPECT_EQ(checked.args, (Map{{"--max-num-seqs", "32"}, {"--trust-remote-code", true}}));
  const Checked sglang = check({{"--max-context-len", "32768"}, {"--max-batch-size", 4}},
                               "lmsysorg/sglang:v0.5.17-cu130",
                               "sglang",
                               ArgsCheck::Error,
                               ArgsOrigin::Recipe);
  EXPECT_EQ(sglang.args, (Map{{"--context-length", "32768"}, {"--max-running-requests", 4}}));
}

TEST(Arguments, HaveTheTypesOfTheirFlags) {
  EXPECT_EQ(check({{"--async-scheduling", 5},
                   {"--dtype", "float8_e5m2"},
                   {"--max-num-seqs", "many"},
                   {"--cpu-offload-gb", "4GB"},
                   {"--block-size", true},
                   {"--seed", List{1, 2}}})
                .told,
            "error: Wrong value of an argument: --async-scheduling takes no value, but it is 5. "
            "Write `true`, or `false` to leave it out.\n"
            "error: Wrong value of an argument: --block-size needs a value: a whole number.\n"
            "error: Wrong value of an argument: --cpu-offload-gb takes a number, but it is "
            "\"4GB\".\n"
            "error: Wrong value of an argument: --dtype does not take \"float8_e5m2\". It takes "
            "auto, bfloat16, float, float16, float32 and half.\n"
            "error: Wrong value of an argument: --max-num-seqs takes a whole number, but it is "
            "\"many\".\n"
            "error: Wrong value of an argument: --seed takes a whole number, but it is a list.\n");
}

TEST(Arguments, OfOldReleasesAreOnlyWarnedOfForTheirChoices) {
  EXPECT_EQ(check({{"--kv-cache-dtype", "fp9"}}, "vllm/vllm-openai:v0.20.0").told.substr(0, 8),
            "warning:");
  EXPECT_EQ(check({{"--dtype", "fp9"}}, "vllm/vllm-openai:v0.20.0").told.substr(0, 6), "error:");
}

TEST(Arguments, WithoutAValueAreAnErrorAtEveryLevel) {
  for (const ArgsCheck level : {ArgsCheck::Error, ArgsCheck::Warn, ArgsCheck::Off}) {
    EXPECT_EQ(check({{"--seed", Value()}}, "vllm/vllm-openai:v0.27.1", "vllm", level).told,
              "error: Argument without a value: --seed has no value. Write `true` for an argument "
              "that takes none, `false` to leave it out.\n");
  }
}

TEST(Arguments, AreCheckedAsSoftlyAsAskedFor) {
  const Map args = {{"--swap-space", 4}, {"--max-num-seqz", 1}};
  const std::string image = "vllm/vllm-openai:v0.27.1";
  EXPECT_EQ(check(args, image, "vllm", ArgsCheck::Off).told, "");
  const std::string soft = check(args, image, "vllm", ArgsCheck::Warn).told;
  EXPECT_EQ(soft.find("error:"), std::string::npos);
  EXPECT_NE(soft.find("warning: Removed argument"), std::string::npos);
}

TEST(Arguments, HoldNoValueInTheirName) {
  EXPECT_EQ(check({{"--max-num-seqs=4", true}}).told,
            "error: Unknown argument: --max-num-seqs=4 holds a value. Write it as "
            "`--max-num-seqs: 4`.\n");
}

TEST(Arguments, MergeByFlagWhateverTheSpelling) {
  const Map base = {{"--enable-prefix-caching", true}, {"--quantization", "awq"}, {"--seed", 1}};
  EXPECT_EQ(
      merged_arguments(
          base, {{"--no-enable-prefix-caching", true}, {"-q", "fp8"}, {"--seed", false}}, vllm()),
      (Map{{"--no-enable-prefix-caching", true}, {"-q", "fp8"}}));
}

TEST(Arguments, AreRenderedAsTheServerReadsThem) {
  EXPECT_EQ(argument_words({{"--a", true},
                            {"--b", false},
                            {"--c", 0.9},
                            {"--cudagraph-capture-sizes", List{1, 2}},
                            {"--device-ids", List{0, 1}},
                            {"--hf-overrides", Map{{"x", List{"y"}}}},
                            {"--unknown", List{"p", "q"}}},
                           vllm()),
            (std::vector<std::string>{"--a",
                                      "--c",
                                      "0.9",
                                      "--cudagraph-capture-sizes",
                                      "1",
                                      "2",
                                      "--device-ids",
                                      "0,1",
                                      "--hf-overrides",
                                      R"({"x":["y"]})",
                                      "--unknown",
                                      "p",
                                      "--unknown",
                                      "q"}));
}

TEST(ServeCommand, FollowsTheImage) {
  ServeValues values;
  values.model = "o/m";
  values.tensor_parallel = 2;
  values.context_length = 4096;
  values.gpu_memory = 0.9;
  const std::vector<std::string> rest = {"--host",
                                         "0.0.0.0",
                                         "--port",
                                         "8000",
                                         "--tensor-parallel-size",
                                         "2",
                                         "--max-model-len",
                                         "4096",
                                         "--gpu-memory-utilization",
                                         "0.9"};
  const auto with = [&](std::vector<std::string> words) {
    words.insert(words.end(), rest.begin(), rest.end());
    return words;
  };
  EXPECT_EQ(command("vllm", "vllm/vllm-openai-rocm:v0.24.0", values), with({"o/m"}));
  EXPECT_EQ(command("vllm", "vllm/vllm-openai:v0.11.0", values), with({"--model", "o/m"}));
  EXPECT_EQ(command("vllm", "rocm/vllm:latest", values), with({"vllm", "serve", "o/m"}));
  EXPECT_EQ(command("vllm", "registry:5000/vllm/vllm-openai:v0.11.0", values),
            with({"--model", "o/m"}));
}

TEST(ServeCommand, OfTheOtherBackendsHasTheirNames) {
  ServeValues values;
  values.model = "o/m";
  values.served_name = "m";
  values.context_length = 4096;
  EXPECT_EQ(command("sglang", "lmsysorg/sglang:v0.5.17-cu130", values),
            (std::vector<std::string>{"sglang",
                                      "serve",
                                      "--model-path",
                                      "o/m",
                                      "--host",
                                      "0.0.0.0",
                                      "--port",
                                      "30000",
                                      "--served-model-name",
                                      "m",
                                      "--context-length",
                                      "4096"}));
  EXPECT_EQ(command("sglang", "lmsysorg/sglang:v0.5.4", values).front(), "python3");
  EXPECT_EQ(command("llamacpp", "ghcr.io/ggml-org/llama.cpp:server", values),
            (std::vector<std::string>{"--hf-repo",
                                      "o/m",
                                      "--host",
                                      "0.0.0.0",
                                      "--port",
                                      "8080",
                                      "--alias",
                                      "m",
                                      "--ctx-size",
                                      "4096"}));
  values.model = "/models/m.gguf";
  EXPECT_EQ(command("llamacpp", "ghcr.io/ggml-org/llama.cpp:server", values).front(), "--model");
}

}  // namespace aim::recipes
