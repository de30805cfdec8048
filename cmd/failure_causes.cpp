#include "cmd/failure_causes.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <fstream>

#include "cmd/recipe_data.hpp"

namespace aim::cmd {

namespace {

/// As much as a diagnosis looks at.
constexpr std::streamoff kEndOfLog = 256 * 1024;

/// The end of a file; empty if it cannot be read.
std::string end_of(const std::string& path) {
  std::ifstream stream(path, std::ios::binary | std::ios::ate);
  if (!stream) {
    return {};
  }
  const std::streamoff size = stream.tellg();
  const std::streamoff begin = std::max<std::streamoff>(0, size - kEndOfLog);
  std::string text(static_cast<std::size_t>(size - begin), '\0');
  stream.seekg(begin);
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  return text;
}

recipes::FailureEvidence evidence_of(const planner::Failure& failure,
                                     const planner::ResourceChange& change) {
  recipes::FailureEvidence evidence;
  evidence.backend = core::string_at(change.attributes, "backend").value_or("");
  evidence.log = failure.log_path.empty() ? std::string() : end_of(failure.log_path);
  if (evidence.log.empty()) {
    evidence.log = fmt::format("{}", fmt::join(failure.tail, "\n"));
  }
  if (failure.exit) {
    evidence.exit_code = static_cast<int>(failure.exit->exit_code);
    evidence.out_of_memory = failure.exit->oom_killed;
  }
  return evidence;
}

}  // namespace

void recognise_failures(planner::ApplyResult& result,
                        const planner::Plan& plan,
                        const std::filesystem::path& directory,
                        App& app) {
  std::vector<recipes::FailurePattern> known;
  for (planner::Failure& failure : result.failures) {
    const auto change = std::find_if(
        plan.changes.begin(), plan.changes.end(), [&](const planner::ResourceChange& one) {
          return one.address.kind == core::Kind::Endpoint && one.address.str() == failure.resource;
        });
    if (change == plan.changes.end() || failure.activity != core::Activity::Waiting) {
      continue;
    }
    if (known.empty()) {
      core::Diagnostics ignored;  // `aim recipes validate` tells of them
      core::SourceFiles sources;
      known = recipes::read_failures(
          recipe_paths(directory, app).installed / "diagnostics", ignored, sources);
    }
    const std::vector<recipes::Diagnosis> found =
        recipes::diagnose(evidence_of(failure, *change), known);
    if (!found.empty()) {
      failure.cause = fmt::format("{}; it {}", found.front().cause, failure.cause);
      failure.remedy = found.front().remedy;
    }
  }
}

}  // namespace aim::cmd
