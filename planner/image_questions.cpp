#include "planner/image_questions.hpp"

#include <algorithm>
#include <vector>

#include "planner/for_each_parallel.hpp"

namespace aim::planner {

using core::ErrorCode;
using core::Result;
using core::SeenImage;

namespace {

bool answers(const SeenImage& seen, ImageNeed need) {
  switch (need) {
    case ImageNeed::Local:
      return true;
    case ImageNeed::RegistryIfMissing:
      return seen.local || seen.registry;
    case ImageNeed::Registry:
      return seen.registry.has_value();
  }
  return true;
}

Result<SeenImage> look(core::EngineReader& engine,
                       const std::string& reference,
                       ImageNeed need,
                       const std::stop_token& stop) {
  SeenImage seen;
  Result<core::ObservedImage> local = engine.inspect_image(reference, stop);
  if (local) {
    seen.local = std::move(*local);
  } else if (local.error().code != ErrorCode::NotFound) {
    return core::while_doing(local.error(), "while inspecting image " + reference);
  }
  if (!answers(seen, need)) {
    Result<core::RegistryImage> registry = engine.ask_registry(reference, stop);
    if (!registry && registry.error().code == ErrorCode::Cancelled) {
      return registry.error();
    }
    seen.registry = std::move(registry);
  }
  return seen;
}

}  // namespace

const SeenImage* ImageLookup::find(const std::string& reference, ImageNeed need) {
  const auto seen = world_.images.find(reference);
  if (seen != world_.images.end() && answers(seen->second, need)) {
    return &seen->second;
  }
  ImageNeed& wanted = questions_.try_emplace(reference, need).first->second;
  wanted = std::max(wanted, need);
  return nullptr;
}

Result<void> answer_questions(core::EngineReader& engine,
                              const ImageQuestions& questions,
                              std::size_t parallelism,
                              std::stop_token stop,
                              core::ObservedWorld& world) {
  const std::vector<std::pair<std::string, ImageNeed>> list(questions.begin(), questions.end());
  std::vector<SeenImage> seen(list.size());
  const auto failure =
      for_each_parallel(list.size(), parallelism, [&](std::size_t i) -> std::optional<core::Error> {
        Result<SeenImage> one = look(engine, list[i].first, list[i].second, stop);
        if (!one) {
          return one.error();
        }
        seen[i] = std::move(*one);
        return std::nullopt;
      });
  if (failure) {
    return *failure;
  }
  for (std::size_t i = 0; i < list.size(); ++i) {
    world.images.insert_or_assign(list[i].first, std::move(seen[i]));
  }
  return {};
}

}  // namespace aim::planner
