#include <pwd.h>
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "cmd/app.hpp"
#include "cmd/commands.hpp"
#include "core/result.hpp"

extern char** environ;

namespace {

aim::cmd::Surroundings surroundings() {
  aim::cmd::Surroundings result;
  result.environment = [](const std::string& name) -> std::optional<std::string> {
    const char* value = std::getenv(name.c_str());
    return value ? std::optional<std::string>(value) : std::nullopt;
  };
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text = *entry;
    if (const std::size_t equals = text.find('='); equals != std::string_view::npos) {
      result.all_environment.emplace_back(text.substr(0, equals), text.substr(equals + 1));
    }
  }
  result.input_is_terminal = isatty(STDIN_FILENO) == 1;
  return result;
}

}  // namespace

int main(int argc, char** argv) {
  // A reader that goes away (`aim logs | head`) shows as a failed write, not as a dead program.
  signal(SIGPIPE, SIG_IGN);
  aim::core::SystemClock clock;
  aim::cmd::App app(surroundings(), clock);
  try {
    return static_cast<int>(
        aim::cmd::run_command(std::vector<std::string>(argv + 1, argv + argc), app));
  } catch (const aim::core::BrokenWorld& broken) {
    std::fprintf(stderr, "aim: %s\n", broken.what());
  } catch (const std::bad_alloc&) {
    std::fputs("aim: out of memory\n", stderr);
  }
  return static_cast<int>(aim::cmd::ExitCode::Error);
}
