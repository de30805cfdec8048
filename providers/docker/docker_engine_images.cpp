#include <fmt/format.h>

#include "providers/docker/docker_engine.hpp"
#include "providers/docker/docker_limits.hpp"
#include "providers/docker/registry_errors.hpp"

namespace aim::providers {

using core::ErrorCode;
using core::make_error;
using core::Result;

Result<core::ObservedImage> DockerEngine::inspect_image(const std::string& reference,
                                                        std::stop_token stop) {
  const Result<HttpResponse> answer =
      ask(inspect_image_request(reference), limits::kRead, std::move(stop));
  return answer ? decode_image(answer->body) : answer.error();
}

Result<RegistryLogin> DockerEngine::login_for(const std::string& reference, std::stop_token stop) {
  return !registry_ ? RegistryLogin{std::nullopt, "Docker's configuration"}
                    : registry_->logins.find(registry_of(reference), std::move(stop));
}

Result<core::RegistryImage> DockerEngine::ask_registry(const std::string& reference,
                                                       std::stop_token stop) {
  const Result<PullReference> parsed = parse_pull_reference(reference);
  if (!parsed) {
    return parsed.error();
  }
  const Result<RegistryLogin> login = login_for(reference, stop);
  if (!login) {
    return login.error();
  }
  const Result<HttpResponse> answer =
      ask(distribution_request(*parsed, *login), limits::kRegistry, std::move(stop));
  return answer ? decode_registry_image(answer->body)
                : registry_error(answer.error(), reference, *login);
}

Result<core::ObservedImage> DockerEngine::pull(
    const core::PullRequest& request,
    const std::function<void(const core::PullProgress&)>& progress,
    std::stop_token stop) {
  const Result<PullReference> parsed = parse_pull_reference(request.reference);
  if (!parsed) {
    return parsed.error();
  }
  const Result<RegistryLogin> login = login_for(request.reference, stop);
  if (!login) {
    return login.error();
  }
  const Listen listen_to = [this](HttpRequest http,
                                  const BodySink& sink,
                                  std::chrono::milliseconds inactivity,
                                  std::stop_token ended) {
    return listen(std::move(http), sink, inactivity, std::move(ended));
  };
  const Result<void> pulled = puller_.pull(*parsed,
                                           request.platform,
                                           *login,
                                           registry_ ? &registry_->clock : nullptr,
                                           listen_to,
                                           progress,
                                           stop);
  if (!pulled) {
    return pulled.error();
  }
  // An Engine reports failures inside an answer of status 200: only this is proof.
  Result<core::ObservedImage> image = inspect_image(to_string(*parsed), std::move(stop));
  if (!image && image.error().code == ErrorCode::NotFound) {
    return make_error(ErrorCode::Failed,
                      fmt::format("Docker reported no error while pulling {}, but does not have it",
                                  to_string(*parsed)));
  }
  return image;
}

}  // namespace aim::providers
