#pragma once

#include "core/inventory.hpp"
#include "providers/gpu/sources.hpp"

namespace aim::providers {

/// The GPUs of the host that aim runs on, from the vendors' own interfaces.
class HostInventory : public core::GpuInventory {
 public:
  explicit HostInventory(GpuSources sources) : sources_(std::move(sources)) {}

  core::Inventory look(std::stop_token stop) override;

 private:
  GpuSources sources_;
};

}  // namespace aim::providers
