#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "core/snapshot.hpp"

/// Reads the Engine's JSON, in which a member may be absent, null or empty and mean the same.
namespace aim::providers::json_read {

/// ErrorCode::Protocol with the place of the fault.
[[nodiscard]] core::Result<boost::json::value> parse(std::string_view body);
/// As parse, but the answer must be an object.
[[nodiscard]] core::Result<boost::json::value> parse_object(std::string_view body);

/// Null when there is no such member or it is of another type.
[[nodiscard]] const boost::json::object* object_at(const boost::json::object& in,
                                                   std::string_view key);
[[nodiscard]] const boost::json::array* array_at(const boost::json::object& in,
                                                 std::string_view key);
/// Empty, zero or false in that case. Texts of a list that are no texts are left out.
[[nodiscard]] std::string text_at(const boost::json::object& in, std::string_view key);
[[nodiscard]] std::int64_t integer_at(const boost::json::object& in, std::string_view key);
[[nodiscard]] bool boolean_at(const boost::json::object& in, std::string_view key);
[[nodiscard]] std::vector<std::string> texts_at(const boost::json::object& in,
                                                std::string_view key);
[[nodiscard]] core::Labels text_map_at(const boost::json::object& in, std::string_view key);

}  // namespace aim::providers::json_read
