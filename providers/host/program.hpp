#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "core/result.hpp"

namespace aim::providers {

struct ProgramLimits {
  std::chrono::milliseconds timeout{10'000};
  std::size_t output_bytes = 8U << 20U;  ///< of standard output and standard error each
};

struct ProgramOutput {
  int exit_code = 0;
  std::string out;  ///< foreign text
  std::string err;
};

/// What a program is given besides its arguments.
struct ProgramInput {
  std::string text;                 ///< on standard input
  std::filesystem::path directory;  ///< that it runs in; empty: ours
};

/// The first of `candidates` that is a file which may be executed.
[[nodiscard]] std::optional<std::filesystem::path> find_program(
    const std::vector<std::filesystem::path>& candidates);

/// Runs a program to its end and returns what it said, whatever its exit code. It gets a
/// process group of its own and a small fixed environment (C locale; nothing of ours, which may
/// hold secrets). When it takes too long, says too much, or a stop is requested, its whole group is
/// killed. Errors: NotFound, Timeout, Cancelled, Failed (killed by a signal, too much output).
[[nodiscard]] core::Result<ProgramOutput> run_program(const std::filesystem::path& program,
                                                      const std::vector<std::string>& arguments,
                                                      const ProgramLimits& limits,
                                                      std::stop_token stop,
                                                      const ProgramInput& input = {});

}  // namespace aim::providers
