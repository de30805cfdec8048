#include "cmd/view/graph_render.hpp"

#include <gtest/gtest.h>

#include <boost/json.hpp>

namespace aim::view {
namespace {

core::Address at(const std::string& text) { return core::Address::parse(text).value(); }

void add(planner::Configuration& configuration,
         const std::string& address,
         std::vector<std::string> needs = {}) {
  planner::DesiredResource resource;
  resource.address = at(address);
  for (const std::string& need : needs) {
    resource.dependencies.push_back(at(need));
  }
  configuration.resources.emplace(resource.address, std::move(resource));
}

planner::Configuration chat_and_web() {
  planner::Configuration configuration;
  configuration.project = "lab";
  add(configuration, "network.default");
  add(configuration, "volume.data");
  add(configuration, R"(endpoint.chat["eu 1"])", {"network.default"});
  add(configuration,
      "container.web",
      {"volume.data", R"(endpoint.chat["eu 1"])", "network.default"});
  configuration.resources.at(at("volume.data")).external = true;
  return configuration;
}

TEST(Graph, ForGraphviz) {
  EXPECT_EQ(render_dot(graph_of(chat_and_web(), nullptr)), R"dot(digraph "lab" {
  rankdir=LR;
  "endpoint.chat[\"eu 1\"]" [shape=component];
  "container.web" [shape=box];
  "network.default" [shape=ellipse];
  "volume.data" [shape=cylinder, label="volume.data (external)", style=dashed];
  "endpoint.chat[\"eu 1\"]" -> "network.default";
  "container.web" -> "endpoint.chat[\"eu 1\"]";
  "container.web" -> "network.default";
  "container.web" -> "volume.data";
}
)dot");
}

TEST(Graph, ForMermaid) {
  EXPECT_EQ(render_mermaid(graph_of(chat_and_web(), nullptr)), R"dot(flowchart LR
  n0[["endpoint.chat[#quot;eu 1#quot;]"]]
  n1["container.web"]
  n2(["network.default"])
  n3[("volume.data (external)")]
  n0 --> n2
  n1 --> n0
  n1 --> n2
  n1 --> n3
)dot");
}

TEST(Graph, WithWhatApplyWouldDo) {
  planner::Configuration configuration;
  configuration.project = "lab";
  add(configuration, "network.default");
  planner::Plan plan;
  planner::ResourceChange created;
  created.address = at("network.default");
  created.action = planner::Action::Create;
  planner::ResourceChange removed;
  removed.address = at("container.old");
  removed.action = planner::Action::Delete;
  removed.dependencies = {at("network.default"), at("network.gone")};
  plan.changes = {removed, created};
  const Graph graph = graph_of(configuration, &plan);
  EXPECT_EQ(render_dot(graph), R"dot(digraph "lab" {
  rankdir=LR;
  "container.old" [shape=box, label="container.old (delete)", color=red];
  "network.default" [shape=ellipse, label="network.default (create)", color=darkgreen];
  "container.old" -> "network.default";
}
)dot");
  EXPECT_EQ(boost::json::serialize(graph_json(graph)),
            R"({"format_version":"1.0","project":"lab","nodes":[)"
            R"({"address":"container.old","kind":"container","external":false,"action":"delete"},)"
            R"({"address":"network.default","kind":"network","external":false,"action":"create"}],)"
            R"("edges":[{"from":"container.old","to":"network.default"}]})");
}

}  // namespace
}  // namespace aim::view
