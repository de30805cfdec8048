#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "core/document_text.hpp"

namespace aim::core {

/// What a first look at the structure of a YAML text gives.
struct ScannedText {
  /// The text, byte for byte as long, with the marks inside unquoted `${...}` of flow collections
  /// replaced by stand-ins, so that the parser reads them as the user meant them and the rest of
  /// the file can be checked too. Empty when there are none.
  std::string repaired;
};

/// Walks through quotes, comments, block scalars and brackets and finds what the parser behind
/// core/document misses, finds in the wrong place or pays too much for: a quote or a bracket that
/// is never closed, a tab in indentation, brackets nested too deep, too many items, an unquoted
/// `${...}` between brackets. Nothing is returned when the text must not be parsed. Linear in time.
[[nodiscard]] std::optional<ScannedText> scan_structure(std::string_view text,
                                                        const TextPositions& positions,
                                                        const DocumentLimits& limits,
                                                        Diagnostics& diagnostics);

inline constexpr const char* kTabSummary = "Tab in indentation";
inline constexpr const char* kTabDetail =
    "YAML is indented with spaces only, and this line begins with a tab. Replace it by spaces.";

/// Gives a scalar of a repaired text its marks back.
[[nodiscard]] std::string restore_marks(std::string text);

}  // namespace aim::core
