#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "tests/e2e/lab.hpp"

namespace aim::e2e {

/// A made-up host with GPUs, for AIM_GPU_ROOT. Gone with the object.
class GpuHost {
 public:
  /// `count` cards of the kind H100, told by an nvidia-smi of its own.
  [[nodiscard]] static GpuHost h100(int count);
  /// The recorded host with eight MI300X, its device files being real devices.
  [[nodiscard]] static GpuHost mi300x();

  ~GpuHost();

  GpuHost(GpuHost&& other) noexcept : root_(std::move(other.root_)) { other.root_.clear(); }

  GpuHost(const GpuHost&) = delete;
  GpuHost& operator=(const GpuHost&) = delete;

  [[nodiscard]] const std::filesystem::path& root() const { return root_; }

  /// "GPU-00000001-..." of an H100.
  [[nodiscard]] static std::string id(int index);
  /// How much memory of a card is in use from now on.
  void set_used_mib(int index, int mib);

 private:
  GpuHost() = default;
  void write_program() const;

  std::filesystem::path root_;
  std::vector<int> used_mib_;
};

/// The ids that a container's device requests name.
[[nodiscard]] std::vector<std::string> device_ids(const Lab& lab, const std::string& container);

}  // namespace aim::e2e
