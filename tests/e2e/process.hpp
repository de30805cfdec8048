#pragma once

#include <chrono>
#include <map>
#include <string>
#include <vector>

namespace aim::e2e {

struct Finished {
  int code = -1;  ///< exit code, 128 + signal when it was killed by one
  std::string out;
  std::string err;
};

/// A child process whose output is collected. Killed and waited for when the object ends.
class Process {
 public:
  Process(const std::vector<std::string>& command,
          const std::map<std::string, std::string>& set,
          const std::string& directory = {});
  ~Process();
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  void signal(int number) const;

  [[nodiscard]] int pid() const { return pid_; }

  /// Reads until `text` appears on standard output or error; false after `limit` or at the end.
  [[nodiscard]] bool wait_for_text(const std::string& text, std::chrono::seconds limit);
  /// Waits for the end; a process that takes longer than `limit` is killed.
  Finished finish(std::chrono::seconds limit);

 private:
  bool read_some(std::chrono::milliseconds limit);

  int pid_ = -1;
  int out_ = -1;
  int err_ = -1;
  Finished result_;
};

/// Runs a command to its end.
Finished run(const std::vector<std::string>& command,
             const std::map<std::string, std::string>& set = {},
             const std::string& directory = {},
             std::chrono::seconds limit = std::chrono::seconds(300));

}  // namespace aim::e2e
