#pragma once

#include <filesystem>
#include <string>

namespace aim::support {

/// A real image registry of a test's own, on a free port of 127.0.0.1, with its files in a
/// directory that goes with it. Needs the program docker-registry. Ends with the object.
class OwnRegistry {
 public:
  enum class Access { Anybody, Tester };

  /// Returns when it answers. With Access::Tester only kUser and kPassword may read and write.
  explicit OwnRegistry(Access access);
  ~OwnRegistry();
  OwnRegistry(const OwnRegistry&) = delete;
  OwnRegistry& operator=(const OwnRegistry&) = delete;

  static constexpr const char* kUser = "tester";
  static constexpr const char* kPassword = "right-horse";

  [[nodiscard]] const std::string& host() const { return host_; }  ///< "127.0.0.1:PORT"

  /// The file that holds a blob ("sha256:..."), to take it away or spoil it.
  [[nodiscard]] std::filesystem::path blob_file(const std::string& digest) const;
  /// How often its log tells of a request that holds `text`.
  [[nodiscard]] int requests(const std::string& text) const;

  void stop();   ///< nobody answers from now on
  void start();  ///< on the same port, with what it has

 private:
  void await_answer() const;

  std::filesystem::path directory_;
  std::string host_;
  int port_ = 0;
  int pid_ = -1;
};

}  // namespace aim::support
