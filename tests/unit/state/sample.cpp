#include "tests/unit/state/sample.hpp"

namespace aim::state::test {

core::RunHeader sample_header() {
  core::RunHeader header;
  header.label = "9f86d081884c7d65";
  header.operation = "apply";
  header.user = "root";
  header.host = "gpu1";
  header.boot_id = "3f2a7c54-0d8e-4a52-b0c3-6f1d1f6f3a10";
  header.pid = 4711;
  header.lineage = "b0c35f1d";
  header.project = "lab";
  header.workspace = "default";
  header.git_commit = "1c58e6d5b8f5a4a3a6a9d8a1f6f3e2d1c0b9a8f7";
  header.plan_json = R"({"changes":[]})";
  return header;
}

core::RecordedResource sample_resource() {
  core::RecordedResource resource;
  resource.address = core::Address{core::Kind::Endpoint, "qwen", "a \"b\""};
  resource.attributes =
      core::Map{{"cpus", 1.5},
                {"env",
                 core::Map{{"$HOME", "/root"},
                           {"HF_TOKEN", core::Secret("hf_plain").with_digest("lab/env.HF_TOKEN")}}},
                {"gpus", 4},
                {"init", true},
                {"model", "Qwen/Qwen3-32B"},
                {"networks", core::List{"default", core::Null{}}}};
  resource.computed = core::Map{{"container_id", "4be1"}, {"url", "http://127.0.0.1:8000"}};
  resource.baseline = core::Map{{"image", "vllm/vllm-openai:v0.24.0"}, {"memory", 1073741824}};
  resource.baseline_api = "1.41";
  resource.docker_id = "4be1";
  resource.docker_name = "lab-qwen";
  resource.generation = 3;
  resource.dependencies = {core::Address{core::Kind::Network, "default", std::nullopt},
                           core::Address{core::Kind::Volume, "cache", "x"}};
  resource.prevent_destroy = true;
  resource.retain = true;
  resource.external = true;
  resource.salt = "lab/default/endpoint.qwen";
  resource.created_run = "9f86d081884c7d65";
  resource.start_millis = 63000;
  resource.held = true;
  return resource;
}

core::RecordedResource sample_dependent() {
  core::RecordedResource resource;
  resource.address = core::Address{core::Kind::Container, "webui", std::nullopt};
  resource.attributes = core::Map{{"image", "open-webui:v0.6"}};
  resource.docker_id = "77aa";
  resource.docker_name = "lab-webui";
  resource.dependencies = {sample_resource().address};
  return resource;
}

std::map<std::string, core::RecordedOutput> sample_outputs() {
  return {{"chat", core::RecordedOutput{"http://127.0.0.1:8000/v1", false}},
          {"key", core::RecordedOutput{core::Secret("k").with_digest("lab/outputs.key"), true}}};
}

core::StepIntent sample_intent(const std::string& name) {
  core::StepIntent intent;
  intent.address = core::Address{core::Kind::Endpoint, "qwen", std::nullopt};
  intent.phase = core::Phase::Switch;
  intent.call = core::StartContainer{name};
  intent.inverse = core::StopContainer{name, std::chrono::seconds(60)};
  intent.object_name = name;
  return intent;
}

void fill(StateStore& store) {
  const core::RunId first = store.begin_run(sample_header());
  const core::StepId made = store.intent(first, sample_intent("lab-qwen.g3"));
  store.outcome(made, core::StepOutcome{true, "4be1", ""});
  const auto remaining = store.commit(first,
                                      core::CommitRecord{{sample_resource(), sample_dependent()},
                                                         {},
                                                         sample_outputs(),
                                                         {sample_intent("lab-qwen")}});
  store.outcome(remaining.at(0), core::StepOutcome{true, "", ""});
  store.finish_run(first, core::RunResult::Applied, "");

  const core::RunId second = store.begin_run(sample_header());
  store.enter_phase(second, core::Phase::Switch);
  static_cast<void>(store.intent(second, sample_intent("lab-qwen.g4")));
}

}  // namespace aim::state::test
