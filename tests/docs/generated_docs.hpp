#pragma once

#include <string>
#include <vector>

namespace aim::docs {

/// A document that the program writes about itself.
struct GeneratedDocument {
  std::string path;  ///< inside docs/
  std::string text;
};

/// All of them: the commands, and one page for each kind of resource.
[[nodiscard]] std::vector<GeneratedDocument> generated_documents();

}  // namespace aim::docs
