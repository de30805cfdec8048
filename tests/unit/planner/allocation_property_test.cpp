#include <gtest/gtest.h>

#include <algorithm>
#include <random>
#include <set>

#include "tests/unit/planner/gpu_makers.hpp"

namespace aim::planner {
namespace {

using Random = std::mt19937;

int below(Random& random, int limit) {
  return static_cast<int>(random() % static_cast<unsigned>(limit));
}

GpuWish random_wish(Random& random, int number, int gpus) {
  GpuWish wish = test::wish(fmt::format("e{}", number), {1 + below(random, 4)});
  switch (below(random, 5)) {
    case 0:
      wish.share_percent = 10 + 15 * below(random, 6);
      break;
    case 1:
      wish.ids = {std::to_string(below(random, gpus + 1))};
      break;
    case 2:
      wish.counts = {1 << below(random, 3), 1};
      break;
    default:
      break;
  }
  wish.choose_again = below(random, 12) == 0;
  return wish;
}

AllocationInput random_input(Random& random) {
  AllocationInput input;
  const int gpus = 1 + below(random, 10);
  for (int index = 0; index < gpus; ++index) {
    input.gpus.push_back(test::gpu_of(below(random, 4) == 0 ? "T4" : "A10", index));
    input.gpus.back().used_bytes = below(random, 8) == 0 ? 9ULL << 30U : 0;
  }
  if (below(random, 3) == 0) {
    input.excluded = {std::to_string(below(random, gpus))};
  }
  const int wishes = below(random, 7);
  for (int number = 0; number < wishes; ++number) {
    input.wishes.push_back(random_wish(random, number, gpus));
  }
  const int strangers = below(random, 3);
  for (int number = 0; number < strangers; ++number) {
    const int share = below(random, 2) == 0 ? kWholeGpu : 50;
    input.holders.push_back({fmt::format("container s{}", number),
                             std::nullopt,
                             test::ids({below(random, gpus)}),
                             share});
  }
  // What others hold already adds up to what it may be.
  if (strangers == 2 && input.holders[0].ids == input.holders[1].ids) {
    input.holders.pop_back();
  }
  return input;
}

/// The next plan's input: what was granted is recorded, wishes come, go and change.
AllocationInput evolved(Random& random, AllocationInput input, const Allocation& allocation) {
  input.recorded = allocation.granted;
  for (const auto& [address, grant] : allocation.granted) {
    input.holders.push_back(
        {address.str() + " of project p", address, grant.ids, grant.share_percent});
  }
  std::erase_if(input.wishes, [&](const GpuWish&) { return below(random, 4) == 0; });
  for (GpuWish& wish : input.wishes) {
    wish.choose_again = false;
    if (below(random, 3) == 0) {
      wish.counts = {1 + below(random, 4)};
      wish.ids.clear();
    }
  }
  input.wishes.push_back(test::wish(fmt::format("newcomer{}", random()), {1 + below(random, 3)}));
  return input;
}

void expect_nothing_is_given_twice(const AllocationInput& input, const Allocation& allocation) {
  std::map<std::string, int> percent;
  for (const GpuHolder& holder : input.holders) {
    for (const std::string& id : holder.address ? std::vector<std::string>() : holder.ids) {
      percent[id] += holder.share_percent;
    }
  }
  for (const auto& [address, grant] : allocation.granted) {
    EXPECT_TRUE(std::set<std::string>(grant.ids.begin(), grant.ids.end()).size() ==
                grant.ids.size());
    for (const std::string& id : grant.ids) {
      const core::Gpu* gpu = core::find_gpu(input.gpus, id);
      ASSERT_NE(gpu, nullptr);
      percent[id] += grant.share_percent;
      for (const std::string& excluded : input.excluded) {
        EXPECT_NE(core::find_gpu(input.gpus, excluded), gpu) << address.str();
      }
    }
  }
  for (const auto& [id, sum] : percent) {
    EXPECT_LE(sum, kWholeGpu) << id;
  }
}

/// Whoever takes what another gives up comes after it, or in the same group.
void expect_givers_first(const Allocation& allocation) {
  const auto place = [&](const core::Address& address) {
    for (std::size_t i = 0; i < allocation.order.size(); ++i) {
      const auto& group = allocation.order[i];
      if (std::find(group.begin(), group.end(), address) != group.end()) {
        return i;
      }
    }
    ADD_FAILURE() << address.str() << " is in no group";
    return std::size_t{0};
  };
  for (const GpuHandover& handover : allocation.handovers) {
    EXPECT_LE(place(handover.from), place(handover.to));
  }
}

Allocation checked(const AllocationInput& input, std::string* told = nullptr) {
  core::Diagnostics diagnostics;
  Allocation allocation = allocate(input, diagnostics);
  expect_nothing_is_given_twice(input, allocation);
  expect_givers_first(allocation);
  std::size_t errors = 0;
  for (const core::Diagnostic& item : diagnostics.items()) {
    errors += item.severity == core::Severity::Error ? 1 : 0;
    if (told != nullptr) {
      *told += item.detail + "\n";
    }
  }
  EXPECT_EQ(allocation.granted.size() + errors, input.wishes.size())
      << "each wish is met or refused, once";
  return allocation;
}

AllocationInput shuffled(Random& random, AllocationInput input) {
  std::shuffle(input.gpus.begin(), input.gpus.end(), random);
  std::shuffle(input.wishes.begin(), input.wishes.end(), random);
  std::shuffle(input.holders.begin(), input.holders.end(), random);
  return input;
}

}  // namespace

TEST(AllocationProperties, NeverTwiceStableAndIndifferentToOrder) {
  for (unsigned seed = 0; seed < 3000; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    AllocationInput input = random_input(random);
    for (int round = 0; round < 3; ++round) {
      std::string told;
      const Allocation allocation = checked(input, &told);
      std::string told_again;
      const Allocation again = checked(shuffled(random, input), &told_again);
      ASSERT_EQ(allocation.granted, again.granted);
      ASSERT_EQ(allocation.handovers, again.handovers);
      ASSERT_EQ(allocation.order, again.order);
      ASSERT_EQ(told, told_again);

      AllocationInput replan = input;
      std::erase_if(replan.holders, [](const GpuHolder& one) { return one.address.has_value(); });
      replan.recorded = allocation.granted;
      std::erase_if(replan.wishes,
                    [&](const GpuWish& one) { return !allocation.granted.contains(one.address); });
      for (GpuWish& wish : replan.wishes) {
        wish.choose_again = false;
      }
      const Allocation second = checked(replan);
      ASSERT_EQ(second.granted, allocation.granted) << "nothing moves on a replan";
      ASSERT_TRUE(second.handovers.empty());
      input = evolved(random, replan, allocation);
    }
  }
}

}  // namespace aim::planner
