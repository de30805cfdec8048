#pragma once

#include <gtest/gtest.h>

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "core/clock.hpp"
#include "state/sqlite.hpp"
#include "state/store.hpp"

namespace aim::state::test {

/// A directory of its own, which other users may enter, gone with the object.
class TemporaryDirectory {
 public:
  TemporaryDirectory();
  ~TemporaryDirectory();
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  [[nodiscard]] const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

/// Time that only waiting moves, and a hook that is called in each wait.
class ScriptedClock : public core::Clock {
 public:
  core::Utc utc_now() override;
  core::Steady steady_now() override;
  bool wait_for(std::chrono::milliseconds duration, std::stop_token stop) override;

  std::function<void()> on_wait;

 private:
  std::chrono::milliseconds elapsed_{0};
};

/// The last SQLite connection of a process tidies up when it closes; a killed process does not.
/// Runs `body` in a child that ends by SIGKILL right after it.
void in_killed_child(const std::function<void()>& body);

/// Runs `body` in a child that has no rights over files of root, and gives its exit code: 0, or
/// what `body` returns, or 99 when it throws.
[[nodiscard]] int as_nobody(const std::function<int()>& body);

/// Sends the same text that a failed expectation shows in the child to the parent's output.
[[nodiscard]] int fail_in_child(const std::string& why);

[[nodiscard]] std::unique_ptr<StateStore> open_store(const std::filesystem::path& file,
                                                     core::Clock& clock);
[[nodiscard]] core::StateSnapshot read_store(const std::filesystem::path& file);
[[nodiscard]] Connection open_database(const std::filesystem::path& file);
/// A new database file, as SQLite makes it.
[[nodiscard]] Connection create_database(const std::filesystem::path& file);

[[nodiscard]] std::string bytes_of(const std::filesystem::path& file);
void write_bytes(const std::filesystem::path& file, const std::string& bytes);
/// All files of a directory with their contents.
[[nodiscard]] std::map<std::string, std::string> contents(const std::filesystem::path& directory);
/// Permission bits.
[[nodiscard]] unsigned mode_of(const std::filesystem::path& path);

/// The message of the BrokenWorld that `body` throws; fails the test if it does not.
[[nodiscard]] std::string broken_world(const std::function<void()>& body);

}  // namespace aim::state::test
