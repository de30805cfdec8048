#pragma once

#include <boost/json/fwd.hpp>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/value.hpp"

namespace aim::planner {

/// The first thing that was not as it must be. Reading goes on with empty values after it.
class Fault {
 public:
  void set(std::string what);

  [[nodiscard]] const std::optional<std::string>& what() const { return what_; }

 private:
  std::optional<std::string> what_;
};

/// The members of a JSON object of a plan file, checked as they are read: one that is missing or of
/// another type sets the fault, naming its place, and reads as empty. The JSON must outlive this.
class JsonMembers {
 public:
  /// `json` may be null, and need not be an object.
  JsonMembers(const boost::json::value* json, std::string place, Fault& fault);

  /// Null when there is none; no fault.
  [[nodiscard]] const boost::json::value* find(std::string_view key) const;
  [[nodiscard]] const boost::json::value* at(std::string_view key) const;

  [[nodiscard]] std::string text(std::string_view key) const;
  [[nodiscard]] std::int64_t integer(std::string_view key) const;
  [[nodiscard]] bool boolean(std::string_view key) const;
  [[nodiscard]] core::Address address(std::string_view key) const;
  [[nodiscard]] core::Value value(std::string_view key) const;
  [[nodiscard]] core::Map map(std::string_view key) const;
  /// Nothing when the member is null.
  [[nodiscard]] std::optional<core::Map> optional_map(std::string_view key) const;
  [[nodiscard]] std::vector<std::string> texts(std::string_view key) const;
  [[nodiscard]] std::vector<core::Address> addresses(std::string_view key) const;

  using EachElement = std::function<void(const boost::json::value&, const std::string& place)>;
  using EachMember = std::function<void(
      const std::string& name, const boost::json::value&, const std::string& place)>;
  /// For the elements of a list.
  void for_each(std::string_view key, const EachElement& each) const;
  /// For the members of an object.
  void for_each_member(std::string_view key, const EachMember& each) const;

  /// "changes[2].fields"
  [[nodiscard]] std::string place(std::string_view key) const;

  [[nodiscard]] Fault& fault() const { return *fault_; }

 private:
  [[nodiscard]] core::Address parse(const std::string& text, const std::string& where) const;

  const boost::json::object* object_;
  std::string place_;
  Fault* fault_;
};

}  // namespace aim::planner
