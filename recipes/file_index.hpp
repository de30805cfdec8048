#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "core/result.hpp"

namespace aim::recipes {

/// One data file of a directory, and the keys it is found by.
struct IndexedFile {
  std::string name;  ///< within the directory
  std::uint64_t size = 0;
  std::int64_t modified_ns = 0;
  std::string keys;  ///< what the extractor said of it, each key with a line end behind it
};

/// The keys of a file, from its text. Must not fail: a broken file has no keys or those that could
/// be read.
using KeyExtractor =
    std::function<std::vector<std::string>(const std::string& file, std::string_view text)>;

/// What to index, and where to keep what was found.
struct IndexOptions {
  std::filesystem::path directory;
  std::filesystem::path cache;  ///< a directory, made when missing; empty: nothing is kept
  std::string kind;             ///< of files and extractor: "recipes-1"; a new one voids the cache
  /// More files than this in one directory are refused, larger ones have no keys.
  std::size_t most_files = 200'000;
  std::size_t largest_file = 1U << 20U;
};

/// Takes the first of such keys off `keys`; false when there is none.
[[nodiscard]] bool take_key(std::string_view& keys, std::string_view& key);

/// All *.yaml and *.yml files directly in the directory, in order of name. A file is read only if
/// size or time of modification are not what the cache says, or so young that they cannot tell.
/// A missing directory has no files. The cache is best effort: one that is corrupt, truncated or of
/// another kind is ignored and replaced, by a rename; one that cannot be written is left.
/// Failed: the directory cannot be read or has too many files.
[[nodiscard]] core::Result<std::vector<IndexedFile>> index_files(const IndexOptions& options,
                                                                 const KeyExtractor& extract);

/// Keys of top-level `wanted` entries with plain or quoted text on one line. Sets `sure` to false
/// when the text has something at its top level that this cannot read, such as a flow map, an
/// anchor or a merge key: then only a full reading tells.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> top_level_texts(
    std::string_view text, const std::vector<std::string_view>& wanted, bool& sure);

}  // namespace aim::recipes
