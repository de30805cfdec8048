#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>

namespace aim::core {

/// A sensitive text. It prints as stars everywhere; its content leaves only through reveal(),
/// which is called where a request to Docker or to an endpoint is encoded and nowhere else.
/// Two secrets are compared by digest once they have one (see with_digest), else by content.
class Secret {
 public:
  Secret() = default;

  explicit Secret(std::string plain) : plain_(std::move(plain)) {}

  /// A secret known by its digest only, as state and saved plans hold it.
  [[nodiscard]] static Secret from_digest(std::string digest);

  /// A copy that also carries HMAC-SHA256(content) under a key derived from `salt`. The salt is
  /// "project/workspace/address/path", so equal secrets in two places do not look alike.
  [[nodiscard]] Secret with_digest(std::string_view salt) const;

  [[nodiscard]] bool known() const { return plain_.has_value(); }

  /// The content. It must be known().
  [[nodiscard]] const std::string& reveal() const;

  /// Hex digest, or empty when none was made yet.
  [[nodiscard]] const std::string& digest() const { return digest_; }

  bool operator==(const Secret& other) const;

 private:
  std::optional<std::string> plain_;
  std::string digest_;
};

/// SHA-256 of `bytes` as 64 hexadecimal digits.
[[nodiscard]] std::string sha256_hex(std::string_view bytes);

/// `count` random bytes from the system as 2*count hexadecimal digits (ids, nonces).
[[nodiscard]] std::string random_hex(std::size_t count);

}  // namespace aim::core

template <>
struct fmt::formatter<aim::core::Secret> : fmt::formatter<std::string_view> {
  template <class Context>
  auto format(const aim::core::Secret&, Context& context) const {
    return fmt::formatter<std::string_view>::format("****", context);
  }
};
