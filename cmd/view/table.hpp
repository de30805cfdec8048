#pragma once

#include <string>
#include <vector>

namespace aim::view {

/// Rows of cells; rows may be of different length.
using Table = std::vector<std::vector<std::string>>;

/// The cells escaped and in columns two spaces apart, a column without any text left out, no space
/// behind the last cell of a row.
[[nodiscard]] std::string render_table(const Table& table);

}  // namespace aim::view
