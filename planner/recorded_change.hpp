#pragma once

#include <optional>
#include <string>

#include "planner/identity.hpp"
#include "planner/plan.hpp"

namespace aim::planner {

/// Everything that others may refer to: the specification and what was computed.
[[nodiscard]] core::Map merged(const core::Map& attributes, const core::Map& computed);

/// Nothing is done: what is recorded stays so. Without a record all but the name is empty.
[[nodiscard]] ResourceChange leave_recorded(const Located& located);

/// Why something recorded leaves the state, and whether the object on Docker goes with it.
struct Removal {
  enum class Object { Goes, Stays };
  Reason reason = Reason::NoConfiguration;
  Object object = Object::Goes;
};

/// What is recorded leaves the state. One that is gone from Docker, or not ours, is only forgotten.
[[nodiscard]] ResourceChange remove_recorded(const Located& located,
                                             const std::string& salt,
                                             const Removal& removal);

/// The digest of what a plan rests on of the object on Docker; nothing where there is none. `salt`
/// is the resource's.
[[nodiscard]] std::optional<std::string> fingerprint_of(const Located& located,
                                                        const std::string& salt);

}  // namespace aim::planner
