#include "cmd/asking.hpp"

#include <termios.h>
#include <unistd.h>

#include <iostream>

namespace aim::cmd {

namespace {

/// Nothing that is typed is shown while this lives.
class Unseen {
 public:
  Unseen() : changed_(tcgetattr(STDIN_FILENO, &before_) == 0) {
    if (changed_) {
      termios quiet = before_;
      quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &quiet);
    }
  }

  ~Unseen() {
    if (changed_) {
      tcsetattr(STDIN_FILENO, TCSAFLUSH, &before_);
    }
  }

  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;

 private:
  termios before_{};
  bool changed_;
};

}  // namespace

std::optional<std::string> why_nobody_answers(const App& app) {
  if (app.surroundings().environment("AIM_INPUT") == "0") {
    return "AIM_INPUT is 0";
  }
  return app.surroundings().input_is_terminal
             ? std::nullopt
             : std::optional<std::string>("standard input is no terminal");
}

std::optional<std::string> ask_for_secret(App& app, const std::string& question) {
  std::string answer;
  bool read = false;
  {
    // Before the question: whoever answers at once must not see it either.
    const Unseen unseen;
    app.view().question(question);
    read = static_cast<bool>(std::getline(std::cin, answer));
  }
  app.view().message("");
  return read ? std::optional(std::move(answer)) : std::nullopt;
}

}  // namespace aim::cmd
