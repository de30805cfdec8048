#include "providers/docker/tar.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string_view>

namespace aim::providers {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestPath = 100;
constexpr char kPlainFile = '0';
constexpr char kPaxRecords = 'x';
constexpr char kGlobalPaxRecords = 'g';

void put(std::string& block, std::size_t offset, std::string_view text) {
  block.replace(offset, text.size(), text);
}

std::string header(std::string_view path, const TarFile& file, std::size_t size, char type) {
  std::string block(kBlock, '\0');
  put(block, 0, path.substr(0, kLongestPath));
  put(block, 100, fmt::format("{:07o}", file.mode & 07777));
  put(block, 108, fmt::format("{:07o}", file.uid & kLargestTarId));
  put(block, 116, fmt::format("{:07o}", file.gid & kLargestTarId));
  put(block, 124, fmt::format("{:011o}", size));
  put(block, 136, "00000000000");  // time
  put(block, 148, "        ");     // checksum, as spaces while it is summed
  block[156] = type;
  put(block,
      257,
      std::string_view("ustar\0"
                       "00",
                       8));
  unsigned int sum = 0;
  for (const char c : block) {
    sum += static_cast<unsigned char>(c);
  }
  put(block, 148, fmt::format("{:06o}", sum));
  block[154] = '\0';
  return block;
}

void append(std::string& archive,
            std::string_view path,
            const TarFile& file,
            std::string_view content,
            char type) {
  archive += header(path, file, content.size(), type);
  archive += content;
  archive.append((kBlock - content.size() % kBlock) % kBlock, '\0');
}

/// "LENGTH path=PATH\n", where LENGTH counts its own digits too.
std::string path_record(std::string_view path) {
  const std::string tail = fmt::format(" path={}\n", path);
  std::size_t length = tail.size() + 1;
  while (fmt::format("{}", length).size() + tail.size() != length) {
    ++length;
  }
  return fmt::format("{}{}", length, tail);
}

/// The octal number of a header's field. Numbers too large for it are written another way, which
/// nothing that aim put into a container needs.
std::optional<std::uint64_t> number_at(std::string_view block,
                                       std::size_t offset,
                                       std::size_t size) {
  std::uint64_t number = 0;
  for (const char c : block.substr(offset, size)) {
    if (c == '\0' || c == ' ') {
      continue;
    }
    if (c < '0' || c > '7') {
      return std::nullopt;
    }
    number = number * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

core::Error no_archive() {
  return core::make_error(core::ErrorCode::Protocol,
                          "Docker sent something that is no tar archive");
}

}  // namespace

core::Result<TarFile> only_file_of(std::string_view archive) {
  while (archive.size() >= kBlock) {
    const std::string_view block = archive.substr(0, kBlock);
    const auto size = number_at(block, 124, 12);
    const auto mode = number_at(block, 100, 8);
    const auto uid = number_at(block, 108, 8);
    const auto gid = number_at(block, 116, 8);
    if (!size || !mode || !uid || !gid || *size > archive.size() - kBlock) {
      return no_archive();
    }
    const char type = block[156];
    if (type != kPaxRecords && type != kGlobalPaxRecords) {
      if (type != kPlainFile && type != '\0') {
        return core::make_error(core::ErrorCode::Failed, "it is no plain file");
      }
      TarFile file;
      file.content = std::string(archive.substr(kBlock, *size));
      file.mode = static_cast<std::uint32_t>(*mode & 07777);
      file.uid = static_cast<std::uint32_t>(*uid);
      file.gid = static_cast<std::uint32_t>(*gid);
      return file;
    }
    const std::size_t whole = kBlock + (*size + kBlock - 1) / kBlock * kBlock;
    archive.remove_prefix(std::min(whole, archive.size()));
  }
  return no_archive();
}

std::string tar_archive(const std::vector<TarFile>& files) {
  std::string archive;
  for (const TarFile& file : files) {
    if (file.path.size() > kLongestPath) {
      append(archive, "path", TarFile(), path_record(file.path), kPaxRecords);
    }
    append(archive, file.path, file, file.content, kPlainFile);
  }
  archive.append(2 * kBlock, '\0');
  return archive;
}

}  // namespace aim::providers
