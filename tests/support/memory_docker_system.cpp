#include <fmt/format.h>

#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

struct Release {
  int minor;
  const char* server_version;
  const char* least_api;
};

// Which Engine first spoke a version, and the oldest version it took.
constexpr Release kReleases[] = {{41, "20.10.24", "1.12"},
                                 {42, "23.0.6", "1.12"},
                                 {43, "24.0.9", "1.12"},
                                 {44, "25.0.5", "1.24"},
                                 {45, "26.1.4", "1.24"},
                                 {46, "27.1.2", "1.24"},
                                 {47, "27.5.1", "1.24"},
                                 {48, "28.0.4", "1.24"},
                                 {49, "28.1.1", "1.24"},
                                 {50, "28.2.2", "1.24"},
                                 {51, "28.5.2", "1.24"},
                                 {52, "29.0.4", "1.44"},
                                 {53, "29.2.1", "1.44"},
                                 {54, "29.3.1", "1.40"},
                                 {55, "29.6.0", "1.40"},
                                 {56, "29.7.0", "1.40"}};

const Release& release_of(const World& world) {
  for (const Release& release : kReleases) {
    if (release.minor == world.newest_minor) {
      return release;
    }
  }
  return kReleases[0];
}

Answer ping(World& world, const Request& request) {
  Answer answer;
  answer.content_type = "text/plain; charset=utf-8";
  answer.body = request.method == "HEAD" ? "" : "OK";
  answer.headers["cache-control"] = "no-cache, no-store, must-revalidate";
  if (!world.options.podman.empty()) {
    answer.headers["libpod-api-version"] = world.options.podman;
  } else if (world.newest_minor >= 42) {
    answer.headers["swarm"] = "inactive";
  }
  return answer;
}

Answer version(World& world) {
  const Release& release = release_of(world);
  const json::object engine{{"Name", "Engine"},
                            {"Version", release.server_version},
                            {"Details",
                             json::object{{"ApiVersion", world.options.api_version},
                                          {"MinAPIVersion", release.least_api}}}};
  return json_answer(200,
                     {{"Platform", json::object{{"Name", ""}}},
                      {"Components", json::array{engine}},
                      {"Version", release.server_version},
                      {"ApiVersion", world.options.api_version},
                      {"MinAPIVersion", release.least_api},
                      {"Os", "linux"},
                      {"Arch", "amd64"},
                      {"KernelVersion", "6.1.0"}});
}

Answer info(World& world) {
  std::int64_t running = 0;
  std::int64_t paused = 0;
  for (const auto& [id, container] : world.containers) {
    running += container->status == core::ContainerStatus::Running ? 1 : 0;
    paused += container->status == core::ContainerStatus::Paused ? 1 : 0;
  }
  const auto total = static_cast<std::int64_t>(world.containers.size());
  json::object runtimes{{"runc", json::object{{"path", "runc"}}}};
  for (const std::string& runtime : world.options.runtimes) {
    runtimes[runtime] = json::object{{"path", runtime}};
  }
  return json_answer(200,
                     {{"ID", "MEMO:RYDO:CKER"},
                      {"Containers", total},
                      {"ContainersRunning", running},
                      {"ContainersPaused", paused},
                      {"ContainersStopped", total - running - paused},
                      {"Images", world.images.size()},
                      {"Driver", "memory"},
                      {"LoggingDriver", "json-file"},
                      {"CgroupDriver", "cgroupfs"},
                      {"CgroupVersion", "2"},
                      {"OperatingSystem", "Memory"},
                      {"OSType", "linux"},
                      {"Architecture", "x86_64"},
                      {"NCPU", world.options.cpus},
                      {"MemTotal", world.options.memory_bytes},
                      {"GenericResources", nullptr},
                      {"DockerRootDir", "/var/lib/docker"},
                      {"Name", world.options.host_name},
                      {"Labels", json::array()},
                      {"ServerVersion", release_of(world).server_version},
                      {"Runtimes", runtimes},
                      {"DefaultRuntime", "runc"},
                      {"Swarm", json::object{{"NodeID", ""}, {"LocalNodeState", "inactive"}}},
                      {"LiveRestoreEnabled", false},
                      {"SecurityOptions", json::array{"name=seccomp,profile=default"}},
                      {"Warnings", nullptr}});
}

}  // namespace

std::optional<Answer> check_version(const World& world, const std::string& asked, int minor) {
  const Release& release = release_of(world);
  const std::string least(release.least_api);
  if (minor > world.newest_minor) {
    return refusal(400,
                   fmt::format("client version {} is too new. Maximum supported API version is {}",
                               asked,
                               world.options.api_version));
  }
  if (minor < std::stoi(least.substr(2))) {
    Answer answer;
    answer.status = 400;
    answer.content_type = "text/plain; charset=utf-8";
    answer.body = fmt::format(
        "client version {} is too old. Minimum supported API version is {}, please upgrade your "
        "client to a newer version\n",
        asked,
        least);
    return answer;
  }
  return std::nullopt;
}

std::string server_version(const World& world) { return release_of(world).server_version; }

Answer system_call(World& world, const Request& request) {
  const std::string& what = request.path.front();
  const bool reads = request.method == "GET" || request.method == "HEAD";
  if (request.path.size() == 1 && reads && what == "_ping") {
    return ping(world, request);
  }
  if (request.path.size() == 1 && request.method == "GET" && what == "version") {
    return version(world);
  }
  if (request.path.size() == 1 && request.method == "GET" && what == "info") {
    return info(world);
  }
  return refusal(404, "page not found");
}

}  // namespace aim::support::memory
