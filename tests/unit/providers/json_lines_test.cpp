#include "providers/http/json_lines.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace aim::providers {
namespace {

namespace json = boost::json;

struct Decoded {
  std::vector<std::string> objects;
  core::Result<void> result;
};

Decoded decode(const std::vector<std::string>& pieces) {
  JsonLines lines;
  Decoded decoded;
  for (const std::string& piece : pieces) {
    decoded.result = lines.feed(piece, [&](const json::object& object) {
      decoded.objects.push_back(json::serialize(object));
      return true;
    });
    if (!decoded.result) {
      return decoded;
    }
  }
  decoded.result = lines.finish();
  return decoded;
}

std::vector<std::string> bytes_of(std::string_view text) {
  std::vector<std::string> pieces;
  for (const char c : text) {
    pieces.emplace_back(1, c);
  }
  return pieces;
}

TEST(JsonLines, GivesEachObjectOfAStream) {
  const Decoded decoded = decode({"{\"a\":1}\r\n{\"b\":{\"c\":[1,2]}}\r\n"});
  EXPECT_TRUE(decoded.result);
  EXPECT_EQ(decoded.objects, (std::vector<std::string>{R"({"a":1})", R"({"b":{"c":[1,2]}})"}));
}

TEST(JsonLines, TakesThemByteByByte) {
  const Decoded decoded = decode(bytes_of(R"({"a":"}{\"\\"} {"b":[{"c":"]"}]}{"d":null})"));
  EXPECT_TRUE(decoded.result);
  EXPECT_EQ(
      decoded.objects,
      (std::vector<std::string>{R"({"a":"}{\"\\"})", R"({"b":[{"c":"]"}]})", R"({"d":null})"}));
}

TEST(JsonLines, TakesRecordSeparators) {
  const Decoded decoded = decode({"\x1e{\"a\":1}\n\x1e", "{\"a\":2}\n"});
  EXPECT_TRUE(decoded.result);
  EXPECT_EQ(decoded.objects, (std::vector<std::string>{R"({"a":1})", R"({"a":2})"}));
}

TEST(JsonLines, EndsWhenTheSinkHasEnough) {
  JsonLines lines;
  int seen = 0;
  const core::Result<void> fed =
      lines.feed(R"({"a":1}{"a":2}{"a":3})", [&](const json::object&) { return ++seen < 2; });
  EXPECT_TRUE(fed);
  EXPECT_EQ(seen, 2);
}

TEST(JsonLines, RefusesWhatIsNoObject) {
  const Decoded decoded = decode({"{\"a\":1}\nnot found"});
  ASSERT_FALSE(decoded.result);
  EXPECT_EQ(decoded.result.error().code, core::ErrorCode::Protocol);
  EXPECT_EQ(decoded.result.error().message, "the answer is not a stream of JSON objects");
  EXPECT_EQ(decoded.objects.size(), 1U);
}

TEST(JsonLines, RefusesMalformedObjects) {
  for (const std::string text : {"{\"a\":}", "{\"a\":1]", "{]", "{\"a\" 1}"}) {
    const Decoded decoded = decode({text});
    ASSERT_FALSE(decoded.result) << text;
    EXPECT_EQ(decoded.result.error().code, core::ErrorCode::Protocol) << text;
    EXPECT_TRUE(decoded.objects.empty()) << text;
  }
}

TEST(JsonLines, RefusesAnObjectWithoutEnd) {
  const Decoded decoded = decode({"{\"a\":\"", std::string(5 * 1024 * 1024, 'x')});
  ASSERT_FALSE(decoded.result);
  EXPECT_EQ(decoded.result.error().message,
            "the answer holds a JSON object of more than 4194304 bytes");
}

TEST(JsonLines, SaysThatTheStreamWasCut) {
  const Decoded decoded = decode({"{\"a\":1}", "{\"b\""});
  ASSERT_FALSE(decoded.result);
  EXPECT_EQ(decoded.result.error().message, "the answer ends inside a JSON object");
}

}  // namespace
}  // namespace aim::providers
