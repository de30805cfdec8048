#include <fmt/format.h>

#include <charconv>
#include <cmath>

#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::Value;

namespace {

std::optional<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(value) : std::nullopt;
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

/// A whole number, also one that came as text out of the environment.
std::optional<std::int64_t> integer_from(const Value& value) {
  if (const std::int64_t* number = value.get<std::int64_t>()) {
    return *number;
  }
  const std::string* text = value.get<std::string>();
  return text ? parse_integer(*text) : std::nullopt;
}

std::optional<double> number_from(const Value& value) {
  if (const std::int64_t* whole = value.get<std::int64_t>()) {
    return static_cast<double>(*whole);
  }
  if (const double* number = value.get<double>()) {
    return std::isfinite(*number) ? std::optional(*number) : std::nullopt;
  }
  const std::string* text = value.get<std::string>();
  return text ? parse_number(*text) : std::nullopt;
}

std::string limit_text(const Attribute& attribute, double limit) {
  return attribute.type == Type::Number
             ? fmt::format("{}", limit)
             : display(&attribute, Value(static_cast<std::int64_t>(limit)));
}

bool in_range(const Attribute& attribute, double number, const Value& canonical, const Site& site) {
  const bool low = attribute.minimum && number < *attribute.minimum;
  const bool high = attribute.maximum && number > *attribute.maximum;
  if (!low && !high) {
    return true;
  }
  std::string wanted = low ? "at least " + limit_text(attribute, *attribute.minimum)
                           : "at most " + limit_text(attribute, *attribute.maximum);
  if (attribute.minimum && attribute.maximum) {
    wanted = fmt::format("between {} and {}",
                         limit_text(attribute, *attribute.minimum),
                         limit_text(attribute, *attribute.maximum));
  }
  site.error(
      "Value out of range",
      fmt::format(
          "`{}` must be {}, but it is {}.", site.name(), wanted, display(&attribute, canonical)));
  return false;
}

std::optional<Value> ranged(const Attribute& attribute, std::int64_t number, const Site& site) {
  const Value value(number);
  return in_range(attribute, static_cast<double>(number), value, site) ? std::optional(value)
                                                                       : std::nullopt;
}

std::optional<Value> integer(const Attribute& attribute, const Value& value, const Site& site) {
  const std::optional<std::int64_t> number = integer_from(value);
  if (!number) {
    refuse(site, "a whole number", value);
    return std::nullopt;
  }
  return ranged(attribute, *number, site);
}

std::optional<Value> number(const Attribute& attribute, const Value& value, const Site& site) {
  const std::optional<double> given = number_from(value);
  if (!given) {
    refuse(site, "a number", value);
    return std::nullopt;
  }
  // Docker counts in billionths; what it cannot hold would differ for ever.
  constexpr double kNano = 1e9;
  const Value canonical(std::abs(*given) < kNano ? std::round(*given * kNano) / kNano : *given);
  return in_range(attribute, *given, canonical, site) ? std::optional(canonical) : std::nullopt;
}

std::optional<Value> boolean(const Value& value, const Site& site) {
  if (value.is<bool>()) {
    return value;
  }
  if (const std::string* text = value.get<std::string>();
      text && (*text == "true" || *text == "false")) {
    return Value(*text == "true");
  }
  refuse(site, "true or false", value);
  return std::nullopt;
}

std::optional<Value> duration(const Attribute& attribute, const Value& value, const Site& site) {
  constexpr std::string_view kExpected = "a duration such as 30s, 5m or 1h30m";
  if (const std::int64_t* milliseconds = value.get<std::int64_t>()) {
    if (*milliseconds != 0 && (site.stage == Site::Stage::Written || *milliseconds < 0)) {
      refuse(site,
             kExpected,
             value,
             *milliseconds > 0 ? fmt::format(" Say the unit: {0}s, {0}m or {0}h.", *milliseconds)
                               : "");
      return std::nullopt;
    }
    return ranged(attribute, *milliseconds, site);
  }
  const std::string* text = value.get<std::string>();
  const std::optional<std::int64_t> parsed = text ? parse_duration(*text) : std::nullopt;
  if (!parsed) {
    refuse(site, kExpected, value);
    return std::nullopt;
  }
  return ranged(attribute, *parsed, site);
}

/// "2gb" means 2^31 to Docker and 2*10^9 to most others, so somebody has to say which.
std::string size_hint(const Value& value) {
  const std::string* text = value.get<std::string>();
  const std::size_t digits = text ? text->find_first_not_of("0123456789.") : std::string::npos;
  if (digits == std::string::npos || digits == 0) {
    return {};
  }
  const std::string unit = text->substr(digits);
  if (unit != "kb" && unit != "mb" && unit != "gb" && unit != "tb" && unit != "pb") {
    return {};
  }
  const char letter = static_cast<char>(unit.front() - 'a' + 'A');
  const std::string amount = text->substr(0, digits);
  return fmt::format(
      " Lower case can be read both ways: write {0}{1}iB for steps of 1024, or {0}{1}B "
      "for steps of 1000.",
      amount,
      letter);
}

std::optional<Value> size(const Attribute& attribute, const Value& value, const Site& site) {
  const bool unlimited = attribute.minimum && *attribute.minimum < 0;
  const std::string_view expected = unlimited ? "a size such as 16GiB or 500MB, or -1 for no limit"
                                              : "a size such as 16GiB or 500MB";
  std::optional<std::int64_t> bytes;
  if (const std::int64_t* given = value.get<std::int64_t>()) {
    bytes = *given;
  } else if (const std::string* text = value.get<std::string>()) {
    bytes = *text == "-1" ? std::optional<std::int64_t>(-1) : parse_size(*text);
  }
  const bool meaningless = bytes && (*bytes < -1 || (*bytes <= 0 && unlimited != (*bytes == -1)));
  if (!bytes || meaningless) {
    refuse(site, expected, value, size_hint(value));
    return std::nullopt;
  }
  return ranged(attribute, *bytes, site);
}

std::optional<Value> port(const Value& value, const Site& site) {
  const std::optional<std::int64_t> number = integer_from(value);
  if (!number || *number < 1 || *number > 65535) {
    refuse(site, "a port number from 1 to 65535", value);
    return std::nullopt;
  }
  return Value(*number);
}

std::optional<Value> port_request(const Value& value, const Site& site) {
  const std::string* word = value.get<std::string>();
  if (word && *word == "auto") {
    return value;
  }
  const std::optional<std::int64_t> number = integer_from(value);
  if (!number || *number < 1 || *number > 65535) {
    refuse(site, "a port number from 1 to 65535, or auto", value);
    return std::nullopt;
  }
  return Value(*number);
}

}  // namespace

std::optional<Value> normalise_number(const Attribute& attribute,
                                      const Value& value,
                                      const Site& site) {
  switch (attribute.type) {
    case Type::Integer:
      return integer(attribute, value, site);
    case Type::Number:
      return number(attribute, value, site);
    case Type::Boolean:
      return boolean(value, site);
    case Type::Duration:
      return duration(attribute, value, site);
    case Type::Size:
      return size(attribute, value, site);
    case Type::Port:
      return port(value, site);
    case Type::PortRequest:
      return port_request(value, site);
    case Type::String:
    case Type::Strings:
    case Type::StringMap:
    case Type::Arguments:
    case Type::Image:
    case Type::RestartPolicy:
    case Type::Ports:
    case Type::Mounts:
    case Type::Networks:
    case Type::Files:
    case Type::Ulimits:
    case Type::Gpus:
    case Type::GpuRequest:
    case Type::Objects:
    case Type::Object:
      break;
  }
  AIM_CHECK(false);
  return std::nullopt;
}

}  // namespace aim::planner
