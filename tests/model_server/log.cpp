#include "tests/model_server/log.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <ctime>
#include <string>

namespace aim::model_server {

void Log::engine(std::string_view where, std::string_view message) {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  std::array<char, 32> stamp{};
  const std::size_t length = std::strftime(stamp.data(), stamp.size(), "%m-%d %H:%M:%S", &parts);
  write_line(STDOUT_FILENO,
             fmt::format("(APIServer pid={}) INFO {} [{}] {}",
                         getpid(),
                         std::string_view(stamp.data(), length),
                         where,
                         message));
}

void Log::web(std::string_view message) {
  write_line(STDERR_FILENO, fmt::format("(APIServer pid={}) INFO:     {}", getpid(), message));
}

void Log::access(std::string_view message) {
  write_line(STDOUT_FILENO, fmt::format("(APIServer pid={}) INFO:     {}", getpid(), message));
}

void Log::raw(std::string_view line) { write_line(STDERR_FILENO, line); }

void Log::write_line(int descriptor, std::string_view line) {
  std::string text(line);
  text += '\n';
  const std::scoped_lock lock(mutex_);
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(descriptor, rest.data(), rest.size());
    if (written < 0) {
      return;  // nobody reads the log any more; the server goes on
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace aim::model_server
