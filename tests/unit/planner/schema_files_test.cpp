#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "planner/diff.hpp"
#include "tests/unit/planner/schema_fixture.hpp"

namespace aim::planner {
namespace {

using core::Kind;
using core::List;
using core::Map;
using core::Secret;
using core::Value;
using testing::ElementsAre;
using testing::IsEmpty;

Value canonical(Map files) { return container_with("files", std::move(files)).at("files"); }

TEST(Files, BecomeTheirLongForm) {
  EXPECT_EQ(canonical({{"/etc//app/./x", "text"}}),
            Value(Map{{"/etc/app/x", Map{{"content", "text"}}}}));
  EXPECT_EQ(canonical({{"/x", Map{{"content", ""}, {"mode", "600"}, {"uid", 7}, {"gid", "8"}}}}),
            Value(Map{{"/x", Map{{"content", ""}, {"mode", "0600"}, {"uid", 7}, {"gid", 8}}}}));
}

TEST(Files, MayHoldSecretsAndWhatIsNotKnownYet) {
  EXPECT_EQ(canonical({{"/x", Secret("geheim")}}),
            Value(Map{{"/x", Map{{"content", Secret("geheim")}}}}));
  const core::Template later{
      {core::Reference{core::Address::parse("container.a").value(), "container_id"}}};
  EXPECT_EQ(canonical({{"/x", later}}), Value(Map{{"/x", Map{{"content", later}}}}));
}

TEST(Files, AreTakenByEndpointsToo) {
  EXPECT_THAT(endpoint_with("files", Map{{"/x", "y"}}).messages(), IsEmpty());
}

TEST(Files, NeedAPathThatTheContainerCanSee) {
  EXPECT_THAT(container_with("files", Map{{"x", "y"}}).messages(),
              ElementsAre("Invalid path: \"x\" in `files` is no path of a file: write an absolute "
                          "path inside the container that does not end with a slash."));
  EXPECT_THAT(container_with("files", Map{{"/dev/shm/x", "y"}}).messages(),
              ElementsAre("Invalid path: \"/dev/shm/x\" in `files` lies below /dev, which Docker "
                          "mounts anew at each start: the container could not see the file."));
  EXPECT_THAT(container_with("files", Map{{"/a/b", "y"}, {"/a//b", "z"}}).messages(),
              ElementsAre("File named twice: `files` has \"/a/b\" twice, written differently."));
}

TEST(Files, NeedAModeAndAnOwnerThatDockerTakes) {
  EXPECT_THAT(
      container_with("files", Map{{"/x", Map{{"content", "y"}, {"mode", "rw-r--r--"}}}}).messages(),
      ElementsAre("Invalid value: `files[\"/x\"].mode` must be permissions in three or four octal "
                  "digits, such as 0644, but it is \"rw-r--r--\"."));
  EXPECT_EQ(
      container_with("files", Map{{"/x", Map{{"content", "y"}, {"uid", -1}}}}).diagnostics.size(),
      1U);
  EXPECT_EQ(container_with("files", Map{{"/x", Map{{"mode", "644"}}}}).diagnostics.size(), 1U);
  EXPECT_THAT(container_with("files", List{"/x"}).messages(),
              ElementsAre("Wrong type: `files` must be a map of paths to contents, but it is a "
                          "list."));
}

TEST(Files, DoNotFitWhatHidesThem) {
  const Decoded read_only =
      decode(Kind::Container, {{"image", "a:1"}, {"read_only", true}, {"files", Map{{"/x", "y"}}}});
  EXPECT_THAT(
      read_only.messages(),
      ElementsAre("Conflicting attributes: With `read_only: true` Docker puts no files into "
                  "the container. Mount them instead, or drop `read_only`."));
  const Decoded tmpfs = decode(Kind::Container,
                               {{"image", "a:1"},
                                {"mounts", List{Map{{"type", "tmpfs"}, {"target", "/run"}}}},
                                {"files", Map{{"/run/key", "y"}, {"/running", "y"}}}});
  EXPECT_THAT(
      tmpfs.messages(),
      ElementsAre("Conflicting attributes: The file /run/key lies below /run, where a tmpfs "
                  "is mounted at each start: the container could not see it."));
}

TEST(Files, ChangeInPlaceUnlessOneComesOrGoes) {
  const auto fields = [](Map before, Map after) {
    return diff_attributes(
        Kind::Container, {{"files", std::move(before)}}, {{"files", std::move(after)}}, {});
  };
  const Map one{{"content", "1"}};
  const Map two{{"content", "2"}};
  const auto changed = fields({{"/x", one}}, {{"/x", two}});
  ASSERT_EQ(changed.size(), 1U);
  EXPECT_FALSE(changed[0].forces_replacement);
  const auto owned = fields({{"/x", one}}, {{"/x", Map{{"content", "1"}, {"uid", 5}}}});
  ASSERT_EQ(owned.size(), 1U);
  EXPECT_FALSE(owned[0].forces_replacement);
  EXPECT_TRUE(fields({{"/x", one}}, {{"/x", one}, {"/y", one}})[0].forces_replacement);
  EXPECT_TRUE(fields({{"/x", one}, {"/y", one}}, {{"/x", one}})[0].forces_replacement);
}

TEST(Jobs, HaveNoRestartPolicy) {
  const Decoded job = container_with("job", true);
  EXPECT_THAT(job.messages(), IsEmpty());
  EXPECT_EQ(job.at("restart"), Value("no"));
  const core::SourceRange somewhere;
  const Decoded restarted = decode(Kind::Container,
                                   {{"image", "a:1"}, {"job", true}, {"restart", "always"}},
                                   {{"restart", somewhere}});
  EXPECT_THAT(
      restarted.messages(),
      ElementsAre("Conflicting attributes: A job runs once, and `restart: always` would run "
                  "it again. Remove `restart`."));
}

TEST(Jobs, CannotBeAskedWhetherTheyAreReady) {
  const Decoded probed =
      decode(Kind::Container,
             {{"image", "a:1"}, {"job", true}, {"readiness", Map{{"tcp", Map{{"port", 80}}}}}});
  EXPECT_THAT(probed.messages(),
              ElementsAre("Conflicting attributes: A job is done when it exits with 0, so there is "
                          "nothing to ask it: remove `readiness.tcp`. Only "
                          "`readiness.start_timeout` has a meaning for it."));
  EXPECT_THAT(
      decode(Kind::Container,
             {{"image", "a:1"}, {"job", true}, {"readiness", Map{{"start_timeout", "10m"}}}})
          .messages(),
      IsEmpty());
}

}  // namespace
}  // namespace aim::planner
