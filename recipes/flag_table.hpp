#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "recipes/version.hpp"

namespace aim::recipes {

enum class FlagType { Bool, Int, Float, String, Path, Choice, List, Json };

/// "a whole number"; what messages say a flag takes.
[[nodiscard]] std::string_view to_string(FlagType type);

/// How the items of a list are written.
enum class Separator { Repeat, Space, Comma };

/// One flag of a server, and the releases that have it.
struct Flag {
  std::string name;  ///< "--max-num-seqs"
  FlagType type = FlagType::String;
  std::optional<Version> since;    ///< absent: older than the records
  std::optional<Version> removed;  ///< the first release that rejects it
  std::string since_text;
  std::string removed_text;
  std::string instead;  ///< what to use, may be empty
  bool deprecated = false;
  bool negatable = false;  ///< --no-NAME exists
  std::vector<std::string> negations;
  std::vector<std::string> aliases;  ///< and short forms
  std::vector<std::string> choices;  ///< of the newest release
  Separator separator = Separator::Repeat;
  bool value_optional = false;
  bool suffixes = false;             ///< 32k, 32K
  std::vector<std::string> special;  ///< words a number may be, too

  /// True if the release has it. `version` absent: newer than what is recorded.
  [[nodiscard]] bool exists_in(const std::optional<Version>& version) const;
};

/// All flags of a backend's server.
class FlagTable {
 public:
  std::string backend;
  std::string newest_text;
  Version newest;
  bool complete = false;
  bool underscores = false;  ///< `_` is `-` in names
  bool prefixes = false;     ///< a unique prefix of a flag is taken for it

  void add(Flag flag);

  /// What a spelling means: the flag, and whether it is its negation.
  struct Meaning {
    const Flag* flag = nullptr;
    bool negated = false;
  };

  /// By name, alias, short form or negation. No flag when there is none in any release.
  [[nodiscard]] Meaning find(std::string_view spelling) const;

  /// The spelling with dashes where the backend takes `_` for `-`.
  [[nodiscard]] std::string plain(std::string_view spelling) const;

  /// Names of flags that `version` has and that begin so.
  [[nodiscard]] std::vector<std::string> with_prefix(std::string_view prefix,
                                                     const std::optional<Version>& version) const;

  /// The names of all flags that `version` has, with their negations.
  [[nodiscard]] std::vector<std::string> names(const std::optional<Version>& version) const;

  [[nodiscard]] const std::map<std::string, Flag, std::less<>>& flags() const { return flags_; }

 private:
  std::map<std::string, Flag, std::less<>> flags_;
  std::map<std::string, std::string, std::less<>> spellings_;  ///< to the name
  std::map<std::string, std::string, std::less<>> negations_;
};

/// Reads a table. Faults are reported; nothing then.
[[nodiscard]] std::optional<FlagTable> read_flag_table(const core::Node& document,
                                                       core::Diagnostics& diagnostics);

}  // namespace aim::recipes
