#include "tests/unit/cmd/golden.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace aim::test {

namespace {

void append_pretty(const boost::json::value& value, const std::string& margin, std::string& out) {
  const std::string inner = margin + "  ";
  if (const auto* object = value.if_object(); object && !object->empty()) {
    out += "{";
    const char* separator = "\n";
    for (const auto& [key, member] : *object) {
      out += separator + inner + boost::json::serialize(boost::json::string(key)) + ": ";
      append_pretty(member, inner, out);
      separator = ",\n";
    }
    out += "\n" + margin + "}";
  } else if (const auto* array = value.if_array(); array && !array->empty()) {
    out += "[";
    const char* separator = "\n";
    for (const auto& element : *array) {
      out += separator + inner;
      append_pretty(element, inner, out);
      separator = ",\n";
    }
    out += "\n" + margin + "]";
  } else {
    out += boost::json::serialize(value);
  }
}

}  // namespace

void expect_golden(const std::string& path, const std::string& actual) {
  const std::filesystem::path file = std::filesystem::path("tests/golden") / path;
  const char* update = std::getenv("AIM_UPDATE_GOLDEN");
  if (update != nullptr && std::string(update) == "1") {
    std::filesystem::create_directories(file.parent_path());
    std::ofstream(file, std::ios::binary) << actual;
    GTEST_SKIP() << "rewrote " << file;
  }
  std::ifstream stream(file, std::ios::binary);
  ASSERT_TRUE(stream) << "no " << file << "; AIM_UPDATE_GOLDEN=1 writes it";
  std::ostringstream expected;
  expected << stream.rdbuf();
  EXPECT_EQ(expected.str(), actual)
      << "differs from " << file << "; AIM_UPDATE_GOLDEN=1 rewrites it";
}

std::string pretty_json(const std::string& json) {
  std::string out;
  append_pretty(boost::json::parse(json), "", out);
  return out + "\n";
}

}  // namespace aim::test
