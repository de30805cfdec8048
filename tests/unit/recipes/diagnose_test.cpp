#include "recipes/diagnose.hpp"

#include <gtest/gtest.h>

#include <chrono>

#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

const std::vector<FailurePattern>& installed() {
  static const std::vector<FailurePattern> kFailures = [] {
    core::Diagnostics diagnostics;
    core::SourceFiles sources;
    std::vector<FailurePattern> failures =
        read_failures("recipes/diagnostics", diagnostics, sources);
    EXPECT_EQ(told(diagnostics), "");
    return failures;
  }();
  return kFailures;
}

std::vector<Diagnosis> of(const std::string& log, const std::string& backend = "vllm") {
  return diagnose({backend, log, {}, false}, installed());
}

/// The text of the first diagnosis, as a user reads it.
std::string first(const std::string& log, const std::string& backend = "vllm") {
  const std::vector<Diagnosis> found = of(log, backend);
  return found.empty()
             ? ""
             : found.front().id + ": " + found.front().cause + ". " + found.front().remedy;
}

}  // namespace

TEST(Diagnose, NamesTheArgumentThatIsUnknown) {
  EXPECT_EQ(
      first("usage: vllm serve\nvllm serve: error: unrecognized arguments: --swap-space 4\n"),
      "unknown-argument: this version of vLLM does not know the argument --swap-space. Remove "
      "--swap-space from `args`, or use an image whose vLLM has it.");
  EXPECT_EQ(
      first("error: invalid argument: --tp\n", "llamacpp"),
      "unknown-argument: this build of llama.cpp does not know the argument --tp. Remove --tp "
      "from `args`; a value is a word of its own, never --flag=value.");
}

TEST(Diagnose, NamesAValueThatIsNoChoice) {
  EXPECT_EQ(
      first("api_server.py: error: argument --dtype: invalid choice: 'float8_e5m2' (choose "
            "from 'auto', 'half')\n"),
      "bad-choice: this version of vLLM does not take float8_e5m2 for --dtype. Use one of the "
      "values that the same line of the log lists.");
}

TEST(Diagnose, RepeatsTheContextThatWouldFit) {
  const std::vector<Diagnosis> found = of(
      "(EngineCore pid=9) ERROR To serve at least one request with the models's max seq len "
      "(40960), (10.0 GiB KV cache is needed, which is larger than the available KV cache memory "
      "(4.7 GiB). Based on the available memory, the estimated maximum model length is 19264.\n"
      "RuntimeError: Engine core initialization failed. See root cause above.\n");
  ASSERT_EQ(found.size(), 2U);
  EXPECT_EQ(found[0].id, "context-too-long");
  EXPECT_EQ(found[0].remedy,
            "Set `context_length: 19264` or less, raise `gpu_memory`, or use more GPUs.");
  EXPECT_EQ(found[0].line_number, 1U);
  EXPECT_TRUE(found[0].line.starts_with("(EngineCore pid=9) ERROR To serve"));
  EXPECT_EQ(found[1].id, "engine-wrapper");
}

TEST(Diagnose, TakesTheNewestRootCause) {
  const std::vector<Diagnosis> found =
      of("torch.OutOfMemoryError: CUDA out of memory.\nrestarted\n"
         "ValueError: Free memory on device cuda:0 (3.2/79.6 GiB) on startup is less than desired "
         "GPU memory utilization\n"
         "Worker proc VllmWorker-0 died unexpectedly\n");
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0].id, "gpu-busy");
  EXPECT_EQ(found[1].id, "gpu-memory");
  EXPECT_EQ(found[2].id, "engine-wrapper");
}

TEST(Diagnose, KnowsWhatEveryBackendShares) {
  EXPECT_EQ(of("huggingface_hub.errors.GatedRepoError: 401 Client Error.", "sglang")[0].id,
            "gated");
  EXPECT_EQ(of("Access to model x is restricted and you are not in the authorized list.")[0].id,
            "gated-denied");
  EXPECT_EQ(of("OSError: [Errno 28] No space left on device")[0].id, "disk-full");
  EXPECT_EQ(of("ImportError: libcudart.so.13: cannot open shared object file: No such file")[0].id,
            "cuda-build");
  EXPECT_EQ(of("HIP OUT OF MEMORY")[0].id, "gpu-memory");
}

TEST(Diagnose, AsksOnlyThePatternsOfTheBackend) {
  EXPECT_EQ(of("Capture cuda graph failed: x", "sglang")[0].id, "graph-capture");
  EXPECT_TRUE(of("Capture cuda graph failed: x", "vllm").empty());
}

TEST(Diagnose, KnowsAnEndWithoutALine) {
  EXPECT_EQ(diagnose({"vllm", "", 137, true}, installed())[0].id, "host-memory");
  EXPECT_EQ(diagnose({"vllm", "loading\n", 137, false}, installed())[0].id, "killed");
  EXPECT_EQ(diagnose({"vllm", "CUDA out of memory\n", 137, false}, installed()).size(), 1U);
  EXPECT_TRUE(diagnose({"vllm", "all is well\n", 1, false}, installed()).empty());
}

TEST(Diagnose, EachInstalledPatternFindsItself) {
  for (const FailurePattern& failure : installed()) {
    EXPECT_FALSE(failure.patterns.empty()) << failure.id;
    for (const std::string& pattern : failure.patterns) {
      std::string line = pattern;
      for (const char* name : {"{argument}", "{value}", "{tokens}"}) {
        if (const std::size_t at = line.find(name); at != std::string::npos) {
          line.replace(at, std::string(name).size(), "word");
        }
      }
      const std::string backend = failure.backend.empty() ? "vllm" : failure.backend;
      EXPECT_FALSE(of("before\n" + line + "\nafter", backend).empty()) << pattern;
    }
    EXPECT_TRUE(failure.remedy.ends_with('.')) << failure.remedy;
    EXPECT_FALSE(failure.cause.ends_with('.')) << failure.cause;
  }
}

TEST(Diagnose, EndsSoonOnHostileLogs) {
  const auto started = std::chrono::steady_clock::now();
  std::string parts;
  while (parts.size() < (8U << 20U)) {
    parts +=
        "estimated maximum model length is access to model kv cache is needed, which is larger "
        "than libcudart.so ";
  }
  of(parts);                            // one line
  of(std::string(8U << 20U, '\n'));     // nothing but lines
  of(std::string(8U << 20U, '\0'));     // nothing at all
  of(std::string(1U << 20U, '\xff'));   // not text
  of("error: unrecognized arguments: "  // nothing behind
     "\nerror: argument  invalid choice: \n");
  EXPECT_LT(std::chrono::steady_clock::now() - started, std::chrono::seconds(5));
}

TEST(Diagnose, KeepsOnlyTheBeginningOfALongLine) {
  const std::vector<Diagnosis> found = of("CUDA out of memory " + std::string(100'000, 'x'));
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].line.size(), 4000U);
}

TEST(FailurePatterns, AreCheckedWhenRead) {
  core::Diagnostics diagnostics;
  const auto document = core::read_document(
      "f.yaml",
      "failures:\n  - id: a\n    patterns: [ab]\n    cause: c\n    remedy: r\n    why: x\n",
      diagnostics);
  static_cast<void>(read_failures(*document, diagnostics));
  EXPECT_EQ(told(diagnostics),
            "2:5: error: Pattern too short: \"ab\" would be found in too many lines.\n"
            "6:5: error: Unknown key: A failure has no key \"why\". It takes id, patterns, cause, "
            "remedy and wrapper.\n");
}

}  // namespace aim::recipes
