#include "core/ids.hpp"

#include <gtest/gtest.h>

namespace aim::core {
namespace {

TEST(Address, RoundTrips) {
  for (const char* text : {"endpoint.qwen",
                           "container.web_ui",
                           "network.default",
                           "volume.a-b",
                           R"(endpoint.embed["us-east"])",
                           R"(volume.x["a\"b\\c"])"}) {
    const Result<Address> address = Address::parse(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->str(), text);
  }
}

TEST(Address, RejectsEverythingElse) {
  for (const char* text : {"",
                           "qwen",
                           "endpoint.",
                           ".qwen",
                           "model.qwen",
                           "endpoint.-x",
                           "endpoint.a b",
                           "endpoint.a[0]",
                           "endpoint.a[\"x\"",
                           "endpoint.a[\"x\"]y",
                           "endpoint.a[\"\\n\"]"}) {
    EXPECT_FALSE(Address::parse(text)) << text;
  }
}

TEST(Address, SaysHowOneIsWritten) {
  EXPECT_EQ(
      Address::parse("qwen").error().message,
      "\"qwen\" is not an address; one is written KIND.NAME or KIND.NAME[\"key\"], KIND being "
      "endpoint, container, network or volume");
}

TEST(ProjectName, HoldsToItsRule) {
  EXPECT_TRUE(ProjectName::parse("lab-1"));
  EXPECT_TRUE(ProjectName::parse(std::string(40, 'a')));
  EXPECT_FALSE(ProjectName::parse(std::string(41, 'a')));
  EXPECT_FALSE(ProjectName::parse("-lab"));
  EXPECT_FALSE(ProjectName::parse("Lab"));
  EXPECT_FALSE(ProjectName::parse(""));
}

}  // namespace
}  // namespace aim::core
