#include "tests/docs/generated_docs.hpp"

#include <fmt/format.h>

#include "cmd/commands.hpp"
#include "planner/schema_reference.hpp"

namespace aim::docs {

std::vector<GeneratedDocument> generated_documents() {
  std::vector<GeneratedDocument> documents = {{"commands.md", cmd::commands_markdown()}};
  for (const core::Kind kind : core::kAllKinds) {
    documents.push_back(
        {fmt::format("reference/{}.md", core::to_string(kind)), planner::reference_markdown(kind)});
  }
  return documents;
}

}  // namespace aim::docs
