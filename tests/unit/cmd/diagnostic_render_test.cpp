#include "cmd/view/diagnostic_render.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace aim::view {
namespace {

using core::Diagnostic;
using core::Severity;
using core::SourceFiles;
using core::SourceRange;

SourceFiles file(const std::string& text) {
  SourceFiles sources;
  sources.add("aim.yaml", text);
  return sources;
}

Diagnostic diagnostic_at(std::uint32_t line, std::uint32_t begin, std::uint32_t end) {
  Diagnostic diagnostic;
  diagnostic.summary = "Unknown key";
  diagnostic.range = SourceRange{"aim.yaml", {line, begin}, {line, end}};
  return diagnostic;
}

TEST(RenderDiagnostic, ShowsPlaceLineCaretAndDetail) {
  Diagnostic diagnostic = diagnostic_at(2, 3, 8);
  diagnostic.detail =
      "An endpoint has no key \"modle\", so nothing would happen with its value. Did you mean "
      "`model`?";
  diagnostic.related = {{"the endpoint begins here", {"aim.yaml", {1, 1}, {1, 5}}}};
  EXPECT_EQ(render_diagnostic(diagnostic, file("qwen:\n  modle: Qwen\n"), Colour::Off),
            "aim.yaml:2:3: error: Unknown key\n"
            "  2 |   modle: Qwen\n"
            "    |   ^~~~~\n"
            "  An endpoint has no key \"modle\", so nothing would happen with its value. Did\n"
            "  you mean `model`?\n"
            "aim.yaml:1:1: the endpoint begins here\n"
            "  1 | qwen:\n"
            "    | ^~~~\n");
}

TEST(RenderDiagnostic, WithoutPlaceBeginsWithSeverity) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::Warning;
  diagnostic.summary = "Plan is limited";
  diagnostic.detail = "--target is in effect.";
  EXPECT_EQ(render_diagnostic(diagnostic, {}, Colour::Off),
            "warning: Plan is limited\n  --target is in effect.\n");
}

TEST(RenderDiagnostic, ColoursOnlyWhenAsked) {
  Diagnostic diagnostic = diagnostic_at(1, 1, 2);
  EXPECT_EQ(render_diagnostic(diagnostic, file("x"), Colour::On),
            "aim.yaml:1:1: \x1b[31merror:\x1b[0m \x1b[1mUnknown key\x1b[0m\n"
            "  1 | x\n"
            "    | \x1b[31m^\x1b[0m\n");
}

TEST(RenderDiagnostic, CountsCodePointsAndShowsColumns) {
  // The column counts characters; two of them take two columns each.
  EXPECT_EQ(render_diagnostic(diagnostic_at(1, 5, 7), file("你好: ab"), Colour::Off),
            "aim.yaml:1:5: error: Unknown key\n"
            "  1 | 你好: ab\n"
            "    |       ^~\n");
}

TEST(RenderDiagnostic, ExpandsTabs) {
  EXPECT_EQ(render_diagnostic(diagnostic_at(1, 3, 5), file("a\tbc"), Colour::Off),
            "aim.yaml:1:3: error: Unknown key\n"
            "  1 | a   bc\n"
            "    |     ^~\n");
}

TEST(RenderDiagnostic, EscapesEverything) {
  Diagnostic diagnostic = diagnostic_at(1, 1, 3);
  diagnostic.summary = "Bad \x1b[31m";
  diagnostic.detail = "Worse \x1b]0;title\x07";
  diagnostic.range->file = "a\x1b.yaml";
  SourceFiles sources;
  sources.add("a\x1b.yaml",
              "\x1b"
              "bc");
  EXPECT_EQ(render_diagnostic(diagnostic, sources, Colour::Off),
            "a\\x1b.yaml:1:1: error: Bad \\x1b[31m\n"
            "  1 | \\x1bbc\n"
            "    | ^~~~~\n"
            "  Worse \\x1b]0;title\\x07\n");
}

TEST(RenderDiagnostic, CutsALongLineAroundTheCaret) {
  std::string line(300, '.');
  line.replace(200, 5, "HERE!");
  const std::string text = render_diagnostic(diagnostic_at(1, 201, 206), file(line), Colour::Off);
  const std::size_t first = text.find('\n') + 1;
  const std::string shown = text.substr(first, text.find('\n', first) - first);
  const std::string mark = text.substr(text.find('\n', first) + 1);
  EXPECT_EQ(display_width(shown), kColumns);
  EXPECT_EQ(shown.substr(0, 9), "  1 | ...");
  EXPECT_EQ(shown.substr(77), "...");
  EXPECT_EQ(shown.find("HERE!"), mark.find("^~~~~"));
}

TEST(RenderDiagnostic, ShowsTheEndOfALongLine) {
  const std::string line = fmt::format("{:.>103}", "END");
  EXPECT_EQ(render_diagnostic(diagnostic_at(1, 104, 104), file(line), Colour::Off),
            "aim.yaml:1:104: error: Unknown key\n"
            "  1 | ..." +
                std::string(67, '.') +
                "END\n"
                "    | " +
                std::string(73, ' ') + "^\n");
}

TEST(RenderDiagnostic, UnderlinesToTheEndOfTheFirstLine) {
  Diagnostic diagnostic = diagnostic_at(1, 4, 4);
  diagnostic.range->end = {3, 2};
  EXPECT_EQ(render_diagnostic(diagnostic, file("a: [1,\n2,\n3]"), Colour::Off),
            "aim.yaml:1:4: error: Unknown key\n"
            "  1 | a: [1,\n"
            "    |    ^~~\n");
}

TEST(RenderDiagnostic, DoesWithoutTheLine) {
  EXPECT_EQ(render_diagnostic(diagnostic_at(99, 1, 2), file("one line"), Colour::Off),
            "aim.yaml:99:1: error: Unknown key\n");
}

TEST(RenderDiagnostics, SeparatesAndSorts) {
  core::Diagnostics diagnostics;
  diagnostics.error("Second", "", SourceRange{"b.yaml", {1, 1}, {1, 1}});
  diagnostics.error("First", "", SourceRange{"a.yaml", {1, 1}, {1, 1}});
  EXPECT_EQ(render_diagnostics(diagnostics, {}, Colour::Off),
            "a.yaml:1:1: error: First\n\nb.yaml:1:1: error: Second\n");
}

TEST(DiagnosticJson, HasTerraformsShape) {
  Diagnostic diagnostic = diagnostic_at(2, 3, 8);
  diagnostic.detail = "Why.";
  diagnostic.address = "endpoint.qwen";
  EXPECT_EQ(boost::json::serialize(diagnostic_json(diagnostic, file("qwén:\n  modle: Qwen\n"))),
            R"({"severity":"error","summary":"Unknown key","detail":"Why.",)"
            R"("address":"endpoint.qwen","range":{"filename":"aim.yaml",)"
            R"("start":{"line":2,"column":3,"byte":9},"end":{"line":2,"column":8,"byte":14}},)"
            R"("snippet":{"context":null,"code":"  modle: Qwen","start_line":2,)"
            R"("highlight_start_offset":2,"highlight_end_offset":7,"values":[]}})");
}

TEST(DiagnosticJson, LeavesOutWhatIsNotKnown) {
  Diagnostic diagnostic;
  diagnostic.severity = Severity::Note;
  diagnostic.summary = "Bad bytes \xff";
  EXPECT_EQ(boost::json::serialize(diagnostic_json(diagnostic, {})),
            R"({"severity":"note","summary":"Bad bytes \\xff","detail":""})");
}

}  // namespace
}  // namespace aim::view
