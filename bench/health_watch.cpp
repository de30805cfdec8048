// Asks /health of a port on 127.0.0.1, again and again on connections of their own, until standard
// input ends, and prints the longest time in milliseconds from one good answer to the next.

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace {

using Clock = std::chrono::steady_clock;
using Millis = std::chrono::duration<double, std::milli>;

constexpr int kPauseMillis = 2;

/// Whether the answer to one request is 200. What takes longer than a tenth of a
/// second is none: a request into a container that is just starting hangs until TCP tries again.
bool is_healthy(std::uint16_t port) {
  const int descriptor = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) {
    return false;
  }
  const timeval patience{0, 100'000};
  ::setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
  ::setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  sockaddr general{};
  static_assert(sizeof(general) == sizeof(address));
  std::memcpy(&general, &address, sizeof(address));
  constexpr std::string_view kRequest =
      "GET /health HTTP/1.1\r\nHost: bench\r\nConnection: close\r\n\r\n";
  constexpr std::string_view kGood = "HTTP/1.1 200";
  std::string answer(kGood.size(), '\0');
  const bool healthy = ::connect(descriptor, &general, sizeof(general)) == 0 &&
                       ::send(descriptor, kRequest.data(), kRequest.size(), MSG_NOSIGNAL) ==
                           static_cast<ssize_t>(kRequest.size()) &&
                       ::recv(descriptor, answer.data(), answer.size(), MSG_WAITALL) ==
                           static_cast<ssize_t>(answer.size()) &&
                       answer == kGood;
  ::close(descriptor);
  return healthy;
}

/// Waits for the pause between two requests; false once standard input has ended.
bool goes_on() {
  pollfd input{STDIN_FILENO, POLLIN, 0};
  return ::poll(&input, 1, kPauseMillis) == 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: health_watch PORT\n");
    return 1;
  }
  const auto port = static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10));
  std::optional<Clock::time_point> last;
  Millis longest{0};
  while (goes_on()) {
    if (is_healthy(port)) {
      const Clock::time_point now = Clock::now();
      if (last) {
        longest = std::max(longest, Millis(now - *last));
      }
      last = now;
    }
  }
  if (!last || !is_healthy(port)) {
    fmt::print(stderr, "health_watch: port {} does not answer\n", port);
    return 1;
  }
  fmt::print("{:.1f}\n", longest.count());
  return 0;
}
