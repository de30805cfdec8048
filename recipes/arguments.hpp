#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/value.hpp"
#include "recipes/backend_data.hpp"
#include "recipes/version.hpp"

namespace aim::recipes {

/// What happens to a serve argument that does not fit the server.
enum class ArgsCheck { Error, Warn, Off };

/// Who wrote the arguments: only a recipe may set what aim has keys for.
enum class ArgsOrigin { Recipe, User };

/// What arguments are checked against.
struct ArgumentCheck {
  const BackendData* backend = nullptr;  ///< never null; must outlive the check
  ImageVersion image;
  ArgsCheck level = ArgsCheck::Error;
  ArgsOrigin origin = ArgsOrigin::User;
  /// Where an argument was written, if that is known.
  std::function<std::optional<core::SourceRange>(const std::string& flag)> place;
};

/// The arguments under the names of the backend's own table, spellings of other programs
/// translated (a note each), texts "true" and "false" of switches made such. Reports, at `level`:
/// arguments that the image's release does not have any more or not yet, misspelt and unknown ones,
/// values of the wrong type. Reserved ones (of a user) and null are errors at every level.
[[nodiscard]] core::Map checked_arguments(const core::Map& arguments,
                                          const ArgumentCheck& check,
                                          core::Diagnostics& diagnostics);

/// `over` laid on `base`: another spelling or the negation of a flag replaces it, false removes it.
[[nodiscard]] core::Map merged_arguments(const core::Map& base,
                                         const core::Map& over,
                                         const FlagTable& table);

/// The arguments as words of a command, in order of name: true is the bare flag, false nothing, a
/// map one word of JSON; a list repeats the flag, or is written as the server reads lists.
[[nodiscard]] std::vector<std::string> argument_words(const core::Map& arguments,
                                                      const FlagTable& table);

/// What aim itself says to a server.
struct ServeValues {
  std::string model;
  std::string served_name;  ///< empty: the server's default
  std::uint16_t port = 0;   ///< 0: the backend's own
  int tensor_parallel = 1;
  int pipeline_parallel = 1;
  int data_parallel = 1;
  std::optional<std::int64_t> context_length;
  std::optional<double> gpu_memory;
  std::string config_file;                  ///< for what must not be an argument; empty: none
  std::string revision;                     ///< of the model's repository; empty: the main branch
  std::map<std::string, std::string> lora;  ///< adapters by the name that clients use
};

/// The whole command of a container of `image`: what starts the server, aim's own flags, the
/// arguments.
[[nodiscard]] std::vector<std::string> serve_command(const BackendData& backend,
                                                     std::string_view image,
                                                     const ServeValues& values,
                                                     const core::Map& arguments);

}  // namespace aim::recipes
