#include "cmd/view/human_view.hpp"

#include <boost/json.hpp>
#include <sstream>

#include "tests/support/fake_clock.hpp"
#include "tests/unit/cmd/plan_cases.hpp"

namespace aim::view {
namespace {

using cmd::ExitCode;
using std::chrono::milliseconds;
using std::chrono::seconds;

class HumanViewTest : public testing::Test {
 protected:
  std::ostringstream out_;
  std::ostringstream err_;
  support::FakeClock clock_;
  Terminals terminals_{{}, {}, [] { return kColumns; }};
  HumanView view_{out_, err_, terminals_, clock_, Ticking::Off};
};

TEST_F(HumanViewTest, PlansAreResults) {
  view_.plan(test::plan_case("no_changes"));
  EXPECT_EQ(out_.str(), "No changes. Docker matches the configuration.\n");
  EXPECT_EQ(err_.str(), "");
}

TEST_F(HumanViewTest, FaultsAndMessagesGoToStandardError) {
  view_.error(core::while_doing(core::make_error(core::ErrorCode::Failed, "it \x1b[2J failed"),
                                "while trying"));
  core::Diagnostics diagnostics;
  diagnostics.error("Unknown key", "There is no such key.");
  view_.diagnostics(diagnostics, {});
  view_.diagnostics({}, {});
  view_.message("Saved.");
  view_.question("Really? ");
  EXPECT_EQ(err_.str(),
            "error: it \\x1b[2J failed\n  while trying\n"
            "error: Unknown key\n  There is no such key.\n"
            "Saved.\n"
            "Really? ");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(HumanViewTest, StalePlanNamesWhatMoved) {
  view_.stale({"The configuration files were edited."});
  EXPECT_EQ(err_.str(),
            "error: The saved plan is stale: the world is not the one it was made for.\n"
            "  The configuration files were edited.\n"
            "  Nothing was changed. Make a new plan: aim plan --out FILE\n");
}

TEST_F(HumanViewTest, AppliedPrintsCountsAndOutputs) {
  planner::ApplyResult result;
  result.result = core::RunResult::Applied;
  result.done = {1, 0, 1};
  result.outputs = {{"chat", {"http://127.0.0.1:8000/v1", false}}, {"key", {"open", true}}};
  view_.applied(test::plan_case("replace"), result, ExitCode::Done);
  EXPECT_EQ(out_.str(),
            "\nApply complete! Resources: 1 added, 0 changed, 1 destroyed.\n"
            "\nOutputs:\n\n"
            "chat = \"http://127.0.0.1:8000/v1\"\n"
            "key  = (sensitive value)\n");
}

TEST_F(HumanViewTest, AFailedApplyIsToldOnStandardError) {
  planner::ApplyResult result;
  result.result = core::RunResult::NothingDone;
  result.failures = {{"vllm:v1", core::Activity::Pulling, "no such image", {}, ""}};
  view_.applied(test::plan_case("replace"), result, ExitCode::Error);
  EXPECT_EQ(err_.str(),
            "\nerror: vllm:v1: Pull failed\n"
            "  cause     no such image\n"
            "\nNothing that runs was touched.\n"
            "Exit code 1: error, nothing was changed (or declined, or --on-failure keep kept\n"
            "part).\n");
  EXPECT_EQ(out_.str(), "");
}

TEST_F(HumanViewTest, ProgressIsPlainWithoutATerminal) {
  view_.progress().on(core::ActivityStarted{"endpoint.qwen", core::Activity::Creating});
  EXPECT_EQ(err_.str(), "endpoint.qwen: Creating...\n");
}

TEST_F(HumanViewTest, ProgressIsLiveOnATerminal) {
  terminals_.err.redraw = Redraw::On;
  HumanView view(out_, err_, terminals_, clock_, Ticking::Off);
  view.progress().on(core::ActivityStarted{"endpoint.qwen", core::Activity::Creating});
  EXPECT_EQ(err_.str(), "| endpoint.qwen: Creating... [0s]\n");
  err_.str("");
  view.applied(test::plan_case("replace"), {}, ExitCode::Done);
  EXPECT_EQ(err_.str(), "\r\x1b[1A\x1b[J");
}

TEST_F(HumanViewTest, OutputPrintsTheBareText) {
  view_.output("chat", {"http://127.0.0.1:8000/v1", false});
  view_.output("list", {core::List{1, "a"}, false});
  view_.output("key", {"open", true});
  EXPECT_EQ(out_.str(), "http://127.0.0.1:8000/v1\n[1,\"a\"]\n(sensitive value)\n");
}

TEST_F(HumanViewTest, StatusIsATable) {
  view_.status({{test::address_of("endpoint.qwen"),
                 "lab-qwen",
                 "http://127.0.0.1:8000",
                 "running",
                 "2026-01-01T00:00:00.123456789Z",
                 2,
                 "not ready: \x1b[31mno"},
                {test::address_of("container.webui"), "lab-webui", "", "missing", "", 0, ""}});
  EXPECT_EQ(out_.str(),
            "ADDRESS          STATUS                SINCE                 URL                    "
            "READINESS\n"
            "endpoint.qwen    running (2 restarts)  2026-01-01T00:00:00Z  http://127.0.0.1:8000  "
            "not ready: \\x1b[31mno\n"
            "container.webui  missing\n");
}

TEST_F(HumanViewTest, StatusOfNothing) {
  view_.status({});
  EXPECT_EQ(err_.str(), "Nothing is deployed.\n");
}

TEST_F(HumanViewTest, TestShowsLatencyTokensAndReasons) {
  view_.test(test::address_of("endpoint.qwen"),
             {{"health", true, "", milliseconds(12), std::nullopt},
              {"inference", true, "", milliseconds(840), 8},
              {"models", false, "HTTP 500", std::nullopt, std::nullopt}});
  EXPECT_EQ(out_.str(),
            "endpoint.qwen\n"
            "  pass  health     12 ms\n"
            "  pass  inference  840 ms, 8 tokens\n"
            "  FAIL  models     HTTP 500\n");
}

TEST_F(HumanViewTest, StateResourceHidesSecrets) {
  core::RecordedResource resource;
  resource.address = test::address_of("endpoint.qwen");
  resource.docker_name = "lab-qwen";
  resource.attributes = {{"api_key", core::Secret::from_digest("00")}, {"port", 8000}};
  resource.computed = {{"url", "http://127.0.0.1:8000"}};
  view_.state_resource(resource);
  EXPECT_EQ(out_.str(),
            "# endpoint.qwen is lab-qwen on Docker\n"
            "endpoint \"qwen\" {\n"
            "    api_key = (sensitive value)\n"
            "    port    = 8000\n"
            "    url     = \"http://127.0.0.1:8000\"\n"
            "}\n");
}

TEST_F(HumanViewTest, StateListNamesObjects) {
  core::StateSnapshot state;
  core::RecordedResource resource;
  resource.address = test::address_of("endpoint.qwen");
  resource.docker_name = "lab-qwen";
  state.resources.emplace(resource.address, resource);
  view_.state_list(state);
  EXPECT_EQ(out_.str(), "endpoint.qwen  lab-qwen\n");
}

TEST_F(HumanViewTest, LogsKeepTheirStreamAndTheirBytes) {
  view_.log_piece({false, "out\x1b[0m\n"});
  view_.log_piece({true, "err\n"});
  EXPECT_EQ(out_.str(), "out\x1b[0m\n");
  EXPECT_EQ(err_.str(), "err\n");
}

TEST_F(HumanViewTest, LogsAreEscapedOnATerminal) {
  terminals_.out.is_tty = true;
  {
    HumanView view(out_, err_, terminals_, clock_, Ticking::Off);
    view.log_piece({false, "a\x1b[2J\nb\xe4"});
  }
  EXPECT_EQ(out_.str(), "a\\x1b[2J\nb\\xe4");
}

TEST_F(HumanViewTest, SmallResults) {
  view_.version("0.1.0");
  view_.text("Usage\n");
  view_.json_document(boost::json::object{{"a", 1}});
  planner::Configuration configuration;
  view_.valid(configuration);
  EXPECT_EQ(out_.str(),
            "aim 0.1.0\nUsage\n{\"a\":1}\nSuccess! The configuration is valid: 0 resources.\n");
}

}  // namespace
}  // namespace aim::view
