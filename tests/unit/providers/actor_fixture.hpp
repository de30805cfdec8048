#pragma once

#include <gtest/gtest.h>

#include <boost/json.hpp>
#include <string>
#include <string_view>

#include "providers/docker/docker_engine.hpp"
#include "tests/unit/providers/scripted_transport.hpp"

namespace aim::providers::test {

inline const core::Labels kBirth{{"dev.aim.run", "r1"},
                                 {"dev.aim.address", "container.web"},
                                 {"dev.aim.generation", "2"},
                                 {"team", "search"}};

/// No answer came, and nothing tells whether the request was carried out.
[[nodiscard]] core::Error broken();
/// Docker cannot be reached at all.
[[nodiscard]] core::Error dead();
/// The body of an error.
[[nodiscard]] std::string message(std::string_view text);
/// An inspect answer; `more` overrides its members.
[[nodiscard]] std::string described(std::string_view status, boost::json::object more = {});

/// An Engine on scripted answers, all of which must be used.
struct Fixture {
  ScriptedTransport docker;
  DockerEngine engine{docker};

  explicit Fixture(const std::string& version = "1.41");
  ~Fixture();
  Fixture(const Fixture&) = delete;
  Fixture& operator=(const Fixture&) = delete;

  core::Result<core::CallOutcome> perform(const core::Call& call);
};

void expect_error(const core::Result<core::CallOutcome>& outcome, const core::Error& error);

}  // namespace aim::providers::test
