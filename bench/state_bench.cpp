#include <benchmark/benchmark.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>

#include "state/store.hpp"

namespace {

using namespace aim;

/// A directory on tmpfs, where syncing is free, so that what is measured is our own work.
class Directory {
 public:
  Directory() {
    const bool tmpfs = std::filesystem::is_directory("/dev/shm");
    std::string pattern = tmpfs ? "/dev/shm/aim-bench-XXXXXX" : "/tmp/aim-bench-XXXXXX";
    const char* made = ::mkdtemp(pattern.data());
    AIM_CHECK(made != nullptr);
    path_ = made;
  }

  ~Directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }

  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  [[nodiscard]] std::filesystem::path file() const { return path_ / "state.db"; }

 private:
  std::filesystem::path path_;
};

core::RunHeader header() {
  core::RunHeader header;
  header.operation = "apply";
  header.lineage = "b0c35f1d";
  header.project = "lab";
  header.plan_json = "{}";
  return header;
}

core::Map attributes(int number) {
  return core::Map{{"image", "vllm/vllm-openai:v0.24.0"},
                   {"command", core::List{"--model", "Qwen/Qwen3-32B", "--max-num-seqs", "256"}},
                   {"env", core::Map{{"HF_HOME", "/root/.cache"}, {"NUMBER", number}}},
                   {"memory", 68719476736},
                   {"mounts", core::List{"aim-cache:/root/.cache"}},
                   {"ports", core::List{"127.0.0.1:8000:8000"}}};
}

/// Creating a container with its labels, the largest call that is journalled.
core::StepIntent creation() {
  core::CreateContainer call{"lab-qwen.g2", attributes(1), {}, "no", {}};
  call.labels["dev.aim.spec"] = std::string(1000, 'x');
  call.networks = {core::Attachment{"lab-default", {"qwen"}, ""}};
  core::StepIntent intent;
  intent.address = core::Address{core::Kind::Endpoint, "qwen", std::nullopt};
  intent.call = call;
  intent.inverse = core::RemoveContainer{"lab-qwen.g2", true, true};
  intent.object_name = "lab-qwen.g2";
  return intent;
}

std::unique_ptr<state::StateStore> open(const Directory& directory, core::Clock& clock) {
  auto store = state::StateStore::open(directory.file(), clock);
  AIM_CHECK(store.has_value());
  return std::move(*store);
}

/// A store of `count` resources, closed.
void fill(const Directory& directory, std::int64_t count) {
  core::SystemClock clock;
  const auto store = open(directory, clock);
  core::CommitRecord record;
  for (int i = 0; i < count; ++i) {
    core::RecordedResource resource;
    resource.address =
        core::Address{core::Kind::Container, fmt::format("worker{}", i), std::nullopt};
    resource.attributes = attributes(i);
    resource.baseline = attributes(i);
    resource.docker_name = fmt::format("lab-worker{}", i);
    record.upserts.push_back(std::move(resource));
  }
  const core::RunId run = store->begin_run(header());
  static_cast<void>(store->commit(run, record));
  store->finish_run(run, core::RunResult::Applied, "");
}

/// What the journal costs one call that changes something: must be at most 0.2 ms on tmpfs.
void intent_and_outcome(benchmark::State& state) {
  const Directory directory;
  core::SystemClock clock;
  const auto store = open(directory, clock);
  const core::RunId run = store->begin_run(header());
  const core::StepIntent intent = creation();
  for ([[maybe_unused]] auto _ : state) {
    const core::StepId step = store->intent(run, intent);
    store->outcome(step, core::StepOutcome{true, std::string(64, 'a'), ""});
  }
}

BENCHMARK(intent_and_outcome)->Unit(benchmark::kMicrosecond);

void open_store(benchmark::State& state) {
  const Directory directory;
  fill(directory, 50);
  core::SystemClock clock;
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(open(directory, clock));
  }
}

BENCHMARK(open_store)->Unit(benchmark::kMicrosecond);

void read_snapshot(benchmark::State& state) {
  const Directory directory;
  fill(directory, state.range(0));
  for ([[maybe_unused]] auto _ : state) {
    benchmark::DoNotOptimize(state::StateStore::read(directory.file()));
  }
}

BENCHMARK(read_snapshot)->Arg(50)->Arg(10'000)->Unit(benchmark::kMillisecond);

void commit(benchmark::State& state) {
  for ([[maybe_unused]] auto _ : state) {
    const Directory directory;
    fill(directory, state.range(0));
  }
}

BENCHMARK(commit)->Arg(50)->Arg(10'000)->Unit(benchmark::kMillisecond);

}  // namespace

BENCHMARK_MAIN();
