#include "planner/state_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aim::planner {
namespace {

using core::Map;
using core::Value;
using ::testing::HasSubstr;
using ::testing::Not;

core::StateSnapshot sample() {
  core::StateSnapshot state;
  state.lineage = "0123";
  state.serial = 7;
  state.project = "lab";
  state.workspace = "default";
  core::RecordedResource resource;
  resource.address = core::Address::parse(R"(endpoint.chat["eu"])").value();
  resource.attributes = {{"image", Value("vllm:1")},
                         {"api_key", core::Secret("hunter2").with_digest("salt")}};
  resource.computed = {{"url", Value("http://127.0.0.1:8000")}};
  resource.docker_id = "abc";
  resource.docker_name = "lab-chat-eu-3f0c9e";
  resource.generation = 3;
  resource.dependencies = {core::Address::parse("network.default").value()};
  resource.prevent_destroy = true;
  resource.salt = "lab/default/endpoint.chat";
  resource.start_millis = 1200;
  state.resources.emplace(resource.address, resource);
  state.outputs.emplace("url", core::RecordedOutput{Value("http://127.0.0.1:8000"), false});
  return state;
}

TEST(StateFile, GivesBackWhatWasWritten) {
  const core::StateSnapshot state = sample();
  const auto again = parse_state_file(format_state_file(state));
  ASSERT_TRUE(again) << core::to_string(again.error());
  EXPECT_EQ(again->lineage, state.lineage);
  EXPECT_EQ(again->serial, state.serial);
  EXPECT_EQ(again->outputs, state.outputs);
  EXPECT_EQ(format_state_file(*again), format_state_file(state));
  EXPECT_EQ(again->resources.begin()->second.dependencies,
            state.resources.begin()->second.dependencies);
}

TEST(StateFile, HoldsNoSecret) {
  EXPECT_THAT(format_state_file(sample()), Not(HasSubstr("hunter2")));
}

TEST(StateFile, RefusesWhatIsNoState) {
  const auto message = [](std::string_view text) { return parse_state_file(text).error().message; };
  EXPECT_EQ(message(""), "this is no state that `aim state export` wrote");
  EXPECT_EQ(message("{}"), "this is no state that `aim state export` wrote");
  EXPECT_EQ(message(R"({"format":"aim state","format_version":2})"),
            "the state has format version 2, which is of a newer aim; this one reads up to 1");
  EXPECT_THAT(message(R"({"format":"aim state","format_version":1,"lineage":5})"),
              HasSubstr("the state is damaged: "));
}

}  // namespace
}  // namespace aim::planner
