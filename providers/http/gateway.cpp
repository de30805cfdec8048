#include "providers/http/gateway.hpp"

#include <algorithm>
#include <chrono>
#include <utility>

#include "providers/http/tls_context.hpp"

namespace aim::providers {

using std::chrono::milliseconds;

namespace {

// For all of them together: an ssh whose standard input has ended needs one exchange with its
// server, and one that is still connecting notices nothing.
constexpr milliseconds kTimeToLeave{1000};

}  // namespace

Gateway::Gateway(HttpEndpoint endpoint) : endpoint_(std::move(endpoint)) {}

Gateway::~Gateway() {
  const auto until = std::chrono::steady_clock::now() + kTimeToLeave;
  const auto left = [&](std::chrono::steady_clock::time_point end) {
    const auto rest = std::chrono::ceil<milliseconds>(end - std::chrono::steady_clock::now());
    return std::max(rest, milliseconds(0));
  };
  for (ChildProgram& program : dismissed_) {
    if (!program.has_ended(left(until))) {
      program.terminate();
    }
  }
  for (ChildProgram& program : dismissed_) {
    // One that does not heed this is killed with its last owner.
    program.has_ended(left(until + kTimeToLeave));
  }
}

core::Result<std::shared_ptr<const TlsContext>> Gateway::tls() {
  const std::lock_guard lock(mutex_);
  if (!tls_) {
    core::Result<std::shared_ptr<const TlsContext>> loaded = TlsContext::load(*endpoint_.tls);
    if (!loaded) {
      return loaded.error();
    }
    tls_ = std::move(*loaded);
  }
  return tls_;
}

void Gateway::dismiss(ChildProgram program) {
  const std::lock_guard lock(mutex_);
  dismissed_.push_back(std::move(program));
  std::erase_if(dismissed_, [](ChildProgram& one) { return one.has_ended(milliseconds(0)); });
}

}  // namespace aim::providers
