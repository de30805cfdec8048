#include <string>
#include <vector>

#include "tests/unit/state/fixtures.hpp"
#include "tests/unit/state/sample.hpp"

namespace aim::state {

namespace {

// A quote, a backslash and a control character, so that JSON writes it otherwise than it is.
const std::string kSecret = "s3cr\"et\\with\ttab-and-more";

/// The forms in which the secret above could end up in a file.
std::vector<std::string> forms() {
  return {kSecret,
          R"(s3cr\"et\\with\ttab-and-more)",
          R"(s3cr\\\"et\\\\with\\ttab-and-more)",
          "czNjciJldFx3aXRoCXRhYi1hbmQtbW9yZQ",  // its base64
          "tab-and-more"};
}

void expect_no_secret(const std::filesystem::path& directory) {
  for (const auto& [name, bytes] : test::contents(directory)) {
    for (const std::string& form : forms()) {
      EXPECT_EQ(bytes.find(form), std::string::npos) << form << " stands in " << name;
    }
  }
}

core::RecordedResource resource_with(const core::Value& secret) {
  core::RecordedResource resource = test::sample_resource();
  resource.attributes = core::Map{{"env", core::Map{{"API_KEY", secret}}}};
  resource.computed = core::Map{{"api_key", secret}};
  resource.baseline = core::Map{{"env", core::Map{{"API_KEY", secret}}}};
  return resource;
}

core::StepIntent creation_with(const core::Value& secret) {
  core::StepIntent intent = test::sample_intent("lab-qwen");
  intent.call = core::CreateContainer{"lab-qwen",
                                      core::Map{{"env", core::Map{{"API_KEY", secret}}},
                                                {"command", core::List{"--api-key", secret}}},
                                      {},
                                      "no",
                                      {}};
  intent.inverse = core::UpdateContainer{"lab-qwen", core::Map{{"memory", secret}}};
  return intent;
}

TEST(Secrets, AreInTheFilesAsDigestsOnly) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  const core::Value secret = core::Secret(kSecret).with_digest("lab/env.API_KEY");
  const std::string digest = secret.get<core::Secret>()->digest();
  test::ScriptedClock clock;
  auto store = test::open_store(file, clock);
  const core::RunId run = store->begin_run(test::sample_header());
  const core::StepId step = store->intent(run, creation_with(secret));
  store->outcome(step, core::StepOutcome{true, "4be1", ""});
  static_cast<void>(store->commit(run,
                                  core::CommitRecord{{resource_with(secret)},
                                                     {},
                                                     {{"key", core::RecordedOutput{secret, true}}},
                                                     {creation_with(secret)}}));
  ASSERT_TRUE(std::filesystem::exists(file.string() + "-wal"));
  EXPECT_NE(test::bytes_of(file.string() + "-wal").find(digest), std::string::npos);
  expect_no_secret(directory.path());
  store.reset();
  EXPECT_NE(test::bytes_of(file).find(digest), std::string::npos);
  expect_no_secret(directory.path());
}

TEST(Secrets, ComeBackEqualToThemselves) {
  const test::TemporaryDirectory directory;
  const auto file = directory.path() / "state.db";
  const core::Value secret = core::Secret(kSecret).with_digest("lab/env.API_KEY");
  test::ScriptedClock clock;
  const auto store = test::open_store(file, clock);
  const core::RunId run = store->begin_run(test::sample_header());
  static_cast<void>(store->intent(run, creation_with(secret)));
  static_cast<void>(store->commit(run, core::CommitRecord{{resource_with(secret)}, {}, {}, {}}));
  const core::RecordedResource back = store->snapshot().resources.begin()->second;
  EXPECT_EQ(back, resource_with(secret));
  EXPECT_FALSE(back.computed.at("api_key").get<core::Secret>()->known());
  EXPECT_EQ(store->steps(run).at(0).intent.call, creation_with(secret).call);
}

}  // namespace

}  // namespace aim::state
