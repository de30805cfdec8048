#pragma once

#include <string>

namespace aim::test {

/// Compares `actual` with tests/golden/PATH. With AIM_UPDATE_GOLDEN=1 the file is written instead,
/// and the test counts as skipped.
void expect_golden(const std::string& path, const std::string& actual);

/// JSON text with one member or element a line, for golden files that people review.
std::string pretty_json(const std::string& json);

}  // namespace aim::test
