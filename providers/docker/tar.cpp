#include "providers/docker/tar.hpp"

#include <fmt/format.h>

#include <cstddef>
#include <string_view>

namespace aim::providers {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kLongestPath = 100;
constexpr char kPlainFile = '0';
constexpr char kPaxRecords = 'x';

void put(std::string& block, std::size_t offset, std::string_view text) {
  block.replace(offset, text.size(), text);
}

std::string header(std::string_view path, std::size_t size, char type) {
  std::string block(kBlock, '\0');
  put(block, 0, path.substr(0, kLongestPath));
  put(block, 100, "0000644");                     // mode
  put(block, 108, "0000000");                     // owner
  put(block, 116, "0000000");                     // group
  put(block, 124, fmt::format("{:011o}", size));  // size
  put(block, 136, "00000000000");                 // time
  put(block, 148, "        ");                    // checksum, as spaces while it is summed
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

void append(std::string& archive, std::string_view path, std::string_view content, char type) {
  archive += header(path, content.size(), type);
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

}  // namespace

std::string tar_archive(const std::vector<TarFile>& files) {
  std::string archive;
  for (const TarFile& file : files) {
    if (file.path.size() > kLongestPath) {
      append(archive, "path", path_record(file.path), kPaxRecords);
    }
    append(archive, file.path, file.content, kPlainFile);
  }
  archive.append(2 * kBlock, '\0');
  return archive;
}

}  // namespace aim::providers
