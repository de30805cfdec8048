#include "core/secret.hpp"

// The plain functions of SHA-256: OpenSSL 3 reads its configuration and loads its providers when an
// algorithm is first asked for by name, which takes longer than all that a plan has to hash.
#define OPENSSL_API_COMPAT 0x10100000L

#include <openssl/rand.h>
#include <openssl/sha.h>

#include <algorithm>
#include <array>

#include "core/result.hpp"

namespace aim::core {

namespace {

std::string hex(const unsigned char* bytes, std::size_t size) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(size * 2);
  for (std::size_t i = 0; i < size; ++i) {
    text += kDigits[bytes[i] >> 4U];
    text += kDigits[bytes[i] & 15U];
  }
  return text;
}

using Digest = std::array<unsigned char, SHA256_DIGEST_LENGTH>;

/// Of several pieces, one behind the other.
Digest sha256(std::initializer_list<std::string_view> pieces) {
  SHA256_CTX context;
  Digest digest{};
  bool done = SHA256_Init(&context) == 1;
  for (const std::string_view piece : pieces) {
    done = done && SHA256_Update(&context, piece.data(), piece.size()) == 1;
  }
  if (!done || SHA256_Final(digest.data(), &context) != 1) {
    throw BrokenWorld("the crypto library cannot compute SHA-256");
  }
  return digest;
}

std::string_view view(const Digest& digest) {
  return {reinterpret_cast<const char*>(digest.data()), digest.size()};
}

/// RFC 2104.
Digest hmac_sha256(std::string_view key, std::string_view text) {
  std::string block(SHA256_CBLOCK, '\0');
  const Digest short_key = sha256({key});
  const std::string_view fitting = key.size() > block.size() ? view(short_key) : key;
  std::copy(fitting.begin(), fitting.end(), block.begin());
  const auto padded = [&](char pad) {
    std::string result = block;
    for (char& c : result) {
      c = static_cast<char>(c ^ pad);
    }
    return result;
  };
  const Digest inner = sha256({padded(0x36), text});
  return sha256({padded(0x5c), view(inner)});
}

}  // namespace

Secret Secret::from_digest(std::string digest) {
  Secret secret;
  secret.digest_ = std::move(digest);
  return secret;
}

Secret Secret::with_digest(std::string_view salt) const {
  AIM_CHECK(plain_.has_value());
  Secret copy = *this;
  const Digest digest = hmac_sha256("aim secret v1/" + std::string(salt), *plain_);
  copy.digest_ = hex(digest.data(), digest.size());
  return copy;
}

const std::string& Secret::reveal() const {
  AIM_CHECK(plain_.has_value());
  return *plain_;
}

bool Secret::operator==(const Secret& other) const {
  if (!digest_.empty() && !other.digest_.empty()) {
    return digest_ == other.digest_;
  }
  return plain_ == other.plain_;
}

std::string sha256_hex(std::string_view bytes) {
  const Digest digest = sha256({bytes});
  return hex(digest.data(), digest.size());
}

std::string random_hex(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw BrokenWorld("the system gives no random bytes");
  }
  return hex(reinterpret_cast<const unsigned char*>(bytes.data()), count);
}

}  // namespace aim::core
