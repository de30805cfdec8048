#pragma once

#include <boost/json.hpp>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/e2e/process.hpp"

namespace aim::e2e {

/// One project of its own on the real Engine: a directory with aim.yaml, the aim program, and the
/// docker command to look at what really happened. Everything it made is gone when it ends.
class Lab {
 public:
  /// `name` becomes the project; tests that run at the same time need different ones.
  explicit Lab(const std::string& name);
  ~Lab();
  Lab(const Lab&) = delete;
  Lab& operator=(const Lab&) = delete;

  [[nodiscard]] const std::string& project() const { return project_; }

  [[nodiscard]] const std::filesystem::path& directory() const { return directory_; }

  /// Another directory with the same configuration and no state.
  [[nodiscard]] std::filesystem::path second_checkout() const;

  /// Writes a file of the project; the text of aim.yaml gets `version` and `project` in front.
  void configure(const std::string& text) const;
  void write(const std::string& name, const std::string& text) const;
  void forget_state() const;

  /// Runs aim in the project's directory.
  [[nodiscard]] Finished aim(std::vector<std::string> arguments,
                             const std::map<std::string, std::string>& set = {}) const;
  [[nodiscard]] std::vector<std::string> aim_command(std::vector<std::string> arguments) const;
  [[nodiscard]] std::map<std::string, std::string> environment() const;

  /// The docker command against the Engine under test; standard output without its last newline.
  std::string docker(std::vector<std::string> arguments) const;
  [[nodiscard]] Finished try_docker(std::vector<std::string> arguments) const;
  [[nodiscard]] boost::json::value inspect(const std::string& container) const;
  /// Names of all objects that carry the project's labels: "container x", "network y", "volume z".
  [[nodiscard]] std::vector<std::string> labelled() const;

  /// A host port that no other lab uses.
  [[nodiscard]] int port(int index = 0) const;

  /// GET or POST by curl; the HTTP status and the body.
  struct Answer {
    int status = 0;
    std::string body;
  };

  [[nodiscard]] Answer get(int port, const std::string& path) const;
  [[nodiscard]] Answer chat(int port, const std::string& model, int tokens = 8) const;

 private:
  void clean() const;

  std::string project_;
  std::filesystem::path directory_;
  int first_port_ = 0;
};

/// A name for a lab of the running test alone: tests of one fixture may run side by side.
[[nodiscard]] std::string own_name(const std::string& prefix);

/// Makes the images of the tests once: aim/model-server:1 and :2 and the one that carries labels
/// of a project.
void make_images();
inline constexpr const char* kImage1 = "aim/model-server:1";
inline constexpr const char* kImage2 = "aim/model-server:2";

}  // namespace aim::e2e
