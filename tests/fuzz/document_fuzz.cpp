#include <cstddef>
#include <cstdint>
#include <string_view>

#include "core/document.hpp"
#include "core/result.hpp"

namespace {

/// Positions count from 1, ranges do not end before they begin, and whatever a tree holds lies
/// within the limits.
void check(const aim::core::Node& node, std::size_t depth) {
  AIM_CHECK(node.range.begin.line >= 1 && node.range.begin.column >= 1);
  AIM_CHECK(node.range.begin <= node.range.end);
  AIM_CHECK(depth <= aim::core::DocumentLimits().depth);
  if (const aim::core::Node::Items* items = node.items()) {
    for (const aim::core::Node& item : *items) {
      check(item, depth + 1);
    }
  }
  if (const aim::core::Node::Entries* entries = node.entries()) {
    for (const aim::core::MapEntry& entry : *entries) {
      AIM_CHECK(&entry.value == node.find(entry.key));
      check(entry.value, depth + 1);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aim::core::Diagnostics diagnostics;
  const auto root = aim::core::read_document(
      "fuzz.yaml", std::string_view(reinterpret_cast<const char*>(data), size), diagnostics);
  AIM_CHECK(root || diagnostics.has_errors());
  if (root) {
    check(*root, 0);
  }
  return 0;
}
