#pragma once

#include <chrono>
#include <filesystem>
#include <string>
#include <vector>

namespace aim::providers {

/// Where the GPUs of a host are looked for. Everything is a parameter, so that a recorded host can
/// be looked at like a real one.
struct GpuSources {
  std::filesystem::path sys = "/sys";
  std::filesystem::path proc = "/proc";
  std::filesystem::path dev = "/dev";
  /// Given to dlopen one after the other; a name without a slash is searched by the loader.
  std::vector<std::string> nvml = {"libnvidia-ml.so.1"};
  /// Programs of the vendors; the first that exists is taken.
  std::vector<std::filesystem::path> nvidia_smi;
  std::vector<std::filesystem::path> amd_smi;
  std::vector<std::filesystem::path> rocm_smi;
  std::chrono::milliseconds program_timeout{10'000};  ///< of each run of a program
};

/// The sources of this machine; programs are searched in `path` ("/usr/bin:/bin") and then where
/// the vendors put them.
[[nodiscard]] GpuSources sources_of_this_host(const std::string& path);

/// The sources of a recorded host: `root` has sys, proc, dev, bin (with the programs) and lib (with
/// libnvidia-ml.so.1), each of them only if it is needed.
[[nodiscard]] GpuSources sources_below(const std::filesystem::path& root);

}  // namespace aim::providers
