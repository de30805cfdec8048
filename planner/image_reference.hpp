#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aim::planner {

/// An image reference with ":latest" where neither tag nor digest is given; nothing if `text` is
/// none. An image id is "sha256:" and 64 digits. Source: the grammar of the distribution project's
/// reference package, which Docker uses.
[[nodiscard]] std::optional<std::string> canonical_image(const std::string& text);

/// A canonical image reference, taken apart.
struct ImageName {
  std::string repository;  ///< whole: "docker.io/library/busybox"; empty for an id
  std::string tag;
  std::string digest;  ///< "sha256:..."
  std::string id;      ///< "sha256:..." alone: an image that only this Docker knows by that name
  bool operator==(const ImageName&) const = default;
};

[[nodiscard]] ImageName parse_image(std::string_view reference);

/// "repo@sha256:..." for the repository of `reference`, as it was written.
[[nodiscard]] std::string with_digest(std::string_view reference, std::string_view digest);

/// The digest under which an image with these RepoDigests is known in the repository of
/// `reference`: `preferred` if it is one of them, else the first; nothing if there is none, as for
/// an image that was made on this Docker.
[[nodiscard]] std::optional<std::string> digest_in(const std::vector<std::string>& repo_digests,
                                                   std::string_view reference,
                                                   std::string_view preferred = {});

/// Whether two references are the same, "busybox" and "docker.io/library/busybox:latest" say.
[[nodiscard]] bool same_image(std::string_view a, std::string_view b);

}  // namespace aim::planner
