#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <sstream>

#include "planner/schema_tables.hpp"
#include "tests/e2e/attribute_cases.hpp"
#include "tests/e2e/lab.hpp"

namespace aim::e2e {
namespace {

namespace json = boost::json;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

enum class Phase { Set, Changed, Removed };

std::vector<std::string> words(std::string_view text) {
  std::istringstream stream{std::string(text)};
  std::vector<std::string> result;
  for (std::string word; stream >> word;) {
    result.push_back(word);
  }
  return result;
}

/// "mounts.size" as a part of a name.
std::string name_of(const AttributeCase& one) {
  std::string name = words(one.attribute).front();
  std::replace(name.begin(), name.end(), '.', '-');
  return name;
}

std::string first_part(const std::string& path) { return path.substr(0, path.find('.')); }

/// What follows from a new container and was not asked for: its id and the like.
bool is_computed(std::string_view name) {
  const auto all = planner::computed_attributes(core::Kind::Container);
  return std::any_of(all.begin(), all.end(), [&](const planner::ComputedAttribute& one) {
    return one.name == name;
  });
}

class Attributes : public testing::Test {
 protected:
  Attributes() : lab_(own_name("attributes")) {
    architecture_ = lab_.docker({"version", "--format", "{{.Server.Arch}}"});
  }

  std::string filled(std::string_view text) const {
    std::string result(text);
    const auto put = [&](const std::string& mark, const std::string& value) {
      for (std::size_t at = result.find(mark); at != std::string::npos; at = result.find(mark)) {
        result.replace(at, mark.size(), value);
      }
    };
    put("@DIR@", lab_.directory().string());
    put("@PROJECT@", lab_.project());
    put("@ARCH@", architecture_);
    for (int port = 0; port < 4; ++port) {
      put(fmt::format("@P{}@", port), std::to_string(lab_.port(port)));
    }
    return result;
  }

  static bool has(const AttributeCase& one, Phase phase) {
    return phase == Phase::Changed ? !one.changed.empty()
                                   : phase != Phase::Removed || !one.required;
  }

  /// What is written for it in that phase; a phase that it does not have leaves it as it was.
  static std::string_view written(const AttributeCase& one, Phase phase) {
    if (phase == Phase::Removed && !one.required) {
      return one.removed;
    }
    return phase == Phase::Set || one.changed.empty() ? one.set : one.changed;
  }

  void configure(Phase phase) const {
    std::string text = "containers:\n";
    for (const AttributeCase& one : container_cases()) {
      const std::string more = filled(written(one, phase));
      const std::string image =
          more.find("image:") == 0 ? "" : fmt::format("image: \"{}\", ", kImage1);
      text += fmt::format("  {}: {{ {}{} }}\n", name_of(one), image, more);
    }
    text +=
        "volumes: { data: { lifecycle: { on_destroy: delete } } }\n"
        "networks:\n"
        "  side:\n"
        "    ipv6: true\n"
        "    ipam: { pools: [{ subnet: 10.214.7.0/24, ip_range: 10.214.7.0/26 },\n"
        "                    { subnet: \"fd14:7::/64\", gateway: \"fd14:7::1\" }] }\n";
    lab_.configure(text);
  }

  struct Planned {
    std::string action;
    std::set<std::string> fields;  ///< top-level names, without what a new container has anyway
  };

  /// What the plan says of each container.
  std::map<std::string, Planned> plan() const {
    const Finished done = lab_.aim({"plan", "--json"});
    EXPECT_EQ(done.code, 0) << done.out << done.err;
    std::map<std::string, Planned> result;
    std::istringstream lines(done.out);
    for (std::string line; std::getline(lines, line);) {
      const json::value message = json::parse(line);
      if (message.at("type") != "planned_change") {
        continue;
      }
      const json::value& change = message.at("change");
      Planned planned;
      planned.action = change.at("action").as_string();
      for (const json::value& field : change.at("fields").as_array()) {
        const std::string name(field.at("path").at(0).as_string());
        if (!is_computed(name)) {
          planned.fields.insert(name);
        }
      }
      result.emplace(change.at("resource").at("addr").as_string(), std::move(planned));
    }
    return result;
  }

  void expect_planned(Phase phase) const {
    const std::map<std::string, Planned> planned = plan();
    std::size_t expected = 0;
    for (const AttributeCase& one : container_cases()) {
      const std::string address = "container." + name_of(one);
      if (!has(one, phase)) {
        EXPECT_FALSE(planned.contains(address)) << address;
        continue;
      }
      ++expected;
      if (!planned.contains(address)) {
        ADD_FAILURE() << address << ": nothing is planned";
        continue;
      }
      const Planned& change = planned.at(address);
      const Cost cost = phase == Phase::Changed ? one.change : one.removal;
      EXPECT_EQ(change.action, cost == Cost::Replace ? "replace" : "update") << address;
      std::set<std::string> names;
      const bool other_names = phase == Phase::Removed && !one.removal_names.empty();
      for (const std::string& name : words(other_names ? one.removal_names : one.attribute)) {
        names.insert(first_part(name));
      }
      EXPECT_EQ(change.fields, names) << address;
    }
    EXPECT_EQ(planned.size(), expected);
  }

  void apply_and_expect_no_changes() const {
    const Finished applied = lab_.aim({"apply", "--yes", "--parallelism", "16"});
    ASSERT_EQ(applied.code, 0) << applied.out << applied.err;
    const Finished again = lab_.aim({"plan", "--detailed-exitcode"});
    EXPECT_EQ(again.code, 0) << again.out << again.err;
  }

  std::map<std::string, json::value> inspect_all() const {
    std::vector<std::string> command{"inspect"};
    for (const AttributeCase& one : container_cases()) {
      command.push_back(lab_.project() + "-" + name_of(one));
    }
    const json::value all = json::parse(lab_.docker(command));
    std::map<std::string, json::value> result;
    for (const json::value& one : all.as_array()) {
      result.emplace(std::string(one.at("Name").as_string()).substr(1), one);
    }
    return result;
  }

  /// What the Engine says itself, not through aim's client.
  void expect_shown(Phase phase) const {
    const std::map<std::string, json::value> all = inspect_all();
    for (const AttributeCase& one : container_cases()) {
      if (one.pointer.empty()) {
        continue;
      }
      const std::string name = lab_.project() + "-" + name_of(one);
      const json::value& container = all.at(name);
      EXPECT_EQ(container.at("State").at("Status"), "running") << name;
      boost::system::error_code none;
      const json::value* found = container.find_pointer(filled(one.pointer), none);
      const std::string seen =
          found == nullptr || found->is_null() ? "absent" : json::serialize(*found);
      const Phase shown = has(one, phase)       ? phase
                          : one.changed.empty() ? Phase::Set
                          : phase == Phase::Set ? Phase::Set
                                                : Phase::Changed;
      const std::string wanted = filled(shown == Phase::Set       ? one.set_json
                                        : shown == Phase::Changed ? one.changed_json
                                                                  : one.removed_json);
      if (wanted == "empty") {
        EXPECT_TRUE(seen == "absent" || seen == "[]") << name << ": " << seen;
      } else if (wanted == "short id") {
        EXPECT_EQ(
            seen,
            json::serialize(json::value(std::string(container.at("Id").as_string()).substr(0, 12))))
            << name;
      } else if (wanted == "absent") {
        EXPECT_EQ(seen, wanted) << name;
      } else {
        ASSERT_NE(seen, "absent") << name;
        EXPECT_EQ(*found, json::parse(wanted)) << name << ": " << seen;
      }
    }
  }

  const Lab lab_;
  std::string architecture_;
};

TEST_F(Attributes, OfContainersAreSetChangedAndRemovedAsPlanned) {
  configure(Phase::Set);
  apply_and_expect_no_changes();
  if (HasFatalFailure()) {
    return;
  }
  expect_shown(Phase::Set);
  for (const Phase phase : {Phase::Changed, Phase::Removed}) {
    configure(phase);
    expect_planned(phase);
    apply_and_expect_no_changes();
    if (HasFatalFailure()) {
      return;
    }
    expect_shown(phase);
  }
}

TEST_F(Attributes, ThatThisEngineOrKernelRefusesAreToldInItsWords) {
  for (const RefusedCase& one : refused_cases()) {
    lab_.configure(
        fmt::format("containers: {{ x: {{ image: \"{}\", {} }} }}\nvolumes: {{ data: "
                    "{{}} }}\n",
                    kImage1,
                    filled(one.written)));
    const Finished planned = lab_.aim({"plan"});
    EXPECT_EQ(planned.code, one.at_plan ? 1 : 0) << one.attribute << planned.out << planned.err;
    const Finished refused = one.at_plan ? planned : lab_.aim({"apply", "--yes"});
    EXPECT_NE(refused.code, 0) << one.attribute;
    std::string text = refused.out + refused.err;
    std::replace(text.begin(), text.end(), '\n', ' ');
    // Long messages are folded.
    for (std::size_t at = text.find("  "); at != std::string::npos; at = text.find("  ")) {
      text.erase(at, 1);
    }
    EXPECT_THAT(text, HasSubstr(one.message)) << one.attribute;
    EXPECT_THAT(lab_.docker({"ps", "-aq", "--filter", "name=" + lab_.project() + "-x"}), IsEmpty());
  }
}

TEST_F(Attributes, OfNetworksAndVolumesAreSetAsPlanned) {
  std::string text = "networks:\n";
  const auto name = [](const ObjectCase& one) {
    std::string result = words(one.attribute).front();
    std::replace(result.begin(), result.end(), '.', '-');
    return result;
  };
  for (const ObjectCase& one : network_cases()) {
    text += fmt::format("  n-{}: {{ {} }}\n", name(one), one.set);
  }
  text += "volumes:\n";
  for (const ObjectCase& one : volume_cases()) {
    text +=
        fmt::format("  v-{}: {{ {}, lifecycle: {{ on_destroy: delete }} }}\n", name(one), one.set);
  }
  lab_.configure(text);
  apply_and_expect_no_changes();
  if (HasFatalFailure()) {
    return;
  }
  const auto expect_shown_as =
      [&](const char* kind, const std::string& full, const ObjectCase& one) {
        const json::value all = json::parse(lab_.docker({kind, "inspect", full}));
        boost::system::error_code none;
        const json::value* found = all.at(0).find_pointer(one.pointer, none);
        ASSERT_NE(found, nullptr) << full;
        EXPECT_EQ(*found, json::parse(one.json)) << full << ": " << json::serialize(*found);
      };
  for (const ObjectCase& one : network_cases()) {
    expect_shown_as("network", fmt::format("{}-n-{}", lab_.project(), name(one)), one);
  }
  for (const ObjectCase& one : volume_cases()) {
    expect_shown_as("volume", fmt::format("{}-v-{}", lab_.project(), name(one)), one);
  }
}

/// Every attribute of the table and of what is below it, as "mounts.size".
void collect(std::span<const planner::Attribute> table,
             const std::string& prefix,
             std::set<std::string>& names) {
  for (const planner::Attribute& attribute : table) {
    const std::string name = prefix + std::string(attribute.name);
    names.insert(name);
    collect(attribute.type == planner::Type::Mounts     ? planner::mount_members()
            : attribute.type == planner::Type::Networks ? planner::attachment_members()
                                                        : attribute.members,
            name + ".",
            names);
  }
}

std::set<std::string> all_attributes(core::Kind kind) {
  std::set<std::string> names;
  collect(planner::attributes(kind), "", names);
  return names;
}

template <class Cases>
void cover(const Cases& cases, std::set<std::string>& names) {
  for (const auto& one : cases) {
    for (const std::string& name : words(one.attribute)) {
      names.insert(name);
    }
  }
}

TEST(AttributeCases, LeaveNoAttributeOut) {
  // Needs an Engine newer than the one the tests run on; its message at plan is a unit test.
  const std::set<std::string> too_new = {"ipv4"};
  // Files that aim puts into a container, and containers that end, have tests of their own.
  const std::set<std::string> elsewhere = {"env_file", "files", "job"};
  const std::map<core::Kind, std::set<std::string>> covered = [] {
    std::map<core::Kind, std::set<std::string>> result;
    cover(container_cases(), result[core::Kind::Container]);
    cover(refused_cases(), result[core::Kind::Container]);
    cover(network_cases(), result[core::Kind::Network]);
    cover(volume_cases(), result[core::Kind::Volume]);
    return result;
  }();
  for (const auto& [kind, names] : covered) {
    std::set<std::string> missing;
    for (const std::string& name : all_attributes(kind)) {
      if (!names.contains(name) && !too_new.contains(name) &&
          !elsewhere.contains(first_part(name))) {
        missing.insert(name);
      }
    }
    EXPECT_THAT(missing, IsEmpty()) << core::to_string(kind);
  }
}

}  // namespace
}  // namespace aim::e2e
