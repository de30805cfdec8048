#include "tests/model_server/http.hpp"

#include <fmt/format.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>

namespace aim::model_server {
namespace {

constexpr std::size_t kMaxHeaderBytes = std::size_t{64} << 10;
constexpr std::size_t kMaxBodyBytes = std::size_t{16} << 20;
constexpr int kIdleSeconds = 30;

std::string lower(std::string_view text) {
  std::string result(text);
  std::transform(result.begin(), result.end(), result.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  return result;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r')) {
    text.remove_suffix(1);
  }
  return text;
}

std::optional<std::size_t> to_size(std::string_view text, int base) {
  std::size_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, base);
  if (error != std::errc{} || end != text.data() + text.size() || text.empty()) {
    return std::nullopt;
  }
  return value;
}

}  // namespace

Connection::Connection(int descriptor) : descriptor_(descriptor) {
  const timeval idle{kIdleSeconds, 0};
  setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &idle, sizeof idle);
  setsockopt(descriptor_, SOL_SOCKET, SO_SNDTIMEO, &idle, sizeof idle);
}

Connection::~Connection() { ::close(descriptor_); }

bool Connection::fill() {
  std::array<char, 8192> piece;
  const ssize_t count = ::recv(descriptor_, piece.data(), piece.size(), 0);
  if (count <= 0) {
    return false;
  }
  buffer_.append(piece.data(), static_cast<std::size_t>(count));
  return true;
}

bool Connection::send_all(std::string_view data) {
  while (!data.empty()) {
    const ssize_t count = ::send(descriptor_, data.data(), data.size(), MSG_NOSIGNAL);
    if (count <= 0) {
      return false;
    }
    data.remove_prefix(static_cast<std::size_t>(count));
  }
  return true;
}

std::optional<Request> Connection::read_request() {
  std::size_t end = std::string::npos;
  while ((end = buffer_.find("\r\n\r\n")) == std::string::npos) {
    if (buffer_.size() > kMaxHeaderBytes) {
      static_cast<void>(write({431, "text/plain", "headers too large"}, false));
      return std::nullopt;
    }
    if (!fill()) {
      return std::nullopt;
    }
  }
  const std::string head = buffer_.substr(0, end + 2);
  buffer_.erase(0, end + 4);

  Request request;
  const std::size_t line_end = head.find("\r\n");
  const std::string_view line = std::string_view(head).substr(0, line_end);
  const std::size_t first = line.find(' ');
  const std::size_t last = line.rfind(' ');
  if (first == std::string_view::npos || first == last ||
      !line.substr(last + 1).starts_with("HTTP/1.")) {
    static_cast<void>(write({400, "text/plain", "Invalid HTTP request received."}, false));
    return std::nullopt;
  }
  request.method = line.substr(0, first);
  const std::string_view target = line.substr(first + 1, last - first - 1);
  request.path = target.substr(0, target.find('?'));
  request.keep_alive = line.ends_with("HTTP/1.1");

  std::string_view rest = std::string_view(head).substr(line_end + 2);
  while (!rest.empty()) {
    const std::string_view header = rest.substr(0, rest.find("\r\n"));
    rest.remove_prefix(std::min(header.size() + 2, rest.size()));
    if (const auto colon = header.find(':'); colon != std::string_view::npos) {
      request.headers[lower(header.substr(0, colon))] = trim(header.substr(colon + 1));
    }
  }
  if (const auto found = request.headers.find("connection"); found != request.headers.end()) {
    const std::string wish = lower(found->second);
    request.keep_alive = wish == "keep-alive" || (request.keep_alive && wish != "close");
  }
  if (!read_body(request)) {
    return std::nullopt;
  }
  return request;
}

bool Connection::read_body(Request& request) {
  const auto header = [&](const char* name) {
    const auto found = request.headers.find(name);
    return found == request.headers.end() ? std::string() : lower(found->second);
  };
  const bool chunked = header("transfer-encoding") == "chunked";
  const std::string length_text = header("content-length");
  const auto length = length_text.empty() ? 0 : to_size(length_text, 10);
  if (!length || *length > kMaxBodyBytes) {
    static_cast<void>(write({length ? 413 : 400, "text/plain", "bad request body"}, false));
    return false;
  }
  if (header("expect") == "100-continue" && !send_all("HTTP/1.1 100 Continue\r\n\r\n")) {
    return false;
  }
  if (chunked) {
    return read_chunked(request.body);
  }
  while (buffer_.size() < *length) {
    if (!fill()) {
      return false;
    }
  }
  request.body = buffer_.substr(0, *length);
  buffer_.erase(0, *length);
  return true;
}

std::optional<std::string> Connection::read_line() {
  std::size_t end = std::string::npos;
  while ((end = buffer_.find("\r\n")) == std::string::npos) {
    if (buffer_.size() > kMaxHeaderBytes || !fill()) {
      return std::nullopt;
    }
  }
  std::string line = buffer_.substr(0, end);
  buffer_.erase(0, end + 2);
  return line;
}

bool Connection::read_chunked(std::string& body) {
  while (true) {
    const auto line = read_line();
    const auto size =
        line ? to_size(trim(std::string_view(*line).substr(0, line->find(';'))), 16) : std::nullopt;
    if (!size || *size > kMaxBodyBytes || body.size() + *size > kMaxBodyBytes) {
      return false;
    }
    if (*size == 0) {
      break;
    }
    while (buffer_.size() < *size + 2) {
      if (!fill()) {
        return false;
      }
    }
    body.append(buffer_, 0, *size);
    buffer_.erase(0, *size + 2);
  }
  auto trailer = read_line();
  while (trailer && !trailer->empty()) {
    trailer = read_line();
  }
  return trailer.has_value();
}

bool Connection::write(const Response& response, bool keep_alive) {
  last_status_ = response.status;
  return send_all(fmt::format(
      "HTTP/1.1 {} {}\r\nserver: uvicorn\r\ncontent-type: {}\r\ncontent-length: {}\r\n{}\r\n{}",
      response.status,
      reason_phrase(response.status),
      response.content_type,
      response.body.size(),
      keep_alive ? "" : "connection: close\r\n",
      response.body));
}

bool Connection::begin_stream(std::string_view content_type, bool keep_alive) {
  last_status_ = 200;
  return send_all(fmt::format(
      "HTTP/1.1 200 OK\r\nserver: uvicorn\r\ncontent-type: {}\r\ntransfer-encoding: chunked\r\n"
      "{}\r\n",
      content_type,
      keep_alive ? "" : "connection: close\r\n"));
}

bool Connection::write_chunk(std::string_view data) {
  return send_all(fmt::format("{:x}\r\n{}\r\n", data.size(), data));
}

bool Connection::end_stream() { return send_all("0\r\n\r\n"); }

std::string_view reason_phrase(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 413:
      return "Request Entity Too Large";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Unknown";
  }
}

}  // namespace aim::model_server
