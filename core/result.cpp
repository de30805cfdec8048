#include "core/result.hpp"

#include <fmt/format.h>

#include <cstdio>
#include <cstdlib>

namespace aim::core {

Error make_error(ErrorCode code, std::string message) {
  return Error{code, std::move(message), {}};
}

Error while_doing(Error error, std::string frame) {
  error.context.push_back(std::move(frame));
  return error;
}

std::string to_string(const Error& error) {
  std::string text = error.message;
  for (const std::string& frame : error.context) {
    text += ", ";
    text += frame;
  }
  return text;
}

const char* to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::NotFound:
      return "not_found";
    case ErrorCode::Conflict:
      return "conflict";
    case ErrorCode::Timeout:
      return "timeout";
    case ErrorCode::Cancelled:
      return "cancelled";
    case ErrorCode::Unreachable:
      return "unreachable";
    case ErrorCode::Denied:
      return "denied";
    case ErrorCode::Invalid:
      return "invalid";
    case ErrorCode::Unsupported:
      return "unsupported";
    case ErrorCode::Protocol:
      return "protocol";
    case ErrorCode::Locked:
      return "locked";
    case ErrorCode::Stale:
      return "stale";
    case ErrorCode::Failed:
      return "failed";
  }
  return "failed";
}

void check_failed(const char* condition, const char* file, int line) {
  std::fprintf(stderr, "aim: internal error: %s does not hold (%s:%d)\n", condition, file, line);
  std::abort();
}

void throw_exception_from_error(const Error& error, const boost::source_location& where) {
  throw BrokenWorld(fmt::format(
      "unchecked error: {} ({}:{})", to_string(error), where.file_name(), where.line()));
}

}  // namespace aim::core
