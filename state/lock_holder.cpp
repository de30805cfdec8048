#include "state/lock.hpp"

#include <fmt/format.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/json.hpp>
#include <cerrno>
#include <charconv>
#include <fstream>
#include <iterator>
#include <limits>
#include <optional>
#include <sstream>
#include <vector>

#include "core/secret.hpp"

namespace aim::state {

namespace {

constexpr std::size_t kNonceBytes = 8;

std::optional<std::string> read_text(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return std::nullopt;
  }
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::string boot_id() {
  std::string text = read_text("/proc/sys/kernel/random/boot_id").value_or("");
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text;
}

std::string host_name() {
  std::array<char, 256> buffer{};
  // The last byte stays 0: a name that does not fit is not terminated.
  if (::gethostname(buffer.data(), buffer.size() - 1) != 0) {
    return "";
  }
  return buffer.data();
}

std::string user_name() {
  std::vector<char> buffer(16384);

  struct passwd entry {};
  struct passwd* found = nullptr;
  const uid_t uid = ::geteuid();
  if (::getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr) {
    return found->pw_name;
  }
  return fmt::format("uid {}", uid);
}

std::int64_t pid_namespace() {
  struct stat info {};

  if (::stat("/proc/self/ns/pid", &info) != 0) {
    return 0;
  }
  return static_cast<std::int64_t>(info.st_ino);
}

struct ProcessStat {
  char state = '?';
  std::int64_t start = 0;  ///< clock ticks after boot
};

/// /proc/PID/stat as proc(5) describes it: the name, field 2, may hold blanks and parentheses, so
/// fields are counted from the last parenthesis; the state is field 3, the start time field 22.
std::optional<ProcessStat> process_stat(std::int64_t pid) {
  const auto text = read_text(fmt::format("/proc/{}/stat", pid));
  const std::size_t name_end = text ? text->rfind(')') : std::string::npos;
  if (name_end == std::string::npos) {
    return std::nullopt;
  }
  constexpr std::ptrdiff_t kFieldsFromStateToStart = 22 - 3;
  std::istringstream stream(text->substr(name_end + 1));
  const std::vector<std::string> fields{std::istream_iterator<std::string>(stream), {}};
  if (fields.size() <= static_cast<std::size_t>(kFieldsFromStateToStart)) {
    return std::nullopt;
  }
  const std::string& start = fields[static_cast<std::size_t>(kFieldsFromStateToStart)];
  ProcessStat stat;
  stat.state = fields.front().front();
  if (std::from_chars(start.data(), start.data() + start.size(), stat.start).ec != std::errc()) {
    return std::nullopt;
  }
  return stat;
}

/// "45s", "2m10s", "3h5m", "2d4h"
std::string duration_text(std::chrono::milliseconds duration) {
  const std::int64_t seconds =
      std::max<std::int64_t>(0, std::chrono::floor<std::chrono::seconds>(duration).count());
  constexpr std::int64_t kMinute = 60;
  constexpr std::int64_t kHour = 60 * kMinute;
  constexpr std::int64_t kDay = 24 * kHour;
  if (seconds < kMinute) {
    return fmt::format("{}s", seconds);
  }
  if (seconds < kHour) {
    return fmt::format("{}m{}s", seconds / kMinute, seconds % kMinute);
  }
  if (seconds < kDay) {
    return fmt::format("{}h{}m", seconds / kHour, seconds % kHour / kMinute);
  }
  return fmt::format("{}d{}h", seconds / kDay, seconds % kDay / kHour);
}

/// Reads the members of a holder; complete() is false after one that is missing or another type.
class Members {
 public:
  explicit Members(const boost::json::object& object) : object_(object) {}

  std::string text(std::string_view key) {
    const boost::json::value* value = object_.if_contains(key);
    complete_ = complete_ && value != nullptr && value->is_string();
    return complete_ ? std::string(value->get_string()) : std::string();
  }

  std::int64_t number(std::string_view key) {
    const boost::json::value* value = object_.if_contains(key);
    complete_ = complete_ && value != nullptr && value->is_int64();
    return complete_ ? value->get_int64() : 0;
  }

  [[nodiscard]] bool complete() const { return complete_; }

 private:
  const boost::json::object& object_;
  bool complete_ = true;
};

}  // namespace

std::string to_json(const LockHolder& holder) {
  return boost::json::serialize(boost::json::object{{"user", holder.user},
                                                    {"host", holder.host},
                                                    {"boot_id", holder.boot_id},
                                                    {"pid", holder.pid},
                                                    {"process_start", holder.process_start},
                                                    {"pid_namespace", holder.pid_namespace},
                                                    {"since_unix_ms", holder.since_unix_ms},
                                                    {"command", holder.command},
                                                    {"nonce", holder.nonce}});
}

core::Result<LockHolder> holder_from_json(std::string_view text) {
  const core::Error malformed =
      core::make_error(core::ErrorCode::Protocol, "malformed holder of a lock");
  boost::system::error_code failure;
  const boost::json::value json =
      boost::json::parse(boost::json::string_view(text.data(), text.size()), failure);
  if (failure || !json.is_object()) {
    return malformed;
  }
  Members members(json.get_object());
  LockHolder holder;
  holder.user = members.text("user");
  holder.host = members.text("host");
  holder.boot_id = members.text("boot_id");
  holder.pid = members.number("pid");
  holder.process_start = members.number("process_start");
  holder.pid_namespace = members.number("pid_namespace");
  holder.since_unix_ms = members.number("since_unix_ms");
  holder.command = members.text("command");
  holder.nonce = members.text("nonce");
  if (!members.complete()) {
    return malformed;
  }
  return holder;
}

std::string describe(const LockHolder& holder, core::Utc now) {
  const core::Utc since{std::chrono::milliseconds(holder.since_unix_ms)};
  return fmt::format("{}@{}, pid {}, aim {}, for {}",
                     holder.user,
                     holder.host,
                     holder.pid,
                     holder.command,
                     duration_text(now - since));
}

LockHolder this_process(std::string command, core::Utc now) {
  LockHolder holder;
  holder.user = user_name();
  holder.host = host_name();
  holder.boot_id = boot_id();
  holder.pid = ::getpid();
  holder.process_start = process_stat(holder.pid).value_or(ProcessStat{}).start;
  holder.pid_namespace = pid_namespace();
  holder.since_unix_ms = now.time_since_epoch().count();
  holder.command = std::move(command);
  holder.nonce = core::random_hex(kNonceBytes);
  return holder;
}

Liveness liveness(const LockHolder& holder) {
  const bool here = !holder.boot_id.empty() && holder.boot_id == boot_id() &&
                    holder.host == host_name() && holder.pid_namespace == pid_namespace();
  if (!here || holder.pid <= 0 || holder.pid > std::numeric_limits<pid_t>::max()) {
    return Liveness::Elsewhere;
  }
  // Other users' processes may be hidden from /proc (hidepid), but not from kill: it says EPERM.
  if (::kill(static_cast<pid_t>(holder.pid), 0) != 0 && errno == ESRCH) {
    return Liveness::Dead;
  }
  const auto stat = process_stat(holder.pid);
  if (!stat) {
    return Liveness::Alive;
  }
  const bool ended = stat->state == 'Z' || stat->state == 'X';
  return ended || stat->start != holder.process_start ? Liveness::Dead : Liveness::Alive;
}

}  // namespace aim::state
