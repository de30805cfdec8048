#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {
namespace {

using core::RunResult;
using std::chrono::milliseconds;
using ::testing::HasSubstr;

support::ContainerMatch web() { return {.image = "web:1", .name = {}, .argument = {}}; }

void configure(ApplyLab& lab, const std::string& readiness) {
  lab.configure(
      "containers:\n  web:\n    image: \"web:1\"\n    readiness: { interval: 1s, "
      "start_timeout: 10s, " +
      readiness + " }\n");
}

TEST(ExecProbe, PassesWithExitCodeZero) {
  ApplyLab lab;
  lab.docker.set_exec(web(), {"/bin/ready", "--now"}, {});
  configure(lab, "exec: { command: [/bin/ready, --now] }");
  apply_and_expect_no_changes(lab);
}

TEST(ExecProbe, TellsWhatTheProgramSaid) {
  ApplyLab lab;
  lab.docker.set_exec(web(), {"/bin/ready"}, {3, "", "no weights yet\n"});
  configure(lab, "exec: { command: [/bin/ready] }");
  const planner::ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack);
  EXPECT_THAT(causes(result), HasSubstr("exec: exited with code 3: no weights yet"));
}

TEST(LogProbe, WaitsForALine) {
  ApplyLab lab;
  support::Program program;
  program.output = {{"loading", milliseconds(100), false},
                    {"all weights loaded", milliseconds(1500), true}};
  lab.docker.set_program(web(), program);
  configure(lab, "log: { contains: weights loaded }");
  apply_and_expect_no_changes(lab);
}

TEST(LogProbe, ALineThatNeverComesIsNamed) {
  ApplyLab lab;
  support::Program program;
  program.output = {{"weights", milliseconds(100), false}, {"loaded", milliseconds(200), false}};
  lab.docker.set_program(web(), program);
  configure(lab, "log: { contains: weights loaded }");
  const planner::ApplyResult result = lab.apply();
  EXPECT_EQ(result.result, RunResult::RolledBack);
  EXPECT_THAT(causes(result), HasSubstr("log: its log does not contain \"weights loaded\" yet"));
}

}  // namespace
}  // namespace aim::apply_test
