#include "tests/unit/state/fixtures.hpp"

#include <grp.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <fstream>
#include <iterator>

#include "state/files.hpp"

namespace aim::state::test {

namespace {

constexpr int kThrew = 99;

}  // namespace

TemporaryDirectory::TemporaryDirectory() {
  std::string pattern = ::testing::TempDir() + "aim-state-XXXXXX";
  const char* made = ::mkdtemp(pattern.data());
  AIM_CHECK(made != nullptr);
  AIM_CHECK(::chmod(made, 0755) == 0);
  path_ = made;
}

TemporaryDirectory::~TemporaryDirectory() {
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(path_, ignored)) {
    if (entry.is_directory(ignored)) {
      std::filesystem::permissions(entry.path(), std::filesystem::perms::owner_all, ignored);
    }
  }
  std::filesystem::remove_all(path_, ignored);
}

core::Utc ScriptedClock::utc_now() {
  return core::Utc(std::chrono::milliseconds(1'767'225'600'000) + elapsed_);
}

core::Steady ScriptedClock::steady_now() { return core::Steady(elapsed_); }

bool ScriptedClock::wait_for(std::chrono::milliseconds duration, std::stop_token stop) {
  if (on_wait) {
    on_wait();
  }
  if (stop.stop_requested()) {
    return false;
  }
  elapsed_ += duration;
  return true;
}

void in_killed_child(const std::function<void()>& body) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    try {
      body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in the child: %s\n", error.what());
      ::_exit(kThrew);
    }
    ::raise(SIGKILL);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

int as_nobody(const std::function<int()>& body) {
  constexpr uid_t kNobody = 65534;
  const pid_t child = ::fork();
  AIM_CHECK(child >= 0);
  if (child == 0) {
    const bool root = ::geteuid() == 0;
    if (root &&
        (::setgroups(0, nullptr) != 0 || ::setgid(kNobody) != 0 || ::setuid(kNobody) != 0)) {
      ::_exit(fail_in_child("cannot become nobody"));
    }
    int code = kThrew;
    try {
      code = body();
    } catch (const std::exception& error) {
      std::fprintf(stderr, "in the child: %s\n", error.what());
    }
    ::_exit(code);
  }
  int status = 0;
  AIM_CHECK(::waitpid(child, &status, 0) == child);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int fail_in_child(const std::string& why) {
  std::fprintf(stderr, "in the child: %s\n", why.c_str());
  return 1;
}

std::unique_ptr<StateStore> open_store(const std::filesystem::path& file, core::Clock& clock) {
  auto store = StateStore::open(file, clock);
  if (!store) {
    throw core::BrokenWorld(core::to_string(store.error()));
  }
  return std::move(*store);
}

core::StateSnapshot read_store(const std::filesystem::path& file) {
  auto snapshot = StateStore::read(file);
  if (!snapshot) {
    throw core::BrokenWorld(core::to_string(snapshot.error()));
  }
  return std::move(*snapshot);
}

Connection open_database(const std::filesystem::path& file) {
  auto connection = Connection::open(file, Connection::Mode::ReadWrite);
  if (!connection) {
    throw core::BrokenWorld(core::to_string(connection.error()));
  }
  return std::move(*connection);
}

Connection create_database(const std::filesystem::path& file) {
  if (auto made = make_private_file(file); !made) {
    throw core::BrokenWorld(core::to_string(made.error()));
  }
  return open_database(file);
}

std::string bytes_of(const std::filesystem::path& file) {
  std::ifstream stream(file, std::ios::binary);
  AIM_CHECK(stream.good());
  return std::string(std::istreambuf_iterator<char>(stream), {});
}

void write_bytes(const std::filesystem::path& file, const std::string& bytes) {
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << bytes;
  stream.close();
  AIM_CHECK(stream.good());
}

std::map<std::string, std::string> contents(const std::filesystem::path& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    files[entry.path().filename()] = bytes_of(entry.path());
  }
  return files;
}

unsigned mode_of(const std::filesystem::path& path) {
  struct stat info {};

  AIM_CHECK(::stat(path.c_str(), &info) == 0);
  return info.st_mode & 07777U;
}

std::string broken_world(const std::function<void()>& body) {
  try {
    body();
  } catch (const core::BrokenWorld& error) {
    return error.what();
  }
  ADD_FAILURE() << "nothing was thrown";
  return "";
}

}  // namespace aim::state::test
