#include "core/diagnostic.hpp"

#include <gtest/gtest.h>

namespace aim::core {
namespace {

TEST(Nearest, FindsTypingErrors) {
  const std::vector<std::string> keys = {"image", "env", "entrypoint", "ports"};
  EXPECT_EQ(nearest("imgae", keys), std::vector<std::string>{"image"});
  EXPECT_EQ(nearest("imag", keys), std::vector<std::string>{"image"});
  EXPECT_EQ(nearest("entrypiont", keys), std::vector<std::string>{"entrypoint"});
  EXPECT_EQ(nearest("zzz", keys), std::vector<std::string>{});
}

TEST(Nearest, DoesNotTryWordsOfAbsurdLength) {
  EXPECT_TRUE(nearest(std::string(100'000, 'a'), {std::string(100'000, 'a')}).empty());
}

TEST(DidYouMean, NamesUpToThree) {
  EXPECT_EQ(did_you_mean("port", {"ports", "sort", "part", "fort"}),
            "Did you mean `fort`, `part` or `ports`?");
  EXPECT_EQ(did_you_mean("qwen", {"qwen3"}), "Did you mean `qwen3`?");
  EXPECT_EQ(did_you_mean("xyz", {"qwen3"}), "");
}

TEST(Diagnostics, AreSortedByPlaceAndNotRepeated) {
  Diagnostics all;
  all.error("Late", "", SourceRange{"b.yaml", {1, 1}, {1, 2}});
  all.error("No place", "");
  all.error("Early", "", SourceRange{"a.yaml", {9, 1}, {9, 2}});
  all.error("Earlier", "", SourceRange{"a.yaml", {2, 1}, {2, 2}});
  all.error("No place", "");
  std::vector<std::string> order;
  for (const Diagnostic& one : all.sorted()) {
    order.push_back(one.summary);
  }
  EXPECT_EQ(order, (std::vector<std::string>{"Earlier", "Early", "Late", "No place"}));
}

TEST(Diagnostics, WarningsAreNoErrors) {
  Diagnostics all;
  all.warning("Careful", "");
  EXPECT_FALSE(all.has_errors());
  all.error("Wrong", "");
  EXPECT_TRUE(all.has_errors());
}

TEST(SourceFiles, GiveLinesWithoutTheirEnds) {
  SourceFiles files;
  files.add("a", "one\r\ntwo\nthree");
  EXPECT_EQ(files.line("a", 1), "one");
  EXPECT_EQ(files.line("a", 3), "three");
  EXPECT_EQ(files.line("a", 4), std::nullopt);
  EXPECT_EQ(files.line("b", 1), std::nullopt);
}

}  // namespace
}  // namespace aim::core
