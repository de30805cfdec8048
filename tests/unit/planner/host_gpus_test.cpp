#include "planner/host_gpus.hpp"

#include <gtest/gtest.h>

#include "tests/unit/planner/gpu_makers.hpp"

namespace aim::planner {
namespace {

struct Merged {
  HostGpus host;
  std::string told;
};

Merged merge(const std::vector<core::Gpu>& found,
             const std::optional<DeclaredGpus>& declared,
             const std::vector<std::string>& known_ids = {}) {
  core::Inventory inventory;
  inventory.gpus = found;
  core::Diagnostics diagnostics;
  Merged merged{host_gpus(inventory, declared, known_ids, diagnostics), ""};
  for (const core::Diagnostic& item : diagnostics.items()) {
    merged.told += item.severity == core::Severity::Error     ? "error: "
                   : item.severity == core::Severity::Warning ? "warning: "
                                                              : "note: ";
    merged.told += item.summary + ": " + item.detail + "\n";
  }
  return merged;
}

DeclaredGpus declared(const std::string& model, int count, std::vector<std::string> exclude = {}) {
  return {model, count, std::move(exclude), {}};
}

}  // namespace

TEST(HostGpus, WithoutADeclarationAreWhatWasFound) {
  const Merged merged = merge(test::gpus_of("MI300X", 2), std::nullopt);
  EXPECT_EQ(merged.host.source, GpuSource::Found);
  EXPECT_EQ(merged.host.gpus.size(), 2U);
  EXPECT_EQ(merge({}, std::nullopt).host.source, GpuSource::None);
  EXPECT_EQ(merged.told, "");
}

TEST(HostGpus, TheDeclarationStandsInWhereNoneIs) {
  const Merged merged = merge({}, declared("MI300X", 3, {"2"}), {"0000:05:00.0"});
  EXPECT_EQ(merged.host.source, GpuSource::Declared);
  ASSERT_EQ(merged.host.gpus.size(), 3U);
  EXPECT_EQ(merged.host.gpus[0].id, "0000:05:00.0") << "what is recorded is expected there";
  EXPECT_EQ(merged.host.gpus[1].id, "declared-1");
  EXPECT_EQ(merged.host.gpus[1].architecture, "gfx942");
  EXPECT_EQ(merged.host.gpus[1].memory_bytes, 196592ULL << 20U);
  EXPECT_EQ(merged.host.gpus[1].health, core::GpuHealth::Unknown);
  EXPECT_EQ(merged.host.excluded, std::vector<std::string>{"2"});
  EXPECT_EQ(merged.told,
            "warning: Planned without GPUs: This host has no GPU, so the plan is made for the 3 "
            "MI300X of `hosts.local.gpus`. It can be applied only where they are.\n");
}

TEST(HostGpus, AMissingCardIsAnError) {
  EXPECT_EQ(merge(test::gpus_of("MI300X", 7), declared("MI300X", 8)).told,
            "error: GPUs missing: `hosts.local.gpus` expects 8 MI300X, and this host has 7 MI300X. "
            "Look with `aim gpus` for what is wrong with the cards, or correct the "
            "declaration.\n");
  std::vector<core::Gpu> mixed = {test::gpu_of("A10", 0), test::gpu_of("T4", 1)};
  EXPECT_EQ(merge(mixed, declared("H100", 1)).told,
            "error: GPUs missing: `hosts.local.gpus` expects 1 H100, and this host has 1 A10 and 1 "
            "T4. Look with `aim gpus` for what is wrong with the cards, or correct the "
            "declaration.\n");
}

TEST(HostGpus, MoreThanDeclaredIsANote) {
  EXPECT_EQ(merge(test::gpus_of("T4", 2), declared("T4", 1)).told,
            "note: More GPUs than declared: `hosts.local.gpus` expects 1 T4, and this host has 2 "
            "T4. All of them are used; `exclude` keeps some out.\n");
  EXPECT_EQ(merge(test::gpus_of("T4", 2), declared("T4", 2)).told, "");
}

TEST(HostGpus, ExcludingWhatIsNotThereIsAWarning) {
  EXPECT_EQ(merge(test::gpus_of("T4", 2), declared("", 0, {"1", "5"})).told,
            "warning: No such GPU: `hosts.local.gpus` excludes GPU 5, and there is none of that "
            "index or id. `aim gpus` shows them.\n");
  EXPECT_EQ(merge({}, declared("", 0, {"5"})).told, "") << "there is nothing to exclude";
}

}  // namespace aim::planner
