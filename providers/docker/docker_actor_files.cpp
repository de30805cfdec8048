#include <fmt/format.h>

#include "providers/docker/docker_actor.hpp"
#include "providers/docker/docker_limits.hpp"
#include "providers/docker/tar.hpp"

namespace aim::providers {

using core::CallOutcome;
using core::Result;

Result<CallOutcome> DockerEngine::Actor::operator()(const core::PutFiles& call) {
  Result<HttpRequest> request = encode(call);
  if (!request) {
    return request.error();
  }
  const Result<HttpResponse> answer = ask(std::move(*request), limits::kChange);
  return answer ? Result<CallOutcome>(CallOutcome{}) : answer.error();
}

Result<CallOutcome> DockerEngine::Actor::operator()(const core::CopyFiles& call) {
  std::vector<TarFile> files;
  for (const auto& [from, to] : call.paths) {
    const Result<HttpResponse> answer =
        ask(get_archive_request(call.container, from), limits::kChange);
    if (!answer) {
      return answer.error();
    }
    Result<TarFile> file = only_file_of(answer->body);
    if (!file) {
      return core::while_doing(file.error(), "while reading " + from);
    }
    file->path = to.substr(to.starts_with('/') ? 1 : 0);
    files.push_back(std::move(*file));
  }
  const Result<HttpResponse> put =
      ask(put_archive_request(call.container, tar_archive(files)), limits::kChange);
  return put ? Result<CallOutcome>(CallOutcome{}) : put.error();
}

}  // namespace aim::providers
