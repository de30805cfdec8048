#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <set>
#include <sstream>

#include "planner/schema.hpp"
#include "tests/e2e/lab.hpp"
#include "tests/support/lasting_inspect.hpp"
#include "tests/support/random_container.hpp"

namespace aim::e2e {
namespace {

namespace json = boost::json;
using support::ContainerSpec;
using support::Host;
using support::RandomChange;

constexpr int kSpecifications = 60;

/// AIM_TEST_SEED repeats a run that failed.
unsigned seed() {
  const char* given = std::getenv("AIM_TEST_SEED");
  return given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : 20260402U;
}

std::string name(std::size_t index) { return fmt::format("c{}", index); }

std::string configuration(const std::vector<ContainerSpec>& specs, bool fuse = false) {
  std::string text = "containers:\n";
  std::string all;
  for (std::size_t i = 0; i < specs.size(); ++i) {
    text += fmt::format(
        "  {}: {{ image: \"{}\", {} }}\n", name(i), kImage1, support::to_yaml(specs[i]));
    all += fmt::format("{}container.{}", all.empty() ? "" : ", ", name(i));
  }
  if (fuse) {
    text += fmt::format(
        "  fuse: {{ image: \"{}\", command: [--no-such-flag], restart: \"no\", depends_on: [{}] "
        "}}\n",
        kImage1,
        all);
  }
  return text +
         "volumes: { data: { lifecycle: { on_destroy: delete } } }\n"
         "networks: { side: { ipam: { subnet: 10.215.7.0/24, ip_range: 10.215.7.0/26 } }, "
         "default: {} }\n";
}

std::vector<std::string> inspects(const Lab& lab) {
  std::vector<std::string> command{"inspect"};
  for (std::size_t i = 0; i < kSpecifications; ++i) {
    command.push_back(fmt::format("{}-{}", lab.project(), name(i)));
  }
  std::vector<std::string> all;
  const json::value shown = json::parse(lab.docker(command));
  for (const json::value& one : shown.as_array()) {
    all.push_back(support::lasting_inspect(one));
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

/// The attributes that the plan names, by address.
std::map<std::string, std::set<std::string>> planned(const Lab& lab) {
  const Finished done = lab.aim({"plan", "--json"});
  EXPECT_EQ(done.code, 0) << done.out << done.err;
  std::map<std::string, std::set<std::string>> result;
  std::istringstream lines(done.out);
  for (std::string line; std::getline(lines, line);) {
    const json::value message = json::parse(line);
    if (message.at("type") != "planned_change") {
      continue;
    }
    const json::value& change = message.at("change");
    std::set<std::string>& names =
        result[std::string(change.at("resource").at("addr").as_string())];
    for (const json::value& field : change.at("fields").as_array()) {
      if (const std::string first(field.at("path").at(0).as_string()); !is_computed(first)) {
        names.insert(first);
      }
    }
  }
  return result;
}

TEST(AttributesProperty, RandomContainersAreTakenBackWhole) {
  const unsigned start = seed();
  std::cout << "AIM_TEST_SEED=" << start << "\n";
  std::mt19937 random(start);
  const Lab lab("randomized");
  // The lab's own range has ten ports, so these are of one range further up that nobody has.
  std::vector<ContainerSpec> before;
  std::vector<ContainerSpec> after;
  std::map<std::string, std::set<std::string>> expected;
  for (int i = 0; i < kSpecifications; ++i) {
    const support::Belongings own{.first_port = lab.port() - lab.port() % 100 + 20000 + 4 * i,
                                  .folder = lab.directory().string(),
                                  .address = 100 + i};
    before.push_back(support::random_container(random, Host::Restricted, own));
    RandomChange change = support::random_change(random, before.back(), Host::Restricted, own);
    after.push_back(std::move(change.after));
    expected.emplace("container." + name(static_cast<std::size_t>(i)), std::move(change.names));
  }
  lab.configure(configuration(before));
  const Finished applied = lab.aim({"apply", "--yes", "--parallelism", "16"});
  ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
  const Finished empty = lab.aim({"plan", "--detailed-exitcode"});
  ASSERT_EQ(empty.code, 0) << empty.out << empty.err;
  const std::vector<std::string> was = inspects(lab);

  lab.configure(configuration(after));
  EXPECT_EQ(planned(lab), expected);
  lab.configure(configuration(after, true));
  const Finished undone = lab.aim({"apply", "--yes", "--parallelism", "16"});
  ASSERT_EQ(undone.code, 3) << undone.out << undone.err;
  const std::vector<std::string> is = inspects(lab);
  for (std::size_t i = 0; i < was.size(); ++i) {
    EXPECT_EQ(is[i], was[i]) << support::to_yaml(before[i]) << "\n-> "
                             << support::to_yaml(after[i]);
  }
  lab.configure(configuration(before));
  const Finished again = lab.aim({"plan", "--detailed-exitcode"});
  EXPECT_EQ(again.code, 0) << again.out << again.err;
}

}  // namespace
}  // namespace aim::e2e
