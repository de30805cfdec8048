#include "core/source.hpp"

namespace aim::core {

void SourceFiles::add(std::string name, std::string text) {
  texts_.insert_or_assign(std::move(name), std::move(text));
}

const std::string* SourceFiles::text(std::string_view file) const {
  const auto found = texts_.find(file);
  return found == texts_.end() ? nullptr : &found->second;
}

std::optional<std::string> SourceFiles::line(std::string_view file, std::uint32_t number) const {
  const std::string* whole = text(file);
  if (whole == nullptr || number == 0) {
    return std::nullopt;
  }
  std::size_t begin = 0;
  for (std::uint32_t current = 1; current < number; ++current) {
    begin = whole->find('\n', begin);
    if (begin == std::string::npos) {
      return std::nullopt;
    }
    ++begin;
  }
  const std::size_t end = std::min(whole->find('\n', begin), whole->size());
  std::string line = whole->substr(begin, end - begin);
  if (!line.empty() && line.back() == '\r') {
    line.pop_back();
  }
  return line;
}

}  // namespace aim::core
