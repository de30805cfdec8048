#include "tests/model_server/generation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

namespace aim::model_server {
namespace {

namespace json = boost::json;

constexpr std::uint64_t kCompletionLimit = 16;  // vLLM's default for /v1/completions

const json::value* member(const json::object& object, std::string_view name) {
  const json::value* found = object.if_contains(name);
  return found == nullptr || found->is_null() ? nullptr : found;
}

bool is_true(const json::object& object, std::string_view name) {
  const json::value* found = member(object, name);
  return found != nullptr && found->is_bool() && found->get_bool();
}

// Text, or a list of parts of which some are text.
std::string text_of(const json::value& content) {
  if (const auto* text = content.if_string()) {
    return std::string(*text);
  }
  std::string joined;
  if (const auto* parts = content.if_array()) {
    for (const json::value& part : *parts) {
      const auto* object = part.if_object();
      const json::value* text = object == nullptr ? nullptr : member(*object, "text");
      if (text != nullptr && text->is_string()) {
        joined += std::string_view(text->get_string());
      }
    }
  }
  return joined;
}

struct Prompt {
  std::string text;
  std::uint64_t tokens = 0;
};

std::variant<Prompt, Response> read_messages(const json::object& body) {
  const json::value* messages = member(body, "messages");
  if (messages == nullptr || !messages->is_array()) {
    return error_response(400, "Bad Request", "Field required", "messages");
  }
  Prompt prompt;
  for (const json::value& message : messages->get_array()) {
    const auto* object = message.if_object();
    if (object == nullptr || member(*object, "role") == nullptr) {
      return error_response(400, "Bad Request", "Field required", "messages.role");
    }
    if (const json::value* content = member(*object, "content")) {
      prompt.text = text_of(*content);
      prompt.tokens += words_of(prompt.text).size();
    }
    prompt.tokens += 4;  // what a chat template puts around each message
  }
  if (messages->get_array().empty()) {
    return bad_request("at least one message is required", "messages");
  }
  return prompt;
}

std::variant<Prompt, Response> read_prompt(const json::object& body) {
  const json::value* prompt = member(body, "prompt");
  if (prompt != nullptr && prompt->is_string()) {
    std::string text(prompt->get_string());
    const std::uint64_t tokens = std::max<std::uint64_t>(words_of(text).size(), 1);
    return Prompt{std::move(text), tokens};
  }
  if (prompt != nullptr && prompt->is_array()) {
    return Prompt{"a list", std::max<std::uint64_t>(prompt->get_array().size(), 1)};
  }
  return error_response(400, "Bad Request", "Field required", "prompt");
}

std::variant<std::optional<std::uint64_t>, Response> read_limit(const json::object& body) {
  for (const char* name : {"max_completion_tokens", "max_tokens"}) {
    if (const json::value* limit = member(body, name)) {
      if (!limit->is_int64() || limit->get_int64() < 1) {
        return bad_request(
            fmt::format("{} must be at least 1, got {}.", name, json::serialize(*limit)), name);
      }
      return static_cast<std::uint64_t>(limit->get_int64());
    }
  }
  return std::nullopt;
}

// Cuts the pieces where the text first has one of the stop strings; true if it did.
bool apply_stop(const json::object& body, std::vector<std::string>& pieces) {
  std::vector<std::string> stops;
  if (const json::value* stop = member(body, "stop")) {
    if (stop->is_string()) {
      stops.emplace_back(stop->get_string());
    } else if (stop->is_array()) {
      for (const json::value& one : stop->get_array()) {
        stops.push_back(text_of(one));
      }
    }
  }
  std::string text;
  for (const std::string& piece : pieces) {
    text += piece;
  }
  std::size_t end = std::string::npos;
  for (const std::string& stop : stops) {
    end = std::min(end, stop.empty() ? std::string::npos : text.find(stop));
  }
  if (end == std::string::npos) {
    return false;
  }
  std::size_t begin = 0;
  for (std::size_t i = 0; i < pieces.size(); ++i) {
    if (begin + pieces[i].size() >= end) {
      pieces[i].resize(end - begin);
      pieces.resize(i + 1);
      break;
    }
    begin += pieces[i].size();
  }
  return true;
}

void write_text(const json::object& body,
                const Prompt& prompt,
                std::optional<std::uint64_t> limit,
                std::uint64_t room,
                Generation& generation) {
  const std::vector<std::string> words = words_of(
      fmt::format("This is {} speaking for a test. You said: {}", generation.model, prompt.text));
  const std::uint64_t most = limit.value_or(room);
  const std::uint64_t count =
      is_true(body, "ignore_eos") ? most : std::min<std::uint64_t>(words.size(), most);
  for (std::uint64_t i = 0; i < count; ++i) {
    generation.pieces.push_back((i == 0 ? "" : " ") + words[i % words.size()]);
  }
  const bool ended = count == words.size() && !is_true(body, "ignore_eos");
  generation.finish_reason = apply_stop(body, generation.pieces) || ended ? "stop" : "length";
}

json::object envelope(const Generation& generation, bool chunk) {
  std::string_view object = "text_completion";
  if (generation.form == Form::Chat) {
    object = chunk ? "chat.completion.chunk" : "chat.completion";
  }
  return {{"id", generation.id},
          {"object", object},
          {"created", generation.created},
          {"model", generation.model}};
}

std::string event(const Generation& generation, json::array choices) {
  json::object body = envelope(generation, true);
  body["choices"] = std::move(choices);
  return json::serialize(body);
}

}  // namespace

std::variant<Generation, Response> prepare_generation(const json::object& body,
                                                      Form form,
                                                      const Served& served,
                                                      std::int64_t now) {
  Generation generation;
  generation.form = form;
  generation.id = random_id(form == Form::Chat ? "chatcmpl" : "cmpl");
  generation.created = now;
  const json::value* model = member(body, "model");
  generation.model = model == nullptr ? served.names.front() : text_of(*model);

  auto prompt = form == Form::Chat ? read_messages(body) : read_prompt(body);
  if (auto* refusal = std::get_if<Response>(&prompt)) {
    return std::move(*refusal);
  }
  generation.prompt_tokens = std::get<Prompt>(prompt).tokens;

  generation.stream = is_true(body, "stream");
  if (const json::value* options = member(body, "stream_options")) {
    if (!generation.stream) {
      return bad_request("Stream options can only be defined when `stream=True`.",
                         "stream_options");
    }
    generation.include_usage =
        options->is_object() && is_true(options->get_object(), "include_usage");
  }

  auto limit = read_limit(body);
  if (auto* refusal = std::get_if<Response>(&limit)) {
    return std::move(*refusal);
  }
  auto most = std::get<std::optional<std::uint64_t>>(limit);
  if (!most && form == Form::Completion) {
    most = kCompletionLimit;
  }
  if (generation.prompt_tokens + most.value_or(1) > served.max_model_len) {
    return bad_request(
        fmt::format("This model's maximum context length is {} tokens. However, you requested {} "
                    "output tokens and your prompt contains {} input tokens, for a total of {} "
                    "tokens. Please reduce the length of the input prompt or the number of "
                    "requested output tokens.",
                    served.max_model_len,
                    most.value_or(1),
                    generation.prompt_tokens,
                    generation.prompt_tokens + most.value_or(1)),
        "input_tokens");
  }
  write_text(body,
             std::get<Prompt>(prompt),
             most,
             served.max_model_len - generation.prompt_tokens,
             generation);
  return generation;
}

Response whole_reply(const Generation& generation) {
  std::string text;
  for (const std::string& piece : generation.pieces) {
    text += piece;
  }
  json::object choice{{"index", 0}};
  if (generation.form == Form::Chat) {
    choice["message"] = json::object{{"role", "assistant"},
                                     {"content", text},
                                     {"reasoning", nullptr},
                                     {"tool_calls", json::array{}}};
  } else {
    choice["text"] = text;
  }
  choice["logprobs"] = nullptr;
  choice["finish_reason"] = generation.finish_reason;
  choice["stop_reason"] = nullptr;
  json::object body = envelope(generation, false);
  body["choices"] = json::array{std::move(choice)};
  body["usage"] = usage(generation.prompt_tokens, generation.pieces.size());
  body["system_fingerprint"] = nullptr;
  return json_response(body);
}

std::vector<std::string> opening_events(const Generation& generation) {
  if (generation.form == Form::Completion) {
    return {};
  }
  return {event(generation,
                {json::object{{"index", 0},
                              {"delta", json::object{{"role", "assistant"}, {"content", ""}}},
                              {"logprobs", nullptr},
                              {"finish_reason", nullptr}}})};
}

std::string token_event(const Generation& generation, std::size_t index) {
  json::object choice{{"index", 0}};
  if (generation.form == Form::Chat) {
    choice["delta"] = json::object{{"content", generation.pieces[index]}};
  } else {
    choice["text"] = generation.pieces[index];
  }
  choice["logprobs"] = nullptr;
  choice["finish_reason"] = nullptr;
  if (index + 1 == generation.pieces.size()) {
    choice["finish_reason"] = generation.finish_reason;
    choice["stop_reason"] = nullptr;
  }
  return event(generation, {std::move(choice)});
}

std::vector<std::string> closing_events(const Generation& generation) {
  std::vector<std::string> events;
  if (generation.include_usage) {
    json::object body = envelope(generation, true);
    body["choices"] = json::array{};
    body["usage"] = usage(generation.prompt_tokens, generation.pieces.size());
    events.push_back(json::serialize(body));
  }
  events.emplace_back("[DONE]");
  return events;
}

}  // namespace aim::model_server
