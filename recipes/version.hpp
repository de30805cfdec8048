#pragma once

#include <compare>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace aim::recipes {

/// A release of a backend: "v0.11.1", "0.5.10.post1", "b6325", "after v0.27.1" (on the main branch
/// and in no release yet).
struct Version {
  std::vector<int> numbers;  ///< without zeros at the end
  int post = 0;              ///< of .post1
  bool after = false;

  auto operator<=>(const Version&) const = default;
};

/// Nothing if the text is no version. Text behind the version is ignored when it begins with a
/// dash: "v0.5.16-rocm720-mi30x".
[[nodiscard]] std::optional<Version> parse_version(std::string_view text);

/// What an image says about the release inside it.
struct ImageVersion {
  enum class Kind {
    Known,    ///< the tag names a release
    Newest,   ///< latest, nightly, main: newer than what is recorded
    Unknown,  ///< no way to tell
  };
  Kind kind = Kind::Unknown;
  Version version;   ///< when Known
  std::string text;  ///< the tag, as messages name it
};

/// From the tag of an image reference. A reference without a tag is `latest`.
[[nodiscard]] ImageVersion image_version(std::string_view image);

/// "vllm/vllm-openai" of "vllm/vllm-openai:v0.27.1@sha256:...".
[[nodiscard]] std::string_view image_repository(std::string_view image);

}  // namespace aim::recipes
