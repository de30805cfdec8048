#include "providers/docker/encode_parts.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <cmath>

#include "providers/docker/restart_policy.hpp"

namespace aim::providers {

namespace json = boost::json;

void set(json::object& object, std::string_view key, const std::optional<std::string>& value) {
  if (value) {
    object[key] = *value;
  }
}

void set(json::object& object, std::string_view key, const std::optional<std::int64_t>& value) {
  if (value) {
    object[key] = *value;
  }
}

void set(json::object& object, std::string_view key, const std::optional<bool>& value) {
  if (value) {
    object[key] = *value;
  }
}

void set_texts(json::object& object,
               std::string_view key,
               const std::optional<std::vector<std::string>>& texts) {
  if (texts) {
    object[key] = json_array(*texts);
  }
}

json::array json_array(const std::vector<std::string>& texts) {
  json::array array;
  for (const std::string& text : texts) {
    array.emplace_back(text);
  }
  return array;
}

json::object json_texts(AttributeReader& reader, std::string_view name) {
  json::object object;
  for (const auto& [key, text] : reader.text_map(name)) {
    object[key] = text.value_or("");
  }
  return object;
}

json::object json_labels(AttributeReader& reader, const core::Labels& labels) {
  json::object object = json_texts(reader, "labels");
  for (const auto& [name, text] : labels) {
    object[name] = text;
  }
  return object;
}

json::object json_endpoint(const core::Attachment& attachment) {
  json::object body;
  if (!attachment.aliases.empty()) {
    body["Aliases"] = json_array(attachment.aliases);
  }
  json::object addresses;
  if (!attachment.ipv4_address.empty()) {
    addresses["IPv4Address"] = attachment.ipv4_address;
  }
  if (!attachment.ipv6_address.empty()) {
    addresses["IPv6Address"] = attachment.ipv6_address;
  }
  if (!addresses.empty()) {
    body["IPAMConfig"] = std::move(addresses);
  }
  return body;
}

json::object json_restart_policy(AttributeReader& reader, std::string_view policy) {
  const std::optional<RestartPolicy> parsed = parse_restart_policy(policy);
  if (!parsed) {
    reader.fail(fmt::format("\"{}\" is no restart policy", policy));
    return {};
  }
  return {{"Name", parsed->name}, {"MaximumRetryCount", parsed->retries}};
}

std::int64_t nano_cpus(double cpus) {
  constexpr double kNanosPerCpu = 1e9;
  return std::llround(cpus * kNanosPerCpu);
}

}  // namespace aim::providers
