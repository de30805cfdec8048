#include "core/document_scalar.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>

namespace aim::core {

namespace {

using Decided = std::variant<Node::Data, NumberOutOfRange>;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_hex_digit(char c) {
  return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool is_octal_digit(char c) { return c >= '0' && c <= '7'; }

bool all(std::string_view text, bool (*is_one)(char)) {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_one);
}

std::string_view without_sign(std::string_view text) {
  return text.starts_with('-') || text.starts_with('+') ? text.substr(1) : text;
}

std::size_t count_digits(std::string_view text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  return static_cast<std::size_t>(end - text.begin());
}

/// [-+]? ( \. [0-9]+ | [0-9]+ ( \. [0-9]* )? ) ( [eE] [-+]? [0-9]+ )?
bool is_float(std::string_view text) {
  text = without_sign(text);
  const std::size_t whole = count_digits(text);
  text.remove_prefix(whole);
  if (text.starts_with('.')) {
    const std::size_t fraction = count_digits(text.substr(1));
    if (whole == 0 && fraction == 0) {
      return false;
    }
    text.remove_prefix(fraction + 1);
  } else if (whole == 0) {
    return false;
  }
  if (text.empty()) {
    return true;
  }
  return (text.front() == 'e' || text.front() == 'E') &&
         all(without_sign(text.substr(1)), is_digit);
}

bool is_one_of(std::string_view text, std::string_view a, std::string_view b, std::string_view c) {
  return text == a || text == b || text == c;
}

Decided integer(std::string_view digits, int base) {
  std::int64_t number = 0;
  const char* end = digits.data() + digits.size();
  const auto [stopped, failed] = std::from_chars(digits.data(), end, number, base);
  if (failed == std::errc::result_out_of_range || stopped != end) {
    return NumberOutOfRange{};
  }
  return Node::Data(number);
}

std::optional<double> special_float(std::string_view text) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (is_one_of(without_sign(text), ".inf", ".Inf", ".INF")) {
    return text.front() == '-' ? -kInfinity : kInfinity;
  }
  if (is_one_of(text, ".nan", ".NaN", ".NAN")) {
    return std::numeric_limits<double>::quiet_NaN();
  }
  return std::nullopt;
}

}  // namespace

Decided decide_scalar(std::string_view plain) {
  if (plain.empty() || plain == "~" || is_one_of(plain, "null", "Null", "NULL")) {
    return Node::Data(Null{});
  }
  if (plain == "true" || plain == "false") {
    return Node::Data(plain == "true");
  }
  // from_chars takes a minus sign but no plus sign.
  const std::string_view number = plain.starts_with('+') ? plain.substr(1) : plain;
  if (all(without_sign(plain), is_digit)) {
    return integer(number, 10);
  }
  if (plain.starts_with("0x") && all(plain.substr(2), is_hex_digit)) {
    return integer(plain.substr(2), 16);
  }
  if (plain.starts_with("0o") && all(plain.substr(2), is_octal_digit)) {
    return integer(plain.substr(2), 8);
  }
  if (const std::optional<double> special = special_float(plain)) {
    return Node::Data(*special);
  }
  if (is_float(plain)) {
    double value = 0;
    const auto [stopped, failed] =
        std::from_chars(number.data(), number.data() + number.size(), value);
    static_cast<void>(stopped);
    return failed == std::errc() ? Decided(Node::Data(value)) : Decided(NumberOutOfRange{});
  }
  return Node::Data(std::string(plain));
}

}  // namespace aim::core
