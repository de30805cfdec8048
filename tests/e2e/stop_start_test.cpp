#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;

std::string two_endpoints(const Lab& lab) {
  return fmt::format(R"(
endpoints:
  a: {{ model: m/a, image: "{0}", port: {1}, restart: always, readiness: {{ interval: 200ms }} }}
  b: {{ model: m/b, image: "{0}", port: {2}, readiness: {{ interval: 200ms }} }}
)",
                     kImage1,
                     lab.port(0),
                     lab.port(1));
}

std::string running(const Lab& lab, const std::string& name) {
  return lab.docker({"inspect",
                     "--format",
                     "{{.Id}} {{.State.Running}} {{.HostConfig.RestartPolicy.Name}}",
                     lab.project() + "-" + name});
}

TEST(StopStart, WhatIsStoppedStaysSoUntilItIsStarted) {
  const Lab lab("stop");
  lab.configure(two_endpoints(lab));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const std::string before = running(lab, "a");

  const Finished stopped = lab.aim({"stop", "a"});
  EXPECT_EQ(stopped.code, 0) << stopped.out << stopped.err;
  EXPECT_THAT(stopped.err,
              HasSubstr("Stopped a. It is held: plans and applies leave it so, its GPUs stay its "
                        "own.\n`aim start a` starts it again.\n"));
  EXPECT_THAT(running(lab, "a"), HasSubstr("false no"));
  EXPECT_EQ(lab.get(lab.port(0), "/health").status, 0);
  EXPECT_EQ(lab.chat(lab.port(1), "m/b").status, 200);

  const Finished plan = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out + plan.err,
              HasSubstr("endpoint.a was stopped with `aim stop` and is left so"));
  EXPECT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  EXPECT_THAT(running(lab, "a"), HasSubstr("false no"));
  EXPECT_THAT(lab.aim({"status"}).out, HasSubstr("endpoint.a  held"));
  EXPECT_THAT(lab.aim({"status", "--json"}).out, HasSubstr("\"status\":\"held\""));
  const Finished tested = lab.aim({"test", "a"});
  EXPECT_EQ(tested.code, 1);
  EXPECT_THAT(tested.err, HasSubstr("a is held: it was stopped with `aim stop`."));
  const Finished again = lab.aim({"stop", "a"});
  EXPECT_EQ(again.code, 0);
  EXPECT_EQ(again.err, "a is held already.\n");

  const Finished started = lab.aim({"start", "a"});
  EXPECT_EQ(started.code, 0) << started.out << started.err;
  EXPECT_THAT(started.err, HasSubstr("Started a.\n"));
  EXPECT_EQ(running(lab, "a"), before);
  EXPECT_EQ(lab.chat(lab.port(0), "m/a").status, 200);
  EXPECT_EQ(lab.aim({"plan", "--detailed-exitcode"}).code, 0);
}

TEST(StopStart, SeveralAtATimeAndARestart) {
  const Lab lab("restart");
  lab.configure(two_endpoints(lab));
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const auto started_at = [&](const std::string& name) {
    return lab.docker(
        {"inspect", "--format", "{{.Id}} {{.State.StartedAt}}", lab.project() + "-" + name});
  };
  const std::string a = started_at("a");
  const std::string b = started_at("b");
  const Finished restarted = lab.aim({"restart", "endpoint.a"});
  EXPECT_EQ(restarted.code, 0) << restarted.out << restarted.err;
  EXPECT_NE(started_at("a"), a);
  EXPECT_EQ(started_at("a").substr(0, 64), a.substr(0, 64));
  EXPECT_EQ(started_at("b"), b);
  EXPECT_EQ(lab.aim({"stop", "a", "b"}).code, 0);
  EXPECT_THAT(running(lab, "a"), HasSubstr("false"));
  EXPECT_THAT(running(lab, "b"), HasSubstr("false"));
  EXPECT_EQ(lab.aim({"start", "a", "b"}).code, 0);
  EXPECT_EQ(lab.chat(lab.port(0), "m/a").status, 200);
  EXPECT_EQ(lab.chat(lab.port(1), "m/b").status, 200);
}

TEST(Logs, OfThePreviousContainerIfItWasKept) {
  const Lab lab("logs-previous");
  const auto configure = [&](const std::string& model) {
    lab.configure(fmt::format(
        "endpoints: {{ a: {{ model: {}, image: \"{}\", port: {}, update: {{ keep_previous: 1 }}, "
        "readiness: {{ interval: 200ms }} }} }}\n",
        model,
        kImage1,
        lab.port()));
    ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  };
  configure("m/one");
  const Finished none = lab.aim({"logs", "a", "--previous"});
  EXPECT_EQ(none.code, 1);
  EXPECT_THAT(none.err, HasSubstr("no previous container of endpoint.a is there."));
  configure("m/two");
  configure("m/three");
  const auto said = [&](std::vector<std::string> arguments) {
    const Finished logs = lab.aim(std::move(arguments));
    EXPECT_EQ(logs.code, 0) << logs.err;
    return logs.out + logs.err;
  };
  EXPECT_THAT(said({"logs", "a"}), HasSubstr("m/three"));
  EXPECT_THAT(said({"logs", "a", "--previous"}), HasSubstr("m/two"));
  EXPECT_EQ(lab.aim({"plan", "--detailed-exitcode"}).code, 0);
}

TEST(StopStart, WrongNamesAreRefused) {
  const Lab lab("stop-wrong");
  lab.configure(two_endpoints(lab));
  const Finished nothing = lab.aim({"stop", "a"});
  EXPECT_EQ(nothing.code, 1);
  EXPECT_THAT(nothing.err, HasSubstr("among the deployed endpoints and containers"));
  EXPECT_EQ(lab.aim({"stop"}).code, 1);
  ASSERT_EQ(lab.aim({"apply", "--yes"}).code, 0);
  const Finished wrong = lab.aim({"start", "endpoint.c"});
  EXPECT_EQ(wrong.code, 1);
  EXPECT_THAT(wrong.err, HasSubstr("endpoint.c"));
  lab.docker({"rm", "-f", lab.project() + "-a"});
  const Finished gone = lab.aim({"restart", "a"});
  EXPECT_EQ(gone.code, 1);
  EXPECT_THAT(gone.err, HasSubstr("Container is gone"));
}

}  // namespace
}  // namespace aim::e2e
