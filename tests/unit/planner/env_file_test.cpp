#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/planner/configuration_fixture.hpp"

namespace aim::planner {
namespace {

using core::Map;
using core::Secret;
using core::Value;

const core::Address kWeb{core::Kind::Container, "web", std::nullopt};

/// What is in `env` of a container with one env file; secrets in clear.
std::map<std::string, std::string> environment_of(ConfigurationCase& one) {
  const Configuration configuration = one.load();
  EXPECT_EQ(one.report(), "");
  std::map<std::string, std::string> texts;
  const Value* env = core::find(configuration.resources.at(kWeb).attributes, "env");
  for (const auto& [name, value] : env ? *env->get<Map>() : Map()) {
    const Secret* secret = value.get<Secret>();
    texts[name] = secret ? "secret " + secret->reveal() : *value.get<std::string>();
  }
  return texts;
}

using Texts = std::map<std::string, std::string>;

TEST(EnvFile, IsReadAsDockerReadsIt) {
  ConfigurationCase one(
      "project: lab\ncontainers: { web: { image: \"a:1\", env_file: web.env } }\n");
  one.other_files["web.env"] =
      "\xef\xbb\xbf# comment\n"
      "\n"
      "  INDENTED=1\r\n"
      "QUOTED=\"as it is\" # too\n"
      "EMPTY=\n"
      "EQUALS=a=b\n"
      "FROM_OUTSIDE\n"
      "NOT_SET\n"
      "LAST=without a line break";
  one.environment["FROM_OUTSIDE"] = "outside";
  EXPECT_EQ(environment_of(one),
            (Texts{{"INDENTED", "secret 1"},
                   {"QUOTED", "secret \"as it is\" # too"},
                   {"EMPTY", "secret "},
                   {"EQUALS", "secret a=b"},
                   {"FROM_OUTSIDE", "secret outside"},
                   {"LAST", "secret without a line break"}}));
}

TEST(EnvFile, ALaterOneWinsAndEnvWinsOverAll) {
  ConfigurationCase one(
      "project: lab\n"
      "containers:\n"
      "  web:\n"
      "    image: \"a:1\"\n"
      "    env: { A: own, GONE: null }\n"
      "    env_file: [first.env, second.env]\n");
  one.other_files["first.env"] = "A=1\nB=1\nC=1\nGONE=1\n";
  one.other_files["second.env"] = "A=2\nB=2\n";
  EXPECT_EQ(environment_of(one), (Texts{{"A", "own"}, {"B", "secret 2"}, {"C", "secret 1"}}));
}

TEST(EnvFile, ErrorsPointIntoIt) {
  ConfigurationCase one(
      "project: lab\ncontainers: { web: { image: \"a:1\", env_file: web.env } }\n");
  one.other_files["web.env"] = "GOOD=1\nexport BAD=2\n=3\n";
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "web.env:2:1: error: Invalid line in an env file\n"
            "  The name \"export BAD\" has a blank in it. Write KEY=VALUE, without `export` and "
            "without blanks around the `=`.\n"
            "web.env:3:1: error: Invalid line in an env file\n"
            "  The line begins with `=`, so it names no variable. Write KEY=VALUE.\n");
}

TEST(EnvFile, ThatIsMissingIsAnErrorWhereItIsNamed) {
  ConfigurationCase one(
      "project: lab\ncontainers: { web: { image: \"a:1\", env_file: [web.env] } }\n");
  static_cast<void>(one.load());
  EXPECT_EQ(one.report(),
            "aim.yaml:2:47: error: File cannot be read\n"
            "  `env_file` names web.env: there is no web.env beside aim.yaml. A relative path "
            "begins at the file it is written in.\n");
}

TEST(EnvFile, MustBeNamedByAPath) {
  EXPECT_EQ(report_of_body("containers: { web: { image: \"a:1\", env_file: [3] } }\n"),
            "aim.yaml:2:46: error: Wrong type\n"
            "  `env_file` must be a path or a list of paths, but it is 3.\n");
}

}  // namespace
}  // namespace aim::planner
