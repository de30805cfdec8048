#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>

#include "tests/support/fake_clock.hpp"
#include "tests/support/memory_docker.hpp"

namespace aim::support {

/// An in-memory Docker with one image, "app:1", and a clock that is moved by hand.
class MemoryDockerLab : public testing::Test {
 protected:
  explicit MemoryDockerLab(MemoryDockerOptions options = {}) : docker(clock, std::move(options)) {
    docker.add_image({.ref = "app:1"});
  }

  /// `target` is without the version prefix.
  core::Result<providers::HttpResponse> ask(
      const std::string& method,
      const std::string& target,
      const std::string& body = {},
      std::chrono::milliseconds deadline = std::chrono::seconds(30)) {
    providers::HttpRequest request;
    request.method = method;
    request.target = "/v1." + std::to_string(minor) + target;
    request.body = body;
    return docker.send(request, deadline, stop.get_token());
  }

  int status(const std::string& method, const std::string& target, const std::string& body = {}) {
    const auto answer = ask(method, target, body);
    EXPECT_TRUE(answer) << core::to_string(answer.error());
    return answer ? answer->status : 0;
  }

  boost::json::object object(const std::string& method,
                             const std::string& target,
                             const std::string& body = {}) {
    const auto answer = ask(method, target, body);
    EXPECT_TRUE(answer) << core::to_string(answer.error());
    return answer ? boost::json::parse(answer->body).as_object() : boost::json::object();
  }

  void create(const std::string& name, const std::string& more = {}) {
    EXPECT_EQ(status("POST", "/containers/create?name=" + name, R"({"Image":"app:1")" + more + "}"),
              201);
  }

  void run(const std::string& name, const std::string& more = {}) {
    create(name, more);
    EXPECT_EQ(status("POST", "/containers/" + name + "/start"), 204);
  }

  int minor = 41;
  std::stop_source stop;
  FakeClock clock;
  MemoryDocker docker;
};

}  // namespace aim::support
