#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <variant>
#include <vector>

#include "tests/model_server/replies.hpp"

namespace aim::model_server {

enum class Form { Chat, Completion };

/// One text to generate, known in advance: this server has no model.
struct Generation {
  Form form = Form::Chat;
  std::string id;
  std::string model;
  std::int64_t created = 0;  ///< seconds since 1970
  std::uint64_t prompt_tokens = 0;
  std::vector<std::string> pieces;  ///< one a token; together they are the text
  std::string finish_reason;        ///< stop or length
  bool stream = false;
  bool include_usage = false;
};

/// Reads a body of /v1/chat/completions or /v1/completions. The text says what was asked and
/// stops at the limit that was asked for; `ignore_eos` repeats it up to that limit.
[[nodiscard]] std::variant<Generation, Response> prepare_generation(const boost::json::object& body,
                                                                    Form form,
                                                                    const Served& served,
                                                                    std::int64_t now);

/// The answer without streaming.
[[nodiscard]] Response whole_reply(const Generation& generation);

/// Data of the server-sent events: what comes before the tokens, one token, what comes after.
[[nodiscard]] std::vector<std::string> opening_events(const Generation& generation);
[[nodiscard]] std::string token_event(const Generation& generation, std::size_t index);
[[nodiscard]] std::vector<std::string> closing_events(const Generation& generation);

}  // namespace aim::model_server
