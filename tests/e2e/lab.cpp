#include "tests/e2e/lab.hpp"

#include <gtest/gtest.h>

#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

#include "core/secret.hpp"

namespace aim::e2e {

namespace fs = std::filesystem;

namespace {

/// The variables that scripts/test sets; without them these tests cannot run and must not pass.
std::string required(const char* name) {
  const char* value = std::getenv(name);
  if (value == nullptr || *value == '\0') {
    throw std::runtime_error(std::string(name) +
                             " is not set: these tests need the real Engine that scripts/test "
                             "starts");
  }
  return value;
}

std::string engine() { return "unix://" + required("AIM_TEST_DOCKER"); }

std::string trimmed(std::string text) {
  while (!text.empty() && text.back() == '\n') {
    text.pop_back();
  }
  return text;
}

std::vector<std::string> lines_of(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    if (!line.empty()) {
      lines.push_back(line);
    }
  }
  return lines;
}

/// The first of a hundred host ports that no other test program has while this one lives. They are
/// below those that the kernel gives to outgoing connections, which could be in use at any moment.
int port_range() {
  constexpr int kRanges = 200;
  for (int range = 0; range < kRanges; ++range) {
    const fs::path file =
        fs::temp_directory_path() / ("aim-test-ports-" + std::to_string(range) + ".lock");
    const int held = open(file.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (held >= 0 && flock(held, LOCK_EX | LOCK_NB) == 0) {
      return 10000 + range * 100;  // the lock ends with the process
    }
    close(held);
  }
  throw std::runtime_error("no range of ports is free");
}

Lab::Answer curl(std::vector<std::string> arguments) {
  std::vector<std::string> command = {"curl", "-sS", "--max-time", "20", "-w", "\n%{http_code}"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  const Finished done = run(command);
  const std::size_t end = done.out.rfind('\n');
  if (done.code != 0 || end == std::string::npos) {
    return {0, done.err};
  }
  return {std::atoi(done.out.c_str() + end + 1), done.out.substr(0, end)};
}

/// Beside aim.yaml when that has endpoints and says nothing of recipes: they are written by hand.
constexpr const char* kByHand = "by-hand.aim.yaml";

}  // namespace

Lab::Lab(const std::string& name) : project_("t-" + name) {
  std::string pattern = (fs::temp_directory_path() / ("aim-" + name + "-XXXXXX")).string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error("no temporary directory");
  }
  directory_ = pattern;
  static const int kRange = port_range();
  static int labs = 0;
  first_port_ = kRange + (labs++ % 8) * 10;
  make_images();
  clean();  // what a test that was killed left behind
}

Lab::~Lab() {
  clean();
  std::error_code ignored;
  fs::remove_all(directory_, ignored);
  fs::remove_all(second_checkout(), ignored);
}

void Lab::clean() const {
  const auto remove = [&](const std::vector<std::string>& list, std::vector<std::string> removal) {
    for (const std::string& id : lines_of(docker(list))) {
      removal.push_back(id);
      std::vector<std::string> command = {"docker", "-H", engine()};
      command.insert(command.end(), removal.begin(), removal.end());
      run(command);
      removal.pop_back();
    }
  };
  const std::string label = "label=dev.aim.project=" + project_;
  remove({"ps", "-aq", "--filter", label}, {"rm", "-f", "-v"});
  remove({"ps", "-aq", "--filter", "name=^/?" + project_ + "-"}, {"rm", "-f", "-v"});
  remove({"network", "ls", "-q", "--filter", label}, {"network", "rm"});
  remove({"volume", "ls", "-q", "--filter", label}, {"volume", "rm"});
  remove({"volume", "ls", "-q", "--filter", "name=aim-lock." + project_}, {"volume", "rm"});
}

fs::path Lab::second_checkout() const {
  const fs::path other = directory_.string() + "-second";
  if (!fs::exists(other)) {
    fs::create_directories(other);
    for (const char* name : {"aim.yaml", kByHand}) {
      if (fs::exists(directory_ / name)) {
        fs::copy_file(directory_ / name, other / name);
      }
    }
  }
  return other;
}

void Lab::configure(const std::string& text) const {
  write("aim.yaml", "version: 1\nproject: " + project_ + "\n" + text);
  if (text.find("endpoints:") != std::string::npos && text.find("defaults:") == std::string::npos &&
      text.find("recipe:") == std::string::npos) {
    write(kByHand, "defaults: { endpoint: { recipe: none } }\n");
  }
}

void Lab::write(const std::string& name, const std::string& text) const {
  std::ofstream(directory_ / name, std::ios::trunc) << text;
}

void Lab::forget_state() const { fs::remove_all(directory_ / ".aim"); }

std::map<std::string, std::string> Lab::environment() const {
  return {{"DOCKER_HOST", engine()}, {"NO_COLOR", "1"}};
}

std::vector<std::string> Lab::aim_command(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), required("AIM_TEST_AIM"));
  return arguments;
}

Finished Lab::aim(std::vector<std::string> arguments,
                  const std::map<std::string, std::string>& set) const {
  std::map<std::string, std::string> all = set;
  all.merge(environment());
  return run(aim_command(std::move(arguments)), all, directory_.string());
}

Finished Lab::try_docker(std::vector<std::string> arguments) const {
  arguments.insert(arguments.begin(), {"docker", "-H", engine()});
  return run(arguments);
}

std::string Lab::docker(std::vector<std::string> arguments) const {
  const Finished done = try_docker(std::move(arguments));
  EXPECT_EQ(done.code, 0) << done.err;
  return trimmed(done.out);
}

boost::json::value Lab::inspect(const std::string& container) const {
  return boost::json::parse(docker({"inspect", container})).as_array().at(0);
}

std::vector<std::string> Lab::labelled() const {
  const std::string label = "label=dev.aim.project=" + project_;
  std::vector<std::string> all;
  const auto add = [&](const std::string& what, const std::vector<std::string>& list) {
    for (const std::string& name : lines_of(docker(list))) {
      all.push_back(what + " " + name);
    }
  };
  add("container", {"ps", "-a", "--filter", label, "--format", "{{.Names}}"});
  add("network", {"network", "ls", "--filter", label, "--format", "{{.Name}}"});
  add("volume", {"volume", "ls", "--filter", label, "--format", "{{.Name}}"});
  std::sort(all.begin(), all.end());
  return all;
}

int Lab::port(int index) const { return first_port_ + index; }

Lab::Answer Lab::get(int port, const std::string& path) const {
  return curl({"http://127.0.0.1:" + std::to_string(port) + path});
}

Lab::Answer Lab::chat(int port, const std::string& model, int tokens) const {
  return curl({"-H",
               "Content-Type: application/json",
               "-d",
               R"({"model":")" + model +
                   R"(","messages":[{"role":"user","content":"Hello"}],"max_tokens":)" +
                   std::to_string(tokens) + R"(,"ignore_eos":true})",
               "http://127.0.0.1:" + std::to_string(port) + "/v1/chat/completions"});
}

std::string own_name(const std::string& prefix) {
  const std::string test = testing::UnitTest::GetInstance()->current_test_info()->name();
  return prefix + "-" + core::sha256_hex(test).substr(0, 6);
}

void make_images() {
  static const bool kMade = [] {
    const Finished done = run({"scripts/model-server-image",
                               "--docker",
                               required("AIM_TEST_DOCKER"),
                               "--binary",
                               required("AIM_TEST_MODEL_SERVER"),
                               "--tag",
                               kImage1,
                               "--tag",
                               kImage2});
    if (done.code != 0) {
      throw std::runtime_error("scripts/model-server-image: " + done.err);
    }
    return true;
  }();
  static_cast<void>(kMade);
}

}  // namespace aim::e2e
