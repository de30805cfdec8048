#include "planner/allocation.hpp"

#include <gtest/gtest.h>

#include "tests/unit/planner/gpu_makers.hpp"

namespace aim::planner {
namespace {

using test::endpoint;
using test::gpus_of;
using test::ids;
using test::named;
using test::wish;

AllocationInput eight() {
  AllocationInput input;
  input.gpus = gpus_of("MI300X", 8);
  return input;
}

struct Outcome {
  Allocation allocation;
  std::string told;

  [[nodiscard]] std::vector<std::string> of(const std::string& name) const {
    const auto found = allocation.granted.find(endpoint(name));
    return found == allocation.granted.end() ? std::vector<std::string>{"nothing"}
                                             : found->second.ids;
  }
};

Outcome run(const AllocationInput& input) {
  Outcome outcome;
  core::Diagnostics diagnostics;
  outcome.allocation = allocate(input, diagnostics);
  for (const core::Diagnostic& item : diagnostics.items()) {
    outcome.told += item.severity == core::Severity::Error ? "error: " : "warning: ";
    outcome.told += item.summary + "\n" + item.detail + "\n";
  }
  return outcome;
}

/// The input of the next plan, after this one was applied.
AllocationInput applied(AllocationInput input, const Allocation& allocation) {
  input.recorded = allocation.granted;
  std::erase_if(input.holders, [](const GpuHolder& holder) { return holder.address.has_value(); });
  for (const auto& [address, grant] : allocation.granted) {
    input.holders.push_back(
        {address.str() + " of project lab", address, grant.ids, grant.share_percent});
  }
  return input;
}

}  // namespace

TEST(Allocation, TwoEndpointsOfFourGetDisjointGpus) {
  AllocationInput input = eight();
  input.wishes = {wish("b", {4}), wish("a", {4})};
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.told, "");
  EXPECT_EQ(outcome.of("a"), ids({0, 1, 2, 3}));
  EXPECT_EQ(outcome.of("b"), ids({4, 5, 6, 7}));
}

TEST(Allocation, TheThirdIsRefusedWithATableOfHolders) {
  AllocationInput input = eight();
  input.wishes = {wish("a", {4}), wish("b", {4}), wish("c", {4})};
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.of("a"), ids({0, 1, 2, 3}));
  EXPECT_EQ(outcome.of("c"), std::vector<std::string>{"nothing"});
  EXPECT_EQ(outcome.told,
            "error: Not enough GPUs\n"
            "endpoint.c needs 4 GPUs, and 0 of 8 can be given to it:\n"
            "  GPUs 0-3  MI300X  endpoint.a\n"
            "  GPUs 4-7  MI300X  endpoint.b\n"
            "Ask for fewer, let GPUs be shared (`gpus: { count: 1, share: 25% }`), or remove what "
            "holds them.\n");
}

TEST(Allocation, NothingMovesOnAReplan) {
  AllocationInput input = eight();
  input.wishes = {wish("b", {4}), wish("c", {2})};
  AllocationInput next = applied(input, run(input).allocation);
  // A newcomer that comes first in every order, and one that goes.
  next.wishes = {wish("a", {2}), wish("b", {4}), wish("c", {2})};
  const Outcome second = run(next);
  EXPECT_EQ(second.told, "");
  EXPECT_EQ(second.of("b"), ids({0, 1, 2, 3}));
  EXPECT_EQ(second.of("c"), ids({4, 5}));
  EXPECT_EQ(second.of("a"), ids({6, 7}));
  AllocationInput third = applied(next, second.allocation);
  EXPECT_EQ(run(third).allocation.granted, second.allocation.granted);
  EXPECT_TRUE(run(third).allocation.handovers.empty());
}

TEST(Allocation, TwoThatSwapAreToldInOrder) {
  AllocationInput input = eight();
  input.wishes = {named("a", {"0"}), named("b", {"1"})};
  AllocationInput next = applied(input, run(input).allocation);
  next.wishes = {named("a", {"1"}), named("b", {"0"})};
  const Outcome outcome = run(next);
  EXPECT_EQ(outcome.told, "");
  EXPECT_EQ(outcome.of("a"), ids({1}));
  EXPECT_EQ(outcome.of("b"), ids({0}));
  EXPECT_EQ(outcome.allocation.order,
            (std::vector<std::vector<core::Address>>{{endpoint("a"), endpoint("b")}}));
  EXPECT_EQ(handover_sentences(outcome.allocation, next.gpus),
            (std::vector<std::string>{
                "endpoint.b takes GPU 0 from endpoint.a, endpoint.a takes GPU 1 from endpoint.b: "
                "endpoint.a and endpoint.b stop before the first of them starts again."}));
}

TEST(Allocation, AChainMovesFromItsEnd) {
  AllocationInput input = eight();
  input.wishes = {named("a", {"0"}), named("b", {"1"}), named("c", {"2"})};
  AllocationInput next = applied(input, run(input).allocation);
  next.wishes = {named("a", {"1"}), named("b", {"2"}), named("c", {"3"})};
  const Outcome outcome = run(next);
  EXPECT_EQ(outcome.told, "");
  EXPECT_EQ(
      outcome.allocation.order,
      (std::vector<std::vector<core::Address>>{{endpoint("c")}, {endpoint("b")}, {endpoint("a")}}));
  EXPECT_EQ(handover_sentences(outcome.allocation, next.gpus),
            (std::vector<std::string>{"endpoint.b takes GPU 2 from endpoint.c, which stops first.",
                                      "endpoint.a takes GPU 1 from endpoint.b, which stops "
                                      "first."}));
}

TEST(Allocation, AcrossProjectsAndALaunchNoGpuIsGivenTwice) {
  AllocationInput input = eight();
  input.holders = {{"endpoint.chat of project web", std::nullopt, ids({0, 1}), kWholeGpu},
                   {"endpoint.llama of project launch-llama", std::nullopt, ids({4}), kWholeGpu},
                   {"container ollama", std::nullopt, ids({7}), kWholeGpu}};
  input.wishes = {wish("a", {2}), wish("b", {2}), wish("c", {1})};
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.of("a"), ids({2, 3}));
  EXPECT_EQ(outcome.of("b"), ids({5, 6}));
  EXPECT_EQ(outcome.told,
            "error: Not enough GPUs\n"
            "endpoint.c needs 1 GPU, and 0 of 8 can be given to it:\n"
            "  GPUs 0-1  MI300X  endpoint.chat of project web\n"
            "  GPUs 2-3  MI300X  endpoint.a\n"
            "  GPU 4     MI300X  endpoint.llama of project launch-llama\n"
            "  GPUs 5-6  MI300X  endpoint.b\n"
            "  GPU 7     MI300X  container ollama\n"
            "Ask for fewer, let GPUs be shared (`gpus: { count: 1, share: 25% }`), or remove what "
            "holds them.\n");
}

TEST(Allocation, AMissingCardNamesTheEndpointItHits) {
  AllocationInput input = eight();
  input.wishes = {wish("a", {4}), wish("qwen", {4})};
  AllocationInput next = applied(input, run(input).allocation);
  next.gpus.erase(next.gpus.begin() + 5);
  const Outcome outcome = run(next);
  EXPECT_EQ(outcome.of("a"), ids({0, 1, 2, 3})) << "others are not touched by it";
  EXPECT_EQ(outcome.of("qwen"), std::vector<std::string>{"nothing"});
  EXPECT_EQ(outcome.told,
            "error: GPU missing\n"
            "endpoint.qwen holds GPU gpu-5, and it is not on this host any more: 7 GPUs are "
            "found. Mend the card or its driver, or change `gpus` so that others are chosen.\n");
}

TEST(Allocation, ACardThatFailsNamesTheEndpointToo) {
  AllocationInput input = eight();
  input.wishes = {wish("qwen", {2})};
  AllocationInput next = applied(input, run(input).allocation);
  next.gpus[1].health = core::GpuHealth::Faulty;
  next.gpus[1].health_detail = "it has fallen off the bus";
  EXPECT_EQ(run(next).told,
            "error: GPU missing\n"
            "endpoint.qwen holds a GPU that fails: GPU 1 cannot be used: it has fallen off the "
            "bus. Mend the card or its driver, or change `gpus` so that others are chosen.\n");
  next.wishes[0].choose_again = true;
  const Outcome again = run(next);
  EXPECT_EQ(again.told, "");
  EXPECT_EQ(again.of("qwen"), ids({2, 3}));
}

TEST(Allocation, ExcludedCardsAreGivenToNobody) {
  AllocationInput input = eight();
  input.wishes = {wish("a", {1})};
  AllocationInput next = applied(input, run(input).allocation);
  next.excluded = {"0", "gpu-2"};
  next.wishes = {wish("a", {1}), wish("b", {2}), named("c", {"2"})};
  const Outcome outcome = run(next);
  EXPECT_EQ(outcome.of("a"), ids({1})) << "excluding a card moves who has it";
  EXPECT_EQ(outcome.of("b"), ids({3, 4}));
  EXPECT_EQ(outcome.told,
            "error: GPU cannot be had\n"
            "endpoint.c asks for GPU 2, which is excluded by hosts.local.gpus. This is how things "
            "are:\n"
            "  GPU 0     MI300X  excluded by hosts.local.gpus\n"
            "  GPU 1     MI300X  free\n"
            "  GPU 2     MI300X  excluded by hosts.local.gpus\n"
            "  GPUs 3-7  MI300X  free\n"
            "Name other GPUs, or write a number, and free ones are chosen.\n");
}

TEST(Allocation, NamedGpusThatCannotBeHad) {
  AllocationInput input = eight();
  input.wishes = {wish("a", {2})};
  AllocationInput next = applied(input, run(input).allocation);
  next.gpus.resize(3);
  next.wishes = {wish("a", {2}), named("b", {"1"}), named("c", {"9"}), named("d", {"2", "gpu-2"})};
  EXPECT_EQ(run(next).told,
            "error: GPU cannot be had\n"
            "endpoint.b asks for GPU 1, which is held by endpoint.a. This is how things are:\n"
            "  GPUs 0-1  MI300X  endpoint.a\n"
            "  GPU 2     MI300X  free\n"
            "Name other GPUs, or write a number, and free ones are chosen.\n"
            "error: No such GPU\n"
            "endpoint.c asks for GPU 9, and this host has none of that index or id. It has:\n"
            "  GPUs 0-1  MI300X  endpoint.a\n"
            "  GPU 2     MI300X  free\n"
            "error: GPU named twice\n"
            "endpoint.d names GPU 2 twice.\n");
}

TEST(Allocation, CardsInUseOutsideDockerAreLeftAlone) {
  AllocationInput input;
  input.gpus = gpus_of("MI210", 2);
  input.gpus[0].used_bytes = 50ULL << 30U;
  input.gpus[0].pids = {812, 1009};
  input.gpus[1].used_bytes = 300ULL << 20U;
  input.wishes = {wish("a", {1}), wish("b", {1})};
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.of("a"), ids({1})) << "a little is what any idle card has in use";
  EXPECT_EQ(outcome.told,
            "error: Not enough GPUs\n"
            "endpoint.b needs 1 GPU, and 0 of 2 can be given to it:\n"
            "  GPU 0  MI210  50.0 GiB in use outside Docker by processes 812, 1009\n"
            "  GPU 1  MI210  endpoint.a\n"
            "Ask for fewer, let GPUs be shared (`gpus: { count: 1, share: 25% }`), or remove what "
            "holds them.\n");
}

TEST(Allocation, WhoRunsIsNotTakenForAStranger) {
  AllocationInput input = eight();
  input.wishes = {wish("a", {1})};
  AllocationInput next = applied(input, run(input).allocation);
  next.gpus[0].used_bytes = 170ULL << 30U;
  const Outcome outcome = run(next);
  EXPECT_EQ(outcome.told, "");
  EXPECT_EQ(outcome.of("a"), ids({0}));
}

TEST(Allocation, AStrangerBesideARunningEndpointIsAWarning) {
  AllocationInput input = eight();
  input.wishes = {wish("a", {2})};
  AllocationInput next = applied(input, run(input).allocation);
  next.holders.push_back({"container ollama", std::nullopt, ids({1}), kWholeGpu});
  const Outcome outcome = run(next);
  EXPECT_EQ(outcome.of("a"), ids({0, 1}));
  EXPECT_EQ(outcome.told,
            "warning: GPU used by others\n"
            "endpoint.a keeps its GPUs, but others use them, too: GPU 1 by container ollama. It "
            "may run out of memory; stop what should not be there.\n");
  // Without a container of its own it has nothing to keep.
  std::erase_if(next.holders, [](const GpuHolder& holder) { return holder.address.has_value(); });
  EXPECT_EQ(run(next).of("a"), ids({0, 2}));
}

TEST(Allocation, SharesFillOneGpuBeforeTheNext) {
  AllocationInput input = eight();
  for (const char* name : {"a", "b", "c", "d", "e"}) {
    input.wishes.push_back(wish(name, {1}));
    input.wishes.back().share_percent = 40;
  }
  input.wishes.push_back(wish("whole", {2}));
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.told, "");
  EXPECT_EQ(outcome.of("whole"), ids({0, 1}));
  EXPECT_EQ(outcome.of("a"), ids({2}));
  EXPECT_EQ(outcome.of("b"), ids({2}));
  EXPECT_EQ(outcome.of("c"), ids({3}));
  EXPECT_EQ(outcome.of("e"), ids({4}));
}

TEST(Allocation, AShareIsNotWhole) {
  AllocationInput input;
  input.gpus = gpus_of("H100", 1);
  input.holders = {{"endpoint.x of project y", std::nullopt, ids({0}), 30}};
  input.wishes = {wish("a", {1}), wish("b", {1})};
  input.wishes[1].share_percent = 70;
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.of("b"), ids({0}));
  EXPECT_EQ(outcome.told,
            "error: Not enough GPUs\n"
            "endpoint.a needs 1 GPU, and 0 of 1 can be given to it:\n"
            "  GPU 0  H100  endpoint.x of project y (30%)\n"
            "Ask for fewer, let GPUs be shared (`gpus: { count: 1, share: 25% }`), or remove what "
            "holds them.\n");
}

TEST(Allocation, AutoTakesTheFirstNumberThatCanBeHad) {
  AllocationInput input;
  input.gpus = gpus_of("H100", 4);
  input.wishes = {wish("a", {8, 4, 2})};
  EXPECT_EQ(run(input).of("a").size(), 4U);
  input.wishes = {wish("a", {2, 4})};
  AllocationInput next = applied(input, run(input).allocation);
  next.wishes = {wish("a", {4, 2})};
  EXPECT_EQ(run(next).of("a"), ids({0, 1})) << "decided once";
}

TEST(Allocation, GrowsBesideWhatItHasAndShrinksInPlace) {
  AllocationInput input = eight();
  input.wishes = {named("a", {"4", "5"})};
  AllocationInput next = applied(input, run(input).allocation);
  next.wishes = {wish("a", {4})};
  EXPECT_EQ(run(next).of("a"), ids({3, 4, 5, 6}));
  next = applied(next, run(next).allocation);
  next.wishes = {wish("a", {2})};
  EXPECT_EQ(run(next).of("a"), ids({3, 4}));
}

TEST(Allocation, ShortRunsAreUsedUpFirst) {
  AllocationInput input = eight();
  input.excluded = {"1"};
  input.wishes = {wish("a", {1}), wish("b", {4})};
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.of("b"), ids({2, 3, 4, 5}));
  EXPECT_EQ(outcome.of("a"), ids({0}));
}

TEST(Allocation, ModelsAreNotMixedAndRequirementsHold) {
  AllocationInput input;
  input.gpus = {test::gpu_of("A10", 0), test::gpu_of("T4", 1), test::gpu_of("A10", 2)};
  input.wishes = {wish("a", {2})};
  EXPECT_EQ(run(input).of("a"), ids({0, 2}));
  input.wishes[0].models = {"T4"};
  EXPECT_EQ(run(input).told,
            "error: Not enough GPUs\n"
            "endpoint.a needs 2 GPUs of the model T4, and 1 of 3 can be given to it:\n"
            "  GPU 0  A10  free\n"
            "  GPU 1  T4   free\n"
            "  GPU 2  A10  free\n"
            "Ask for fewer, let GPUs be shared (`gpus: { count: 1, share: 25% }`), or remove what "
            "holds them.\n");
  input.wishes[0].models.clear();
  input.wishes[0].counts = {1};
  input.wishes[0].memory_bytes = 80ULL << 30U;
  EXPECT_EQ(run(input).told,
            "error: Not enough GPUs\n"
            "endpoint.a needs 1 GPU with 80.0 GiB of memory each, and 0 of 3 can be given to it:\n"
            "  GPU 0  A10  free\n"
            "  GPU 1  T4   free\n"
            "  GPU 2  A10  free\n"
            "Ask for fewer, let GPUs be shared (`gpus: { count: 1, share: 25% }`), or remove what "
            "holds them.\n");
}

TEST(Allocation, MigCardsAndNoCardsAtAll) {
  AllocationInput input;
  input.gpus = gpus_of("H100", 1);
  input.gpus[0].partition.compute = "MIG";
  input.wishes = {wish("a", {1})};
  EXPECT_NE(run(input).told.find("GPU 0  H100  cannot be given: MIG has cut it into parts"),
            std::string::npos);
  input.gpus.clear();
  EXPECT_EQ(run(input).told,
            "error: Not enough GPUs\n"
            "endpoint.a needs 1 GPU, and this host has none. Plan where the GPUs are, or declare "
            "under `hosts.local.gpus` what the host will have.\n");
  input.wishes = {wish("a", {0})};
  EXPECT_EQ(run(input).of("a"), std::vector<std::string>());
}

TEST(Allocation, FreeGpusComeBeforeThoseSomebodyGivesUp) {
  AllocationInput input = eight();
  input.wishes = {wish("old", {6})};
  AllocationInput next = applied(input, run(input).allocation);
  next.wishes = {wish("new", {2})};
  Outcome outcome = run(next);
  EXPECT_EQ(outcome.of("new"), ids({6, 7}));
  EXPECT_TRUE(outcome.allocation.handovers.empty());
  next.wishes = {wish("new", {4})};
  outcome = run(next);
  EXPECT_EQ(outcome.of("new"), ids({0, 1, 2, 3}));
  EXPECT_EQ(handover_sentences(outcome.allocation, next.gpus),
            (std::vector<std::string>{
                "endpoint.new takes GPUs 0-3 from endpoint.old, which stops first."}));
}

TEST(Allocation, LostStateIsReadOffTheContainers) {
  AllocationInput input = eight();
  input.holders = {{"endpoint.a of project lab", endpoint("a"), ids({5, 6}), kWholeGpu}};
  input.wishes = {wish("a", {2}), wish("b", {6})};
  const Outcome outcome = run(input);
  EXPECT_EQ(outcome.told, "");
  EXPECT_EQ(outcome.of("a"), ids({5, 6}));
}

}  // namespace aim::planner
