#include "cmd/interrupts.hpp"

#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>

#include "cmd/exit_code.hpp"
#include "core/result.hpp"

namespace aim::cmd {

namespace {

// The listener has no other work: it looks at its own stop request this often.
constexpr timespec kLookEvery{0, 100'000'000};

sigset_t watched() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGHUP);
  return set;
}

}  // namespace

Interrupts::Interrupts(std::stop_source& stop) {
  const sigset_t set = watched();
  AIM_CHECK(pthread_sigmask(SIG_BLOCK, &set, nullptr) == 0);
  listener_ = std::jthread([&stop, set](std::stop_token ended) {
    while (!ended.stop_requested()) {
      const int signal = sigtimedwait(&set, nullptr, &kLookEvery);
      if (signal != SIGINT && signal != SIGTERM) {
        continue;
      }
      if (!stop.request_stop()) {
        _exit(static_cast<int>(ExitCode::Interrupted));
      }
    }
  });
}

Interrupts::~Interrupts() {
  listener_.request_stop();
  listener_.join();
  const sigset_t set = watched();
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
}

}  // namespace aim::cmd
