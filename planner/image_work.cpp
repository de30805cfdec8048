#include "planner/image_work.hpp"

#include <fmt/format.h>

#include "planner/image_decision.hpp"
#include "planner/image_reference.hpp"

namespace aim::planner {

using core::ErrorCode;
using core::make_error;
using core::ObservedImage;
using core::Result;

namespace {

/// The image under `reference`; nothing if the Engine does not have it.
Result<std::optional<ObservedImage>> look(const ImagePorts& ports,
                                          const std::string& reference,
                                          const std::stop_token& stop) {
  Result<ObservedImage> image = ports.reader.inspect_image(reference, stop);
  if (image) {
    return std::optional(std::move(*image));
  }
  if (image.error().code == ErrorCode::NotFound) {
    return std::optional<ObservedImage>();
  }
  return image.error();
}

bool is_decided_one(const ImageWork& work, const ObservedImage& image) {
  return work.digest.empty() ||
         digest_in(image.repo_digests, work.reference, work.digest) == work.digest;
}

/// The image that was decided on, if it is here already.
Result<std::optional<ObservedImage>> find_here(const ImagePorts& ports,
                                               const ImageWork& work,
                                               const std::stop_token& stop) {
  if (!work.id.empty()) {
    Result<std::optional<ObservedImage>> image = look(ports, work.id, stop);
    if (!image || *image || work.digest.empty()) {
      return image;
    }
  }
  return look(
      ports, work.digest.empty() ? work.reference : with_digest(work.reference, work.digest), stop);
}

Result<ObservedImage> fetch(const ImagePorts& ports,
                            const ImageWork& work,
                            const std::function<void(const core::PullProgress&)>& progress,
                            const std::stop_token& stop) {
  if (work.digest.empty() || work.tag_is_current) {
    Result<ObservedImage> image = ports.actor.pull({work.reference, work.platform}, progress, stop);
    if (!image || is_decided_one(work, *image)) {
      return image;
    }
  }
  // The tag has moved, perhaps since the plan was made.
  return ports.actor.pull(
      {with_digest(work.reference, work.digest), work.platform}, progress, stop);
}

Result<void> check_platform(const ImagePorts& ports,
                            const ImageWork& work,
                            const ObservedImage& image,
                            const std::stop_token& stop) {
  std::string wanted = work.platform;
  if (wanted.empty()) {
    const Result<core::EngineInfo> info = ports.reader.info(stop);
    if (!info) {
      return info.error();
    }
    wanted = platform_of(*info);
  }
  if (is_for_platform(image.os, image.architecture, wanted)) {
    return {};
  }
  return make_error(
      ErrorCode::Invalid,
      fmt::format("image {} is for {}/{}, and {} {}. Choose a tag that is for that platform",
                  work.reference,
                  image.os,
                  image.architecture,
                  work.platform.empty() ? "this Docker runs" : "what was asked for is",
                  wanted));
}

/// A tag says more to people than a digest; it is used where it stands for this very image.
Result<std::string> name_of(const ImagePorts& ports,
                            const ImageWork& work,
                            const ObservedImage& image,
                            const std::stop_token& stop) {
  std::vector<std::string> names = {work.reference};
  if (!work.digest.empty()) {
    names.push_back(with_digest(work.reference, work.digest));
  }
  for (const std::string& name : names) {
    const Result<std::optional<ObservedImage>> named = look(ports, name, stop);
    if (!named) {
      return named.error();
    }
    if (*named && (*named)->id == image.id) {
      return name;
    }
  }
  return image.id;
}

}  // namespace

std::optional<ImageWork> image_work(const ResourceChange& change) {
  const bool makes_container =
      (change.address.kind == core::Kind::Endpoint ||
       change.address.kind == core::Kind::Container) &&
      (change.action == Action::Create || change.action == Action::Replace);
  const auto reference = core::string_at(change.attributes, "image");
  if (!makes_container || change.deferred.contains("image") || !reference) {
    return std::nullopt;
  }
  ImageWork work;
  work.reference = *reference;
  work.digest = core::string_at(change.computed, "image_digest").value_or("");
  work.id = core::string_at(change.computed, "image_id").value_or("");
  work.platform = core::string_at(change.attributes, "platform").value_or("");
  work.may_pull = core::string_at(change.attributes, "pull") != "never" &&
                  parse_image(work.reference).id.empty();
  work.tag_is_current =
      !change.before || core::string_at(*change.before, "image_digest") != work.digest;
  return work;
}

Result<ReadyImage> make_image_ready(const ImagePorts& ports,
                                    const ImageWork& work,
                                    const std::function<void()>& pulling,
                                    const std::function<void(const core::PullProgress&)>& progress,
                                    std::stop_token stop) {
  Result<std::optional<ObservedImage>> here = find_here(ports, work, stop);
  if (!here) {
    return here.error();
  }
  const bool other_platform = *here && !work.platform.empty() &&
                              !is_for_platform((*here)->os, (*here)->architecture, work.platform);
  if (work.may_pull && (!*here || other_platform)) {
    pulling();
    Result<ObservedImage> fetched = fetch(ports, work, progress, stop);
    if (!fetched) {
      return fetched.error();
    }
    *here = std::move(*fetched);
  }
  if (!*here) {
    return make_error(ErrorCode::NotFound,
                      fmt::format("this Docker does not have image {}, and with `pull: never` or "
                                  "an image id it is not fetched",
                                  work.reference));
  }
  if (const Result<void> fits = check_platform(ports, work, **here, stop); !fits) {
    return fits.error();
  }
  Result<std::string> name = name_of(ports, work, **here, stop);
  if (!name) {
    return name.error();
  }
  return ReadyImage{std::move(**here), std::move(*name)};
}

}  // namespace aim::planner
