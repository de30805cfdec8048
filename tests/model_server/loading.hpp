#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/model_server/arguments.hpp"

namespace aim::model_server {

/// One line that vLLM logs while it loads; without `where` as a progress bar on standard error.
struct Milestone {
  std::string where;
  std::string message;
};

[[nodiscard]] std::vector<Milestone> load_milestones(const std::string& model,
                                                     std::uint64_t max_model_len);

/// The arguments as vLLM logs them, with keys and tokens as stars.
[[nodiscard]] std::string shown_arguments(const Arguments& arguments);

/// Memory that is really used, page by page.
class Memory {
 public:
  explicit Memory(std::size_t mebibytes);
  /// Has `part` of `whole` of the memory touched.
  void grow(std::size_t part, std::size_t whole);

 private:
  std::size_t bytes_;
  std::vector<std::vector<char>> blocks_;
};

}  // namespace aim::model_server
