#include <fmt/format.h>

#include "tests/contract/face.hpp"
#include "tests/support/tar_writer.hpp"

namespace aim::contract_test {

using core::ErrorCode;
using core::Map;

namespace {

core::PutFiles one_file(const std::string& container,
                        const std::string& path,
                        const std::string& content) {
  return {container,
          Map{{path, Map{{"content", content}, {"mode", "0640"}, {"uid", 1000}, {"gid", 1001}}}}};
}

}  // namespace

TEST_P(Contract, FilesReplaceThoseOfARunningContainer) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(one_file(id, "/etc/aim/new/token", "one"));
  must(core::StartContainer{id});
  must(one_file(id, "/etc/aim/new/token", "two"));
  const providers::HttpResponse file =
      raw("GET", "/containers/" + id + "/archive?path=/etc/aim/new/token");
  ASSERT_EQ(file.status, 200) << file.body;
  const auto entries = support::read_tar(file.body);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->back().content, "two");
  EXPECT_EQ(entries->back().mode & 07777, 0640U);
  EXPECT_EQ(entries->back().uid, 1000U);
  EXPECT_EQ(entries->back().gid, 1001U);
}

TEST_P(Contract, CopiedFilesKeepOwnerAndModeAndComeBack) {
  const std::string id = must(container("a", runs_until_stopped()));
  must(one_file(id, "/etc/aim-token", "old"));
  must(core::StartContainer{id});
  must(core::CopyFiles{id, {{"/etc/aim-token", "/proc/.aim-kept"}}});
  must(one_file(id, "/etc/aim-token", "new"));
  must(core::CopyFiles{id, {{"/proc/.aim-kept", "/etc/aim-token"}}});
  const providers::HttpResponse file =
      raw("GET", "/containers/" + id + "/archive?path=/etc/aim-token");
  const auto entries = support::read_tar(file.body);
  ASSERT_TRUE(entries);
  EXPECT_EQ(entries->back().content, "old");
  EXPECT_EQ(entries->back().mode & 07777, 0640U);
  EXPECT_EQ(entries->back().uid, 1000U);
}

TEST_P(Contract, CopyOfAMissingFileIsNotFound) {
  const std::string id = must(container("a", runs_until_stopped()));
  const core::Error error = refused(core::CopyFiles{id, {{"/etc/none", "/etc/other"}}});
  EXPECT_EQ(error.code, ErrorCode::NotFound);
  EXPECT_EQ(error.message, fmt::format("Could not find the file /etc/none in container {}", id));
}

TEST_P(Contract, AReadOnlyContainerTakesNoFiles) {
  core::CreateContainer call = container("a", runs_until_stopped());
  call.attributes["read_only"] = true;
  const std::string id = must(call);
  EXPECT_EQ(refused(one_file(id, "/etc/x", "y")).message, "container rootfs is marked read-only");
}

}  // namespace aim::contract_test
