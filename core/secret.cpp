#include "core/secret.hpp"

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

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

}  // namespace

Secret Secret::from_digest(std::string digest) {
  Secret secret;
  secret.digest_ = std::move(digest);
  return secret;
}

Secret Secret::with_digest(std::string_view salt) const {
  AIM_CHECK(plain_.has_value());
  Secret copy = *this;
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  const std::string key = "aim secret v1/" + std::string(salt);
  const unsigned char* done = HMAC(EVP_sha256(),
                                   key.data(),
                                   static_cast<int>(key.size()),
                                   reinterpret_cast<const unsigned char*>(plain_->data()),
                                   plain_->size(),
                                   out.data(),
                                   &size);
  if (done == nullptr) {
    throw BrokenWorld("the crypto library cannot compute HMAC-SHA256");
  }
  copy.digest_ = hex(out.data(), size);
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
  std::array<unsigned char, EVP_MAX_MD_SIZE> out{};
  unsigned int size = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &size, EVP_sha256(), nullptr) != 1) {
    throw BrokenWorld("the crypto library cannot compute SHA-256");
  }
  return hex(out.data(), size);
}

std::string random_hex(std::size_t count) {
  std::string bytes(count, '\0');
  if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) {
    throw BrokenWorld("the system gives no random bytes");
  }
  return hex(reinterpret_cast<const unsigned char*>(bytes.data()), count);
}

}  // namespace aim::core
