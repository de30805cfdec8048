#include <gmock/gmock.h>

#include <boost/json.hpp>

#include "planner/readiness.hpp"
#include "tests/unit/planner/endpoint_site.hpp"

namespace aim::planner::test {
namespace {

using core::Map;
using core::Value;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

std::optional<std::int64_t> port(const Site& site, const std::string& name) {
  return core::integer_at(site.attributes(name), "port");
}

/// The words of the command from `flag` on.
std::vector<std::string> command_from(const Site& site, const std::string& flag) {
  const std::vector<std::string> words = site.list("qwen", "command");
  return {std::find(words.begin(), words.end(), flag), words.end()};
}

core::ContainerSummary listed(std::uint16_t port) {
  core::ContainerSummary container;
  container.id = "other";
  container.name = "other";
  container.ports = {{"0.0.0.0", port, 80, "tcp"}};
  container.status = core::ContainerStatus::Running;
  return container;
}

TEST(PortAuto, IsTheFirstThatNothingHas) {
  Site site;
  site.applied.world.listed.push_back(listed(8000));
  site.taken_ports = {8002};
  site.configure(endpoints(qwen("gpus: 1, port: auto", "a") + qwen("gpus: 1, port: 8001", "b") +
                           qwen("gpus: 1, port: auto", "c")) +
                 "containers: { web: { image: \"web:1\", ports: [\"8003:80\"] } }\n");
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(port(site, "a"), 8004);
  EXPECT_EQ(port(site, "b"), 8001);
  EXPECT_EQ(port(site, "c"), 8005);
}

TEST(PortAuto, StaysAndAsksNobodyAgain) {
  Site site;
  site.configure(endpoints(qwen("gpus: 1, port: auto")));
  site.apply();
  EXPECT_EQ(port(site, "qwen"), 8000);
  site.taken_ports = {8000};  // by itself
  site.resolve();
  EXPECT_EQ(port(site, "qwen"), 8000);
  EXPECT_THAT(site.asked, Not(Contains("ports")));
  EXPECT_FALSE(has_changes(site.plan()));
  // One that was written before is kept as well.
  site.configure(endpoints(qwen("gpus: 1, port: 8123")));
  site.apply();
  site.configure(endpoints(qwen("gpus: 1, port: auto")));
  site.resolve();
  EXPECT_EQ(port(site, "qwen"), 8123);
}

TEST(PortAuto, OfAnEndpointByHand) {
  Site site;
  site.configure(
      endpoints("  hand: { model: m, recipe: none, image: \"web:1\", port: auto, gpus: 0 }\n"));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(port(site, "hand"), 8000);
}

TEST(PortAuto, SaysThatNoneIsFree) {
  Site site;
  for (std::uint16_t taken = 8000; taken < 9000; ++taken) {
    site.taken_ports.insert(taken);
  }
  site.configure(endpoints(qwen("gpus: 1, port: auto")));
  site.resolve();
  EXPECT_EQ(site.told(),
            "No port is free: Every port from 8000 to 8999 is taken. Give endpoint.qwen a "
            "`port`.\n");
}

TEST(Revision, IsHandedToTheServer) {
  Site site;
  site.configure(endpoints(qwen("gpus: 4, precision: bf16, revision: refs/pr/7")));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  ASSERT_GE(command_from(site, "--revision").size(), 2U);
  EXPECT_EQ(command_from(site, "--revision")[1], "refs/pr/7");
}

TEST(Revision, OfARepositoryThatIsNotServedIsRefused) {
  Site site;
  site.configure(endpoints(qwen("gpus: 1, precision: fp8, revision: main")));
  site.resolve();
  EXPECT_THAT(site.told(),
              HasSubstr("Revision of another repository: `revision` is one of "
                        "Qwen/Qwen3-32B, but what is served in fp8 is "));
}

TEST(Lora, AdaptersAreServedByTheirNames) {
  Site site;
  site.configure(endpoints(qwen(
      "gpus: 4, precision: bf16, lora: { sql: org/sql-lora, legal: /adapters/legal }, served_name: "
      "chat")));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_THAT(site.list("qwen", "command"), Contains("--enable-lora"));
  const std::vector<std::string> words = command_from(site, "--lora-modules");
  ASSERT_GE(words.size(), 3U);
  EXPECT_EQ(words[1], "legal=/adapters/legal");
  EXPECT_EQ(words[2], "sql=org/sql-lora");
  EXPECT_THAT(
      core::canonical_json(*core::find(site.attributes("qwen"), "mounts")),
      HasSubstr(R"({"read_only":true,"source":"/adapters/legal","target":"/adapters/legal")"));
  const auto policy = readiness_policy(endpoint("qwen"), site.attributes("qwen"));
  std::vector<std::string> checks;
  for (const Check& check : policy->checks) {
    checks.push_back(check.name + " " + check.served_name);
  }
  EXPECT_THAT(
      checks,
      ElementsAre(
          "health ", "models chat", "adapter legal legal", "adapter sql sql", "inference "));
  // Another adapter is another command.
  site.apply();
  site.configure(
      endpoints(qwen("gpus: 4, precision: bf16, served_name: chat, lora: { sql: o/b }")));
  site.resolve();
  const Plan plan = site.plan();
  ASSERT_EQ(plan.changes.size(), 2U);
  EXPECT_EQ(plan.changes[0].action, Action::Replace);
}

TEST(Lora, IsRefusedWhereItCannotBe) {
  Site site;
  site.configure(endpoints(
      "  gguf: { model: Qwen/Qwen3-0.6B-GGUF, backend: llamacpp, gpus: 0, lora: { a: o/a }, "
      "revision: main }\n"));
  site.resolve();
  EXPECT_EQ(site.told(),
            "Adapters are not possible here: llama.cpp serves no LoRA adapters by name: drop "
            "`lora`, or use vllm or sglang.\n"
            "Revision is not possible here: llama.cpp takes no revision: drop `revision`, or use "
            "vllm or sglang.\n");
  site.configure(endpoints(
      "  hand: { model: m, recipe: none, image: \"web:1\", lora: { a: o/a }, select: { command: "
      "[pick] } }\n"));
  site.resolve();
  EXPECT_EQ(site.told(),
            "Conflicting attributes: endpoint.hand is written by hand, so `lora` has no meaning "
            "for it: write the server's own flags into `command` or `args`.\n"
            "Conflicting attributes: endpoint.hand is written by hand, so `select` has no meaning "
            "for it: there is no recipe to choose.\n");
}

std::string secret_in(const Site& site, const std::string& path) {
  const Value* files = core::find(site.attributes("qwen"), "files");
  const Value* file = files ? core::find(*files->get<Map>(), path) : nullptr;
  const Value* content = file ? core::find(*file->get<Map>(), "content") : nullptr;
  const core::Secret* secret = content ? content->get<core::Secret>() : nullptr;
  return secret && secret->known() ? secret->reveal() : "none";
}

TEST(ApiKey, ReachesSglangInAFileOfArguments) {
  Site site;
  const std::string key = R"(api_key: 'open \"sesame')";
  site.configure(endpoints(qwen("backend: sglang, gpus: 4, precision: fp8, " + key)));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(secret_in(site, "/run/secrets/sglang.yaml"), "api-key: \"open \\\\\\\"sesame\"\n");
  ASSERT_GE(command_from(site, "--config").size(), 2U);
  EXPECT_EQ(command_from(site, "--config")[1], "/run/secrets/sglang.yaml");
  for (const std::string& word : site.list("qwen", "command")) {
    EXPECT_EQ(word.find("sesame"), std::string::npos);
  }
  // Another key is a new file, not a new decision; the first key is a new command.
  site.configure(endpoints(qwen("backend: sglang, gpus: 4, precision: fp8")));
  site.apply();
  EXPECT_THAT(command_from(site, "--config"), IsEmpty());
  site.configure(endpoints(qwen("backend: sglang, gpus: 4, precision: fp8, api_key: one")));
  site.apply();
  EXPECT_EQ(command_from(site, "--config").size() >= 2, true);
  site.configure(endpoints(qwen("backend: sglang, gpus: 4, precision: fp8, api_key: two")));
  site.resolve();
  EXPECT_THAT(site.asked, IsEmpty());
  EXPECT_TRUE(has_changes(site.plan()));
}

TEST(ApiKey, ReachesLlamaCppInAFileOfKeys) {
  Site site;
  site.configure(endpoints(
      "  qwen: { model: Qwen/Qwen3-0.6B-GGUF, backend: llamacpp, gpus: 0, api_key: sesame }\n"));
  site.resolve();
  EXPECT_EQ(site.told(), "");
  EXPECT_EQ(secret_in(site, "/run/secrets/api_key"), "sesame");
  EXPECT_EQ(core::canonical_json(*core::find(site.attributes("qwen"), "env")),
            R"({"LLAMA_ARG_API_KEY_FILE":"/run/secrets/api_key"})");
}

TEST(ApiKey, IsForWhoeverWritesTheCommand) {
  Site site;
  site.configure(endpoints(
      "  qwen: { model: m, backend: sglang, image: x, command: [serve], api_key: sesame }\n"));
  site.resolve();
  EXPECT_THAT(site.told(), HasSubstr("API key is not handed over: endpoint.qwen has a `command`"));
  EXPECT_EQ(secret_in(site, "/run/secrets/sglang.yaml"), "none");
}

TEST(ApiKey, AnEndpointThatEverybodyReachesNeedsOne) {
  const auto notes = [](const std::string& more) {
    Site site;
    site.configure(endpoints(qwen("gpus: 1, " + more)));
    site.resolve();
    std::string text;
    for (const core::Diagnostic& note : site.plan().notes) {
      text += note.summary + "\n";
    }
    return text;
  };
  EXPECT_EQ(notes("bind: 0.0.0.0"), "Endpoint is open to everyone\n");
  EXPECT_EQ(notes("bind: 0.0.0.0, api_key: sesame"), "");
  EXPECT_EQ(notes("bind: 127.0.0.1"), "");
}

class Select : public ::testing::Test {
 protected:
  Select() { site_.configure(endpoints(qwen("select: { command: [./pick, --cheap] }"))); }

  void answer(std::function<core::Result<std::string>(const boost::json::object&)> choose) {
    site_.run_program = [this, choose](const std::vector<std::string>& command,
                                       const std::string& input) {
      runs_.push_back(command);
      return choose(boost::json::parse(input).as_object());
    };
    site_.resolve();
  }

  static std::string id_of(const boost::json::object& input, std::size_t index) {
    return std::string(input.at("candidates").as_array().at(index).at("id").as_string());
  }

  Site site_;
  std::vector<std::vector<std::string>> runs_;
};

TEST_F(Select, ChoosesAmongWhatFits) {
  boost::json::object seen;
  answer([&](const boost::json::object& input) -> core::Result<std::string> {
    seen = input;
    return id_of(input, 1) + "\n";
  });
  EXPECT_EQ(site_.told(), "");
  ASSERT_THAT(runs_, ElementsAre(ElementsAre("./pick", "--cheap")));
  EXPECT_EQ(seen.at("version"), 1);
  EXPECT_EQ(seen.at("model"), "Qwen/Qwen3-32B");
  EXPECT_EQ(seen.at("gpus").as_array().at(0).at("count"), 8);
  const boost::json::object& second = seen.at("candidates").as_array().at(1).as_object();
  EXPECT_EQ(second.at("recipe").as_string(), site_.text("qwen", "recipe"));
  EXPECT_EQ(second.at("precision").as_string(), site_.text("qwen", "precision"));
  EXPECT_EQ(second.at("gpus").as_int64(),
            static_cast<std::int64_t>(site_.list("qwen", "gpu_ids").size()));
}

TEST_F(Select, IdsAreDifferent) {
  std::set<std::string> ids;
  std::size_t count = 0;
  answer([&](const boost::json::object& input) -> core::Result<std::string> {
    count = input.at("candidates").as_array().size();
    for (std::size_t i = 0; i < count; ++i) {
      ids.insert(id_of(input, i));
    }
    return id_of(input, 0);
  });
  EXPECT_GT(count, 3U);
  EXPECT_EQ(ids.size(), count);
}

TEST_F(Select, IsAskedOnce) {
  answer([](const boost::json::object& input) -> core::Result<std::string> {
    return id_of(input, 0);
  });
  site_.apply();
  runs_.clear();
  site_.run_program = nullptr;
  site_.resolve();
  EXPECT_EQ(site_.told(), "");
  EXPECT_THAT(site_.asked, IsEmpty());
  EXPECT_FALSE(has_changes(site_.plan()));
}

TEST_F(Select, IsNotRunWithoutLeave) {
  site_.resolve();
  EXPECT_EQ(site_.told(),
            "Program is not run: endpoint.qwen is chosen by ./pick, and a program that a "
            "configuration names runs only with --allow-exec, since a plan may be of a stranger's "
            "pull request.\n");
}

TEST_F(Select, AWrongAnswerIsAnError) {
  answer([](const boost::json::object&) -> core::Result<std::string> { return "best\n"; });
  EXPECT_THAT(site_.told(),
              HasSubstr("Program chose nothing: ./pick: it answered \"best\", which is none of "));
  answer([](const boost::json::object&) -> core::Result<std::string> { return " "; });
  EXPECT_THAT(site_.told(), HasSubstr("./pick: it named none of "));
  answer([](const boost::json::object&) -> core::Result<std::string> {
    return core::make_error(core::ErrorCode::Failed, "it exited with code 1: no GPU is cheap");
  });
  EXPECT_EQ(site_.told(),
            "Program chose nothing: ./pick: it exited with code 1: no GPU is cheap.\n");
}

}  // namespace
}  // namespace aim::planner::test
