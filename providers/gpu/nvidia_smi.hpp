#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"
#include "providers/gpu/nvidia_row.hpp"

/// What nvidia-smi prints, as values. Pure. Its text is not promised to stay as it is; NVML is.
namespace aim::providers::nvidia_smi {

/// The fields of read_gpus, for --query-gpu.
inline constexpr const char* kGpuFields =
    "index,name,uuid,pci.bus_id,memory.total,memory.used,driver_version,compute_cap,"
    "mig.mode.current";
/// The fields of add_processes, for --query-compute-apps.
inline constexpr const char* kProcessFields = "gpu_uuid,pid";

/// A line a GPU, `--format=csv,noheader,nounits`. ErrorCode::Protocol when a line has not these
/// fields. A field that a GPU cannot tell is empty.
[[nodiscard]] core::Result<NvidiaAnswer> read_gpus(std::string_view csv);

/// A line a process, the same format; lines that are no process are passed over.
void add_processes(std::string_view csv, NvidiaAnswer& answer);

/// `nvidia-smi -q -x`, which drivers answer that do not know all of the fields above.
/// ErrorCode::Protocol when it is no such document.
[[nodiscard]] core::Result<NvidiaAnswer> read_xml(std::string_view xml);

/// What a failed run says about the driver.
[[nodiscard]] NvidiaAnswer read_failure(int exit_code, std::string_view said);

}  // namespace aim::providers::nvidia_smi
