#include "tests/docs/generated_docs.hpp"

#include <fmt/format.h>

#include "cmd/commands.hpp"
#include "planner/schema_reference.hpp"
#include "recipes/catalog.hpp"
#include "recipes/models_markdown.hpp"

namespace aim::docs {

namespace {

std::string models_document() {
  core::Diagnostics diagnostics;
  core::SourceFiles sources;
  const recipes::Catalog catalog =
      recipes::Catalog::open({{AIM_SOURCE_DIRECTORY "/recipes/catalog"}, {}}, diagnostics);
  return recipes::models_markdown(catalog.all(diagnostics, sources));
}

}  // namespace

std::vector<GeneratedDocument> generated_documents() {
  std::vector<GeneratedDocument> documents = {{"commands.md", cmd::commands_markdown()},
                                              {"models.md", models_document()}};
  for (const core::Kind kind : core::kAllKinds) {
    documents.push_back(
        {fmt::format("reference/{}.md", core::to_string(kind)), planner::reference_markdown(kind)});
  }
  return documents;
}

}  // namespace aim::docs
