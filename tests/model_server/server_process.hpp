#pragma once

#include <sys/types.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace aim::model_server {

/// What a program left behind.
struct Ended {
  int exit_status = -1;  ///< 128 + N after signal N
  std::string out;
  std::string error;
};

/// The model server as a child process; killed when this goes out of scope.
class ServerProcess {
 public:
  ServerProcess(const std::vector<std::string>& arguments,
                const std::map<std::string, std::string>& environment = {});
  ~ServerProcess();
  ServerProcess(const ServerProcess&) = delete;
  ServerProcess& operator=(const ServerProcess&) = delete;

  /// Reads its log until `text` appears in it; false if it ended or 20 s passed before.
  [[nodiscard]] bool wait_for_log(const std::string& text);
  /// Waits for the line that says where it listens; 0 if it never came.
  [[nodiscard]] std::uint16_t wait_for_port();
  void send_signal(int number) const;
  /// Waits for the end, at most 20 s, and collects all output.
  [[nodiscard]] Ended wait();

  [[nodiscard]] const std::string& out() const { return out_; }

 private:
  /// Reads once from whatever has data; false at the end of both streams or after the deadline.
  [[nodiscard]] bool read_some(int timeout_milliseconds);

  pid_t pid_ = -1;
  int out_pipe_ = -1;
  int error_pipe_ = -1;
  std::string out_;
  std::string error_;
};

struct Answer {
  int status = 0;
  std::string headers;
  std::string body;  ///< chunks joined
};

struct Call {
  std::string method = "GET";
  std::string path = {};
  std::string body = {};
  std::string headers = {};  ///< further ones, each with its line end
};

/// One request on a connection of its own to 127.0.0.1; status 0 when there is no connection.
[[nodiscard]] Answer call(std::uint16_t port, const Call& request);
/// A connected socket, or -1.
[[nodiscard]] int connect_to(std::uint16_t port);
/// A port that was free a moment ago.
[[nodiscard]] std::uint16_t free_port();

}  // namespace aim::model_server
