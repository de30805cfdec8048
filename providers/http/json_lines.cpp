#include "providers/http/json_lines.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::ErrorCode;

constexpr std::size_t kLargestObject = 4U * 1024 * 1024;
constexpr char kRecordSeparator = '\x1e';

bool separates(char c) {
  return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == kRecordSeparator;
}

}  // namespace

core::Result<void> JsonLines::feed(std::string_view bytes, const Sink& sink) {
  for (const char c : bytes) {
    if (text_.empty()) {
      if (separates(c)) {
        continue;
      }
      if (c != '{') {
        return core::make_error(ErrorCode::Protocol, "the answer is not a stream of JSON objects");
      }
    }
    text_ += c;
    if (text_.size() > kLargestObject) {
      return core::make_error(
          ErrorCode::Protocol,
          fmt::format("the answer holds a JSON object of more than {} bytes", kLargestObject));
    }
    if (!ends_object(c)) {
      continue;
    }
    boost::system::error_code error;
    const json::value value = json::parse(text_, error);
    text_.clear();
    if (error) {
      return core::make_error(ErrorCode::Protocol,
                              "the answer holds malformed JSON: " + error.message());
    }
    if (!sink(value.get_object())) {
      return {};
    }
  }
  return {};
}

bool JsonLines::ends_object(char c) {
  if (escaped_) {
    escaped_ = false;
  } else if (in_string_) {
    escaped_ = c == '\\';
    in_string_ = c != '"';
  } else if (c == '"') {
    in_string_ = true;
  } else if (c == '{' || c == '[') {
    ++depth_;
  } else if (c == '}' || c == ']') {
    --depth_;
    return depth_ == 0;
  }
  return false;
}

core::Result<void> JsonLines::finish() const {
  if (!text_.empty()) {
    return core::make_error(ErrorCode::Protocol, "the answer ends inside a JSON object");
  }
  return {};
}

}  // namespace aim::providers
