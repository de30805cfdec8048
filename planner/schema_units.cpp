#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>

#include "planner/schema.hpp"

namespace aim::planner {

namespace {

struct Unit {
  std::string_view name;
  std::int64_t factor;
};

constexpr std::array<Unit, 4> kTimeUnits = {
    {{"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}, {"ms", 1}}};

constexpr std::int64_t kKibi = 1'024;
constexpr std::int64_t kKilo = 1'000;

constexpr std::array<Unit, 6> kBinaryUnits = {{{"PiB", kKibi* kKibi* kKibi* kKibi* kKibi},
                                               {"TiB", kKibi* kKibi* kKibi* kKibi},
                                               {"GiB", kKibi* kKibi* kKibi},
                                               {"MiB", kKibi* kKibi},
                                               {"KiB", kKibi},
                                               {"B", 1}}};
constexpr std::array<Unit, 5> kDecimalUnits = {{{"PB", kKilo* kKilo* kKilo* kKilo* kKilo},
                                                {"TB", kKilo* kKilo* kKilo* kKilo},
                                                {"GB", kKilo* kKilo* kKilo},
                                                {"MB", kKilo* kKilo},
                                                {"kB", kKilo}}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

/// A written number: whole + fraction / scale. At most three digits follow the point, so that a
/// fraction times the largest unit still fits.
struct Decimal {
  std::int64_t whole = 0;
  std::int64_t fraction = 0;
  std::int64_t scale = 1;
};

std::optional<std::int64_t> take_digits(std::string_view& text) {
  std::int64_t value = 0;
  std::size_t count = 0;
  while (count < text.size() && is_digit(text[count])) {
    if (__builtin_mul_overflow(value, 10, &value) ||
        __builtin_add_overflow(value, text[count] - '0', &value)) {
      return std::nullopt;
    }
    ++count;
  }
  text.remove_prefix(count);
  return count == 0 ? std::nullopt : std::optional(value);
}

std::optional<Decimal> take_decimal(std::string_view& text) {
  Decimal number;
  const std::optional<std::int64_t> whole = take_digits(text);
  if (!whole) {
    return std::nullopt;
  }
  number.whole = *whole;
  if (!text.starts_with('.')) {
    return number;
  }
  text.remove_prefix(1);
  const std::size_t before = text.size();
  const std::optional<std::int64_t> fraction = take_digits(text);
  const std::size_t digits = before - text.size();
  if (!fraction || digits > 3) {
    return std::nullopt;
  }
  number.fraction = *fraction;
  for (std::size_t i = 0; i < digits; ++i) {
    number.scale *= 10;
  }
  return number;
}

std::optional<std::int64_t> times(const Decimal& number, std::int64_t factor) {
  std::int64_t result = 0;
  if (__builtin_mul_overflow(number.whole, factor, &result) ||
      __builtin_add_overflow(result, number.fraction * factor / number.scale, &result)) {
    return std::nullopt;
  }
  return result;
}

/// The factor of a size unit. One letter is binary as in Docker. "mb" in lower case means 2^20 to
/// Docker and 10^6 to everybody else, so it means nothing here.
std::optional<std::int64_t> size_factor(std::string_view unit) {
  if (unit.empty() || unit == "b") {
    return 1;
  }
  for (const Unit& decimal : kDecimalUnits) {
    if (unit == decimal.name || (unit == "KB" && decimal.name == "kB")) {
      return decimal.factor;
    }
  }
  std::string small(unit);
  std::transform(small.begin(), small.end(), small.begin(), lower);
  for (const Unit& binary : kBinaryUnits) {
    std::string name(binary.name);
    std::transform(name.begin(), name.end(), name.begin(), lower);
    if (unit == binary.name ||
        (name.size() == 3 && (small == name || small == name.substr(0, 1)))) {
      return binary.factor;
    }
  }
  return std::nullopt;
}

/// `amount` (not negative) in the largest unit of which it is a whole number.
template <std::size_t N>
std::optional<std::pair<std::int64_t, std::string_view>> in_whole_units(
    std::int64_t amount, const std::array<Unit, N>& units) {
  for (const Unit& unit : units) {
    if (amount >= unit.factor && amount % unit.factor == 0) {
      return std::pair(amount / unit.factor, unit.name);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::int64_t> parse_duration(std::string_view text) {
  if (text == "0") {
    return 0;
  }
  if (text.empty()) {
    return std::nullopt;
  }
  std::int64_t total = 0;
  std::size_t next_unit = 0;
  while (!text.empty()) {
    const std::optional<Decimal> number = take_decimal(text);
    const auto* const name_end =
        std::find_if(text.begin(), text.end(), [](char c) { return is_digit(c) || c == '.'; });
    const std::string_view name = text.substr(0, static_cast<std::size_t>(name_end - text.begin()));
    text.remove_prefix(name.size());
    std::size_t unit = next_unit;
    while (unit < kTimeUnits.size() && kTimeUnits.at(unit).name != name) {
      ++unit;
    }
    if (!number || unit == kTimeUnits.size() ||
        number->fraction * kTimeUnits.at(unit).factor % number->scale != 0) {
      return std::nullopt;
    }
    const std::optional<std::int64_t> part = times(*number, kTimeUnits.at(unit).factor);
    if (!part || __builtin_add_overflow(total, *part, &total)) {
      return std::nullopt;
    }
    // Each unit once and from large to small: "5m1h" is more likely a slip than a wish.
    next_unit = unit + 1;
  }
  return total;
}

std::string format_duration(std::int64_t milliseconds) {
  if (milliseconds == 0) {
    return "0s";
  }
  if (milliseconds == std::numeric_limits<std::int64_t>::min()) {
    return fmt::format("{}ms", milliseconds);
  }
  std::string text = milliseconds < 0 ? "-" : "";
  std::int64_t rest = milliseconds < 0 ? -milliseconds : milliseconds;
  for (const Unit& unit : kTimeUnits) {
    if (rest >= unit.factor) {
      text += fmt::format("{}{}", rest / unit.factor, unit.name);
      rest %= unit.factor;
    }
  }
  return text;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  const std::optional<Decimal> number = take_decimal(text);
  if (!number) {
    return std::nullopt;
  }
  while (text.starts_with(' ')) {
    text.remove_prefix(1);
  }
  const std::optional<std::int64_t> factor = size_factor(text);
  return factor ? times(*number, *factor) : std::nullopt;
}

std::string format_size(std::int64_t bytes) {
  if (bytes <= 0) {
    return bytes == 0 ? "0B" : fmt::format("{}", bytes);
  }
  const auto binary = in_whole_units(bytes, kBinaryUnits);
  const auto decimal = in_whole_units(bytes, kDecimalUnits);
  // The smaller number is the one somebody wrote: 500MB and not 488281.25KiB.
  const auto& best = decimal && (!binary || decimal->first < binary->first) ? decimal : binary;
  return fmt::format("{}{}", best->first, best->second);
}

}  // namespace aim::planner
