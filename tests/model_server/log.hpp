#pragma once

#include <mutex>
#include <string_view>

namespace aim::model_server {

/// Log lines in the shape of vLLM's, whole lines from any thread. vLLM itself logs to standard
/// output, uvicorn and the progress bars to standard error.
class Log {
 public:
  /// `(APIServer pid=N) INFO 08-17 12:34:56 [file.py:1] message` on standard output.
  void engine(std::string_view where, std::string_view message);
  /// `(APIServer pid=N) INFO:     message` on standard error.
  void web(std::string_view message);
  /// As web, on standard output: uvicorn's access log.
  void access(std::string_view message);
  /// The line as it is, on standard error.
  void raw(std::string_view line);

 private:
  void write_line(int descriptor, std::string_view line);
  std::mutex mutex_;
};

}  // namespace aim::model_server
