#include "cmd/addresses.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace aim::cmd {
namespace {

using core::Address;
using core::ErrorCode;
using core::Kind;
using ::testing::ElementsAre;

const std::set<Address> kKnown = {{Kind::Endpoint, "qwen", std::nullopt},
                                  {Kind::Endpoint, "llm", "eu"},
                                  {Kind::Endpoint, "llm", "us \"west\""},
                                  {Kind::Container, "web", std::nullopt},
                                  {Kind::Volume, "web", std::nullopt}};

std::string one(const std::string& given) {
  const core::Result<Address> found = complete_address(given, kKnown);
  return found ? found->str() : core::to_string(found.error());
}

std::vector<std::string> all(const std::string& given) {
  const core::Result<std::vector<Address>> found = complete_addresses(given, kKnown);
  if (!found) {
    return {core::to_string(found.error())};
  }
  std::vector<std::string> texts;
  for (const Address& address : *found) {
    texts.push_back(address.str());
  }
  return texts;
}

TEST(Addresses, AreFoundWholeAndShort) {
  EXPECT_EQ(one("endpoint.qwen"), "endpoint.qwen");
  EXPECT_EQ(one("qwen"), "endpoint.qwen");
  EXPECT_EQ(one("web"), "\"web\" can be container.web or volume.web; say which");
  EXPECT_EQ(one("qwenn"), "there is no resource \"qwenn\". Did you mean `qwen`?");
}

TEST(Addresses, AreTakenAsShellsLeaveThem) {
  EXPECT_EQ(one("endpoint.llm[\"eu\"]"), "endpoint.llm[\"eu\"]");
  EXPECT_EQ(one("endpoint.llm[eu]"), "endpoint.llm[\"eu\"]");
  EXPECT_EQ(one("endpoint.llm['eu']"), "endpoint.llm[\"eu\"]");
  EXPECT_EQ(one("llm[eu]"), "endpoint.llm[\"eu\"]");
  EXPECT_EQ(one("llm[us \"west\"]"), "endpoint.llm[\"us \\\"west\\\"\"]");
  EXPECT_EQ(one("llm[e\"u]"), "there is no resource \"llm[e\"u]\"");
}

TEST(Addresses, OfASetMeanAllOfItWhereSeveralArePossible) {
  EXPECT_THAT(all("llm"), ElementsAre("endpoint.llm[\"eu\"]", "endpoint.llm[\"us \\\"west\\\"\"]"));
  EXPECT_THAT(all("endpoint.llm"),
              ElementsAre("endpoint.llm[\"eu\"]", "endpoint.llm[\"us \\\"west\\\"\"]"));
  EXPECT_THAT(all("llm[eu]"), ElementsAre("endpoint.llm[\"eu\"]"));
  EXPECT_EQ(one("llm"),
            "\"llm\" can be endpoint.llm[\"eu\"] or endpoint.llm[\"us \\\"west\\\"\"]; say which");
  EXPECT_THAT(all("web"), ElementsAre("\"web\" can be container.web or volume.web; say which"));
}

}  // namespace
}  // namespace aim::cmd
