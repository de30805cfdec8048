#include "recipes/file_index.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <memory>
#include <span>
#include <sstream>
#include <thread>

#include "recipes/fields.hpp"

namespace aim::recipes {

namespace fs = std::filesystem;

namespace {

constexpr std::string_view kMagic = "aim file index 1";
constexpr std::size_t kLargestCache = 64U << 20U;
/// Two writes within this time may leave the same time of modification.
constexpr std::int64_t kGranularityNs = 2'000'000'000;
/// From so many files on a second thread is worth its start.
constexpr std::size_t kFilesForTwo = 2000;

/// FNV-1a over words of eight bytes: a guard against torn files, not against people.
std::uint64_t checksum(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL ^ text.size();
  while (!text.empty()) {
    std::uint64_t word = 0;
    const std::size_t count = std::min(text.size(), sizeof word);
    std::memcpy(&word, text.data(), count);
    hash = (hash ^ word) * 1099511628211ULL;
    hash ^= hash >> 32U;  // the high bytes of a word count too
    text.remove_prefix(count);
  }
  return hash;
}

std::int64_t nanoseconds(const timespec& time) {
  return static_cast<std::int64_t>(time.tv_sec) * 1'000'000'000 + time.tv_nsec;
}

struct Cached {
  std::string text;  ///< the views below point into it
  std::int64_t written_ns = 0;

  struct Entry {
    std::uint64_t size = 0;
    std::int64_t modified_ns = 0;
    std::string_view keys;
  };

  std::vector<std::pair<std::string_view, Entry>> entries;  ///< in order of name, as written
};

/// Takes the text up to `end` and drops `end`. Nothing if there is none.
bool take_until(std::string_view& rest, char end, std::string_view& taken) {
  const std::size_t at = rest.find(end);
  if (at == std::string_view::npos) {
    return false;
  }
  taken = rest.substr(0, at);
  rest.remove_prefix(at + 1);
  return true;
}

template <class Number>
bool take_number(std::string_view& rest, Number& number) {
  std::string_view text;
  if (!take_until(rest, '\t', text)) {
    return false;
  }
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc{} && end == text.data() + text.size();
}

/// Lines of name, size, time and keys, tab between, NUL behind; the header holds the checksum of
/// all of them.
bool parse_cache(std::string_view kind, Cached& cached) {
  std::string_view rest = cached.text;
  std::string_view header;
  if (!take_until(rest, '\n', header) ||
      header != fmt::format("{} {} {:016x} {}", kMagic, kind, checksum(rest), rest.size())) {
    return false;
  }
  cached.entries.reserve(static_cast<std::size_t>(std::count(rest.begin(), rest.end(), '\0')));
  while (!rest.empty()) {
    std::string_view name;
    Cached::Entry entry;
    if (!take_until(rest, '\t', name) || !take_number(rest, entry.size) ||
        !take_number(rest, entry.modified_ns) || !take_until(rest, '\0', entry.keys)) {
      return false;
    }
    cached.entries.emplace_back(name, entry);
  }
  return true;
}

fs::path cache_file(const IndexOptions& options) {
  const std::string directory = fs::absolute(options.directory).lexically_normal().string();
  return options.cache / fmt::format("index-{:016x}", checksum(directory));
}

std::unique_ptr<Cached> read_cache(const IndexOptions& options) {
  if (options.cache.empty()) {
    return nullptr;
  }
  const fs::path file = cache_file(options);

  struct stat status {};

  if (stat(file.c_str(), &status) != 0) {
    return nullptr;
  }
  core::Result<std::string> text = read_text(file.string(), kLargestCache);
  if (!text) {
    return nullptr;
  }
  auto cached = std::make_unique<Cached>();
  cached->text = std::move(*text);
  cached->written_ns = nanoseconds(status.st_mtim);
  return parse_cache(options.kind, *cached) ? std::move(cached) : nullptr;
}

void write_cache(const IndexOptions& options, const std::vector<IndexedFile>& files) {
  std::string body;
  for (const IndexedFile& file : files) {
    body += fmt::format("{}\t{}\t{}\t", file.name, file.size, file.modified_ns);
    body += file.keys;
    body += '\0';
  }
  if (body.size() > kLargestCache) {
    return;
  }
  std::error_code code;
  fs::create_directories(options.cache, code);
  const fs::path file = cache_file(options);
  const fs::path fresh = file.string() + fmt::format(".{}", getpid());
  {
    std::ofstream stream(fresh, std::ios::binary | std::ios::trunc);
    stream << kMagic << ' ' << options.kind << ' '
           << fmt::format("{:016x} {}\n", checksum(body), body.size()) << body;
    stream.close();
    if (!stream) {
      fs::remove(fresh, code);
      return;
    }
  }
  fs::rename(fresh, file, code);
  if (code) {
    fs::remove(fresh, code);
  }
}

bool usable(std::string_view text) {
  return text.find_first_of(std::string_view("\t\n\0", 3)) == std::string_view::npos;
}

struct DirectoryCloser {
  void operator()(DIR* directory) const { closedir(directory); }
};

bool is_data_file(std::string_view name) {
  return (name.ends_with(".yaml") || name.ends_with(".yml")) && !name.starts_with('.') &&
         usable(name);
}

/// Fills in size and time; clears the name of what is no regular file.
void look_at(int directory, std::span<IndexedFile> files) {
  for (IndexedFile& file : files) {
    struct stat status {};

    if (fstatat(directory, file.name.c_str(), &status, 0) != 0 || !S_ISREG(status.st_mode)) {
      file.name.clear();
      continue;
    }
    file.size = static_cast<std::uint64_t>(status.st_size);
    file.modified_ns = nanoseconds(status.st_mtim);
  }
}

core::Result<std::vector<IndexedFile>> listed_files(const IndexOptions& options) {
  std::vector<IndexedFile> files;
  const std::unique_ptr<DIR, DirectoryCloser> directory(opendir(options.directory.c_str()));
  if (!directory) {
    if (errno == ENOENT || errno == ENOTDIR) {
      return files;
    }
    return core::make_error(
        core::ErrorCode::Failed,
        fmt::format("{} cannot be read: {}", options.directory.string(), std::strerror(errno)));
  }
  while (const dirent* entry = readdir(directory.get())) {
    if (!is_data_file(entry->d_name)) {
      continue;
    }
    if (files.size() == options.most_files) {
      return core::make_error(
          core::ErrorCode::Failed,
          fmt::format("{} has more than {} files", options.directory.string(), options.most_files));
    }
    files.push_back({entry->d_name, 0, 0, {}});
  }
  // Asking the system for 10,000 files takes most of the time that finding a recipe takes.
  const int descriptor = dirfd(directory.get());
  const std::span<IndexedFile> all(files);
  const std::size_t half = all.size() < kFilesForTwo ? 0 : all.size() / 2;
  {
    std::jthread other;
    if (half > 0) {
      other = std::jthread([&] { look_at(descriptor, all.first(half)); });
    }
    look_at(descriptor, all.subspan(half));
  }
  std::erase_if(files, [](const IndexedFile& file) { return file.name.empty(); });
  return files;
}

std::string extracted(const IndexOptions& options,
                      const IndexedFile& file,
                      const KeyExtractor& extract) {
  const std::string path = (options.directory / file.name).string();
  const core::Result<std::string> text = read_text(path, options.largest_file);
  std::string keys;
  if (!text) {
    return keys;
  }
  for (const std::string& key : extract(path, *text)) {
    if (usable(key)) {
      keys += key;
      keys += '\n';
    }
  }
  return keys;
}

/// Text of a scalar that stands on one line, or nothing when it may be something else.
bool line_text(std::string_view value, std::string& text) {
  while (!value.empty() && (value.back() == ' ' || value.back() == '\r')) {
    value.remove_suffix(1);
  }
  while (!value.empty() && value.front() == ' ') {
    value.remove_prefix(1);
  }
  if (value.empty()) {
    return false;
  }
  const char first = value.front();
  if (first == '"' || first == '\'') {
    const std::size_t end = value.find(first, 1);
    if (end == std::string_view::npos || value.find('\\') != std::string_view::npos) {
      return false;
    }
    const std::string_view behind = value.substr(end + 1);
    text = value.substr(1, end - 1);
    const std::size_t word = behind.find_first_not_of(' ');
    return word == std::string_view::npos || (word > 0 && behind[word] == '#');
  }
  if (std::string_view("&*!|>[{%@`?#").find(first) != std::string_view::npos) {
    return false;
  }
  text = value.substr(0, value.find(" #"));
  while (!text.empty() && text.back() == ' ') {
    text.pop_back();
  }
  return true;
}

}  // namespace

bool take_key(std::string_view& keys, std::string_view& key) { return take_until(keys, '\n', key); }

core::Result<std::vector<IndexedFile>> index_files(const IndexOptions& options,
                                                   const KeyExtractor& extract) {
  std::unique_ptr<Cached> cached;
  core::Result<std::vector<IndexedFile>> listed = std::vector<IndexedFile>();
  {
    const std::jthread reader([&] { cached = read_cache(options); });
    listed = listed_files(options);
  }
  if (!listed || listed->empty()) {
    return listed;
  }
  std::vector<IndexedFile>& files = *listed;
  std::sort(files.begin(), files.end(), [](const IndexedFile& a, const IndexedFile& b) {
    return a.name < b.name;
  });
  bool changed = !cached || cached->entries.size() != files.size();
  auto found = cached ? cached->entries.begin() : decltype(cached->entries.begin())();
  for (IndexedFile& file : files) {
    if (cached) {
      // Both are in order of name.
      while (found != cached->entries.end() && found->first < file.name) {
        ++found;
      }
      if (found != cached->entries.end() && found->first == file.name &&
          found->second.size == file.size && found->second.modified_ns == file.modified_ns &&
          file.modified_ns < cached->written_ns - kGranularityNs) {
        file.keys = found->second.keys;
        continue;
      }
    }
    file.keys = extracted(options, file, extract);
    changed = true;
  }
  if (changed && !options.cache.empty()) {
    write_cache(options, files);
  }
  return listed;
}

std::vector<std::pair<std::string, std::string>> top_level_texts(
    std::string_view text, const std::vector<std::string_view>& wanted, bool& sure) {
  std::vector<std::pair<std::string, std::string>> found;
  sure = true;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty() || line.front() == ' ' || line.front() == '#' || line.front() == '\r') {
      continue;
    }
    if (line.starts_with("---")) {
      continue;
    }
    const bool plain_key = line.front() >= 'a' && line.front() <= 'z';
    const std::size_t colon = line.find(':');
    if (!plain_key || colon == std::string_view::npos) {
      sure = false;  // a quoted key, a merge key, a list, a tab, more of a text
      continue;
    }
    const std::string_view key = line.substr(0, colon);
    if (std::find(wanted.begin(), wanted.end(), key) == wanted.end()) {
      continue;
    }
    std::string value;
    if (line_text(line.substr(colon + 1), value)) {
      found.emplace_back(key, std::move(value));
    } else {
      sure = false;
    }
  }
  return found;
}

}  // namespace aim::recipes
