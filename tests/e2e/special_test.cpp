#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/box_images.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

void expect_empty_plan(const Lab& lab) {
  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("No changes."));
}

std::string identity(const Lab& lab, const std::string& container) {
  return lab.docker({"inspect", "-f", "{{.Id}} {{.State.StartedAt}}", container});
}

std::string job(const std::string& script) {
  return fmt::format(R"(
containers:
  fetch:
    image: aim/box:1
    job: true
    command: [sh, -c, "{}"]
    mounts: ["models:/models"]
  web:
    image: aim/box:1
    mounts: ["models:/models:ro"]
    command: [sh, -c, "cat /models/file && sleep 1000"]
    stop_grace_period: 1s
    depends_on: [container.fetch]
volumes: {{ models: {{}} }}
)",
                     script);
}

std::string with_probe(const std::string& probe) {
  return fmt::format(R"(
containers:
  web:
    image: aim/box:1
    command: [sh, -c, "echo loading; sleep 1; touch /ready; echo all loaded; sleep 1000"]
    stop_grace_period: 1s
    readiness: {{ interval: 200ms, start_timeout: 6s, timeout: 2s, {} }}
)",
                     probe);
}

TEST(Probes, AProgramInTheContainerMustEndWithZero) {
  const Lab lab("probe-exec");
  make_box_images(lab);
  lab.configure(with_probe("exec: { command: [test, -e, /ready] }"));
  const Finished applied = lab.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_EQ(lab.docker({"exec", "t-probe-exec-web", "cat", "/ready"}), "");
  const Finished tested = lab.aim({"test", "web"});
  EXPECT_EQ(tested.code, 0) << tested.out << tested.err;
  EXPECT_THAT(tested.out, HasSubstr("pass  exec"));
  expect_empty_plan(lab);
  // How it is checked is changed without a restart, and checked.
  const std::string before = identity(lab, "t-probe-exec-web");
  lab.configure(with_probe("exec: { command: [sh, -c, \"echo not yet; exit 3\"] }"));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 1) << failed.out << failed.err;
  EXPECT_THAT(failed.err, HasSubstr("exec: exited with code 3: not yet"));
  lab.configure(with_probe("exec: { command: [no-such-program] }"));
  const Finished none = lab.aim({"apply", "--yes"});
  EXPECT_EQ(none.code, 1) << none.out << none.err;
  EXPECT_THAT(none.err, HasSubstr("no-such-program"));
  lab.configure(with_probe("exec: { command: [sleep, 30] }"));
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(lab.aim({"apply", "--yes"}).code, 1);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  EXPECT_EQ(identity(lab, "t-probe-exec-web"), before);
}

TEST(Probes, ALineOfTheLogSinceTheStartCounts) {
  const Lab lab("probe-log");
  make_box_images(lab);
  lab.configure(with_probe("log: { contains: all loaded }"));
  const Finished applied = lab.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_EQ(lab.aim({"test", "web"}).code, 0);
  // The line of the first start does not count for the second.
  const Finished restarted = lab.aim({"restart", "web"});
  EXPECT_EQ(restarted.code, 0) << restarted.err;
  EXPECT_EQ(lab.docker({"logs", "t-probe-log-web"}), "loading\nall loaded\nloading\nall loaded");
  lab.configure(with_probe("log: { contains: never said }") + "    env: { NEW: \"1\" }\n");
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3);
  EXPECT_THAT(failed.err, HasSubstr("its log does not contain \"never said\" yet"));
}

TEST(Jobs, RunOnceAndAreWaitedFor) {
  const Lab lab("job");
  make_box_images(lab);
  lab.configure(job("sleep 1; echo weights > /models/file; echo fetched"));
  const Finished applied = lab.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.State.Status}} {{.State.ExitCode}}", "t-job-fetch"}),
            "exited 0");
  EXPECT_EQ(lab.docker({"inspect", "-f", "{{.HostConfig.RestartPolicy.Name}}", "t-job-fetch"}),
            "no");
  // It started when the job had ended, and found what that had made.
  EXPECT_EQ(lab.docker({"logs", "t-job-web"}), "weights");
  expect_empty_plan(lab);
  EXPECT_THAT(lab.aim({"status"}).out, HasSubstr("container.fetch  done"));
  const std::string done = identity(lab, "t-job-fetch");

  lab.configure(job("echo no such model >&2; exit 3"));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_THAT(failed.out + failed.err, HasSubstr("exited with code 3"));
  EXPECT_THAT(failed.out + failed.err, HasSubstr("no such model"));
  EXPECT_EQ(identity(lab, "t-job-fetch"), done);

  lab.configure(job("echo other > /models/file"));
  const Finished again = lab.aim({"apply", "--yes"});
  ASSERT_EQ(again.code, 0) << again.out << again.err;
  EXPECT_NE(identity(lab, "t-job-fetch"), done);
  EXPECT_EQ(lab.docker({"exec", "t-job-web", "cat", "/models/file"}), "other");
  expect_empty_plan(lab);
  EXPECT_EQ(lab.aim({"destroy", "--yes"}).code, 0);
}

std::string files(const std::string& greeting, const std::string& more) {
  return fmt::format(R"(
variables: {{ token: {{ sensitive: true }} }}
containers:
  web:
    image: aim/box:1
    stop_grace_period: 1s
    env_file: [base.env, web.env]
    env: {{ LEVEL: own }}
    files:
      /etc/app/greeting: "{}"
      /run/secrets/token: {{ content: "${{var.token}}", mode: 0400, uid: 1000, gid: 1000 }}
      /etc/app/page: "${{file:page.html}}"
  {}
)",
                     greeting,
                     more);
}

TEST(Files, ArePutInBeforeTheStartAndChangedWithoutARestart) {
  const Lab lab("files");
  make_box_images(lab);
  lab.write("base.env", "# the base\nLEVEL=base\nCOLOUR=green\n");
  lab.write("web.env", "COLOUR=blue sky\nFROM_HERE\nNOT_SET_ANYWHERE\n");
  lab.write("page.html", "<p>hello</p>\n");
  const std::string secret = "hunter2-first-secret";
  const std::string second = "hunter2-second-secret";
  lab.configure(files("one", ""));
  const std::map<std::string, std::string> with = {{"AIM_VAR_token", secret},
                                                   {"FROM_HERE", "passed on"}};
  const Finished applied = lab.aim({"apply", "--yes"}, with);
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  const auto inside = [&](std::vector<std::string> command) {
    command.insert(command.begin(), {"exec", "t-files-web"});
    return lab.docker(command);
  };
  EXPECT_EQ(inside({"cat", "/etc/app/greeting"}), "one");
  EXPECT_EQ(inside({"cat", "/etc/app/page"}), "<p>hello</p>");
  EXPECT_EQ(inside({"stat", "-c", "%a %u:%g", "/run/secrets/token"}), "400 1000:1000");
  EXPECT_EQ(inside({"stat", "-c", "%a %u:%g", "/etc/app/greeting"}), "644 0:0");
  const std::string env = lab.docker({"inspect", "-f", "{{json .Config.Env}}", "t-files-web"});
  EXPECT_THAT(env, HasSubstr("\"LEVEL=own\""));
  EXPECT_THAT(env, HasSubstr("\"COLOUR=blue sky\""));
  EXPECT_THAT(env, HasSubstr("\"FROM_HERE=passed on\""));
  EXPECT_THAT(env, Not(HasSubstr("NOT_SET_ANYWHERE")));
  const Finished nothing = lab.aim({"plan", "--detailed-exitcode"}, with);
  EXPECT_EQ(nothing.code, 0) << nothing.out;

  // In place: the same container, never stopped.
  const std::string before = identity(lab, "t-files-web");
  const std::map<std::string, std::string> changed = {{"AIM_VAR_token", second},
                                                      {"FROM_HERE", "passed on"}};
  lab.configure(files("two", ""));
  const Finished plan = lab.aim({"plan"}, changed);
  EXPECT_THAT(plan.out, HasSubstr("# container.web will be updated in-place"));
  const Finished updated = lab.aim({"apply", "--yes"}, changed);
  ASSERT_EQ(updated.code, 0) << updated.out << updated.err;
  EXPECT_EQ(identity(lab, "t-files-web"), before);
  EXPECT_EQ(inside({"cat", "/etc/app/greeting"}), "two");
  EXPECT_EQ(inside({"cat", "/run/secrets/token"}), second);
  EXPECT_EQ(inside({"stat", "-c", "%a %u:%g", "/run/secrets/token"}), "400 1000:1000");
  EXPECT_EQ(inside({"find", "/proc", "-maxdepth", "1", "-name", ".aim*"}), "");
  const Finished settled = lab.aim({"plan", "--detailed-exitcode"}, changed);
  EXPECT_EQ(settled.code, 0) << settled.out;

  // A later failure puts both back.
  lab.configure(files("three",
                      "last: { image: \"aim/box:1\", command: [/no/such/program], depends_on: "
                      "[container.web] }"));
  const Finished failed = lab.aim({"apply", "--yes"}, with);
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_EQ(identity(lab, "t-files-web"), before);
  EXPECT_EQ(inside({"cat", "/etc/app/greeting"}), "two");
  EXPECT_EQ(inside({"cat", "/run/secrets/token"}), second);
  EXPECT_EQ(inside({"stat", "-c", "%a %u:%g", "/run/secrets/token"}), "400 1000:1000");

  // Neither state nor journal knows the secrets, nor what the env files hold.
  for (const std::string& text : {secret, second, std::string("blue sky")}) {
    EXPECT_EQ(run({"grep", "-rlaF", "-e", text, ".aim"}, {}, lab.directory().string()).out, "");
  }
}

TEST(EnvFiles, ErrorsPointIntoTheFile) {
  const Lab lab("envfile");
  lab.write("bad.env", "GOOD=1\nexport BAD=2\n=3\n");
  lab.configure("containers: { web: { image: \"aim/box:1\", env_file: bad.env } }\n");
  const Finished done = lab.aim({"validate"});
  EXPECT_EQ(done.code, 1);
  EXPECT_THAT(done.err, HasSubstr("bad.env:2:1: error: Invalid line in an env file"));
  EXPECT_THAT(done.err, HasSubstr("bad.env:3:1: error: Invalid line in an env file"));
}

std::string shared(const std::string& tag, const std::string& more) {
  return fmt::format(R"(
containers:
  vpn:
    image: aim/store:{}
    ipc: shareable
    stop_grace_period: 1s
  peer:
    image: aim/box:1
    network_mode: "container:vpn"
    ipc: "container:vpn"
    stop_grace_period: 1s
  apart: {{ image: "aim/box:1" }}
  {}
)",
                     tag,
                     more);
}

TEST(SharedNamespaces, FollowersAreReplacedAndRestartedWithTheirContainer) {
  const Lab lab("shared");
  make_box_images(lab);
  lab.configure(shared("1", ""));
  const Finished applied = lab.aim({"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  expect_empty_plan(lab);
  const auto lives_with = [&] {
    const std::string id = lab.docker({"inspect", "-f", "{{.Id}}", "t-shared-vpn"});
    EXPECT_EQ(lab.docker({"inspect",
                          "-f",
                          "{{.HostConfig.NetworkMode}} {{.HostConfig.IpcMode}}",
                          "t-shared-peer"}),
              fmt::format("container:{0} container:{0}", id));
    EXPECT_THAT(lab.docker({"exec", "t-shared-peer", "ip", "addr"}), HasSubstr("eth0"));
  };
  lives_with();
  const std::string apart = identity(lab, "t-shared-apart");
  const std::string peer = identity(lab, "t-shared-peer");

  lab.configure(shared("2",
                       "last: { image: \"aim/box:1\", command: [/no/such/program], depends_on: "
                       "[container.peer] }"));
  const Finished failed = lab.aim({"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  lives_with();
  EXPECT_EQ(identity(lab, "t-shared-peer").substr(0, 64), peer.substr(0, 64));

  lab.configure(shared("2", ""));
  const Finished plan = lab.aim({"plan"});
  EXPECT_THAT(plan.out, HasSubstr("# container.peer must be replaced"));
  EXPECT_THAT(plan.out, HasSubstr("the container whose namespace it shares is replaced"));
  const Finished replaced = lab.aim({"apply", "--yes"});
  ASSERT_EQ(replaced.code, 0) << replaced.out << replaced.err;
  lives_with();
  EXPECT_NE(identity(lab, "t-shared-peer").substr(0, 64), peer.substr(0, 64));
  expect_empty_plan(lab);

  // Started again by aim, the container has another network namespace.
  const std::string before = identity(lab, "t-shared-peer");
  lab.docker({"stop", "-t", "1", "t-shared-vpn"});
  const Finished restart = lab.aim({"plan"});
  EXPECT_THAT(restart.out, HasSubstr("# container.peer will be updated in-place"));
  EXPECT_THAT(restart.out, HasSubstr("the container whose namespace it shares is started again"));
  const Finished mended = lab.aim({"apply", "--yes"});
  ASSERT_EQ(mended.code, 0) << mended.out << mended.err;
  lives_with();
  EXPECT_EQ(identity(lab, "t-shared-peer").substr(0, 64), before.substr(0, 64));
  EXPECT_NE(identity(lab, "t-shared-peer"), before);
  EXPECT_EQ(identity(lab, "t-shared-apart"), apart);
  expect_empty_plan(lab);
}

}  // namespace
}  // namespace aim::e2e
