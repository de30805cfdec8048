#pragma once

#include <boost/json/fwd.hpp>
#include <string>

#include "cmd/view/terminal.hpp"
#include "core/diagnostic.hpp"

namespace aim::view {

/// A diagnostic as people read it, at most 80 columns wide, with a line end:
///
///   aim.yaml:4:5: error: Unknown key
///     4 |     modle: Qwen/Qwen3-32B
///       |     ^~~~~
///     What is wrong, why it matters and how to mend it.
///   aim.yaml:2:3: the resource begins here
///     2 |   qwen:
///       |   ^~~~
///
/// Without a place it begins with "error:". The line is left out when `sources` does not have it;
/// a long one is cut around the caret. Everything is escaped.
[[nodiscard]] std::string render_diagnostic(const core::Diagnostic& diagnostic,
                                            const core::SourceFiles& sources,
                                            Colour colour);

/// All of them in their order, with an empty line between two.
[[nodiscard]] std::string render_diagnostics(const core::Diagnostics& diagnostics,
                                             const core::SourceFiles& sources,
                                             Colour colour);

/// severity, summary, detail, address, range {filename, start {line, column, byte}, end}, snippet
/// {context, code, start_line, highlight_start_offset, highlight_end_offset, values}, as
/// Terraform's machine-readable output has them. `byte` counts from 0 and is there only if
/// `sources` has the file; offsets are bytes in `code`. related is ours.
[[nodiscard]] boost::json::value diagnostic_json(const core::Diagnostic& diagnostic,
                                                 const core::SourceFiles& sources);

[[nodiscard]] std::string_view to_string(core::Severity severity);  ///< "error"

}  // namespace aim::view
