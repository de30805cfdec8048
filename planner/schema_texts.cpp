#include <fmt/format.h>

#include <algorithm>

#include "planner/image_reference.hpp"
#include "planner/schema_format.hpp"
#include "planner/schema_normalise.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Secret;
using core::Value;

namespace {

bool has_zero_byte(const std::string& text, const Site& site) {
  if (text.find('\0') == std::string::npos) {
    return false;
  }
  site.error("Invalid value",
             fmt::format("`{}` contains a zero byte, which no program can receive.", site.name()));
  return true;
}

std::optional<Value> one_of_choices(const Attribute& attribute,
                                    const std::string& text,
                                    const Site& site) {
  const auto& choices = attribute.choices;
  if (std::find(choices.begin(), choices.end(), text) != choices.end()) {
    return Value(text);
  }
  const std::string near = core::did_you_mean(text, {choices.begin(), choices.end()});
  refuse(site,
         fmt::format("one of {}", fmt::join(choices, ", ")),
         Value(text),
         near.empty() ? "" : " " + near);
  return std::nullopt;
}

std::optional<Value> formatted(Format format, std::string text, const Site& site) {
  if (has_zero_byte(text, site)) {
    return std::nullopt;
  }
  std::optional<std::string> canonical = in_format(format, text);
  if (!canonical) {
    refuse(site, expected(format), Value(text), format_hint(format, text));
    return std::nullopt;
  }
  return Value(std::move(*canonical));
}

void refuse_empty_secret(const Site& site) {
  site.error(
      "Empty text",
      fmt::format("`{}` is sensitive and empty, which protects nothing. Remove it, or give it "
                  "a value.",
                  site.name()));
}

std::optional<Value> text(const Attribute& attribute, const Value& value, const Site& site) {
  if (const Secret* secret = value.get<Secret>()) {
    if (attribute.sensitive && *secret == Secret(std::string())) {
      refuse_empty_secret(site);
      return std::nullopt;
    }
    return value;
  }
  std::optional<std::string> plain = value.is<bool>() ? std::nullopt : text_from(value);
  if (!plain) {
    refuse(site, "text", value, value.is<bool>() ? " Put it in quotes if that text is meant." : "");
    return std::nullopt;
  }
  if (plain->empty() && attribute.format != Format::Content) {
    if (attribute.sensitive) {
      refuse_empty_secret(site);
    } else {
      site.error("Empty text",
                 fmt::format("`{}` is empty. Remove it, or set it to null, if it shall "
                             "not be set.",
                             site.name()));
    }
    return std::nullopt;
  }
  if (attribute.sensitive) {
    return has_zero_byte(*plain, site) ? std::nullopt
                                       : std::optional<Value>(Secret(std::move(*plain)));
  }
  return attribute.choices.empty() ? formatted(attribute.format, std::move(*plain), site)
                                   : one_of_choices(attribute, *plain, site);
}

std::optional<Value> image(const Value& value, const Site& site) {
  const std::string* written = value.get<std::string>();
  std::optional<std::string> canonical = written ? canonical_image(*written) : std::nullopt;
  if (!canonical) {
    refuse(site, "an image reference such as vllm/vllm-openai:v0.11.1", value);
    return std::nullopt;
  }
  return Value(std::move(*canonical));
}

std::optional<Value> restart(const Value& value, const Site& site) {
  const std::string* written = value.get<std::string>();
  std::optional<std::string> canonical = written ? canonical_restart(*written) : std::nullopt;
  if (!canonical) {
    refuse(site, "no, always, unless-stopped, on-failure or on-failure:N", value);
    return std::nullopt;
  }
  return Value(std::move(*canonical));
}

std::optional<Value> list_item(const Attribute& attribute, const Value& item, const Site& site) {
  if (passes_unchecked(item)) {
    return item;
  }
  if (item.is<Secret>()) {
    if (takes_secret(attribute.format)) {
      return item;
    }
    refuse_secret(site);
    return std::nullopt;
  }
  std::optional<std::string> plain = text_from(item);
  if (!plain) {
    refuse(site, "text", item);
    return std::nullopt;
  }
  return formatted(attribute.format, std::move(*plain), site);
}

/// In order of text without repetitions; what is not known yet comes last.
void make_set(List& list) {
  std::stable_sort(list.begin(), list.end(), [](const Value& a, const Value& b) {
    const std::string* left = a.get<std::string>();
    const std::string* right = b.get<std::string>();
    return left && (!right || *left < *right);
  });
  list.erase(std::unique(list.begin(), list.end()), list.end());
}

/// Docker takes any first word and never runs the check then.
bool is_health_test(const List& words, const Site& site) {
  const std::string* kind = words.empty() ? nullptr : words.front().get<std::string>();
  const bool known = kind && (*kind == "CMD" || *kind == "CMD-SHELL");
  if (known && (*kind == "CMD" ? words.size() > 1 : words.size() == 2)) {
    return true;
  }
  site.error(
      "Invalid value",
      known ? fmt::format("`{}` begins with {}, so {} must follow.",
                          site.name(),
                          *kind,
                          *kind == "CMD" ? "a program and its arguments" : "one text for the shell")
            : fmt::format("`{}` must be a text, or a list that begins with CMD or CMD-SHELL or is "
                          "[NONE]: Docker never runs any other.",
                          site.name()));
  return false;
}

/// The order of some lists has no meaning.
bool is_set(Format format) {
  return format == Format::Capability || format == Format::Device || format == Format::Group ||
         format == Format::GpuCapability;
}

std::optional<Value> strings(const Attribute& attribute, const Value& value, const Site& site) {
  const bool health_test = attribute.format == Format::HealthTest;
  if (health_test && value.is<std::string>()) {
    if (value == Value("")) {
      refuse(site, "a command", value);
      return std::nullopt;
    }
    return Value(List{"CMD-SHELL", value});
  }
  const List* items = value.get<List>();
  if (items == nullptr) {
    refuse(site,
           "a list of texts",
           value,
           value.is<std::string>()
               ? " Write one list item for each; a text with spaces is one item."
               : "");
    return std::nullopt;
  }
  List result;
  bool failed = false;
  for (std::size_t i = 0; i < items->size(); ++i) {
    std::optional<Value> item = list_item(attribute, (*items)[i], site.at(i));
    failed = failed || !item;
    if (item) {
      result.push_back(std::move(*item));
    }
  }
  if (is_set(attribute.format)) {
    make_set(result);
  }
  if (!failed && health_test && !is_health_test(result, site)) {
    return std::nullopt;
  }
  return failed ? std::nullopt : std::optional<Value>(std::move(result));
}

bool is_good_key(Format format, const std::string& key, const Site& site) {
  if (format == Format::LabelKeys && key.starts_with("dev.aim.")) {
    site.error(
        "Reserved label",
        fmt::format("Label {} is aim's own: it writes those that begin with `dev.aim.` itself, "
                    "to find its objects again. Choose another name.",
                    shown(key)));
    return false;
  }
  const bool clean = key.find('\0') == std::string::npos &&
                     (format != Format::EnvironmentKeys || key.find('=') == std::string::npos);
  if (key.empty() || !clean) {
    site.error("Invalid name",
               fmt::format("{} is no name for a member of `{}`: it must not be empty{}.",
                           shown(key),
                           core::to_string(core::Path(site.path.begin(), site.path.end() - 1)),
                           format == Format::EnvironmentKeys ? " and has no `=`" : ""));
    return false;
  }
  return true;
}

std::optional<Value> string_map(const Attribute& attribute, const Value& value, const Site& site) {
  const Map* members = value.get<Map>();
  if (members == nullptr) {
    refuse(site, "a map of texts", value, value.is<List>() ? " Write `KEY: value` lines." : "");
    return std::nullopt;
  }
  Map result;
  bool failed = false;
  for (const auto& [key, item] : *members) {
    const Site place = site.at(key);
    if (!is_good_key(attribute.format, key, place)) {
      failed = true;
      continue;
    }
    if (item.is_null()) {
      continue;
    }
    if (passes_unchecked(item) || item.is<Secret>()) {
      result.emplace(key, item);
      continue;
    }
    std::optional<std::string> plain = text_from(item);
    if (!plain) {
      refuse(place, "text", item);
    }
    if (!plain || has_zero_byte(*plain, place)) {
      failed = true;
      continue;
    }
    result.emplace(key, std::move(*plain));
  }
  return failed ? std::nullopt : std::optional<Value>(std::move(result));
}

}  // namespace

std::optional<Value> normalise_text(const Attribute& attribute,
                                    const Value& value,
                                    const Site& site) {
  switch (attribute.type) {
    case Type::String:
      return text(attribute, value, site);
    case Type::Strings:
      return strings(attribute, value, site);
    case Type::StringMap:
      return string_map(attribute, value, site);
    case Type::Image:
      return image(value, site);
    case Type::RestartPolicy:
      return restart(value, site);
    case Type::Integer:
    case Type::Number:
    case Type::Boolean:
    case Type::Duration:
    case Type::Size:
    case Type::Port:
    case Type::PortRequest:
    case Type::Arguments:
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
