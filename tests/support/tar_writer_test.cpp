#include "tests/support/tar_writer.hpp"

#include <gtest/gtest.h>

namespace aim::support {

TEST(TarWriter, WhatIsWrittenIsReadBack) {
  const std::vector<TarEntry> entries{
      {"bin", {}, TarEntry::Kind::Directory, {}, 0755},
      {"bin/program", std::string(1000, 'x'), TarEntry::Kind::File, {}, 0755},
      {"bin/alias", {}, TarEntry::Kind::Symlink, "program", 0777},
      {"empty", {}, TarEntry::Kind::File, {}, 0600}};
  const std::string archive = write_tar(entries);
  EXPECT_EQ(archive.size() % 512, 0U);
  const auto read = read_tar(archive);
  ASSERT_TRUE(read);
  ASSERT_EQ(read->size(), entries.size());
  for (std::size_t i = 0; i < entries.size(); ++i) {
    EXPECT_EQ((*read)[i].path, entries[i].path);
    EXPECT_EQ((*read)[i].content, entries[i].content);
    EXPECT_EQ((*read)[i].kind, entries[i].kind);
    EXPECT_EQ((*read)[i].link_target, entries[i].link_target);
    EXPECT_EQ((*read)[i].mode, entries[i].mode);
  }
}

TEST(TarWriter, GarbageAndHalfAnArchiveAreNotRead) {
  EXPECT_FALSE(read_tar("garbage"));
  EXPECT_FALSE(read_tar(std::string(1024, 'x')));
  const std::string archive = write_tar({{"file", std::string(600, 'x')}});
  EXPECT_FALSE(read_tar(std::string_view(archive).substr(0, 1024)));
}

}  // namespace aim::support
