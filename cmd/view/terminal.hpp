#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "cmd/view/text.hpp"

namespace aim::view {

/// What is known of an output before it is decided how to write to it. Handed in by value.
struct TerminalFacts {
  bool is_tty = false;
  std::optional<std::size_t> columns;   ///< as the terminal tells
  std::optional<std::string> no_color;  ///< environment variable NO_COLOR
  std::optional<std::string> term;      ///< environment variable TERM
};

enum class Colour { Off, On };
enum class ColourWish { Automatic, Never };  ///< Never: --no-color
enum class Redraw { Off, On };               ///< whether lines may be written over

/// How to write to an output.
struct Terminal {
  bool is_tty = false;
  Colour colour = Colour::Off;
  Redraw redraw = Redraw::Off;
  std::size_t columns = kColumns;
  bool operator==(const Terminal&) const = default;
};

/// Colour and redraw only on a terminal that is not dumb, and only if neither --no-color nor a
/// NO_COLOR that is not empty says no.
[[nodiscard]] Terminal describe_terminal(const TerminalFacts& facts, ColourWish wish);

/// The outputs of this process.
struct Terminals {
  Terminal out;
  Terminal err;
  std::function<std::size_t()> err_columns;  ///< width of standard error now
};

/// Value of an environment variable.
using Environment = std::function<std::optional<std::string>(const std::string&)>;

/// Looks at standard output and standard error, and at NO_COLOR and TERM.
[[nodiscard]] Terminals terminal_from(const Environment& environment, ColourWish wish);

/// Asks the system about a file descriptor: the one place that calls isatty and ioctl.
/// The environment's part is left empty.
[[nodiscard]] TerminalFacts look_at_descriptor(int descriptor);

enum class Tone { Plain, Bold, Dim, Red, Green, Yellow, Cyan };

/// `text` between the escape sequences of `tone`, or `text` itself without colour.
[[nodiscard]] std::string paint(Tone tone, std::string_view text, Colour colour);

}  // namespace aim::view
