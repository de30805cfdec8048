#include "providers/gpu/sources.hpp"

#include <algorithm>

namespace aim::providers {

namespace fs = std::filesystem;

namespace {

std::vector<fs::path> candidates(const std::vector<fs::path>& folders, const char* program) {
  std::vector<fs::path> files;
  for (const fs::path& folder : folders) {
    files.push_back(folder / program);
  }
  return files;
}

}  // namespace

GpuSources sources_of_this_host(const std::string& path) {
  std::vector<fs::path> folders;
  for (std::size_t begin = 0; begin < path.size();) {
    const std::size_t end = std::min(path.find(':', begin), path.size());
    // What is relative depends on the working directory, and that may be a stranger's.
    if (path[begin] == '/') {
      folders.emplace_back(path.substr(begin, end - begin));
    }
    begin = end + 1;
  }
  for (const char* folder : {"/usr/bin", "/opt/rocm/bin", "/usr/lib/wsl/lib"}) {
    folders.emplace_back(folder);
  }
  GpuSources sources;
  sources.nvidia_smi = candidates(folders, "nvidia-smi");
  sources.amd_smi = candidates(folders, "amd-smi");
  sources.rocm_smi = candidates(folders, "rocm-smi");
  return sources;
}

GpuSources sources_below(const fs::path& root) {
  GpuSources sources;
  sources.sys = root / "sys";
  sources.proc = root / "proc";
  sources.dev = root / "dev";
  sources.nvml = {(fs::absolute(root) / "lib" / "libnvidia-ml.so.1").string()};
  sources.nvidia_smi = {fs::absolute(root) / "bin" / "nvidia-smi"};
  sources.amd_smi = {fs::absolute(root) / "bin" / "amd-smi"};
  sources.rocm_smi = {fs::absolute(root) / "bin" / "rocm-smi"};
  return sources;
}

}  // namespace aim::providers
