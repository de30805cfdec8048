#pragma once

#include <string>
#include <vector>

#include "planner/schema.hpp"

namespace aim::planner {

/// What came out of decoding one resource.
struct Decoded {
  core::Map attributes;
  std::vector<std::string> defaulted;
  std::vector<core::Diagnostic> diagnostics;

  /// "Summary: detail" of each.
  [[nodiscard]] std::vector<std::string> messages() const {
    std::vector<std::string> texts;
    for (const core::Diagnostic& diagnostic : diagnostics) {
      texts.push_back(diagnostic.summary + ": " + diagnostic.detail);
    }
    return texts;
  }

  [[nodiscard]] core::Value at(std::string_view name) const {
    const core::Value* value = core::find(attributes, name);
    return value ? *value : core::Value();
  }
};

inline Decoded decode(core::Kind kind,
                      const core::Map& written,
                      const core::Positions& positions = {}) {
  Decoded result;
  core::Diagnostics diagnostics;
  result.attributes = decode_attributes(
      kind, written, positions, {kind, "x", std::nullopt}, result.defaulted, diagnostics);
  result.diagnostics = diagnostics.items();
  return result;
}

/// A container with an image and one more attribute.
inline Decoded container_with(const std::string& name, core::Value value) {
  return decode(core::Kind::Container, {{"image", "nginx:1"}, {name, std::move(value)}});
}

inline Decoded endpoint_with(const std::string& name, core::Value value) {
  core::Map written{{"image", "vllm:1"}, {"model", "m"}};
  written.insert_or_assign(name, std::move(value));
  return decode(core::Kind::Endpoint, written);
}

inline Decoded network_with(const std::string& name, core::Value value) {
  return decode(core::Kind::Network, {{name, std::move(value)}});
}

}  // namespace aim::planner
