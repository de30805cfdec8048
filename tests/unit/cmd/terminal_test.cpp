#include "cmd/view/terminal.hpp"

#include <sstream>

#include "cmd/view/screen.hpp"

namespace aim::view {
namespace {

TEST(DescribeTerminal, PlainWithoutATerminal) {
  EXPECT_EQ(describe_terminal({false, 120, std::nullopt, "xterm"}, ColourWish::Automatic),
            (Terminal{false, Colour::Off, Redraw::Off, 80}));
}

TEST(DescribeTerminal, ColourAndRedrawOnATerminal) {
  EXPECT_EQ(describe_terminal({true, 120, std::nullopt, "xterm"}, ColourWish::Automatic),
            (Terminal{true, Colour::On, Redraw::On, 120}));
}

TEST(DescribeTerminal, NoColorAndDumbTerminalsArePlain) {
  const Terminal plain{true, Colour::Off, Redraw::Off, 80};
  EXPECT_EQ(describe_terminal({true, 80, "1", "xterm"}, ColourWish::Automatic), plain);
  EXPECT_EQ(describe_terminal({true, 80, std::nullopt, "dumb"}, ColourWish::Automatic), plain);
  EXPECT_EQ(describe_terminal({true, 80, std::nullopt, "xterm"}, ColourWish::Never), plain);
}

TEST(DescribeTerminal, EmptyNoColorSaysNothing) {
  EXPECT_EQ(describe_terminal({true, 80, "", "xterm"}, ColourWish::Automatic).colour, Colour::On);
}

TEST(DescribeTerminal, DoubtsAWidthOfNothing) {
  EXPECT_EQ(describe_terminal({true, 3, std::nullopt, "xterm"}, ColourWish::Automatic).columns,
            80U);
}

TEST(Paint, OnlyWithColour) {
  EXPECT_EQ(paint(Tone::Red, "x", Colour::On), "\x1b[31mx\x1b[0m");
  EXPECT_EQ(paint(Tone::Red, "x", Colour::Off), "x");
  EXPECT_EQ(paint(Tone::Red, "", Colour::On), "");
}

/// What a terminal shows after these bytes; knows just the sequences that a screen writes.
std::vector<std::string> visible_lines(const std::string& bytes) {
  std::vector<std::string> lines(1);
  std::size_t row = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    if (bytes[i] == '\n') {
      ++row;
      lines.resize(std::max(lines.size(), row + 1));
    } else if (bytes[i] == '\x1b') {
      std::size_t number = 0;
      for (i += 2; bytes[i] >= '0' && bytes[i] <= '9'; ++i) {
        number = number * 10 + static_cast<std::size_t>(bytes[i] - '0');
      }
      if (bytes[i] == 'A') {
        row -= number;
      } else if (bytes[i] == 'J') {
        lines.resize(row);
        lines.emplace_back();
      }
    } else if (bytes[i] != '\r') {
      lines[row] += bytes[i];
    }
  }
  if (lines.back().empty()) {
    lines.pop_back();
  }
  return lines;
}

using Lines = std::vector<std::string>;

TEST(Screen, LastingLinesStandAboveLiveOnes) {
  std::ostringstream out;
  Screen screen(out, {true, Colour::On, Redraw::On, 80}, [] { return 80U; });
  screen.update("", {"live 1", "live 2"});
  screen.write("done\n");
  EXPECT_EQ(visible_lines(out.str()), (Lines{"done", "live 1", "live 2"}));
  screen.update("", {"live 2b"});
  EXPECT_EQ(visible_lines(out.str()), (Lines{"done", "live 2b"}));
}

TEST(Screen, LeavesNothingBehind) {
  std::ostringstream out;
  {
    Screen screen(out, {true, Colour::On, Redraw::On, 80}, [] { return 80U; });
    screen.update("", {"live"});
    screen.write("stays\n");
  }
  EXPECT_EQ(visible_lines(out.str()), (Lines{"stays"}));
}

TEST(Screen, CutsLiveLinesToTheWidthOfNow) {
  std::ostringstream out;
  std::size_t columns = 20;
  Screen screen(out, {true, Colour::On, Redraw::On, 80}, [&] { return columns; });
  screen.update("", {std::string(40, 'x')});
  EXPECT_EQ(visible_lines(out.str()), (Lines{"xxxxxxxxxxxxxxxx..."}));
}

TEST(Screen, ErasesTheRowsThatANarrowerTerminalMade) {
  std::ostringstream out;
  std::size_t columns = 40;
  Screen screen(out, {true, Colour::On, Redraw::On, 80}, [&] { return columns; });
  screen.update("", {std::string(30, 'x')});
  columns = 20;
  out.str("");
  screen.clear();
  EXPECT_EQ(out.str(), "\r\x1b[2A\x1b[J");
}

TEST(Screen, WritesNoSequencesWithoutRedraw) {
  std::ostringstream out;
  Screen screen(out, {}, [] { return 80U; });
  screen.update("", {"live"});
  screen.write("line\n");
  EXPECT_EQ(out.str(), "line\n");
}

}  // namespace
}  // namespace aim::view
