#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/engine.hpp"
#include "providers/docker/registry_logins.hpp"
#include "providers/http/http_client.hpp"

namespace aim::providers {

/// Version of the Engine API: 1.41 is Docker 20.10.
struct ApiVersion {
  int major = 1;
  int minor = 41;
  auto operator<=>(const ApiVersion&) const = default;
};

inline constexpr ApiVersion kOldestApi{1, 41};
inline constexpr ApiVersion kNewestApi{1, 56};
/// From here on a container can be created with several networks at once.
inline constexpr ApiVersion kApiWithSeveralNetworks{1, 44};
// An older Engine drops these without a word.
inline constexpr ApiVersion kApiWithCreatedSources{1, 42};
inline constexpr ApiVersion kApiWithStartInterval{1, 44};
inline constexpr ApiVersion kApiWithCdi{1, 44};
inline constexpr ApiVersion kApiWithSubpaths{1, 45};
inline constexpr ApiVersion kApiWithoutIpv4{1, 48};

[[nodiscard]] std::string to_string(const ApiVersion& version);  ///< "1.41"
[[nodiscard]] std::optional<ApiVersion> parse_api_version(std::string_view text);

/// For one value of a query, or one segment of a path.
[[nodiscard]] std::string percent_encode(std::string_view text);

/// The answer to a request that failed, with the Engine's own words as message (foreign text).
[[nodiscard]] core::Error error_from_answer(const HttpResponse& response);

// Requests. Targets begin behind the version prefix. Source: Engine API reference, v1.41 to v1.56.
[[nodiscard]] HttpRequest inspect_container_request(const std::string& reference);
[[nodiscard]] HttpRequest inspect_network_request(const std::string& reference);
[[nodiscard]] HttpRequest inspect_volume_request(const std::string& name);
[[nodiscard]] HttpRequest inspect_image_request(const std::string& reference);
/// "1700000000.5", as queries have it, of a time as the Engine shows it (RFC 3339 in UTC); empty if
/// it is none.
[[nodiscard]] std::string unix_time(const std::string& rfc3339);
[[nodiscard]] HttpRequest logs_request(const std::string& container,
                                       const core::LogRequest& request);
/// Prepares to run a program; the answer's Id is what the next two take.
[[nodiscard]] HttpRequest exec_request(const std::string& container,
                                       const std::vector<std::string>& command);
/// The answer is the output, framed as that of a container, until the program ends.
[[nodiscard]] HttpRequest exec_start_request(const std::string& exec_id);
[[nodiscard]] HttpRequest inspect_exec_request(const std::string& exec_id);
/// `condition` is "not-running" or "removed".
[[nodiscard]] HttpRequest wait_request(const std::string& container, std::string_view condition);

/// ErrorCode::Invalid when an attribute is of the wrong type, not known yet, or has no counterpart
/// on Docker. Secrets are revealed in the body. Networks beyond the first are in it from API 1.44
/// on; see networks_to_connect.
[[nodiscard]] core::Result<HttpRequest> encode(const core::CreateContainer& call,
                                               ApiVersion version);
/// The attachments that `encode` could not put into the creation.
[[nodiscard]] std::vector<core::ConnectNetwork> networks_to_connect(
    const core::CreateContainer& call, ApiVersion version, const std::string& container_id);
[[nodiscard]] HttpRequest encode(const core::StartContainer& call);
[[nodiscard]] HttpRequest encode(const core::StopContainer& call);
[[nodiscard]] HttpRequest encode(const core::KillContainer& call);
[[nodiscard]] HttpRequest encode(const core::PauseContainer& call);
[[nodiscard]] HttpRequest encode(const core::UnpauseContainer& call);
[[nodiscard]] HttpRequest encode(const core::RenameContainer& call);
/// Repeats the restart policy of `now`, which some Engines reset otherwise, and moves the swap
/// limit with the memory limit as long as it is Docker's own (twice the memory).
[[nodiscard]] core::Result<HttpRequest> encode(const core::UpdateContainer& call,
                                               const core::ObservedContainer& now);
[[nodiscard]] HttpRequest encode(const core::RemoveContainer& call);
[[nodiscard]] HttpRequest encode(const core::ConnectNetwork& call);
[[nodiscard]] HttpRequest encode(const core::DisconnectNetwork& call);
/// ErrorCode::Invalid as for CreateContainer.
[[nodiscard]] core::Result<HttpRequest> encode(const core::PutFiles& call);
/// Unpacks a tar archive at the root of a container.
[[nodiscard]] HttpRequest put_archive_request(const std::string& container, std::string archive);
/// One file of a container as a tar archive.
[[nodiscard]] HttpRequest get_archive_request(const std::string& container,
                                              const std::string& path);
[[nodiscard]] core::Result<HttpRequest> encode(const core::CreateNetwork& call, ApiVersion version);
[[nodiscard]] HttpRequest encode(const core::RemoveNetwork& call);
[[nodiscard]] core::Result<HttpRequest> encode(const core::CreateVolume& call);
[[nodiscard]] HttpRequest encode(const core::RemoveVolume& call);

/// The names of the attributes of `call` that `after` does not show as asked for.
[[nodiscard]] std::vector<std::string> ignored_updates(const core::UpdateContainer& call,
                                                       const core::ObservedContainer& after);

// Answers. ErrorCode::Protocol when a body is not what the Engine API promises.
[[nodiscard]] core::Result<core::EngineInfo> decode_info(std::string_view body, ApiVersion version);
[[nodiscard]] core::Result<std::vector<core::ContainerSummary>> decode_container_list(
    std::string_view body);
[[nodiscard]] core::Result<core::ObservedContainer> decode_container(std::string_view body);
[[nodiscard]] core::Result<std::vector<core::ObservedNetwork>> decode_network_list(
    std::string_view body);
[[nodiscard]] core::Result<core::ObservedNetwork> decode_network(std::string_view body);
[[nodiscard]] core::Result<std::vector<core::ObservedVolume>> decode_volume_list(
    std::string_view body);
[[nodiscard]] core::Result<core::ObservedVolume> decode_volume(std::string_view body);
[[nodiscard]] core::Result<core::ObservedImage> decode_image(std::string_view body);
/// Of a container or network that was created.
[[nodiscard]] core::Result<core::CallOutcome> decode_created(std::string_view body);
[[nodiscard]] core::Result<core::ContainerExit> decode_exit(std::string_view body);

/// An image reference as the Engine's pull wants it: "repo" and "tag" or "sha256:...".
struct PullReference {
  std::string repository;
  std::string tag_or_digest;  ///< never empty: without one Docker pulls every tag there is
};

/// ErrorCode::Invalid for an image id, which cannot be pulled.
[[nodiscard]] core::Result<PullReference> parse_pull_reference(std::string_view reference);
[[nodiscard]] std::string to_string(const PullReference& reference);
/// `platform` ("linux/arm64") may be empty. The credentials of `login` are in a header.
[[nodiscard]] HttpRequest pull_request(const PullReference& reference,
                                       const std::string& platform,
                                       const RegistryLogin& login);
/// Asks the registry what stands behind a reference; nothing is pulled.
[[nodiscard]] HttpRequest distribution_request(const PullReference& reference,
                                               const RegistryLogin& login);
[[nodiscard]] core::Result<core::RegistryImage> decode_registry_image(std::string_view body);

}  // namespace aim::providers
