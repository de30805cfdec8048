#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

struct Edit {
  std::string tag = "1";
  std::string env = "env: { MODEL_SERVER_TOKENS_PER_SECOND: \"1000\", EXTRA: \"a\" }";
  int port = 0;
  std::string memory;
  std::string networks;
  std::string more;
};

std::string endpoint(const Edit& edit) {
  return fmt::format(R"(
endpoints:
  chat:
    model: test/model
    backend: vllm
    image: aim/model-server:{}
    port: {}
    {}
    mounts: ["data:/data"]
    stop_grace_period: 5s
    readiness: {{ interval: 200ms, start_timeout: 30s }}
    {}
    {}
volumes: {{ data: {{}} }}
outputs: {{ chat: "${{endpoint.chat.url}}/v1" }}
{}
)",
                     edit.tag,
                     edit.port,
                     edit.env,
                     edit.memory,
                     edit.networks,
                     edit.more);
}

void expect_empty_plan(const Lab& lab) {
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("No changes."));
}

TEST(Deploy, FromNothingToAnAnswerAndBack) {
  const Lab lab("deploy");
  Edit edit;
  edit.port = lab.port();
  lab.configure(endpoint(edit));

  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 2) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("Plan: 3 to add, 0 to change, 0 to destroy."));
  EXPECT_TRUE(lab.labelled().empty()) << "a plan changed something";

  const Finished applied = lab.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_THAT(applied.out,
              HasSubstr("Apply complete! Resources: 3 added, 0 changed, 0 destroyed."));
  EXPECT_THAT(applied.out, HasSubstr(fmt::format("http://127.0.0.1:{}/v1", lab.port())));

  const Lab::Answer answer = lab.chat(lab.port(), "test/model");
  EXPECT_EQ(answer.status, 200) << answer.body;
  EXPECT_THAT(answer.body, HasSubstr("completion_tokens"));
  expect_empty_plan(lab);

  const Finished test = lab.aim({"test", "chat"});
  EXPECT_EQ(test.code, 0) << test.out << test.err;
  const Finished status = lab.aim({"status"});
  EXPECT_EQ(status.code, 0);
  EXPECT_THAT(status.out, HasSubstr("endpoint.chat"));
  EXPECT_THAT(lab.aim({"logs", "chat"}).err + lab.aim({"logs", "chat"}).out,
              HasSubstr("Application startup complete."));
  EXPECT_EQ(lab.aim({"output", "chat"}).out, fmt::format("http://127.0.0.1:{}/v1\n", lab.port()));

  const Finished destroyed = lab.aim({"destroy", "--yes"});
  EXPECT_EQ(destroyed.code, 0) << destroyed.out << destroyed.err;
  EXPECT_EQ(lab.labelled(), (std::vector<std::string>{"volume t-deploy-data"}));
  const Finished everything = lab.aim({"destroy", "--yes", "--volumes"});
  EXPECT_EQ(everything.code, 0) << everything.out << everything.err;
  EXPECT_TRUE(lab.labelled().empty());
}

/// Applies an edit, and expects the plan to say what happens and to be empty afterwards.
void apply_edit(const Lab& lab,
                const Edit& edit,
                const std::string& header,
                const std::string& field) {
  lab.configure(endpoint(edit));
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 2) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr(header));
  EXPECT_THAT(plan.out, HasSubstr(field));
  const Finished applied = lab.aim({"apply", "--yes"});
  EXPECT_EQ(applied.code, 0) << applied.out << applied.err;
  expect_empty_plan(lab);
  EXPECT_EQ(lab.chat(edit.port, "test/model").status, 200);
}

TEST(Deploy, EveryEditIsPlannedAsWhatItIsAndAppliedOnce) {
  const Lab lab("edits");
  Edit edit;
  edit.port = lab.port();
  lab.configure(endpoint(edit));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const std::string replaced = "# endpoint.chat must be replaced";
  const std::string updated = "# endpoint.chat will be updated in-place";
  std::string id = lab.docker({"inspect", "-f", "{{.Id}}", "t-edits-chat"});
  const auto expect_same_container = [&](bool same) {
    const std::string now = lab.docker({"inspect", "-f", "{{.Id}}", "t-edits-chat"});
    EXPECT_EQ(now == id, same);
    id = now;
  };

  edit.tag = "2";
  apply_edit(lab, edit, replaced, "image");
  expect_same_container(false);
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.Config.Image}}", "t-edits-chat"}),
            "aim/model-server:2");

  edit.env = "env: { MODEL_SERVER_TOKENS_PER_SECOND: \"1000\", EXTRA: \"b\" }";
  apply_edit(lab, edit, replaced, "EXTRA");
  expect_same_container(false);

  edit.env = "env: { MODEL_SERVER_TOKENS_PER_SECOND: \"1000\" }";
  apply_edit(lab, edit, replaced, "EXTRA");
  expect_same_container(false);
  EXPECT_THAT(lab.docker({"inspect", "-f", "{{.Config.Env}}", "t-edits-chat"}),
              Not(HasSubstr("EXTRA")));

  edit.memory = "memory: 512MiB";
  apply_edit(lab, edit, updated, "memory");
  expect_same_container(true);
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.HostConfig.Memory}}", "t-edits-chat"}), "536870912");

  edit.memory = "memory: 768MiB";
  apply_edit(lab, edit, updated, "memory");
  expect_same_container(true);
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.HostConfig.Memory}}", "t-edits-chat"}), "805306368");

  edit.port = lab.port(1);
  apply_edit(lab, edit, replaced, "port");
  expect_same_container(false);

  edit.networks = "networks: [default, side]";
  edit.more = "networks: { side: {} }";
  apply_edit(lab, edit, updated, "networks");
  expect_same_container(true);
  EXPECT_THAT(lab.docker({"inspect", "-f", "{{json .NetworkSettings.Networks}}", "t-edits-chat"}),
              HasSubstr("t-edits-side"));

  edit.networks = "networks: [default]";
  edit.more = "";
  apply_edit(lab, edit, updated, "networks");
  expect_same_container(true);
  EXPECT_THAT(lab.docker({"inspect", "-f", "{{json .NetworkSettings.Networks}}", "t-edits-chat"}),
              Not(HasSubstr("t-edits-side")));
  EXPECT_THAT(lab.docker({"network", "ls", "--format", "{{.Name}}"}),
              Not(HasSubstr("t-edits-side")));

  edit.memory = "";
  apply_edit(lab, edit, replaced, "memory");
  expect_same_container(false);
}

TEST(Deploy, LostStateIsRebuiltFromDocker) {
  const Lab lab("rebuild");
  Edit edit;
  edit.port = lab.port();
  lab.configure(endpoint(edit));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  lab.forget_state();
  expect_empty_plan(lab);

  edit.env = "env: { MODEL_SERVER_TOKENS_PER_SECOND: \"1000\", EXTRA: \"b\" }";
  lab.configure(endpoint(edit));
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 2);
  EXPECT_THAT(plan.out, HasSubstr("# endpoint.chat must be replaced"));
  EXPECT_THAT(plan.out, HasSubstr("EXTRA"));
  EXPECT_THAT(plan.out, HasSubstr("Plan: 1 to add, 0 to change, 1 to destroy."));

  edit.env = "env: { MODEL_SERVER_TOKENS_PER_SECOND: \"1000\", EXTRA: \"a\" }";
  lab.configure(endpoint(edit));
  EXPECT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  EXPECT_THAT(lab.aim({"state", "list"}).out, HasSubstr("endpoint.chat"));
  expect_empty_plan(lab);
}

TEST(Deploy, ASavedPlanIsCarriedOutOrRefused) {
  const Lab lab("saved");
  Edit edit;
  edit.port = lab.port();
  lab.configure(endpoint(edit));
  ASSERT_EQ(lab.aim({"plan", "--out", "first.plan"}).code, 0);
  const Finished applied = lab.aim({"apply", "first.plan"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;

  edit.tag = "2";
  lab.configure(endpoint(edit));
  ASSERT_EQ(lab.aim({"plan", "--out", "second.plan"}).code, 0);
  lab.docker({"stop", "-t", "1", "t-saved-chat"});
  const Finished stale = lab.aim({"apply", "second.plan"});
  EXPECT_EQ(stale.code, 5) << stale.out << stale.err;
  EXPECT_THAT(stale.err + stale.out, HasSubstr("endpoint.chat"));
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.State.Status}}", "t-saved-chat"}), "exited");

  const Finished again = lab.aim({"apply", "first.plan"});
  EXPECT_EQ(again.code, 5);
}

TEST(Deploy, WhatWasStoppedOrChangedByHandIsMended) {
  const Lab lab("mend");
  Edit edit;
  edit.port = lab.port();
  edit.memory = "memory: 512MiB";
  lab.configure(endpoint(edit));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const std::string id = lab.docker({"inspect", "-f", "{{.Id}}", "t-mend-chat"});
  lab.docker({"stop", "-t", "1", "t-mend-chat"});
  lab.docker({"rename", "t-mend-chat", "t-mend-other"});
  lab.docker({"update", "--memory", "256m", "--memory-swap", "512m", "t-mend-other"});
  lab.docker({"network", "disconnect", "t-mend-default", "t-mend-other"});
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 2) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("# endpoint.chat will be updated in-place"));
  const Finished applied = lab.aim({"apply", "--yes"});
  EXPECT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.Id}}", "t-mend-chat"}), id);
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.HostConfig.Memory}}", "t-mend-chat"}), "536870912");
  EXPECT_EQ(lab.chat(lab.port(), "test/model").status, 200);
  expect_empty_plan(lab);

  lab.docker({"rm", "-f", "t-mend-chat"});
  EXPECT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  EXPECT_EQ(lab.chat(lab.port(), "test/model").status, 200);
  expect_empty_plan(lab);
}

TEST(Secrets, StayOutOfStatePlanOutputAndLabels) {
  const Lab lab("secrets");
  const std::string secret = "hunter2-very-secret-value";
  const std::string base64 = "aHVudGVyMi12ZXJ5LXNlY3JldC12YWx1ZQ";
  lab.configure(fmt::format(R"(
variables: {{ token: {{ sensitive: true }} }}
endpoints:
  chat:
    model: test/model
    image: aim/model-server:1
    port: {}
    env: {{ TOKEN: "${{var.token}}" }}
    readiness: {{ interval: 200ms, start_timeout: 30s }}
)",
                            lab.port()));
  const std::map<std::string, std::string> variables = {{"AIM_VAR_token", secret}};
  std::string said;
  for (const std::vector<std::string>& command :
       std::vector<std::vector<std::string>>{{"plan", "--out", "a.plan"},
                                             {"apply", "--yes", "--json"},
                                             {"plan", "--json"},
                                             {"state", "show", "chat"},
                                             {"show", "a.plan", "--json"}}) {
    const Finished done = lab.aim(command, variables);
    EXPECT_EQ(done.code, 0) << done.out << done.err;
    said += done.out + done.err;
  }
  lab.forget_state();
  const Finished rebuilt = lab.aim({"plan", "--out", "b.plan", "--detailed-exitcode"}, variables);
  EXPECT_EQ(rebuilt.code, 0) << rebuilt.out << rebuilt.err;
  EXPECT_EQ(lab.aim({"apply", "--yes"}, variables).code, 0);
  said += lab.docker({"inspect", "-f", "{{json .Config.Labels}}", "t-secrets-chat"});
  EXPECT_THAT(lab.docker({"inspect", "-f", "{{.Config.Env}}", "t-secrets-chat"}),
              HasSubstr(secret));
  const Finished found =
      run({"grep", "-rlaF", "-e", secret, "-e", base64, "."}, {}, lab.directory().string());
  EXPECT_EQ(found.out, "");
  EXPECT_THAT(said, Not(HasSubstr(secret)));
  EXPECT_THAT(said, Not(HasSubstr(base64)));
}

}  // namespace
}  // namespace aim::e2e
