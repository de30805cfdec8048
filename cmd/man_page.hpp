#pragma once

#include <string>

namespace aim::cmd {

/// The manual page aim(1) in the language of man(7), from the program's own tables.
[[nodiscard]] std::string man_page();

}  // namespace aim::cmd
