#include "planner/plan.hpp"

namespace aim::planner {

core::Result<Plan> make_plan_asking(core::EngineReader& engine,
                                    const Configuration& configuration,
                                    const core::StateSnapshot& recorded,
                                    core::ObservedWorld& observed,
                                    const PlanOptions& options,
                                    std::size_t parallelism,
                                    std::stop_token stop,
                                    core::Diagnostics& diagnostics) {
  while (true) {
    core::Diagnostics found;
    ImageQuestions questions;
    Plan plan = make_plan(configuration, recorded, observed, options, found, questions);
    if (questions.empty()) {
      diagnostics.append(found);
      return plan;
    }
    const core::Result<void> answered =
        answer_questions(engine, questions, parallelism, stop, observed);
    if (!answered) {
      return answered.error();
    }
  }
}

}  // namespace aim::planner
