#pragma once

#include <optional>

#include "core/diagnostic.hpp"
#include "planner/configuration.hpp"
#include "recipes/decision.hpp"

namespace aim::planner {

/// What a table of attributes cannot check of one endpoint: whether what is written goes together
/// with how it is served. Faults go to the diagnostics, at the attributes they are of; the answers
/// are whether there was none.
class EndpointChecks {
 public:
  EndpointChecks(const DesiredResource& endpoint, core::Diagnostics& diagnostics)
      : endpoint_(endpoint), diagnostics_(diagnostics) {}

  /// What the choice rests on (asked_of) has to be known when the plan is made.
  [[nodiscard]] bool are_known(const core::Map& asked) const;
  /// Of one that is written by hand: nothing in it that only a generated command can say.
  [[nodiscard]] bool need_no_recipe() const;
  /// Of one with a recipe: not fewer GPUs than its backend needs. `count`: as asked for, if at all.
  [[nodiscard]] bool have_gpus(std::optional<int> count) const;
  /// llama.cpp serves files of one form only, which facts of models do not name.
  [[nodiscard]] bool have_gguf(const recipes::SelectionInput& input) const;
  /// Whether the server has what goes beyond the recipe.
  void suit(const recipes::BackendData& backend, const recipes::Decision& decision) const;
  /// Where the command is written by hand, so is how the server gets its key: a warning.
  void tell_of_key() const;

 private:
  void error(const char* summary, std::string detail, const std::string& attribute) const;

  const DesiredResource& endpoint_;
  core::Diagnostics& diagnostics_;
};

}  // namespace aim::planner
