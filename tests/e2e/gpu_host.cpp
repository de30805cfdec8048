#include "tests/e2e/gpu_host.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include <fstream>

namespace aim::e2e {

namespace fs = std::filesystem;

namespace {

fs::path temporary_directory() {
  std::string pattern = (fs::temp_directory_path() / "aim-gpus-XXXXXX").string();
  EXPECT_NE(mkdtemp(pattern.data()), nullptr);
  return pattern;
}

}  // namespace

GpuHost GpuHost::h100(int count) {
  GpuHost host;
  host.root_ = temporary_directory();
  // What the kernel's driver knows of them, which is where the vendor's program is looked for.
  fs::copy("tests/unit/providers/gpu/hosts/a10-t4/proc",
           host.root_ / "proc",
           fs::copy_options::recursive);
  host.used_mib_.assign(static_cast<std::size_t>(count), 1);
  host.write_program();
  return host;
}

GpuHost GpuHost::mi300x() {
  GpuHost host;
  host.root_ = temporary_directory();
  const fs::path recorded = "tests/unit/providers/gpu/hosts/mi300x-8";
  fs::copy(recorded, host.root_, fs::copy_options::recursive | fs::copy_options::copy_symlinks);
  constexpr int kMem = 1;
  constexpr int kNull = 3;  // a device that exists and does nothing
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator(host.root_ / "dev")) {
    if (entry.is_regular_file()) {
      const std::string file = entry.path();
      fs::remove(file);
      EXPECT_EQ(mknod(file.c_str(), S_IFCHR | 0666, makedev(kMem, kNull)), 0) << file;
    }
  }
  return host;
}

GpuHost::~GpuHost() {
  std::error_code ignored;
  if (!root_.empty()) {
    fs::remove_all(root_, ignored);
  }
}

std::string GpuHost::id(int index) {
  return fmt::format("GPU-{:08x}-1111-4e6a-9c3f-2d8b7e6f5a41", index + 1);
}

void GpuHost::set_used_mib(int index, int mib) {
  used_mib_.at(static_cast<std::size_t>(index)) = mib;
  write_program();
}

void GpuHost::write_program() const {
  fs::create_directories(root_ / "bin");
  const fs::path program = root_ / "bin" / "nvidia-smi";
  {
    std::ofstream script(program, std::ios::trunc);
    script << "#!/bin/sh\ncase \"$1\" in\n--query-gpu=*)\n";
    for (std::size_t i = 0; i < used_mib_.size(); ++i) {
      script << fmt::format(
          "echo '{}, NVIDIA H100 80GB HBM3, {}, 00000000:{:02X}:00.0, 81559, {}, 580.126.09, 9.0, "
          "Disabled'\n",
          i,
          id(static_cast<int>(i)),
          i + 16,
          used_mib_[i]);
    }
    script << ";;\n--query-compute-apps=*) ;;\n*) exit 1 ;;\nesac\n";
  }
  fs::permissions(program, fs::perms::owner_all);
}

std::vector<std::string> device_ids(const Lab& lab, const std::string& container) {
  std::vector<std::string> ids;
  const boost::json::value inspected = lab.inspect(container);
  for (const boost::json::value& request :
       inspected.at("HostConfig").at("DeviceRequests").as_array()) {
    for (const boost::json::value& id : request.at("DeviceIDs").as_array()) {
      ids.emplace_back(id.as_string());
    }
  }
  return ids;
}

}  // namespace aim::e2e
