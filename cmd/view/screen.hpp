#pragma once

#include <functional>
#include <mutex>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/view/terminal.hpp"

namespace aim::view {

/// How standard error says it: lines that stay, and below them live lines that are written over.
/// Thread-safe. The cursor is never hidden, so that whatever ends the process leaves it in order.
class Screen {
 public:
  /// `columns` is asked at each redraw, so that a resized terminal is noticed.
  Screen(std::ostream& out, Terminal terminal, std::function<std::size_t()> columns);
  Screen(const Screen&) = delete;
  Screen& operator=(const Screen&) = delete;
  ~Screen();

  /// Writes whole lines, escaped by the caller, above the live ones.
  void write(std::string_view text);

  /// Writes whole lines, which may be none, and replaces the live ones, each cut to the width.
  /// Where nothing is redrawn there are no live lines.
  void update(std::string_view text, const std::vector<std::string>& live);

  /// Takes the live lines away, for somebody else to write to the terminal.
  void clear();

  [[nodiscard]] const Terminal& terminal() const { return terminal_; }

 private:
  void erase();
  void draw();

  std::mutex mutex_;
  std::ostream& out_;
  Terminal terminal_;
  std::function<std::size_t()> columns_;
  std::vector<std::string> live_;
  std::vector<std::size_t> drawn_widths_;
};

}  // namespace aim::view
