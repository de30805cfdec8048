#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "recipes/diagnose.hpp"
#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

namespace json = boost::json;

std::vector<recipes::FailurePattern> installed() {
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  std::vector<recipes::FailurePattern> all =
      recipes::read_failures(std::filesystem::path("recipes/diagnostics"), diagnostics, sources);
  EXPECT_FALSE(diagnostics.has_errors());
  return all;
}

/// A line of a log that the pattern is a piece of.
std::string line_for(std::string pattern) {
  for (const char* name : {"{argument}", "{value}", "{tokens}"}) {
    if (const std::size_t at = pattern.find(name); at != std::string::npos) {
      pattern.replace(at, std::string(name).size(), "word");
    }
  }
  return "ERROR 11-26 12:34:56 [core.py:700] " + pattern;
}

/// An endpoint whose server writes `line` and ends, half a second after its start.
std::string failing(const std::string& name,
                    const std::string& backend,
                    int port,
                    const std::string& line) {
  return fmt::format(
      "  {}:\n    model: test/model\n    backend: {}\n    image: \"{}\"\n    port: {}\n"
      "    command: [test/model]\n    restart: \"no\"\n"
      "    env: {{ MODEL_SERVER_LOAD_SECONDS: \"60\", MODEL_SERVER_EXIT_AFTER: \"0.5\", "
      "MODEL_SERVER_EXIT_CODE: \"1\", MODEL_SERVER_LOG: {} }}\n",
      name,
      backend,
      kImage1,
      port,
      json::serialize(json::string(line)));
}

/// The failures that an apply tells at its end, by resource.
std::map<std::string, json::value> failures_of(const std::string& stream) {
  std::map<std::string, json::value> failures;
  std::istringstream lines(stream);
  for (std::string line; std::getline(lines, line);) {
    const json::value message = json::parse(line);
    if (message.at("type") != "apply_failed") {
      continue;
    }
    for (const json::value& cause : message.at("failure").at("causes").as_array()) {
      const std::string what(cause.at("what").as_string());
      failures.emplace(what.substr(0, what.find(':')), cause);
    }
  }
  return failures;
}

TEST(Diagnosis, EachKnownFailureIsToldWithItsCauseAndWhatToDo) {
  const Lab lab("diagnosis");
  const std::vector<recipes::FailurePattern> known = installed();
  ASSERT_GT(known.size(), 40U);
  std::string text = "endpoints:\n";
  for (std::size_t i = 0; i < known.size(); ++i) {
    text += failing(fmt::format("e{}", i),
                    known[i].backend.empty() ? "vllm" : known[i].backend,
                    20000 + static_cast<int>(i),
                    line_for(known[i].patterns.front()));
  }
  lab.configure(text);
  const Finished done = lab.aim({"apply", "--yes", "--json", "--on-failure", "keep"});
  EXPECT_NE(done.code, 0);
  const std::map<std::string, json::value> failures = failures_of(done.out);
  for (std::size_t i = 0; i < known.size(); ++i) {
    const auto told = failures.find(fmt::format("endpoint.e{}", i));
    ASSERT_NE(told, failures.end()) << known[i].id << "\n" << done.out << done.err;
    // Words of the line stand in causes and remedies.
    const std::string cause = known[i].cause.substr(0, known[i].cause.find('{'));
    const std::string remedy = known[i].remedy.substr(0, known[i].remedy.find('{'));
    EXPECT_TRUE(told->second.at("cause").as_string().starts_with(cause))
        << known[i].id << ": " << told->second.at("cause");
    EXPECT_TRUE(told->second.at("remedy").as_string().starts_with(remedy))
        << known[i].id << ": " << told->second.at("remedy");
  }
}

TEST(Diagnosis, IsToldAtOnce) {
  const Lab lab("diagnosis-soon");
  lab.configure(
      "endpoints:\n" +
      failing("e", "vllm", lab.port(), "torch.cuda.OutOfMemoryError: CUDA out of memory."));
  const std::string since = lab.docker({"info", "--format", "{{.SystemTime}}"});
  const Finished done = lab.aim({"apply", "--yes"});
  const auto told = std::chrono::system_clock::now();
  EXPECT_THAT(done.err, ::testing::HasSubstr("remedy"));
  const std::string died = lab.docker({"events",
                                       "--since",
                                       since,
                                       "--until",
                                       lab.docker({"info", "--format", "{{.SystemTime}}"}),
                                       "--filter",
                                       "event=die",
                                       "--filter",
                                       "label=dev.aim.project=" + lab.project(),
                                       "--format",
                                       "{{.TimeNano}}"});
  const std::chrono::nanoseconds after =
      told.time_since_epoch() - std::chrono::nanoseconds(std::stoll(died));
  EXPECT_LT(after, std::chrono::seconds(2));
}

}  // namespace
}  // namespace aim::e2e
