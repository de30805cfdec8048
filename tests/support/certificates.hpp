#pragma once

#include <filesystem>
#include <string>

namespace aim::support {

/// A certificate and its private key, as files.
struct Identity {
  std::filesystem::path certificate;
  std::filesystem::path key;
};

/// An authority of one's own in a directory of its own, made by the openssl command. Throws
/// std::runtime_error when that fails.
class Authority {
 public:
  /// `name` is its common name.
  explicit Authority(const std::string& name = "aim test authority");
  ~Authority();
  Authority(const Authority&) = delete;
  Authority& operator=(const Authority&) = delete;

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  [[nodiscard]] std::filesystem::path certificate() const { return directory_ / "ca.pem"; }

  struct Wish {
    std::string alternative_names{};  ///< "DNS:localhost,IP:127.0.0.1"; empty: none
    bool expired = false;             ///< a day ago
  };

  /// Makes NAME.pem and NAME-key.pem.
  [[nodiscard]] Identity issue(const std::string& name, const Wish& wish) const;
  /// Writes `key` again, encrypted with a passphrase.
  [[nodiscard]] std::filesystem::path encrypted(const std::filesystem::path& key) const;

 private:
  std::filesystem::path directory_;
};

/// Runs openssl; throws std::runtime_error with what it said if it fails.
void openssl(const std::string& arguments);

/// A directory as Docker's command expects it: ca.pem, cert.pem and key.pem.
[[nodiscard]] std::filesystem::path client_directory(const Authority& at,
                                                     const std::string& name,
                                                     const std::filesystem::path& ca,
                                                     const Identity& identity);

}  // namespace aim::support
