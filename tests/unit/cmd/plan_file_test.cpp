#include "planner/plan_file.hpp"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "tests/unit/cmd/plan_cases.hpp"

namespace aim::planner {
namespace {

using core::ErrorCode;
using core::Secret;

namespace fs = std::filesystem;

/// A directory that is gone after the test.
class PlanFile : public testing::Test {
 protected:
  PlanFile() : directory_(fs::path(testing::TempDir()) / ("plan-" + core::random_hex(6))) {
    fs::create_directory(directory_);
  }

  ~PlanFile() override { fs::remove_all(directory_); }

  [[nodiscard]] std::string path(const std::string& name) const { return directory_ / name; }

  fs::path directory_;
};

std::string file_text() { return format_plan_file({test::plan_case("replace"), std::nullopt}); }

ErrorCode code_of(const std::string& text) {
  const auto parsed = parse_plan_file(text);
  return parsed ? ErrorCode::Failed : parsed.error().code;
}

std::string message_of(const std::string& text) {
  const auto parsed = parse_plan_file(text);
  return parsed ? "parsed" : core::to_string(parsed.error());
}

std::string replaced(std::string text, const std::string& what, const std::string& with) {
  const std::size_t at = text.find(what);
  EXPECT_NE(at, std::string::npos);
  return text.replace(at, what.size(), with);
}

/// A file whose checksum fits the plan text.
std::string sealed(const std::string& plan_text) {
  return R"({"format":"aim plan","version":2,"sha256":")" + core::sha256_hex(plan_text) + "\"}\n" +
         plan_text + "\n";
}

TEST_F(PlanFile, IsReadAsItWasSaved) {
  const Plan plan = test::plan_case("drift");
  ASSERT_TRUE(save_plan(plan, path("p"), std::nullopt));
  const auto loaded = load_plan(path("p"));
  ASSERT_TRUE(loaded) << core::to_string(loaded.error());
  EXPECT_EQ(*loaded, plan);
}

TEST_F(PlanFile, BelongsToItsOwnerAlone) {
  ASSERT_TRUE(save_plan(test::plan_case("create"), path("p"), std::nullopt));

  struct stat status {};

  ASSERT_EQ(::stat(path("p").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 07777U, 0600U);
}

TEST_F(PlanFile, ReplacesAnOlderOneAndLeavesNothingBeside) {
  std::ofstream(path("p")) << "older";
  ASSERT_TRUE(save_plan(test::plan_case("create"), path("p"), std::nullopt));
  EXPECT_TRUE(load_plan(path("p")));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(PlanFile, SaysWhyItCannotBeWritten) {
  const auto saved = save_plan(test::plan_case("create"), path("none/p"), std::nullopt);
  ASSERT_FALSE(saved);
  EXPECT_EQ(core::to_string(saved.error()),
            "cannot write the plan file " + path("none/p") + ": No such file or directory");
}

TEST_F(PlanFile, LeavesNothingWhenItCannotBeRenamed) {
  fs::create_directory(path("p"));
  EXPECT_FALSE(save_plan(test::plan_case("create"), path("p"), std::nullopt));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(PlanFile, SaysWhyItCannotBeRead) {
  const auto missing = load_plan(path("p"));
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().code, ErrorCode::NotFound);
  EXPECT_EQ(core::to_string(missing.error()),
            "cannot read the plan file " + path("p") + ": No such file or directory");
  const auto directory = load_plan(directory_);
  ASSERT_FALSE(directory);
  EXPECT_EQ(core::to_string(directory.error()), directory_.string() + " is not a plan file");
  std::ofstream(path("yaml")) << "version: 1\n";
  const auto other = load_plan(path("yaml"));
  ASSERT_FALSE(other);
  EXPECT_EQ(core::to_string(other.error()),
            "not a plan file of aim, while reading " + path("yaml"));
}

TEST(ParsePlanFile, RefusesWhatIsNoPlanFile) {
  for (const std::string text : {"",
                                 "\n",
                                 "{}",
                                 "[]",
                                 "null",
                                 "{\"format\":\"aim plan\"}\n{}",
                                 "{\"format\":\"other\",\"version\":2}\n{}"}) {
    EXPECT_EQ(message_of(text), "not a plan file of aim") << text;
    EXPECT_EQ(code_of(text), ErrorCode::Invalid);
  }
}

TEST(ParsePlanFile, RefusesANewerFormat) {
  const std::string newer = replaced(file_text(), "\"version\":2", "\"version\":3");
  EXPECT_EQ(code_of(newer), ErrorCode::Unsupported);
  EXPECT_EQ(message_of(newer),
            "the plan file has format version 3, and this aim reads up to 2; it was written by a "
            "newer aim");
}

TEST(ParsePlanFile, RefusesAnOlderFormat) {
  const std::string older = replaced(file_text(), "\"version\":2", "\"version\":1");
  EXPECT_EQ(code_of(older), ErrorCode::Unsupported);
  EXPECT_EQ(message_of(older),
            "the plan file has format version 1, and this aim reads 2; it was written by an older "
            "aim: plan again");
}

TEST(ParsePlanFile, NoticesAChangedByte) {
  const std::string changed = replaced(file_text(), "v0.27.1", "v0.27.2");
  EXPECT_EQ(code_of(changed), ErrorCode::Protocol);
  EXPECT_EQ(message_of(changed), "the plan file is damaged: its checksum does not hold");
}

TEST(ParsePlanFile, NamesTheBadPart) {
  const std::string text = file_text();
  const std::string plan = text.substr(text.find('\n') + 1, text.size() - text.find('\n') - 2);
  const auto fault = [&](const std::string& what, const std::string& with) {
    return message_of(sealed(replaced(plan, what, with)));
  };
  const std::string damaged = "the plan file is damaged: ";
  EXPECT_EQ(message_of(sealed(plan)), "parsed");
  EXPECT_EQ(fault("\"serial\":7", "\"serial\":\"7\""), damaged + "serial is not a whole number");
  EXPECT_EQ(fault("\"serial\":7,", ""), damaged + "serial is missing");
  EXPECT_EQ(fault("\"action\":\"no-op\"", "\"action\":\"dance\""),
            damaged + "changes[0].action is no word this aim knows");
  EXPECT_EQ(fault("\"address\":\"container.webui\"", "\"address\":\"webui\""),
            damaged + "changes[0].address is not an address");
  EXPECT_EQ(fault("\"path\":[\"container_id\"]", "\"path\":[3]"),
            damaged + "changes[2].fields[0].path does not begin with an attribute");
  EXPECT_EQ(fault("\"begin\":[12,5]", "\"begin\":[12]"),
            damaged + "changes[2].fields[1].source.begin is not a line and a column");
  EXPECT_EQ(fault("\"options\":{", "\"options\":[],\"old\":{"),
            damaged + "options is not an object");
  EXPECT_EQ(message_of(sealed("{")), damaged + "its second line is not JSON");
  EXPECT_EQ(message_of(sealed("[]")), damaged + "the plan is not an object");
}

TEST(ParsePlanFile, SurvivesEveryTruncationAndEveryBadByte) {
  const std::string text = file_text();
  const std::size_t line = text.find('\n');
  const std::string plan = text.substr(line + 1, text.size() - line - 2);
  for (std::size_t size = 0; size < text.size(); size += 7) {
    EXPECT_NE(message_of(text.substr(0, size)), "parsed");
  }
  // Past the checksum: damage that a hand could make.
  for (std::size_t at = 0; at < plan.size(); at += 5) {
    for (const char bad : {'"', '{', '0', '\x00'}) {
      std::string changed = plan;
      changed[at] = bad;
      static_cast<void>(parse_plan_file(sealed(changed)));
    }
  }
}

TEST(ParsePlanFile, RefusesEndlessNesting) {
  const std::string deep = std::string(100'000, '[');
  EXPECT_EQ(message_of(sealed(deep)), "the plan file is damaged: its second line is not JSON");
  EXPECT_EQ(message_of(deep), "not a plan file of aim");
}

TEST(CanonicalPlanBytes, IgnoreWhatIsForPeople) {
  const Plan plan = test::plan_case("sensitive");
  Plan other = plan;
  other.notes.push_back({core::Severity::Note, "A note", "", std::nullopt, {}, ""});
  other.changes[0].range = core::SourceRange{"elsewhere.yaml", {1, 1}, {1, 2}};
  other.changes[0].fields[0].source.reset();
  other.variables.at("count").origin = "--var";
  EXPECT_EQ(canonical_plan_bytes(other), canonical_plan_bytes(plan));
}

TEST(CanonicalPlanBytes, NoticeAnotherSecret) {
  const Plan plan = test::plan_case("sensitive");
  Plan other = plan;
  other.variables.at("token").value = Secret("another");
  EXPECT_NE(canonical_plan_bytes(other), canonical_plan_bytes(plan));
  other = plan;
  std::get<Secret>(other.changes[0].deferred.at("command").get<core::Template>()->parts[1]) =
      Secret("another");
  EXPECT_NE(canonical_plan_bytes(other), canonical_plan_bytes(plan));
}

using Sentences = std::vector<std::string>;

TEST(Differences, NoneBetweenEqualPlans) {
  EXPECT_EQ(differences(test::plan_case("drift"), test::plan_case("drift")), Sentences());
}

TEST(Differences, NameEverythingThatMoved) {
  const Plan planned = test::plan_case("no_changes");
  Plan now = planned;
  now.serial = 9;
  now.configuration_digest = "other";
  now.fingerprints = {{"container.webui", "other"}, {"container.new", "x"}};
  now.variables = {{"size", {5, false, "default"}}};
  now.options.destroy = true;
  EXPECT_EQ(differences(planned, now),
            (Sentences{"The state moved from serial 7 to 9: another apply came in between.",
                       "The configuration files were edited.",
                       "The plan was made with other options (--destroy, --target and the like).",
                       "Variable \"size\" is new.",
                       "container.webui has changed on Docker.",
                       "endpoint.qwen is gone from Docker.",
                       "container.new has appeared on Docker."}));
}

TEST(Differences, NameAVariableWithAnotherValue) {
  const Plan planned = test::plan_case("sensitive");
  Plan now = planned;
  now.variables.at("token").value = Secret("another");
  now.variables.at("count").value = 5;
  EXPECT_EQ(differences(planned, now),
            (Sentences{"Variable \"count\" has another value.",
                       "Variable \"token\" has another value."}));
}

TEST(Differences, TellStatesApart) {
  const Plan planned = test::plan_case("no_changes");
  Plan now = planned;
  now.lineage = "other";
  EXPECT_EQ(differences(planned, now),
            (Sentences{"The plan was made from another state: lineage 5d7c2e1f, now other."}));
  now.lineage.clear();
  EXPECT_EQ(differences(planned, now),
            (Sentences{"The state that the plan was made from is gone."}));
  EXPECT_EQ(differences(now, planned),
            (Sentences{"There was no state when the plan was made; now there is one."}));
  now = planned;
  now.workspace = "staging";
  EXPECT_EQ(differences(planned, now),
            (Sentences{"The plan is for project \"lab\", workspace \"default\"; this is project "
                       "\"lab\", workspace \"staging\"."}));
}

TEST(Differences, FallBackToWhatWouldBeDone) {
  const Plan planned = test::plan_case("outputs");
  Plan now = planned;
  now.changes[0].action = Action::Update;
  now.outputs[0].after = "elsewhere";
  EXPECT_EQ(differences(planned, now),
            (Sentences{"What would be done to container.webui is not what was planned.",
                       "Output \"chat\" would not be what was planned."}));
}

TEST(Differences, AlwaysFindAReason) {
  const Plan planned = test::plan_case("no_changes");
  Plan now = planned;
  now.rebuilt.clear();
  EXPECT_EQ(differences(planned, now),
            (Sentences{"What is known of the objects on Docker is not what it was."}));
}

}  // namespace
}  // namespace aim::planner
