#include "core/value.hpp"

#include <gtest/gtest.h>

namespace aim::core {
namespace {

TEST(Value, CanonicalJsonSortsKeysAndHasNoWhiteSpace) {
  const Value value(Map{{"b", Value(List{Value(1), Value(true), Value()})}, {"a", Value("x")}});
  EXPECT_EQ(canonical_json(value), R"({"a":"x","b":[1,true,null]})");
}

TEST(Value, EveryAlternativeSurvivesItsJson) {
  const Template text{{std::string("http://"), Reference{Address{Kind::Endpoint, "a", {}}, "url"}}};
  const Value value(Map{{"bool", Value(false)},
                        {"int", Value(std::int64_t{-5})},
                        {"double", Value(2.0)},
                        {"unknown", Value(Unknown{})},
                        {"template", Value(text)},
                        {"$secret", Value("a user's own key")},
                        {"list", Value(List{Value(Map{{"$x", Value(1)}})})}});
  const Result<Value> back = parse_canonical_json(canonical_json(value));
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, value);
}

TEST(Value, SecretsLeaveAsDigestOnly) {
  const Value value =
      with_digests(Value(Map{{"token", Value(Secret("hunter2"))}}), "lab/default/x");
  const std::string text = canonical_json(value);
  EXPECT_EQ(text.find("hunter2"), std::string::npos);
  const Result<Value> back = parse_canonical_json(text);
  ASSERT_TRUE(back);
  EXPECT_EQ(*back, value);  // compared by digest
  const Map& map = *back->get<Map>();
  EXPECT_FALSE(find(map, "token")->get<Secret>()->known());
}

TEST(Value, EqualSecretsInTwoPlacesDoNotLookAlike) {
  const Value value = with_digests(
      Value(Map{{"a", Value(Secret("same"))}, {"b", Value(Secret("same"))}}), "lab/default/x");
  const Map& map = *value.get<Map>();
  EXPECT_NE(find(map, "a")->get<Secret>()->digest(), find(map, "b")->get<Secret>()->digest());
}

TEST(Value, MalformedJsonIsAnError) {
  EXPECT_EQ(parse_canonical_json("{\"a\":").error().code, ErrorCode::Protocol);
  EXPECT_EQ(parse_canonical_json(R"({"$secret":5})").error().code, ErrorCode::Protocol);
  EXPECT_EQ(parse_canonical_json(R"({"$template":[{"address":"x"}]})").error().code,
            ErrorCode::Protocol);
}

TEST(Path, ReadsAsPeopleWriteIt) {
  EXPECT_EQ(to_string(Path{"env", "HF_TOKEN"}), "env.HF_TOKEN");
  EXPECT_EQ(to_string(Path{"ports", std::size_t{0}}), "ports[0]");
  EXPECT_EQ(to_string(Path{"env", "a.b"}), "env[\"a.b\"]");
}

TEST(Positions, FallBackToWhatIsAround) {
  const SourceRange outer{"aim.yaml", {3, 1}, {3, 5}};
  const SourceRange inner{"aim.yaml", {4, 7}, {4, 9}};
  const Positions positions{{"env", outer}, {"env.A", inner}};
  EXPECT_EQ(position_of(positions, {"env", "A"}), inner);
  EXPECT_EQ(position_of(positions, {"env", "B"}), outer);
  EXPECT_EQ(position_of(positions, {"image"}), std::nullopt);
}

TEST(Secret, PrintsAsStars) { EXPECT_EQ(fmt::format("{}", Secret("hunter2")), "****"); }

TEST(Secret, DigestIsHmacSha256) {
  // Computed with Python's hmac: key "aim secret v1/" + salt.
  EXPECT_EQ(Secret("hunter2").with_digest("lab/default/endpoint.chat").digest(),
            "60bfdc1cbe9d895c8106db6c0f3464b40a68e89353ec23ac1734152eca2de4e0");
  EXPECT_EQ(Secret("").with_digest(std::string(80, 'x')).digest(),
            "8907bbb6479fc1b6f220bcb6bf6904203eafa0d332ced7bf3d2c3f728bd43173");
}

TEST(Secret, DigestIsStableForOneSaltAndContent) {
  EXPECT_EQ(Secret("a").with_digest("s").digest(), Secret("a").with_digest("s").digest());
  EXPECT_NE(Secret("a").with_digest("s").digest(), Secret("b").with_digest("s").digest());
  EXPECT_NE(Secret("a").with_digest("s").digest(), Secret("a").with_digest("t").digest());
  EXPECT_EQ(Secret("a").with_digest("s").digest().size(), 64U);
}

TEST(Sha256, MatchesTheStandardsTestVector) {
  // FIPS 180-2, appendix B.1.
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace aim::core
