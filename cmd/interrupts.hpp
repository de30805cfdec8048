#pragma once

#include <stop_token>
#include <thread>

namespace aim::cmd {

/// While it lives: the first Ctrl-C or SIGTERM requests a stop, the second ends the program at
/// once with exit code 130 (the journal tells the next run what was begun); SIGHUP is ignored, so
/// that a lost connection does not end an apply. The signals are blocked in the whole process, so
/// it has to be made before other threads are.
class Interrupts {
 public:
  explicit Interrupts(std::stop_source& stop);
  ~Interrupts();
  Interrupts(const Interrupts&) = delete;
  Interrupts& operator=(const Interrupts&) = delete;

 private:
  std::jthread listener_;
};

}  // namespace aim::cmd
