#include <fmt/format.h>

#include <algorithm>

#include "core/secret.hpp"
#include "tests/support/memory_docker_world.hpp"

namespace aim::support::memory {

namespace {

constexpr int kNoContainerConfig = 45;   // 1.45
constexpr int kNoEmptyImageConfig = 52;  // 1.52

json::object keys_of(const std::vector<std::string>& names) {
  json::object object;
  for (const std::string& name : names) {
    object.emplace(name, json::object());
  }
  return object;
}

json::value array_or_null(const std::vector<std::string>& texts) {
  return texts.empty() ? json::value() : json::value(to_array(texts));
}

json::object image_config(const FakeImage& spec, int minor) {
  json::object config{{"User", spec.user},
                      {"Env", array_or_null(spec.env)},
                      {"Cmd", array_or_null(spec.cmd)},
                      {"Entrypoint", array_or_null(spec.entrypoint)},
                      {"WorkingDir", spec.working_dir},
                      {"Volumes", spec.volumes.empty() ? json::value() : keys_of(spec.volumes)},
                      {"OnBuild", nullptr},
                      {"Labels", spec.labels.empty() ? json::value() : to_object(spec.labels)}};
  if (!spec.exposed.empty()) {
    config["ExposedPorts"] = keys_of(spec.exposed);
  }
  if (!spec.healthcheck.empty()) {
    config["Healthcheck"] = json::object{{"Test", to_array(spec.healthcheck)}};
  }
  if (minor >= kNoEmptyImageConfig) {
    std::vector<std::string> empty;
    for (const json::key_value_pair& member : config) {
      const bool no_text = member.value().is_string() && member.value().get_string().empty();
      if (member.value().is_null() || no_text) {
        empty.emplace_back(member.key());
      }
    }
    for (const std::string& key : empty) {
      config.erase(key);
    }
  } else {
    config["Hostname"] = "";
    config["Domainname"] = "";
    config["Tty"] = false;
    config["Image"] = "";
  }
  return config;
}

json::object image_json(const Image& image, int minor) {
  constexpr std::int64_t kSize = 1'982'291;
  json::object body{{"Id", image.id},
                    {"RepoTags", to_array({image.tags.begin(), image.tags.end()})},
                    {"RepoDigests", to_array({image.digests.begin(), image.digests.end()})},
                    {"Parent", ""},
                    {"Comment", ""},
                    {"Created", rfc3339(image.created)},
                    {"DockerVersion", ""},
                    {"Author", ""},
                    {"Config", image_config(image.spec, minor)},
                    {"Architecture", image.spec.architecture},
                    {"Os", "linux"},
                    {"Size", kSize},
                    {"GraphDriver", json::object{{"Data", nullptr}, {"Name", "memory"}}},
                    {"RootFS", json::object{{"Type", "layers"}, {"Layers", json::array()}}},
                    {"Metadata", json::object{{"LastTagTime", rfc3339(image.created)}}}};
  if (minor < kNoContainerConfig) {
    body["Container"] = "";
    body["ContainerConfig"] = json::object();
    body["VirtualSize"] = kSize;
  }
  return body;
}

void apply_change(FakeImage& spec, const std::string& change) {
  const std::size_t space = change.find(' ');
  const std::string word = change.substr(0, space);
  const std::string rest = space == std::string::npos ? "" : change.substr(space + 1);
  const auto list = [&] {
    std::vector<std::string> texts;
    boost::system::error_code wrong;
    const json::value parsed = json::parse(rest, wrong);
    return wrong ? std::vector<std::string>{rest} : texts_at({{"list", parsed}}, "list");
  };
  if (word == "CMD") {
    spec.cmd = list();
  } else if (word == "ENTRYPOINT") {
    spec.entrypoint = list();
  } else if (word == "ENV") {
    spec.env.push_back(rest);
  } else if (word == "EXPOSE") {
    spec.exposed.push_back(rest);
  } else if (word == "VOLUME") {
    spec.volumes.push_back(rest);
  } else if (word == "USER") {
    spec.user = rest;
  } else if (word == "WORKDIR") {
    spec.working_dir = rest;
  } else if (word == "LABEL") {
    const std::size_t equals = rest.find('=');
    spec.labels[rest.substr(0, equals)] = rest.substr(equals + 1);
  }
}

Answer import(World& world, const Request& request) {
  FakeImage spec;
  const std::string tag = request.parameter("tag");
  spec.ref = request.parameter("repo") + (tag.empty() ? "" : ":" + tag);
  spec.content = core::sha256_hex(request.raw_body);
  const auto [first, last] = request.query.equal_range("changes");
  for (auto change = first; change != last; ++change) {
    apply_change(spec, change->second);
  }
  const Image& image = add_image(world, spec, "");
  Answer answer;
  answer.body = json::serialize(json::object{{"status", image.id}}) + "\r\n";
  return answer;
}

Answer list_images(World& world) {
  json::array list;
  for (const auto& [id, image] : world.images) {
    list.push_back(json::object{
        {"Containers", -1},
        {"Created", image.created / 1'000'000'000},
        {"Id", id},
        {"Labels", image.spec.labels.empty() ? json::value() : to_object(image.spec.labels)},
        {"ParentId", ""},
        {"RepoDigests", array_or_null({image.digests.begin(), image.digests.end()})},
        {"RepoTags", array_or_null({image.tags.begin(), image.tags.end()})},
        {"SharedSize", -1},
        {"Size", 1'982'291}});
  }
  return json_answer(200, list);
}

Answer remove_image(World& world, const Request& request, const std::string& reference) {
  Image* image = world.image(reference);
  const std::string ref = canonical_ref(reference);
  if (image == nullptr) {
    return refusal(404, "No such image: " + ref);
  }
  json::array done;
  const bool one_of_several = image->tags.contains(ref) && image->tags.size() > 1;
  if (one_of_several) {
    image->tags.erase(ref);
    done.push_back(json::object{{"Untagged", ref}});
    return json_answer(200, done);
  }
  for (const auto& [id, container] : world.containers) {
    if (container->image_id == image->id && (container->alive() || !request.flag("force"))) {
      return refusal(409,
                     fmt::format("conflict: unable to remove repository reference \"{}\" "
                                 "(must force) - container {} is using its referenced image {}",
                                 ref,
                                 id.substr(0, 12),
                                 image->id.substr(7, 12)));
    }
  }
  for (const std::string& tag : image->tags) {
    done.push_back(json::object{{"Untagged", tag}});
  }
  done.push_back(json::object{{"Deleted", image->id}});
  world.images.erase(image->id);
  return json_answer(200, done);
}

Answer tag_image(World& world, const Request& request, Image& image) {
  const std::string tag = request.parameter("tag");
  const std::string ref = canonical_ref(request.parameter("repo") + (tag.empty() ? "" : ":" + tag));
  for (auto& [id, other] : world.images) {
    other.tags.erase(ref);
  }
  image.tags.insert(ref);
  return empty_answer(201);
}

}  // namespace

std::string repository_of(const std::string& ref) {
  const std::string plain = ref.substr(0, ref.find('@'));
  const std::size_t colon = plain.rfind(':');
  const std::size_t slash = plain.rfind('/');
  const bool has_tag = colon != std::string::npos && (slash == std::string::npos || colon > slash);
  return has_tag ? plain.substr(0, colon) : plain;
}

std::string canonical_ref(const std::string& reference) {
  std::string ref = reference;
  for (const char* prefix : {"docker.io/", "library/"}) {
    if (ref.starts_with(prefix)) {
      ref.erase(0, std::string_view(prefix).size());
    }
  }
  if (ref.find('@') != std::string::npos) {
    return ref;
  }
  const std::size_t slash = ref.rfind('/');
  const std::size_t colon = ref.find(':', slash == std::string::npos ? 0 : slash);
  return colon == std::string::npos ? ref + ":latest" : ref;
}

std::string digest_of(const FakeImage& spec) {
  const json::object all{{"env", to_array(spec.env)},
                         {"labels", to_object(spec.labels)},
                         {"cmd", to_array(spec.cmd)},
                         {"entrypoint", to_array(spec.entrypoint)},
                         {"volumes", to_array(spec.volumes)},
                         {"exposed", to_array(spec.exposed)},
                         {"user", spec.user},
                         {"working_dir", spec.working_dir},
                         {"healthcheck", to_array(spec.healthcheck)},
                         {"healthcheck_numbers", json::value_from(spec.healthcheck_numbers)},
                         {"architecture", spec.architecture},
                         {"content", spec.content},
                         {"repository", repository_of(canonical_ref(spec.ref))}};
  return "sha256:" + core::sha256_hex("manifest" + json::serialize(all));
}

Image& add_image(World& world, const FakeImage& spec, const std::string& digest) {
  const std::string ref = canonical_ref(spec.ref);
  const std::string id = "sha256:" + core::sha256_hex("config" + digest_of(spec));
  Image& image = world.images[id];
  if (image.id.empty()) {
    image.id = id;
    image.spec = spec;
    if (spec.cmd.empty() && spec.entrypoint.empty()) {
      image.spec.cmd = {"run"};
    }
    image.created = world.stamp();
  }
  if (ref.find('@') == std::string::npos) {
    for (auto& [other_id, other] : world.images) {
      other.tags.erase(ref);
    }
    image.tags.insert(ref);
  }
  if (!digest.empty()) {
    image.digests.insert(repository_of(ref) + "@" + digest);
  }
  return image;
}

Answer images_call(World& world, const Request& request) {
  const std::size_t parts = request.path.size();
  if (parts == 2 && request.method == "GET" && request.path[1] == "json") {
    return list_images(world);
  }
  if (parts == 2 && request.method == "POST" && request.path[1] == "create") {
    return request.query.contains("fromSrc") ? import(world, request) : pull_image(world, request);
  }
  // A name may hold slashes; a verb follows it, but for DELETE.
  const bool deletes = request.method == "DELETE";
  std::string name;
  for (std::size_t i = 1; i < (deletes ? parts : parts - 1); ++i) {
    name += (name.empty() ? "" : "/") + request.path[i];
  }
  const std::string& verb = request.path.back();
  if (deletes) {
    return remove_image(world, request, name);
  }
  if (request.path.front() == "distribution") {
    return ask_registry(world, request, name);
  }
  Image* image = world.image(name);
  if (image == nullptr) {
    return refusal(404,
                   fmt::format("no such image: {}: No such image: {}", name, canonical_ref(name)));
  }
  if (request.method == "GET" && verb == "json") {
    return json_answer(200, image_json(*image, request.minor));
  }
  if (request.method == "POST" && verb == "tag") {
    return tag_image(world, request, *image);
  }
  return refusal(404, "page not found");
}

}  // namespace aim::support::memory
