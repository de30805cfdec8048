#include "planner/readiness_policy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <charconv>

#include "planner/realize.hpp"
#include "planner/schema.hpp"
#include "recipes/resolve.hpp"

namespace aim::planner {

namespace json = boost::json;
using core::Address;
using core::Kind;
using core::Map;
using core::Value;
using std::chrono::milliseconds;

namespace {

// Enough for any model to say something, and over in a moment.
constexpr int kInferenceTokens = 8;

milliseconds duration_at(const Map& map, std::string_view key, milliseconds fallback) {
  const auto value = core::integer_at(map, key);
  return value ? milliseconds(*value) : fallback;
}

Check inference_check(const std::string& task, const std::string& model) {
  Check check;
  check.name = "inference";
  check.request.method = "POST";
  if (task == "embedding") {
    check.expect = Check::Expect::Embeds;
    check.request.path = "/v1/embeddings";
    check.request.body = json::serialize(json::object{{"model", model}, {"input", "ready?"}});
  } else if (task == "rerank") {
    check.expect = Check::Expect::Ranks;
    check.request.path = "/v1/rerank";
    check.request.body = json::serialize(json::object{
        {"model", model}, {"query", "ready?"}, {"documents", json::array{"yes", "no"}}});
  } else if (task == "completion") {
    check.expect = Check::Expect::GeneratesToken;
    check.request.path = "/v1/completions";
    check.request.body = json::serialize(json::object{{"model", model},
                                                      {"prompt", "Hello"},
                                                      {"max_tokens", kInferenceTokens},
                                                      {"temperature", 0}});
  } else {
    check.expect = Check::Expect::GeneratesToken;
    check.request.path = "/v1/chat/completions";
    check.request.body = json::serialize(json::object{
        {"model", model},
        {"messages", json::array{json::object{{"role", "user"}, {"content", "Hello"}}}},
        {"max_tokens", kInferenceTokens},
        {"temperature", 0}});
  }
  return check;
}

void add_builtin_checks(const Map& endpoint,
                        const Map& readiness,
                        milliseconds timeout,
                        std::vector<Check>& checks) {
  const std::string model = recipes::endpoint_served_name(endpoint);
  std::optional<core::Secret> key;
  if (const Value* given = core::find(endpoint, "api_key")) {
    if (const core::Secret* secret = given->get<core::Secret>()) {
      key = *secret;
    }
  }
  Check health;
  health.name = "health";
  health.request.path = "/health";
  health.request.timeout = timeout;
  Check models;
  models.name = "models";
  models.expect = Check::Expect::ListsModel;
  models.served_name = model;
  models.request.path = "/v1/models";
  models.request.timeout = timeout;
  models.request.bearer = key;
  std::vector<Check> adapters;
  const Value* lora = core::find(endpoint, "lora");
  // vLLM lists them beside the model; whether others do is not known.
  if (lora && lora->is<Map>() && core::string_at(endpoint, "backend") == "vllm") {
    for (const auto& [name, source] : *lora->get<Map>()) {
      Check adapter = models;
      adapter.name = "adapter " + name;
      adapter.served_name = name;
      adapters.push_back(std::move(adapter));
    }
  }
  Check inference = inference_check(core::string_at(endpoint, "task").value_or("chat"), model);
  inference.request.timeout = duration_at(readiness, "inference_timeout", milliseconds(60'000));
  inference.request.bearer = key;
  const std::uint16_t port = recipes::endpoint_container_port(endpoint);
  std::vector<Check*> all = {&health, &models};
  for (Check& adapter : adapters) {
    all.push_back(&adapter);
  }
  all.push_back(&inference);
  for (Check* check : all) {
    // Of a previous deployment only the digest of its key may be known: then health has to do.
    if (check->request.bearer && !check->request.bearer->known()) {
      continue;
    }
    check->port = port;
    checks.push_back(std::move(*check));
  }
}

void add_own_checks(const Map& readiness,
                    std::uint16_t default_port,
                    milliseconds timeout,
                    std::vector<Check>& checks) {
  if (const Value* http = core::find(readiness, "http"); http && http->is<Map>()) {
    const Map& settings = *http->get<Map>();
    Check check;
    check.name = "http";
    check.request.method = core::string_at(settings, "method").value_or("GET");
    check.request.path = core::string_at(settings, "path").value_or("/");
    check.request.timeout = timeout;
    check.port =
        static_cast<std::uint16_t>(core::integer_at(settings, "port").value_or(default_port));
    check.status = static_cast<int>(core::integer_at(settings, "status").value_or(200));
    check.request.body = core::string_at(settings, "body").value_or("");
    check.contains = core::string_at(settings, "contains").value_or("");
    if (const Value* wanted = core::find(settings, "json"); wanted && wanted->is<Map>()) {
      for (const auto& [path, value] : *wanted->get<Map>()) {
        check.json.emplace(path, *value.get<std::string>());
      }
    }
    checks.push_back(std::move(check));
  }
  if (const Value* tcp = core::find(readiness, "tcp"); tcp && tcp->is<Map>()) {
    Check check;
    check.name = "tcp";
    check.expect = Check::Expect::Connects;
    check.request.timeout = timeout;
    check.port = static_cast<std::uint16_t>(
        core::integer_at(*tcp->get<Map>(), "port").value_or(default_port));
    checks.push_back(std::move(check));
  }
  if (const Value* exec = core::find(readiness, "exec"); exec && exec->is<Map>()) {
    Check check;
    check.name = "exec";
    check.expect = Check::Expect::Exits;
    check.request.timeout = timeout;
    if (const Value* command = core::find(*exec->get<Map>(), "command")) {
      for (const Value& word : *command->get<core::List>()) {
        check.command.push_back(*word.get<std::string>());
      }
    }
    checks.push_back(std::move(check));
  }
  if (const Value* log = core::find(readiness, "log"); log && log->is<Map>()) {
    Check check;
    check.name = "log";
    check.expect = Check::Expect::Logs;
    check.contains = core::string_at(*log->get<Map>(), "contains").value_or("");
    checks.push_back(std::move(check));
  }
}

std::string shortened(std::string text) {
  std::replace(text.begin(), text.end(), '\n', ' ');
  constexpr std::size_t kMost = 200;
  return text.size() <= kMost ? text : text.substr(0, kMost) + "...";
}

/// The value at "data.0.id", or null.
const json::value* value_at(const json::value& value, std::string_view path) {
  const json::value* here = &value;
  while (here != nullptr && !path.empty()) {
    const std::string_view step = path.substr(0, path.find('.'));
    path.remove_prefix(std::min(path.size(), step.size() + 1));
    if (const json::object* object = here->if_object()) {
      here = object->if_contains(step);
      continue;
    }
    const json::array* array = here->if_array();
    std::size_t index = 0;
    const auto [end, failed] = std::from_chars(step.data(), step.data() + step.size(), index);
    const bool number = failed == std::errc() && end == step.data() + step.size();
    here = array && number && index < array->size() ? &(*array)[index] : nullptr;
  }
  return here;
}

/// What an answer lacks of the values that it is to have; empty: nothing.
std::string missing_values(const std::map<std::string, std::string>& wanted,
                           const std::string& text) {
  if (wanted.empty()) {
    return {};
  }
  boost::system::error_code failed;
  const json::value body = json::parse(text, failed);
  if (failed) {
    return "the answer is not JSON";
  }
  for (const auto& [path, value] : wanted) {
    const json::value* found = value_at(body, path);
    if (found == nullptr) {
      return fmt::format("the answer has no \"{}\"", path);
    }
    // The library writes 1.5 as 1.5E0.
    const std::string have = found->is_string()   ? std::string(found->get_string())
                             : found->is_double() ? fmt::format("{}", found->get_double())
                                                  : json::serialize(*found);
    if (have != value) {
      return fmt::format("\"{}\" is {}, not {}", path, shortened(have), value);
    }
  }
  return {};
}

/// A member on the way `keys` into a JSON answer, or null.
const json::value* member(const json::value& value, std::initializer_list<const char*> keys) {
  const json::value* here = &value;
  for (const char* key : keys) {
    const json::object* object = here->if_object();
    here = object ? object->if_contains(key) : nullptr;
    if (here == nullptr) {
      return nullptr;
    }
  }
  return here;
}

CheckVerdict judge_models(const Check& check, const json::value& body) {
  const json::value* data = member(body, {"data"});
  const json::array* list = data ? data->if_array() : nullptr;
  if (list == nullptr) {
    return {false, "the answer has no list of models"};
  }
  std::vector<std::string> names;
  for (const json::value& entry : *list) {
    const json::value* id = member(entry, {"id"});
    if (id && id->is_string()) {
      names.emplace_back(id->get_string());
    }
  }
  if (std::find(names.begin(), names.end(), check.served_name) != names.end()) {
    return {true, {}};
  }
  return {false,
          fmt::format("model \"{}\" is not listed; listed: {}",
                      check.served_name,
                      names.empty() ? "none" : fmt::format("{}", fmt::join(names, ", "))),
          true};
}

CheckVerdict judge_body(const Check& check, const std::string& text) {
  boost::system::error_code failed;
  const json::value body = json::parse(text, failed);
  if (failed) {
    return {false, "the answer is not JSON"};
  }
  switch (check.expect) {
    case Check::Expect::ListsModel:
      return judge_models(check, body);
    case Check::Expect::GeneratesToken: {
      // The number of tokens counts, not the text: with a reasoning parser the text can be null.
      const json::value* tokens = member(body, {"usage", "completion_tokens"});
      const bool some = tokens && tokens->is_int64() && tokens->get_int64() >= 1;
      return {some, some ? "" : "no token was generated", !some};
    }
    case Check::Expect::Embeds: {
      const json::value* data = member(body, {"data"});
      const bool some = data && data->is_array() && !data->get_array().empty();
      return {some, some ? "" : "no embedding was returned"};
    }
    case Check::Expect::Ranks: {
      const json::value* data = member(body, {"results"});
      const bool some = data && data->is_array() && !data->get_array().empty();
      return {some, some ? "" : "no ranking was returned"};
    }
    case Check::Expect::Status:
    case Check::Expect::Connects:
    case Check::Expect::Exits:
    case Check::Expect::Logs:
      break;
  }
  return {true, {}};
}

}  // namespace

namespace {

/// Nothing tells how far a job is, so only the whole time counts unless a limit is given.
ReadinessPolicy job_policy(const Map& readiness) {
  ReadinessPolicy policy;
  policy.job = true;
  policy.start_timeout = duration_at(readiness, "start_timeout", policy.total_timeout);
  policy.total_timeout = std::max(policy.total_timeout, policy.start_timeout);
  return policy;
}

}  // namespace

std::optional<ReadinessPolicy> readiness_policy(const Address& address, const Map& attributes) {
  if (address.kind != Kind::Endpoint && address.kind != Kind::Container) {
    return std::nullopt;
  }
  const Value* given = core::find(attributes, "readiness");
  const Map* settings = given ? given->get<Map>() : nullptr;
  if (is_job(attributes)) {
    return job_policy(settings ? *settings : Map());
  }
  if (settings == nullptr && address.kind == Kind::Container) {
    return std::nullopt;
  }
  const Map readiness = settings ? *settings : Map();
  ReadinessPolicy policy;
  const milliseconds timeout = duration_at(readiness, "timeout", milliseconds(10'000));
  policy.interval = duration_at(readiness, "interval", policy.interval);
  policy.start_timeout = duration_at(readiness, "start_timeout", policy.start_timeout);
  std::uint16_t default_port = 0;
  if (address.kind == Kind::Endpoint) {
    default_port = recipes::endpoint_container_port(attributes);
    if (core::boolean_at(readiness, "builtin").value_or(true)) {
      add_builtin_checks(attributes, readiness, timeout, policy.checks);
    }
  }
  add_own_checks(readiness, default_port, timeout, policy.checks);
  return policy;
}

CheckVerdict judge(const Check& check, const core::Result<core::ProbeAnswer>& answer) {
  if (!answer) {
    return {false, answer.error().message};
  }
  if (check.expect == Check::Expect::Connects) {
    return {true, {}};
  }
  const int wanted = check.expect == Check::Expect::Status ? check.status : 200;
  if (answer->status != wanted) {
    // 503 is how servers say "still loading", 429 "busy"; own checks may wait for any status.
    const bool definite =
        check.expect != Check::Expect::Status && answer->status != 503 && answer->status != 429;
    return {false,
            fmt::format("HTTP {}{}",
                        answer->status,
                        answer->body.empty() ? "" : ": " + shortened(answer->body)),
            definite};
  }
  if (check.expect == Check::Expect::Status) {
    if (!check.contains.empty() && answer->body.find(check.contains) == std::string::npos) {
      return {false, fmt::format("the answer does not contain \"{}\"", check.contains)};
    }
    std::string missing = missing_values(check.json, answer->body);
    return {missing.empty(), std::move(missing)};
  }
  return judge_body(check, answer->body);
}

CheckVerdict judge(const Check&, const core::Result<core::ExecResult>& result) {
  if (!result) {
    return {false, result.error().message};
  }
  if (result->exit_code == 0) {
    return {true, {}};
  }
  return {false,
          fmt::format("exited with code {}{}",
                      result->exit_code,
                      result->output.empty() ? "" : ": " + shortened(result->output)),
          result->exit_code == 126 || result->exit_code == 127};  // there is no such program
}

}  // namespace aim::planner
