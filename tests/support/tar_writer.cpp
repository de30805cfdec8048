#include "tests/support/tar_writer.hpp"

#include <fmt/format.h>

#include "core/result.hpp"

namespace aim::support {

namespace {

constexpr std::size_t kBlock = 512;
constexpr std::size_t kNameSize = 100;

// Where the fields of a header begin, and how long they are.
struct Field {
  std::size_t offset;
  std::size_t size;
};

constexpr Field kName{0, kNameSize};
constexpr Field kMode{100, 8};
constexpr Field kOwner{108, 8};
constexpr Field kGroup{116, 8};
constexpr Field kSize{124, 12};
constexpr Field kTime{136, 12};
constexpr Field kChecksum{148, 8};
constexpr Field kKind{156, 1};
constexpr Field kLink{157, kNameSize};
constexpr Field kMagic{257, 8};
constexpr Field kPrefix{345, 155};

void put(std::string& header, Field field, std::string_view text) {
  AIM_CHECK(text.size() <= field.size);
  header.replace(field.offset, text.size(), text);
}

std::string octal(std::uint64_t number, Field field) {
  return fmt::format("{:0{}o}", number, field.size - 1);
}

std::string_view text_of(std::string_view header, Field field) {
  const std::string_view raw = header.substr(field.offset, field.size);
  return raw.substr(0, raw.find('\0'));
}

std::optional<std::uint64_t> number_of(std::string_view header, Field field) {
  std::uint64_t number = 0;
  for (const char c : text_of(header, field)) {
    if (c == ' ') {
      continue;
    }
    if (c < '0' || c > '7') {
      return std::nullopt;
    }
    number = number * 8 + static_cast<std::uint64_t>(c - '0');
  }
  return number;
}

char letter_of(TarEntry::Kind kind) {
  switch (kind) {
    case TarEntry::Kind::File:
      return '0';
    case TarEntry::Kind::Symlink:
      return '2';
    case TarEntry::Kind::Directory:
      return '5';
  }
  return '0';
}

std::uint64_t checksum_of(std::string_view header) {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < kBlock; ++i) {
    const bool own = i >= kChecksum.offset && i < kChecksum.offset + kChecksum.size;
    sum += own ? ' ' : static_cast<unsigned char>(header[i]);
  }
  return sum;
}

}  // namespace

std::string write_tar(const std::vector<TarEntry>& entries) {
  std::string archive;
  for (const TarEntry& entry : entries) {
    std::string header(kBlock, '\0');
    put(header, kName, entry.path);
    put(header, kMode, octal(entry.mode, kMode));
    put(header, kOwner, octal(entry.uid, kOwner));
    put(header, kGroup, octal(entry.gid, kGroup));
    put(header, kSize, octal(entry.content.size(), kSize));
    put(header, kTime, octal(0, kTime));
    put(header, kKind, std::string(1, letter_of(entry.kind)));
    put(header, kLink, entry.link_target);
    put(header,
        kMagic,
        std::string_view("ustar\0"
                         "00",
                         8));
    put(header, kChecksum, fmt::format("{:06o}", checksum_of(header)) + std::string("\0 ", 2));
    archive += header + entry.content;
    archive.append((kBlock - archive.size() % kBlock) % kBlock, '\0');
  }
  archive.append(2 * kBlock, '\0');
  return archive;
}

std::optional<std::vector<TarEntry>> read_tar(std::string_view archive) {
  std::vector<TarEntry> entries;
  std::size_t position = 0;
  while (position + kBlock <= archive.size()) {
    const std::string_view header = archive.substr(position, kBlock);
    if (header.find_first_not_of('\0') == std::string_view::npos) {
      return entries;
    }
    const std::optional<std::uint64_t> size = number_of(header, kSize);
    const std::optional<std::uint64_t> sum = number_of(header, kChecksum);
    const std::optional<std::uint64_t> mode = number_of(header, kMode);
    if (!size || !mode || sum != checksum_of(header) ||
        position + kBlock + *size > archive.size()) {
      return std::nullopt;
    }
    TarEntry entry;
    const std::string prefix(text_of(header, kPrefix));
    entry.path = (prefix.empty() ? "" : prefix + "/") + std::string(text_of(header, kName));
    entry.mode = static_cast<std::uint32_t>(*mode);
    entry.uid = static_cast<std::uint32_t>(number_of(header, kOwner).value_or(0));
    entry.gid = static_cast<std::uint32_t>(number_of(header, kGroup).value_or(0));
    entry.link_target = std::string(text_of(header, kLink));
    const char kind = header[kKind.offset];
    entry.kind = kind == '5'   ? TarEntry::Kind::Directory
                 : kind == '2' ? TarEntry::Kind::Symlink
                               : TarEntry::Kind::File;
    entry.content = std::string(archive.substr(position + kBlock, *size));
    entries.push_back(std::move(entry));
    position += kBlock + (*size + kBlock - 1) / kBlock * kBlock;
  }
  return std::nullopt;
}

}  // namespace aim::support
