#include "cmd/log_files.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace aim::cmd {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      return false;
    }
    text.remove_prefix(written < 0 ? 0 : static_cast<std::size_t>(written));
  }
  return true;
}

}  // namespace

Result<std::string> LogFiles::save(
    core::RunId run,
    const std::string& container,
    const std::function<Result<void>(const core::LogSink&)>& produce) {
  std::error_code failed;
  fs::create_directories(directory_, failed);
  const fs::path path = directory_ / fmt::format("run-{}-{}.log", run.value, container);
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (file < 0) {
    return make_error(ErrorCode::Failed,
                      fmt::format("{}: {}", path.string(), std::strerror(errno)));
  }
  bool written = true;
  const Result<void> produced = produce(
      [&](const core::LogPiece& piece) { written = written && write_all(file, piece.text); });
  const int reason = errno;
  ::close(file);
  if (!produced) {
    return produced.error();
  }
  if (!written) {
    return make_error(ErrorCode::Failed,
                      fmt::format("{}: {}", path.string(), std::strerror(reason)));
  }
  return path.string();
}

}  // namespace aim::cmd
