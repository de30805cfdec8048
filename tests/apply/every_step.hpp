#pragma once

#include <gtest/gtest.h>

#include "tests/apply/apply_lab.hpp"
#include "tests/apply/expectations.hpp"

namespace aim::apply_test {

/// Two configurations, one after the other. Each apply of the second is replayed with a failure,
/// a lost answer and a crash at every single call to Docker.
struct Scenario {
  const char* name;
  const char* before;  ///< empty: nothing is deployed yet
  const char* after;
  void (*meddle)(ApplyLab&) = nullptr;  ///< what others do on Docker in between
};

class EveryStep : public ::testing::TestWithParam<Scenario> {
 protected:
  static void deploy(ApplyLab& lab);
  static std::size_t count_of_changing_calls();
};

/// What there is on Docker, but for what an undo cannot bring back: the id of a network that had to
/// be made again, and the emptied copies of files, which nothing inside the container can see.
[[nodiscard]] std::vector<std::string> comparable_lines(const ApplyLab& lab);

}  // namespace aim::apply_test
