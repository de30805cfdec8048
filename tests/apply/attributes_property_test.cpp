#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/json.hpp>
#include <cstdlib>
#include <iostream>
#include <random>
#include <set>

#include "planner/schema.hpp"
#include "tests/apply/apply_lab.hpp"
#include "tests/support/lasting_inspect.hpp"
#include "tests/support/random_container.hpp"

namespace aim::apply_test {
namespace {

using support::Belongings;
using support::ContainerSpec;
using support::Host;
using support::RandomChange;

constexpr int kSpecifications = 2000;
constexpr int kBatch = 50;

/// AIM_TEST_SEED repeats a run that failed.
unsigned seed() {
  const char* given = std::getenv("AIM_TEST_SEED");
  return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20260401U;
}

Belongings belongings(int index) {
  return {.first_port = 20000 + 4 * index, .folder = "/srv/in", .address = 100 + index};
}

std::string name(int index) { return fmt::format("c{}", index); }

/// `fuse`: a last container that ends at once, so that everything else has to be taken back.
std::string configuration(const std::vector<ContainerSpec>& specs, bool fuse = false) {
  std::string text = "containers:\n";
  std::string all;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    const std::string one = name(static_cast<int>(i));
    text += fmt::format("  {}: {{ image: \"web:1\", {} }}\n", one, support::to_yaml(specs[i]));
    all += fmt::format("{}container.{}", all.empty() ? "" : ", ", one);
  }
  if (fuse) {
    text += fmt::format("  fuse: {{ image: \"fails:1\", depends_on: [{}] }}\n", all);
  }
  return text +
         "volumes: { data: {} }\n"
         "networks: { side: { ipam: { subnet: 10.215.7.0/24, ip_range: 10.215.7.0/26 } }, "
         "default: {} }\n";
}

/// What Docker shows of each container, in order.
std::vector<std::string> inspects(ApplyLab& lab, std::size_t count) {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < count; ++i) {
    const providers::HttpResponse answer = lab.docker.outside(
        "GET", fmt::format("/containers/lab-{}/json", name(static_cast<int>(i))));
    EXPECT_EQ(answer.status, 200);
    all.push_back(support::lasting_inspect(boost::json::parse(answer.body)));
  }
  return all;
}

/// What follows from a new container and was not asked for: its id and the like.
bool is_computed(std::string_view name) {
  const auto all = planner::computed_attributes(core::Kind::Container);
  return std::any_of(all.begin(), all.end(), [&](const planner::ComputedAttribute& one) {
    return one.name == name;
  });
}

std::set<std::string> names_of(const planner::ResourceChange& change) {
  std::set<std::string> names;
  for (const planner::FieldChange& field : change.fields) {
    if (const std::string* first = std::get_if<std::string>(&field.path.front());
        !is_computed(*first)) {
      names.insert(*first);
    }
  }
  return names;
}

support::MemoryDockerOptions docker_options() {
  support::MemoryDockerOptions options;
  options.device_drivers = {"nvidia"};
  options.runtimes = {"io.containerd.runc.v2"};
  return options;
}

class Batch {
 public:
  Batch(std::mt19937& random, int count) : lab_(docker_options()) {
    support::Program dies;
    dies.exits_after = std::chrono::milliseconds{0};
    dies.exit_code = 1;
    lab_.docker.add_image({.ref = "fails:1"});
    lab_.docker.set_program({.image = "fails:1", .name = {}, .argument = {}}, dies);
    for (int i = 0; i < count; ++i) {
      before_.push_back(support::random_container(random, Host::Any, belongings(i)));
      changes_.push_back(support::random_change(random, before_.back(), Host::Any, belongings(i)));
      after_.push_back(changes_.back().after);
    }
  }

  void run() {
    lab_.configure(configuration(before_));
    ASSERT_EQ(lab_.apply().result, core::RunResult::Applied) << told();
    ASSERT_FALSE(planner::has_changes(lab_.plan())) << told();
    const std::vector<std::string> was = inspects(lab_, before_.size());
    lab_.configure(configuration(after_));
    expect_planned();
    lab_.configure(configuration(after_, true));
    ASSERT_EQ(lab_.apply().result, core::RunResult::RolledBack) << told();
    const std::vector<std::string> is = inspects(lab_, before_.size());
    for (std::size_t i = 0; i < was.size(); ++i) {
      EXPECT_EQ(is[i], was[i]) << support::to_yaml(before_[i]) << "\n-> "
                               << support::to_yaml(after_[i]);
    }
    lab_.configure(configuration(before_));
    EXPECT_FALSE(planner::has_changes(lab_.plan()));
    lab_.configure(configuration(after_));
    ASSERT_EQ(lab_.apply().result, core::RunResult::Applied) << told();
    EXPECT_FALSE(planner::has_changes(lab_.plan()));
  }

 private:
  void expect_planned() {
    const planner::Plan plan = lab_.plan();
    for (std::size_t i = 0; i < changes_.size(); ++i) {
      const core::Address address{core::Kind::Container, name(static_cast<int>(i)), std::nullopt};
      const auto found = std::find_if(
          plan.changes.begin(), plan.changes.end(), [&](const planner::ResourceChange& change) {
            return change.address == address;
          });
      ASSERT_NE(found, plan.changes.end());
      EXPECT_EQ(names_of(*found), changes_[i].names)
          << support::to_yaml(before_[i]) << "\n-> " << support::to_yaml(after_[i]);
    }
  }

  std::string told() const {
    std::string text;
    for (const std::string& line : lab_.progress.lines) {
      if (line.find("failed") != std::string::npos || line.find("undo") != std::string::npos) {
        text += line + "\n";
      }
    }
    return text;
  }

  ApplyLab lab_;
  std::vector<ContainerSpec> before_;
  std::vector<ContainerSpec> after_;
  std::vector<RandomChange> changes_;
};

TEST(AttributesProperty, RandomContainersArePlannedAsWhatTheyAreAndTakenBackWhole) {
  const unsigned start = seed();
  std::cout << "AIM_TEST_SEED=" << start << "\n";
  std::mt19937 random(start);
  for (int done = 0; done < kSpecifications && !testing::Test::HasFailure(); done += kBatch) {
    SCOPED_TRACE(fmt::format("seed {}, specifications {} to {}", start, done, done + kBatch - 1));
    Batch(random, kBatch).run();
  }
}

}  // namespace
}  // namespace aim::apply_test
