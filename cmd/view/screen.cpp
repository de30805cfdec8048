#include "cmd/view/screen.hpp"

#include <fmt/format.h>

#include <utility>

namespace aim::view {

Screen::Screen(std::ostream& out, Terminal terminal, std::function<std::size_t()> columns)
    : out_(out), terminal_(terminal), columns_(std::move(columns)) {}

Screen::~Screen() { clear(); }

void Screen::write(std::string_view text) {
  const std::lock_guard lock(mutex_);
  erase();
  out_ << text;
  draw();
  out_.flush();
}

void Screen::update(std::string_view text, const std::vector<std::string>& live) {
  const std::lock_guard lock(mutex_);
  erase();
  out_ << text;
  if (terminal_.redraw == Redraw::On) {
    live_ = live;
    draw();
  }
  out_.flush();
}

void Screen::clear() { update({}, {}); }

void Screen::erase() {
  if (drawn_widths_.empty()) {
    return;
  }
  // A terminal that became narrower shows what was one line as several.
  const std::size_t columns = std::max<std::size_t>(1, columns_());
  std::size_t rows = 0;
  for (const std::size_t width : drawn_widths_) {
    rows += width == 0 ? 1 : (width + columns - 1) / columns;
  }
  out_ << fmt::format("\r\x1b[{}A\x1b[J", rows);
  drawn_widths_.clear();
}

void Screen::draw() {
  if (live_.empty()) {
    return;
  }
  // The last column stays free: some terminals wrap as soon as it is written.
  const std::size_t columns = std::max<std::size_t>(2, columns_()) - 1;
  for (const std::string& line : live_) {
    const std::string cut = cut_to_width(line, columns);
    drawn_widths_.push_back(display_width(cut));
    out_ << cut << '\n';
  }
}

}  // namespace aim::view
