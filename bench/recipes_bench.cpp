// What it costs to find the recipes of one model among 10,000 files, with and without an index.

#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <stdlib.h>

#include <chrono>
#include <filesystem>
#include <fstream>

#include "recipes/catalog.hpp"

namespace {

namespace fs = std::filesystem;

constexpr int kFiles = 10'000;
constexpr int kFilesOfAModel = 10;

/// As large as a real one.
std::string recipe_text(int number) {
  std::string text = fmt::format(
      "version: 2\nrecipe_id: recipe-{0}\nmodel_id: org/model-{1}\nhuggingface_id: org/model-{1}\n"
      "hardware: MI300X\nprecision: bf16\ncontext_length: 32768\nenv:\n"
      "  VLLM_ROCM_USE_AITER: \"1\"\nvllm_serve:\n",
      number,
      number / kFilesOfAModel);
  for (const int gpus : {1, 2, 4, 8}) {
    text += fmt::format(
        "  {}_gpu:\n    enabled: true\n    args:\n      --gpu-memory-utilization: 0.9\n"
        "      --max-num-batched-tokens: 1024\n      --max-num-seqs: 512\n"
        "      --distributed-executor-backend: mp\n      --no-enable-prefix-caching: true\n",
        gpus);
  }
  return text;
}

/// The files, and what is kept of them; gone at the end of the program.
class Files {
 public:
  Files() {
    std::string pattern = (fs::temp_directory_path() / "aim-bench-XXXXXX").string();
    directory_ = mkdtemp(pattern.data());
    fs::create_directory(directory_ / "recipes");
    const auto old = fs::file_time_type::clock::now() - std::chrono::hours(1);
    for (int i = 0; i < kFiles; ++i) {
      const fs::path file = directory_ / "recipes" / fmt::format("recipe-{}.yaml", i);
      std::ofstream(file) << recipe_text(i);
      fs::last_write_time(file, old);
    }
  }

  ~Files() { fs::remove_all(directory_); }

  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;

  aim::recipes::CatalogPaths paths() const {
    return {{directory_ / "recipes"}, directory_ / "cache"};
  }

  void forget() const { fs::remove_all(directory_ / "cache"); }

 private:
  fs::path directory_;
};

const Files& files() {
  static const Files kFilesOnDisk;
  return kFilesOnDisk;
}

void find_recipes(benchmark::State& state) {
  aim::core::Diagnostics diagnostics;
  aim::core::SourceFiles sources;
  const auto catalog = aim::recipes::Catalog::open(files().paths(), diagnostics);
  const auto found = catalog.for_model("org/model-77", diagnostics, sources);
  if (found.size() != kFilesOfAModel || !diagnostics.empty()) {
    state.SkipWithError("the recipes were not found");
  }
}

void recipes_cold(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    files().forget();
    state.ResumeTiming();
    find_recipes(state);
  }
}

void recipes_warm(benchmark::State& state) {
  find_recipes(state);
  for (auto _ : state) {
    find_recipes(state);
  }
}

BENCHMARK(recipes_cold)->Unit(benchmark::kMillisecond);
BENCHMARK(recipes_warm)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
