#include <gtest/gtest.h>

#include "cmd/view/plan_render.hpp"
#include "planner/configuration.hpp"
#include "planner/plan.hpp"
#include "planner/plan_file.hpp"

namespace aim::planner {
namespace {

Plan plan_of(std::vector<ConfigurationFile> files) {
  ConfigurationInput input;
  input.files = std::move(files);
  input.environment = [](const std::string&) { return std::nullopt; };
  core::SourceFiles sources;
  core::Diagnostics diagnostics;
  const Configuration configuration = load_configuration(input, sources, diagnostics);
  core::ObservedWorld world;
  world.engine.api_version = "1.41";
  Plan plan = make_plan(configuration, {}, world, {}, diagnostics);
  EXPECT_FALSE(diagnostics.has_errors()) << diagnostics.items().front().detail;
  return plan;
}

const ConfigurationFile kMain{"aim.yaml", R"(version: 1
project: lab
endpoints:
  b: { model: m, image: "serve:1", port: 8001, env: { Z: "1", A: "2" } }
  a: { model: m, image: "serve:1", port: 8000, depends_on: [endpoint.b, container.web] }
outputs: { two: "${endpoint.a.url}", one: "${endpoint.b.url}" }
)"};
const ConfigurationFile kMore{"more.aim.yaml", R"(
containers:
  web: { image: "web:1", networks: [side, default], mounts: ["data:/d", "logs:/l"] }
volumes: { logs: {}, data: {} }
networks: { side: {} }
)"};
/// kMain and kMore with everything the other way round.
const ConfigurationFile kMainTurned{
    "aim.yaml", R"(outputs: { one: "${endpoint.b.url}", two: "${endpoint.a.url}" }
endpoints:
  a: { depends_on: [container.web, endpoint.b], port: 8000, image: "serve:1", model: m }
  b: { env: { A: "2", Z: "1" }, port: 8001, image: "serve:1", model: m }
project: lab
version: 1
)"};
const ConfigurationFile kMoreTurned{"more.aim.yaml", R"(
networks: { side: {} }
volumes: { data: {}, logs: {} }
containers:
  web: { mounts: ["logs:/l", "data:/d"], networks: [default, side], image: "web:1" }
)"};

TEST(PlanOrder, OfTheFilesMakesNoDifference) {
  EXPECT_EQ(canonical_plan_bytes(plan_of({kMain, kMore})),
            canonical_plan_bytes(plan_of({kMore, kMain})));
}

TEST(PlanOrder, InsideTheFilesMakesNoDifferenceToWhatIsShown) {
  const Plan plan = plan_of({kMain, kMore});
  const Plan turned = plan_of({kMoreTurned, kMainTurned});
  EXPECT_EQ(view::render_plan(plan, {}, view::Colour::Off),
            view::render_plan(turned, {}, view::Colour::Off));
  Plan same_digest = turned;
  same_digest.configuration_digest = plan.configuration_digest;
  EXPECT_EQ(canonical_plan_bytes(plan), canonical_plan_bytes(same_digest));
}

}  // namespace
}  // namespace aim::planner
