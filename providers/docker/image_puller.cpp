#include "providers/docker/image_puller.hpp"

#include <fmt/format.h>

#include <array>
#include <boost/json.hpp>

#include "providers/docker/docker_limits.hpp"
#include "providers/docker/pull_progress.hpp"
#include "providers/docker/registry_errors.hpp"
#include "providers/http/json_lines.hpp"

namespace aim::providers {

namespace {

using core::ErrorCode;
using core::make_error;
using core::Result;
using std::chrono::seconds;

/// How long to wait before asking a registry again that is asked too much.
constexpr std::array<seconds, 3> kBackOff = {seconds(5), seconds(15), seconds(45)};

}  // namespace

Result<void> ImagePuller::pull(const PullReference& reference,
                               const std::string& platform,
                               const RegistryLogin& login,
                               core::Clock* clock,
                               const Listen& listen,
                               const Progress& progress,
                               std::stop_token stop) {
  const HttpRequest request = pull_request(reference, platform, login);
  std::size_t waited = 0;
  bool again = true;  // a damaged layer is fetched anew, once
  while (true) {
    Result<void> done = attempt(request, listen, progress, stop);
    if (done) {
      return done;
    }
    const RegistryProblem problem = is_from_engine(done.error())
                                        ? registry_problem(done.error().message)
                                        : RegistryProblem::Other;
    if (problem == RegistryProblem::DamagedBlob && again) {
      again = false;
      continue;
    }
    if (problem == RegistryProblem::RateLimited && clock != nullptr && waited < kBackOff.size()) {
      const seconds pause = kBackOff.at(waited++);
      progress({0, 0, fmt::format("the registry is asked too much: again in {}s", pause.count())});
      if (!clock->wait_for(pause, stop)) {
        return make_error(ErrorCode::Cancelled, "stopped");
      }
      continue;
    }
    return registry_error(done.error(), to_string(reference), login);
  }
}

Result<void> ImagePuller::attempt(const HttpRequest& request,
                                  const Listen& listen,
                                  const Progress& progress,
                                  std::stop_token stop) {
  while (true) {
    PullState state;
    JsonLines lines;
    Result<void> taken;
    std::uint64_t last_heard = heard_;
    const BodySink take = [&](std::string_view bytes) {
      const Result<void> fed = lines.feed(bytes, [&](const boost::json::object& line) {
        taken = state.take(line);
        if (taken) {
          progress(state.progress());
        }
        return taken.has_value();
      });
      if (taken && !fed) {
        taken = fed;
      }
      last_heard = ++heard_;
      return taken.has_value();
    };
    const Result<HttpResponse> answer = listen(request, take, limits::kPullSilence, stop);
    if (!taken) {
      return taken;
    }
    if (!answer && answer.error().code == ErrorCode::Timeout && heard_ != last_heard) {
      continue;
    }
    return answer ? lines.finish() : Result<void>(answer.error());
  }
}

}  // namespace aim::providers
