#include "providers/http/log_frames.hpp"

#include <gtest/gtest.h>

namespace aim::providers {
namespace {

std::string frame(char stream, std::string_view text) {
  std::string bytes(8, '\0');
  bytes[0] = stream;
  for (std::size_t i = 0; i < 4; ++i) {
    bytes[4 + i] = static_cast<char>(text.size() >> (8 * (3 - i)) & 0xFFU);
  }
  return bytes.append(text);
}

struct Decoded {
  std::string out;
  std::string err;
  core::Result<void> result;
};

Decoded decode(std::string_view bytes, std::size_t piece_size) {
  LogFrames frames;
  Decoded decoded;
  while (!bytes.empty()) {
    const std::string_view piece = bytes.substr(0, piece_size);
    bytes.remove_prefix(piece.size());
    decoded.result = frames.feed(piece, [&](bool is_stderr, std::string_view text) {
      (is_stderr ? decoded.err : decoded.out) += text;
    });
    if (!decoded.result) {
      return decoded;
    }
  }
  decoded.result = frames.finish();
  return decoded;
}

TEST(LogFrames, SeparatesTheStreams) {
  const Decoded decoded = decode(frame(1, "one\n") + frame(2, "two\n") + frame(1, "three\n"), 4096);
  EXPECT_TRUE(decoded.result);
  EXPECT_EQ(decoded.out, "one\nthree\n");
  EXPECT_EQ(decoded.err, "two\n");
}

TEST(LogFrames, DoesNotMindWhereTheBytesAreCut) {
  const std::string bytes = frame(1, "alpha") + frame(2, "") + frame(2, "beta") + frame(0, "gamma");
  for (std::size_t size = 1; size <= bytes.size(); ++size) {
    const Decoded decoded = decode(bytes, size);
    EXPECT_TRUE(decoded.result) << size;
    EXPECT_EQ(decoded.out, "alphagamma") << size;
    EXPECT_EQ(decoded.err, "beta") << size;
  }
}

TEST(LogFrames, HandsPartsOfAFrameOnAsTheyCome) {
  LogFrames frames;
  std::vector<std::string> pieces;
  const auto collect = [&](bool, std::string_view text) { pieces.emplace_back(text); };
  const std::string bytes = frame(1, "abcdef");
  ASSERT_TRUE(frames.feed(std::string_view(bytes).substr(0, 10), collect));
  ASSERT_TRUE(frames.feed(std::string_view(bytes).substr(10), collect));
  EXPECT_EQ(pieces, (std::vector<std::string>{"ab", "cdef"}));
}

TEST(LogFrames, TakesLengthsBeyondOneByte) {
  const std::string text(70'000, 'x');
  const Decoded decoded = decode(frame(1, text), 1000);
  EXPECT_TRUE(decoded.result);
  EXPECT_EQ(decoded.out, text);
}

TEST(LogFrames, RefusesWhatIsNoFrame) {
  using std::string_view_literals::operator""sv;
  for (const std::string_view bytes :
       {"plain text"sv, "\x04\0\0\0\0\0\0\1x"sv, "\1\0\1\0\0\0\0\1x"sv}) {
    const Decoded decoded = decode(bytes, 4096);
    ASSERT_FALSE(decoded.result);
    EXPECT_EQ(decoded.result.error().code, core::ErrorCode::Protocol);
    EXPECT_EQ(decoded.result.error().message,
              "the container's output is not framed as Docker frames it");
  }
}

TEST(LogFrames, RefusesAbsurdLengths) {
  const std::string bytes("\1\0\0\0\xFF\xFF\xFF\xFF", 8);
  const Decoded decoded = decode(bytes, 4096);
  ASSERT_FALSE(decoded.result);
  EXPECT_EQ(decoded.result.error().message,
            "the container's output holds a frame of 4294967295 bytes");
}

TEST(LogFrames, TurnsTheDaemonsOwnErrorIntoOne) {
  const Decoded decoded = decode(frame(1, "ok\n") + frame(3, "log file is gone"), 3);
  ASSERT_FALSE(decoded.result);
  EXPECT_EQ(decoded.result.error().code, core::ErrorCode::Failed);
  EXPECT_EQ(decoded.result.error().message, "log file is gone");
  EXPECT_EQ(decoded.out, "ok\n");
}

TEST(LogFrames, SaysThatTheStreamWasCut) {
  const std::string bytes = frame(1, "abcdef");
  for (const std::size_t size : {std::size_t{3}, std::size_t{8}, std::size_t{13}}) {
    const Decoded decoded = decode(std::string_view(bytes).substr(0, size), 4096);
    ASSERT_FALSE(decoded.result) << size;
    EXPECT_EQ(decoded.result.error().message, "the container's output ends inside a frame");
  }
}

}  // namespace
}  // namespace aim::providers
