#include "planner/endpoint_resolution.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/endpoint_site.hpp"

namespace aim::planner::test {
namespace {

using core::List;
using core::Map;
using core::Value;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

TEST(ResolveEndpoints, FillsInWhatIsLeftOut) {
  Site site;
  site.configure(endpoints(qwen("gpus: 4, precision: bf16")));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_THAT(site.text("qwen", "recipe"), StartsWith("qwen3-32b-"));
  EXPECT_THAT(site.text("qwen", "image"), StartsWith("vllm/vllm-openai-rocm:"));
  EXPECT_EQ(site.text("qwen", "precision"), "bf16");
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({0, 1, 2, 3}));
  const std::vector<std::string> command = site.list("qwen", "command");
  const auto tensor = std::find(command.begin(), command.end(), "--tensor-parallel-size");
  ASSERT_NE(tensor, command.end());
  EXPECT_EQ(*std::next(tensor), "4");
  const Map& devices = *core::find(site.attributes("qwen"), "gpu_devices")->get<Map>();
  EXPECT_EQ(*core::find(devices, "devices"),
            Value(List{"/dev/kfd",
                       "/dev/dri/renderD128",
                       "/dev/dri/renderD129",
                       "/dev/dri/renderD130",
                       "/dev/dri/renderD131"}));
  EXPECT_THAT(site.asked, ElementsAre("inventory", "containers", "recipes"));
}

TEST(ResolveEndpoints, TakesTheFewestGpusOfAVerifiedRecipe) {
  Site site;
  site.configure(endpoints("  qwen: { model: Qwen/Qwen3-32B }\n"));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(site.text("qwen", "recipe"), "qwen3-32b-mi300x-fp16");
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({0}));
}

TEST(ResolveEndpoints, NothingMovesAndNothingIsAskedOnAReplan) {
  Site site;
  site.configure(endpoints(qwen("gpus: 4") + "  embed: { model: Qwen/Qwen3-8B, port: 8001 }\n"));
  site.apply();
  site.resolve();
  EXPECT_THAT(site.asked, IsEmpty());
  EXPECT_FALSE(has_changes(site.plan()));
}

TEST(ResolveEndpoints, ADecisionOutlivesTheState) {
  Site site;
  site.configure(endpoints(qwen("gpus: 2")));
  site.apply();
  core::ObservedContainer one = site.applied.world.containers.begin()->second;
  one.labels[core::label::kSpec] = core::canonical_json(site.attributes("qwen"));
  site.applied.world.containers = {{one.id, one}};
  site.applied.state = {};
  site.resolve();
  EXPECT_THAT(site.asked, IsEmpty());
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({0, 1}));
}

TEST(ResolveEndpoints, AnotherArgumentIsNoNewChoice) {
  Site site;
  site.configure(endpoints(qwen("gpus: 4")));
  site.apply();
  site.configure(endpoints(qwen("gpus: 4, args: { --max-num-seqs: 77 }")));
  site.resolve();
  EXPECT_THAT(site.asked, ElementsAre("recipes"));
  EXPECT_THAT(site.list("qwen", "command"), AllOf(Contains("--max-num-seqs"), Contains("77")));
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({0, 1, 2, 3}));
  EXPECT_EQ(change_of(site.plan(), "endpoint.qwen").action, Action::Replace);
}

TEST(ResolveEndpoints, AnUpgradeChoosesAgain) {
  Site site;
  site.configure(endpoints(qwen("gpus: 4")));
  site.apply();
  PlanOptions options;
  options.upgrades.insert(endpoint("qwen"));
  site.resolve(options);
  EXPECT_THAT(site.asked, Contains("recipes"));
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({0, 1, 2, 3}));
}

TEST(ResolveEndpoints, TwoHaveNoGpuInCommonAndAThirdIsRefusedWithTheHolders) {
  Site site;
  site.configure(endpoints(qwen("gpus: 4", "a") + qwen("gpus: 4, port: 8001", "b")));
  site.apply();
  EXPECT_EQ(site.list("a", "gpu_ids"), ids({0, 1, 2, 3}));
  EXPECT_EQ(site.list("b", "gpu_ids"), ids({4, 5, 6, 7}));
  site.configure(endpoints(qwen("gpus: 4", "a") + qwen("gpus: 4, port: 8001", "b") +
                           qwen("gpus: 1, port: 8002", "c")));
  site.resolve();
  EXPECT_THAT(site.told(), HasSubstr("endpoint.c needs 1 GPU"));
  EXPECT_THAT(site.told(), HasSubstr("endpoint.a"));
  EXPECT_THAT(site.told(), HasSubstr("endpoint.b"));
}

TEST(ResolveEndpoints, WhatOthersHoldIsNotCountedOn) {
  Site site("MI300X", 2);
  core::ObservedContainer other;
  other.id = "x";
  other.name = "other-chat";
  other.labels = {{core::label::kProject, "other"},
                  {core::label::kWorkspace, "default"},
                  {core::label::kAddress, "endpoint.chat"},
                  {core::label::kGpus, "gpu-0"}};
  site.containers = {other};
  site.configure(endpoints("  qwen: { model: Qwen/Qwen3-32B, goal: latency }\n"));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({1}));
}

TEST(ResolveEndpoints, NamedGpusAreGiven) {
  Site site;
  site.configure(endpoints(qwen("gpus: { ids: [6, gpu-3] }")));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({3, 6}));
}

TEST(ResolveEndpoints, ACombinationThatNobodyOffersNamesTheNearestOrTakesIt) {
  Site site;
  site.configure(endpoints(qwen("gpus: 3")));
  site.resolve();
  EXPECT_THAT(site.told(), StartsWith("No recipe fits: Nothing serves Qwen/Qwen3-32B as asked"));
  EXPECT_THAT(site.told(), HasSubstr("is for 2 GPUs, and 3 were asked for"));
  site.configure(endpoints(qwen("gpus: 3, fallback: allow")));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(site.list("qwen", "gpu_ids"), ids({0}));
}

TEST(ResolveEndpoints, WhatIsWrittenByHandIsLeftAlone) {
  Site site;
  const std::string text =
      "  plain: { model: m, image: \"i:1\", recipe: none, args: { --port-of-call: 1 } }\n"
      "  own: { model: m, image: \"i:1\", command: [serve] }\n"
      "  other: { model: m, image: \"i:1\", backend: custom }\n";
  site.configure(endpoints(text));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_THAT(site.asked, IsEmpty());
  EXPECT_EQ(site.attributes("plain"),
            site.configuration.resources.at(endpoint("plain")).attributes);
  site.configure(endpoints("  plain: { model: m, recipe: none }\n"));
  site.resolve();
  EXPECT_THAT(site.told(), StartsWith("Missing attribute: endpoint.plain is written by hand"));
}

TEST(ResolveEndpoints, ByHandWithGpusGetsGpusAndNoRecipe) {
  Site site("H100", 2);
  site.configure(endpoints("  own: { model: m, image: \"i:1\", recipe: none, gpus: 2 }\n"));
  site.apply();
  EXPECT_EQ(site.list("own", "gpu_ids"), ids({0, 1}));
  EXPECT_EQ(core::find(site.attributes("own"), "command"), nullptr);
  site.resolve();
  EXPECT_THAT(site.asked, IsEmpty());
  EXPECT_FALSE(has_changes(site.plan()));
}

TEST(ResolveEndpoints, ByHandWithGpusMayReferToOthers) {
  Site site("H100", 1);
  site.configure(
      "containers: { db: { image: \"i:1\" } }\nendpoints:\n  own: { model: m, image: \"i:1\", "
      "recipe: "
      "none, gpus: 1, args: { --x: \"${container.db.container_id}\" } }\n");
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(change_of(site.plan(), "endpoint.own").action, Action::Create);
}

TEST(ResolveEndpoints, TheHostsCacheIsNobodysVolume) {
  ConfigurationCase one("version: 1\nproject: lab\nvolumes: { aim-cache: {} }\n");
  static_cast<void>(one.load());
  EXPECT_THAT(one.report(), HasSubstr("3:12: error: Reserved name"));
}

TEST(ResolveEndpoints, WithoutAGpuThereIsAWayToGoOn) {
  Site site("MI300X", 0);
  site.configure(endpoints("  qwen: { model: Qwen/Qwen3-32B }\n"));
  site.resolve();
  EXPECT_EQ(
      site.told(),
      "No GPU found: Qwen/Qwen3-32B is to be served by vllm, which needs a GPU, and Docker's "
      "host has none. The CPU can serve models in GGUF form: `backend: llamacpp` and `gpus: 0`, "
      "or for example `aim launch Qwen/Qwen3-0.6B-GGUF --backend llamacpp --gpus 0`. To plan "
      "for a host that has GPUs, declare them in `hosts.local.gpus`.\n");
}

TEST(ResolveEndpoints, TheCpuServesWhatIsInGgufForm) {
  Site site("MI300X", 0);
  site.configure(endpoints(
      "  chat: { model: Qwen/Qwen3-0.6B-GGUF, backend: llamacpp, gpus: 0, served_name: qwen }\n"));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(site.text("chat", "image"), "ghcr.io/ggml-org/llama.cpp:server");
  EXPECT_THAT(site.list("chat", "command"),
              ElementsAre("--hf-repo",
                          "Qwen/Qwen3-0.6B-GGUF",
                          "--host",
                          "0.0.0.0",
                          "--port",
                          "8080",
                          "--alias",
                          "qwen",
                          "--ctx-size",
                          "8192"));
  site.configure(endpoints("  chat: { model: Qwen/Qwen3-32B, backend: llamacpp, gpus: 0 }\n"));
  site.resolve();
  EXPECT_THAT(site.told(), StartsWith("No file in GGUF form: llama.cpp serves models in GGUF"));
}

TEST(ResolveEndpoints, AMissingCardNamesTheEndpointThatItHits) {
  Site site("MI300X", 4);
  site.configure(endpoints(qwen("gpus: 2", "a") + qwen("gpus: 1, port: 8001", "b")));
  site.apply();
  site.gpus.pop_back();
  site.gpus.erase(site.gpus.begin());
  site.configure(endpoints(qwen("gpus: 2", "a") + qwen("gpus: 1, port: 8001", "b") +
                           qwen("gpus: 1, port: 8002", "c")));
  site.resolve();
  EXPECT_THAT(site.told(), HasSubstr("endpoint.a holds"));
  EXPECT_THAT(site.told(), HasSubstr("not on this host any more"));
}

TEST(ResolveEndpoints, DeclaredGpusArePlannedWithAndNotStarted) {
  Site site("MI300X", 0);
  site.configure("hosts: { local: { gpus: { model: MI300X, count: 8 } } }\n" +
                 endpoints(qwen("gpus: 4")));
  site.resolve();
  EXPECT_FALSE(site.diagnostics.has_errors());
  EXPECT_THAT(site.told(), StartsWith("Planned without GPUs: "));
  EXPECT_THAT(without_real_gpus(site.plan()), ElementsAre(endpoint("qwen")));
}

TEST(ResolveEndpoints, ZeroGpusAreForThoseThatCanDoWithout) {
  Site site;
  site.configure(endpoints(qwen("gpus: 0")));
  site.resolve();
  EXPECT_EQ(site.told(),
            "Too few GPUs: endpoint.qwen needs at least 1 GPU with the backend vllm. Only llamacpp "
            "and custom can serve with `gpus: 0`.\n");
}

TEST(ResolveEndpoints, AnUnknownModelIsNamedWithItsNeighbours) {
  Site site;
  site.configure(endpoints("  qwen: { model: Qwen/Qwen3-32C }\n"));
  site.resolve();
  EXPECT_THAT(site.told(), StartsWith("Unknown model: "));
  EXPECT_THAT(site.told(), HasSubstr("Qwen/Qwen3-32B"));
}

TEST(ResolveEndpoints, AModelThatDoesNotFitIsRefusedWithTheSum) {
  Site site("MI300X", 1);
  site.configure(endpoints("  big: { model: meta-llama/Llama-3.1-405B-Instruct, gpus: 1 }\n"));
  site.resolve();
  EXPECT_TRUE(site.diagnostics.has_errors());
  EXPECT_THAT(site.told(), HasSubstr("GiB a GPU"));
}

TEST(ResolveEndpoints, AChoiceRestsOnWhatIsKnownAtPlan) {
  Site site;
  site.configure(
      "containers: { db: { image: \"i:1\" } }\n" +
      endpoints(qwen("gpus: 1, args: { --chat-template: \"${container.db.container_id}\" }")));
  site.resolve();
  EXPECT_THAT(site.told(), StartsWith("Reference is not possible here: `args` of endpoint.qwen"));
}

TEST(ResolveEndpoints, FaultyArgumentsAreToldAtTheirPlaces) {
  Site site;
  site.configure(endpoints(qwen(
      "gpus: 1, args: { --max-num-seq: 3, --tensor-parallel-size: 2, --enforce-eager: true }")));
  site.resolve();
  EXPECT_THAT(site.told(), HasSubstr("--max-num-seqs"));
  EXPECT_THAT(site.told(), HasSubstr("Set the key `gpus` of the endpoint instead"));
  for (const core::Diagnostic& one : site.diagnostics.items()) {
    ASSERT_TRUE(one.range) << one.summary;
    EXPECT_EQ(one.range->begin.line, 4) << one.summary;
  }
}

TEST(ResolveEndpoints, WhatIsLeftOutOfThePlanIsNotDecided) {
  Site site;
  site.configure(endpoints(qwen("gpus: 1", "a") + "  b: { model: no/such-model, port: 8001 }\n"));
  PlanOptions options;
  options.targets.insert(endpoint("a"));
  site.resolve(options);
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(site.list("a", "gpu_ids"), ids({0}));
  options.targets.clear();
  options.excludes.insert(endpoint("b"));
  site.resolve(options);
  EXPECT_EQ(site.told(), "");
  site.resolve();
  EXPECT_THAT(site.told(), StartsWith("Unknown model: "));
}

TEST(ResolveEndpoints, TwoThatSwapTheirGpusSaySo) {
  Site site;
  site.configure(
      endpoints(qwen("gpus: { ids: [0] }", "a") + qwen("gpus: { ids: [1] }, port: 8001", "b")));
  site.apply();
  site.configure(
      endpoints(qwen("gpus: { ids: [1] }", "a") + qwen("gpus: { ids: [0] }, port: 8001", "b")));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(site.list("a", "gpu_ids"), ids({1}));
  EXPECT_EQ(site.list("b", "gpu_ids"), ids({0}));
  const std::vector<core::Diagnostic> notes = site.diagnostics.items();
  ASSERT_EQ(notes.size(), 1U);
  EXPECT_EQ(notes[0].summary, "GPUs change hands");
}

}  // namespace
}  // namespace aim::planner::test
