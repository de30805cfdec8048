#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <set>
#include <thread>

#include "tests/e2e/gpu_host.hpp"

namespace aim::e2e {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::UnorderedElementsAre;

std::string endpoint(const Lab& lab, const std::string& name, int port, const std::string& more) {
  return fmt::format(
      "  {}: {{ model: Qwen/Qwen3-32B, recipe: auto, image: \"{}\", port: {}, {}, readiness: {{ "
      "interval: 200ms }} }}\n",
      name,
      kImage1,
      lab.port(port),
      more);
}

Finished on(const GpuHost& host, const Lab& lab, std::vector<std::string> arguments) {
  return lab.aim(std::move(arguments), {{"AIM_GPU_ROOT", host.root().string()}});
}

void apply(const GpuHost& host, const Lab& lab) {
  const Finished applied = on(host, lab, {"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  const Finished again = on(host, lab, {"plan", "--detailed-exitcode"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
}

std::vector<std::string> ids(const std::vector<int>& indices) {
  std::vector<std::string> texts;
  for (const int index : indices) {
    texts.push_back(GpuHost::id(index));
  }
  return texts;
}

TEST(EndpointGpus, EachContainerHasItsOwnAndTheyStay) {
  const Lab lab("eg-own");
  const GpuHost host = GpuHost::h100(8);
  lab.configure("endpoints:\n" + endpoint(lab, "a", 0, "gpus: 4") +
                endpoint(lab, "b", 1, "gpus: 4"));
  apply(host, lab);
  EXPECT_EQ(device_ids(lab, lab.project() + "-a"), ids({0, 1, 2, 3}));
  EXPECT_EQ(device_ids(lab, lab.project() + "-b"), ids({4, 5, 6, 7}));
  EXPECT_EQ(lab.docker({"inspect", "--format", "{{join .Args \" \"}}", lab.project() + "-a"}),
            "serve Qwen/Qwen3-32B --host 0.0.0.0 --port 8000 --tensor-parallel-size 4 "
            "--max-model-len 32768 --gpu-memory-utilization 0.9");
  EXPECT_EQ(lab.chat(lab.port(0), "Qwen/Qwen3-32B").status, 200);
  // A third finds none, and is told who has them.
  lab.configure("endpoints:\n" + endpoint(lab, "a", 0, "gpus: 4") +
                endpoint(lab, "b", 1, "gpus: 4") + endpoint(lab, "c", 2, "gpus: 4"));
  const Finished refused = on(host, lab, {"plan"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("error: Not enough GPUs"));
  EXPECT_THAT(refused.err, HasSubstr("GPUs 0-3 H100 endpoint.a"));
  EXPECT_THAT(refused.err, HasSubstr("GPUs 4-7 H100 endpoint.b"));
}

TEST(EndpointGpus, TheyAreKnownAgainWithoutTheState) {
  const Lab lab("eg-lost");
  const GpuHost host = GpuHost::h100(2);
  lab.configure("endpoints:\n" + endpoint(lab, "a", 0, "gpus: { ids: [1] }, precision: fp8"));
  apply(host, lab);
  lab.forget_state();
  const Finished plan = on(host, lab, {"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
}

TEST(EndpointGpus, TwoThatSwapAreNeverUpTogether) {
  const Lab lab("eg-swap");
  const GpuHost host = GpuHost::h100(2);
  const auto configure = [&](int a, int b) {
    lab.configure("endpoints:\n" +
                  endpoint(lab, "a", 0, fmt::format("precision: fp8, gpus: {{ ids: [{}] }}", a)) +
                  endpoint(lab, "b", 1, fmt::format("precision: fp8, gpus: {{ ids: [{}] }}", b)));
  };
  configure(0, 1);
  apply(host, lab);
  configure(1, 0);
  const std::string since = lab.docker({"info", "--format", "{{.SystemTime}}"});
  apply(host, lab);
  EXPECT_EQ(device_ids(lab, lab.project() + "-a"), ids({1}));
  EXPECT_EQ(device_ids(lab, lab.project() + "-b"), ids({0}));
  const std::string events = lab.docker({"events",
                                         "--since",
                                         since,
                                         "--until",
                                         lab.docker({"info", "--format", "{{.SystemTime}}"}),
                                         "--filter",
                                         "label=dev.aim.project=" + lab.project(),
                                         "--format",
                                         "{{.Action}}"});
  // Both have died before the first of the new ones starts.
  const std::size_t start = events.find("start");
  ASSERT_NE(start, std::string::npos) << events;
  const std::size_t first = events.find("die");
  EXPECT_LT(events.find("die", first + 1), start) << events;
}

TEST(EndpointGpus, ADependencyMayShareTheGpuOfItsDependent) {
  const Lab lab("eg-share");
  const GpuHost host = GpuHost::h100(1);
  const std::string share = "precision: fp8, gpus: { count: 1, share: 25% }";
  lab.configure("endpoints:\n" + endpoint(lab, "a", 0, share + ", depends_on: [endpoint.b]") +
                endpoint(lab, "b", 1, share));
  apply(host, lab);
  EXPECT_EQ(device_ids(lab, lab.project() + "-a"), ids({0}));
  EXPECT_EQ(device_ids(lab, lab.project() + "-b"), ids({0}));
}

TEST(EndpointGpus, OtherProjectsAreRespected) {
  const Lab one("eg-one");
  const Lab two("eg-two");
  const GpuHost host = GpuHost::h100(2);
  one.configure("endpoints:\n" + endpoint(one, "a", 0, "precision: fp8, gpus: 1"));
  apply(host, one);
  two.configure("endpoints:\n" + endpoint(two, "a", 1, "precision: fp8, gpus: 1"));
  apply(host, two);
  EXPECT_EQ(device_ids(one, one.project() + "-a"), ids({0}));
  EXPECT_EQ(device_ids(two, two.project() + "-a"), ids({1}));
  // Nor has a launch any left.
  const Finished launched =
      two.aim({"launch", "Qwen/Qwen3-8B", "--image", kImage1, "--name", "third"},
              {{"AIM_GPU_ROOT", host.root().string()},
               {"XDG_STATE_HOME", (two.directory() / "state").string()}});
  EXPECT_EQ(launched.code, 1);
  EXPECT_THAT(launched.err, HasSubstr("error: Not enough GPUs"));
}

/// Two projects that are applied at the same moment see the same free GPU.
TEST(EndpointGpus, OfTwoAppliesAtOnceTheLaterBacksOff) {
  const Lab one("eg-race-a");
  const Lab two("eg-race-b");
  const GpuHost host = GpuHost::h100(1);
  one.configure("endpoints:\n" + endpoint(one, "a", 0, "gpus: 1, precision: fp8"));
  two.configure("endpoints:\n" + endpoint(two, "a", 0, "gpus: 1, precision: fp8"));
  int met = 0;
  for (int round = 0; round < 6; ++round) {
    Finished first;
    Finished second;
    {
      const std::jthread other([&] { first = on(host, one, {"apply", "--yes"}); });
      second = on(host, two, {"apply", "--yes"});
    }
    EXPECT_EQ((first.code == 0) + (second.code == 0), 1)
        << first.out << first.err << second.out << second.err;
    const Finished& loser = first.code == 0 ? second : first;
    EXPECT_EQ(loser.code, 1) << loser.out << loser.err;
    met += loser.err.find("while this was planned") != std::string::npos ? 1 : 0;
    EXPECT_EQ(on(host, one, {"destroy", "--yes"}).code, 0);
    EXPECT_EQ(on(host, two, {"destroy", "--yes"}).code, 0);
  }
  RecordProperty("met_after_the_plan", met);
}

TEST(EndpointGpus, AmdCardsComeAsDevicesOfTheirOwn) {
  if (geteuid() != 0) {
    GTEST_SKIP() << "only root can make the device files of the made-up host";
  }
  const Lab lab("eg-amd");
  const GpuHost host = GpuHost::mi300x();
  lab.configure("endpoints:\n" + endpoint(lab, "a", 0, "gpus: { ids: [2, 5] }"));
  apply(host, lab);
  std::vector<std::string> inside;
  const boost::json::value inspected = lab.inspect(lab.project() + "-a");
  for (const boost::json::value& device : inspected.at("HostConfig").at("Devices").as_array()) {
    inside.emplace_back(device.at("PathInContainer").as_string());
    EXPECT_EQ(std::string(device.at("PathOnHost").as_string()),
              host.root().string() + inside.back());
  }
  EXPECT_THAT(inside,
              UnorderedElementsAre("/dev/kfd", "/dev/dri/renderD144", "/dev/dri/renderD168"));
  EXPECT_EQ(boost::json::serialize(inspected.at("HostConfig").at("SecurityOpt")),
            "[\"seccomp=unconfined\"]");
  EXPECT_EQ(inspected.at("HostConfig").at("DeviceRequests"), nullptr);
  const Finished shown = on(host, lab, {"gpus"});
  EXPECT_THAT(shown.out, HasSubstr("ok      endpoint.a\n"));
}

TEST(EndpointGpus, ADeclaredHostIsPlannedForAndNotStartedOn) {
  const Lab lab("eg-ci");
  lab.configure("hosts: { local: { gpus: { model: MI300X, count: 8 } } }\nendpoints:\n" +
                endpoint(lab, "a", 0, "gpus: 4"));
  const std::map<std::string, std::string> nothing{
      {"AIM_GPU_ROOT", std::filesystem::absolute("tests/unit/providers/gpu/hosts/none").string()}};
  const Finished plan = lab.aim({"plan"}, nothing);
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("Planned without GPUs"));
  const Finished applied = lab.aim({"apply", "--yes"}, nothing);
  EXPECT_EQ(applied.code, 1);
  EXPECT_THAT(applied.err, HasSubstr("endpoint.a cannot be started here"));
  EXPECT_THAT(lab.labelled(), ::testing::IsEmpty());
}

/// The ways in which a secret could show: as it is, in base64, escaped as JSON would.
std::vector<std::string> forms_of(const std::string& secret) {
  std::vector<std::string> forms = {secret};
  forms.push_back(
      run({"sh", "-c", "printf %s \"$SECRET\" | base64 -w0"}, {{"SECRET", secret}}).out);
  std::string escaped;
  for (const char c : secret) {
    escaped += fmt::format("\\u{:04x}", static_cast<int>(c));
  }
  forms.push_back(escaped);
  return forms;
}

void expect_unseen(const std::string& text, const std::string& secret, const std::string& where) {
  for (const std::string& form : forms_of(secret)) {
    EXPECT_EQ(text.find(form), std::string::npos) << where << " shows a secret";
  }
}

/// Looks at the arguments of every process, again and again, until it is asked what it saw.
class ProcessArguments {
 public:
  ProcessArguments() : thread_([this](const std::stop_token& stop) { watch(stop); }) {}

  [[nodiscard]] std::string seen() {
    thread_.request_stop();
    thread_.join();
    std::string all;
    for (const std::string& one : seen_) {
      all += one + "\n";
    }
    return all;
  }

 private:
  void watch(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      std::error_code gone;
      for (const auto& entry : std::filesystem::directory_iterator("/proc", gone)) {
        std::ifstream file(entry.path() / "cmdline", std::ios::binary);
        std::string words((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
        std::replace(words.begin(), words.end(), '\0', ' ');
        seen_.insert(std::move(words));
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(2));
    }
  }

  std::set<std::string> seen_;
  std::jthread thread_;
};

/// A token and a key reach the server, the token changes without a restart, and neither is found
/// anywhere but in the container.
TEST(EndpointGpus, SecretsStayWhereTheyBelong) {
  const Lab lab("eg-token");
  const GpuHost host = GpuHost::h100(1);
  lab.configure(
      "variables: { token: { sensitive: true }, key: { sensitive: true } }\nendpoints:\n" +
      endpoint(lab,
               "a",
               0,
               "precision: fp8, gpus: 1, hf_token: \"${var.token}\", api_key: "
               "\"${var.key}\""));
  const std::string key = "sk-keySwordfish";
  const auto run_with = [&](const std::string& token, std::vector<std::string> arguments) {
    const Finished done = lab.aim(
        std::move(arguments),
        {{"AIM_GPU_ROOT", host.root().string()}, {"AIM_VAR_token", token}, {"AIM_VAR_key", key}});
    EXPECT_EQ(done.code, 0) << done.out << done.err;
    expect_unseen(done.out + done.err, token, "the output");
    expect_unseen(done.out + done.err, key, "the output");
    return done;
  };
  const std::string first = "hf_firstSwordfish";
  const std::string second = "hf_secondSwordfish";
  ProcessArguments arguments;
  static_cast<void>(run_with(first, {"plan", "--out", "first.plan"}));
  static_cast<void>(run_with(first, {"show", "--json", "first.plan"}));
  static_cast<void>(run_with(first, {"apply", "--json", "--log-level", "debug", "first.plan"}));
  const std::string name = lab.project() + "-a";
  const auto read_token = [&] {
    return lab.docker({"cp", name + ":/run/secrets/hf_token", "-"});  // a tar of one file
  };
  EXPECT_THAT(read_token(), HasSubstr(first));
  EXPECT_THAT(lab.docker({"inspect", "--format", "{{.Config.Env}}", name}),
              HasSubstr("HF_TOKEN_PATH=/run/secrets/hf_token"));
  const std::string inspected = boost::json::serialize(lab.inspect(name));
  expect_unseen(inspected, first, "the container");
  expect_unseen(
      boost::json::serialize(lab.inspect(name).at("Config").at("Labels")), key, "a label");
  EXPECT_EQ(lab.chat(lab.port(), "Qwen/Qwen3-32B").status, 401);

  const std::string before =
      lab.docker({"inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name});
  const Finished changed = run_with(second, {"apply", "--yes", "--log-level", "debug"});
  EXPECT_THAT(changed.out, HasSubstr("Plan: 0 to add, 1 to change, 0 to destroy."));
  EXPECT_EQ(lab.docker({"inspect", "--format", "{{.Id}} {{.State.StartedAt}}", name}), before);
  EXPECT_THAT(read_token(), HasSubstr(second));
  const std::string processes = arguments.seen();
  EXPECT_THAT(processes, HasSubstr(" apply --yes --log-level debug "));
  for (const std::string& secret : {first, second, key}) {
    expect_unseen(processes, secret, "a process's arguments");
  }
  // The state, its write-ahead log, the saved plan, the logs.
  int files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(lab.directory())) {
    if (entry.is_regular_file()) {
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string bytes((std::istreambuf_iterator<char>(stream)),
                              std::istreambuf_iterator<char>());
      for (const std::string& secret : {first, second, key}) {
        expect_unseen(bytes, secret, entry.path());
      }
      ++files;
    }
  }
  EXPECT_GE(files, 3);
}

TEST(EndpointGpus, ARecipeOfOnesOwnIsTakenAndItsSpeedCompared) {
  const Lab lab("eg-own-recipe");
  const GpuHost host = GpuHost::h100(1);
  std::filesystem::create_directories(lab.directory() / "recipes");
  lab.write("recipes/mine.yaml",
            "version: 2\nrecipe_id: mine\nextends: qwen3-32b-fp8-any-fp8\n"
            "env: { MINE: \"yes\" }\nexpect: { tokens_per_second: 0.5 }\n");
  lab.configure(fmt::format(
      "endpoints:\n  a: {{ model: Qwen/Qwen3-32B, recipe: mine, image: \"{}\", port: {}, "
      "readiness: {{ interval: 200ms }} }}\n",
      kImage1,
      lab.port()));
  apply(host, lab);
  EXPECT_THAT(lab.docker({"inspect", "--format", "{{.Config.Env}}", lab.project() + "-a"}),
              HasSubstr("MINE=yes"));
  const Finished tested = on(host, lab, {"test", "a"});
  EXPECT_EQ(tested.code, 0) << tested.out << tested.err;
  EXPECT_THAT(tested.out, HasSubstr("pass  speed"));
  EXPECT_THAT(tested.out, HasSubstr("tokens a second; the recipe expects 0.5"));
}

TEST(EndpointGpus, AFailureIsRecognisedAndToldWithWhatToDo) {
  const Lab lab("eg-cause");
  const GpuHost host = GpuHost::h100(1);
  lab.configure("endpoints:\n" +
                endpoint(lab,
                         "a",
                         0,
                         "precision: fp8, gpus: 1, env: { MODEL_SERVER_LOAD_SECONDS: \"5\", "
                         "MODEL_SERVER_EXIT_AFTER: \"0.5\", MODEL_SERVER_EXIT_CODE: \"1\", "
                         "MODEL_SERVER_LOG: \"ValueError: No available memory for the cache "
                         "blocks. Try increasing gpu_memory_utilization when initializing the "
                         "engine.\" }"));
  const Finished failed = on(host, lab, {"apply", "--yes"});
  EXPECT_EQ(failed.code, 3) << failed.out << failed.err;
  EXPECT_THAT(failed.err,
              HasSubstr("cause     the weights and activations leave no memory for the KV cache"));
  EXPECT_THAT(failed.err, HasSubstr("remedy    Raise `gpu_memory`, use more GPUs"));
}

}  // namespace
}  // namespace aim::e2e
