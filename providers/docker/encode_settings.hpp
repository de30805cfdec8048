#pragma once

#include <boost/json/fwd.hpp>

#include "providers/docker/attribute_reader.hpp"
#include "providers/docker/docker_api.hpp"

/// The larger attributes of a container, as members of Docker's Config and HostConfig.
namespace aim::providers {

/// Every field is written: one that is zero Docker takes from the image.
void set_healthcheck(boost::json::object& config, AttributeReader& reader, ApiVersion version);
/// Only Mounts, never Binds: a missing source is an error then, and not a new folder of root's.
void set_mounts(boost::json::object& host, AttributeReader& reader, ApiVersion version);

}  // namespace aim::providers
