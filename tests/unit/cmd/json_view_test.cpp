#include "cmd/view/json_view.hpp"

#include <boost/json.hpp>
#include <sstream>

#include "tests/support/fake_clock.hpp"
#include "tests/unit/cmd/golden.hpp"
#include "tests/unit/cmd/plan_cases.hpp"

namespace aim::view {
namespace {

namespace json = boost::json;
using cmd::ExitCode;
using std::chrono::seconds;

class JsonViewTest : public testing::Test {
 protected:
  /// The messages so far, without the first of type "version".
  std::vector<json::object> messages() {
    std::vector<json::object> all;
    std::istringstream lines(out_.str());
    for (std::string line; std::getline(lines, line);) {
      all.push_back(json::parse(line).as_object());
    }
    EXPECT_FALSE(all.empty());
    EXPECT_EQ(all.at(0).at("type"), "version");
    all.erase(all.begin());
    return all;
  }

  std::string document() {
    std::string text = out_.str();
    out_.str("");
    return text;
  }

  std::ostringstream out_;
  support::FakeClock clock_;
  JsonView view_{out_, clock_, Ticking::Off};
};

TEST_F(JsonViewTest, BeginsWithItsVersion) {
  view_.message("Saved.");
  const std::string text = out_.str();
  const json::object first = json::parse(text.substr(0, text.find('\n'))).as_object();
  EXPECT_EQ(first.at("type"), "version");
  EXPECT_EQ(first.at("ui"), "1.2");
  EXPECT_EQ(json::serialize(messages().at(0)),
            R"({"@level":"info","@message":"Saved.","@module":"aim.ui",)"
            R"("@timestamp":"2026-01-01T00:00:00Z","type":"log"})");
}

TEST_F(JsonViewTest, StreamOfAPlan) {
  std::string text;
  for (const char* name : {"drift", "replace", "sensitive", "destroy", "notes"}) {
    view_.plan(test::plan_case(name));
  }
  EXPECT_EQ(out_.str().find(test::kSecretContent), std::string::npos);
  for (const json::object& message : messages()) {
    text += json::serialize(message) + "\n";
  }
  test::expect_golden("plan/stream.ndjson", text);
}

TEST_F(JsonViewTest, ProgressAsHooks) {
  core::Progress& progress = view_.progress();
  progress.on(core::PhaseEntered{core::Phase::Prepare});
  progress.on(core::ActivityStarted{"endpoint.embed[\"eu\"]", core::Activity::Creating});
  progress.on(core::ActivityFinished{
      "endpoint.embed[\"eu\"]", core::Activity::Creating, seconds(3), "abc"});
  const std::vector<json::object> all = messages();
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].at("phase"), "prepare");
  EXPECT_EQ(all[1].at("type"), "apply_start");
  EXPECT_EQ(all[2].at("type"), "apply_complete");
  EXPECT_EQ(all[2].at("@message"), "endpoint.embed[\"eu\"]: Creation complete after 3s [id=abc]");
  EXPECT_EQ(json::serialize(all[2].at("hook")),
            R"({"resource":{"addr":"endpoint.embed[\"eu\"]","module":"",)"
            R"("resource":"endpoint.embed[\"eu\"]","implied_provider":"docker",)"
            R"("resource_type":"endpoint","resource_name":"embed","resource_key":"eu"},)"
            R"("action":"create","id_key":"id","id_value":"abc","elapsed_seconds":3})");
}

TEST_F(JsonViewTest, AFailureIsAnErroredHook) {
  view_.progress().on(
      core::ActivityFailed{"vllm:v1",
                           core::Activity::Pulling,
                           seconds(2),
                           core::make_error(core::ErrorCode::NotFound, "no such image \xff")});
  const json::object message = messages().at(0);
  EXPECT_EQ(message.at("@level"), "error");
  EXPECT_EQ(message.at("type"), "apply_errored");
  EXPECT_EQ(message.at("hook").at("error"), "no such image \\xff");
  EXPECT_EQ(message.at("hook").at("resource").at("resource_type"), "image");
}

TEST_F(JsonViewTest, TellsEveryTenSecondsWhatGoesOn) {
  JsonStream stream(out_, clock_);
  JsonProgress progress(stream, clock_);
  progress.on(core::ActivityStarted{"vllm:v1", core::Activity::Pulling});
  progress.on(core::ActivityProgress{"vllm:v1",
                                     core::Activity::Pulling,
                                     "Downloading",
                                     core::PullProgress{10, 100, "Downloading"}});
  progress.tick();
  clock_.advance(seconds(10));
  progress.tick();
  const std::vector<json::object> all = messages();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[1].at("type"), "apply_progress");
  EXPECT_EQ(all[1].at("@timestamp"), "2026-01-01T00:00:10Z");
  EXPECT_EQ(all[1].at("hook").at("elapsed_seconds").as_int64(), 10);
  EXPECT_EQ(all[1].at("hook").at("current_bytes").to_number<int>(), 10);
}

TEST_F(JsonViewTest, AnApplyEndsWithSummaryAndOutputs) {
  planner::ApplyResult result;
  result.result = core::RunResult::Applied;
  result.done = {1, 0, 1};
  result.outputs = {{"chat", {"http://x", false}}, {"key", {"open", true}}};
  view_.applied(test::plan_case("replace"), result, ExitCode::Done);
  const std::vector<json::object> all = messages();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].at("@message"), "Apply complete! Resources: 1 added, 0 changed, 1 destroyed.");
  EXPECT_EQ(json::serialize(all[0].at("changes")),
            R"({"add":1,"change":0,"import":0,"remove":1,"forget":0,"operation":"apply"})");
  EXPECT_EQ(json::serialize(all[1].at("outputs")),
            R"({"chat":{"sensitive":false,"value":"http://x"},)"
            R"x("key":{"sensitive":true,"value":"(sensitive value)"}})x");
}

TEST_F(JsonViewTest, AFailedApplyTellsEverything) {
  planner::ApplyResult result;
  result.result = core::RunResult::RolledBack;
  result.switched = true;
  result.failures = {{"endpoint.qwen", core::Activity::Waiting, "it ended", {"bad \xff"}, "x.log"}};
  result.without_service = {{test::address_of("endpoint.qwen"), std::chrono::milliseconds(1500)}};
  view_.applied(test::plan_case("replace"), result, ExitCode::RolledBack);
  const json::object message = messages().at(0);
  EXPECT_EQ(message.at("type"), "apply_failed");
  EXPECT_EQ(json::serialize(message.at("failure")),
            R"({"causes":[{"what":"endpoint.qwen: Readiness check failed","cause":"it ended",)"
            R"("evidence":["bad \\xff"],"remedy":"","log_path":"x.log"}],)"
            R"("outcome":"The previous deployment is back.","left_over":[],)"
            R"("seconds_without_service":{"endpoint.qwen":1.5E0},"exit_code":3})");
}

TEST_F(JsonViewTest, FaultsAreDiagnostics) {
  view_.error(core::while_doing(core::make_error(core::ErrorCode::Failed, "it failed"), "while x"));
  view_.stale({"The configuration files were edited."});
  core::Diagnostics diagnostics;
  diagnostics.warning("Odd", "Why.");
  view_.diagnostics(diagnostics, {});
  view_.valid({});
  const std::vector<json::object> all = messages();
  ASSERT_EQ(all.size(), 4U);
  EXPECT_EQ(json::serialize(all[0].at("diagnostic")),
            R"({"severity":"error","summary":"it failed","detail":"while x"})");
  EXPECT_EQ(all[1].at("diagnostic").at("summary"), "The saved plan is stale");
  EXPECT_EQ(all[2].at("@level"), "warn");
  EXPECT_EQ(all[3].at("warning_count").as_int64(), 1);
}

TEST_F(JsonViewTest, OtherResultsAreOneDocument) {
  view_.version("0.1.0");
  EXPECT_EQ(document(), "{\"aim_version\":\"0.1.0\"}\n");
  view_.output("chat", {"http://x", false});
  EXPECT_EQ(document(), "\"http://x\"\n");
  view_.output("key", {"open", true});
  EXPECT_EQ(document(), "\"(sensitive value)\"\n");
  view_.plan_document(test::plan_case("replace"));
  EXPECT_EQ(json::parse(document()).at("format_version"), "1.2");
  view_.log_piece({true, "a\xff"});
  EXPECT_EQ(document(), "{\"stream\":\"stderr\",\"text\":\"a\\\\xff\"}\n");
  view_.test(test::address_of("endpoint.qwen"),
             {{"health", false, "no", std::chrono::milliseconds(3), 8}});
  EXPECT_EQ(document(),
            "{\"address\":\"endpoint.qwen\",\"passed\":false,\"checks\":[{\"check\":\"health\","
            "\"passed\":false,\"detail\":\"no\",\"latency_ms\":3,\"tokens\":8}]}\n");
  view_.status({{test::address_of("endpoint.qwen"), "lab-qwen", "u", "running", "t", 1, "ready"}});
  EXPECT_EQ(
      document(),
      "{\"resources\":[{\"address\":\"endpoint.qwen\",\"name\":\"lab-qwen\",\"url\":\"u\","
      "\"status\":\"running\",\"started_at\":\"t\",\"restarts\":1,\"readiness\":\"ready\"}]}\n");
}

TEST_F(JsonViewTest, StateHidesSecrets) {
  core::RecordedResource resource;
  resource.address = test::address_of("endpoint.qwen");
  resource.docker_name = "lab-qwen";
  resource.attributes = {{"api_key", core::Secret("open")}, {"port", 8000}};
  view_.state_resource(resource);
  EXPECT_EQ(json::parse(document()).at("values").at("api_key"), "(sensitive value)");
}

}  // namespace
}  // namespace aim::view
