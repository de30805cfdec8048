#include "cmd/explain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace aim::cmd {
namespace {

using core::List;
using core::Map;
using core::Value;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

TEST(ShellQuoted, QuotesOnlyWhatNeedsIt) {
  EXPECT_EQ(shell_quoted("vllm/vllm-openai:v1"), "vllm/vllm-openai:v1");
  EXPECT_EQ(shell_quoted(""), "''");
  EXPECT_EQ(shell_quoted("a b"), "'a b'");
  EXPECT_EQ(shell_quoted("it's $HOME"), R"('it'\''s $HOME')");
}

TEST(DockerCommandTest, GivesEverythingAnOption) {
  ContainerToRun container;
  container.name = "lab-web";
  container.restart = "on-failure:3";
  container.networks = {{"lab-default", {"web", "www"}, "10.8.0.9"}};
  container.attributes = {
      {"command", Value(List{Value("--name"), Value("a b")})},
      {"cpus", Value(1.5)},
      {"entrypoint", Value(List{Value("/run"), Value("-v")})},
      {"env", Value(Map{{"A", Value("1 2")}, {"TOKEN", core::Secret("hunter2")}})},
      {"image", Value("web:1")},
      {"init", Value(false)},
      {"labels", Value(Map{{"team", Value("search")}})},
      {"logging",
       Value(Map{{"driver", Value("local")}, {"options", Value(Map{{"max-size", Value("5m")}})}})},
      {"memory", Value(std::int64_t{1} << 30)},
      {"mounts",
       Value(List{Value(Map{{"type", Value("bind")},
                            {"source", Value("/a,b")},
                            {"target", Value("/x")},
                            {"read_only", Value(true)}})})},
      {"ports", Value(List{Value("127.0.0.1:80:8080/tcp")})},
      {"read_only", Value(true)},
      {"something_new", Value(1)},
      {"stop_grace_period", Value(1500)},
      {"tty", Value(false)}};
  const DockerCommand command = docker_command(container);
  EXPECT_EQ(command.script, R"(docker run --detach \
  --name lab-web \
  --restart on-failure:3 \
  --network lab-default \
  --network-alias web \
  --network-alias www \
  --ip 10.8.0.9 \
  --cpus 1.5 \
  --env 'A=1 2' \
  --env TOKEN \
  --init=false \
  --label team=search \
  --log-driver local \
  --log-opt max-size=5m \
  --memory 1073741824 \
  --mount 'type=bind,"source=/a,b",target=/x,readonly' \
  --publish 127.0.0.1:80:8080/tcp \
  --read-only \
  --stop-timeout 2 \
  --entrypoint /run \
  web:1 -v --name 'a b'
)");
  EXPECT_THAT(command.variables, ElementsAre("TOKEN"));
  EXPECT_THAT(command.left_out, ElementsAre("something_new"));
}

TEST(DockerCommandTest, NamesSecretsAndNeverShowsThem) {
  ContainerToRun container;
  container.name = "x";
  container.restart = "no";
  container.attributes = {{"image", Value("web:1")},
                          {"command", Value(List{Value("--key"), core::Secret("hunter2")})},
                          {"labels", Value(Map{{"a $b", core::Secret("hunter3")}})}};
  const DockerCommand command = docker_command(container);
  EXPECT_THAT(command.script, Not(HasSubstr("hunter")));
  EXPECT_THAT(command.script, HasSubstr(R"(--label "a \$b=${AIM_SECRET_LABELS_A__B}")"));
  EXPECT_THAT(command.script, HasSubstr(R"(web:1 --key "${AIM_SECRET_COMMAND_1}")"));
  EXPECT_THAT(command.variables, ElementsAre("AIM_SECRET_COMMAND_1", "AIM_SECRET_LABELS_A__B"));
}

TEST(DockerCommandTest, SeveralNetworksAreConnectedOneByOne) {
  ContainerToRun container;
  container.name = "x";
  container.restart = "no";
  container.attributes = {{"image", Value("web:1")}};
  container.networks = {{"a", {"web"}, {}}, {"b", {"web"}, "10.8.0.9"}};
  EXPECT_EQ(docker_command(container).script, R"(docker create \
  --name x \
  --restart no \
  --network a \
  --network-alias web \
  web:1
docker network connect \
  --alias web \
  --ip 10.8.0.9 \
  b x
docker start x
)");
}

constexpr const char* kYaml = R"(version: 1
project: lab
variables:
  gpu_port: { type: integer, default: 8000 }
  key: { sensitive: true, default: hunter2 }
backends:
  vllm: { image: "vllm:1" }
defaults:
  endpoint: { shm_size: 1GiB }
endpoints:
  chat:
    model: org/model
    port: "${var.gpu_port}"
    api_key: "${var.key}"
containers:
  web:
    image: web:1
    env: { URL: "${endpoint.chat.internal_url}/v1" }
    mounts: ["data:/data"]
    depends_on: [container.db]
  db: { image: "db:1" }
volumes: { data: {} }
)";

struct Loaded {
  core::SourceFiles sources;
  planner::Configuration configuration;
};

Loaded load() {
  Loaded loaded;
  planner::ConfigurationInput input;
  input.files.push_back({"aim.yaml", kYaml});
  input.environment = [](const std::string&) { return std::nullopt; };
  input.read_file = [](const std::string& path, const std::string&) -> core::Result<std::string> {
    return core::make_error(core::ErrorCode::NotFound, path);
  };
  core::Diagnostics diagnostics;
  loaded.configuration = planner::load_configuration(input, loaded.sources, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.items().front().detail;
  return loaded;
}

Explanation explanation_of(const std::string& address, const core::StateSnapshot& state = {}) {
  const Loaded loaded = load();
  core::Diagnostics diagnostics;
  const planner::Plan plan = planner::make_plan(loaded.configuration, state, {}, {}, diagnostics);
  return explain(
      core::Address::parse(address).value(), loaded.configuration, state, plan, loaded.sources);
}

ExplainedValue value_of(const Explanation& explanation, const std::string& name) {
  for (const ExplainedValue& value : explanation.values) {
    if (value.name == name) {
      return value;
    }
  }
  ADD_FAILURE() << "no value " << name;
  return {};
}

TEST(Explain, SaysWhereEachValueComesFrom) {
  const Explanation chat = explanation_of("endpoint.chat");
  const std::string text = render_explanation(chat);
  EXPECT_THAT(text, HasSubstr("  model = \"org/model\"  # aim.yaml:12:12\n"));
  EXPECT_THAT(text, HasSubstr("  image = \"vllm:1\"  # aim.yaml:7:18, under backends\n"));
  EXPECT_THAT(text, HasSubstr("  shm_size = 1GiB  # aim.yaml:9:25, under defaults\n"));
  EXPECT_THAT(text, HasSubstr("  port = 8000  # aim.yaml:13:11, variable gpu_port (default)\n"));
  EXPECT_THAT(text, HasSubstr("  backend = \"vllm\"  # built-in default\n"));
  EXPECT_THAT(text, HasSubstr("  container_id = (known after apply)  # decided at apply\n"));
  EXPECT_THAT(text,
              HasSubstr("  url = \"http://127.0.0.1:8000\"  # follows from the configuration\n"));
  EXPECT_THAT(text, HasSubstr("  deployed:  not yet\n"));
  EXPECT_THAT(text, HasSubstr("Needed by:\n  container.web\n"));
}

TEST(Explain, ShowsNoSecret) {
  const Explanation chat = explanation_of("endpoint.chat");
  EXPECT_EQ(value_of(chat, "api_key").shown, "(sensitive value)");
  EXPECT_THAT(render_explanation(chat), Not(HasSubstr("hunter2")));
  EXPECT_THAT(boost::json::serialize(explanation_json(chat)), Not(HasSubstr("hunter2")));
  ASSERT_TRUE(chat.command);
  EXPECT_THAT(chat.command->variables, ElementsAre("VLLM_API_KEY"));
  EXPECT_THAT(chat.command->script, HasSubstr("--env VLLM_API_KEY \\\n"));
}

TEST(Explain, SaysWhatItDependsOnAndWhy) {
  const Explanation web = explanation_of("container.web");
  EXPECT_THAT(web.needs,
              ElementsAre(ExplainedDependency{core::Address::parse("endpoint.chat").value(),
                                              {"`env.URL` takes its internal_url"}},
                          ExplainedDependency{core::Address::parse("container.db").value(),
                                              {"`depends_on` names it"}},
                          ExplainedDependency{core::Address::parse("network.default").value(),
                                              {"`networks` joins it"}},
                          ExplainedDependency{core::Address::parse("volume.data").value(),
                                              {"`mounts` has it at /data"}}));
  EXPECT_EQ(value_of(web, "env.URL").shown, "\"http://chat:8000/v1\"");
}

TEST(Explain, TakesWhatApplyDecidedFromTheState) {
  core::StateSnapshot state;
  state.lineage = "lineage";
  core::RecordedResource record;
  record.address = core::Address::parse("container.db").value();
  record.docker_name = "lab-db";
  record.docker_id = "abc";
  record.generation = 3;
  record.computed = {{"container_id", Value("abc")}};
  state.resources.emplace(record.address, record);
  const Explanation db = explanation_of("container.db", state);
  EXPECT_EQ(db.generation, 3);
  EXPECT_EQ(value_of(db, "container_id").shown, "\"abc\"");
  EXPECT_EQ(value_of(db, "container_id").origin.from, Origin::From::Recorded);
}

}  // namespace
}  // namespace aim::cmd
