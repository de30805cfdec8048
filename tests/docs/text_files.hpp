#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace aim::docs {

/// The text of a file; fails the test if it cannot be read.
[[nodiscard]] std::string text_of(const std::filesystem::path& file);

/// README.md, CONTRIBUTING.md and everything in docs/, sorted. Tests run at the top of the tree.
[[nodiscard]] std::vector<std::filesystem::path> markdown_files();

/// A piece of a Markdown file between fences.
struct CodeBlock {
  std::string language;
  std::string text;
  int line = 0;  ///< of the opening fence
};

[[nodiscard]] std::vector<CodeBlock> code_blocks(const std::string& markdown);

}  // namespace aim::docs
