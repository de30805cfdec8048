#pragma once

#include <map>
#include <optional>
#include <string_view>
#include <vector>

#include "planner/identity.hpp"
#include "planner/image_decision.hpp"
#include "planner/plan.hpp"
#include "planner/preflight_images.hpp"

namespace aim::planner {

/// Decides the images of the endpoints and containers of one plan. The digest behind a tag is
/// decided once, when a container is made, and stays until its reference is another one, --upgrade
/// asks, or `pull: always` says so.
class ImagePlanner {
 public:
  /// Both must outlive this; what is not known and would be needed goes to `questions`.
  ImagePlanner(const core::ObservedWorld& observed,
               const PlanOptions& options,
               ImageQuestions& questions);

  /// For a container that exists: what state recorded of its image becomes part of the change,
  /// and an image that has moved on, if that was asked for, one more difference.
  void plan_existing(const Located& located,
                     const DesiredResource& desired,
                     ResourceChange& change,
                     std::vector<FieldChange>& fields);
  /// For one that has to be made: which image it gets.
  void plan_new(const Located& located, const DesiredResource& desired, ResourceChange& change);
  /// For one that stays: a note if its tag stands for another image by now.
  void look_at_tag(const Located& located, const ResourceChange& change);
  /// Nothing is done to it after all.
  void forget(const core::Address& address);

  [[nodiscard]] const std::vector<ImageFinding>& findings() const { return findings_; }

 private:
  [[nodiscard]] WantedImage wanted(const ResourceChange& change) const;

  const core::ObservedWorld& observed_;
  const PlanOptions& options_;
  ImageLookup lookup_;
  std::string platform_;
  std::map<std::string_view, std::string_view> listed_image_;  ///< by container id
  std::vector<ImageFinding> findings_;
};

}  // namespace aim::planner
