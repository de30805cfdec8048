#pragma once

#include <gtest/gtest.h>

#include "planner/endpoint_resolution.hpp"
#include "tests/unit/planner/configuration_fixture.hpp"
#include "tests/unit/planner/gpu_makers.hpp"
#include "tests/unit/planner/makers.hpp"

namespace aim::planner::test {

inline const recipes::RecipeData& installed_data() {
  static core::Diagnostics diagnostics;
  static core::SourceFiles sources;
  static const recipes::RecipeData kData =
      recipes::open_data({{}, "recipes", {}}, diagnostics, sources);
  EXPECT_FALSE(diagnostics.has_errors());
  return kData;
}

/// A configuration, a host with GPUs, and what was applied so far.
class Site {
 public:
  explicit Site(const std::string& model = "MI300X", int count = 8) : gpus(gpus_of(model, count)) {}

  /// The text behind `version` and `project: lab`.
  void configure(const std::string& body) {
    ConfigurationCase one("version: 1\nproject: lab\n" + body);
    configuration = one.load();
    EXPECT_EQ(one.report(), "");
  }

  void resolve(const PlanOptions& options = {}) {
    asked.clear();
    diagnostics = {};
    EndpointKnowledge knowledge;
    knowledge.recipes = [&] {
      asked.emplace_back("recipes");
      return &installed_data();
    };
    knowledge.inventory = [&] {
      asked.emplace_back("inventory");
      core::Inventory inventory;
      inventory.gpus = gpus;
      return inventory;
    };
    knowledge.gpu_containers = [&] {
      asked.emplace_back("containers");
      return core::Result<std::vector<core::ObservedContainer>>(containers);
    };
    knowledge.taken_ports = [&](const std::set<std::uint16_t>&) {
      asked.emplace_back("ports");
      return taken_ports;
    };
    knowledge.run_program = run_program;
    core::SourceFiles sources;
    auto result = resolve_endpoints(
        configuration, applied.state, applied.world, options, knowledge, diagnostics, sources);
    ASSERT_TRUE(result);
    resolved = std::move(*result);
  }

  /// Resolves, plans, and takes the plan for carried out.
  void apply() {
    resolve();
    EXPECT_EQ(told(), "");
    applied = apply_by_the_book(resolved, plan());
  }

  Plan plan() const { return plan_of(resolved, applied.state, applied.world); }

  const core::Map& attributes(const std::string& name) const {
    return resolved.resources.at(endpoint(name)).attributes;
  }

  std::string text(const std::string& name, std::string_view attribute) const {
    return core::string_at(attributes(name), attribute).value_or("");
  }

  std::vector<std::string> list(const std::string& name, std::string_view attribute) const {
    std::vector<std::string> words;
    const core::Value* value = core::find(attributes(name), attribute);
    for (const core::Value& item :
         value && value->is<core::List>() ? *value->get<core::List>() : core::List()) {
      words.push_back(*item.get<std::string>());
    }
    return words;
  }

  /// Errors and warnings, "summary: detail" a line.
  std::string told() const {
    std::string lines;
    for (const core::Diagnostic& one : diagnostics.sorted()) {
      if (one.severity != core::Severity::Note) {
        lines += one.summary + ": " + one.detail + "\n";
      }
    }
    return lines;
  }

  std::vector<core::Gpu> gpus;
  std::vector<core::ObservedContainer> containers;
  Configuration configuration;
  Configuration resolved;
  Applied applied{{}, empty_world()};
  core::Diagnostics diagnostics;
  std::vector<std::string> asked;
  std::set<std::uint16_t> taken_ports;  ///< on the host
  std::function<core::Result<std::string>(const std::vector<std::string>&, const std::string&)>
      run_program;
};

inline std::string qwen(const std::string& more, const std::string& name = "qwen") {
  return "  " + name + ": { model: Qwen/Qwen3-32B, " + more + " }\n";
}

inline std::string endpoints(const std::string& entries) { return "endpoints:\n" + entries; }

}  // namespace aim::planner::test
