#pragma once

#include <filesystem>

#include "core/log_archive.hpp"

namespace aim::cmd {

/// Keeps logs as files `run-N-NAME.log`, 0600, in one directory that is made when it is needed.
class LogFiles : public core::LogArchive {
 public:
  explicit LogFiles(std::filesystem::path directory) : directory_(std::move(directory)) {}

  core::Result<std::string> save(
      core::RunId run,
      const std::string& container,
      const std::function<core::Result<void>(const core::LogSink&)>& produce) override;

 private:
  std::filesystem::path directory_;
};

}  // namespace aim::cmd
