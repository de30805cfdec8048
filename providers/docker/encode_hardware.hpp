#pragma once

#include <boost/json/fwd.hpp>

#include "providers/docker/attribute_reader.hpp"
#include "providers/docker/docker_api.hpp"

/// What a container gets of the host, as members of Docker's HostConfig.
namespace aim::providers {

void set_ulimits(boost::json::object& host, AttributeReader& reader);
void set_devices(boost::json::object& host, AttributeReader& reader);
/// The attribute `gpus` as one DeviceRequest.
void set_gpus(boost::json::object& host, AttributeReader& reader, ApiVersion version);

}  // namespace aim::providers
