#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdio.h>
#include <sys/wait.h>

#include <boost/json.hpp>

#include "tests/unit/recipes/recipe_fixture.hpp"

namespace aim::recipes {
namespace {

/// What the program printed, on both outputs, and its exit status.
struct Outcome {
  std::string output;
  int status = -1;
};

class RecipesCommandTest : public testing::Test {
 protected:
  TemporaryDirectory directory_;

  /// The real program, in the directory, with nothing of the user's.
  Outcome aim(const std::string& arguments) const {
    const std::string line = fmt::format("cd {0} && env -i HOME={0} NO_COLOR=1 {1} {2} 2>&1",
                                         directory_.path().string(),
                                         AIM_PROGRAM,
                                         arguments);
    Outcome run;
    FILE* pipe = popen(line.c_str(), "r");
    if (pipe == nullptr) {
      return run;
    }
    std::string buffer(4096, '\0');
    for (std::size_t count = 0; (count = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
      run.output.append(buffer, 0, count);
    }
    const int status = pclose(pipe);
    run.status = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return run;
  }
};

constexpr std::string_view kOwn =
    "recipe_id: mine\nmodel_id: Qwen/Qwen3-0.6B\nhuggingface_id: Qwen/Qwen3-0.6B\n"
    "hardware: MI300X\nprecision: bf16\nvllm_serve: {1_gpu: {enabled: true, args: "
    "{--max-batch-size: \"8\", --swap-space: \"4\"}}}\n";

}  // namespace

TEST_F(RecipesCommandTest, ListsTheRecipesOfAModel) {
  directory_.write("recipes/mine.yaml", kOwn);
  const Outcome run = aim("recipes list Qwen/Qwen3-0.6B");
  EXPECT_EQ(run.status, 0);
  EXPECT_EQ(run.output,
            "RECIPE               BACKEND  GPUS  VERIFIED\n"
            "mine                 vllm     1     -\n"
            "qwen3-0.6b-any-bf16  vllm     1     -\n");
}

TEST_F(RecipesCommandTest, ShowsARecipeInFull) {
  const Outcome run = aim("recipes show glm-4.6-fp8-h200-fp8");
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.output.find("  weights  zai-org/GLM-4.6-FP8 (fp8)\n  for      H200\n"
                            "  verified vLLM recipes, 2026-08-21: vllm-project/recipes 8959cf64 "
                            "models\n"),
            std::string::npos)
      << run.output;
  EXPECT_NE(run.output.find("vllm on 8 GPUs, verified\n  image    vllm/vllm-openai:v0.27.1\n"
                            "  command  zai-org/GLM-4.6-FP8 --host 0.0.0.0 --port 8000\n"),
            std::string::npos)
      << run.output;
  EXPECT_NE(run.output.find("GiB a GPU"), std::string::npos) << run.output;
}

TEST_F(RecipesCommandTest, ShowsARecipeAsJson) {
  const Outcome run = aim("recipes show qwen3-32b-mi300x-fp16 --json");
  EXPECT_EQ(run.status, 0);
  const boost::json::value json = boost::json::parse(run.output);
  EXPECT_EQ(json.at("recipe_id").as_string(), "qwen3-32b-mi300x-fp16");
  ASSERT_EQ(json.at("layouts").as_array().size(), 2U);
  EXPECT_EQ(json.at("layouts").at(0).at("command").at(0).as_string(), "Qwen/Qwen3-32B");
  EXPECT_TRUE(json.at("layouts").at(0).at("fits").as_bool());
}

TEST_F(RecipesCommandTest, NamesTheNearestOfAnUnknownRecipe) {
  const Outcome run = aim("recipes show qwen3-32b-mi300x-fp1");
  EXPECT_EQ(run.status, 1);
  EXPECT_EQ(run.output,
            "error: there is no recipe \"qwen3-32b-mi300x-fp1\". Did you mean\n"
            "  `qwen3-32b-mi300x-fp16`, `qwen3-32b-mi325x-fp16` or\n"
            "  `qwen3-32b-fp8-mi300x-fp8`?\n");
}

TEST_F(RecipesCommandTest, FindsWhatComesWithAimValid) {
  const Outcome run = aim("recipes validate");
  EXPECT_EQ(run.status, 0);
  EXPECT_NE(run.output.find("125 recipes with "), std::string::npos) << run.output;
}

TEST_F(RecipesCommandTest, TellsWhatIsWrongWithOnesOwnAtItsPlace) {
  directory_.write("recipes/mine.yaml", kOwn);
  const Outcome run = aim("recipes validate");
  EXPECT_EQ(run.status, 1);
  EXPECT_NE(run.output.find("recipes/mine.yaml:6:"), std::string::npos) << run.output;
  EXPECT_NE(run.output.find("error: Removed argument"), std::string::npos) << run.output;
}

TEST_F(RecipesCommandTest, SaysWhereItLooksWhenTheDataIsMissing) {
  const Outcome run = aim("recipes list");
  EXPECT_EQ(run.status, 0);
  const std::string line = fmt::format("env -i HOME={0} AIM_DATA={0}/nowhere {1} recipes list 2>&1",
                                       directory_.path().string(),
                                       AIM_PROGRAM);
  FILE* pipe = popen(line.c_str(), "r");
  ASSERT_NE(pipe, nullptr);
  std::string buffer(4096, '\0');
  buffer.resize(fread(buffer.data(), 1, buffer.size(), pipe));
  EXPECT_NE(pclose(pipe), 0);
  EXPECT_NE(buffer.find("AIM_DATA"), std::string::npos) << buffer;
}

}  // namespace aim::recipes
