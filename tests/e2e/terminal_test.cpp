#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// A program on a terminal of 80 columns, as a person would use it.
class Terminal {
 public:
  Terminal(std::vector<std::string> command,
           const std::map<std::string, std::string>& set,
           const std::string& directory) {
    winsize size{};
    size.ws_col = 80;
    size.ws_row = 40;
    pid_ = forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ == 0) {
      for (const auto& [name, value] : set) {
        setenv(name.c_str(), value.c_str(), 1);
      }
      unsetenv("NO_COLOR");
      setenv("TERM", "xterm", 1);
      std::vector<char*> argv;
      for (std::string& word : command) {
        argv.push_back(word.data());
      }
      argv.push_back(nullptr);
      if (chdir(directory.c_str()) == 0) {
        execvp(argv.front(), argv.data());
      }
      _exit(127);
    }
  }

  ~Terminal() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (terminal_ >= 0) {
      close(terminal_);
    }
  }

  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  /// Reads until `text` was shown; false at the end or after a minute.
  bool wait_for(const std::string& text) {
    while (shown_.find(text) == std::string::npos) {
      if (!read_some()) {
        return false;
      }
    }
    return true;
  }

  void type(const std::string& line) const {
    const std::string typed = line + "\r";
    ASSERT_EQ(write(terminal_, typed.data(), typed.size()), static_cast<ssize_t>(typed.size()));
  }

  /// Waits for the end; the exit code.
  int finish() {
    while (read_some()) {
    }
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  /// The connection is lost, as when ssh dies: the program gets SIGHUP, and its output nowhere to
  /// go. Waits for its end; the exit code.
  int hang_up() {
    close(terminal_);
    terminal_ = -1;
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  [[nodiscard]] const std::string& shown() const { return shown_; }

 private:
  bool read_some() {
    constexpr int kMinute = 60'000;
    pollfd watched{terminal_, POLLIN, 0};
    std::array<char, 4096> buffer{};
    if (poll(&watched, 1, kMinute) <= 0) {
      return false;
    }
    const ssize_t count = read(terminal_, buffer.data(), buffer.size());
    if (count <= 0) {  // EIO once the program is gone
      return false;
    }
    shown_.append(buffer.data(), static_cast<std::size_t>(count));
    return true;
  }

  int terminal_ = -1;
  pid_t pid_ = -1;
  std::string shown_;
};

std::string one_container(const std::string& env) {
  return fmt::format(
      "containers: {{ web: {{ image: \"{}\", command: [m], env: {} }} }}\n", kImage1, env);
}

TEST(OnATerminal, OnlyTheWordYesStartsAnApply) {
  const Lab lab("tty-yes");
  lab.configure(one_container("{}"));
  const auto apply_answering = [&](const std::string& answer) {
    Terminal terminal(lab.aim_command({"apply"}), lab.environment(), lab.directory());
    EXPECT_TRUE(terminal.wait_for("Only \"yes\" is accepted:")) << terminal.shown();
    EXPECT_THAT(lab.labelled(), ::testing::IsEmpty());
    terminal.type(answer);
    const int code = terminal.finish();
    EXPECT_EQ(code, answer == "yes" ? 0 : 1) << terminal.shown();
    return terminal.shown();
  };
  for (const char* answer : {"y", "YES", "yes please", ""}) {
    EXPECT_THAT(apply_answering(answer), Not(HasSubstr("Apply complete!"))) << answer;
    EXPECT_THAT(lab.labelled(), ::testing::IsEmpty());
  }
  const std::string shown = apply_answering("yes");
  EXPECT_THAT(shown, HasSubstr("Apply complete! Resources: 2 added, 0 changed, 0 destroyed."));
  EXPECT_THAT(shown, HasSubstr("\x1b[")) << "colour and live lines";
  EXPECT_EQ(lab.inspect(lab.project() + "-web").at("State").at("Running"), true);
}

TEST(OnATerminal, AConnectionThatIsLostEndsNothing) {
  const Lab lab("tty-hup");
  lab.configure(
      fmt::format("endpoints: {{ a: {{ model: m/a, image: \"{}\", port: {}, env: {{ "
                  "MODEL_SERVER_LOAD_SECONDS: \"3\" }}, readiness: {{ interval: 200ms }} }} }}\n",
                  kImage1,
                  lab.port()));
  Terminal terminal(lab.aim_command({"apply", "--yes"}), lab.environment(), lab.directory());
  ASSERT_TRUE(terminal.wait_for("Waiting")) << terminal.shown();
  EXPECT_NE(lab.get(lab.port(), "/health").status, 200);
  EXPECT_EQ(terminal.hang_up(), 0);
  EXPECT_EQ(lab.chat(lab.port(), "m/a").status, 200);
  EXPECT_EQ(lab.aim({"plan", "--detailed-exitcode"}).code, 0);
}

TEST(OnATerminal, ASecretIsAskedForAndNotShown) {
  const Lab lab("tty-secret");
  lab.configure("variables: { token: { sensitive: true } }\n" +
                one_container("{ TOKEN: \"${var.token}\" }"));
  Terminal terminal(lab.aim_command({"apply"}), lab.environment(), lab.directory());
  ASSERT_TRUE(terminal.wait_for("token")) << terminal.shown();
  ASSERT_TRUE(terminal.wait_for(":")) << terminal.shown();
  terminal.type("swordfish-of-the-test");
  ASSERT_TRUE(terminal.wait_for("Only \"yes\" is accepted:")) << terminal.shown();
  terminal.type("yes");
  EXPECT_EQ(terminal.finish(), 0) << terminal.shown();
  EXPECT_THAT(terminal.shown(), Not(HasSubstr("swordfish")));
  EXPECT_THAT(lab.docker({"inspect", "--format", "{{.Config.Env}}", lab.project() + "-web"}),
              HasSubstr("TOKEN=swordfish-of-the-test"));
  EXPECT_EQ(lab.aim({"plan", "--detailed-exitcode"}).code, 0);
}

}  // namespace
}  // namespace aim::e2e
