#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "core/ids.hpp"
#include "core/secret.hpp"
#include "core/source.hpp"

namespace aim::core {

class Value;
using List = std::vector<Value>;
using Map = std::map<std::string, Value, std::less<>>;

/// Nothing was said.
struct Null {
  bool operator==(const Null&) const = default;
};

/// Known only after something else was applied.
struct Unknown {
  bool operator==(const Unknown&) const = default;
};

/// `${endpoint.qwen.url}` inside a template.
struct Reference {
  Address address;
  std::string attribute;
  bool operator==(const Reference&) const = default;
};

/// A text, or a single reference, that waits for other resources. A template of exactly one
/// Reference keeps the type of what it refers to; any other becomes text.
struct Template {
  using Part = std::variant<std::string, Secret, Reference>;
  std::vector<Part> parts;
  bool operator==(const Template&) const = default;
};

/// One configuration, recorded or observed value: the only data model that passes between the
/// YAML document, the planner, the state store and the Docker provider.
class Value {
 public:
  using Data = std::
      variant<Null, bool, std::int64_t, double, std::string, List, Map, Secret, Unknown, Template>;

  Value() = default;

  Value(Null) {}

  Value(bool v) : data_(v) {}

  Value(int v) : data_(static_cast<std::int64_t>(v)) {}

  Value(std::int64_t v) : data_(v) {}

  Value(double v) : data_(v) {}

  Value(const char* v) : data_(std::string(v)) {}

  Value(std::string v) : data_(std::move(v)) {}

  Value(std::string_view v) : data_(std::string(v)) {}

  Value(List v) : data_(std::move(v)) {}

  Value(Map v) : data_(std::move(v)) {}

  Value(Secret v) : data_(std::move(v)) {}

  Value(Unknown v) : data_(v) {}

  Value(Template v) : data_(std::move(v)) {}

  [[nodiscard]] const Data& data() const { return data_; }

  [[nodiscard]] Data& data() { return data_; }

  template <class T>
  [[nodiscard]] const T* get() const {
    return std::get_if<T>(&data_);
  }

  template <class T>
  [[nodiscard]] T* get() {
    return std::get_if<T>(&data_);
  }

  template <class T>
  [[nodiscard]] bool is() const {
    return std::holds_alternative<T>(data_);
  }

  [[nodiscard]] bool is_null() const { return is<Null>(); }

  bool operator==(const Value&) const = default;

 private:
  Data data_;
};

/// A step into a map (key) or a list (index), and the way to a value.
using PathStep = std::variant<std::string, std::size_t>;
using Path = std::vector<PathStep>;

/// "env.HF_TOKEN", "ports[0]"; keys that are not plain words are written ["key"].
[[nodiscard]] std::string to_string(const Path& path);

/// The member `key` of `map`, or null when there is none.
[[nodiscard]] const Value* find(const Map& map, std::string_view key);

/// Text of a member that is a string, else nothing.
[[nodiscard]] std::optional<std::string> string_at(const Map& map, std::string_view key);
[[nodiscard]] std::optional<std::int64_t> integer_at(const Map& map, std::string_view key);
[[nodiscard]] std::optional<bool> boolean_at(const Map& map, std::string_view key);

/// True if a value of that sort stands anywhere inside.
[[nodiscard]] bool contains_unknown(const Value& value);
[[nodiscard]] bool contains_template(const Value& value);
[[nodiscard]] bool contains_secret(const Value& value);

/// Gives every secret inside its digest; the salt is `salt_prefix` + "/" + path.
[[nodiscard]] Value with_digests(const Value& value, std::string_view salt_prefix);

/// Loss-free JSON, but for secrets, of which only the digest is written:
/// {"$secret":"<hex>"}, {"$unknown":true}, {"$template":[...]}; a key of a user's map that
/// begins with $ gets a second one.
[[nodiscard]] boost::json::value to_json(const Value& value);
[[nodiscard]] boost::json::value to_json(const Map& map);

/// The inverse of to_json. ErrorCode::Protocol when `json` is not of that form.
[[nodiscard]] Result<Value> value_from_json(const boost::json::value& json);

/// JSON text with sorted keys and no white space: equal values give equal bytes.
[[nodiscard]] std::string canonical_json(const Value& value);
/// The inverse of canonical_json. ErrorCode::Protocol on malformed text.
[[nodiscard]] Result<Value> parse_canonical_json(std::string_view text);

/// Where each part of a value was written. Keys are to_string(path); the empty key is the whole.
using Positions = std::map<std::string, SourceRange, std::less<>>;

/// The position of `path`, else that of the nearest part around it, else nothing.
[[nodiscard]] std::optional<SourceRange> position_of(const Positions& positions, Path path);

/// Visits without a catch-all: a new alternative breaks the build wherever it matters.
template <class... Fs>
struct overloaded : Fs... {
  using Fs::operator()...;
};
template <class... Fs>
overloaded(Fs...) -> overloaded<Fs...>;

}  // namespace aim::core
