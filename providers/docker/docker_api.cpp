#include "providers/docker/docker_api.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <charconv>

#include "providers/docker/json_read.hpp"

namespace aim::providers {

namespace {

namespace json = boost::json;
using core::ErrorCode;

bool is_unreserved(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '_' || c == '.' || c == '~';
}

std::string encode_except(std::string_view text, std::string_view kept) {
  std::string result;
  for (const char c : text) {
    if (is_unreserved(c) || kept.find(c) != std::string_view::npos) {
      result += c;
    } else {
      result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return result;
}

std::optional<int> number(std::string_view digits) {
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  const bool whole = error == std::errc() && end == digits.data() + digits.size() && value >= 0;
  return whole ? std::optional(value) : std::nullopt;
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Conflicts that come as 500: over ports from Docker, over anything from Podman.
bool tells_of_a_conflict(std::string_view message) {
  constexpr std::array<std::string_view, 8> kSigns = {"port is already allocated",
                                                      "address already in use",
                                                      "is already in use by",
                                                      "is already used on the host",
                                                      "already exists",
                                                      "container state improper",
                                                      "network is being used",
                                                      "volume is being used"};
  return std::any_of(
      kSigns.begin(), kSigns.end(), [&](std::string_view sign) { return contains(message, sign); });
}

ErrorCode code_of(int status, std::string_view message) {
  // Before any byte of an image was fetched a registry's refusal comes with whatever status.
  if (contains(message, "pull access denied") || contains(message, "unauthorized") ||
      contains(message, "no basic auth credentials")) {
    return ErrorCode::Denied;
  }
  switch (status) {
    case 400:
      return contains(message, "client version") ? ErrorCode::Unsupported : ErrorCode::Invalid;
    case 401:
      return ErrorCode::Denied;
    case 403:
      // The Engine's own refusals concern objects that are in use or fixed; authorization plugins
      // name themselves.
      return contains(message, "authorization denied") ? ErrorCode::Denied : ErrorCode::Conflict;
    case 404:
      return ErrorCode::NotFound;
    case 409:
      return ErrorCode::Conflict;
    case 501:
      return ErrorCode::Unsupported;
    default:
      return tells_of_a_conflict(message) ? ErrorCode::Conflict : ErrorCode::Failed;
  }
}

std::string container_path(const std::string& container, std::string_view what) {
  return fmt::format("/containers/{}{}", percent_encode(container), what);
}

HttpRequest get(std::string target) { return {"GET", std::move(target), {}, {}}; }

HttpRequest post(std::string target, std::string body = {}) {
  return {"POST", std::move(target), {}, std::move(body)};
}

HttpRequest remove(std::string target) { return {"DELETE", std::move(target), {}, {}}; }

}  // namespace

std::string to_string(const ApiVersion& version) {
  return fmt::format("{}.{}", version.major, version.minor);
}

std::optional<ApiVersion> parse_api_version(std::string_view text) {
  const std::size_t dot = text.find('.');
  if (dot == std::string_view::npos) {
    return std::nullopt;
  }
  const std::optional<int> major = number(text.substr(0, dot));
  const std::optional<int> minor = number(text.substr(dot + 1));
  return major && minor ? std::optional(ApiVersion{*major, *minor}) : std::nullopt;
}

std::string percent_encode(std::string_view text) { return encode_except(text, ""); }

core::Error error_from_answer(const HttpResponse& response) {
  std::string message;
  boost::system::error_code error;
  const json::value body = json::parse(response.body, error);
  if (!error && body.is_object()) {
    message = json_read::text_at(body.get_object(), "message");
  } else {
    // "client version ... is too old" comes as plain text from Engines before 23.
    message = response.body;
  }
  while (!message.empty() && (message.back() == '\n' || message.back() == '\r')) {
    message.pop_back();
  }
  if (message.empty()) {
    message = fmt::format("Docker answered with HTTP status {}", response.status);
  }
  return core::make_error(code_of(response.status, message), message);
}

HttpRequest inspect_container_request(const std::string& reference) {
  return get(container_path(reference, "/json"));
}

HttpRequest inspect_network_request(const std::string& reference) {
  return get(fmt::format("/networks/{}", percent_encode(reference)));
}

HttpRequest inspect_volume_request(const std::string& name) {
  return get(fmt::format("/volumes/{}", percent_encode(name)));
}

HttpRequest inspect_image_request(const std::string& reference) {
  // This route, unlike the others, takes the slashes of a name as they are.
  return get(fmt::format("/images/{}/json", encode_except(reference, "/:@")));
}

std::string unix_time(const std::string& rfc3339) {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int used = 0;
  if (std::sscanf(rfc3339.c_str(),
                  "%4d-%2u-%2uT%2d:%2d:%2d%n",
                  &year,
                  &month,
                  &day,
                  &hour,
                  &minute,
                  &second,
                  &used) != 6 ||
      !rfc3339.ends_with('Z')) {
    return {};
  }
  const std::chrono::year_month_day date{
      std::chrono::year(year), std::chrono::month(month), std::chrono::day(day)};
  if (!date.ok() || date.year() < std::chrono::year(1970)) {
    return {};
  }
  const std::chrono::sys_seconds time = std::chrono::sys_days(date) + std::chrono::hours(hour) +
                                        std::chrono::minutes(minute) + std::chrono::seconds(second);
  const std::string fraction = rfc3339.substr(static_cast<std::size_t>(used),
                                              rfc3339.size() - 1 - static_cast<std::size_t>(used));
  return fmt::format("{}{}", time.time_since_epoch().count(), fraction);
}

HttpRequest logs_request(const std::string& container, const core::LogRequest& request) {
  std::string target = container_path(container, "/logs?stdout=1&stderr=1");
  if (request.follow) {
    target += "&follow=1";
  }
  if (request.timestamps) {
    target += "&timestamps=1";
  }
  if (request.tail) {
    target += fmt::format("&tail={}", *request.tail);
  }
  if (const std::string since = unix_time(request.since); !since.empty()) {
    target += "&since=" + since;
  }
  return get(std::move(target));
}

HttpRequest exec_request(const std::string& container, const std::vector<std::string>& command) {
  return post(container_path(container, "/exec"),
              json::serialize(json::object{{"AttachStdout", true},
                                           {"AttachStderr", true},
                                           {"Cmd", json::array(command.begin(), command.end())}}));
}

HttpRequest exec_start_request(const std::string& exec_id) {
  return post(fmt::format("/exec/{}/start", percent_encode(exec_id)),
              json::serialize(json::object{{"Detach", false}, {"Tty", false}}));
}

HttpRequest inspect_exec_request(const std::string& exec_id) {
  return get(fmt::format("/exec/{}/json", percent_encode(exec_id)));
}

HttpRequest wait_request(const std::string& container, std::string_view condition) {
  return post(container_path(container, fmt::format("/wait?condition={}", condition)));
}

HttpRequest encode(const core::StartContainer& call) {
  return post(container_path(call.container, "/start"));
}

HttpRequest encode(const core::StopContainer& call) {
  return post(container_path(call.container, fmt::format("/stop?t={}", call.grace.count())));
}

HttpRequest encode(const core::KillContainer& call) {
  return post(container_path(call.container, "/kill"));
}

HttpRequest encode(const core::PauseContainer& call) {
  return post(container_path(call.container, "/pause"));
}

HttpRequest encode(const core::UnpauseContainer& call) {
  return post(container_path(call.container, "/unpause"));
}

HttpRequest encode(const core::RenameContainer& call) {
  return post(container_path(call.container,
                             fmt::format("/rename?name={}", percent_encode(call.new_name))));
}

HttpRequest encode(const core::RemoveContainer& call) {
  return remove(container_path(
      call.container,
      fmt::format("?v={}&force={}", call.anonymous_volumes ? 1 : 0, call.force ? 1 : 0)));
}

HttpRequest encode(const core::DisconnectNetwork& call) {
  return post(fmt::format("/networks/{}/disconnect", percent_encode(call.network)),
              json::serialize(json::object{{"Container", call.container}, {"Force", false}}));
}

HttpRequest encode(const core::RemoveNetwork& call) {
  return remove(fmt::format("/networks/{}", percent_encode(call.network)));
}

HttpRequest encode(const core::RemoveVolume& call) {
  return remove(fmt::format("/volumes/{}", percent_encode(call.name)));
}

core::Result<PullReference> parse_pull_reference(std::string_view reference) {
  if (const std::size_t at = reference.find('@'); at != std::string_view::npos) {
    std::string_view repository = reference.substr(0, at);
    // A tag beside a digest says nothing that the digest does not.
    if (const std::size_t colon = repository.rfind(':');
        colon != std::string_view::npos && repository.find('/', colon) == std::string_view::npos) {
      repository = repository.substr(0, colon);
    }
    return PullReference{std::string(repository), std::string(reference.substr(at + 1))};
  }
  if (reference.empty() || reference.starts_with("sha256:")) {
    return core::make_error(
        ErrorCode::Invalid,
        fmt::format("\"{}\" is the id of an image, not a name, and cannot be pulled", reference));
  }
  const std::size_t colon = reference.rfind(':');
  if (colon == std::string_view::npos || reference.find('/', colon) != std::string_view::npos) {
    return PullReference{std::string(reference), "latest"};
  }
  return PullReference{std::string(reference.substr(0, colon)),
                       std::string(reference.substr(colon + 1))};
}

std::string to_string(const PullReference& reference) {
  const bool is_digest = contains(reference.tag_or_digest, ":");
  return reference.repository + (is_digest ? "@" : ":") + reference.tag_or_digest;
}

namespace {

void log_in(HttpRequest& request, const PullReference& reference, const RegistryLogin& login) {
  if (login.credentials) {
    request.headers["X-Registry-Auth"] =
        registry_auth_header(*login.credentials, registry_of(reference.repository)).reveal();
  }
}

}  // namespace

HttpRequest pull_request(const PullReference& reference,
                         const std::string& platform,
                         const RegistryLogin& login) {
  HttpRequest request = post(fmt::format("/images/create?fromImage={}&tag={}",
                                         percent_encode(reference.repository),
                                         percent_encode(reference.tag_or_digest)));
  if (!platform.empty()) {
    request.target += "&platform=" + percent_encode(platform);
  }
  log_in(request, reference, login);
  return request;
}

HttpRequest distribution_request(const PullReference& reference, const RegistryLogin& login) {
  // Like that of images, this route takes the slashes of a name as they are.
  HttpRequest request =
      get(fmt::format("/distribution/{}/json", encode_except(to_string(reference), "/:@")));
  log_in(request, reference, login);
  return request;
}

}  // namespace aim::providers
