#include <cstddef>
#include <cstdint>
#include <string>

#include "core/result.hpp"
#include "planner/configuration.hpp"

/// Whatever stands in the file, loading ends with a report, and without errors the resources can be
/// followed: every dependency is there.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  aim::planner::ConfigurationInput input;
  input.files.push_back({"aim.yaml", std::string(reinterpret_cast<const char*>(data), size)});
  input.environment = [](const std::string& name) {
    return name == "SET" ? std::optional<std::string>("value") : std::nullopt;
  };
  input.read_file = [](const std::string& path,
                       const std::string&) -> aim::core::Result<std::string> {
    if (path == "file") {
      return std::string(" contents\n");
    }
    return aim::core::make_error(aim::core::ErrorCode::NotFound, "there is no such file");
  };
  aim::core::SourceFiles sources;
  aim::core::Diagnostics diagnostics;
  const auto configuration = aim::planner::load_configuration(input, sources, diagnostics);
  if (diagnostics.has_errors()) {
    return 0;
  }
  AIM_CHECK(!configuration.project.empty());
  for (const auto& [address, resource] : configuration.resources) {
    AIM_CHECK(!resource.docker_name.empty());
    for (const aim::core::Address& needed : resource.dependencies) {
      AIM_CHECK(configuration.resources.contains(needed));
    }
  }
  return 0;
}
