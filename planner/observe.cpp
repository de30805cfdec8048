#include "planner/observe.hpp"

#include <set>
#include <vector>

#include "planner/for_each_parallel.hpp"
#include "planner/identity.hpp"

namespace aim::planner {

using core::ContainerSummary;
using core::Error;
using core::ErrorCode;
using core::ObservedContainer;
using core::ObservedWorld;
using core::Result;

namespace {

std::vector<std::string> ids_of_interest(const ObservedWorld& world,
                                         const core::StateSnapshot& recorded,
                                         const std::string& project,
                                         const std::string& workspace) {
  std::set<std::string> known;
  for (const auto& [address, record] : recorded.resources) {
    known.insert(record.docker_id);
  }
  std::vector<std::string> ids;
  for (const ContainerSummary& summary : world.listed) {
    if (known.contains(summary.id) || claims(summary.labels, project, workspace)) {
      ids.push_back(summary.id);
    }
  }
  return ids;
}

}  // namespace

Result<ObservedWorld> observe(core::EngineReader& engine,
                              const core::StateSnapshot& recorded,
                              const std::string& project,
                              const std::string& workspace,
                              std::size_t parallelism,
                              std::stop_token stop) {
  ObservedWorld world;
  const std::optional<Error> list_failure =
      for_each_parallel(4, parallelism, [&](std::size_t index) -> std::optional<Error> {
        switch (index) {
          case 0: {
            auto listed = engine.list_containers(stop);
            if (!listed) return core::while_doing(listed.error(), "while listing containers");
            world.listed = std::move(*listed);
            return std::nullopt;
          }
          case 1: {
            auto networks = engine.list_networks(stop);
            if (!networks) return core::while_doing(networks.error(), "while listing networks");
            world.networks = std::move(*networks);
            return std::nullopt;
          }
          case 2: {
            auto volumes = engine.list_volumes(stop);
            if (!volumes) return core::while_doing(volumes.error(), "while listing volumes");
            world.volumes = std::move(*volumes);
            return std::nullopt;
          }
          default: {
            auto info = engine.info(stop);
            if (!info) return core::while_doing(info.error(), "while asking Docker who it is");
            world.engine = std::move(*info);
            return std::nullopt;
          }
        }
      });
  if (list_failure) {
    return *list_failure;
  }
  const std::vector<std::string> ids = ids_of_interest(world, recorded, project, workspace);
  std::vector<std::optional<ObservedContainer>> seen(ids.size());
  const std::optional<Error> inspect_failure =
      for_each_parallel(ids.size(), parallelism, [&](std::size_t index) -> std::optional<Error> {
        auto container = engine.inspect_container(ids[index], stop);
        if (!container && container.error().code == ErrorCode::NotFound) {
          return std::nullopt;
        }
        if (!container) {
          return core::while_doing(container.error(), "while inspecting container " + ids[index]);
        }
        seen[index] = std::move(*container);
        return std::nullopt;
      });
  if (inspect_failure) {
    return *inspect_failure;
  }
  std::set<std::string> known;
  for (const auto& [address, record] : recorded.resources) {
    known.insert(record.docker_id);
  }
  for (std::optional<ObservedContainer>& container : seen) {
    if (!container) {
      continue;
    }
    // Only those that state does not know have to prove that their labels are their own.
    if (!known.contains(container->id) && !world.image_labels.contains(container->image_id)) {
      auto image = engine.inspect_image(container->image_id, stop);
      if (image) {
        world.image_labels.emplace(container->image_id, image->labels);
        world.images.insert_or_assign(container->image_id, core::SeenImage{*image, {}});
      } else if (image.error().code != ErrorCode::NotFound) {
        return core::while_doing(image.error(), "while inspecting image " + container->image_id);
      }
    }
    world.containers.emplace(container->id, std::move(*container));
  }
  return world;
}

}  // namespace aim::planner
