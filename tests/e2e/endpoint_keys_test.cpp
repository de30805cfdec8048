#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "tests/e2e/gpu_host.hpp"

namespace aim::e2e {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

Finished on(const GpuHost& host, const Lab& lab, std::vector<std::string> arguments) {
  return lab.aim(std::move(arguments), {{"AIM_GPU_ROOT", host.root().string()}});
}

void expect_no_changes(const GpuHost& host, const Lab& lab) {
  const Finished plan = on(host, lab, {"plan", "--detailed-exitcode"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
}

std::string arguments_of(const Lab& lab, const std::string& name) {
  return lab.docker({"inspect", "--format", "{{join .Args \" \"}}", lab.project() + "-" + name});
}

TEST(EndpointKeys, PortsThatAreLeftToAim) {
  const Lab lab("ek-port");
  const GpuHost host = GpuHost::h100(1);
  lab.configure(fmt::format(
      "defaults: {{ endpoint: {{ recipe: none, image: \"{}\", port: auto, readiness: {{ interval: "
      "200ms }} }} }}\nendpoints:\n  a: {{ model: m/a }}\n  b: {{ model: m/b }}\noutputs: {{ a: "
      "\"${{endpoint.a.port}}\", b: \"${{endpoint.b.port}}\" }}\n",
      kImage1));
  const Finished applied = on(host, lab, {"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  const int a = std::stoi(lab.aim({"output", "a"}).out);
  const int b = std::stoi(lab.aim({"output", "b"}).out);
  EXPECT_GE(a, 8000);
  EXPECT_NE(a, b);
  EXPECT_EQ(lab.chat(a, "m/a").status, 200);
  EXPECT_EQ(lab.chat(b, "m/b").status, 200);
  expect_no_changes(host, lab);
}

TEST(EndpointKeys, AProgramOfOnesOwnChoosesTheRecipe) {
  const Lab lab("ek-select");
  const GpuHost host = GpuHost::h100(8);
  // The first candidate in fp8 on four GPUs.
  lab.write("pick",
            "#!/bin/sh\ncat > seen.json\ntr '{' '\\n' < seen.json | "
            "sed -n 's|.*\"id\":\"\\([^\"]*/4gpu/fp8[^\"]*\\)\".*|\\1|p' | head -n 1\n");
  std::filesystem::permissions(lab.directory() / "pick", std::filesystem::perms::owner_all);
  lab.configure(
      fmt::format("endpoints:\n  a: {{ model: Qwen/Qwen3-32B, recipe: auto, image: \"{}\", port: "
                  "{}, select: {{ "
                  "command: [./pick] }}, readiness: {{ interval: 200ms }} }}\n",
                  kImage1,
                  lab.port()));
  const Finished refused = on(host, lab, {"plan"});
  EXPECT_EQ(refused.code, 1);
  EXPECT_THAT(refused.err, HasSubstr("error: Program is not run"));
  EXPECT_FALSE(std::filesystem::exists(lab.directory() / "seen.json"));
  const Finished applied = on(host, lab, {"apply", "--yes", "--allow-exec"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_THAT(arguments_of(lab, "a"), HasSubstr("--tensor-parallel-size 4"));
  EXPECT_EQ(device_ids(lab, lab.project() + "-a").size(), 4U);
  EXPECT_THAT(on(host, lab, {"explain", "a"}).out, HasSubstr("Chosen by the program of `select`"));
  // What was decided stays, and nothing is run for it.
  std::filesystem::remove(lab.directory() / "pick");
  expect_no_changes(host, lab);
}

TEST(EndpointKeys, AProgramThatFailsIsToldOf) {
  const Lab lab("ek-badpick");
  const GpuHost host = GpuHost::h100(8);
  lab.configure(fmt::format(
      "endpoints:\n  a: {{ model: Qwen/Qwen3-32B, recipe: auto, port: {}, select: {{ command: "
      "[./pick] }} }}\n",
      lab.port()));
  EXPECT_THAT(on(host, lab, {"plan", "--allow-exec"}).err, HasSubstr("there is no such program"));
  lab.write("pick", "#!/bin/sh\necho too dear >&2\nexit 4\n");
  std::filesystem::permissions(lab.directory() / "pick", std::filesystem::perms::owner_all);
  const Finished failed = on(host, lab, {"plan", "--allow-exec"});
  EXPECT_EQ(failed.code, 1);
  EXPECT_THAT(failed.err, AllOf(HasSubstr("it exited with code 4"), HasSubstr("too dear")));
}

/// The example that shows all three: its program takes the recipe that extends one of aim's.
TEST(EndpointKeys, TheExampleOfHooksIsPlannedAsItSays) {
  const Lab lab("ek-hooks");
  const GpuHost host = GpuHost::h100(8);
  std::filesystem::copy(
      "examples/hooks",
      lab.directory(),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  EXPECT_EQ(lab.aim({"validate"}).code, 0);
  const Finished checked = lab.aim({"recipes", "validate", "recipes/qwen3-32b-team.yaml"});
  EXPECT_EQ(checked.code, 0);
  EXPECT_EQ(checked.err, "recipes/qwen3-32b-team.yaml is valid.\n");
  EXPECT_THAT(on(host, lab, {"plan"}).err, HasSubstr("error: Program is not run"));
  const Finished plan = on(host, lab, {"plan", "--allow-exec"});
  EXPECT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out,
              AllOf(HasSubstr("\"qwen3-32b-team\""),
                    HasSubstr("VLLM_LOGGING_LEVEL"),
                    HasSubstr("--enable-prefix-caching")));
}

TEST(EndpointKeys, AFaultyRecipeIsRefusedByItself) {
  const Lab lab("ek-recipe");
  lab.configure("containers: {}\n");
  lab.write("mine.yaml",
            "version: 2\nrecipe_id: mine\nextends: qwen3-32b-any-bf16\nvllm_serve:\n  1_gpu:\n"
            "    args: { --max-num-seq: 3 }\n");
  const Finished faulty = lab.aim({"recipes", "validate", "mine.yaml"});
  EXPECT_EQ(faulty.code, 1);
  EXPECT_THAT(faulty.err, AllOf(HasSubstr("mine.yaml:6:"), HasSubstr("--max-num-seqs")));
  const Finished missing = lab.aim({"recipes", "validate", "none.yaml"});
  EXPECT_EQ(missing.code, 1);
  EXPECT_THAT(missing.err, HasSubstr("none.yaml"));
}

/// Weights that are no weights; the server under test does not read them.
void write_model(const std::filesystem::path& directory) {
  std::filesystem::create_directories(directory);
  std::ofstream(directory / "config.json")
      << R"({"architectures": ["Qwen3ForCausalLM"], "dtype": "bfloat16", "hidden_size": 4096,
             "intermediate_size": 12288, "num_hidden_layers": 36, "num_attention_heads": 32,
             "num_key_value_heads": 8, "head_dim": 128, "vocab_size": 151936,
             "max_position_embeddings": 40960, "model_type": "qwen3"})";
  std::ofstream(directory / "model.safetensors.index.json")
      << R"({"metadata": {"total_size": 16381470720}, "weight_map": {}})";
}

TEST(EndpointKeys, AModelInAFolderIsMountedAndItsOwnFactsCount) {
  const Lab lab("ek-local");
  const GpuHost host = GpuHost::h100(2);
  const std::string model = (lab.directory() / "models/mine").string();
  write_model(model);
  const auto configure = [&](const std::string& more) {
    lab.configure(fmt::format(
        "endpoints:\n  a: {{ model: {}, recipe: auto, gpus: 1, image: \"{}\", port: {}, "
        "served_name: mine, readiness: {{ interval: 200ms }}{} }}\n",
        model,
        kImage1,
        lab.port(),
        more));
  };
  configure("");
  const Finished plan = on(host, lab, {"plan"});
  ASSERT_EQ(plan.code, 0) << plan.out << plan.err;
  EXPECT_THAT(plan.out, HasSubstr("15.3 weights"));  // 16381470720 bytes
  const Finished applied = on(host, lab, {"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_THAT(arguments_of(lab, "a"), HasSubstr("serve " + model + " "));
  EXPECT_EQ(lab.docker({"inspect",
                        "--format",
                        "{{range .Mounts}}{{if eq .Type \"bind\"}}{{.Source}} {{.Destination}} "
                        "{{.RW}}{{end}}{{end}}",
                        lab.project() + "-a"}),
            model + " " + model + " false");
  EXPECT_EQ(lab.chat(lab.port(), "mine").status, 200);
  expect_no_changes(host, lab);
  // 40,960 tokens is what it takes.
  configure(", context_length: 50000");
  EXPECT_THAT(on(host, lab, {"plan"}).err, HasSubstr("the model takes 40,960 tokens"));
}

TEST(EndpointKeys, AModelInAFolderThatIsNotThere) {
  const Lab lab("ek-nolocal");
  const GpuHost host = GpuHost::h100(2);
  lab.configure("endpoints:\n  a: { model: /no/such/model, recipe: auto, gpus: 1 }\n");
  const Finished plan = on(host, lab, {"plan"});
  EXPECT_EQ(plan.code, 1);
  EXPECT_THAT(plan.err, HasSubstr("/no/such/model"));
}

TEST(EndpointKeys, AdaptersAnswerByTheirNames) {
  const Lab lab("ek-lora");
  const GpuHost host = GpuHost::h100(1);
  lab.configure(fmt::format(
      "endpoints:\n  a: {{ model: Qwen/Qwen3-8B, recipe: auto, gpus: 1, precision: bf16, image: "
      "\"{}\", port: {}, lora: {{ sql: org/sql }}, revision: main, readiness: {{ interval: 200ms "
      "}} "
      "}}\n",
      kImage1,
      lab.port()));
  const Finished applied = on(host, lab, {"apply", "--yes"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  EXPECT_THAT(
      arguments_of(lab, "a"),
      AllOf(HasSubstr("--enable-lora --lora-modules sql=org/sql"), HasSubstr("--revision main")));
  EXPECT_EQ(lab.chat(lab.port(), "sql").status, 200);
  const Finished tested = on(host, lab, {"test", "a"});
  EXPECT_THAT(tested.out, HasSubstr("adapter sql"));
  expect_no_changes(host, lab);
}

}  // namespace
}  // namespace aim::e2e
