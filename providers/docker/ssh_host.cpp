#include "providers/docker/ssh_host.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace aim::providers {

namespace {

using core::ErrorCode;
using core::make_error;
using core::Result;

struct SshPlace {
  std::string user;
  std::string host;
  std::string port;
  std::string socket;
};

std::optional<int> hex_digit(char c) {
  int value = 0;
  const auto [end, error] = std::from_chars(&c, &c + 1, value, 16);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

/// With %41 as A; nothing when a percent sign stands for itself.
std::optional<std::string> percent_decode(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_digit(text[i + 1]) : std::nullopt;
    const auto low = i + 2 < text.size() ? hex_digit(text[i + 2]) : std::nullopt;
    if (!high || !low) {
      return std::nullopt;
    }
    result += static_cast<char>(*high * 16 + *low);
    i += 2;
  }
  return result;
}

/// A word as the shell at the other end takes it: ssh joins its arguments with spaces.
std::string quoted(std::string_view word) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:=@%+,";
  if (!word.empty() && word.find_first_not_of(kPlain) == std::string_view::npos) {
    return std::string(word);
  }
  std::string result = "'";
  for (const char c : word) {
    if (c == '\'') {
      result += "'\\''";
    } else {
      result += c;
    }
  }
  return result + "'";
}

bool is_port(std::string_view text) {
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port != 0;
}

/// Takes "host:port" or "[address]:port" apart.
bool split_port(std::string_view text, SshPlace& place) {
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    if (end == std::string_view::npos) {
      return false;
    }
    place.host = std::string(text.substr(1, end - 1));
    text.remove_prefix(end + 1);
  } else {
    const std::size_t colon = text.find(':');
    place.host = std::string(text.substr(0, colon));
    text.remove_prefix(std::min(colon, text.size()));
  }
  if (text.empty()) {
    return true;
  }
  place.port = std::string(text.substr(1));
  return text.front() == ':' && is_port(place.port);
}

std::vector<std::string> command_for(const SshPlace& place) {
  std::vector<std::string> command{"ssh", "-o", "ConnectTimeout=30", "-T"};
  if (!place.user.empty()) {
    command.insert(command.end(), {"-l", place.user});
  }
  if (!place.port.empty()) {
    command.insert(command.end(), {"-p", place.port});
  }
  command.insert(command.end(), {"--", place.host, "docker"});
  if (!place.socket.empty()) {
    command.push_back(quoted("--host=unix://" + place.socket));
  }
  command.insert(command.end(), {"system", "dial-stdio"});
  return command;
}

}  // namespace

Result<HttpEndpoint> ssh_endpoint(std::string_view uri, std::string_view rest) {
  const auto bad = [&](std::string_view why) {
    return make_error(ErrorCode::Invalid, fmt::format("Docker host \"{}\": {}", uri, why));
  };
  if (rest.find_first_of("?#") != std::string_view::npos) {
    return bad("a query (?) or a fragment (#) means nothing to ssh");
  }
  SshPlace place;
  std::string_view address = rest.substr(0, rest.find('/'));
  std::string_view socket = rest.substr(address.size());
  if (const std::size_t at = address.rfind('@'); at != std::string_view::npos) {
    const std::string_view user = address.substr(0, at);
    if (user.find(':') != std::string_view::npos) {
      // The text itself is not repeated: it holds the password.
      return make_error(ErrorCode::Invalid,
                        fmt::format("the Docker host at {} holds a password: ssh takes none from "
                                    "an address; use a key, or an ssh agent",
                                    address.substr(at + 1)));
    }
    const std::optional<std::string> decoded = percent_decode(user);
    if (!decoded || decoded->empty()) {
      return bad("there is no proper user name before the @");
    }
    place.user = *decoded;
    address.remove_prefix(at + 1);
  }
  if (!split_port(address, place)) {
    return bad("the port is not a number from 1 to 65535");
  }
  if (place.host.empty() || place.host.starts_with('-')) {
    return bad("write ssh://USER@HOST, with the name of a host");
  }
  const std::optional<std::string> path = percent_decode(socket == "/" ? "" : socket);
  if (!path) {
    return bad("a percent sign in a path is written %25");
  }
  place.socket = *path;
  HttpEndpoint endpoint;
  endpoint.scheme = HttpEndpoint::Scheme::Program;
  endpoint.path = std::string(uri);
  endpoint.host = place.host;
  endpoint.command = command_for(place);
  return endpoint;
}

HttpEndpoint ssh_tunnel(const HttpEndpoint& engine, std::string host, std::uint16_t port) {
  HttpEndpoint target;
  target.host = std::move(host);
  target.port = port;
  HttpEndpoint tunnel;
  tunnel.scheme = HttpEndpoint::Scheme::Program;
  tunnel.path = fmt::format("{} through {}", to_string(target), to_string(engine));
  tunnel.host = target.host;
  const auto end = std::find(engine.command.begin(), engine.command.end(), "--");
  AIM_CHECK(end != engine.command.end() && end + 1 != engine.command.end());
  tunnel.command.assign(engine.command.begin(), end);
  tunnel.command.insert(tunnel.command.end(), {"-W", to_string(target), "--", *(end + 1)});
  return tunnel;
}

}  // namespace aim::providers
