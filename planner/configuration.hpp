#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/diagnostic.hpp"
#include "core/document.hpp"
#include "core/value.hpp"

namespace aim::planner {

/// A file of configuration, already read. `name` is as the user would write it.
struct ConfigurationFile {
  std::string name;
  std::string text;
};

/// What the surroundings give, handed in by cmd: nothing here reads them itself.
struct ConfigurationInput {
  std::vector<ConfigurationFile> files;                      ///< aim.yaml and every *.aim.yaml
  std::vector<ConfigurationFile> variable_files;             ///< lowest precedence first
  std::map<std::string, std::string> environment_variables;  ///< AIM_VAR_x as x -> text
  std::vector<std::pair<std::string, std::string>> flag_variables;  ///< --var name=text, in order
  std::string workspace = "default";
  /// Value of an environment variable, for ${env:N}.
  std::function<std::optional<std::string>(const std::string&)> environment;
  /// Contents of a file, for ${file:PATH}; the path is resolved against the file that names it.
  std::function<core::Result<std::string>(const std::string& path, const std::string& relative_to)>
      read_file;
};

/// What `replace_triggered_by` watches: a resource, or one attribute of it.
struct Trigger {
  core::Address address;
  std::string attribute;  ///< empty: any
  bool operator==(const Trigger&) const = default;
};

struct Lifecycle {
  bool prevent_destroy = false;
  bool retain = false;      ///< on_destroy: retain; the default of volumes
  bool ignore_all = false;  ///< ignore_changes: all
  std::vector<core::Path> ignore_changes;
  std::vector<Trigger> replace_triggered_by;
  bool operator==(const Lifecycle&) const = default;
};

struct DesiredResource {
  core::Address address;
  core::Map attributes;  ///< canonical (planner/schema.hpp); defaults filled in; may hold templates
  core::Positions positions;                ///< of the attributes, by path
  core::SourceRange range;                  ///< of the resource's key
  std::vector<std::string> defaulted;       ///< attributes that came from the table
  std::vector<core::Address> dependencies;  ///< depends_on, references, networks, volumes; sorted
  std::string docker_name;
  bool named = false;  ///< `name` gives it, so it is no default that a moved object could lack
  bool external = false;
  bool delete_data = false;  ///< of a volume, `replace: delete_data`: it may be replaced
  Lifecycle lifecycle;
};

/// An entry of `moved`: what state knows as `from` is `to` from now on.
struct Move {
  core::Address from;
  core::Address to;
  core::SourceRange range;
};

/// An entry of `removed`.
struct RemovedEntry {
  core::Address from;  ///< without a key: all that `for_each` made of it as well
  std::optional<bool> destroy;
  core::SourceRange range;
};

struct DesiredOutput {
  core::Value value;
  std::vector<core::Address> dependencies;  ///< resources it refers to; sorted
  bool sensitive = false;
  std::string description;
  core::SourceRange range;
  core::Positions positions;
};

/// hosts.local.gpus: the GPUs that are expected of the host.
struct DeclaredGpus {
  std::string model;  ///< of core/gpu_models.hpp; empty: nothing was declared but `exclude`
  int count = 0;
  std::vector<std::string> exclude;  ///< indices or ids, not handed out; sorted, each once
  core::SourceRange range;           ///< of the key
};

struct VariableValue {
  core::Value value;
  bool sensitive = false;
  std::string origin;  ///< "default", "AIM_VAR_x", a file's name, "--var"
  bool operator==(const VariableValue&) const = default;
};

/// What becomes of the rest of an apply when a part of it fails.
enum class OnFailure {
  Rollback,  ///< everything returns to the previous deployment
  Keep       ///< what succeeded is committed; what failed and what needs it is undone
};

/// "rollback" or "keep"; nothing for another word.
[[nodiscard]] std::optional<OnFailure> on_failure_from(std::string_view word);

/// The whole configuration as desired resources, in order of address.
struct Configuration {
  std::string project;
  std::string workspace;
  std::optional<std::string> docker_host;  ///< hosts.local.docker
  std::optional<DeclaredGpus> gpus;        ///< hosts.local.gpus
  std::optional<std::string> state_path;   ///< state.path, as written
  std::map<core::Address, DesiredResource> resources;
  std::map<std::string, DesiredOutput> outputs;
  std::map<std::string, VariableValue> variables;
  /// Sensitive variables that are not set here, and where they are declared: enough for a plan,
  /// which takes for unchanged what is made of them, but not for an apply.
  std::map<std::string, core::SourceRange> unset_variables;
  OnFailure on_failure = OnFailure::Rollback;
  std::vector<Move> moved;  ///< in order of the files; no cycles, no two with one `from` or `to`
  std::vector<RemovedEntry> removed;
  std::string digest;  ///< SHA-256 over names and texts of all files, in order of name
};

/// Reads, merges, interpolates and checks. Reports everything it finds; what is returned is
/// usable only if `diagnostics` has no errors. The texts are added to `sources`.
[[nodiscard]] Configuration load_configuration(const ConfigurationInput& input,
                                               core::SourceFiles& sources,
                                               core::Diagnostics& diagnostics);

/// "lab-webui", "lab-staging-webui", "lab-embed-us-east-1-3f0c9e" (keys get a slug and 6 hex
/// digits of their SHA-256).
[[nodiscard]] std::string default_docker_name(const std::string& project,
                                              const std::string& workspace,
                                              const core::Address& address);

/// The name by which others on its networks reach a resource: its own, for an instance with the
/// slug and digits of its key: "embed-us-east-1-3f0c9e".
[[nodiscard]] std::string network_alias(const core::Address& address);

/// What a bare name in `networks` or `mounts` means: "data", or `data["key"]`. ErrorCode::Invalid
/// when it cannot be the name of a resource.
[[nodiscard]] core::Result<core::Address> local_address(core::Kind kind, const std::string& text);

/// Prefix of the salt of a resource's secrets: "project/workspace/address".
[[nodiscard]] std::string secret_salt(const std::string& project,
                                      const std::string& workspace,
                                      const core::Address& address);

}  // namespace aim::planner
