#include "tests/docs/text_files.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

namespace aim::docs {

namespace fs = std::filesystem;

std::string text_of(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  EXPECT_TRUE(stream) << file << " cannot be read";
  return std::move(text).str();
}

std::vector<fs::path> markdown_files() {
  std::vector<fs::path> files = {"README.md", "CONTRIBUTING.md"};
  for (const fs::directory_entry& entry : fs::recursive_directory_iterator("docs")) {
    if (entry.path().extension() == ".md") {
      files.push_back(entry.path());
    }
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<CodeBlock> code_blocks(const std::string& markdown) {
  std::vector<CodeBlock> blocks;
  std::istringstream lines(markdown);
  std::string line;
  bool inside = false;
  for (int number = 1; std::getline(lines, line); ++number) {
    if (line.starts_with("```")) {
      if (!inside) {
        blocks.push_back({line.substr(3), {}, number});
      }
      inside = !inside;
    } else if (inside) {
      blocks.back().text += line + "\n";
    }
  }
  EXPECT_FALSE(inside) << "the last block is never closed";
  return blocks;
}

}  // namespace aim::docs
