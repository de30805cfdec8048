#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "tests/model_server/http.hpp"

namespace aim::model_server {

struct Adapter {
  std::string name;
  std::string path;
};

/// What is served.
struct Served {
  std::vector<std::string> names;     ///< the first is the model's own
  std::string root;                   ///< the model as it was asked for
  std::vector<Adapter> adapters;      ///< --lora-modules
  std::vector<std::string> api_keys;  ///< empty: open to all
  std::uint64_t max_model_len = 0;
  std::int64_t created = 0;            ///< seconds since 1970
  std::vector<std::string> arguments;  ///< the command line, for GET /environment
};

/// `{"error":{"message":…,"type":…,"param":…,"code":N}}`; an empty param is null.
[[nodiscard]] Response error_response(int status,
                                      std::string_view type,
                                      std::string_view message,
                                      std::string_view param = {});
[[nodiscard]] Response bad_request(std::string_view message, std::string_view param = {});
[[nodiscard]] Response json_response(const boost::json::value& body);

/// A token of this server: a word.
[[nodiscard]] std::vector<std::string> words_of(std::string_view text);
/// "PREFIX-" and 32 random hexadecimal digits.
[[nodiscard]] std::string random_id(std::string_view prefix);
/// `{"prompt_tokens":P,"total_tokens":T,"completion_tokens":C,"prompt_tokens_details":null}`.
[[nodiscard]] boost::json::object usage(std::uint64_t prompt_tokens,
                                        std::uint64_t completion_tokens);

}  // namespace aim::model_server
