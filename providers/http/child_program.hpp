#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace aim::providers {

/// A program that was started for the sake of its standard input and output, which are one end of
/// a pair of sockets; the other end is ours. It runs in a session of its own: Ctrl-C in a terminal
/// does not reach it, and it cannot ask anything there. A program that still runs is killed by the
/// destructor.
class ChildProgram {
 public:
  /// `command[0]` is found on the PATH. Errors: Unreachable when it cannot be started.
  [[nodiscard]] static core::Result<ChildProgram> start(const std::vector<std::string>& command);

  ChildProgram(ChildProgram&& other) noexcept;
  ChildProgram& operator=(ChildProgram&& other) noexcept;
  ChildProgram(const ChildProgram&) = delete;
  ChildProgram& operator=(const ChildProgram&) = delete;
  ~ChildProgram();

  /// Our end of its input and output, which is the caller's to close from now on.
  [[nodiscard]] int take_socket();

  /// Whether it has ended; waits for it at most `limit`.
  bool has_ended(std::chrono::milliseconds limit);
  void terminate();

  /// What it wrote to standard error, foreign text, its last 2,000 characters without line breaks
  /// at the ends.
  [[nodiscard]] std::string said() const;
  /// "exited with 255", "was ended by signal 9"; empty while it runs.
  [[nodiscard]] std::string ending() const;

 private:
  ChildProgram() = default;
  void reap(int status);

  ::pid_t pid_ = -1;     ///< -1: there is none, or it was waited for
  int process_ = -1;     ///< refers to it, readable when it has ended
  int socket_ = -1;      ///< our end
  int complaints_ = -1;  ///< a file without a name that its standard error goes to
  std::optional<int> status_;
};

}  // namespace aim::providers
