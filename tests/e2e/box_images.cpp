#include "tests/e2e/box_images.hpp"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>

namespace aim::e2e {

namespace fs = std::filesystem;

namespace {

constexpr const char* kBase =
    "FROM scratch\nCOPY busybox /bin/busybox\n"
    "RUN [\"/bin/busybox\", \"--install\", \"/bin\"]\n"
    "CMD [\"sleep\", \"100000\"]\n";

void build(const Lab& lab,
           const fs::path& context,
           const std::string& tag,
           const std::string& more) {
  std::ofstream(context / "Dockerfile", std::ios::trunc) << kBase << more;
  lab.docker({"build", "-q", "-t", tag, context.string()});
}

}  // namespace

void make_box_images(const Lab& lab) {
  static const bool kMade = [&lab] {
    std::string pattern = (fs::temp_directory_path() / "aim-box-XXXXXX").string();
    EXPECT_NE(mkdtemp(pattern.data()), nullptr);
    const fs::path context = pattern;
    fs::copy_file("/bin/busybox", context / "busybox");
    build(lab, context, "aim/box:1", "");
    build(lab, context, "aim/store:1", "VOLUME /var/lib/store\n");
    build(lab, context, "aim/store:2", "LABEL version=2\nVOLUME /var/lib/store\n");
    fs::remove_all(context);
    return true;
  }();
  static_cast<void>(kMade);
}

}  // namespace aim::e2e
