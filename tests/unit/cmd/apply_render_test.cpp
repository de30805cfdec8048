#include "cmd/view/apply_render.hpp"

namespace aim::view {
namespace {

using cmd::ExitCode;
using std::chrono::seconds;

planner::ApplyResult failed_result() {
  planner::ApplyResult result;
  result.result = core::RunResult::RolledBack;
  result.switched = true;
  result.failures = {{"endpoint.qwen",
                      core::Activity::Waiting,
                      "the container ended with exit code 1",
                      {"Loading model", "torch.OutOfMemoryError: \x1b[31mout of memory"},
                      ".aim/logs/run-4-lab-qwen.log"}};
  result.without_service = {{core::Address::parse("endpoint.qwen").value(), seconds(72)}};
  return result;
}

TEST(RenderFailure, TellsCauseEvidenceOutcomeAndExitCode) {
  ApplyFailure failure = describe_failure(failed_result(), ExitCode::RolledBack);
  failure.causes[0].remedy = "Give the endpoint more GPUs, or lower context_length.";
  EXPECT_EQ(render_failure(failure, Colour::Off),
            "error: endpoint.qwen: Readiness check failed\n"
            "  cause     the container ended with exit code 1\n"
            "  evidence  the end of the new container's log:\n"
            "  | Loading model\n"
            "  | torch.OutOfMemoryError: \\x1b[31mout of memory\n"
            "  remedy    Give the endpoint more GPUs, or lower context_length.\n"
            "  whole log .aim/logs/run-4-lab-qwen.log\n"
            "\n"
            "The previous deployment is back.\n"
            "Without service: endpoint.qwen 1m12s.\n"
            "Exit code 3: apply failed and the previous deployment is back.\n");
}

TEST(RenderFailure, ListsWhatCouldNotBePutBack) {
  planner::ApplyResult result = failed_result();
  result.result = core::RunResult::RollbackFailed;
  result.failures[0].tail.clear();
  result.failures[0].log_path.clear();
  result.without_service.clear();
  result.left_over = {"start container lab-qwen: docker start lab-qwen"};
  EXPECT_EQ(render_failure(describe_failure(result, ExitCode::NotPutBack), Colour::Off),
            "error: endpoint.qwen: Readiness check failed\n"
            "  cause     the container ended with exit code 1\n"
            "\n"
            "Not everything could be put back.\n"
            "  start container lab-qwen: docker start lab-qwen\n"
            "Exit code 4: apply failed and something could not be put back (listed).\n");
}

TEST(RenderFailure, TellsAnInterruption) {
  planner::ApplyResult result;
  result.interrupted = true;
  EXPECT_EQ(render_failure(describe_failure(result, ExitCode::Interrupted), Colour::Off),
            "error: Interrupted\n"
            "  cause     a stop was requested\n"
            "\n"
            "Nothing that runs was touched.\n"
            "Exit code 130: interrupted.\n");
}

TEST(DescribeFailure, KnowsEveryOutcome) {
  const auto outcome = [](core::RunResult run, bool switched) {
    planner::ApplyResult result;
    result.result = run;
    result.switched = switched;
    return describe_failure(result, ExitCode::Error).outcome;
  };
  EXPECT_EQ(outcome(core::RunResult::NothingDone, false), FailureOutcome::NothingChanged);
  EXPECT_EQ(outcome(core::RunResult::RolledBack, false), FailureOutcome::NothingChanged);
  EXPECT_EQ(outcome(core::RunResult::RolledBack, true), FailureOutcome::PreviousIsBack);
  EXPECT_EQ(outcome(core::RunResult::RollbackFailed, true), FailureOutcome::NotPutBack);
  EXPECT_EQ(outcome(core::RunResult::CommitFailed, true), FailureOutcome::CommitUnfinished);
  EXPECT_EQ(outcome(core::RunResult::Applied, true), FailureOutcome::OthersCommitted);
}

TEST(CompletionLine, CountsResources) {
  planner::Plan plan;
  EXPECT_EQ(completion_line(plan, {1, 2, 3}),
            "Apply complete! Resources: 1 added, 2 changed, 3 destroyed.");
  plan.options.destroy = true;
  EXPECT_EQ(completion_line(plan, {0, 0, 3}), "Destroy complete! Resources: 3 destroyed.");
}

TEST(RenderOutputsNow, AlignsAndHidesWhatIsSensitive) {
  EXPECT_EQ(render_outputs_now({{"chat", {"http://127.0.0.1:8000/v1", false}},
                                {"api_key", {"plain text", true}},
                                {"n", {core::List{1, "a"}, false}}}),
            "api_key = (sensitive value)\n"
            "chat    = \"http://127.0.0.1:8000/v1\"\n"
            "n       = [1, \"a\"]\n");
}

}  // namespace
}  // namespace aim::view
