#include "cmd/completion.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cmd/man_page.hpp"

namespace aim::cmd {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::vector<std::string> texts(const Offer& offer) {
  std::vector<std::string> result;
  for (const Candidate& candidate : offer.candidates) {
    result.push_back(candidate.text);
  }
  return result;
}

Offer offer(const std::vector<std::string>& before, const std::string& current = "") {
  return offer_for(commands(), global_options(), before, current);
}

TEST(Completion, OffersCommandsFirst) {
  EXPECT_THAT(texts(offer({})), Contains("plan"));
  EXPECT_THAT(texts(offer({})), Contains("state"));
  EXPECT_THAT(texts(offer({"-C", "dir"})), Contains("apply"));
  EXPECT_EQ(offer({"-C"}).also, Offer::Also::Folders);
}

TEST(Completion, OffersTheSecondWordOfAGroup) {
  EXPECT_THAT(texts(offer({"state"})), Contains("list"));
  EXPECT_THAT(texts(offer({"state"})), Not(Contains("plan")));
  EXPECT_EQ(offer({"state", "show"}).also, Offer::Also::Addresses);
}

TEST(Completion, OffersOptionsOfTheCommandAndOfAll) {
  const std::vector<std::string> options = texts(offer({"plan"}, "--"));
  EXPECT_THAT(options, Contains("--detailed-exitcode"));
  EXPECT_THAT(options, Contains("--workspace"));
  EXPECT_THAT(options, Not(Contains("--auto-approve")));
  EXPECT_THAT(texts(offer({"plan", "--"}, "--")), IsEmpty());
}

TEST(Completion, KnowsWhatAnOptionTakes) {
  EXPECT_EQ(offer({"plan", "--out"}).also, Offer::Also::Files);
  EXPECT_EQ(offer({"plan", "-target"}).also, Offer::Also::Addresses);
  EXPECT_EQ(offer({"plan"}, "--target=end").also, Offer::Also::Addresses);
  EXPECT_EQ(offer({"apply", "--var"}).also, Offer::Also::Variables);
  EXPECT_EQ(offer({"apply", "--workspace"}).also, Offer::Also::Workspaces);
  EXPECT_THAT(texts(offer({"graph", "--format"})), ElementsAre("dot", "mermaid"));
  EXPECT_THAT(texts(offer({"graph"}, "--format=")),
              ElementsAre("--format=dot", "--format=mermaid"));
}

TEST(Completion, KnowsWhatACommandTakes) {
  EXPECT_EQ(offer({"logs", "--tail", "5"}).also, Offer::Also::Containers);
  EXPECT_EQ(offer({"logs", "chat"}).also, Offer::Also::Nothing);
  EXPECT_EQ(offer({"apply"}).also, Offer::Also::Files);
  EXPECT_EQ(offer({"output"}).also, Offer::Also::Outputs);
  EXPECT_THAT(texts(offer({"completion"})), ElementsAre("bash", "zsh", "fish"));
}

std::vector<std::string> insertions(const std::string& line, const std::vector<std::string>& all) {
  std::vector<Candidate> candidates;
  for (const std::string& text : all) {
    candidates.push_back({text, {}});
  }
  return bash_insertions(parse_bash_line(line), candidates);
}

TEST(CompletionInBash, TakesALineApart) {
  const BashLine line = parse_bash_line(R"(aim -C 'my dir' logs "a b" endpoint.chat\[\"e)");
  EXPECT_THAT(line.words, ElementsAre("aim", "-C", "my dir", "logs", "a b"));
  EXPECT_EQ(line.current, R"(endpoint.chat["e)");
  EXPECT_EQ(parse_bash_line("aim ").current, "");
  EXPECT_THAT(parse_bash_line("aim ''").words, ElementsAre("aim"));
}

TEST(CompletionInBash, QuotesAsTheLineDoes) {
  const std::string key = R"(endpoint.chat["it's"])";
  EXPECT_THAT(insertions("aim logs end", {key}), ElementsAre(R"(endpoint.chat\[\"it\'s\"\])"));
  EXPECT_THAT(insertions("aim logs 'end", {key}), ElementsAre(R"(endpoint.chat["it'\''s"])"));
  EXPECT_THAT(insertions("aim logs \"end", {key}), ElementsAre(R"(endpoint.chat[\"it's\"])"));
  EXPECT_THAT(insertions("aim logs con", {key}), IsEmpty());
}

TEST(CompletionInBash, LeavesWhatBashKeeps) {
  EXPECT_THAT(insertions("aim plan --target=endpoint.c", {"--target=endpoint.chat"}),
              ElementsAre("endpoint.chat"));
  EXPECT_THAT(insertions("aim plan --target='endpoint.c", {"--target=endpoint.chat"}),
              ElementsAre("endpoint.chat"));
}

TEST(ManPage, HasEveryCommandAndOption) {
  const std::string page = man_page();
  EXPECT_TRUE(page.starts_with(".TH AIM 1 "));
  for (const Command& command : commands()) {
    std::string name(command.name);
    EXPECT_THAT(page, HasSubstr(".SS \\fBaim " + name)) << name;
  }
  EXPECT_THAT(page, HasSubstr("\\fB\\-\\-detailed\\-exitcode\\fR"));
  EXPECT_THAT(page, HasSubstr("\\fBNO_COLOR\\fR"));
  EXPECT_THAT(page, HasSubstr(".SH EXIT STATUS"));
}

TEST(Help, FitsEightyColumns) {
  const auto check = [](const std::string& text) {
    std::size_t begin = 0;
    while (begin < text.size()) {
      const std::size_t end = std::min(text.find('\n', begin), text.size());
      EXPECT_LE(end - begin, 80U) << text.substr(begin, end - begin);
      begin = end + 1;
    }
  };
  check(overview_text());
  for (const Command& command : commands()) {
    check(help_text(command));
  }
}

}  // namespace
}  // namespace aim::cmd
