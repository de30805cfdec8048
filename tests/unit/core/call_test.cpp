#include <gtest/gtest.h>

#include <boost/json.hpp>

#include "core/engine.hpp"
#include "core/journal.hpp"
#include "core/progress.hpp"

namespace aim::core {

namespace {

const std::string kId = "4be1a94c1bd0d9ad6b4f0a3f0d1c2b3a4958677685940312fedcba9876543210";

Attachment sample_attachment() { return Attachment{"lab-default", {"qwen", "llm"}, "10.1.0.7"}; }

CreateContainer sample_creation() {
  CreateContainer call;
  call.name = "lab-qwen.g2";
  call.attributes = Map{{"image", "vllm/vllm-openai:v0.24.0"},
                        {"cpus", 1.5},
                        {"$odd", Map{{"$$odder", List{1, true, Null{}}}}}};
  call.labels = {{"dev.aim.project", "lab"}, {"$call", "x"}};
  call.restart = "unless-stopped";
  call.networks = {sample_attachment(), Attachment{"other", {}, ""}};
  return call;
}

/// One of every call, no member with its default.
std::vector<Call> all_calls() {
  return {sample_creation(),
          StartContainer{"a"},
          StopContainer{"a", std::chrono::seconds(61)},
          KillContainer{"a"},
          PauseContainer{"a"},
          UnpauseContainer{"a"},
          RenameContainer{"a", "b"},
          UpdateContainer{"a", Map{{"memory", 1024}, {"restart", "no"}}},
          RemoveContainer{"a", true, false},
          ConnectNetwork{"a", sample_attachment()},
          DisconnectNetwork{"a", "n"},
          PutFiles{"a", Map{{"/x", Map{{"content", "c"}, {"mode", "0600"}}}}},
          CopyFiles{"a", {{"/x", "/y"}}},
          CreateNetwork{"n", Map{{"driver", "bridge"}}, {{"k", "v"}}},
          RemoveNetwork{"n"},
          CreateVolume{"v", Map{{"driver", "local"}}, {{"k", "v"}}},
          RemoveVolume{"v"}};
}

Result<Call> parsed(std::string_view text) { return call_from_json(boost::json::parse(text)); }

void expect_malformed(std::string_view text, const std::string& why) {
  const Result<Call> call = parsed(text);
  ASSERT_FALSE(call) << text;
  EXPECT_EQ(call.error().code, ErrorCode::Protocol) << text;
  EXPECT_EQ(call.error().message, "malformed call: " + why);
}

TEST(Call, AllKindsAreTested) {
  const std::vector<Call> calls = all_calls();
  ASSERT_EQ(calls.size(), std::variant_size_v<Call>);
  for (std::size_t i = 0; i < calls.size(); ++i) {
    EXPECT_EQ(calls[i].index(), i);
  }
}

TEST(Call, SurvivesItsJson) {
  for (const Call& call : all_calls()) {
    const std::string text = boost::json::serialize(to_json(call));
    const Result<Call> back = parsed(text);
    ASSERT_TRUE(back) << text << ": " << to_string(back.error());
    EXPECT_EQ(*back, call) << text;
  }
}

TEST(Call, HasJsonWithSortedKeys) {
  EXPECT_EQ(boost::json::serialize(to_json(Call(StopContainer{"a", std::chrono::seconds(61)}))),
            R"({"call":"stop_container","container":"a","grace_s":61})");
  EXPECT_EQ(boost::json::serialize(to_json(Call(ConnectNetwork{"a", sample_attachment()}))),
            R"({"attachment":{"aliases":["qwen","llm"],"ipv4_address":"10.1.0.7",)"
            R"("network":"lab-default"},"call":"connect_network","container":"a"})");
}

TEST(Call, WritesSecretsAsDigests) {
  const Secret secret = Secret("hf_plain").with_digest("lab/env.HF_TOKEN");
  const Call call = CreateContainer{"a", Map{{"env", Map{{"HF_TOKEN", secret}}}}, {}, "no", {}};
  const std::string text = boost::json::serialize(to_json(call));
  EXPECT_EQ(text.find("hf_plain"), std::string::npos);
  EXPECT_NE(text.find(secret.digest()), std::string::npos);
  EXPECT_EQ(*parsed(text), call);
}

TEST(Call, IsNotReadFromAnythingElse) {
  expect_malformed("[]", "it is not a map");
  expect_malformed("null", "it is not a map");
  expect_malformed("{}", "there is no call named ''");
  expect_malformed(R"({"call":"dance"})", "there is no call named 'dance'");
  const std::string members = "start_container has other members than it must have";
  expect_malformed(R"({"call":"start_container"})", members);
  expect_malformed(R"({"call":"start_container","container":1})", members);
  expect_malformed(R"({"call":"start_container","container":"a","force":true})", members);
  expect_malformed(
      R"({"call":"connect_network","container":"a","attachment":{"network":"n","aliases":[1],)"
      R"("ipv4_address":""}})",
      "connect_network has other members than it must have");
  expect_malformed(R"({"call":"create_volume","name":"v","attributes":{},"labels":{"k":1}})",
                   "create_volume has other members than it must have");
}

TEST(Call, IsNotReadFromAMalformedValue) {
  const Result<Call> call =
      parsed(R"({"call":"update_container","container":"a","attributes":{"$strange":1}})");
  ASSERT_FALSE(call);
  EXPECT_EQ(call.error().code, ErrorCode::Protocol);
  EXPECT_EQ(call.error().context, std::vector<std::string>{"while reading a call"});
}

TEST(Call, IsDescribedToPeople) {
  std::vector<std::string> lines;
  for (const Call& call : all_calls()) {
    lines.push_back(describe(call));
  }
  EXPECT_EQ(lines,
            (std::vector<std::string>{"create container lab-qwen.g2",
                                      "start container a",
                                      "stop container a",
                                      "kill container a",
                                      "pause container a",
                                      "unpause container a",
                                      "rename container a to b",
                                      "update container a",
                                      "remove container a",
                                      "connect container a to network lab-default",
                                      "disconnect container a from network n",
                                      "put files into container a",
                                      "copy files inside container a",
                                      "create network n",
                                      "remove network n",
                                      "create volume v",
                                      "remove volume v"}));
}

TEST(Call, IsDescribedWithShortIds) {
  EXPECT_EQ(describe(StartContainer{kId}), "start container 4be1a94c1bd0");
  EXPECT_EQ(describe(DisconnectNetwork{kId, kId}),
            "disconnect container 4be1a94c1bd0 from network 4be1a94c1bd0");
}

TEST(Words, OfPhases) {
  EXPECT_EQ(to_string(Phase::Prepare), "prepare");
  EXPECT_EQ(to_string(Phase::Switch), "switch");
  EXPECT_EQ(to_string(Phase::Readiness), "readiness");
  EXPECT_EQ(to_string(Phase::Commit), "commit");
  EXPECT_EQ(to_string(Phase::Undo), "undo");
}

TEST(Words, OfRunResults) {
  EXPECT_EQ(to_string(RunResult::Applied), "applied");
  EXPECT_EQ(to_string(RunResult::Partly), "partly");
  EXPECT_EQ(to_string(RunResult::RolledBack), "rolled_back");
  EXPECT_EQ(to_string(RunResult::RollbackFailed), "rollback_failed");
  EXPECT_EQ(to_string(RunResult::CommitFailed), "commit_failed");
  EXPECT_EQ(to_string(RunResult::NothingDone), "nothing_done");
}

TEST(Words, OfActivities) {
  EXPECT_EQ(to_string(Activity::Pulling), "pulling");
  EXPECT_EQ(to_string(Activity::Creating), "creating");
  EXPECT_EQ(to_string(Activity::Updating), "updating");
  EXPECT_EQ(to_string(Activity::Replacing), "replacing");
  EXPECT_EQ(to_string(Activity::Destroying), "destroying");
  EXPECT_EQ(to_string(Activity::Stopping), "stopping");
  EXPECT_EQ(to_string(Activity::Starting), "starting");
  EXPECT_EQ(to_string(Activity::Waiting), "waiting");
  EXPECT_EQ(to_string(Activity::Undoing), "undoing");
  EXPECT_EQ(to_string(Activity::Renaming), "renaming");
  EXPECT_EQ(to_string(Activity::Removing), "removing");
}

}  // namespace

}  // namespace aim::core
