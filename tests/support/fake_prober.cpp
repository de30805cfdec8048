#include "tests/support/fake_prober.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <regex>
#include <string_view>

namespace aim::support {

namespace {

namespace json = boost::json;
using core::ErrorCode;
using std::chrono::milliseconds;

bool matches(const ContainerMatch& match, const ContainerView& container) {
  const auto with_tag = [](const std::string& ref) {
    const std::size_t slash = ref.rfind('/');
    const bool tagged = ref.find(':', slash == std::string::npos ? 0 : slash) != std::string::npos;
    return tagged ? ref : ref + ":latest";
  };
  if (!match.image.empty() && with_tag(match.image) != with_tag(container.image)) {
    return false;
  }
  if (!match.name.empty() && !std::regex_match(container.name, std::regex(match.name))) {
    return false;
  }
  const auto has = [&](const std::vector<std::string>& texts) {
    return std::find(texts.begin(), texts.end(), match.argument) != texts.end();
  };
  return match.argument.empty() || has(container.entrypoint) || has(container.cmd) ||
         has(container.env);
}

/// What the command line says the model is called: the first of the flags in this order.
std::string served_name(const ContainerView& container) {
  constexpr std::array<std::string_view, 7> kFlags = {
      "--served-model-name", "--alias", "-a", "--model", "--model-path", "-m", "-hf"};
  std::vector<std::string> words = container.entrypoint;
  words.insert(words.end(), container.cmd.begin(), container.cmd.end());
  for (const std::string_view flag : kFlags) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (words[i] == flag && i + 1 < words.size()) {
        return words[i + 1];
      }
      const std::string with_equals = std::string(flag) + "=";
      if (words[i].starts_with(with_equals)) {
        return words[i].substr(with_equals.size());
      }
    }
  }
  return "model";
}

core::ProbeAnswer answer(int status, const json::value& body, milliseconds latency) {
  return {status, json::serialize(body), latency};
}

core::ProbeAnswer inference_answer(const std::string& path,
                                   const ModelServer& server,
                                   const std::string& model) {
  if (server.inference_status != 200) {
    return answer(
        server.inference_status,
        {{"error", json::object{{"message", "inference failed"}, {"type", "server_error"}}}},
        server.latency);
  }
  const json::object usage{{"prompt_tokens", 4},
                           {"completion_tokens", server.completion_tokens},
                           {"total_tokens", 4 + server.completion_tokens}};
  if (path == "/v1/chat/completions") {
    return answer(200,
                  {{"id", "chat-1"},
                   {"object", "chat.completion"},
                   {"model", model},
                   {"choices",
                    json::array{json::object{
                        {"index", 0},
                        {"message", json::object{{"role", "assistant"}, {"content", "ok"}}},
                        {"finish_reason", "length"}}}},
                   {"usage", usage}},
                  server.latency);
  }
  if (path == "/v1/completions") {
    return answer(
        200,
        {{"id", "completion-1"},
         {"object", "text_completion"},
         {"model", model},
         {"choices",
          json::array{json::object{{"index", 0}, {"text", "ok"}, {"finish_reason", "length"}}}},
         {"usage", usage}},
        server.latency);
  }
  if (path == "/v1/embeddings") {
    return answer(
        200,
        {{"object", "list"},
         {"model", model},
         {"data",
          json::array{json::object{
              {"object", "embedding"}, {"index", 0}, {"embedding", json::array{0.1, 0.2}}}}}},
        server.latency);
  }
  return answer(200,
                {{"model", model},
                 {"results", json::array{json::object{{"index", 0}, {"relevance_score", 0.9}}}}},
                server.latency);
}

bool is_inference(std::string_view path) {
  return path == "/v1/chat/completions" || path == "/v1/completions" || path == "/v1/embeddings" ||
         path == "/rerank" || path == "/v1/rerank" || path == "/v1/score";
}

}  // namespace

FakeProber::FakeProber(const MemoryDocker& docker, core::Clock& clock)
    : docker_(docker), clock_(clock) {}

void FakeProber::serve(ContainerMatch match, ModelServer server) {
  const std::scoped_lock lock(mutex_);
  servers_.emplace_back(std::move(match), std::move(server));
}

ModelServer FakeProber::server_of(const ContainerView& container) const {
  const std::scoped_lock lock(mutex_);
  for (auto entry = servers_.rbegin(); entry != servers_.rend(); ++entry) {
    if (matches(entry->first, container)) {
      return entry->second;
    }
  }
  return {};
}

core::Result<FakeProber::Found> FakeProber::find(const core::ProbeTarget& target) const {
  const std::optional<ContainerView> container = docker_.container(target.container_id);
  if (!container || !container->running() || !container->started) {
    return core::make_error(ErrorCode::Unreachable, "connection refused");
  }
  Found found{*container, server_of(*container), {}};
  found.age = std::chrono::duration_cast<milliseconds>(clock_.steady_now() - *container->started);
  const bool elsewhere = found.server.port && *found.server.port != target.container_port;
  if (elsewhere || found.age < found.server.listens_after) {
    return core::make_error(ErrorCode::Unreachable, "connection refused");
  }
  return found;
}

core::Result<core::ProbeAnswer> FakeProber::http(const core::ProbeTarget& target,
                                                 const core::ProbeRequest& request,
                                                 std::stop_token stop) {
  if (stop.stop_requested()) {
    return core::make_error(ErrorCode::Cancelled, "cancelled");
  }
  const std::optional<ContainerView> named = docker_.container(target.container_id);
  {
    const std::scoped_lock lock(mutex_);
    probes_.push_back({named ? named->name : target.container_id,
                       request.method,
                       request.path,
                       target.container_port});
  }
  const core::Result<Found> found = find(target);
  if (!found) {
    return found.error();
  }
  const ModelServer& server = found->server;
  const std::string path = request.path.substr(0, request.path.find('?'));
  const bool slow = server.latency >= request.timeout;
  if ((is_inference(path) && server.inference_hangs) || slow) {
    return clock_.wait_for(request.timeout, stop)
               ? core::make_error(ErrorCode::Timeout, "no answer before the deadline")
               : core::make_error(ErrorCode::Cancelled, "cancelled");
  }
  if (server.latency > milliseconds{0} && !clock_.wait_for(server.latency, stop)) {
    return core::make_error(ErrorCode::Cancelled, "cancelled");
  }
  const bool locked = !server.api_key.empty() && path.starts_with("/v1/");
  if (locked && (!request.bearer || request.bearer->reveal() != server.api_key)) {
    return answer(401, json::object{{"error", "Unauthorized"}}, server.latency);
  }
  const bool model_path = path == "/health" || path == "/v1/models" || is_inference(path);
  if (model_path && (!server.ready_after || found->age < *server.ready_after)) {
    return answer(503, json::object{{"error", "loading"}}, server.latency);
  }
  std::vector<std::string> models = server.models;
  if (models.empty()) {
    models.push_back(served_name(found->container));
  }
  if (path == "/v1/models") {
    json::array data;
    for (const std::string& model : models) {
      data.push_back(json::object{{"id", model}, {"object", "model"}});
    }
    return answer(200, {{"object", "list"}, {"data", data}}, server.latency);
  }
  if (is_inference(path)) {
    return inference_answer(path, server, models.front());
  }
  return core::ProbeAnswer{200, path == "/health" ? "" : "ok", server.latency};
}

core::Result<void> FakeProber::tcp(const core::ProbeTarget& target,
                                   milliseconds timeout,
                                   std::stop_token stop) {
  static_cast<void>(timeout);
  if (stop.stop_requested()) {
    return core::make_error(ErrorCode::Cancelled, "cancelled");
  }
  const core::Result<Found> found = find(target);
  if (!found) {
    return found.error();
  }
  return {};
}

std::vector<RecordedProbe> FakeProber::probes() const {
  const std::scoped_lock lock(mutex_);
  return probes_;
}

}  // namespace aim::support
