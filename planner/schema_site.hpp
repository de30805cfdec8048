#pragma once

#include <string>
#include <utility>

#include "core/diagnostic.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// Where a value is looked at: its path, and where complaints about it go.
struct Site {
  /// Whether the value stands as somebody wrote it, or may already be canonical.
  enum class Stage { Written, Known };

  const core::Positions& positions;
  core::Diagnostics& diagnostics;
  core::Path path;
  Stage stage = Stage::Known;

  [[nodiscard]] Site at(core::PathStep step) const {
    Site inner = *this;
    inner.path.push_back(std::move(step));
    return inner;
  }

  /// "readiness.http.port"
  [[nodiscard]] std::string name() const { return core::to_string(path); }

  void error(std::string summary, std::string detail) const {
    diagnostics.error(std::move(summary), std::move(detail), core::position_of(positions, path));
  }
};

}  // namespace aim::planner
