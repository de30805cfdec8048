#include <limits>
#include <random>

#include "planner/schema.hpp"

namespace aim::planner {
namespace {

using testing::Eq;

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

TEST(Durations, AreReadWithUnits) {
  EXPECT_THAT(parse_duration("30s"), Eq(30'000));
  EXPECT_THAT(parse_duration("5m"), Eq(300'000));
  EXPECT_THAT(parse_duration("1h30m"), Eq(5'400'000));
  EXPECT_THAT(parse_duration("1h2m3s4ms"), Eq(3'723'004));
  EXPECT_THAT(parse_duration("250ms"), Eq(250));
  EXPECT_THAT(parse_duration("1.5h"), Eq(5'400'000));
  EXPECT_THAT(parse_duration("0.25s"), Eq(250));
  EXPECT_THAT(parse_duration("0"), Eq(0));
  EXPECT_THAT(parse_duration("0s"), Eq(0));
}

TEST(Durations, WithoutAMeaningAreRefused) {
  for (const char* text : {"",
                           "5",
                           "s",
                           "m5",
                           "5 m",
                           "5x",
                           "5m1h",
                           "5m5m",
                           "-5s",
                           "+5s",
                           "1.s",
                           ".5s",
                           "1.2345s",
                           "0.5ms",
                           "5s ",
                           "1d",
                           "99999999999999999999s",
                           "9223372036854775807h",
                           "1e3s"}) {
    EXPECT_EQ(parse_duration(text), std::nullopt) << text;
  }
}

TEST(Durations, AreShownInTheLargestUnits) {
  EXPECT_EQ(format_duration(5'400'000), "1h30m");
  EXPECT_EQ(format_duration(30'000), "30s");
  EXPECT_EQ(format_duration(250), "250ms");
  EXPECT_EQ(format_duration(1'250), "1s250ms");
  EXPECT_EQ(format_duration(0), "0s");
  EXPECT_EQ(format_duration(-90'000), "-1m30s");
  EXPECT_EQ(format_duration(std::numeric_limits<std::int64_t>::min()), "-9223372036854775808ms");
}

TEST(Sizes, AreReadWithUnits) {
  EXPECT_THAT(parse_size("16GiB"), Eq(std::int64_t{16} << 30));
  EXPECT_THAT(parse_size("500MB"), Eq(500'000'000));
  EXPECT_THAT(parse_size("512m"), Eq(std::int64_t{512} << 20));
  EXPECT_THAT(parse_size("2G"), Eq(std::int64_t{2} << 30));
  EXPECT_THAT(parse_size("1024"), Eq(1024));
  EXPECT_THAT(parse_size("1024b"), Eq(1024));
  EXPECT_THAT(parse_size("1.5GiB"), Eq(std::int64_t{3} << 29));
  EXPECT_THAT(parse_size("1 kB"), Eq(1'000));
  EXPECT_THAT(parse_size("1KB"), Eq(1'000));
  EXPECT_THAT(parse_size("1kib"), Eq(1'024));
  EXPECT_THAT(parse_size("2TB"), Eq(2'000'000'000'000));
  EXPECT_THAT(parse_size("1PiB"), Eq(std::int64_t{1} << 50));
  EXPECT_THAT(parse_size("0"), Eq(0));
}

TEST(Sizes, WithoutAMeaningAreRefused) {
  for (const char* text : {"",
                           "GiB",
                           "-1",
                           "1e9",
                           "2gb",
                           "2mb",
                           "1.GiB",
                           ".5GiB",
                           "1GiBs",
                           "1 G B",
                           "99999999999999999999",
                           "9000PiB",
                           "1.2345GiB",
                           "1,5GiB",
                           "1Gb"}) {
    EXPECT_EQ(parse_size(text), std::nullopt) << text;
  }
}

TEST(Sizes, AreShownInTheUnitThatFits) {
  EXPECT_EQ(format_size(std::int64_t{16} << 30), "16GiB");
  EXPECT_EQ(format_size(500'000'000), "500MB");
  EXPECT_EQ(format_size(1025), "1025B");
  EXPECT_EQ(format_size(64 << 20), "64MiB");
  EXPECT_EQ(format_size(0), "0B");
  EXPECT_EQ(format_size(-1), "-1");
}

TEST(Units, WhatIsShownIsReadBack) {
  std::mt19937_64 random(20240607);
  for (int i = 0; i < 2'000; ++i) {
    // Every order of magnitude, and many round numbers.
    const std::int64_t number = static_cast<std::int64_t>(random() >> (random() % 63U + 1U));
    const std::int64_t round = number / 1'000 * 1'000;
    const std::int64_t binary = number / 1'024 * 1'024;
    for (const std::int64_t value : {number, round, binary, kMost}) {
      EXPECT_EQ(parse_size(format_size(value)), value);
      EXPECT_EQ(parse_duration(format_duration(value)), value);
    }
  }
}

}  // namespace
}  // namespace aim::planner
