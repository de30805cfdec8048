#include "providers/docker/registry_errors.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace aim::providers {

namespace {

using core::ErrorCode;
using core::make_error;

struct Sign {
  std::string_view text;
  RegistryProblem problem;
};

// In this order: a network error can quote an address that holds any other word.
constexpr std::array<Sign, 28> kSigns = {
    {{"dial tcp", RegistryProblem::Unreachable},
     {"no such host", RegistryProblem::Unreachable},
     {"connection refused", RegistryProblem::Unreachable},
     {"connection reset", RegistryProblem::Unreachable},
     {"network is unreachable", RegistryProblem::Unreachable},
     {"i/o timeout", RegistryProblem::Unreachable},
     {"TLS handshake timeout", RegistryProblem::Unreachable},
     {"Client.Timeout", RegistryProblem::Unreachable},
     {"context deadline", RegistryProblem::Unreachable},
     {"server misbehaving", RegistryProblem::Unreachable},
     {"x509:", RegistryProblem::Unreachable},
     {"HTTP response to HTTPS", RegistryProblem::Unreachable},
     {"no space left on device", RegistryProblem::DiskFull},
     {"toomanyrequests", RegistryProblem::RateLimited},
     {"Too Many Requests", RegistryProblem::RateLimited},
     {"no basic auth credentials", RegistryProblem::Refused},
     {"unauthorized", RegistryProblem::Refused},
     {"authentication required", RegistryProblem::Refused},
     {"denied", RegistryProblem::Refused},
     {"403 Forbidden", RegistryProblem::Refused},
     {"unknown blob", RegistryProblem::DamagedBlob},
     {"blob unknown", RegistryProblem::DamagedBlob},
     {"layer verification failed", RegistryProblem::DamagedBlob},
     {"no matching manifest", RegistryProblem::NoPlatform},
     {"manifest unknown", RegistryProblem::Missing},
     {"manifest for", RegistryProblem::Missing},
     {"name unknown", RegistryProblem::Missing},
     {"not found", RegistryProblem::Missing}}};

/// Without the dots and blanks at its end, so that a sentence can follow.
std::string words_of(const core::Error& error) {
  std::string words = error.message;
  while (!words.empty() && (words.back() == '.' || words.back() == ' ' || words.back() == '\n')) {
    words.pop_back();
  }
  return words;
}

std::string refused_advice(const std::string& registry, const RegistryLogin& login) {
  const std::string place = registry == "docker.io" ? "" : " " + registry;
  return login.credentials
             ? fmt::format(
                   "The credentials of {} were used; if they are old or wrong, renew them "
                   "with `docker login{}`",
                   login.origin,
                   place)
             : fmt::format(
                   "There are no credentials for {} in {}: `docker login{}` puts them there",
                   registry,
                   login.origin,
                   place);
}

}  // namespace

RegistryProblem registry_problem(std::string_view message) {
  const auto sign = std::find_if(kSigns.begin(), kSigns.end(), [&](const Sign& one) {
    return message.find(one.text) != std::string_view::npos;
  });
  return sign == kSigns.end() ? RegistryProblem::Other : sign->problem;
}

bool is_from_engine(const core::Error& error) {
  switch (error.code) {
    case ErrorCode::NotFound:
    case ErrorCode::Conflict:
    case ErrorCode::Denied:
    case ErrorCode::Failed:
      return true;
    case ErrorCode::Timeout:
    case ErrorCode::Cancelled:
    case ErrorCode::Unreachable:
    case ErrorCode::Invalid:
    case ErrorCode::Unsupported:
    case ErrorCode::Protocol:
    case ErrorCode::Locked:
    case ErrorCode::Stale:
      return false;
  }
  return false;
}

core::Error registry_error(const core::Error& error,
                           const std::string& reference,
                           const RegistryLogin& login) {
  if (!is_from_engine(error)) {
    return error;
  }
  const std::string registry = registry_of(reference);
  const auto with = [&](ErrorCode code, const std::string& advice) {
    return make_error(code, fmt::format("{}. {}", words_of(error), advice));
  };
  switch (registry_problem(error.message)) {
    case RegistryProblem::NoPlatform:
      return with(ErrorCode::NotFound,
                  fmt::format("{} has the image, but not for the platform that is wanted: choose "
                              "another tag, or `platform`",
                              registry));
    case RegistryProblem::Missing:
      return with(ErrorCode::NotFound,
                  fmt::format("{} has no such image: check the name and the tag", registry));
    case RegistryProblem::Refused:
      return with(ErrorCode::Denied, refused_advice(registry, login));
    case RegistryProblem::RateLimited:
      return with(ErrorCode::Failed,
                  fmt::format("{} limits how much is fetched{}: try later, or use a mirror",
                              registry,
                              login.credentials ? "" : " by those who are not logged in"));
    case RegistryProblem::Unreachable:
      return with(ErrorCode::Unreachable,
                  fmt::format("Docker cannot reach {}: check its network, proxy and certificates",
                              registry));
    case RegistryProblem::DamagedBlob:
      return with(ErrorCode::Failed,
                  fmt::format("What {} holds of the image is damaged: push it again", registry));
    case RegistryProblem::DiskFull:
      return with(ErrorCode::Failed,
                  "Docker's disk is full: `docker system df` shows what fills it");
    case RegistryProblem::Other:
      return error;
  }
  return error;
}

}  // namespace aim::providers
