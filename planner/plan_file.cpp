#include "planner/plan_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json.hpp>
#include <cerrno>
#include <system_error>

#include "planner/plan_codec.hpp"

namespace aim::planner {

namespace json = boost::json;
using core::ErrorCode;
using core::make_error;
using core::Result;

namespace {

constexpr std::string_view kFormat = "aim plan";
constexpr std::int64_t kFormatVersion = 2;
// Far above a plan of 20,000 resources; keeps a wrong path from filling the memory.
constexpr std::int64_t kMostBytes = 1LL << 30;
constexpr std::size_t kMostDepth = 160;

std::string system_words(int error) { return std::generic_category().message(error); }

/// A file descriptor that is closed once.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}

  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;

  ~Descriptor() { close(); }

  [[nodiscard]] int get() const { return number_; }

  /// 0, or the error of closing, which is where a full disk may show.
  int close() {
    const int number = std::exchange(number_, -1);
    return number < 0 || ::close(number) == 0 ? 0 : errno;
  }

 private:
  int number_;
};

/// 0 or errno.
int write_all(int descriptor, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0) {
      if (errno == EINTR) {
        continue;
      }
      return errno;
    }
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return 0;
}

/// 0 or errno. The temporary file is gone unless it became `path`.
int write_and_rename(const std::string& temporary,
                     const std::string& path,
                     std::string_view bytes) {
  Descriptor file(::open(temporary.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) {
    return errno;
  }
  int error = write_all(file.get(), bytes);
  if (error == 0 && ::fsync(file.get()) != 0) {
    error = errno;
  }
  const int closing = file.close();
  error = error != 0 ? error : closing;
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) {
    error = errno;
  }
  if (error != 0) {
    ::unlink(temporary.c_str());
  }
  return error;
}

Result<std::string> read_whole(const std::string& path) {
  const auto failed = [&](int error) {
    return make_error(error == ENOENT ? ErrorCode::NotFound : ErrorCode::Failed,
                      fmt::format("cannot read the plan file {}: {}", path, system_words(error)));
  };
  // Without O_NONBLOCK the opening of a pipe would wait for a writer.
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.get() < 0) {
    return failed(errno);
  }

  struct stat status {};

  if (::fstat(file.get(), &status) != 0) {
    return failed(errno);
  }
  if (!S_ISREG(status.st_mode) || status.st_size > kMostBytes) {
    return make_error(ErrorCode::Invalid, fmt::format("{} is not a plan file", path));
  }
  std::string text(static_cast<std::size_t>(status.st_size), '\0');
  std::size_t filled = 0;
  while (filled < text.size()) {
    const ssize_t got = ::read(file.get(), text.data() + filled, text.size() - filled);
    if (got < 0 && errno == EINTR) {
      continue;
    }
    if (got < 0) {
      return failed(errno);
    }
    if (got == 0) {
      break;
    }
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

core::Error not_a_plan() { return make_error(ErrorCode::Invalid, "not a plan file of aim"); }

core::Error damaged(std::string_view what) {
  return make_error(ErrorCode::Protocol, fmt::format("the plan file is damaged: {}", what));
}

}  // namespace

std::string canonical_plan_bytes(const Plan& plan) {
  return json::serialize(encode_plan(plan, Extent::Compared));
}

std::string format_plan_file(const SavedPlan& saved) {
  const std::string plan = json::serialize(encode_plan(saved.plan, Extent::Whole));
  json::object header{{"format", kFormat}, {"version", kFormatVersion}};
  if (saved.created) {
    const std::int64_t created = saved.created->time_since_epoch().count();
    header.emplace("created_utc_ms", created);
  }
  header.emplace("sha256", core::sha256_hex(plan));
  return json::serialize(header) + '\n' + plan + '\n';
}

namespace {

std::optional<json::value> parse_json(std::string_view text) {
  boost::system::error_code failed;
  json::parse_options options;
  options.max_depth = kMostDepth;
  json::value value = json::parse(text, failed, {}, options);
  return failed ? std::nullopt : std::optional(std::move(value));
}

/// What the first line says; the plan is still empty.
Result<SavedPlan> parse_header(std::string_view line, std::string& checksum) {
  const std::optional<json::value> parsed = parse_json(line);
  const json::object* header = parsed ? parsed->if_object() : nullptr;
  if (header == nullptr) {
    return not_a_plan();
  }
  const auto text = [&](std::string_view key) -> const json::string* {
    const json::value* value = header->if_contains(key);
    return value ? value->if_string() : nullptr;
  };
  const json::value* version_value = header->if_contains("version");
  const std::int64_t* version = version_value ? version_value->if_int64() : nullptr;
  if (!text("format") || *text("format") != kFormat || !version || *version < 1) {
    return not_a_plan();
  }
  if (*version > kFormatVersion) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("the plan file has format version {}, and this aim reads up to "
                                  "{}; it was written by a newer aim",
                                  *version,
                                  kFormatVersion));
  }
  if (*version < kFormatVersion) {
    return make_error(ErrorCode::Unsupported,
                      fmt::format("the plan file has format version {}, and this aim reads {}; it "
                                  "was written by an older aim: plan again",
                                  *version,
                                  kFormatVersion));
  }
  if (!text("sha256")) {
    return damaged("its first line lacks the checksum");
  }
  checksum = std::string(*text("sha256"));
  SavedPlan saved;
  if (const json::value* created = header->if_contains("created_utc_ms")) {
    if (!created->is_int64()) {
      return damaged("created_utc_ms is not a whole number");
    }
    saved.created = core::Utc(std::chrono::milliseconds(created->get_int64()));
  }
  return saved;
}

}  // namespace

Result<SavedPlan> parse_plan_file(std::string_view text) {
  const std::size_t line_end = std::min(text.find('\n'), text.size());
  std::string checksum;
  Result<SavedPlan> saved = parse_header(text.substr(0, line_end), checksum);
  if (!saved) {
    return saved;
  }
  std::string_view body = text.substr(std::min(line_end + 1, text.size()));
  if (body.ends_with('\n')) {
    body.remove_suffix(1);
  }
  if (core::sha256_hex(body) != checksum) {
    return damaged("its checksum does not hold");
  }
  const std::optional<json::value> parsed = parse_json(body);
  if (!parsed) {
    return damaged("its second line is not JSON");
  }
  Result<Plan> plan = decode_plan(*parsed);
  if (!plan) {
    return damaged(plan.error().message);
  }
  saved->plan = std::move(*plan);
  return saved;
}

Result<void> save_plan(const Plan& plan,
                       const std::string& path,
                       std::optional<core::Utc> created) {
  const std::string temporary = fmt::format("{}.{}.tmp", path, core::random_hex(6));
  const int error = write_and_rename(temporary, path, format_plan_file({plan, created}));
  if (error != 0) {
    return make_error(ErrorCode::Failed,
                      fmt::format("cannot write the plan file {}: {}", path, system_words(error)));
  }
  return {};
}

Result<Plan> load_plan(const std::string& path) {
  const Result<std::string> text = read_whole(path);
  if (!text) {
    return text.error();
  }
  Result<SavedPlan> saved = parse_plan_file(*text);
  if (!saved) {
    return core::while_doing(saved.error(), fmt::format("while reading {}", path));
  }
  return std::move(saved->plan);
}

}  // namespace aim::planner
