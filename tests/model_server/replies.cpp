#include "tests/model_server/replies.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <random>

namespace aim::model_server {

Response error_response(int status,
                        std::string_view type,
                        std::string_view message,
                        std::string_view param) {
  boost::json::object error{{"message", message}, {"type", type}, {"param", nullptr}};
  if (!param.empty()) {
    error["param"] = param;
  }
  error["code"] = status;
  return {status,
          "application/json",
          boost::json::serialize(boost::json::object{{"error", std::move(error)}})};
}

Response bad_request(std::string_view message, std::string_view param) {
  return error_response(400, "BadRequestError", message, param);
}

Response json_response(const boost::json::value& body) {
  return {200, "application/json", boost::json::serialize(body)};
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t' || c == '\r') {
      if (!word.empty()) {
        words.push_back(std::move(word));
        word.clear();
      }
    } else {
      word += c;
    }
  }
  if (!word.empty()) {
    words.push_back(std::move(word));
  }
  return words;
}

std::string random_id(std::string_view prefix) {
  thread_local std::mt19937_64 source{std::random_device{}()};
  return fmt::format("{}-{:016x}{:016x}", prefix, source(), source());
}

boost::json::object usage(std::uint64_t prompt_tokens, std::uint64_t completion_tokens) {
  return {{"prompt_tokens", prompt_tokens},
          {"total_tokens", prompt_tokens + completion_tokens},
          {"completion_tokens", completion_tokens},
          {"prompt_tokens_details", nullptr}};
}

}  // namespace aim::model_server
