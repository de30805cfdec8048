#include "planner/schema_tables.hpp"

namespace aim::planner {

using core::Kind;

namespace {

using enum Type;
using enum OnChange;

constexpr std::string_view kMountChoices[] = {"volume", "bind", "tmpfs"};
constexpr std::string_view kReplaceChoices[] = {"delete_data"};
constexpr std::string_view kPropagationChoices[] = {
    "private", "rprivate", "shared", "rshared", "slave", "rslave"};
constexpr std::string_view kOnDestroyChoices[] = {"delete", "retain"};

constexpr Attribute kMountMembers[] = {
    {.name = "type",
     .type = String,
     .description =
         "What is mounted. Left out, a `source` with a leading slash is a bind mount and "
         "any other a volume.",
     .choices = kMountChoices},
    {.name = "source",
     .type = String,
     .description = "A key of `volumes`, or an absolute path on Docker's host that exists there. "
                    "A tmpfs has none.",
     .format = Format::Plain},
    {.name = "target",
     .type = String,
     .description = "Absolute path inside the container.",
     .required = true,
     .format = Format::AbsolutePath},
    {.name = "read_only",
     .type = Boolean,
     .description = "Whether the container can only read it.",
     .default_text = "false"},
    {.name = "propagation",
     .type = String,
     .description = "Of a bind mount: whether what is mounted below it later shows on the other "
                    "side. Left out: rprivate.",
     .choices = kPropagationChoices},
    {.name = "recursive",
     .type = Boolean,
     .description = "Of a bind mount: whether what is mounted below the source comes along. Left "
                    "out: true."},
    {.name = "create_source",
     .type = Boolean,
     .description = "Of a bind mount: whether Docker makes a missing source, as a folder of "
                    "root's. Left out: a missing source is an error.",
     .least_api = "1.42"},
    {.name = "nocopy",
     .type = Boolean,
     .description = "Of a volume: whether an empty one stays so, instead of getting what the image "
                    "has at the target. Left out: false."},
    {.name = "subpath",
     .type = String,
     .description = "Of a volume: a folder in it that is mounted instead of the whole; it must "
                    "exist.",
     .least_api = "1.45",
     .format = Format::Plain},
    {.name = "size",
     .type = Size,
     .description = "Most that a tmpfs may hold; without it, half of the host's memory.",
     .minimum = 1},
    {.name = "mode",
     .type = String,
     .description = "Permissions of a tmpfs, such as 1777 or 0750. Left out: 1777.",
     .format = Format::FileMode}};

constexpr Attribute kAttachmentMembers[] = {
    {.name = "aliases",
     .type = Strings,
     .on_change = InPlace,
     .description = "More names that this network resolves to the container, besides the name of "
                    "the resource.",
     .format = Format::Hostname},
    {.name = "ipv4_address",
     .type = String,
     .on_change = InPlace,
     .description = "A fixed address; the network must have an `ipam.subnet`.",
     .format = Format::Ipv4Address},
    {.name = "ipv6_address",
     .type = String,
     .on_change = InPlace,
     .description = "A fixed IPv6 address; the network must have `ipv6: true` and an IPv6 subnet.",
     .format = Format::Ipv6Address}};

constexpr ComputedAttribute kContainerId = {"container_id", "Id of its container."};
constexpr ComputedAttribute kContainerName = {"container_name", "Name of its container.", true};
constexpr ComputedAttribute kImageId = {"image_id", "Id of the image that it runs."};
constexpr ComputedAttribute kImageDigest = {
    "image_digest",
    "Digest of that image in its registry, `sha256:` and 64 digits; nothing for an image that was "
    "made on this Docker."};

constexpr ComputedAttribute kEndpointComputed[] = {
    {"url", "http://BIND:PORT; 127.0.0.1 where it is published on every interface.", true},
    {"internal_url", "http://NAME:CONTAINER_PORT, for containers on the same network.", true},
    {"served_name", "Name of the model in requests: `served_name`, else `model`.", true},
    kContainerId,
    kContainerName,
    kImageDigest,
    kImageId};
constexpr ComputedAttribute kContainerComputed[] = {
    kContainerId, kContainerName, kImageDigest, kImageId};
constexpr ComputedAttribute kNetworkComputed[] = {{"id", "Id of the network."},
                                                  {"name", "Name of the network on Docker.", true}};
constexpr ComputedAttribute kVolumeComputed[] = {
    {"name", "Name of the volume on Docker.", true},
    {"mountpoint", "Where the volume's data lies on Docker's host."}};

constexpr Attribute kDependsOn = {.name = "depends_on",
                                  .type = Strings,
                                  .on_change = Record,
                                  .description =
                                      "Addresses of resources that must be up first, "
                                      "besides those that it refers to."};
constexpr Attribute kForEach = {.name = "for_each",
                                .type = StringMap,
                                .on_change = Record,
                                .description =
                                    "One resource for each entry of a list or map, with "
                                    "${each.key} and ${each.value} in it."};
constexpr Attribute kEnabled = {.name = "enabled",
                                .type = Boolean,
                                .on_change = Record,
                                .description = "Whether the resource is there at all.",
                                .default_text = "true"};
constexpr Attribute kName = {.name = "name",
                             .type = String,
                             .on_change = Record,
                             .description =
                                 "Name on Docker instead of the one made of project, "
                                 "workspace and resource."};
constexpr Attribute kExternal = {.name = "external",
                                 .type = Boolean,
                                 .on_change = Record,
                                 .description =
                                     "It exists elsewhere and is never created, changed "
                                     "or deleted.",
                                 .default_text = "false"};

/// Volumes survive unless somebody says otherwise.
template <bool retains>
constexpr Attribute kLifecycleMembers[] = {
    {.name = "prevent_destroy",
     .type = Boolean,
     .on_change = Record,
     .description = "A plan that would delete or replace it is an error, also after its block is "
                    "gone.",
     .default_text = "false"},
    {.name = "ignore_changes",
     .type = Strings,
     .on_change = Record,
     .description =
         "Attributes, such as `image` or `env.NAME`, whose differences count neither as a "
         "change nor as drift."},
    {.name = "replace_triggered_by",
     .type = Strings,
     .on_change = Record,
     .description = "Addresses, or attributes as KIND.NAME.ATTRIBUTE, whose change replaces this "
                    "resource as well."},
    {.name = "on_destroy",
     .type = String,
     .on_change = Record,
     .description = "Whether `destroy` deletes the Docker object or leaves it.",
     .default_text = retains ? "retain" : "delete",
     .choices = kOnDestroyChoices}};

template <bool retains>
constexpr Attribute kLifecycle = {
    .name = "lifecycle",
    .type = Object,
    .on_change = Record,
    .description = "How it is kept from harm, and what of it is looked at.",
    .members = kLifecycleMembers<retains>};

constexpr Attribute kEnvFile = {
    .name = "env_file",
    .type = Strings,
    .on_change = Record,
    .description =
        "Files of variables for `env`, which wins over them; paths are relative to the "
        "file that names them.",
    .one_alone = true};

constexpr Attribute kContainerCommon[] = {
    kDependsOn, kForEach, kEnabled, kName, kEnvFile, kLifecycle<false>};
constexpr Attribute kNetworkCommon[] = {
    kDependsOn, kForEach, kEnabled, kName, kExternal, kLifecycle<false>};
constexpr Attribute kVolumeCommon[] = {
    kDependsOn,
    kForEach,
    kEnabled,
    kName,
    kExternal,
    {.name = "replace",
     .type = String,
     .on_change = Record,
     .description = "`delete_data`: a change that Docker cannot make "
                    "may replace the volume; its data is deleted.",
     .choices = kReplaceChoices},
    kLifecycle<true>};

}  // namespace

std::span<const ComputedAttribute> computed_attributes(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
      return kEndpointComputed;
    case Kind::Container:
      return kContainerComputed;
    case Kind::Network:
      return kNetworkComputed;
    case Kind::Volume:
      return kVolumeComputed;
  }
  return {};
}

std::span<const Attribute> common_attributes(Kind kind) {
  switch (kind) {
    case Kind::Endpoint:
    case Kind::Container:
      return kContainerCommon;
    case Kind::Network:
      return kNetworkCommon;
    case Kind::Volume:
      return kVolumeCommon;
  }
  return {};
}

std::span<const Attribute> mount_members() { return kMountMembers; }

std::span<const Attribute> attachment_members() { return kAttachmentMembers; }

}  // namespace aim::planner
