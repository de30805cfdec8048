#pragma once

#include <span>
#include <string_view>

namespace aim::model_server {

/// How the argument parser of `vllm serve` reads a flag's value.
enum class Kind {
  Switch,        ///< no value
  Negatable,     ///< no value; --no-x exists too
  Text,          ///< one word
  OptionalText,  ///< one word or none
  Integer,       ///< whole number
  HumanInteger,  ///< whole number, also 32k (decimal) and 32K (binary)
  Number,        ///< number, may have a fraction
  Choice,        ///< one of `choices`
  Json,          ///< one JSON value, or --flag.key value
  List,          ///< every following word up to the next flag
  IntegerList    ///< as List, of whole numbers
};

struct Flag {
  std::string_view name;  ///< the long form, with its dashes
  Kind kind = Kind::Text;
  std::string_view short_form = {};  ///< empty: none
  std::string_view choices = {};     ///< separated by spaces
};

/// All flags, sorted by name.
[[nodiscard]] std::span<const Flag> flags();

}  // namespace aim::model_server
