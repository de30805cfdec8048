#include "planner/endpoint_extras.hpp"

#include <algorithm>

#include "planner/endpoint_decision.hpp"
#include "recipes/decision.hpp"
#include "recipes/resolve.hpp"

namespace aim::planner {

using core::List;
using core::Map;
using core::Value;

namespace {

/// Hugging Face's hub, and what vLLM, Triton, torch and llama.cpp compile or fetch, lie below it.
constexpr std::string_view kCachePath = "/root/.cache";

/// The map at `name`, made if it is not there; null when it is not known yet.
Map* map_in(Map& attributes, const char* name) {
  Value& value = attributes.try_emplace(name, Map()).first->second;
  if (value.is_null()) {
    value = Map();
  }
  return value.get<Map>();
}

bool is_empty_text(const Value& value) {
  const std::string* text = value.get<std::string>();
  const core::Secret* secret = value.get<core::Secret>();
  return value.is_null() || (text && text->empty()) || (secret && *secret == core::Secret(""));
}

void add_token(Map& attributes) {
  const auto token = attributes.find("hf_token");
  if (token == attributes.end()) {
    return;
  }
  Map* files = map_in(attributes, "files");
  Map* env = map_in(attributes, "env");
  if (!is_empty_text(token->second) && files != nullptr && env != nullptr) {
    // Whoever the server runs as has to read it; others are not in there.
    files->try_emplace(std::string(kTokenPath), Map{{"content", token->second}, {"mode", "0444"}});
    env->try_emplace("HF_TOKEN_PATH", std::string(kTokenPath));
  }
  for (const char* name : {"files", "env"}) {
    if (const Map* map = attributes.at(name).get<Map>(); map != nullptr && map->empty()) {
      attributes.erase(name);
    }
  }
  attributes.erase("hf_token");
}

/// Of servers that have no variable for their key. Whoever writes the command has to hand it over.
void add_key(Map& attributes) {
  const std::string backend = core::string_at(attributes, "backend").value_or("");
  const Value* key = core::find(attributes, "api_key");
  const bool to_file = backend == "sglang" || backend == "llamacpp";
  if (!to_file || key == nullptr || is_empty_text(*key) || is_set(attributes, "command")) {
    return;
  }
  Value content = *key;
  std::string path(recipes::kLlamaKeyPath);
  if (backend == "sglang") {
    path = recipes::kSglangConfigPath;
    if (const core::Secret* secret = key->get<core::Secret>(); secret && secret->known()) {
      // A text of JSON is one of YAML as well.
      content = core::Secret("api-key: " + core::canonical_json(Value(secret->reveal())) + "\n");
    }
  }
  Map* files = map_in(attributes, "files");
  if (files != nullptr) {
    files->try_emplace(path, Map{{"content", std::move(content)}, {"mode", "0444"}});
  }
  Map* env = backend == "llamacpp" ? map_in(attributes, "env") : nullptr;
  if (env != nullptr) {
    env->try_emplace("LLAMA_ARG_API_KEY_FILE", path);
  }
}

/// Whether something is mounted at `path`, around it or below.
bool is_mounted(const List& mounts, std::string_view path) {
  const auto inside = [](std::string_view inner, std::string_view outer) {
    return inner == outer ||
           (inner.starts_with(outer) && inner.substr(outer.size()).starts_with('/'));
  };
  return std::any_of(mounts.begin(), mounts.end(), [&](const Value& mount) {
    const Map* map = mount.get<Map>();
    const auto target = map ? core::string_at(*map, "target") : std::nullopt;
    return target && (inside(path, *target) || inside(*target, path));
  });
}

void add_mount(Map& attributes, Map mount) {
  Value& value = attributes.try_emplace("mounts", List()).first->second;
  if (value.is_null()) {
    value = List();
  }
  List* mounts = value.get<List>();
  if (mounts != nullptr && !is_mounted(*mounts, core::string_at(mount, "target").value_or(""))) {
    mounts->emplace_back(std::move(mount));
  } else if (mounts != nullptr && mounts->empty()) {
    attributes.erase("mounts");
  }
}

}  // namespace

void spell_out(DesiredResource& endpoint, DefaultCache fallback) {
  Map& attributes = endpoint.attributes;
  add_key(attributes);
  add_token(attributes);
  const std::string model = core::string_at(attributes, "model").value_or("");
  if (fallback == DefaultCache::BuiltIn && model.starts_with('/')) {
    add_mount(attributes,
              {{"type", "bind"}, {"source", model}, {"target", model}, {"read_only", true}});
  }
  const Value* lora = core::find(attributes, "lora");
  for (const auto& [name, adapter] : lora && lora->is<Map>() ? *lora->get<Map>() : Map()) {
    const std::string* path = adapter.get<std::string>();
    if (fallback == DefaultCache::BuiltIn && path && path->starts_with('/')) {
      add_mount(attributes,
                {{"type", "bind"}, {"source", *path}, {"target", *path}, {"read_only", true}});
    }
  }
  const std::string cache =
      core::string_at(attributes, "cache")
          .value_or(fallback == DefaultCache::BuiltIn ? std::string(kBuiltInCache) : "none");
  attributes.erase("cache");
  if (cache != "none") {
    add_mount(attributes,
              {{"type", cache.starts_with('/') ? "bind" : "volume"},
               {"source", cache},
               {"target", std::string(kCachePath)},
               {"read_only", false}});
  }
}

}  // namespace aim::planner
