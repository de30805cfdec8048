#pragma once

#include <string>
#include <string_view>

namespace aim::view {

/// Makes a stream of foreign bytes safe for a terminal, piece by piece: as escape_line, but line
/// ends and tabs stay, a carriage return becomes a line end, and a character that is split between
/// two pieces is put together.
class ForeignStream {
 public:
  [[nodiscard]] std::string feed(std::string_view piece);
  /// What is left of a character that never got its end.
  [[nodiscard]] std::string finish();

 private:
  std::string carry_;
};

}  // namespace aim::view
