#pragma once

#include <string>

#include "core/diagnostic.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"
#include "planner/moves.hpp"

namespace aim::planner {

/// Makes records as a lost state would have had them: from the birth labels of an object, overlaid
/// with what Docker shows of what can change in place.
class RecordRebuilder {
 public:
  /// All must outlive this.
  RecordRebuilder(const Configuration& configuration,
                  const core::StateSnapshot& recorded,
                  const core::ObservedWorld& observed,
                  const Moves& moves,
                  core::Diagnostics& diagnostics)
      : configuration_(configuration),
        recorded_(recorded),
        observed_(observed),
        moves_(moves),
        diagnostics_(diagnostics) {}

  [[nodiscard]] core::RecordedResource object(const core::Address& address,
                                              const core::Labels& labels,
                                              const std::string& id,
                                              const std::string& name);
  [[nodiscard]] core::RecordedResource container(const core::Address& address,
                                                 const core::ObservedContainer& container);

 private:
  [[nodiscard]] const DesiredResource* desired(const core::Address& address) const;
  static void adopt_unobservable(const core::Address& address,
                                 const DesiredResource& resource,
                                 core::RecordedResource& record);
  void overlay_in_place(const core::Address& address,
                        const core::ObservedContainer& container,
                        core::RecordedResource& record) const;
  void overlay_networks(const core::Address& address,
                        const core::ObservedContainer& container,
                        core::RecordedResource& record) const;

  const Configuration& configuration_;
  const core::StateSnapshot& recorded_;
  const core::ObservedWorld& observed_;
  const Moves& moves_;
  core::Diagnostics& diagnostics_;
};

}  // namespace aim::planner
