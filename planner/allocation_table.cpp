#include "planner/allocation_table.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>

namespace aim::planner {

namespace {

std::string state_of(const GpuSlot& slot) {
  if (!slot.unusable.empty()) {
    return slot.unusable;
  }
  if (!slot.holders.empty()) {
    return fmt::format("{}", fmt::join(slot.holders, ", "));
  }
  return slot.busy.empty() ? "free" : slot.busy;
}

/// "0-3 and 6" of ascending numbers.
std::string runs_of(const std::vector<int>& numbers) {
  std::vector<std::string> runs;
  for (std::size_t begin = 0; begin < numbers.size();) {
    std::size_t end = begin + 1;
    while (end < numbers.size() && numbers[end] == numbers[end - 1] + 1) {
      ++end;
    }
    runs.push_back(end - begin == 1 ? fmt::format("{}", numbers[begin])
                                    : fmt::format("{}-{}", numbers[begin], numbers[end - 1]));
    begin = end;
  }
  std::string text;
  for (std::size_t i = 0; i < runs.size(); ++i) {
    text += i == 0 ? "" : i + 1 == runs.size() ? " and " : ", ";
    text += runs[i];
  }
  return text;
}

}  // namespace

std::string gpu_label(const std::vector<core::Gpu>& gpus, const std::string& id) {
  const auto found =
      std::find_if(gpus.begin(), gpus.end(), [&](const core::Gpu& gpu) { return gpu.id == id; });
  return found == gpus.end() ? id : std::to_string(found->index);
}

std::string gpu_list(const std::vector<core::Gpu>& gpus, const std::vector<std::string>& ids) {
  std::vector<int> known;
  std::vector<std::string> words;
  for (const std::string& id : ids) {
    const auto found =
        std::find_if(gpus.begin(), gpus.end(), [&](const core::Gpu& gpu) { return gpu.id == id; });
    if (found == gpus.end()) {
      words.push_back(id);
    } else {
      known.push_back(found->index);
    }
  }
  std::sort(known.begin(), known.end());
  if (!known.empty()) {
    words.insert(words.begin(), runs_of(known));
  }
  return fmt::format("{} {}", ids.size() == 1 ? "GPU" : "GPUs", fmt::join(words, ", "));
}

std::string holder_table(const std::vector<GpuSlot>& slots) {
  std::vector<std::array<std::string, 3>> rows;
  for (std::size_t begin = 0; begin < slots.size();) {
    std::size_t end = begin + 1;
    while (end < slots.size() && state_of(slots[end]) == state_of(slots[begin]) &&
           slots[end].gpu->model == slots[begin].gpu->model) {
      ++end;
    }
    const int first = slots[begin].gpu->index;
    const int last = slots[end - 1].gpu->index;
    rows.push_back(
        {first == last ? fmt::format("GPU {}", first) : fmt::format("GPUs {}-{}", first, last),
         slots[begin].gpu->model,
         state_of(slots[begin])});
    begin = end;
  }
  std::array<std::size_t, 2> widths{};
  for (const auto& row : rows) {
    widths[0] = std::max(widths[0], row[0].size());
    widths[1] = std::max(widths[1], row[1].size());
  }
  std::string table;
  for (const auto& row : rows) {
    table += fmt::format("  {:<{}}  {:<{}}  {}\n", row[0], widths[0], row[1], widths[1], row[2]);
  }
  return table;
}

std::string gibibytes(std::uint64_t bytes) {
  constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;
  return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / kGibi);
}

}  // namespace aim::planner
