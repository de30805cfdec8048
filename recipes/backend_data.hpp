#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "core/source.hpp"
#include "recipes/flag_table.hpp"
#include "recipes/precision.hpp"

namespace aim::recipes {

/// An accelerator that recipes may name.
struct Accelerator {
  std::string name;    ///< "MI300X"
  std::string vendor;  ///< "amd", "nvidia"
  std::string family;  ///< "gfx942", "sm_90"
  std::int64_t memory_bytes = 0;
  std::vector<Precision> precisions;  ///< that its matrix units have
};

/// The image a backend comes in for one vendor, or one family of its GPUs.
struct BackendImage {
  std::string image;
  std::vector<std::string> families;  ///< empty: every family
};

/// How a container of some images is started.
struct CommandForm {
  std::vector<std::string> repositories;  ///< empty: any
  std::optional<Version> below;           ///< only images older than this
  bool path = false;                      ///< only when the model is a path
  std::vector<std::string> words;         ///< `{model}` is the model
};

/// What is known of one serving backend, as data.
struct BackendData {
  std::string name;
  std::string title;  ///< "vLLM"
  std::uint16_t port = 8000;
  std::map<std::string, std::vector<BackendImage>> images;  ///< by cuda, rocm, cpu
  std::vector<CommandForm> commands;                        ///< the first that fits
  std::map<std::string, std::string, std::less<>> neutral;  ///< aim's name to the flag
  std::optional<double> gpu_memory;                         ///< the share aim writes by default
  bool activations_outside = false;                         ///< of the share; see FitQuestion
  std::map<std::string, std::string, std::less<>> translations;  ///< spellings of other programs
  std::map<std::string, std::string, std::less<>> spellings;     ///< abbreviations that work
  FlagTable flags;

  /// The flag of a neutral name, or empty.
  [[nodiscard]] std::string_view flag(std::string_view neutral_name) const;

  /// The image for a vendor ("cuda", "rocm", "cpu") and family; empty when there is none.
  [[nodiscard]] std::string image_for(std::string_view vendor, std::string_view family) const;

  /// The words that start the server in such an image, up to and with the model.
  [[nodiscard]] std::vector<std::string> command_for(std::string_view image,
                                                     std::string_view model) const;
};

/// All backends and accelerators.
struct BackendLibrary {
  std::vector<BackendData> backends;      ///< in the order in which they are preferred
  std::vector<Accelerator> accelerators;  ///< in order of the file

  [[nodiscard]] const BackendData* find(std::string_view name) const;
  /// Without regard to case, and to "AMD Instinct", "NVIDIA" and the like around the name.
  [[nodiscard]] const Accelerator* accelerator(std::string_view name) const;
};

/// "rocm" of "amd", "cuda" of "nvidia", else "cpu".
[[nodiscard]] std::string_view image_vendor(std::string_view vendor);

/// Reads NAME.yaml and NAME-flags.yaml of each backend, and accelerators.yaml. Faults are errors;
/// what could be read is returned.
[[nodiscard]] BackendLibrary read_backends(const std::filesystem::path& directory,
                                           core::Diagnostics& diagnostics,
                                           core::SourceFiles& sources);

/// One backend from the texts of its two documents.
[[nodiscard]] std::optional<BackendData> read_backend(const core::Node& document,
                                                      core::Diagnostics& diagnostics);

[[nodiscard]] std::vector<Accelerator> read_accelerators(const core::Node& document,
                                                         core::Diagnostics& diagnostics);

}  // namespace aim::recipes
