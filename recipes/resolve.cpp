#include "recipes/resolve.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace aim::recipes {

using core::List;
using core::Map;
using core::Value;

namespace {

constexpr std::array<Backend, 4> kBackends = {{{"vllm", 8000, "a Hugging Face id or a path"},
                                               {"sglang", 30000, "a Hugging Face id or a path"},
                                               {"llamacpp", 8080, "a GGUF repository or file"},
                                               {"custom", 8000, "the name that clients use"}}};

struct ReservedFlag {
  std::string_view flag;
  std::string_view key;
};

// Flags that aim writes itself. Dashes and underscores are the same to argparse-based backends.
constexpr std::array<ReservedFlag, 10> kReserved = {{{"--model", "model"},
                                                     {"--model-path", "model"},
                                                     {"--host", "bind"},
                                                     {"--port", "port"},
                                                     {"--served-model-name", "served_name"},
                                                     {"--alias", "served_name"},
                                                     {"--api-key", "api_key"},
                                                     {"-m", "model"},
                                                     {"-a", "served_name"},
                                                     {"-hf", "model"}}};

// What endpoint and container have in common and hand on as it is.
constexpr std::array<std::string_view, 16> kShared = {"image",
                                                      "entrypoint",
                                                      "labels",
                                                      "mounts",
                                                      "networks",
                                                      "shm_size",
                                                      "ipc",
                                                      "memory",
                                                      "memory_swap",
                                                      "cpus",
                                                      "restart",
                                                      "user",
                                                      "init",
                                                      "stop_grace_period",
                                                      "logging",
                                                      "pull"};

std::string backend_of(const Map& endpoint) {
  return core::string_at(endpoint, "backend").value_or("vllm");
}

std::string text_of(const Value& value) {
  if (const std::string* text = value.get<std::string>()) {
    return *text;
  }
  if (const double* number = value.get<double>()) {
    return fmt::format("{}", *number);  // JSON would say 9E-1
  }
  return core::canonical_json(value);
}

void append_argument(std::vector<std::string>& words, const std::string& flag, const Value& value) {
  if (const bool* truth = value.get<bool>()) {
    if (*truth) {
      words.push_back(flag);
    }
    return;
  }
  if (const List* list = value.get<List>()) {
    for (const Value& item : *list) {
      words.push_back(flag);
      words.push_back(text_of(item));
    }
    return;
  }
  words.push_back(flag);
  words.push_back(text_of(value));
}

std::vector<std::string> generated_command(const Map& endpoint) {
  const std::string backend = backend_of(endpoint);
  const std::string model = core::string_at(endpoint, "model").value_or("");
  const std::string port = std::to_string(endpoint_container_port(endpoint));
  const std::optional<std::string> served = core::string_at(endpoint, "served_name");
  std::vector<std::string> words;
  if (backend == "vllm") {
    // ENTRYPOINT is ["vllm", "serve"] since v0.11.1; the model is the first argument.
    words = {model, "--port", port};
    if (served) {
      words.insert(words.end(), {"--served-model-name", *served});
    }
  } else if (backend == "sglang") {
    // The image has no entrypoint of use, and the server listens on 127.0.0.1 unless told.
    words = {"sglang", "serve", "--model-path", model, "--host", "0.0.0.0", "--port", port};
    if (served) {
      words.insert(words.end(), {"--served-model-name", *served});
    }
    if (const Value* key = core::find(endpoint, "api_key"); key && !key->is_null()) {
      words.insert(words.end(), {"--config", std::string(kSglangConfigPath)});
    }
  } else if (backend == "llamacpp") {
    words = {model.starts_with('/') ? "-m" : "-hf", model, "--host", "0.0.0.0", "--port", port};
    words.insert(words.end(), {"--alias", endpoint_served_name(endpoint)});
  }
  if (const Value* arguments = core::find(endpoint, "args")) {
    if (const Map* flags = arguments->get<Map>()) {
      const std::vector<std::string> more = argument_words(*flags);
      words.insert(words.end(), more.begin(), more.end());
    }
  }
  return words;
}

std::string dashed(std::string_view flag) {
  std::string text(flag);
  std::replace(text.begin() + (text.starts_with("--") ? 2 : 0), text.end(), '_', '-');
  return text;
}

}  // namespace

const Backend* find_backend(std::string_view name) {
  const auto* found = std::find_if(kBackends.begin(), kBackends.end(), [&](const Backend& backend) {
    return backend.name == name;
  });
  return found == kBackends.end() ? nullptr : found;
}

std::uint16_t endpoint_container_port(const Map& endpoint) {
  if (const auto port = core::integer_at(endpoint, "container_port")) {
    return static_cast<std::uint16_t>(*port);
  }
  const Backend* backend = find_backend(backend_of(endpoint));
  return backend ? backend->container_port : std::uint16_t{8000};
}

std::string endpoint_served_name(const Map& endpoint) {
  if (const auto served = core::string_at(endpoint, "served_name")) {
    return *served;
  }
  return core::string_at(endpoint, "model").value_or("");
}

std::vector<std::string> argument_words(const Map& arguments) {
  std::vector<std::string> words;
  for (const auto& [flag, value] : arguments) {
    append_argument(words, flag, value);
  }
  return words;
}

void check_endpoint(const Map& endpoint,
                    const core::Positions& positions,
                    core::Diagnostics& diagnostics) {
  const std::string backend = backend_of(endpoint);
  const Value* key = core::find(endpoint, "api_key");
  const std::string bind = core::string_at(endpoint, "bind").value_or("127.0.0.1");
  if ((key == nullptr || key->is_null()) && !bind.starts_with("127.") && bind != "::1") {
    diagnostics.warning(
        "Endpoint is open to everyone",
        fmt::format("It is published on {} without an `api_key`, so whoever reaches "
                    "this host may use it. Give it a key, or bind it to 127.0.0.1 "
                    "behind a proxy that asks for one.",
                    bind),
        core::position_of(positions, {"bind"}));
  }
  const Value* arguments = core::find(endpoint, "args");
  const Map* flags = arguments ? arguments->get<Map>() : nullptr;
  if (flags == nullptr || backend == "custom") {
    return;
  }
  for (const auto& [flag, value] : *flags) {
    const std::string plain = dashed(flag);
    for (const ReservedFlag& reserved : kReserved) {
      if (plain == reserved.flag) {
        diagnostics.error("Reserved serve argument",
                          fmt::format("{} is written by aim itself. Set the key `{}` of the "
                                      "endpoint instead, and remove {} from `args`.",
                                      flag,
                                      reserved.key,
                                      flag),
                          core::position_of(positions, {"args", flag}));
      }
    }
  }
}

Map endpoint_container(const Map& endpoint) {
  Map container;
  for (const std::string_view name : kShared) {
    if (const Value* value = core::find(endpoint, name); value && !value->is_null()) {
      container.emplace(name, *value);
    }
  }
  const Value* command = core::find(endpoint, "command");
  if (command && !command->is_null()) {
    container.insert_or_assign("command", *command);
  } else {
    List words;
    for (std::string& word : generated_command(endpoint)) {
      words.emplace_back(std::move(word));
    }
    if (!words.empty()) {
      container.insert_or_assign("command", Value(std::move(words)));
    }
  }
  Map environment;
  if (const Value* given = core::find(endpoint, "env"); given && given->is<Map>()) {
    environment = *given->get<Map>();
  }
  if (const Value* key = core::find(endpoint, "api_key");
      key && !key->is_null() && backend_of(endpoint) == "vllm") {
    environment.insert_or_assign("VLLM_API_KEY", *key);
  }
  if (!environment.empty()) {
    container.insert_or_assign("env", Value(std::move(environment)));
  }
  const std::string bind = core::string_at(endpoint, "bind").value_or("127.0.0.1");
  const std::int64_t port = core::integer_at(endpoint, "port").value_or(8000);
  const bool is_v6 = bind.find(':') != std::string::npos;
  container.insert_or_assign("ports",
                             Value(List{Value(fmt::format("{}:{}:{}/tcp",
                                                          is_v6 ? "[" + bind + "]" : bind,
                                                          port,
                                                          endpoint_container_port(endpoint)))}));
  return container;
}

}  // namespace aim::recipes
