#pragma once

#include <vector>

#include "core/value.hpp"

namespace aim::view {

/// `kept` elements stay, then `removed` of the old list go and `added` of the new one come.
struct SequenceEdit {
  std::size_t kept = 0;
  std::size_t removed_begin = 0;
  std::size_t removed = 0;
  std::size_t added_begin = 0;
  std::size_t added = 0;
  bool operator==(const SequenceEdit&) const = default;
};

/// The edits that turn `before` into `after`, by a longest common subsequence. When what lies
/// between the common beginning and end is too large to compare, it is one edit.
[[nodiscard]] std::vector<SequenceEdit> sequence_diff(const core::List& before,
                                                      const core::List& after);

}  // namespace aim::view
