#include "providers/docker/negotiation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <optional>

#include "providers/docker/json_read.hpp"

namespace aim::providers {

using core::Error;
using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

/// From 5 on Podman has Docker's call to update a container.
constexpr int kPodmanThatUpdates = 5;
/// How Go's servers answer a request in clear text on a port that speaks TLS.
constexpr std::string_view kWantsTls = "Client sent an HTTP request to an HTTPS server";

std::string text_of(const HttpResponse& response, const char* header) {
  const auto found = response.headers.find(header);
  return found == response.headers.end() ? std::string() : found->second;
}

Result<ApiVersion> pinned_version(const Greeting& greeting, const std::string& pinned) {
  const std::optional<ApiVersion> version = parse_api_version(pinned);
  if (!version) {
    return make_error(ErrorCode::Invalid,
                      fmt::format("DOCKER_API_VERSION is \"{}\", which is not a version such as {}",
                                  pinned,
                                  to_string(kOldestApi)));
  }
  if (*version < kOldestApi || *version > kNewestApi) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("DOCKER_API_VERSION asks for {}, and aim knows {} to {}; unset "
                                  "it, and aim agrees with the Engine by itself",
                                  pinned,
                                  to_string(kOldestApi),
                                  to_string(kNewestApi)));
  }
  if (*version > greeting.newest) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("DOCKER_API_VERSION asks for {}, and this {} speaks {} at most; "
                                  "unset it, and aim agrees with the Engine by itself",
                                  pinned,
                                  greeting.product,
                                  to_string(greeting.newest)));
  }
  return *version;
}

}  // namespace

Result<Greeting> read_greeting(const HttpResponse& ping) {
  if (ping.status == 400 && ping.body.find(kWantsTls) != std::string::npos) {
    return make_error(ErrorCode::Protocol,
                      "this Docker Engine wants TLS; set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH "
                      "to the directory with ca.pem, cert.pem and key.pem");
  }
  if (ping.status >= 400) {
    return error_from_answer(ping);
  }
  const std::optional<ApiVersion> newest = parse_api_version(text_of(ping, "api-version"));
  if (!newest) {
    return make_error(ErrorCode::Protocol, "what answered is not a Docker Engine");
  }
  Greeting greeting;
  greeting.newest = *newest;
  if (const std::string podman = text_of(ping, "libpod-api-version"); !podman.empty()) {
    const std::optional<ApiVersion> release =
        parse_api_version(podman.substr(0, podman.rfind('.')));
    greeting.product = "Podman " + podman;
    greeting.updates_containers = release && release->major >= kPodmanThatUpdates;
  }
  return greeting;
}

Result<ApiVersion> choose_version(const Greeting& greeting, const std::string& pinned) {
  if (greeting.newest < kOldestApi) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("this {} speaks API {} at most; aim needs {}, which came with "
                                  "Docker 20.10",
                                  greeting.product,
                                  to_string(greeting.newest),
                                  to_string(kOldestApi)));
  }
  return pinned.empty() ? Result<ApiVersion>(std::min(greeting.newest, kNewestApi))
                        : pinned_version(greeting, pinned);
}

Error refused_version(const Error& refusal,
                      const Result<HttpResponse>& about,
                      ApiVersion ours,
                      const std::string& pinned) {
  if (!about || about->status >= 300) {
    return refusal;
  }
  const Result<boost::json::value> parsed = json_read::parse_object(about->body);
  if (!parsed) {
    return refusal;
  }
  const std::string least = json_read::text_at(parsed->get_object(), "MinAPIVersion");
  const std::optional<ApiVersion> least_version = parse_api_version(least);
  if (!least_version || *least_version <= ours) {
    return refusal;
  }
  const std::string release = json_read::text_at(parsed->get_object(), "Version");
  if (!pinned.empty()) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("DOCKER_API_VERSION asks for {}, and Docker Engine {} takes {} "
                                  "and newer; unset it, and aim agrees with the Engine by itself",
                                  pinned,
                                  release,
                                  least));
  }
  return make_error(ErrorCode::Unsupported,
                    fmt::format("Docker Engine {} takes API {} and newer, and aim knows {} to {}; "
                                "use a newer aim, or lower min-api-version in the Engine's "
                                "daemon.json",
                                release,
                                least,
                                to_string(kOldestApi),
                                to_string(kNewestApi)));
}

}  // namespace aim::providers
