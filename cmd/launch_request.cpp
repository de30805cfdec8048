#include "cmd/launch_request.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "core/ids.hpp"
#include "recipes/precision.hpp"

namespace aim::cmd {

using core::ErrorCode;
using core::make_error;

namespace {

constexpr std::array<std::string_view, 4> kBackends = {"vllm", "sglang", "llamacpp", "custom"};
constexpr int kMostGpus = 16;
constexpr int kMostPort = 65535;
constexpr std::int64_t kMostTokens = 100'000'000;

template <class Number>
std::optional<Number> number_of(const std::string& text, Number low, Number high) {
  Number number{};
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = failed == std::errc() && end == text.data() + text.size() && !text.empty();
  return whole && number >= low && number <= high ? std::optional(number) : std::nullopt;
}

/// "Qwen/Qwen3-32B": two words of what Hugging Face takes in names; of GGUF files perhaps the form
/// that is meant, ":Q8_0".
bool is_model_name(std::string text) {
  if (const std::size_t colon = text.find(':');
      colon != std::string::npos && colon + 1 < text.size()) {
    text[colon] = '-';
  }
  const std::size_t slash = text.find('/');
  const auto word = [](std::string_view part) {
    return !part.empty() && part.front() != '.' && part.front() != '-' &&
           std::all_of(part.begin(), part.end(), [](char c) {
             return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    c == '.' || c == '_' || c == '-';
           });
  };
  return slash != std::string::npos && word(std::string_view(text).substr(0, slash)) &&
         word(std::string_view(text).substr(slash + 1));
}

/// A text as YAML reads it back, whatever is in it.
std::string quoted(const std::string& text) {
  // A reference would be looked up, and a dollar sign is meant here.
  std::string safe;
  for (std::size_t i = 0; i < text.size(); ++i) {
    safe += text.compare(i, 2, "${") == 0 ? "$$" : std::string(1, text[i]);
  }
  return boost::json::serialize(boost::json::string(safe));
}

/// A number as a number, anything else as text.
std::string scalar(const std::string& text) {
  return number_of<std::int64_t>(text, 0, kMostTokens) ? text : quoted(text);
}

class Reader {
 public:
  Reader(const Arguments& arguments, App& app) : arguments_(arguments), app_(app) {}

  std::optional<LaunchRequest> run() {
    read_model();
    read_backend();
    read_gpus();
    read_precision();
    request_.port = number("port", 1, kMostPort, "a port number from 1 to 65535");
    request_.context_length = number<std::int64_t>(
        "context-length", 1, kMostTokens, "a number of tokens from 1 to 100,000,000");
    request_.recipe = arguments_.value("recipe");
    request_.base_model = arguments_.value("base-model");
    request_.bind = arguments_.value("bind");
    request_.image = arguments_.value("image");
    request_.cache = arguments_.value("cache");
    request_.start_timeout = arguments_.value("start-timeout");
    request_.features = arguments_.values("feature");
    request_.fallback = arguments_.has("fallback");
    check_custom();
    read_arguments();
    read_environment();
    read_secrets();
    read_name();
    return ok_ ? std::optional(std::move(request_)) : std::nullopt;
  }

 private:
  void refuse(std::string message) {
    app_.view().error(make_error(ErrorCode::Invalid, std::move(message)));
    ok_ = false;
  }

  template <class Number>
  std::optional<Number> number(std::string_view option,
                               Number low,
                               Number high,
                               std::string_view wanted) {
    const auto given = arguments_.value(option);
    if (!given) {
      return std::nullopt;
    }
    const auto parsed = number_of<Number>(*given, low, high);
    if (!parsed) {
      refuse(fmt::format("--{} takes {}, not \"{}\"", option, wanted, *given));
    }
    return parsed;
  }

  void read_model() {
    request_.model = arguments_.positional().front();
    if (!request_.model.starts_with('/') && !is_model_name(request_.model)) {
      refuse(
          fmt::format("MODEL is ORGANISATION/NAME as at Hugging Face, such as Qwen/Qwen3-32B, or "
                      "an absolute path, not \"{}\"",
                      request_.model));
    }
  }

  void read_backend() {
    request_.backend = arguments_.value("backend");
    if (request_.backend &&
        std::find(kBackends.begin(), kBackends.end(), *request_.backend) == kBackends.end()) {
      const std::string near =
          core::did_you_mean(*request_.backend, {kBackends.begin(), kBackends.end()});
      refuse(fmt::format("--backend takes vllm, sglang, llamacpp or custom, not \"{}\"{}",
                         *request_.backend,
                         near.empty() ? "" : ". " + near));
      backend_known_ = false;
    }
  }

  [[nodiscard]] bool is_custom() const { return request_.backend == "custom"; }

  /// Of a server that aim does not know, only the container can be described.
  void check_custom() {
    if (!is_custom()) {
      return;
    }
    if (!request_.image) {
      refuse("--backend custom needs --image: aim knows no server to take");
    }
    for (const char* option :
         {"precision", "recipe", "base-model", "context-length", "feature", "fallback"}) {
      if (arguments_.has(option)) {
        refuse(
            fmt::format("--{} has no meaning with --backend custom: give the server its "
                        "arguments with --arg",
                        option));
      }
    }
  }

  void read_gpus() {
    const auto given = arguments_.value("gpus");
    if (!given || *given == "auto") {
      return;
    }
    const bool without = request_.backend_or_default() == "llamacpp" || is_custom();
    request_.gpus = number_of<int>(*given, without || !backend_known_ ? 0 : 1, kMostGpus);
    if (!request_.gpus) {
      refuse(*given == "0"
                 ? fmt::format("--gpus 0 is only possible with --backend llamacpp or custom: {} "
                               "needs at least 1 GPU",
                               request_.backend_or_default())
                 : fmt::format("--gpus takes auto or a whole number from 1 to 16 (0 with --backend "
                               "llamacpp or custom), not \"{}\"",
                               *given));
    }
  }

  void read_precision() {
    request_.precision = arguments_.value("precision");
    if (request_.precision && *request_.precision != "auto" &&
        !recipes::precision_from(*request_.precision)) {
      refuse(fmt::format("--precision takes auto, {}, not \"{}\"",
                         recipes::all_precisions(),
                         *request_.precision));
    }
  }

  void read_arguments() {
    for (const std::string& given : arguments_.values("arg")) {
      if (!given.starts_with("-")) {
        refuse(
            fmt::format("--arg takes a flag of the server, such as --arg=--max-num-seqs=64 or "
                        "--arg=--enforce-eager, not \"{}\"",
                        given));
      }
      request_.arguments.push_back(given);
    }
  }

  void read_environment() {
    for (const std::string& given : arguments_.values("env")) {
      const std::size_t equals = given.find('=');
      if (equals == std::string::npos || equals == 0) {
        refuse(fmt::format("--env takes NAME=VALUE, not \"{}\"", given));
      }
      request_.environment.push_back(given);
    }
  }

  /// Everyone on a machine can read the arguments of its programs.
  void read_secrets() {
    request_.api_key = arguments_.value("api-key");
    if (request_.api_key && !request_.api_key->starts_with("env:") &&
        !request_.api_key->starts_with("file:/")) {
      refuse(
          "--api-key takes env:NAME or file:/PATH: a key that is given itself could be read by "
          "everyone on this machine");
    }
    const auto token = app_.surroundings().environment("HF_TOKEN");
    request_.hf_token = token && !token->empty();
  }

  void read_name() {
    std::string name = arguments_.value("name").value_or("");
    if (!name.empty()) {
      const bool valid = name.size() <= 100 && name.find_first_of("-._") != 0 &&
                         std::all_of(name.begin(), name.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
                                  c == '.' || c == '_';
                         });
      if (!valid) {
        refuse(fmt::format("--name takes up to 100 of a-z, 0-9, \"-\", \".\" and \"_\", not \"{}\"",
                           name));
      }
      request_.name = std::move(name);
      request_.named = true;
      return;
    }
    request_.name = model_slug(request_.model);
    if (request_.gpus) {
      request_.name += fmt::format("-{}gpu", *request_.gpus);
    }
    if (request_.precision && *request_.precision != "auto") {
      request_.name += "-" + *request_.precision;
    }
    if (request_.backend) {
      request_.name += "-" + *request_.backend;
    }
  }

  const Arguments& arguments_;
  App& app_;
  LaunchRequest request_;
  bool ok_ = true;
  bool backend_known_ = true;
};

}  // namespace

std::optional<LaunchRequest> launch_request(const Arguments& arguments, App& app) {
  return Reader(arguments, app).run();
}

std::string model_slug(const std::string& model) {
  std::string slug;
  for (const char c : model) {
    const bool upper = c >= 'A' && c <= 'Z';
    const bool plain = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
    const char put = upper ? static_cast<char>(c - 'A' + 'a') : plain ? c : '-';
    if (put != '-' || (!slug.empty() && slug.back() != '-')) {
      slug += put;
    }
  }
  const std::size_t begin = slug.find_first_not_of("-._");
  const std::size_t end = slug.find_last_not_of("-._");
  return begin == std::string::npos ? "model" : slug.substr(begin, end + 1 - begin);
}

std::string engine_name(const std::string& model,
                        int gpus,
                        const std::string& precision,
                        const std::string& backend) {
  return fmt::format("aim-engine-{}-{}gpu-{}-{}", model_slug(model), gpus, precision, backend);
}

std::string engine_name(const std::string& launch) { return "aim-engine-" + launch; }

std::string launch_yaml(const LaunchRequest& request,
                        const std::string& project,
                        const LaunchNames& names) {
  std::string text = fmt::format(
      "version: 1\nproject: {}\n\nendpoints:\n  model:\n    model: {}\n    backend: {}\n",
      project,
      quoted(request.model),
      request.backend_or_default());
  const auto line = [&](const char* key, const std::optional<std::string>& value) {
    if (value) {
      text += fmt::format("    {}: {}\n", key, quoted(*value));
    }
  };
  line("name", names.container);
  line("base_model", request.base_model);
  if (request.gpus) {
    text += fmt::format("    gpus: {}\n", *request.gpus);
  }
  line("precision", request.precision);
  line("recipe", request.recipe);
  if (request.fallback) {
    text += "    fallback: allow\n";
  }
  if (request.context_length) {
    text += fmt::format("    context_length: {}\n", *request.context_length);
  }
  if (const auto port = names.port ? names.port : request.port) {
    text += fmt::format("    port: {}\n", *port);
  } else {
    text += "    port: auto\n";
  }
  line("bind", request.bind);
  line("image", request.image);
  line("cache", request.cache);
  if (!request.features.empty()) {
    text += "    features:\n";
    for (const std::string& feature : request.features) {
      text += fmt::format("      - {}\n", quoted(feature));
    }
  }
  if (!request.arguments.empty()) {
    text += "    args:\n";
    for (const std::string& argument : request.arguments) {
      const std::size_t equals = argument.find('=');
      text +=
          fmt::format("      {}: {}\n",
                      quoted(argument.substr(0, equals)),
                      equals == std::string::npos ? "true" : scalar(argument.substr(equals + 1)));
    }
  }
  if (!request.environment.empty()) {
    text += "    env:\n";
    for (const std::string& variable : request.environment) {
      const std::size_t equals = variable.find('=');
      text += fmt::format("      {}: {}\n",
                          quoted(variable.substr(0, equals)),
                          quoted(variable.substr(equals + 1)));
    }
  }
  if (request.api_key) {
    text += fmt::format("    api_key: \"${{{}}}\"\n", *request.api_key);
  }
  if (request.hf_token) {
    text += "    hf_token: \"${env:HF_TOKEN:-}\"\n";
  }
  if (request.start_timeout) {
    text += fmt::format("    readiness: {{ start_timeout: {} }}\n", quoted(*request.start_timeout));
  }
  return text;
}

}  // namespace aim::cmd
