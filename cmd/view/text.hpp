#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace aim::view {

/// The width that everything is written for where no terminal says otherwise.
inline constexpr std::size_t kColumns = 80;

/// One decoded character of a text, or one byte of it that is no UTF-8.
struct CodePoint {
  char32_t value = 0;    ///< the byte itself when not `valid`
  std::size_t size = 1;  ///< in bytes
  bool valid = true;
};

/// The character that `text` begins with; `text` must not be empty. Overlong forms, surrogates
/// and values above U+10FFFF are not valid.
[[nodiscard]] CodePoint first_code_point(std::string_view text);

/// Foreign text made safe for a terminal, on one line: control characters, escape sequences,
/// bytes that are no UTF-8 and characters that turn the writing direction become visible
/// (\n, \t, \x1b, \u{202e}). Everything else stays as it is.
[[nodiscard]] std::string escape_line(std::string_view text);

/// As escape_line, but line ends stay and tabs become spaces up to the next multiple of four.
[[nodiscard]] std::string escape_text(std::string_view text);

/// escape_line in double quotes; quotes and backslashes inside get a backslash.
[[nodiscard]] std::string quote(std::string_view text);

/// The same text with every byte that is no UTF-8 written as \xNN: for JSON.
[[nodiscard]] std::string valid_utf8(std::string_view text);

/// Columns that one printable character takes: 0, 1 or 2.
[[nodiscard]] std::size_t column_count(char32_t character);

/// Columns that an escaped text takes, without colours in it.
[[nodiscard]] std::size_t display_width(std::string_view text);

/// The longest beginning of `text` that takes at most `columns`, in bytes. Never splits a
/// character.
[[nodiscard]] std::size_t prefix_for_width(std::string_view text, std::size_t columns);

/// `text` cut to `columns`, with "..." at its end if something was cut.
[[nodiscard]] std::string cut_to_width(std::string_view text, std::size_t columns);

/// `text` and spaces, `columns` wide at least.
[[nodiscard]] std::string pad_to_width(std::string_view text, std::size_t columns);

/// Breaks at spaces into lines of at most `columns`; line ends in `text` stay. A word that is
/// wider stands whole on a line of its own, so that paths and commands can be copied.
[[nodiscard]] std::vector<std::string> wrap(std::string_view text, std::size_t columns);

/// Breaks anywhere, so that no line takes more than `columns`.
[[nodiscard]] std::vector<std::string> break_hard(std::string_view text, std::size_t columns);

/// "0s", "59s", "6m41s", "1h2m": whole seconds, rounded down; from an hour on whole minutes.
[[nodiscard]] std::string elapsed_text(std::chrono::milliseconds elapsed);

/// "512 B", "4.1 GiB".
[[nodiscard]] std::string bytes_text(std::uint64_t bytes);

}  // namespace aim::view
