#include "tests/apply/every_step.hpp"

#include <fmt/format.h>

#include <regex>

namespace aim::apply_test {

using core::RunResult;
using planner::ApplyResult;
using support::Fault;

std::vector<std::string> comparable_lines(const ApplyLab& lab) {
  static const std::regex kNetworkId("^(network [^ ]+) [0-9a-f]+ ");
  static const std::regex kEmptyCopy(" /proc/\\.aim-kept-[0-9a-f]+= 0600 0:0");
  std::vector<std::string> lines = lab.docker.world_lines();
  for (std::string& line : lines) {
    line = std::regex_replace(line, kNetworkId, "$1 ");
    line = std::regex_replace(line, kEmptyCopy, "");
  }
  return lines;
}

void EveryStep::deploy(ApplyLab& lab) {
  if (*GetParam().before != '\0') {
    lab.configure(GetParam().before);
    ASSERT_EQ(lab.apply().result, RunResult::Applied);
  }
  if (GetParam().meddle != nullptr) {
    GetParam().meddle(lab);
  }
  lab.configure(GetParam().after);
  lab.docker.forget_calls();
}

std::size_t EveryStep::count_of_changing_calls() {
  ApplyLab lab;
  deploy(lab);
  const ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::Applied) << causes(result);
  return lab.docker.changing_calls().size();
}

namespace {

bool is_job(const support::ContainerView& container) { return container.image == "job:1"; }

/// Whatever call fails, either everything is as before or everything is as planned; and the next
/// apply ends in no changes.
void expect_as_before_or_as_planned(ApplyLab& lab,
                                    const ApplyResult& result,
                                    const std::vector<std::string>& before) {
  switch (result.result) {
    case RunResult::RolledBack:
    case RunResult::NothingDone:
      EXPECT_EQ(comparable_lines(lab), before) << causes(result);
      EXPECT_FALSE(result.failures.empty());
      EXPECT_TRUE(result.left_over.empty());
      break;
    case RunResult::CommitFailed:
      EXPECT_FALSE(result.left_over.empty());
      break;
    case RunResult::Applied:
      break;  // a lost answer of a call that took place is no failure
    case RunResult::Partly:
    case RunResult::RollbackFailed:
      ADD_FAILURE() << causes(result);
      break;
  }
  lab.docker.heal();
  const ApplyResult again = lab.apply();
  EXPECT_EQ(again.result, RunResult::Applied) << causes(again);
  expect_no_changes(lab);
  for (const support::ContainerView& container : lab.docker.containers()) {
    const bool job = is_job(container);
    EXPECT_EQ(container.running(), !job) << container.name;
    EXPECT_EQ(container.exit_code, 0) << container.name;
    EXPECT_EQ(container.restart_policy, job ? "no" : "unless-stopped") << container.name;
  }
}

TEST_P(EveryStep, ThatIsRefusedLeavesEverythingAsBeforeOrAsPlanned) {
  const std::size_t count = count_of_changing_calls();
  ASSERT_GT(count, 0U);
  for (std::size_t number = 1; number <= count; ++number) {
    SCOPED_TRACE(fmt::format("changing call {} of {}", number, count));
    ApplyLab lab;
    deploy(lab);
    const std::vector<std::string> before = comparable_lines(lab);
    lab.docker.fail_change(number, Fault::answer(500, "scripted failure"));
    const ApplyResult result = lab.apply();
    expect_as_before_or_as_planned(lab, result, before);
  }
}

TEST_P(EveryStep, WhoseAnswerIsLostLeavesEverythingAsBeforeOrAsPlanned) {
  const std::size_t count = count_of_changing_calls();
  for (std::size_t number = 1; number <= count; ++number) {
    SCOPED_TRACE(fmt::format("changing call {} of {}", number, count));
    ApplyLab lab;
    deploy(lab);
    const std::vector<std::string> before = comparable_lines(lab);
    lab.docker.fail_change(number, Fault::lose_reply());
    const ApplyResult result = lab.apply();
    expect_as_before_or_as_planned(lab, result, before);
  }
}

TEST_P(EveryStep, WhereAimDiesLeavesAnOpenRunThatNamesItself) {
  const std::size_t count = count_of_changing_calls();
  for (std::size_t number = 1; number <= count; ++number) {
    SCOPED_TRACE(fmt::format("changing call {} of {}", number, count));
    ApplyLab lab;
    deploy(lab);
    lab.docker.crash_at(number, support::Crash::AfterEffect);
    static_cast<void>(lab.apply());
    // Nothing foreign or half-made may be without labels: all can be found again.
    for (const support::ContainerView& container : lab.docker.containers()) {
      EXPECT_TRUE(container.labels.contains(core::label::kAddress)) << container.name;
    }
  }
}

}  // namespace
}  // namespace aim::apply_test
