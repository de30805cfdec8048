#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "core/source.hpp"

namespace aim::recipes {

/// A known way in which a server fails to start.
struct FailurePattern {
  std::string id;
  std::string backend;                ///< empty: every backend
  std::vector<std::string> patterns;  ///< pieces of a line, lower case; `*` and `{name}` inside
  std::string cause;
  std::string remedy;
  bool wrapper = false;  ///< says only that something else failed
};

/// What the end of a log and the end of a container tell.
struct FailureEvidence {
  std::string backend;
  std::string log;  ///< its end; foreign text
  std::optional<int> exit_code;
  bool out_of_memory = false;  ///< the kernel ended it for want of memory
};

/// What was recognised.
struct Diagnosis {
  std::string id;
  std::string cause;            ///< a clause: "the weights do not fit"
  std::string remedy;           ///< sentences
  std::string line;             ///< of the log, foreign text; empty: not from the log
  std::size_t line_number = 0;  ///< within FailureEvidence::log, from 1

  bool operator==(const Diagnosis&) const = default;
};

/// Reads the patterns of one document. Faults are reported.
[[nodiscard]] std::vector<FailurePattern> read_failures(const core::Node& document,
                                                        core::Diagnostics& diagnostics);

/// All *.yaml of a directory, those of one backend before those of all.
[[nodiscard]] std::vector<FailurePattern> read_failures(const std::filesystem::path& directory,
                                                        core::Diagnostics& diagnostics,
                                                        core::SourceFiles& sources);

/// The most likely cause first, each id once: the newest line that names a root cause, then older
/// ones, then lines that only say that something failed. Looks at the last 256 KiB, at 4,000 bytes
/// a line; the time is linear in that and the number of patterns.
[[nodiscard]] std::vector<Diagnosis> diagnose(const FailureEvidence& evidence,
                                              const std::vector<FailurePattern>& failures);

}  // namespace aim::recipes
