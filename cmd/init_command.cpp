#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "cmd/command_list.hpp"
#include "cmd/project.hpp"

namespace aim::cmd {

namespace fs = std::filesystem;
using core::ErrorCode;
using core::make_error;

namespace {

constexpr std::string_view kConfiguration =
    R"yaml(# What runs here. `aim plan` shows what would change, `aim apply` changes it.
version: 1
project: {project}          # names the objects on Docker, together with the workspace

# Values that differ from one machine to the next: --var, AIM_VAR_name, aim.vars.yaml.
variables:
  port: {{ type: integer, default: 8000, description: where the model answers }}

endpoints:
  chat:
    model: Qwen/Qwen3-0.6B
    backend: vllm
    gpus: 1                     # left out: as many as the recipe needs
    port: "${{var.port}}"       # published on 127.0.0.1; `bind` names another address
    context_length: 8192
    # env: {{ HF_HUB_OFFLINE: "1" }}
    # mounts: ["weights:/root/.cache/huggingface"]

# containers:
#   webui:
#     image: open-webui/open-webui:v0.6
#     env: {{ OPENAI_API_BASE_URL: "${{endpoint.chat.internal_url}}/v1" }}
#     ports: ["127.0.0.1:3000:8080"]

# volumes:
#   weights: {{}}

outputs:
  chat: "${{endpoint.chat.url}}/v1"
)yaml";

/// Writes a file that must not exist yet.
core::Result<void> write_new(const fs::path& file, std::string_view text) {
  const int descriptor = ::open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  if (descriptor < 0) {
    const int reason = errno;
    return make_error(reason == EEXIST ? ErrorCode::Conflict : ErrorCode::Failed,
                      fmt::format("{}: {}", file.string(), std::strerror(reason)));
  }
  const ssize_t written = ::write(descriptor, text.data(), text.size());
  const int reason = errno;
  ::close(descriptor);
  if (written != static_cast<ssize_t>(text.size())) {
    return make_error(ErrorCode::Failed,
                      fmt::format("{}: {}", file.string(), std::strerror(reason)));
  }
  return {};
}

/// A project name made of the directory's: what does not fit becomes a dash.
std::string project_name(const fs::path& directory) {
  std::string name = fs::weakly_canonical(fs::absolute(directory)).filename().string();
  for (char& c : name) {
    const bool upper = c >= 'A' && c <= 'Z';
    c = upper ? static_cast<char>(c - 'A' + 'a') : c;
    const bool fits = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    c = fits ? c : '-';
  }
  name.erase(0, name.find_first_not_of('-'));
  name.resize(std::min<std::size_t>(name.size(), 40));
  return name.empty() ? "lab" : name;
}

ExitCode run_init(const Arguments& arguments, App& app) {
  const fs::path directory = project_directory(arguments, app);
  std::error_code failed;
  fs::create_directories(directory, failed);
  const fs::path configuration = directory / "aim.yaml";
  if (const auto written = write_new(
          configuration, fmt::format(kConfiguration, fmt::arg("project", project_name(directory))));
      !written) {
    app.view().error(core::while_doing(written.error(), "while writing a new configuration"));
    return ExitCode::Error;
  }
  app.view().message(fmt::format("Wrote {}.", configuration.string()));
  const fs::path ignore = directory / ".gitignore";
  const auto present = read_file(ignore);
  if (!present && present.error().code == ErrorCode::NotFound) {
    if (const auto written = write_new(ignore, ".aim/\n"); !written) {
      app.view().error(written.error());
      return ExitCode::Error;
    }
    app.view().message(fmt::format("Wrote {}.", ignore.string()));
  } else if (present && ("\n" + *present).find("\n.aim/") == std::string::npos) {
    app.view().message(
        fmt::format("Add \".aim/\" to {}: the state does not belong in git.", ignore.string()));
  }
  app.view().message("Edit it, then run: aim plan");
  return ExitCode::Done;
}

}  // namespace

Command init_command() {
  return {"init",
          "write a commented aim.yaml",
          "Writes a commented aim.yaml, and a .gitignore for the state, into the directory. Never "
          "overwrites a file.",
          {},
          {},
          run_init};
}

}  // namespace aim::cmd
