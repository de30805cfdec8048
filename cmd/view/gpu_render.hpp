#pragma once

#include <boost/json/fwd.hpp>
#include <string>
#include <vector>

#include "cmd/view/view.hpp"
#include "core/diagnostic.hpp"

namespace aim::view {

/// A table of at most 80 columns, long names of holders in several lines; below it why faulty GPUs
/// are so.
[[nodiscard]] std::string render_gpus(const std::vector<cmd::GpuRow>& rows);

/// What stands where there is no table.
[[nodiscard]] std::string no_gpus_text(const cmd::GpuReport& report);

/// The problems of the inventory as warnings.
[[nodiscard]] core::Diagnostics gpu_problems(const cmd::GpuReport& report);

[[nodiscard]] boost::json::value gpus_json(const cmd::GpuReport& report);

}  // namespace aim::view
