#include "tests/model_server/api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <chrono>
#include <utility>

namespace aim::model_server {
namespace {

namespace json = boost::json;
using Clock = std::chrono::steady_clock;

constexpr std::string_view kVersion = "0.27.1";
constexpr std::array<std::string_view, 6> kReadRoutes = {
    "/health", "/ping", "/version", "/metrics", "/environment", "/v1/models"};
constexpr std::array<std::string_view, 6> kInferenceRoutes = {"/v1/chat/completions",
                                                              "/v1/completions",
                                                              "/v1/embeddings",
                                                              "/v1/rerank",
                                                              "/v2/rerank",
                                                              "/rerank"};

template <typename Routes>
bool contains(const Routes& routes, std::string_view path) {
  return std::find(routes.begin(), routes.end(), path) != routes.end();
}

std::int64_t unix_seconds() {
  return std::chrono::duration_cast<std::chrono::seconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

json::object model_entry(const Served& served, std::string_view id) {
  json::object permission{{"id", random_id("modelperm")},
                          {"object", "model_permission"},
                          {"created", served.created},
                          {"allow_create_engine", false},
                          {"allow_sampling", true},
                          {"allow_logprobs", true},
                          {"allow_search_indices", false},
                          {"allow_view", true},
                          {"allow_fine_tuning", false},
                          {"organization", "*"},
                          {"group", nullptr},
                          {"is_blocking", false}};
  return {{"id", id},
          {"object", "model"},
          {"created", served.created},
          {"owned_by", "vllm"},
          {"root", served.root},
          {"parent", nullptr},
          {"max_model_len", served.max_model_len},
          {"permission", json::array{std::move(permission)}}};
}

Response list_models(const Served& served) {
  json::array data;
  for (const std::string& name : served.names) {
    data.push_back(model_entry(served, name));
  }
  for (const Adapter& adapter : served.adapters) {
    json::object entry = model_entry(served, adapter.name);
    entry["root"] = adapter.path;
    entry["parent"] = served.names.front();
    entry["max_model_len"] = nullptr;
    data.push_back(std::move(entry));
  }
  return json_response(json::object{{"object", "list"}, {"data", std::move(data)}});
}

bool serves(const Served& served, std::string_view model) {
  return contains(served.names, model) ||
         std::any_of(served.adapters.begin(), served.adapters.end(), [&](const Adapter& adapter) {
           return adapter.name == model;
         });
}

}  // namespace

Api::Api(Served served, Behaviour behaviour, ReadVariable read_variable)
    : served_(std::move(served)),
      behaviour_(std::move(behaviour)),
      read_variable_(std::move(read_variable)),
      metrics_(served_.names.front(), behaviour_.kv_usage, served_.max_model_len) {}

bool Api::answer(Connection& connection, const Request& request, const std::stop_token& stop) {
  if (unauthorised(request)) {
    return connection.write({401, "application/json", R"({"error":"Unauthorized"})"},
                            request.keep_alive) &&
           request.keep_alive;
  }
  if (!contains(kInferenceRoutes, request.path) || request.method != "POST") {
    return connection.write(look_up(request), request.keep_alive) && request.keep_alive;
  }
  json::object body;
  if (const auto refusal = refuse_inference(request, body)) {
    return connection.write(*refusal, request.keep_alive) && request.keep_alive;
  }
  if (request.path == "/v1/chat/completions" || request.path == "/v1/completions") {
    return generate(connection, request, body, stop) && request.keep_alive;
  }
  return connection.write(pool(request, body), request.keep_alive) && request.keep_alive;
}

bool Api::unauthorised(const Request& request) const {
  if (served_.api_keys.empty() ||
      (!request.path.starts_with("/v1") && !request.path.starts_with("/v2"))) {
    return false;
  }
  const auto header = request.headers.find("authorization");
  return header == request.headers.end() ||
         std::none_of(served_.api_keys.begin(), served_.api_keys.end(), [&](const auto& key) {
           return header->second == "Bearer " + key;
         });
}

Response Api::look_up(const Request& request) const {
  const bool read_route = contains(kReadRoutes, request.path);
  const bool ping = request.path == "/ping" && request.method == "POST";
  if (!read_route && !contains(kInferenceRoutes, request.path)) {
    return error_response(404, "Not Found", "Not Found");
  }
  if (!read_route || (request.method != "GET" && !ping)) {
    return error_response(405, "Method Not Allowed", "Method Not Allowed");
  }
  if (request.path == "/health" || request.path == "/ping") {
    return {behaviour_.health_status, "text/plain", ""};
  }
  if (request.path == "/version") {
    return json_response(json::object{{"version", kVersion}});
  }
  if (request.path == "/metrics") {
    return {200, "text/plain; version=0.0.4; charset=utf-8", metrics_.text()};
  }
  if (request.path == "/v1/models") {
    return list_models(served_);
  }
  json::object variables;
  for (const std::string& name : behaviour_.echo_env) {
    const auto value = read_variable_(name);
    variables[name] = value ? json::value(*value) : json::value(nullptr);
  }
  return json_response(
      json::object{{"variables", std::move(variables)},
                   {"arguments", json::array(served_.arguments.begin(), served_.arguments.end())}});
}

std::optional<Response> Api::refuse_inference(const Request& request, json::object& body) const {
  const auto type = request.headers.find("content-type");
  if (type == request.headers.end() || !type->second.starts_with("application/json")) {
    return error_response(
        400, "Bad Request", "Unsupported Media Type: Only 'application/json' is allowed");
  }
  boost::system::error_code error;
  json::value parsed = json::parse(request.body, error);
  if (error || !parsed.is_object()) {
    return error_response(400, "Bad Request", "JSON decode error");
  }
  body = std::move(parsed.get_object());
  const json::value* model = body.if_contains("model");
  if (model != nullptr && !model->is_null() && !model->is_string()) {
    return error_response(400, "Bad Request", "Input should be a valid string", "model");
  }
  if (model != nullptr && model->is_string() && !serves(served_, model->get_string())) {
    return error_response(
        404,
        "NotFoundError",
        fmt::format("The model `{}` does not exist.", std::string_view(model->get_string())),
        "model");
  }
  if (behaviour_.inference_status != 200) {
    return error_response(behaviour_.inference_status,
                          "InternalServerError",
                          "EngineCore encountered an issue. See stack trace (above) for the root "
                          "cause.");
  }
  return std::nullopt;
}

Response Api::pool(const Request& request, const json::object& body) {
  const auto begin = Clock::now();
  metrics_.request_started();
  auto pooled = request.path == "/v1/embeddings" ? embed(body, served_, unix_seconds())
                                                 : rerank(body, served_);
  FinishedRequest finished;
  Response response;
  if (auto* done = std::get_if<Pooled>(&pooled)) {
    finished.prompt_tokens = done->prompt_tokens;
    response = std::move(done->response);
  } else {
    finished.reason = "error";
    response = std::move(std::get<Response>(pooled));
  }
  finished.whole = Clock::now() - begin;
  metrics_.request_finished(finished);
  return response;
}

void Api::wait_for_token(const std::stop_token& stop) {
  if (behaviour_.tokens_per_second > 0) {
    std::unique_lock lock(pace_mutex_);
    pace_.wait_for(lock, stop, std::chrono::duration<double>(1 / behaviour_.tokens_per_second), [] {
      return false;
    });
  }
}

bool Api::generate(Connection& connection,
                   const Request& request,
                   const json::object& body,
                   const std::stop_token& stop) {
  const Form form = request.path == "/v1/completions" ? Form::Completion : Form::Chat;
  auto prepared = prepare_generation(body, form, served_, unix_seconds());
  if (const auto* refusal = std::get_if<Response>(&prepared)) {
    return connection.write(*refusal, request.keep_alive);
  }
  const auto& generation = std::get<Generation>(prepared);
  metrics_.request_started();
  const auto begin = Clock::now();
  FinishedRequest finished;
  finished.prompt_tokens = generation.prompt_tokens;
  finished.reason = generation.finish_reason;
  bool sent = true;
  if (generation.stream) {
    sent = stream(connection, generation, request.keep_alive, stop, finished);
  } else {
    for (std::size_t i = 0; i < generation.pieces.size(); ++i) {
      wait_for_token(stop);
      metrics_.token_generated();
      ++finished.generation_tokens;
      if (i == 0) {
        finished.to_first_token = Clock::now() - begin;
      }
    }
  }
  finished.whole = Clock::now() - begin;
  if (!sent) {
    finished.reason = "abort";
  }
  // Counted before the answer goes out, so that a client that has it also finds it counted.
  metrics_.request_finished(finished);
  if (!generation.stream) {
    return connection.write(whole_reply(generation), request.keep_alive);
  }
  return sent && connection.end_stream();
}

bool Api::stream(Connection& connection,
                 const Generation& generation,
                 bool keep_alive,
                 const std::stop_token& stop,
                 FinishedRequest& finished) {
  const auto begin = Clock::now();
  const auto send = [&](const std::string& data) {
    return connection.write_chunk(fmt::format("data: {}\n\n", data));
  };
  const auto send_all = [&](const std::vector<std::string>& events) {
    return std::all_of(events.begin(), events.end(), send);
  };
  if (!connection.begin_stream("text/event-stream; charset=utf-8", keep_alive) ||
      !send_all(opening_events(generation))) {
    return false;
  }
  for (std::size_t i = 0; i < generation.pieces.size(); ++i) {
    wait_for_token(stop);
    if (!send(token_event(generation, i))) {
      return false;
    }
    metrics_.token_generated();
    ++finished.generation_tokens;
    if (i == 0) {
      finished.to_first_token = Clock::now() - begin;
    }
  }
  return send_all(closing_events(generation));
}

}  // namespace aim::model_server
