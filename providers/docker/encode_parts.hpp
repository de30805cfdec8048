#pragma once

#include <boost/json/fwd.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine.hpp"
#include "providers/docker/attribute_reader.hpp"

/// What the bodies of several requests have in common.
namespace aim::providers {

// Each leaves out what is not set.
void set(boost::json::object& object,
         std::string_view key,
         const std::optional<std::string>& value);
void set(boost::json::object& object,
         std::string_view key,
         const std::optional<std::int64_t>& value);
void set(boost::json::object& object, std::string_view key, const std::optional<bool>& value);
void set_texts(boost::json::object& object,
               std::string_view key,
               const std::optional<std::vector<std::string>>& texts);
[[nodiscard]] boost::json::array json_array(const std::vector<std::string>& texts);
/// The members of a map of texts; none if it is absent. A null member becomes an empty text.
[[nodiscard]] boost::json::object json_texts(AttributeReader& reader, std::string_view name);
/// The attribute `labels` under `labels` of the call, which win.
[[nodiscard]] boost::json::object json_labels(AttributeReader& reader, const core::Labels& labels);
/// Docker's EndpointConfig.
[[nodiscard]] boost::json::object json_endpoint(const core::Attachment& attachment);
/// Docker's RestartPolicy; `reader` is told when `policy` is none.
[[nodiscard]] boost::json::object json_restart_policy(AttributeReader& reader,
                                                      std::string_view policy);
[[nodiscard]] std::int64_t nano_cpus(double cpus);

}  // namespace aim::providers
