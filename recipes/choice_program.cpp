#include "recipes/choice_program.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

namespace aim::recipes {

namespace json = boost::json;

namespace {

template <class Number>
void put(json::object& object, const char* name, const std::optional<Number>& number) {
  if (number) {
    object.emplace(name, *number);
  }
}

void put_text(json::object& object, const char* name, const std::string& text) {
  if (!text.empty()) {
    object.emplace(name, text);
  }
}

json::object described(const Candidate& one) {
  json::object object{{"id", candidate_id(one)},
                      {"recipe", one.recipe_id},
                      {"verified", one.verified},
                      {"backend", one.backend},
                      {"hardware", one.hardware},
                      {"gpus", one.gpus},
                      {"precision", to_string(one.precision)},
                      {"served", one.served},
                      {"image", one.image}};
  put(object, "context_length", one.context_length);
  put(object, "gpu_memory", one.gpu_memory);
  if (one.fit) {
    object.emplace("fit", fit_sum(*one.fit));
  }
  put(object, "tokens_per_second", one.tokens_per_second);
  put(object, "ttft_ms", one.ttft_ms);
  object.emplace("args", core::to_json(one.args));
  object.emplace("env", core::to_json(one.env));
  put_text(object, "notes", one.notes);
  return object;
}

}  // namespace

std::string candidate_id(const Candidate& candidate) {
  std::string id = fmt::format("{}/{}/{}gpu/{}",
                               candidate.recipe_id,
                               candidate.backend,
                               candidate.gpus,
                               to_string(candidate.precision));
  if (candidate.general) {
    id += "/" + candidate.served;
  }
  return id;
}

std::string candidates_json(const SelectionInput& input, const std::vector<Candidate>& candidates) {
  json::array gpus;
  for (const GpuGroup& group : input.gpus) {
    gpus.push_back(json::object{{"model", group.model},
                                {"vendor", group.vendor},
                                {"count", group.count},
                                {"memory_bytes", group.memory_bytes}});
  }
  json::array all;
  for (const Candidate& one : candidates) {
    all.push_back(described(one));
  }
  return json::serialize(
      json::object{{"version", 1},
                   {"model", input.wish.model},
                   {"goal", input.wish.goal == Goal::Latency ? "latency" : "throughput"},
                   {"gpus", std::move(gpus)},
                   {"candidates", std::move(all)}});
}

core::Result<std::size_t> picked_candidate(const std::string& answer,
                                           const std::vector<Candidate>& candidates) {
  constexpr std::string_view kSpace = " \t\r\n";
  const std::size_t begin = answer.find_first_not_of(kSpace);
  const std::string id = begin == std::string::npos
                             ? std::string()
                             : answer.substr(begin, answer.find_last_not_of(kSpace) + 1 - begin);
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    ids.push_back(candidate_id(candidates[i]));
    if (ids.back() == id) {
      return i;
    }
  }
  constexpr std::size_t kMost = 200;
  return core::make_error(core::ErrorCode::Invalid,
                          id.empty() ? fmt::format("it named none of {}", fmt::join(ids, ", "))
                                     : fmt::format("it answered \"{}\", which is none of {}",
                                                   id.substr(0, kMost),
                                                   fmt::join(ids, ", ")));
}

}  // namespace aim::recipes
