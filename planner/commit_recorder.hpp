#pragma once

#include <map>
#include <set>
#include <string>

#include "core/engine.hpp"
#include "core/journal.hpp"
#include "planner/applied_values.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// Makes out of what was carried out what state will hold.
class CommitRecorder {
 public:
  /// `kept` is the plan without what was given up. All must outlive this.
  CommitRecorder(const Plan& plan,
                 const Plan& kept,
                 const std::set<core::Address>& given_up,
                 const std::map<core::Address, std::int64_t>& start_millis,
                 AppliedValues& values,
                 core::EngineReader& reader)
      : plan_(plan),
        kept_(kept),
        given_up_(given_up),
        start_millis_(start_millis),
        values_(values),
        reader_(reader) {}

  /// Looks at Docker; blocks. `run` labels the run. Errors: Docker's; Stale, when a container was
  /// made from another image than the plan says.
  [[nodiscard]] core::Result<core::CommitRecord> record(const std::string& run);

  /// What record() was about when it failed.
  [[nodiscard]] const std::string& looking_at() const { return looking_at_; }

 private:
  [[nodiscard]] bool stays(const core::Address& address) const;
  [[nodiscard]] core::Result<core::RecordedResource> recorded(const ResourceChange& change,
                                                              const std::string& run);
  [[nodiscard]] core::Result<void> record_container(const ResourceChange& change,
                                                    core::RecordedResource& record);
  [[nodiscard]] core::Result<void> fill_networks_and_volumes(
      std::vector<core::RecordedResource>& records);
  [[nodiscard]] core::Result<std::map<std::string, core::RecordedOutput>> final_outputs();

  const Plan& plan_;
  const Plan& kept_;
  const std::set<core::Address>& given_up_;
  const std::map<core::Address, std::int64_t>& start_millis_;
  AppliedValues& values_;
  core::EngineReader& reader_;
  std::string looking_at_;
};

}  // namespace aim::planner
