#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "tests/e2e/gpu_host.hpp"

namespace aim::e2e {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

/// A user with GPUs and no configuration; what was launched is gone with it.
class LaunchTest : public testing::Test {
 protected:
  LaunchTest() : lab_(own_name("launch")), host_(GpuHost::h100(8)) {}

  ~LaunchTest() override {
    std::error_code none;
    std::vector<std::string> names;
    for (const auto& entry :
         std::filesystem::directory_iterator(lab_.directory() / "state/aim/launch", none)) {
      names.push_back(entry.path().filename().string());
    }
    for (const std::string& name : names) {
      static_cast<void>(aim({"rm", name}));
    }
  }

  LaunchTest(const LaunchTest&) = delete;
  LaunchTest& operator=(const LaunchTest&) = delete;

  [[nodiscard]] Finished aim(std::vector<std::string> arguments) const {
    return lab_.aim(std::move(arguments),
                    {{"AIM_GPU_ROOT", host_.root().string()},
                     {"XDG_STATE_HOME", (lab_.directory() / "state").string()},
                     {"HF_TOKEN", ""}});
  }

  [[nodiscard]] Finished launch(std::vector<std::string> more,
                                const std::string& model = "Qwen/Qwen3-32B") const {
    more.insert(more.begin(),
                {"launch", model, "--image", kImage1, "--port", std::to_string(lab_.port())});
    return aim(std::move(more));
  }

  Lab lab_;
  GpuHost host_;
};

std::string text_of(const boost::json::value& value) { return std::string(value.as_string()); }

std::string flat(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  for (std::size_t at = text.find("  "); at != std::string::npos; at = text.find("  ")) {
    text.erase(at, 1);
  }
  return text;
}

TEST_F(LaunchTest, FromAModelsNameToAnAnswerAndBack) {
  const Finished launched = launch({"--gpus", "4", "--precision", "bf16", "--backend", "vllm"});
  ASSERT_EQ(launched.code, 0) << launched.out << launched.err;
  const std::string told = flat(launched.err);
  for (const char* step : {"Model Qwen/Qwen3-32B, to be served by vllm.",
                           "Found 8 H100 (79.6 GiB each).",
                           "Chose recipe qwen3-32b-any-bf16 (not verified): vllm, bf16, 4 GPUs.",
                           "It gets GPUs 0, 1, 2, 3.",
                           "endpoint.model: Waiting until it answers...",
                           "endpoint.model: Ready after"}) {
    EXPECT_THAT(told, HasSubstr(step));
  }
  const std::string name = "qwen-qwen3-32b-4gpu-bf16-vllm";
  EXPECT_THAT(launched.out,
              AllOf(HasSubstr(fmt::format("answers at http://127.0.0.1:{}/v1\n", lab_.port())),
                    HasSubstr("and gave 8 tokens\n"),
                    HasSubstr("remove it   aim rm " + name + "\n")));
  EXPECT_EQ(
      device_ids(lab_, "aim-engine-" + name),
      (std::vector<std::string>{GpuHost::id(0), GpuHost::id(1), GpuHost::id(2), GpuHost::id(3)}));
  EXPECT_EQ(lab_.chat(lab_.port(), "Qwen/Qwen3-32B").status, 200);

  const std::string id = lab_.docker({"inspect", "--format", "{{.Id}}", "aim-engine-" + name});
  const Finished again = launch({"--gpus", "4", "--precision", "bf16", "--backend", "vllm"});
  EXPECT_EQ(again.code, 0);
  EXPECT_THAT(again.err, HasSubstr("It runs already, just like that."));
  EXPECT_EQ(lab_.docker({"inspect", "--format", "{{.Id}}", "aim-engine-" + name}), id);

  EXPECT_EQ(aim({"test", name}).code, 0);
  EXPECT_THAT(aim({"logs", name}).out + aim({"logs", name}).err, HasSubstr("vLLM"));
  const Finished removed = aim({"rm", "aim-engine-" + name});
  EXPECT_EQ(removed.code, 0) << removed.err;
  EXPECT_NE(lab_.try_docker({"inspect", "aim-engine-" + name}).code, 0);
  EXPECT_EQ(aim({"rm", name}).code, 1);
}

TEST_F(LaunchTest, TellsScriptsWhatItDid) {
  const Finished launched = launch({"--json"});
  ASSERT_EQ(launched.code, 0) << launched.err;
  const boost::json::value said = boost::json::parse(launched.out);
  EXPECT_EQ(said.at("success"), true);
  EXPECT_EQ(said.at("model_id"), "Qwen/Qwen3-32B");
  EXPECT_EQ(said.at("recipe_id"), "qwen3-32b-any-bf16");
  EXPECT_EQ(said.at("gpu_count"), 2);
  EXPECT_EQ(said.at("available_gpus"), 8);
  EXPECT_EQ(said.at("precision"), "bf16");
  EXPECT_EQ(said.at("backend"), "vllm");
  EXPECT_EQ(said.at("port"), lab_.port());
  EXPECT_EQ(said.at("status"), "ready");
  EXPECT_EQ(text_of(said.at("endpoint_url")), fmt::format("http://127.0.0.1:{}", lab_.port()));
  EXPECT_EQ(said.at("container_name"), "aim-engine-qwen-qwen3-32b-2gpu-bf16-vllm");
  EXPECT_EQ(
      said.at("container_id").as_string(),
      lab_.docker({"inspect", "--format", "{{.Id}}", "aim-engine-qwen-qwen3-32b-2gpu-bf16-vllm"}));
  EXPECT_EQ(said.at("auto_selected").at("gpu_count"), true);
  EXPECT_EQ(said.at("auto_selected").at("precision"), true);

  const Finished failed = launch({"--json", "--name", "other"}, "Qwen/Qwen3-33B");
  EXPECT_EQ(failed.code, 1);
  const boost::json::value why = boost::json::parse(failed.out);
  EXPECT_EQ(why.at("success"), false);
  EXPECT_EQ(why.at("error"), "Unknown model");
  EXPECT_THAT(std::string(why.at("cause").as_string()), HasSubstr("Qwen/Qwen3-32B"));
}

TEST_F(LaunchTest, IsStoppedAndStartedByItsName) {
  ASSERT_EQ(launch({"--name", "one", "--gpus", "1", "--precision", "fp8"}).code, 0);
  EXPECT_EQ(aim({"stop", "one"}).code, 0);
  EXPECT_EQ(lab_.get(lab_.port(), "/health").status, 0);
  EXPECT_THAT(aim({"status"}).out, HasSubstr("held"));
  // Its GPU stays its own.
  const Finished other = aim({"launch",
                              "Qwen/Qwen3-32B",
                              "--image",
                              kImage1,
                              "--gpus",
                              "1",
                              "--name",
                              "two",
                              "--dry-run"});
  EXPECT_EQ(other.code, 0) << other.err;
  EXPECT_THAT(other.err, HasSubstr("It gets GPU 1."));
  EXPECT_THAT(flat(other.err), HasSubstr("Container aim-engine-two of image"));
  const Finished again = launch({"--name", "one", "--gpus", "2", "--precision", "fp8"});
  EXPECT_EQ(again.code, 1);
  EXPECT_THAT(flat(again.err), HasSubstr("one is held: it was stopped with `aim stop`."));
  const Finished started = aim({"start", "one"});
  EXPECT_EQ(started.code, 0) << started.err;
  EXPECT_EQ(lab_.chat(lab_.port(), "Qwen/Qwen3-32B").status, 200);
}

TEST_F(LaunchTest, TheSameNameIsChangedAndAFailureChangesNothing) {
  ASSERT_EQ(launch({"--name", "chat", "--precision", "fp8", "--gpus", "1"}).code, 0);
  const Finished wider = launch({"--name", "chat", "--precision", "fp8", "--gpus", "2"});
  ASSERT_EQ(wider.code, 0) << wider.err;
  EXPECT_EQ(device_ids(lab_, "aim-engine-chat").size(), 2U);
  const Finished broken = launch({"--name",
                                  "chat",
                                  "--precision",
                                  "fp8",
                                  "--gpus",
                                  "2",
                                  "--env",
                                  "MODEL_SERVER_INFERENCE_STATUS=500"});
  EXPECT_EQ(broken.code, 3) << broken.err;
  EXPECT_THAT(broken.err, HasSubstr("The previous deployment is back."));
  EXPECT_EQ(lab_.chat(lab_.port(), "Qwen/Qwen3-32B").status, 200);
  // The launch is as it was before.
  const Finished same = launch({"--name", "chat", "--precision", "fp8", "--gpus", "2"});
  EXPECT_EQ(same.code, 0);
  EXPECT_THAT(same.err, HasSubstr("It runs already, just like that."));
}

TEST_F(LaunchTest, WhatNamesAVariableIsLookedAtAndRemovedWithoutIt) {
  const Finished launched = lab_.aim({"launch",
                                      "Qwen/Qwen3-32B",
                                      "--image",
                                      kImage1,
                                      "--port",
                                      std::to_string(lab_.port()),
                                      "--name",
                                      "keyed",
                                      "--api-key",
                                      "env:LAUNCH_KEY"},
                                     {{"AIM_GPU_ROOT", host_.root().string()},
                                      {"XDG_STATE_HOME", (lab_.directory() / "state").string()},
                                      {"LAUNCH_KEY", "sk-launchSwordfish"}});
  ASSERT_EQ(launched.code, 0) << launched.err;
  EXPECT_EQ(lab_.chat(lab_.port(), "Qwen/Qwen3-32B").status, 401);
  EXPECT_EQ(aim({"logs", "keyed"}).code, 0);
  EXPECT_EQ(aim({"test", "keyed"}).code, 0);
  EXPECT_EQ(aim({"rm", "keyed"}).code, 0);
  EXPECT_THAT(lab_.docker({"ps", "-aq", "--filter", "name=aim-engine-"}), IsEmpty());
}

TEST_F(LaunchTest, AServerThatAimDoesNotKnowIsTakenAsItIs) {
  const auto custom = [&](std::vector<std::string> more) {
    more.insert(
        more.begin(),
        {"launch", "my/model", "--backend", "custom", "--port", std::to_string(lab_.port())});
    return aim(std::move(more));
  };
  const Finished faulty = custom({"--precision", "fp8"});
  EXPECT_EQ(faulty.code, 1);
  EXPECT_THAT(flat(faulty.err),
              AllOf(HasSubstr("--backend custom needs --image: aim knows no server to take"),
                    HasSubstr("--precision has no meaning with --backend custom")));
  const Finished launched =
      custom({"--image", kImage1, "--gpus", "1", "--arg", "--model=my/model", "--json"});
  ASSERT_EQ(launched.code, 0) << launched.out << launched.err;
  const boost::json::value said = boost::json::parse(launched.out);
  EXPECT_EQ(said.at("success"), true);
  EXPECT_EQ(said.at("backend"), "custom");
  EXPECT_EQ(said.at("gpu_count"), 1);
  EXPECT_EQ(said.at("container_name"), "aim-engine-my-model-1gpu-custom");
  EXPECT_EQ(device_ids(lab_, "aim-engine-my-model-1gpu-custom").size(), 1U);
  EXPECT_EQ(lab_.chat(lab_.port(), "my/model").status, 200);
  EXPECT_EQ(aim({"rm", "my-model-1gpu-custom"}).code, 0);
}

TEST_F(LaunchTest, ADryRunAndAWrittenFileStartNothing) {
  const Finished dry = launch({"--dry-run"});
  EXPECT_EQ(dry.code, 0) << dry.err;
  EXPECT_THAT(dry.out, HasSubstr("Plan: 2 to add, 0 to change, 0 to destroy."));
  EXPECT_THAT(dry.out, HasSubstr("docker run --detach \\\n  --name aim-engine-qwen-qwen3-32b-"));
  EXPECT_THAT(dry.out, HasSubstr("--gpus '\"device=" + GpuHost::id(0)));
  const Finished wrote = launch({"--write", "aim.yaml", "--arg=--enforce-eager"});
  EXPECT_EQ(wrote.code, 0) << wrote.err;
  EXPECT_EQ(aim({"validate"}).code, 0);
  const Finished plan = aim({"plan"});
  EXPECT_EQ(plan.code, 0) << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("--enforce-eager"));
  EXPECT_EQ(launch({"--write", "aim.yaml"}).code, 1);
  EXPECT_THAT(lab_.docker({"ps", "-aq", "--filter", "name=aim-engine-"}), IsEmpty());
  std::filesystem::remove(lab_.directory() / "aim.yaml");
}

TEST_F(LaunchTest, EachFaultIsToldWithWhatIsPossible) {
  const auto refused = [&](std::vector<std::string> arguments) {
    const Finished done = aim(std::move(arguments));
    EXPECT_EQ(done.code, 1) << done.out;
    EXPECT_EQ(done.out, "");
    return flat(done.err);
  };
  EXPECT_EQ(refused({"launch", "qwen"}),
            "error: MODEL is ORGANISATION/NAME as at Hugging Face, such as Qwen/Qwen3-32B, or an "
            "absolute path, not \"qwen\" ");
  for (const char* bad : {"17", "-1", "text"}) {
    EXPECT_EQ(refused({"launch", "Qwen/Qwen3-32B", std::string("--gpus=") + bad}),
              fmt::format("error: --gpus takes auto or a whole number from 1 to 16 (0 with "
                          "--backend llamacpp or custom), not \"{}\" ",
                          bad));
  }
  EXPECT_EQ(refused({"launch", "Qwen/Qwen3-32B", "--gpus", "0"}),
            "error: --gpus 0 is only possible with --backend llamacpp or custom: vllm needs at "
            "least 1 GPU ");
  EXPECT_EQ(refused({"launch", "Qwen/Qwen3-32B", "--precision", "bf17"}),
            "error: --precision takes auto, bf16, fp16, fp8, int8, fp4 and int4, not \"bf17\" ");
  EXPECT_EQ(refused({"launch", "Qwen/Qwen3-32B", "--backend", "vlm"}),
            "error: --backend takes vllm, sglang, llamacpp or custom, not \"vlm\". Did you mean "
            "`vllm`? ");
  EXPECT_EQ(refused({"launch", "Qwen/Qwen3-32B", "--api-key", "secret"}),
            "error: --api-key takes env:NAME or file:/PATH: a key that is given itself could be "
            "read by everyone on this machine ");
  EXPECT_THAT(refused({"launch", "Qwen/Qwen3-33B"}),
              HasSubstr("error: Unknown model There is neither a recipe for \"Qwen/Qwen3-33B\" nor "
                        "are its size and shape known. Did you mean `Qwen/Qwen3-32B`"));
  EXPECT_THAT(refused({"launch", "Qwen/Qwen3-32B", "--recipe", "nope"}),
              HasSubstr("error: Unknown recipe Qwen/Qwen3-32B has no recipe \"nope\"."));
  EXPECT_THAT(refused({"launch", "Qwen/Qwen3-32B", "--gpus", "3"}),
              HasSubstr("error: No recipe fits Nothing serves Qwen/Qwen3-32B as asked for (vllm, 3 "
                        "GPUs) on what is here."));
  EXPECT_EQ(refused({"rm", "nope"}), "error: nothing was launched as \"nope\" ");
}

/// Asks for long answers, several at a time, until it ends.
class Load {
 public:
  Load(const Lab& lab, int port, const std::string& model, int width) {
    for (int i = 0; i < width; ++i) {
      threads_.emplace_back(
          [&lab, port, model] { EXPECT_EQ(lab.chat(port, model, kTokens).status, 200); });
    }
  }

  static constexpr int kTokens = 160;  // eight seconds of them

 private:
  std::vector<std::jthread> threads_;
};

/// One number of a server's /metrics, by another client than aim.
double metric(const Lab& lab, int port, const std::string& name) {
  const std::string metrics = lab.get(port, "/metrics").body;
  const std::size_t line = metrics.find("\n" + name + "{");
  EXPECT_NE(line, std::string::npos) << name;
  return std::stod(metrics.substr(metrics.find("} ", line) + 2));
}

/// Waits until so many requests are being answered.
void await_requests(const Lab& lab, int port, double count) {
  for (int i = 0; i < 400 && metric(lab, port, "vllm:num_requests_running") != count; ++i) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

TEST_F(LaunchTest, StatusAgreesWithWhatTheServersSay) {
  ASSERT_EQ(launch({"--name",
                    "one",
                    "--precision",
                    "fp8",
                    "--gpus",
                    "1",
                    "--env",
                    "MODEL_SERVER_TOKENS_PER_SECOND=20",
                    "--env",
                    "MODEL_SERVER_KV_USAGE=0.25"})
                .code,
            0);
  const Finished two = aim({"launch",
                            "Qwen/Qwen3-8B",
                            "--image",
                            kImage1,
                            "--port",
                            std::to_string(lab_.port(1)),
                            "--name",
                            "two",
                            "--gpus",
                            "1",
                            "--env",
                            "MODEL_SERVER_TOKENS_PER_SECOND=20"});
  ASSERT_EQ(two.code, 0) << two.err;
  host_.set_used_mib(0, 70000);
  host_.set_used_mib(1, 30000);
  const std::vector<int> width = {4, 2};
  const std::vector<std::int64_t> used = {70000, 30000};
  boost::json::value loaded;
  std::vector<double> before;
  std::vector<double> after;
  {
    const Load first(lab_, lab_.port(0), "Qwen/Qwen3-32B", width[0]);
    const Load second(lab_, lab_.port(1), "Qwen/Qwen3-8B", width[1]);
    for (const int i : {0, 1}) {
      await_requests(lab_, lab_.port(i), width[static_cast<std::size_t>(i)]);
      before.push_back(metric(lab_, lab_.port(i), "vllm:generation_tokens_total"));
    }
    loaded = boost::json::parse(aim({"status", "--json"}).out);
    for (const int i : {0, 1}) {
      after.push_back(metric(lab_, lab_.port(i), "vllm:generation_tokens_total"));
    }
    EXPECT_THAT(aim({"status"}).out, HasSubstr("68.4 of 79.6 GiB"));
  }
  const boost::json::value idle = boost::json::parse(aim({"status", "--json"}).out);
  constexpr std::int64_t kMebi = 1024 * 1024;
  for (const std::size_t i : {0U, 1U}) {
    const boost::json::value& row = loaded.at("resources").at(i);
    EXPECT_EQ(row.at("launch"), i == 0 ? "one" : "two");
    EXPECT_EQ(row.at("readiness"), "ready");
    ASSERT_EQ(row.at("gpus").as_array().size(), 1U);
    EXPECT_EQ(text_of(row.at("gpus").at(0).at("id")), GpuHost::id(static_cast<int>(i)));
    EXPECT_EQ(row.at("gpus").at(0).at("used_bytes"), used[i] * kMebi);
    const boost::json::object& busy = row.at("serving").as_object();
    EXPECT_EQ(busy.at("requests_running").to_number<double>(), width[i]);
    EXPECT_EQ(busy.at("kv_cache_usage").to_number<double>(), i == 0 ? 0.25 : 0.0);
    EXPECT_GE(busy.at("generated_tokens").to_number<double>(), before[i]);
    EXPECT_LE(busy.at("generated_tokens").to_number<double>(), after[i]);
    // 20 tokens a second for each request, within what a second of sampling can tell.
    EXPECT_NEAR(busy.at("tokens_per_second").to_number<double>(), 20 * width[i], 10 * width[i]);
    // At rest every number is the server's own.
    const boost::json::object& rest = idle.at("resources").at(i).at("serving").as_object();
    const int port = lab_.port(static_cast<int>(i));
    for (const auto& [ours, theirs] :
         {std::pair{"generated_tokens", "vllm:generation_tokens_total"},
          {"prompt_tokens", "vllm:prompt_tokens_total"},
          {"requests_running", "vllm:num_requests_running"},
          {"requests_waiting", "vllm:num_requests_waiting"},
          {"kv_cache_usage", "vllm:kv_cache_usage_perc"}}) {
      EXPECT_EQ(rest.at(ours).to_number<double>(), metric(lab_, port, theirs)) << ours;
    }
    EXPECT_EQ(rest.at("requests_running").to_number<double>(), 0);
    EXPECT_GE(rest.at("generated_tokens").to_number<double>(), width[i] * Load::kTokens);
  }
}

}  // namespace
}  // namespace aim::e2e
