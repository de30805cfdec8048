#include "tests/model_server/behaviour.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>

namespace aim::model_server {
namespace {

struct Variable {
  std::string_view name;
  std::string_view meaning;
  /// Takes the text in; false if it makes no sense.
  bool (*take)(const std::string& text, Behaviour& behaviour);
};

template <typename Number>
bool to_number(const std::string& text, Number low, Number high, Number& out) {
  Number value{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() ||
      !(value >= low && value <= high)) {
    return false;
  }
  out = value;
  return true;
}

bool to_duration(const std::string& text, std::chrono::milliseconds& out) {
  double seconds = 0;
  if (!to_number(text, 0.0, 1e6, seconds)) {
    return false;
  }
  out = std::chrono::milliseconds(std::llround(seconds * 1000));
  return true;
}

bool to_flag(const std::string& text, bool& out) {
  out = text == "1";
  return text == "0" || text == "1";
}

std::vector<std::string> split(std::string text, std::string_view separator) {
  std::vector<std::string> parts;
  for (auto at = text.find(separator); at != std::string::npos; at = text.find(separator)) {
    parts.push_back(text.substr(0, at));
    text.erase(0, at + separator.size());
  }
  parts.push_back(std::move(text));
  return parts;
}

// A YAML or shell quote passes the two characters \ and n on, a block scalar real line ends.
std::vector<std::string> to_lines(const std::string& text) {
  std::vector<std::string> lines;
  for (const std::string& part : split(text, "\\n")) {
    for (std::string& line : split(part, "\n")) {
      lines.push_back(std::move(line));
    }
  }
  while (!lines.empty() && lines.back().empty()) {
    lines.pop_back();
  }
  return lines;
}

constexpr Variable kVariables[] = {
    {"MODEL_SERVER_LOAD_SECONDS",
     "loads for so long; until then nothing listens",
     [](const std::string& text, Behaviour& b) { return to_duration(text, b.load_time); }},
    {"MODEL_SERVER_NEVER_READY",
     "1: loads for ever, a log line a second",
     [](const std::string& text, Behaviour& b) { return to_flag(text, b.never_ready); }},
    {"MODEL_SERVER_SILENT",
     "1: no log lines while it loads",
     [](const std::string& text, Behaviour& b) { return to_flag(text, b.silent); }},
    {"MODEL_SERVER_EXIT_AFTER",
     "ends by itself so many seconds after its start",
     [](const std::string& text, Behaviour& b) {
       return to_duration(text, b.exit_after.emplace());
     }},
    {"MODEL_SERVER_EXIT_CODE",
     "with this exit status (1)",
     [](const std::string& text, Behaviour& b) { return to_number(text, 0, 255, b.exit_code); }},
    {"MODEL_SERVER_LOG",
     "after these lines on standard error, separated by \\n",
     [](const std::string& text, Behaviour& b) {
       b.last_words = to_lines(text);
       return true;
     }},
    {"MODEL_SERVER_INFERENCE_STATUS",
     "answers each inference with this status and an error",
     [](const std::string& text, Behaviour& b) {
       return to_number(text, 200, 599, b.inference_status);
     }},
    {"MODEL_SERVER_HEALTH_STATUS",
     "answers /health with this status",
     [](const std::string& text, Behaviour& b) {
       return to_number(text, 200, 599, b.health_status);
     }},
    {"MODEL_SERVER_SERVED_NAME",
     "lists and serves this model instead of the asked one",
     [](const std::string& text, Behaviour& b) {
       b.served_name = text;
       return true;
     }},
    {"MODEL_SERVER_TOKENS_PER_SECOND",
     "generates at this rate (at once)",
     [](const std::string& text, Behaviour& b) {
       return to_number(text, 0.001, 1e9, b.tokens_per_second);
     }},
    {"MODEL_SERVER_KV_USAGE",
     "the KV cache use that /metrics shows, 0 to 1",
     [](const std::string& text, Behaviour& b) { return to_number(text, 0.0, 1.0, b.kv_usage); }},
    {"MODEL_SERVER_STOP_SECONDS",
     "lives on for so long after SIGTERM",
     [](const std::string& text, Behaviour& b) { return to_duration(text, b.stop_time); }},
    {"MODEL_SERVER_ALLOCATE_MIB",
     "touches so much memory while it loads",
     [](const std::string& text, Behaviour& b) {
       return to_number(text, std::size_t{0}, std::size_t{1} << 20, b.allocate_mib);
     }},
    {"MODEL_SERVER_ECHO_ENV",
     "names, separated by commas, that GET /environment shows",
     [](const std::string& text, Behaviour& b) {
       b.echo_env = split(text, ",");
       return true;
     }},
};

}  // namespace

std::variant<Behaviour, std::string> read_behaviour(const ReadVariable& read) {
  Behaviour behaviour;
  for (const Variable& variable : kVariables) {
    const auto text = read(std::string(variable.name));
    if (text && !text->empty() && !variable.take(*text, behaviour)) {
      return fmt::format("model-server: error: {} is '{}'; it means: {}\n",
                         variable.name,
                         *text,
                         variable.meaning);
    }
  }
  return behaviour;
}

std::string behaviour_help() {
  std::string text;
  for (const Variable& variable : kVariables) {
    text += fmt::format("  {:<32}{}\n", variable.name, variable.meaning);
  }
  return text;
}

}  // namespace aim::model_server
