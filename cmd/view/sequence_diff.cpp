#include "cmd/view/sequence_diff.hpp"

#include <algorithm>

namespace aim::view {

using core::List;

namespace {

// Above this many pairs the table costs more than a finer difference is worth.
constexpr std::size_t kMostPairs = 1'000'000;

/// Lengths of the longest common subsequences of all endings of the two ranges.
class CommonTable {
 public:
  CommonTable(const List& before,
              const List& after,
              std::size_t begin,
              std::size_t before_end,
              std::size_t after_end)
      : columns_(after_end - begin + 1) {
    const std::size_t rows = before_end - begin;
    const std::size_t columns = after_end - begin;
    lengths_.assign((rows + 1) * columns_, 0);
    for (std::size_t i = rows; i-- > 0;) {
      for (std::size_t j = columns; j-- > 0;) {
        lengths_[i * columns_ + j] = before[begin + i] == after[begin + j]
                                         ? at(i + 1, j + 1) + 1
                                         : std::max(at(i + 1, j), at(i, j + 1));
      }
    }
  }

  [[nodiscard]] std::uint32_t at(std::size_t i, std::size_t j) const {
    return lengths_[i * columns_ + j];
  }

 private:
  std::size_t columns_;
  std::vector<std::uint32_t> lengths_;
};

class EditCollector {
 public:
  void keep(std::size_t before_at, std::size_t after_at) {
    if (edit_.removed + edit_.added > 0) {
      finish();
    }
    ++edit_.kept;
    edit_.removed_begin = before_at + 1;
    edit_.added_begin = after_at + 1;
  }

  void remove() { ++edit_.removed; }

  void add() { ++edit_.added; }

  std::vector<SequenceEdit> take() {
    if (edit_.kept + edit_.removed + edit_.added > 0) {
      finish();
    }
    return std::move(edits_);
  }

 private:
  void finish() {
    edits_.push_back(edit_);
    edit_ = {0, edit_.removed_begin + edit_.removed, 0, edit_.added_begin + edit_.added, 0};
  }

  SequenceEdit edit_;
  std::vector<SequenceEdit> edits_;
};

}  // namespace

std::vector<SequenceEdit> sequence_diff(const List& before, const List& after) {
  std::size_t begin = 0;
  while (begin < std::min(before.size(), after.size()) && before[begin] == after[begin]) {
    ++begin;
  }
  std::size_t before_end = before.size();
  std::size_t after_end = after.size();
  while (before_end > begin && after_end > begin &&
         before[before_end - 1] == after[after_end - 1]) {
    --before_end;
    --after_end;
  }
  EditCollector edits;
  for (std::size_t i = 0; i < begin; ++i) {
    edits.keep(i, i);
  }
  std::size_t i = begin;
  std::size_t j = begin;
  if ((before_end - begin) * (after_end - begin) <= kMostPairs) {
    const CommonTable common(before, after, begin, before_end, after_end);
    while (i < before_end && j < after_end) {
      if (before[i] == after[j]) {
        edits.keep(i++, j++);
      } else if (common.at(i + 1 - begin, j - begin) >= common.at(i - begin, j + 1 - begin)) {
        edits.remove();
        ++i;
      } else {
        edits.add();
        ++j;
      }
    }
  }
  for (; i < before_end; ++i) {
    edits.remove();
  }
  for (; j < after_end; ++j) {
    edits.add();
  }
  for (; i < before.size(); ++i, ++j) {
    edits.keep(i, j);
  }
  return edits.take();
}

}  // namespace aim::view
