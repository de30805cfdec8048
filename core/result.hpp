#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace aim::core {

/// What a caller may have to branch on. Everything else about a failure is text.
enum class ErrorCode {
  NotFound,     ///< the object asked for does not exist
  Conflict,     ///< the name, or the object, is in use by something else
  Timeout,      ///< the deadline of the call passed
  Cancelled,    ///< a stop was requested
  Unreachable,  ///< nobody answers at the address
  Denied,       ///< credentials are missing or wrong
  Invalid,      ///< the other side says the request makes no sense
  Unsupported,  ///< the other side is too old or lacks the feature
  Protocol,     ///< the answer could not be understood
  Locked,       ///< somebody else holds the lock
  Stale,        ///< the world is not the one that was planned for
  Failed        ///< it was tried and it failed
};

/// An expected failure: what happened, in the words of who noticed it, and what aim was doing.
struct Error {
  ErrorCode code = ErrorCode::Failed;
  std::string message;
  std::vector<std::string> context;  ///< "while ..." frames, innermost first

  bool operator==(const Error&) const = default;
};

template <class T>
using Result = boost::system::result<T, Error>;

/// Makes an error without context.
[[nodiscard]] Error make_error(ErrorCode code, std::string message);

/// Returns `error` with one more frame, e.g. "while creating container lab-qwen".
[[nodiscard]] Error while_doing(Error error, std::string frame);

/// One line: the message, then the frames from the innermost outwards.
[[nodiscard]] std::string to_string(const Error& error);

[[nodiscard]] const char* to_string(ErrorCode code);

/// The world is broken (disk full, database corrupt): thrown, caught once in main.
class BrokenWorld : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Ends the program: a promise of our own code does not hold.
[[noreturn]] void check_failed(const char* condition, const char* file, int line);

/// Found by argument-dependent lookup when value() is called on an error: a broken promise.
[[noreturn]] void throw_exception_from_error(const Error& error,
                                             const boost::source_location& where);

}  // namespace aim::core

/// Holds in release builds too; never for input.
#define AIM_CHECK(condition) \
  ((condition) ? static_cast<void>(0) : ::aim::core::check_failed(#condition, __FILE__, __LINE__))
