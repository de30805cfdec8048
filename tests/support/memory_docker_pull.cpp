#include <fmt/format.h>

#include <algorithm>
#include <regex>

#include "core/secret.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kNoErrorMember = 52;  // 1.52: streams carry errorDetail alone

/// The registry's entry for a tag or a digest.
RegistryImage* find_in_registry(World& world, const std::string& ref) {
  const auto tag = world.registry_tags.find(ref);
  const auto found = world.manifests.find(
      tag == world.registry_tags.end() ? ref : repository_of(ref) + "@" + tag->second);
  return found == world.manifests.end() ? nullptr : &found->second;
}

/// "127.0.0.1:5000" of "127.0.0.1:5000/name:tag"; empty for the common registry.
std::string registry_host(const std::string& ref) {
  const std::size_t slash = ref.find('/');
  const std::string first = slash == std::string::npos ? "" : ref.substr(0, slash);
  const bool is_host = first.find_first_of(".:") != std::string::npos || first == "localhost";
  return is_host ? first : std::string();
}

/// The common registry is always there, any other while an image of it can be pulled.
bool registry_answers(const World& world, const std::string& host) {
  if (world.silent_registries.contains(host)) {
    return false;
  }
  return host.empty() || world.registry_logins.contains(host) ||
         std::any_of(world.manifests.begin(), world.manifests.end(), [&](const auto& entry) {
           return registry_host(entry.first) == host;
         });
}

/// The member of X-Registry-Auth, which is JSON in base64url.
std::string auth_member(const Request& request, const char* name) {
  const auto header = request.headers.find("x-registry-auth");
  if (header == request.headers.end()) {
    return {};
  }
  static constexpr std::string_view kAlphabet =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  std::string text;
  unsigned bits = 0;
  int count = 0;
  for (const char c : header->second) {
    const std::size_t digit = kAlphabet.find(c);
    if (digit == std::string_view::npos) {
      break;
    }
    bits = bits << 6U | static_cast<unsigned>(digit);
    count += 6;
    if (count >= 8) {
      count -= 8;
      text += static_cast<char>(bits >> static_cast<unsigned>(count) & 0xFFU);
    }
  }
  // The Engine decodes with padding; without it, as with anything else that is wrong, it goes on
  // as if there were none.
  boost::system::error_code wrong;
  const json::value parsed =
      header->second.size() % 4 == 0 ? json::parse(text, wrong) : json::value();
  return !wrong && parsed.is_object() ? text_at(parsed.get_object(), name) : std::string();
}

/// Why the registry of `ref` does not even say whether it has it.
std::optional<Answer> registry_refusal(const World& world,
                                       const Request& request,
                                       const std::string& ref,
                                       int status_of_wrong_password) {
  const std::string host = registry_host(ref);
  if (!registry_answers(world, host)) {
    const std::string shown = host.empty() ? "registry-1.docker.io" : host;
    return refusal(
        500,
        fmt::format("Get \"http://{0}/v2/\": dial tcp {0}: connect: connection refused", shown));
  }
  const auto login = world.registry_logins.find(host);
  if (login == world.registry_logins.end()) {
    return std::nullopt;
  }
  const std::string user = auth_member(request, "username");
  if (user.empty()) {
    const std::string repository = repository_of(ref).substr(host.empty() ? 0 : host.size() + 1);
    return refusal(500,
                   fmt::format("Head \"http://{}/v2/{}/manifests/{}\": no basic auth credentials",
                               host,
                               repository,
                               ref.substr(repository_of(ref).size() + 1)));
  }
  if (user != login->second.user || auth_member(request, "password") != login->second.password) {
    return refusal(status_of_wrong_password, "unauthorized: authentication required");
  }
  return std::nullopt;
}

std::string line(json::object object) { return json::serialize(object) + "\r\n"; }

struct PullLine {
  std::string text;
  std::chrono::milliseconds takes{0};
};

enum class Presence { Missing, Present };

/// `fails`: the error of the script comes while the last layer is fetched. What a failed pull has
/// fetched is not kept: the next one begins anew, as was seen on Docker 20.10.
std::vector<PullLine> pull_lines(
    const std::string& ref, const RegistryImage& image, Presence presence, bool fails, int minor) {
  std::vector<PullLine> lines;
  const std::string repository = repository_of(ref);
  lines.push_back(
      {line({{"status", "Pulling from " + repository}, {"id", ref.substr(repository.size() + 1)}}),
       {}});
  for (int i = 0; presence == Presence::Missing && i < image.script.layers; ++i) {
    const std::string id =
        core::sha256_hex(fmt::format("{}-layer-{}", image.digest, i)).substr(0, 12);
    const std::uint64_t total = image.script.layer_bytes;
    const auto say = [&](const char* status, json::object detail, std::chrono::milliseconds takes) {
      lines.push_back(
          {line({{"status", status}, {"progressDetail", std::move(detail)}, {"id", id}}), takes});
    };
    const auto half = image.script.time_per_layer / 2;
    say("Pulling fs layer", {}, {});
    say("Downloading", {{"current", total / 2}, {"total", total}}, half);
    if (fails && i + 1 == image.script.layers) {
      json::object failure{{"errorDetail", json::object{{"message", image.script.error}}}};
      if (minor < kNoErrorMember) {
        failure["error"] = image.script.error;
      }
      lines.push_back({line(failure), {}});
      return lines;
    }
    say("Downloading", {{"current", total}, {"total", total}}, half);
    say("Verifying Checksum", {}, {});
    say("Download complete", {}, {});
    say("Pull complete", {}, {});
  }
  lines.push_back({line({{"status", "Digest: " + image.digest}}), {}});
  lines.push_back({line({{"status",
                          (presence == Presence::Present ? "Status: Image is up to date for "
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
  if (std::optional<Answer> refused = registry_refusal(world, request, ref, 500)) {
    return std::move(*refused);
  }
  RegistryImage* found = find_in_registry(world, ref);
  if (found == nullptr) {
    const std::string repository = repository_of(ref);
    const bool known =
        !registry_host(ref).empty() ||
        std::any_of(world.manifests.begin(), world.manifests.end(), [&](const auto& e) {
          return repository_of(e.first) == repository;
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
  const PullScript& script = found->script;
  const bool fails =
      !script.error.empty() && (script.failing_pulls == 0 || found->pulls < script.failing_pulls);
  ++found->pulls;
  const std::string digest_ref = repository_of(ref) + "@" + found->digest;
  Image* local = world.image(digest_ref);
  const bool have_it = local != nullptr && (ref == digest_ref || local->tags.contains(ref));
  Answer answer;
  answer.next =
      [ref,
       fails,
       spec = found->spec,
       digest = found->digest,
       position = std::size_t{0},
       lines = pull_lines(
           ref, *found, have_it ? Presence::Present : Presence::Missing, fails, request.minor)](
          World& later) mutable {
        if (position == lines.size()) {
          return Step::end();
        }
        const PullLine& next = lines[position++];
        // The image is there when the last line is; a pull that is cut off before leaves nothing.
        if (position == lines.size() && !fails) {
          spec.ref = ref;
          add_image(later, spec, digest);
          later.emit("image", "pull", ref, {{"name", ref}});
        }
        return Step::piece(next.text, next.takes);
      };
  return answer;
}

Answer ask_registry(World& world, const Request& request, const std::string& reference) {
  const std::string ref = canonical_ref(reference);
  if (std::optional<Answer> refused = registry_refusal(world, request, ref, 401)) {
    return std::move(*refused);
  }
  const RegistryImage* found = find_in_registry(world, ref);
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
