#include "core/document.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

namespace aim::core {
namespace {

std::string shown(const SourceRange& range) {
  return fmt::format("{}:{}:{}-{}:{}",
                     range.file,
                     range.begin.line,
                     range.begin.column,
                     range.end.line,
                     range.end.column);
}

/// Each diagnostic as "file:line:col: summary\n  detail\n", related places below it.
std::string shown(const Diagnostics& diagnostics) {
  std::string text;
  for (const Diagnostic& item : diagnostics.sorted()) {
    const SourceRange range = item.range.value_or(SourceRange{"nowhere", {}, {}});
    text += fmt::format("{}:{}:{}: {}\n  {}\n",
                        range.file,
                        range.begin.line,
                        range.begin.column,
                        item.summary,
                        item.detail);
    for (const RelatedPlace& related : item.related) {
      text += fmt::format("  {}:{}:{}: {}\n",
                          related.range.file,
                          related.range.begin.line,
                          related.range.begin.column,
                          related.message);
    }
  }
  return text;
}

/// The tree in a notation that shows types: 1 i, 1.5 f, true b, ~, 'text'.
std::string shown(const Node& node) {
  if (const Node::Items* items = node.items()) {
    std::string text = "[";
    for (const Node& item : *items) {
      text += (text.size() > 1 ? ", " : "") + shown(item);
    }
    return text + "]";
  }
  if (const Node::Entries* entries = node.entries()) {
    std::string text = "{";
    for (const MapEntry& entry : *entries) {
      text += (text.size() > 1 ? ", " : "") + entry.key + ": " + shown(entry.value);
    }
    return text + "}";
  }
  if (const bool* truth = std::get_if<bool>(&node.data)) {
    return *truth ? "true" : "false";
  }
  if (const std::int64_t* number = std::get_if<std::int64_t>(&node.data)) {
    return fmt::format("{}", *number);
  }
  if (const double* number = std::get_if<double>(&node.data)) {
    return fmt::format("f{}", *number);
  }
  if (const std::string* text = std::get_if<std::string>(&node.data)) {
    return "'" + *text + "'";
  }
  return "~";
}

std::string tree_of(std::string_view text) {
  Diagnostics diagnostics;
  const std::optional<Node> root = read_document("aim.yaml", text, diagnostics);
  EXPECT_EQ(shown(diagnostics), "");
  return root ? shown(*root) : "nothing";
}

std::string errors_of(std::string_view text) {
  Diagnostics diagnostics;
  static_cast<void>(read_document("aim.yaml", text, diagnostics));
  return shown(diagnostics);
}

TEST(Document, DecidesTypesByTheCoreSchema) {
  EXPECT_EQ(tree_of("[null, ~, Null, NULL, nul]"), "[~, ~, ~, ~, 'nul']");
  EXPECT_EQ(tree_of("[0, -12, +7, 0x1F, 0o17, 0123, 08080]"), "[0, -12, 7, 31, 15, 123, 8080]");
  EXPECT_EQ(tree_of("[1.5, -.5, 1e3, 1., +2.5E-1, .inf, -.Inf]"),
            "[f1.5, f-0.5, f1000, f1, f0.25, finf, f-inf]");
  EXPECT_EQ(tree_of("[1.2.3, 1e, e3, 0b1, 1_000, 0x, '.', +, 12:30, -0x1]"),
            "['1.2.3', '1e', 'e3', '0b1', '1_000', '0x', '.', '+', '12:30', '-0x1']");
}

TEST(Document, TakesOnlyTrueAndFalseForBooleans) {
  EXPECT_EQ(tree_of("[true, false, True, TRUE, yes, no, on, off, y]"),
            "[true, false, 'True', 'TRUE', 'yes', 'no', 'on', 'off', 'y']");
}

TEST(Document, TakesQuotedScalarsForText) {
  EXPECT_EQ(tree_of("a: '5'\nb: \"true\"\nc: 'null'\nd: |\n  5\ne: >-\n  5\nf: !!str 5\ng: \"\"\n"),
            "{a: '5', b: 'true', c: 'null', d: '5\n', e: '5', f: '5', g: ''}");
}

TEST(Document, KeepsScalarsAsTheyWereWritten) {
  Diagnostics diagnostics;
  const std::optional<Node> root =
      read_document("aim.yaml", "a: 1.10\nb: 0x10\nc: null\nd:\ne: 'x'\n", diagnostics);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->find("a")->raw, "1.10");
  EXPECT_EQ(root->find("b")->raw, "0x10");
  EXPECT_EQ(root->find("c")->raw, "null");
  EXPECT_EQ(root->find("d")->raw, "");
  EXPECT_EQ(root->find("e")->raw, "x");
  EXPECT_TRUE(root->find("e")->quoted);
  EXPECT_FALSE(root->find("a")->quoted);
}

TEST(Document, GivesEachPartItsRange) {
  Diagnostics diagnostics;
  const std::optional<Node> root = read_document("aim.yaml",
                                                 "gr\u00fcn: \u00e9\u00e9 # note\n"
                                                 "list: [1, 'two' , # ]\n  three ]\n"
                                                 "map:\n  key: &anchor value\n  none:\n",
                                                 diagnostics);
  ASSERT_TRUE(root);
  const Node::Entries& entries = *root->entries();
  EXPECT_EQ(shown(entries[0].key_range), "aim.yaml:1:1-1:5");
  EXPECT_EQ(shown(entries[0].value.range), "aim.yaml:1:7-1:9");
  const Node& list = entries[1].value;
  EXPECT_EQ(shown(list.range), "aim.yaml:2:7-3:10");
  EXPECT_EQ(shown((*list.items())[1].range), "aim.yaml:2:11-2:16");
  EXPECT_EQ(shown((*list.items())[2].range), "aim.yaml:3:3-3:8");
  EXPECT_EQ(shown(entries[2].value.range), "aim.yaml:5:3-6:7");
  EXPECT_EQ(shown(entries[2].value.find("key")->range), "aim.yaml:5:16-5:21");
  EXPECT_EQ(shown(entries[2].value.find("none")->range), "aim.yaml:6:3-6:7");
}

TEST(Document, KeepsTheOrderOfTheFile) {
  EXPECT_EQ(tree_of("b: 1\na: 2\n8000: 3\ntrue: 4\nnull: 5\n"),
            "{b: 1, a: 2, 8000: 3, true: 4, null: 5}");
}

TEST(Document, TakesAnEmptyDocumentForAnEmptyMap) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "---\n...\n", "~\n"}) {
    EXPECT_EQ(tree_of(text), "{}") << text;
  }
}

TEST(Document, ReadsByteOrderMarkAndWindowsLineEnds) {
  EXPECT_EQ(tree_of("\xEF\xBB\xBF"
                    "a: 1\r\nb:\r\n  - x\r\n  - |\r\n    one\r\n    two\r\n"),
            "{a: 1, b: ['x', 'one\ntwo\n']}");
}

TEST(Document, ReadsTextsThatLookLikeStructure) {
  EXPECT_EQ(tree_of("a: it's \"fine\" [really] {yes}#not a note\n"
                    "b: several\n  lines [of\n  'plain text\n"
                    "c: |\n  if [ -f x ]; then {\n    echo \"'\n  \ttab: inside\n  fi\n"
                    "d: http://host:1/x#y\n"
                    "e: ${var.plain} and ${env:X:-y}\n"),
            "{a: 'it's \"fine\" [really] {yes}#not a note', b: 'several lines [of 'plain text', "
            "c: 'if [ -f x ]; then {\n  echo \"'\n\ttab: inside\nfi\n', d: 'http://host:1/x#y', "
            "e: '${var.plain} and ${env:X:-y}'}");
}

TEST(Document, ReadsBlockScalarsOfEveryIndentation) {
  EXPECT_EQ(tree_of("- |2\n    [x\n- - key: >-\n      {y\n\n      'z\n  - 1\n"),
            "['  [x\n', [{key: '{y\n'z'}, 1]]");
}

TEST(Document, FollowsAliases) {
  EXPECT_EQ(tree_of("a: &x {k: [1]}\nb: *x\nc: [*x, *x]\nd: &y text\ne: *y\n"),
            "{a: {k: [1]}, b: {k: [1]}, c: [{k: [1]}, {k: [1]}], d: 'text', e: 'text'}");
}

TEST(Document, MergesMapsAndOwnKeysWin) {
  EXPECT_EQ(tree_of("a: &a {x: 1, y: 1}\nb: &b {y: 2, z: 2}\n"
                    "c: {<<: *a, x: 3}\nd: {x: 4, <<: [*b, *a]}\ne: {'<<': 5}\n"),
            "{a: {x: 1, y: 1}, b: {y: 2, z: 2}, c: {x: 3, y: 1}, d: {x: 4, y: 2, z: 2}, e: {<<: "
            "5}}");
}

TEST(Document, RefusesABadMergeKey) {
  EXPECT_EQ(errors_of("a: {<<: 5}\nb:\n  <<: [{x: 1}, 2]\n"),
            "aim.yaml:1:9: Bad merge key\n"
            "  `<<` takes a map, or a list of maps, usually aliases: `<<: *base`. Quote the key if "
            "it is meant as text.\n"
            "aim.yaml:3:7: Bad merge key\n"
            "  `<<` takes a map, or a list of maps, usually aliases: `<<: *base`. Quote the key if "
            "it is meant as text.\n");
}

TEST(Document, ReportsEveryDuplicateKeyWithBothPlaces) {
  EXPECT_EQ(errors_of("a: 1\nb: {x: 1, x: 2}\na: 2\n"),
            "aim.yaml:2:11: Duplicate key\n"
            "  `x` is written twice in this map, and only one of them could count. Remove or "
            "rename one.\n"
            "  aim.yaml:2:5: first written here\n"
            "aim.yaml:3:1: Duplicate key\n"
            "  `a` is written twice in this map, and only one of them could count. Remove or "
            "rename one.\n"
            "  aim.yaml:1:1: first written here\n");
}

TEST(Document, FindsDuplicatesInLargeMaps) {
  std::string text;
  for (int i = 0; i < 100; ++i) {
    text += fmt::format("key{}: {}\n", i, i);
  }
  Diagnostics diagnostics;
  const std::optional<Node> root = read_document("aim.yaml", text + "key3: 0\n", diagnostics);
  ASSERT_EQ(diagnostics.items().size(), 1U);
  EXPECT_EQ(diagnostics.items()[0].related[0].range.begin.line, 4U);
  ASSERT_TRUE(root);
  EXPECT_EQ(root->entries()->size(), 100U);
}

TEST(Document, RefusesATabInIndentation) {
  EXPECT_EQ(errors_of("a:\n  b: 1\n  \tc: 2\n"),
            "aim.yaml:3:3: Tab in indentation\n"
            "  YAML is indented with spaces only, and this line begins with a tab. Replace it by "
            "spaces.\n");
  EXPECT_EQ(errors_of("a:\n\t- 1\n").substr(0, 33), "aim.yaml:2:1: Tab in indentation\n");
  EXPECT_EQ(errors_of("a: x\n\ty\n").substr(0, 33), "aim.yaml:2:1: Tab in indentation\n");
}

TEST(Document, ReadsTabsThatAreNoIndentation) {
  EXPECT_EQ(tree_of("a:\t1\n# note\t\nb: [\n\t1,\n\t2 ]\nc: 'x\n\ty'\n"),
            "{a: 1, b: [1, 2], c: 'x y'}");
}

TEST(Document, RefusesInvalidUtf8) {
  EXPECT_EQ(errors_of("a: 1\n\u00e9: \xC3(\n"),
            "aim.yaml:2:4: Invalid UTF-8\n"
            "  The byte 0xc3 at this place is no part of a UTF-8 text, so the file cannot be read. "
            "Save it as UTF-8.\n");
  for (const char* text : {"\xC0\xAF", "\xED\xA0\x80", "\xF4\x90\x80\x80", "\xFE", "\xE2\x82"}) {
    EXPECT_EQ(errors_of(text).substr(0, 28), "aim.yaml:1:1: Invalid UTF-8\n");
  }
  EXPECT_EQ(errors_of(std::string("\xFF\xFE"
                                  "a\0",
                                  4)),
            "aim.yaml:1:1: Invalid UTF-8\n"
            "  The file begins like UTF-16. aim reads UTF-8 only; save the file as UTF-8.\n");
}

TEST(Document, RefusesControlCharacters) {
  EXPECT_EQ(errors_of("a: 1\nb: x\x04y\n"),
            "aim.yaml:2:5: Control character\n"
            "  The control character 0x04 stands here, which YAML does not allow. Remove it; "
            "between double quotes it can be written \\x04.\n");
  EXPECT_EQ(errors_of("a: 1\rb: 2\n"),
            "aim.yaml:1:5: Control character\n"
            "  A carriage return stands here without a line feed, which ends no line. Save the "
            "file with line ends of Unix or Windows.\n");
}

TEST(Document, RefusesMoreThanOneDocument) {
  EXPECT_EQ(errors_of("a: 1\n---\nb: 2\n"),
            "aim.yaml:2:1: More than one document\n"
            "  `---` begins a second YAML document, and a file holds one. Move what follows into a "
            "file of its own, whose name ends with .aim.yaml.\n");
  EXPECT_EQ(errors_of("[1]\n[2]\n"),
            "aim.yaml:2:1: Malformed YAML\n"
            "  The document ends before this. Check that keys of one map are in one column, and "
            "that nothing follows a closed quote or bracket.\n");
}

TEST(Document, SaysToQuoteInterpolationsBetweenBrackets) {
  EXPECT_EQ(errors_of("a: { port: ${var.p} }\nb: [x${env:N:-a, b}, '${var.ok}']\n"),
            "aim.yaml:1:12: Unquoted interpolation\n"
            "  `${var.p}` stands between brackets without quotes, where YAML takes its braces for "
            "a map. Put the value in quotes: \"${var.p}\".\n"
            "aim.yaml:2:6: Unquoted interpolation\n"
            "  `${env:N:-a, b}` stands between brackets without quotes, where YAML takes its "
            "braces for a map. Put the value in quotes: \"${env:N:-a, b}\".\n");
}

TEST(Document, ReadsOnAfterAnUnquotedInterpolation) {
  Diagnostics diagnostics;
  const std::optional<Node> root = read_document(
      "aim.yaml", "a: { port: ${var.p}, list: [x${env:N:-a, b}] }\nb: 1\nb: 2\n", diagnostics);
  ASSERT_TRUE(root);
  EXPECT_EQ(shown(*root), "{a: {port: '${var.p}', list: ['x${env:N:-a, b}']}, b: 1}");
  EXPECT_EQ(diagnostics.items().size(), 3U);
}

TEST(Document, NamesTheBracketOrQuoteThatIsNeverClosed) {
  EXPECT_EQ(errors_of("a: 1\nb: [1, {x: 2}\nc: 3\n"),
            "aim.yaml:2:4: Bracket is never closed\n"
            "  The list that opens here has no `]` before the end of the file.\n");
  EXPECT_EQ(errors_of("a: {x: [1]\n"),
            "aim.yaml:1:4: Bracket is never closed\n"
            "  The map that opens here has no `}` before the end of the file.\n");
  EXPECT_EQ(errors_of("a: 1\nb: \"x\nc: 3\n"),
            "aim.yaml:2:4: Quote is never closed\n"
            "  The double quote that opens here is not closed before the end of the file.\n");
}

TEST(Document, ExplainsMalformedYaml) {
  EXPECT_EQ(errors_of("a: b: c\n"),
            "aim.yaml:1:5: Malformed YAML\n"
            "  A `:` stands where no key can end. Text that holds a colon and a space belongs in "
            "quotes; a map begins on a line of its own.\n");
  EXPECT_EQ(errors_of("a:\n  b: 1\n c: 2\n"),
            "aim.yaml:3:2: Malformed YAML\n"
            "  This does not belong to the map before it. Check that keys of one map are in one "
            "column, and that nothing follows a closed quote or bracket.\n");
  EXPECT_EQ(errors_of("a: @x\n"),
            "aim.yaml:1:4: Malformed YAML\n"
            "  A value cannot begin with this character; put the value in quotes.\n");
  EXPECT_EQ(errors_of("a: 1\n%b: 2\n"),
            "aim.yaml:2:1: Malformed YAML\n"
            "  A line that begins with `%` is a directive to the YAML reader, and there is none of "
            "this name. Put text that begins with `%` in quotes.\n");
  EXPECT_EQ(errors_of("a: *nobody\n"),
            "aim.yaml:1:4: Malformed YAML\n"
            "  No anchor of this name is set above this alias.\n");
  EXPECT_EQ(errors_of("a: \"\\q\"\n"),
            "aim.yaml:1:7: Malformed YAML\n"
            "  The YAML parser says: unknown escape character: q.\n");
}

TEST(Document, RefusesKeysThatAreNotTexts) {
  EXPECT_EQ(errors_of("? [a]\n: b\n{x: 1}: 2\n: 3\nok: {{ x }}\n"),
            "aim.yaml:1:3: Key is not a text\n"
            "  A list, a map or an alias stands where a key of a map belongs. Write the key as "
            "text; a value that begins with a brace belongs in quotes.\n"
            "aim.yaml:3:1: Key is not a text\n"
            "  A list, a map or an alias stands where a key of a map belongs. Write the key as "
            "text; a value that begins with a brace belongs in quotes.\n"
            "aim.yaml:4:1: Key is missing\n"
            "  A `:` stands here without a key before it. Write the key, or put the text in quotes "
            "if the colon belongs to it.\n"
            "aim.yaml:5:6: Key is not a text\n"
            "  A list, a map or an alias stands where a key of a map belongs. Write the key as "
            "text; a value that begins with a brace belongs in quotes.\n");
}

TEST(Document, RefusesAKeyWithoutAColon) {
  EXPECT_EQ(errors_of("a:\n  b: 1\n  c\n"),
            "aim.yaml:3:3: Colon is missing\n"
            "  A key of the map around it belongs here, but no `:` follows. Write `key: value`, or "
            "indent the line deeper if it continues the value above.\n");
  EXPECT_EQ(tree_of("{a: {b, c: 1}, ? d, \"e\" : 1}"), "{a: {b: ~, c: 1}, d: ~, e: 1}");
  EXPECT_EQ(tree_of("%YAML 1.2\n---\n? a\n? b\n: 1\nc : 2\n"), "{a: ~, b: 1, c: 2}");
}

TEST(Document, RefusesNumbersOutOfRange) {
  EXPECT_EQ(errors_of("a: 9223372036854775808\nb: 9223372036854775807\n"),
            "aim.yaml:1:4: Number out of range\n"
            "  `9223372036854775808` is a number that aim cannot hold exactly (whole numbers have "
            "64 bits). If it is meant as text, put it in quotes.\n");
  EXPECT_EQ(errors_of("a: 1e999\n").substr(0, 34), "aim.yaml:1:4: Number out of range\n");
}

TEST(Document, RefusesTagsItDoesNotKnow) {
  EXPECT_EQ(errors_of("a: !reset x\n"),
            "aim.yaml:1:4: Unsupported tag\n"
            "  This value carries a YAML tag that aim does not know. Remove it; text that begins "
            "with `!` belongs in quotes.\n");
}

TEST(Document, RefusesAnAliasThatRefersToItself) {
  EXPECT_EQ(errors_of("a: &a [1, *a]\nb: &b {x: {y: *b}}\n"),
            "aim.yaml:1:11: Alias refers to itself\n"
            "  The anchor that this alias means is set on a list or map around it, so the value "
            "would contain itself. Move the anchor, or write the value out.\n"
            "aim.yaml:2:15: Alias refers to itself\n"
            "  The anchor that this alias means is set on a list or map around it, so the value "
            "would contain itself. Move the anchor, or write the value out.\n");
}

}  // namespace
}  // namespace aim::core
