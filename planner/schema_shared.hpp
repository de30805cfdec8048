#pragma once

#include "planner/schema.hpp"
#include "planner/schema_members.hpp"

/// Attributes that more than one kind has; for the files of the tables only.
namespace aim::planner::shared {

using enum Type;
using enum OnChange;

inline constexpr double kMebi = 1024.0 * 1024.0;

inline constexpr std::string_view kPullChoices[] = {"missing", "always", "never"};

inline constexpr Attribute kImage = {
    .name = "image",
    .type = Image,
    .description = "Image to run. Without a tag and a digest, `:latest` is meant.",
    .required = true};
inline constexpr Attribute kEntrypoint = {
    .name = "entrypoint",
    .type = Strings,
    .description =
        "Replaces the image's entrypoint, and with it the image's command. An empty "
        "list takes the entrypoint away."};
inline constexpr Attribute kEnv = {.name = "env",
                                   .type = StringMap,
                                   .description = "Environment variables.",
                                   .format = Format::EnvironmentKeys};
inline constexpr Attribute kLabels = {
    .name = "labels",
    .type = StringMap,
    .description = "Labels on the Docker object. Those that begin with `dev.aim.` belong to aim.",
    .format = Format::LabelKeys};
inline constexpr Attribute kMounts = {
    .name = "mounts",
    .type = Mounts,
    .description =
        "What is mounted where: `volume-key:/path[:ro]`, `/on/the/host:/path[:ro]`, or "
        "the long form."};
inline constexpr Attribute kNetworks = {
    .name = "networks",
    .type = Networks,
    .on_change = InPlace,
    .description =
        "Keys of `networks` to join: a list, or a map with aliases and an address each. "
        "Left out: the project's network `default`."};
inline constexpr Attribute kRestart = {
    .name = "restart",
    .type = RestartPolicy,
    .on_change = InPlace,
    .description =
        "What Docker does when the container ends by itself: no, always, unless-stopped, "
        "on-failure or on-failure:N.",
    .default_text = "unless-stopped"};
inline constexpr Attribute kMemory = {
    .name = "memory",
    .type = Size,
    .on_change = InPlace,
    .description = "Memory limit; Docker takes no less than 6MiB. Left out: no limit.",
    .replace_when_removed = true,
    .minimum = 6 * kMebi};
inline constexpr Attribute kMemorySwap = {
    .name = "memory_swap",
    .type = Size,
    .on_change = InPlace,
    .description =
        "Limit of memory and swap together, or -1 for unlimited swap; needs `memory`. "
        "Left out: twice `memory`.",
    .minimum = -1};
inline constexpr Attribute kCpus = {.name = "cpus",
                                    .type = Number,
                                    .on_change = InPlace,
                                    .description =
                                        "How many CPUs' worth of time it gets, such as 1.5. "
                                        "Left out: no limit.",
                                    .replace_when_removed = true,
                                    .minimum = 0.01};
inline constexpr Attribute kShmSize = {.name = "shm_size",
                                       .type = Size,
                                       .description = "Size of /dev/shm. Left out: Docker's 64MiB.",
                                       .minimum = 1};
inline constexpr Attribute kUser = {
    .name = "user",
    .type = String,
    .description = "USER[:GROUP] that it runs as, names or numbers. Left out: the image's."};
inline constexpr Attribute kInit = {.name = "init",
                                    .type = Boolean,
                                    .description =
                                        "Whether Docker's small init process reaps zombies and "
                                        "forwards signals. Left out: the daemon's setting."};
inline constexpr Attribute kIpc = {.name = "ipc",
                                   .type = String,
                                   .description =
                                       "IPC namespace: none, private, shareable, host or "
                                       "container:NAME, NAME being a key of this configuration or "
                                       "a container on Docker. Left out: the daemon's setting.",
                                   .format = Format::IpcMode};
inline constexpr Attribute kFiles = {
    .name = "files",
    .type = Files,
    .on_change = InPlace,
    .description =
        "Files that are put into the container before it starts, by absolute path: text, "
        "or a map. A file that comes or goes needs a new container; a new content does "
        "not."};
inline constexpr Attribute kPull = {
    .name = "pull",
    .type = String,
    .on_change = Record,
    .description = "When the image is pulled before the container is made.",
    .default_text = "missing",
    .choices = kPullChoices};

/// Nothing here refers to a run-time value, so the whole table is built by the compiler.
consteval Attribute stop_grace_period(std::string_view fallback) {
  return {
      .name = "stop_grace_period",
      .type = Duration,
      .on_change = Record,
      .description = "How long it gets to end by itself when it is stopped, before it is killed.",
      .default_text = fallback};
}

consteval Attribute command(std::string_view description) {
  return {.name = "command", .type = Strings, .description = description};
}

consteval Attribute logging(std::string_view description, std::string_view fallback) {
  return {.name = "logging",
          .type = Object,
          .description = description,
          .default_text = fallback,
          .members = members::kLoggingMembers};
}

}  // namespace aim::planner::shared
