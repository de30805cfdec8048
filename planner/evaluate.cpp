#include "planner/evaluate.hpp"

#include <fmt/format.h>

namespace aim::planner {

using core::List;
using core::Map;
using core::Secret;
using core::Template;
using core::Unknown;
using core::Value;

namespace {

Value evaluate_template(const Template& text, const ReferenceLookup& lookup) {
  if (text.parts.size() == 1) {
    if (const auto* reference = std::get_if<core::Reference>(&text.parts.front())) {
      return lookup(*reference);
    }
  }
  std::string joined;
  bool unknown = false;
  bool secret = false;
  bool known = true;
  for (const Template::Part& part : text.parts) {
    Value piece = std::visit(
        core::overloaded{[](const std::string& literal) { return Value(literal); },
                         [](const Secret& hidden) { return Value(hidden); },
                         [&](const core::Reference& reference) { return lookup(reference); }},
        part);
    if (const Secret* hidden = piece.get<Secret>()) {
      secret = true;
      known = known && hidden->known();
      joined += hidden->known() ? hidden->reveal() : "";
    } else if (piece.is<Unknown>()) {
      unknown = true;
    } else {
      joined += as_text(piece);
    }
  }
  if (unknown) {
    return Unknown{};
  }
  if (!known) {
    return Secret();
  }
  return secret ? Value(Secret(std::move(joined))) : Value(std::move(joined));
}

}  // namespace

std::string as_text(const Value& value) {
  if (const std::string* text = value.get<std::string>()) {
    return *text;
  }
  if (const double* number = value.get<double>()) {
    return fmt::format("{}", *number);
  }
  if (value.is_null()) {
    return {};
  }
  return core::canonical_json(value);
}

Value evaluate(const Value& value, const ReferenceLookup& lookup) {
  if (const Template* text = value.get<Template>()) {
    return evaluate_template(*text, lookup);
  }
  if (const List* list = value.get<List>()) {
    List copy;
    for (const Value& item : *list) {
      copy.push_back(evaluate(item, lookup));
    }
    return copy;
  }
  if (const Map* map = value.get<Map>()) {
    Map copy;
    for (const auto& [key, item] : *map) {
      copy.emplace(key, evaluate(item, lookup));
    }
    return copy;
  }
  return value;
}

}  // namespace aim::planner
