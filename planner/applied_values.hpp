#pragma once

#include <map>
#include <string>

#include "core/journal.hpp"
#include "planner/executor_calls.hpp"
#include "planner/executor_tasks.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// What a run knows of the resources of its plan: what the plan says, and what only became known by
/// carrying it out. Not thread-safe; blocks where Docker has to be asked.
class AppliedValues {
 public:
  /// All must outlive this.
  AppliedValues(const Plan& plan, const core::RunHeader& header, core::EngineReader& reader);

  // As RunValues has them.
  [[nodiscard]] core::Result<core::Map> attributes(const ResourceChange& change);
  [[nodiscard]] core::Labels birth_labels(const ResourceChange& change,
                                          const core::Map& attributes) const;
  [[nodiscard]] std::string docker_name(const core::Address& address) const;
  [[nodiscard]] std::string image_to_create_from(const ResourceChange& change,
                                                 const core::Map& attributes) const;

  void image_ready(const ImageWork& work, ReadyImage image);
  void call_succeeded(const PlannedCall& call, const core::CallOutcome& outcome);

  /// One of the plan.
  [[nodiscard]] const ResourceChange& change(const core::Address& address) const;
  [[nodiscard]] const ResourceChange* find(const core::Address& address) const;
  /// Its attributes as far as they were worked out, else as planned.
  [[nodiscard]] const core::Map& latest(const core::Address& address) const;
  /// The value of another resource's attribute now that it was applied.
  [[nodiscard]] core::Result<core::Value> applied_value(const core::Reference& reference);
  /// A new object begins with a salt of its own; one that stays keeps what its digests were made
  /// with, also after it moved.
  [[nodiscard]] std::string salt_of(const ResourceChange& change) const;

  /// Computed attributes, to be filled in.
  [[nodiscard]] core::Map& computed(const core::Address& address) { return computed_[address]; }

  /// What a container shows of its computed attributes.
  [[nodiscard]] core::Result<void> learn_container(const ResourceChange& change,
                                                   const core::ObservedContainer& seen);

  /// Ids on Docker of what was made, by address.
  [[nodiscard]] std::map<core::Address, std::string>& new_ids() { return new_ids_; }

 private:
  core::Result<void> learn_computed(const ResourceChange& change);

  const Plan& plan_;
  const core::RunHeader& header_;
  core::EngineReader& reader_;
  std::map<core::Address, const ResourceChange*> by_address_;
  std::map<core::Address, core::Map> computed_;
  std::map<core::Address, core::Map> resolved_;
  std::map<core::Address, std::string> new_ids_;
  std::map<ImageWork, ReadyImage> images_;
};

}  // namespace aim::planner
