// Writes the documents that come from the program's own tables; run by scripts/docs.

#include <fmt/format.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tests/docs/generated_docs.hpp"

namespace {

bool write(const std::filesystem::path& file, const std::string& text) {
  std::error_code failed;
  std::filesystem::create_directories(file.parent_path(), failed);
  std::ofstream stream(file, std::ios::binary | std::ios::trunc);
  stream << text;
  stream.close();
  return !failed && !stream.fail();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: docs_writer DIRECTORY\n");
    return 2;
  }
  for (const aim::docs::GeneratedDocument& document : aim::docs::generated_documents()) {
    const std::filesystem::path file = std::filesystem::path(argv[1]) / document.path;
    if (!write(file, document.text)) {
      fmt::print(stderr, "docs_writer: cannot write {}\n", file.string());
      return 1;
    }
  }
  return 0;
}
