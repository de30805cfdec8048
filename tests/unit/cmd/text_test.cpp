#include "cmd/view/text.hpp"

#include "cmd/view/foreign_stream.hpp"
#include "cmd/view/table.hpp"

namespace aim::view {
namespace {

using std::chrono::milliseconds;

TEST(EscapeLine, LeavesPrintableTextAlone) {
  EXPECT_EQ(escape_line("plain, grüße, 你好, 🙂"), "plain, grüße, 你好, 🙂");
}

TEST(EscapeLine, ShowsControlCharacters) {
  EXPECT_EQ(escape_line("a\x1b[31mb\n\t\r\x07\x7f"), "a\\x1b[31mb\\n\\t\\r\\x07\\x7f");
  EXPECT_EQ(escape_line(std::string_view("\0", 1)), "\\x00");
}

TEST(EscapeLine, ShowsControlCharactersBeyondAscii) {
  // A C1 control sequence introducer, a right-to-left override, a zero-width space.
  EXPECT_EQ(escape_line("\xc2\x9b\xe2\x80\xae\xe2\x80\x8b"), "\\u{9b}\\u{202e}\\u{200b}");
}

TEST(EscapeLine, ShowsBytesThatAreNoUtf8) {
  EXPECT_EQ(escape_line("a\xff\xc3"), "a\\xff\\xc3");
  EXPECT_EQ(escape_line("\xc0\xaf"), "\\xc0\\xaf");                    // overlong
  EXPECT_EQ(escape_line("\xed\xa0\x80"), "\\xed\\xa0\\x80");           // surrogate
  EXPECT_EQ(escape_line("\xf4\x90\x80\x80"), "\\xf4\\x90\\x80\\x80");  // above U+10FFFF
}

TEST(EscapeText, KeepsLinesAndExpandsTabs) {
  EXPECT_EQ(escape_text("a\tb\r\n\x1b[2J\nabcd\te"), "a   b\n\\x1b[2J\nabcd    e");
}

TEST(Quote, EscapesQuotesAndBackslashes) {
  EXPECT_EQ(quote("say \"hi\" \\ \n"), "\"say \\\"hi\\\" \\\\ \\n\"");
}

TEST(ValidUtf8, ReplacesOnlyBadBytes) { EXPECT_EQ(valid_utf8("ü\xff\n"), "ü\\xff\n"); }

TEST(DisplayWidth, CountsColumns) {
  EXPECT_EQ(display_width("grüße"), 5U);
  EXPECT_EQ(display_width("你好"), 4U);
  EXPECT_EQ(display_width("e\xcc\x81"), 1U);  // e and a combining acute accent
  EXPECT_EQ(display_width("🙂"), 2U);
}

TEST(CutToWidth, NeverSplitsACharacter) {
  EXPECT_EQ(cut_to_width("short", 5), "short");
  EXPECT_EQ(cut_to_width("longer than that", 9), "longer...");
  EXPECT_EQ(cut_to_width("你好你好", 6), "你...");
}

TEST(Wrap, BreaksAtSpacesAndKeepsLongWords) {
  EXPECT_EQ(wrap("one two three", 7), (std::vector<std::string>{"one two", "three"}));
  EXPECT_EQ(wrap("a /very/long/path b", 6),
            (std::vector<std::string>{"a", "/very/long/path", "b"}));
  EXPECT_EQ(wrap("first\n\n  second", 20), (std::vector<std::string>{"first", "", "  second"}));
  EXPECT_TRUE(wrap("", 20).empty());
}

TEST(BreakHard, FillsLinesAndMovesSpaces) {
  EXPECT_EQ(break_hard("abcdef", 4), (std::vector<std::string>{"abcd", "ef"}));
  EXPECT_EQ(break_hard("abc  def", 4), (std::vector<std::string>{"abc", "  de", "f"}));
  EXPECT_EQ(break_hard("你好", 1), (std::vector<std::string>{"你", "好"}));
  EXPECT_EQ(break_hard("", 4), (std::vector<std::string>{""}));
}

TEST(ElapsedText, RoundsDownToSeconds) {
  EXPECT_EQ(elapsed_text(milliseconds(999)), "0s");
  EXPECT_EQ(elapsed_text(milliseconds(59'999)), "59s");
  EXPECT_EQ(elapsed_text(milliseconds(401'000)), "6m41s");
  EXPECT_EQ(elapsed_text(milliseconds(3'720'000)), "1h2m");
}

TEST(BytesText, UsesBinaryUnits) {
  EXPECT_EQ(bytes_text(1023), "1023 B");
  EXPECT_EQ(bytes_text(1024), "1.0 KiB");
  EXPECT_EQ(bytes_text(1024 * 1024 - 1), "1.0 MiB");
  EXPECT_EQ(bytes_text(4'402'341'478), "4.1 GiB");
}

TEST(ForeignStream, PutsSplitCharactersTogether) {
  ForeignStream stream;
  EXPECT_EQ(stream.feed("a\xe4\xbd"), "a");
  EXPECT_EQ(stream.feed("\xa0\n"), "你\n");
  EXPECT_EQ(stream.feed("x\r"), "x");
  EXPECT_EQ(stream.feed("\ny\rz\t\x1b[2J"), "\ny\nz\t\\x1b[2J");
  EXPECT_EQ(stream.feed("\xe4"), "");
  EXPECT_EQ(stream.finish(), "\\xe4");
}

TEST(Table, AlignsAndDropsEmptyColumns) {
  EXPECT_EQ(render_table({{"A", "", "C"}, {"longer", "", "x"}, {"b"}}),
            "A       C\nlonger  x\nb\n");
}

}  // namespace
}  // namespace aim::view
