#include <algorithm>
#include <charconv>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

std::string percent_decode(std::string_view text) {
  std::string decoded;
  for (std::size_t i = 0; i < text.size(); ++i) {
    int code = 0;
    const bool escape = text[i] == '%' && i + 2 < text.size();
    if (escape &&
        std::from_chars(text.data() + i + 1, text.data() + i + 3, code, 16).ec == std::errc()) {
      decoded += static_cast<char>(code);
      i += 2;
    } else {
      decoded += text[i] == '+' ? ' ' : text[i];
    }
  }
  return decoded;
}

void read_path(std::string_view path, Request& request) {
  std::size_t begin = 1;
  while (begin < path.size()) {
    const std::size_t slash = std::min(path.find('/', begin), path.size());
    request.path.push_back(percent_decode(path.substr(begin, slash - begin)));
    begin = slash + 1;
  }
}

void read_query(std::string_view query, Request& request) {
  std::size_t begin = 0;
  while (begin < query.size()) {
    const std::size_t ampersand = std::min(query.find('&', begin), query.size());
    const std::string_view pair = query.substr(begin, ampersand - begin);
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
    request.query.emplace(percent_decode(pair.substr(0, equals)), percent_decode(value));
    begin = ampersand + 1;
  }
}

}  // namespace

Target split_target(const std::string& target) {
  const std::size_t slash = target.find('/', 1);
  const bool versioned = target.starts_with("/v") && slash != std::string::npos && slash > 2 &&
                         target.find_first_not_of("0123456789.", 2) == slash;
  if (!versioned) {
    return {{}, target};
  }
  return {target.substr(2, slash - 2), target.substr(slash)};
}

bool spends_its_latency(const std::string& method, const std::string& target) {
  if (method == "DELETE") {
    return target.starts_with("/containers/");
  }
  return method == "POST" &&
         (target.starts_with("/containers/create") || target.starts_with("/networks/create"));
}

Answer answer_request(World& world,
                      const providers::HttpRequest& http,
                      std::chrono::milliseconds latency) {
  Request request;
  request.method = http.method;
  for (const auto& [name, value] : http.headers) {
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
    request.headers[lower] = value;
  }
  request.raw_body = http.body;
  request.latency = latency;
  if (!http.body.empty() && !http.content_type.empty()) {
    request.headers["content-type"] = http.content_type;
  }
  const Target target = split_target(http.target);
  request.minor = world.newest_minor;
  if (const std::size_t dot = target.version.find('.'); dot != std::string::npos) {
    request.minor = std::stoi("0" + target.version.substr(dot + 1));
    if (auto wrong = check_version(world, target.version, request.minor)) {
      return *wrong;
    }
  }
  const std::size_t question = std::min(target.rest.find('?'), target.rest.size());
  read_path(std::string_view(target.rest).substr(0, question), request);
  if (question < target.rest.size()) {
    read_query(std::string_view(target.rest).substr(question + 1), request);
  }
  const auto type = request.headers.find("content-type");
  if (!http.body.empty() && type != request.headers.end() &&
      type->second.starts_with("application/json")) {
    boost::system::error_code wrong;
    json::value body = json::parse(http.body, wrong);
    if (wrong || !body.is_object()) {
      return refusal(request.minor < 42 ? 500 : 400,
                     "invalid character looking for beginning of value");
    }
    request.body = std::move(body.get_object());
  }
  return dispatch(world, request);
}

}  // namespace aim::support::memory
