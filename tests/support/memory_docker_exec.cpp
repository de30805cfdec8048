#include <fmt/format.h>

#include <algorithm>

#include "tests/support/memory_docker_world.hpp"
#include "tests/support/tar_writer.hpp"

namespace aim::support::memory {

namespace {

ExecResult result_of(const World& world, const Container& container, const Exec& exec) {
  for (auto script = world.exec_scripts.rbegin(); script != world.exec_scripts.rend(); ++script) {
    const std::vector<std::string>& prefix = script->command;
    const bool same = prefix.size() <= exec.command.size() &&
                      std::equal(prefix.begin(), prefix.end(), exec.command.begin());
    if (same && script->match(container)) {
      return script->result;
    }
  }
  return {};
}

Answer run_exec(World& world, Exec& exec) {
  Answer answer;
  answer.content_type = "application/vnd.docker.raw-stream";
  answer.raw = true;
  if (exec.exit_code) {
    answer.body = frame(2, fmt::format("Error: Exec command {} has already run\r\n", exec.id));
    return answer;
  }
  const auto found = world.containers.find(exec.container_id);
  if (found == world.containers.end() || !found->second->alive()) {
    return refusal(409, fmt::format("Container {} is not running", exec.container_id));
  }
  const ExecResult result = result_of(world, *found->second, exec);
  exec.exit_code = result.exit_code;
  std::string command;
  for (const std::string& word : exec.command) {
    command += " " + word;
  }
  world.emit(*found->second, "exec_start:" + command);
  if (exec.want_stdout && !result.standard_output.empty()) {
    answer.body += exec.tty ? result.standard_output : frame(1, result.standard_output);
  }
  if (exec.want_stderr && !result.standard_error.empty()) {
    answer.body += exec.tty ? result.standard_error : frame(2, result.standard_error);
  }
  return answer;
}

std::string base64(const std::string& text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string encoded;
  std::uint32_t bits = 0;
  int held = 0;
  for (const char c : text) {
    bits = (bits << 8) | static_cast<unsigned char>(c);
    for (held += 8; held >= 6; held -= 6) {
      encoded += kDigits[(bits >> (held - 6)) & 63];
    }
  }
  if (held > 0) {
    encoded += kDigits[(bits << (6 - held)) & 63];
  }
  encoded.append((4 - encoded.size() % 4) % 4, '=');
  return encoded;
}

std::string base_name(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

Answer create_exec(World& world, const Request& request, Container& container) {
  Exec exec;
  exec.command = texts_at(request.body, "Cmd");
  if (exec.command.empty()) {
    return refusal(400, "No exec command specified");
  }
  if (container.status == core::ContainerStatus::Paused) {
    return refusal(
        409,
        fmt::format("Container {} is paused, unpause the container before exec", request.path[1]));
  }
  if (!container.alive()) {
    return refusal(409, fmt::format("Container {} is not running", container.id));
  }
  exec.id = world.make_id();
  exec.container_id = container.id;
  exec.tty = flag_at(request.body, "Tty");
  exec.want_stdout = flag_at(request.body, "AttachStdout");
  exec.want_stderr = flag_at(request.body, "AttachStderr");
  world.execs[exec.id] = exec;
  return json_answer(201, {{"Id", exec.id}});
}

Answer exec_call(World& world, const Request& request) {
  const auto found = world.execs.find(request.path[1]);
  if (found == world.execs.end()) {
    return refusal(404, "No such exec instance: " + request.path[1]);
  }
  Exec& exec = found->second;
  if (request.method == "POST" && request.path[2] == "start") {
    return run_exec(world, exec);
  }
  if (request.method == "GET" && request.path[2] == "json") {
    const json::value code = exec.exit_code ? json::value(*exec.exit_code) : json::value();
    return json_answer(
        200,
        {{"ID", exec.id},
         {"Running", false},
         {"ExitCode", code},
         {"ProcessConfig",
          json::object{
              {"tty", exec.tty},
              {"entrypoint", exec.command.front()},
              {"arguments", to_array({std::next(exec.command.begin()), exec.command.end()})},
              {"privileged", false}}},
         {"OpenStdin", false},
         {"OpenStderr", exec.want_stderr},
         {"OpenStdout", exec.want_stdout},
         {"CanRemove", false},
         {"ContainerID", exec.container_id},
         {"DetachKeys", ""},
         {"Pid", exec.exit_code ? 4243 : 0}});
  }
  return refusal(404, "page not found");
}

Answer archive_call(World& world, const Request& request, Container& container) {
  std::string path = request.parameter("path");
  const auto missing = [&] {
    return refusal(
        404, fmt::format("Could not find the file {} in container {}", path, request.path[1]));
  };
  if (request.method == "PUT") {
    const std::optional<std::vector<TarEntry>> entries = read_tar(request.raw_body);
    if (!entries) {
      return refusal(500, "Error processing tar file(exit status 1): unexpected EOF");
    }
    if (flag_at(container.host, "ReadonlyRootfs")) {
      return refusal(500, "container rootfs is marked read-only");
    }
    if (path.back() != '/') {
      path += '/';
    }
    for (const TarEntry& entry : *entries) {
      if (entry.kind == TarEntry::Kind::File) {
        container.files[path + entry.path] = entry.content;
        container.file_owners[path + entry.path] =
            fmt::format("{:04o} {}:{}", entry.mode, entry.uid, entry.gid);
      }
    }
    world.emit(container, "extract-to-dir");
    return empty_answer(200);
  }
  const auto found = container.files.find(path);
  if (found == container.files.end()) {
    return missing();
  }
  const std::string name = base_name(path);
  Answer answer;
  answer.content_type = "application/x-tar";
  answer.headers["x-docker-container-path-stat"] =
      base64(json::serialize(json::object{{"name", name},
                                          {"size", found->second.size()},
                                          {"mode", 0644},
                                          {"mtime", "1970-01-01T00:00:00Z"},
                                          {"linkTarget", ""}}));
  if (request.method == "GET") {
    TarEntry entry;
    entry.path = name;
    entry.content = found->second;
    const std::string& owner = container.file_owners.at(path);
    entry.mode = static_cast<std::uint32_t>(std::stoul(owner, nullptr, 8));
    entry.uid = static_cast<std::uint32_t>(std::stoul(owner.substr(owner.find(' '))));
    entry.gid = static_cast<std::uint32_t>(std::stoul(owner.substr(owner.find(':') + 1)));
    answer.body = write_tar({entry});
  } else {
    answer.content_type.clear();
  }
  return answer;
}

}  // namespace aim::support::memory
