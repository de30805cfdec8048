#include "planner/plan_images.hpp"

#include <algorithm>

#include "planner/image_reference.hpp"

namespace aim::planner {

using core::Map;
using core::RecordedResource;
using core::Value;

namespace {

constexpr const char* kDigest = "image_digest";
constexpr const char* kId = "image_id";

RecordedImage recorded_image(const Located& located) {
  const RecordedResource& record = *located.record;
  RecordedImage image;
  image.reference = core::string_at(record.attributes, "image").value_or("");
  image.digest = core::string_at(record.computed, kDigest).value_or("");
  image.id = located.container ? located.container->image_id
                               : core::string_at(record.computed, kId).value_or("");
  return image;
}

void set(Map& computed, const char* name, const Value& value) {
  if (value.is_null()) {
    computed.erase(name);
  } else {
    computed.insert_or_assign(name, value);
  }
}

/// Fields stay sorted by path.
void add_field(std::vector<FieldChange>& fields, FieldChange field) {
  const std::string path = core::to_string(field.path);
  const auto place = std::find_if(fields.begin(), fields.end(), [&](const FieldChange& other) {
    return core::to_string(other.path) > path;
  });
  fields.insert(place, std::move(field));
}

bool has_field(const std::vector<FieldChange>& fields, const char* name) {
  return std::any_of(fields.begin(), fields.end(), [&](const FieldChange& field) {
    return field.path == core::Path{std::string(name)};
  });
}

}  // namespace

ImagePlanner::ImagePlanner(const core::ObservedWorld& observed,
                           const PlanOptions& options,
                           ImageQuestions& questions)
    : observed_(observed),
      options_(options),
      lookup_(observed, questions),
      platform_(platform_of(observed.engine)) {
  for (const core::ContainerSummary& summary : observed.listed) {
    listed_image_.emplace(summary.id, summary.image);
  }
}

WantedImage ImagePlanner::wanted(const ResourceChange& change) const {
  return {core::string_at(change.attributes, "image").value_or(""),
          core::string_at(change.attributes, "pull").value_or("missing"),
          core::string_at(change.attributes, "platform").value_or(platform_),
          options_.upgrade_all || options_.upgrades.contains(change.address)};
}

void ImagePlanner::plan_existing(const Located& located,
                                 const DesiredResource& desired,
                                 ResourceChange& change,
                                 std::vector<FieldChange>& fields) {
  const RecordedImage recorded = recorded_image(located);
  set(change.computed, kDigest, recorded.digest.empty() ? Value() : Value(recorded.digest));
  const WantedImage want = wanted(change);
  if (want.reference.empty() || !same_image(want.reference, recorded.reference)) {
    return;
  }
  MovedImage moved = look_for_moved_image(want, recorded, lookup_);
  if (moved.problem) {
    const bool asked_for = want.upgrade && want.pull != "always";
    findings_.push_back({change.address, std::move(*moved.problem), asked_for});
  }
  if (!moved.now) {
    return;
  }
  const auto place = core::position_of(desired.positions, {"image"});
  if (moved.now->digest.is<std::string>()) {
    const Value before = recorded.digest.empty() ? Value() : Value(recorded.digest);
    add_field(fields, {{kDigest}, before, moved.now->digest, true, place});
  } else {
    add_field(fields, {{kId}, recorded.id, moved.now->id, true, place});
  }
}

void ImagePlanner::plan_new(const Located& located,
                            const DesiredResource& desired,
                            ResourceChange& change) {
  WantedImage want = wanted(change);
  if (want.reference.empty()) {
    return;  // known only after something else was applied
  }
  std::optional<RecordedImage> recorded;
  if (located.record) {
    recorded = recorded_image(located);
  }
  ImageDecision decision = decide_image(want, recorded, lookup_);
  set(change.computed, kDigest, decision.digest);
  set(change.computed, kId, decision.id);
  if (decision.problem) {
    // An upgrade whose registry does not answer was found before, and then nothing is new.
    forget(change.address);
    findings_.push_back({change.address, std::move(*decision.problem), true});
  }
  const bool replaces = change.action == Action::Replace && recorded;
  const std::string* digest = decision.digest.get<std::string>();
  if (replaces && digest && *digest != recorded->digest && !has_field(change.fields, kDigest)) {
    add_field(change.fields,
              {{kDigest},
               recorded->digest.empty() ? Value() : Value(recorded->digest),
               decision.digest,
               false,
               core::position_of(desired.positions, {"image"})});
  }
}

void ImagePlanner::look_at_tag(const Located& located, const ResourceChange& change) {
  const WantedImage want = wanted(change);
  if (!located.container || !located.record || want.reference.empty() || want.upgrade) {
    return;
  }
  const core::ObservedContainer& container = *located.container;
  const ImageName name = parse_image(want.reference);
  if (name.tag.empty() || !name.digest.empty() ||
      !same_image(want.reference, recorded_image(located).reference)) {
    return;
  }
  // Docker's list shows the bare id once the tag stands for something else; a container that was
  // made while it did so already is known by its digest or id.
  const std::string made_from = core::string_at(container.attributes, "image").value_or("");
  const auto listed = listed_image_.find(container.id);
  const bool suspicious =
      (listed != listed_image_.end() && listed->second.starts_with("sha256:")) ||
      parse_image(made_from).tag.empty();
  if (!suspicious) {
    return;
  }
  const core::SeenImage* now = lookup_.find(want.reference, ImageNeed::Local);
  if (now && now->local && now->local->id != container.image_id) {
    findings_.push_back(
        {change.address, TagMoved{want.reference, container.image_id, now->local->id}, false});
  }
}

void ImagePlanner::forget(const core::Address& address) {
  std::erase_if(findings_, [&](const ImageFinding& finding) { return finding.address == address; });
}

}  // namespace aim::planner
