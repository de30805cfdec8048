#include "cmd/view/terminal.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace aim::view {

namespace {

// Terminals that report no width, or one that nothing can be written in.
constexpr std::size_t kLeastColumns = 20;

std::string_view code(Tone tone) {
  switch (tone) {
    case Tone::Plain:
      return "0";
    case Tone::Bold:
      return "1";
    case Tone::Dim:
      return "2";
    case Tone::Red:
      return "31";
    case Tone::Green:
      return "32";
    case Tone::Yellow:
      return "33";
    case Tone::Cyan:
      return "36";
  }
  return "0";
}

}  // namespace

Terminal describe_terminal(const TerminalFacts& facts, ColourWish wish) {
  const bool refused = wish == ColourWish::Never || (facts.no_color && !facts.no_color->empty());
  const bool able = facts.is_tty && facts.term != "dumb" && !refused;
  Terminal terminal;
  terminal.is_tty = facts.is_tty;
  terminal.colour = able ? Colour::On : Colour::Off;
  terminal.redraw = able ? Redraw::On : Redraw::Off;
  if (facts.is_tty && facts.columns && *facts.columns >= kLeastColumns) {
    terminal.columns = *facts.columns;
  }
  return terminal;
}

TerminalFacts look_at_descriptor(int descriptor) {
  TerminalFacts facts;
  facts.is_tty = ::isatty(descriptor) == 1;
  winsize size{};
  if (facts.is_tty && ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    facts.columns = size.ws_col;
  }
  return facts;
}

Terminals terminal_from(const Environment& environment, ColourWish wish) {
  const auto describe = [&](int descriptor) {
    TerminalFacts facts = look_at_descriptor(descriptor);
    facts.no_color = environment("NO_COLOR");
    facts.term = environment("TERM");
    return describe_terminal(facts, wish);
  };
  const Terminal err = describe(STDERR_FILENO);
  return {describe(STDOUT_FILENO), err, [err] {
            const std::optional<std::size_t> now = look_at_descriptor(STDERR_FILENO).columns;
            return now && *now >= kLeastColumns ? *now : err.columns;
          }};
}

std::string paint(Tone tone, std::string_view text, Colour colour) {
  if (colour == Colour::Off || tone == Tone::Plain || text.empty()) {
    return std::string(text);
  }
  return fmt::format("\x1b[{}m{}\x1b[0m", code(tone), text);
}

}  // namespace aim::view
