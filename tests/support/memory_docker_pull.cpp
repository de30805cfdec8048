#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "core/secret.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kNoErrorMember = 52;  // 1.52: streams carry errorDetail alone

/// The registry's entry for a tag or a digest.
const RegistryImage* find_in_registry(const World& world, const std::string& ref) {
  if (const auto tagged = world.registry.find(ref); tagged != world.registry.end()) {
    return &tagged->second;
  }
  const std::size_t at = ref.find('@');
  if (at == std::string::npos) {
    return nullptr;
  }
  for (const auto& [tag, image] : world.registry) {
    if (repository_of(tag) == ref.substr(0, at) && image.digest == ref.substr(at + 1)) {
      return &image;
    }
  }
  return nullptr;
}

/// "127.0.0.1:5000" of "127.0.0.1:5000/name:tag"; empty for the common registry.
std::string registry_host(const std::string& ref) {
  const std::size_t slash = ref.find('/');
  const std::string first = slash == std::string::npos ? "" : ref.substr(0, slash);
  const bool is_host = first.find_first_of(".:") != std::string::npos || first == "localhost";
  return is_host ? first : std::string();
}

/// The common registry is always there, any other while an image of it can be pulled.
bool registry_answers(const World& world, const std::string& ref) {
  const std::string host = registry_host(ref);
  return host.empty() ||
         std::any_of(world.registry.begin(), world.registry.end(), [&](const auto& entry) {
           return registry_host(entry.first) == host;
         });
}

std::string line(json::object object) { return json::serialize(object) + "\r\n"; }

struct PullLine {
  std::string text;
  std::chrono::milliseconds takes{0};
};

std::vector<PullLine> pull_lines(const std::string& ref,
                                 const RegistryImage& image,
                                 bool have_it,
                                 int minor) {
  std::vector<PullLine> lines;
  const std::string repository = repository_of(ref);
  lines.push_back(
      {line({{"status", "Pulling from " + repository}, {"id", ref.substr(repository.size() + 1)}}),
       {}});
  for (int i = 0; !have_it && i < image.script.layers; ++i) {
    const std::string id =
        core::sha256_hex(fmt::format("{}-layer-{}", image.digest, i)).substr(0, 12);
    const std::uint64_t total = image.script.layer_bytes;
    const auto say = [&](const char* status, json::object detail, std::chrono::milliseconds takes) {
      lines.push_back(
          {line({{"status", status}, {"progressDetail", std::move(detail)}, {"id", id}}), takes});
    };
    say("Pulling fs layer", {}, {});
    say("Downloading", {{"current", total / 2}, {"total", total}}, image.script.time_per_layer / 2);
    if (!image.script.error.empty()) {
      json::object failure{{"errorDetail", json::object{{"message", image.script.error}}}};
      if (minor < kNoErrorMember) {
        failure["error"] = image.script.error;
      }
      lines.push_back({line(failure), {}});
      return lines;
    }
    say("Downloading", {{"current", total}, {"total", total}}, image.script.time_per_layer / 2);
    say("Download complete", {}, {});
    say("Pull complete", {}, {});
  }
  lines.push_back({line({{"status", "Digest: " + image.digest}}), {}});
  lines.push_back({line({{"status",
                          (have_it ? "Status: Image is up to date for "
                                   : "Status: Downloaded newer image for ") +
                              ref}}),
                   {}});
  return lines;
}

}  // namespace

Answer pull_image(World& world, const Request& request) {
  std::string ref = request.parameter("fromImage");
  const std::string tag = request.parameter("tag");
  if (!tag.empty()) {
    ref += (tag.starts_with("sha256:") ? "@" : ":") + tag;
  }
  ref = canonical_ref(ref);
  static const std::regex kValid("[a-z0-9][a-z0-9._/:-]*([:@][A-Za-z0-9_.:-]+)?");
  if (!std::regex_match(ref, kValid)) {
    return refusal(400, "invalid reference format: repository name must be lowercase");
  }
  const RegistryImage* found = find_in_registry(world, ref);
  if (found == nullptr && !registry_answers(world, ref)) {
    const std::string host = registry_host(ref);
    return refusal(
        500,
        fmt::format("Get \"http://{0}/v2/\": dial tcp {0}: connect: connection refused", host));
  }
  if (found == nullptr) {
    const std::string repository = repository_of(ref);
    const bool known =
        std::any_of(world.registry.begin(), world.registry.end(), [&](const auto& entry) {
          return repository_of(entry.first) == repository;
        });
    return refusal(404,
                   known ? fmt::format("manifest for {} not found: manifest unknown: manifest "
                                       "unknown",
                                       ref)
                         : fmt::format("pull access denied for {}, repository does not exist "
                                       "or may require 'docker login': denied: requested "
                                       "access to the resource is denied",
                                       repository));
  }
  if (found->script.refuse_status != 0) {
    return refusal(found->script.refuse_status, found->script.error);
  }
  const std::string digest_ref = repository_of(ref) + "@" + found->digest;
  Image* local = world.image(digest_ref);
  const bool have_it = local != nullptr && (ref == digest_ref || local->tags.contains(ref));
  Answer answer;
  answer.next = [ref,
                 image = *found,
                 position = std::size_t{0},
                 lines = pull_lines(ref, *found, have_it, request.minor)](World& later) mutable {
    if (position == lines.size()) {
      return Step::end();
    }
    const PullLine& next = lines[position++];
    // The image is there when the last line is; a pull that is cut off before leaves nothing.
    if (position == lines.size() && image.script.error.empty()) {
      FakeImage spec = image.spec;
      spec.ref = ref;
      add_image(later, spec, image.digest);
      later.emit("image", "pull", ref, {{"name", ref}});
    }
    return Step::piece(next.text, next.takes);
  };
  return answer;
}

Answer ask_registry(const World& world, const std::string& reference) {
  const RegistryImage* found = find_in_registry(world, canonical_ref(reference));
  if (found == nullptr) {
    return refusal(404, "manifest unknown: manifest unknown");
  }
  if (found->script.refuse_status != 0) {
    return refusal(found->script.refuse_status, found->script.error);
  }
  return json_answer(
      200,
      {{"Descriptor",
        {{"mediaType", "application/vnd.docker.distribution.manifest.v2+json"},
         {"digest", found->digest},
         {"size", 1234}}},
       {"Platforms",
        json::array{json::object{{"architecture", found->spec.architecture}, {"os", "linux"}}}}});
}

}  // namespace aim::support::memory
