#include "planner/birth_labels.hpp"

#include <algorithm>

namespace aim::planner {

using core::Labels;

std::string label_of(const Labels& labels, const char* name) {
  const auto found = labels.find(name);
  return found == labels.end() ? std::string() : found->second;
}

std::int64_t generation_of(const Labels& labels) {
  const std::string text = label_of(labels, core::label::kGeneration);
  std::int64_t number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9' || number > 1'000'000'000) {
      return 1;
    }
    number = number * 10 + (c - '0');
  }
  return std::max<std::int64_t>(number, 1);
}

}  // namespace aim::planner
