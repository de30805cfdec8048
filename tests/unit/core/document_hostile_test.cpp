#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <ctime>

#include "core/document.hpp"

namespace aim::core {
namespace {

std::string repeated(std::string_view text, std::size_t times) {
  std::string result;
  result.reserve(text.size() * times);
  for (std::size_t i = 0; i < times; ++i) {
    result += text;
  }
  return result;
}

/// Reads what is meant to hurt and checks what it costs. The time is that of the processor: other
/// programs on the machine do not count. Unoptimised and sanitised builds get more of it.
class HostileDocument : public ::testing::Test {
 protected:
  std::string first_error(std::string_view text) {
#if defined(__OPTIMIZE__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    constexpr double kLimitSeconds = 1.0;
#else
    constexpr double kLimitSeconds = 20.0;
#endif
    constexpr long kLimitKilobytes = 700'000;
    const long before = peak_kilobytes();
    const std::clock_t begin = std::clock();
    Diagnostics diagnostics;
    static_cast<void>(read_document("aim.yaml", text, diagnostics));
    const double seconds = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    EXPECT_LT(seconds, kLimitSeconds);
    EXPECT_LT(peak_kilobytes() - before, kLimitKilobytes);
    return diagnostics.empty() ? "" : diagnostics.sorted()[0].summary;
  }

  static long peak_kilobytes() {
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
  }
};

TEST_F(HostileDocument, DeepNestingIsRefused) {
  for (const char* part : {"[", "{", "[\n", "{a: ", "[{", "[{a: ", "[\"a\": ", "- ", "? "}) {
    EXPECT_EQ(first_error(repeated(part, 100'000)), "Nested too deep") << part;
  }
  std::string steps;
  for (std::size_t i = 0; i < 3'000; ++i) {
    steps += std::string(i, ' ') + "a:\n";
  }
  EXPECT_EQ(first_error(steps), "Nested too deep");
  EXPECT_EQ(first_error(repeated("[", 65) + repeated("1,", 3'000'000) + repeated("]", 65)),
            "Nested too deep");
}

TEST_F(HostileDocument, NestingUpToTheLimitIsRead) {
  EXPECT_EQ(first_error(repeated("[", 64) + repeated("]", 64)), "");
}

TEST_F(HostileDocument, MultiplyingAliasesAreRefused) {
  std::string bomb = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 20; ++i) {
    bomb += fmt::format("a{0}: &a{0} [{1}]\n", i, repeated(fmt::format("*a{},", i - 1), 10));
  }
  EXPECT_EQ(first_error(bomb), "Aliases multiply too far");
  EXPECT_EQ(first_error("a: &a " + std::string(1'000'000, 'x') + "\nb: [" +
                        repeated("*a,", 100'000) + "]\n"),
            "Aliases multiply too far");
  std::string merges = "a0: &a0 {x: 1}\n";
  for (int i = 1; i < 60; ++i) {
    merges += fmt::format("a{0}: &a{0} {{<<: [*a{1}, *a{1}]}}\n", i, i - 1);
  }
  EXPECT_EQ(first_error(merges), "Aliases multiply too far");
}

TEST_F(HostileDocument, AliasesThatNestTooDeepAreRefused) {
  std::string chain = "a0: &a0 [x]\n";
  for (int i = 1; i < 1'000; ++i) {
    chain += fmt::format("a{0}: &a{0} [*a{1}]\n", i, i - 1);
  }
  EXPECT_EQ(first_error(chain), "Nested too deep");
}

TEST_F(HostileDocument, NestedAnchorsCostNothing) {
  std::string text;
  for (int i = 0; i < 60; ++i) {
    text += fmt::format("[&a{} ", i);
  }
  text += "[" + repeated("1,", 100'000) + "]" + repeated("]", 60);
  EXPECT_EQ(first_error(text), "");
}

TEST_F(HostileDocument, TooManyValuesAreRefused) {
  EXPECT_EQ(first_error("[" + repeated("1,", 2'000'000) + "]"), "Document is too large");
  EXPECT_EQ(first_error(repeated("-\n", 2'000'001)), "Document is too large");
  EXPECT_EQ(first_error(repeated("x", 9U << 20U)), "Document is too large");
}

TEST_F(HostileDocument, LongThingsAreRead) {
  for (const std::string& text : {"a: " + repeated("x", 1U << 20U),
                                  "a: \"" + repeated("x", 1U << 20U) + "\"",
                                  "#" + repeated("x", 1U << 20U),
                                  repeated("\n", 1U << 20U),
                                  repeated("# x\n", 1U << 18U),
                                  "a: |\n" + repeated("  x\n", 1U << 18U),
                                  repeated("- - - - -\n", 50'000)}) {
    EXPECT_EQ(first_error(text), "") << text.substr(0, 10);
  }
}

TEST_F(HostileDocument, NonsenseEnds) {
  for (const char* part :
       {",", "]",    "}",  ": ", "? ", "|\n", "%\n", "---\n", "&a ", "!a ", "*a ",
        "'", "\"\\", "[,", "@",  "`",  "\t",  "- [", "<<: ",  "${",  "[${"}) {
    static_cast<void>(first_error(repeated(part, 100'000)));
  }
}

TEST_F(HostileDocument, AHundredThousandLinesAreRead) {
  std::string text = "containers:\n";
  for (int i = 0; i < 16'666; ++i) {
    text += fmt::format(
        "  web{}:\n    image: nginx:1.25\n    env:\n      GREETING: \"hello {}\"\n"
        "    ports: [\"127.0.0.1:8080:80\"]\n    memory: 512MiB\n",
        i,
        i);
  }
  EXPECT_EQ(first_error(text), "");
}

}  // namespace
}  // namespace aim::core
