#include "planner/schema_hardware.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <set>
#include <string_view>
#include <vector>

#include "planner/schema_format.hpp"

namespace aim::planner {

namespace {

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> parts;
  std::size_t begin = 0;
  for (std::size_t end = text.find(separator); end != std::string_view::npos;
       end = text.find(separator, begin)) {
    parts.emplace_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  parts.emplace_back(text.substr(begin));
  return parts;
}

std::optional<int> whole_number(std::string_view digits) {
  if (digits.empty() || digits.find_first_not_of("0123456789") != std::string_view::npos) {
    return std::nullopt;
  }
  int value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  return error == std::errc() ? std::optional(value) : std::nullopt;
}

/// Each letter once, in Docker's own order.
std::optional<std::string> canonical_access(const std::string& text) {
  std::string access;
  for (const char letter : std::string_view("rwm")) {
    if (text.find(letter) != std::string::npos) {
      access += letter;
    }
  }
  return !access.empty() && access.size() == text.size() ? std::optional(access) : std::nullopt;
}

/// More than any machine has; keeps "0-999999999" from being written out.
constexpr int kMostCpus = 8192;

bool add_range(std::string_view part, std::set<int>& cpus) {
  const std::size_t dash = part.find('-');
  const std::optional<int> first = whole_number(part.substr(0, dash));
  const std::optional<int> last =
      dash == std::string_view::npos ? first : whole_number(part.substr(dash + 1));
  if (!first || !last || *first > *last || *last >= kMostCpus) {
    return false;
  }
  for (int cpu = *first; cpu <= *last; ++cpu) {
    cpus.insert(cpu);
  }
  return true;
}

}  // namespace

std::optional<std::string> canonical_device(const std::string& text) {
  std::vector<std::string> parts = split(text, ':');
  std::string access = "rwm";
  if (parts.size() > 1 && !parts.back().starts_with('/')) {
    const std::optional<std::string> given = canonical_access(parts.back());
    if (!given) {
      return std::nullopt;
    }
    access = *given;
    parts.pop_back();
  }
  const bool paths =
      parts.size() <= 2 && std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
        return part.starts_with('/') && part.size() > 1;
      });
  if (!paths) {
    return std::nullopt;
  }
  const std::string host = clean_path(parts.front());
  const std::string inside = clean_path(parts.back());
  return fmt::format(
      "{}{}{}", host, inside == host ? "" : ":" + inside, access == "rwm" ? "" : ":" + access);
}

std::string device_target(const std::string& device) {
  const std::vector<std::string> parts = split(device, ':');
  return parts.size() > 1 && parts[1].starts_with('/') ? parts[1] : parts.front();
}

std::optional<std::string> canonical_cpu_list(const std::string& text) {
  std::set<int> cpus;
  for (const std::string& part : split(text, ',')) {
    if (!add_range(part, cpus)) {
      return std::nullopt;
    }
  }
  std::string result;
  for (auto cpu = cpus.begin(); cpu != cpus.end();) {
    const int first = *cpu;
    int last = first;
    while (++cpu != cpus.end() && *cpu == last + 1) {
      last = *cpu;
    }
    result += fmt::format(
        "{}{}{}", result.empty() ? "" : ",", first, last == first ? "" : fmt::format("-{}", last));
  }
  return result;
}

std::optional<std::string> canonical_file_mode(const std::string& text) {
  constexpr unsigned kAllBits = 07777;
  unsigned mode = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), mode, 8);
  const bool good = error == std::errc() && end == text.data() + text.size() && mode <= kAllBits;
  return good && mode != 0 ? std::optional(fmt::format("{:o}", mode)) : std::nullopt;
}

std::optional<std::string> canonical_platform(const std::string& text) {
  const std::vector<std::string> parts = split(text, '/');
  const bool good =
      (parts.size() == 2 || parts.size() == 3) &&
      std::all_of(parts.begin(), parts.end(), [](const std::string& part) {
        return !part.empty() &&
               part.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789") == std::string::npos;
      });
  return good ? std::optional(text) : std::nullopt;
}

std::optional<std::string> canonical_gpu_count(const std::string& text) {
  if (text == "all") {
    return text;
  }
  const std::optional<int> count = whole_number(text);
  return count && *count > 0 ? std::optional(std::to_string(*count)) : std::nullopt;
}

}  // namespace aim::planner
