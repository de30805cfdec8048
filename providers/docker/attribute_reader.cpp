#include "providers/docker/attribute_reader.hpp"

#include <fmt/format.h>

namespace aim::providers {

using core::Value;

const Value* AttributeReader::value(std::string_view name) {
  read_.emplace(name);
  const Value* found = core::find(attributes_, name);
  return found && !found->is_null() ? found : nullptr;
}

void AttributeReader::fail(std::string message) {
  if (!error_) {
    error_ = core::make_error(core::ErrorCode::Invalid, fmt::format("{}: {}", what_, message));
  }
}

void AttributeReader::wrong_type(std::string_view name, std::string_view wanted) {
  fail(fmt::format("attribute {} is not {}", name, wanted));
}

std::optional<std::string> AttributeReader::text_of(std::string_view name, const Value& value) {
  const auto secret_text = [&](const core::Secret& secret) -> std::optional<std::string> {
    if (!secret.known()) {
      fail(fmt::format("a secret in attribute {} is not known here", name));
      return std::nullopt;
    }
    return secret.reveal();
  };
  const auto template_text = [&](const core::Template& parts) -> std::optional<std::string> {
    std::string text;
    for (const core::Template::Part& part : parts.parts) {
      if (const std::string* literal = std::get_if<std::string>(&part)) {
        text += *literal;
      } else if (const core::Secret* secret = std::get_if<core::Secret>(&part)) {
        text += secret_text(*secret).value_or("");
      } else {
        fail(fmt::format("attribute {} is not known yet", name));
      }
    }
    return text;
  };
  const auto no_text = [&]() -> std::optional<std::string> {
    wrong_type(name, "a text");
    return std::nullopt;
  };
  using Text = std::optional<std::string>;
  return std::visit(
      core::overloaded{[&](core::Null) -> Text { return no_text(); },
                       [](bool truth) -> Text { return truth ? "true" : "false"; },
                       [](std::int64_t number) -> Text { return std::to_string(number); },
                       [](double number) -> Text { return fmt::format("{}", number); },
                       [](const std::string& text) -> Text { return text; },
                       [&](const core::List&) -> Text { return no_text(); },
                       [&](const core::Map&) -> Text { return no_text(); },
                       [&](const core::Secret& secret) -> Text { return secret_text(secret); },
                       [&](core::Unknown) -> Text {
                         fail(fmt::format("attribute {} is not known yet", name));
                         return std::nullopt;
                       },
                       [&](const core::Template& parts) -> Text { return template_text(parts); }},
      value.data());
}

std::optional<std::string> AttributeReader::text(std::string_view name) {
  const Value* found = value(name);
  return found ? text_of(name, *found) : std::nullopt;
}

std::optional<std::int64_t> AttributeReader::integer(std::string_view name) {
  const Value* found = value(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  const std::int64_t* number = found->get<std::int64_t>();
  if (number == nullptr) {
    wrong_type(name, "a whole number");
    return std::nullopt;
  }
  return *number;
}

std::optional<double> AttributeReader::number(std::string_view name) {
  const Value* found = value(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  if (const std::int64_t* whole = found->get<std::int64_t>()) {
    return static_cast<double>(*whole);
  }
  const double* number = found->get<double>();
  if (number == nullptr) {
    wrong_type(name, "a number");
    return std::nullopt;
  }
  return *number;
}

std::optional<bool> AttributeReader::boolean(std::string_view name) {
  const Value* found = value(name);
  if (found == nullptr) {
    return std::nullopt;
  }
  const bool* truth = found->get<bool>();
  if (truth == nullptr) {
    wrong_type(name, "true or false");
    return std::nullopt;
  }
  return *truth;
}

const core::List* AttributeReader::list(std::string_view name) {
  const Value* found = value(name);
  if (found == nullptr) {
    return nullptr;
  }
  if (!found->is<core::List>()) {
    wrong_type(name, "a list");
  }
  return found->get<core::List>();
}

const core::Map* AttributeReader::map(std::string_view name) {
  const Value* found = value(name);
  if (found == nullptr) {
    return nullptr;
  }
  if (!found->is<core::Map>()) {
    wrong_type(name, "a map");
  }
  return found->get<core::Map>();
}

std::optional<std::vector<std::string>> AttributeReader::texts(std::string_view name) {
  const core::List* items = list(name);
  if (items == nullptr) {
    return std::nullopt;
  }
  std::vector<std::string> result;
  for (const Value& item : *items) {
    result.push_back(text_of(name, item).value_or(""));
  }
  return result;
}

std::vector<std::pair<std::string, std::optional<std::string>>> AttributeReader::text_map(
    std::string_view name) {
  std::vector<std::pair<std::string, std::optional<std::string>>> result;
  if (const core::Map* members = map(name)) {
    for (const auto& [key, item] : *members) {
      result.emplace_back(
          key, item.is_null() ? std::nullopt : text_of(fmt::format("{}.{}", name, key), item));
    }
  }
  return result;
}

core::Result<void> AttributeReader::finish() {
  for (const auto& [name, item] : attributes_) {
    if (!item.is_null() && !read_.contains(name)) {
      fail(fmt::format("attribute {} has no counterpart on Docker", name));
    }
  }
  if (error_) {
    return *error_;
  }
  return {};
}

}  // namespace aim::providers
