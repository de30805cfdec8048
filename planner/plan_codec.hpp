#pragma once

#include <boost/json/fwd.hpp>

#include "core/result.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// Whole: everything there is, for the saved file. Compared: what two plans must agree in to be
/// the same plan; places in files, the origin of variables and notes are for people and left out.
enum class Extent { Whole, Compared };

/// The plan as JSON with a fixed order of members. Of a secret only the digest is written; one
/// that has none yet gets it, salted by project, workspace and place.
[[nodiscard]] boost::json::value encode_plan(const Plan& plan, Extent extent);
[[nodiscard]] boost::json::value encode_change(const Plan& plan,
                                               const ResourceChange& change,
                                               Extent extent);
[[nodiscard]] boost::json::value encode_output(const Plan& plan, const OutputChange& output);
[[nodiscard]] boost::json::value encode_options(const PlanOptions& options);
[[nodiscard]] boost::json::value encode_variable(const Plan& plan,
                                                 const std::string& name,
                                                 const VariableValue& variable,
                                                 Extent extent);

/// The inverse of encode_plan(plan, Extent::Whole). ErrorCode::Protocol, naming the place, when
/// `json` is not of that form; every input is safe.
[[nodiscard]] core::Result<Plan> decode_plan(const boost::json::value& json);

}  // namespace aim::planner
