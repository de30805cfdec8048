#include "providers/host/linux_host.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <pwd.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <fstream>
#include <map>
#include <sstream>

#include "providers/host/interfaces.hpp"

namespace aim::providers {

namespace fs = std::filesystem;
using core::HostFacts;
using core::HostPort;
using core::HostSocket;
using core::PathKind;

namespace {

/// Contents of a file below /proc; empty if it cannot be read.
std::string contents(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  text << stream.rdbuf();
  return std::move(text).str();
}

std::string link_target(const fs::path& link) {
  std::error_code failed;
  const fs::path target = fs::read_symlink(link, failed);
  return failed ? std::string() : target.string();
}

std::string user_name(unsigned uid) {
  struct passwd entry {};
  struct passwd* found = nullptr;
  std::array<char, 4096> buffer{};
  const bool known =
      getpwuid_r(uid, &entry, buffer.data(), buffer.size(), &found) == 0 && found != nullptr;
  return known ? found->pw_name : fmt::format("{}", uid);
}

PathKind kind_of(const std::string& path) {
  struct stat about {};

  if (stat(path.c_str(), &about) != 0) {
    return errno == ENOENT || errno == ENOTDIR ? PathKind::Missing : PathKind::Unknown;
  }
  return S_ISDIR(about.st_mode)                             ? PathKind::Folder
         : S_ISREG(about.st_mode)                           ? PathKind::File
         : S_ISCHR(about.st_mode) || S_ISBLK(about.st_mode) ? PathKind::Device
                                                            : PathKind::Other;
}

/// Plugins that the Engine starts at their first use announce themselves by a file.
/// Source: Docker's documentation, "Docker Plugin API", plugin discovery.
bool announced(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return false;
  }
  const std::array<std::string, 6> places = {"/run/docker/plugins/" + name + ".sock",
                                             "/run/docker/plugins/" + name + "/" + name + ".sock",
                                             "/etc/docker/plugins/" + name + ".spec",
                                             "/etc/docker/plugins/" + name + ".json",
                                             "/usr/lib/docker/plugins/" + name + ".spec",
                                             "/usr/lib/docker/plugins/" + name + ".json"};
  return std::any_of(places.begin(), places.end(), [](const std::string& place) {
    return kind_of(place) != PathKind::Missing;
  });
}

std::optional<core::DiskSpace> space_of(std::string folder) {
  struct statvfs about {};

  // Docker's folder is closed to other users; the one above it is most often on the same disk.
  while (statvfs(folder.c_str(), &about) != 0) {
    const std::string parent = fs::path(folder).parent_path().string();
    if (parent == folder || parent.empty()) {
      return std::nullopt;
    }
    folder = parent;
  }
  return core::DiskSpace{about.f_bavail * about.f_frsize, about.f_blocks * about.f_frsize};
}

}  // namespace

LinuxHost::LinuxHost(HttpEndpoint docker, fs::path root)
    : docker_(std::move(docker)), root_(std::move(root)) {}

std::string LinuxHost::why_elsewhere(const core::EngineInfo& info) const {
  if (docker_.scheme == HttpEndpoint::Scheme::Tcp && !is_own_address(docker_.host)) {
    return fmt::format("it is reached at {}, which is no address of this host", docker_.host);
  }
  if (docker_.scheme != HttpEndpoint::Scheme::Tcp && docker_.scheme != HttpEndpoint::Scheme::Unix) {
    return "it is reached through another program";
  }
  if (info.rootless) {
    return "it is rootless and sees the host from namespaces of its own";
  }

  struct utsname own {};

  uname(&own);
  if (info.name != own.nodename) {
    return fmt::format("its host is called \"{}\" and this one \"{}\"", info.name, own.nodename);
  }
  if (!info.kernel_version.empty() && info.kernel_version != own.release) {
    return fmt::format("its kernel is {} and the one here is {}", info.kernel_version, own.release);
  }
  const PathKind data = info.data_root.empty() ? PathKind::Unknown : kind_of(info.data_root);
  if (data == PathKind::Missing) {
    return fmt::format("its data folder {} does not exist here", info.data_root);
  }
  if (docker_.scheme == HttpEndpoint::Scheme::Unix) {
    const auto pid = listening_process(docker_.path);
    if (pid && *pid == 0) {
      return "the process behind its socket is not in sight of this one";
    }
    for (const char* space : {"net", "mnt"}) {
      const std::string mine = link_target(root_ / "proc/self/ns" / space);
      const std::string theirs =
          pid ? link_target(root_ / "proc" / std::to_string(*pid) / "ns" / space) : std::string();
      if (!mine.empty() && !theirs.empty() && mine != theirs) {
        return fmt::format("it runs in another {} namespace",
                           std::string_view(space) == "net" ? "network" : "mount");
      }
    }
  }
  return {};
}

std::vector<HostSocket> LinuxHost::sockets(const std::set<HostPort>& ports) const {
  std::vector<HostSocket> found;
  std::vector<SocketRow> rows;
  for (const char* protocol : {"tcp", "udp"}) {
    for (const char* family : {"", "6"}) {
      const fs::path table = root_ / "proc/net" / (std::string(protocol) + family);
      for (SocketRow& row : parse_sockets(contents(table), protocol)) {
        const HostPort port{protocol, row.port};
        if (!ports.contains(port)) {
          continue;
        }
        HostSocket socket;
        socket.port = port;
        socket.address = row.address;
        socket.user = user_name(row.uid);
        found.push_back(std::move(socket));
        rows.push_back(std::move(row));
      }
    }
  }
  for (HostSocket& socket : found) {
    socket.also_ipv4 = socket.address == "::" && !can_bind_ipv4(socket.port);
  }
  find_programs(found, rows);
  return found;
}

void LinuxHost::find_programs(std::vector<HostSocket>& sockets,
                              const std::vector<SocketRow>& rows) const {
  if (sockets.empty()) {
    return;
  }
  std::map<std::string, std::size_t> by_link;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    by_link.emplace(fmt::format("socket:[{}]", rows[i].inode), i);
  }
  std::error_code failed;
  for (const fs::directory_entry& process : fs::directory_iterator(root_ / "proc", failed)) {
    const std::string name = process.path().filename().string();
    if (name.find_first_not_of("0123456789") != std::string::npos) {
      continue;
    }
    std::error_code closed;
    for (const fs::directory_entry& file : fs::directory_iterator(process.path() / "fd", closed)) {
      const auto held = by_link.find(link_target(file.path()));
      if (held == by_link.end() || sockets[held->second].pid != 0) {
        continue;
      }
      HostSocket& socket = sockets[held->second];
      socket.pid = std::stoll(name);
      socket.program = contents(process.path() / "comm");
      while (socket.program.ends_with('\n')) {
        socket.program.pop_back();
      }
      socket.container = container_of_cgroup(contents(process.path() / "cgroup"));
    }
  }
}

HostFacts LinuxHost::look(const core::EngineInfo& info, const core::HostQuestions& questions) {
  HostFacts facts;
  facts.why_not = why_elsewhere(info);
  facts.here = facts.why_not.empty();
  if (!facts.here) {
    return facts;
  }
  if (!questions.ports.empty()) {
    facts.sockets = sockets(questions.ports);
  }
  for (const std::string& path : questions.paths) {
    facts.paths.emplace(path, kind_of(path));
  }
  std::copy_if(questions.plugins.begin(),
               questions.plugins.end(),
               std::inserter(facts.plugins, facts.plugins.end()),
               announced);
  if (!questions.addresses.empty()) {
    facts.missing_addresses = not_own_addresses(questions.addresses);
  }
  if (questions.routes) {
    facts.routes = parse_ipv4_routes(contents(root_ / "proc/net/route"));
    for (core::HostRoute& route : parse_ipv6_routes(contents(root_ / "proc/net/ipv6_route"))) {
      facts.routes.push_back(std::move(route));
    }
  }
  if (questions.volume) {
    facts.space = space_of(*questions.volume);
  }
  return facts;
}

}  // namespace aim::providers
