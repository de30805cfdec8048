#include "cmd/launch_report.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <boost/json.hpp>
#include <map>
#include <vector>

namespace aim::cmd {

namespace json = boost::json;

namespace {

constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;

}  // namespace

std::string found_text(const core::Inventory& inventory) {
  std::map<std::string, std::vector<const core::Gpu*>> models;
  for (const core::Gpu& gpu : inventory.gpus) {
    models[gpu.model].push_back(&gpu);
  }
  std::vector<std::string> parts;
  for (const auto& [model, gpus] : models) {
    const double gib = static_cast<double>(gpus.front()->memory_bytes) / kGibi;
    parts.push_back(gpus.size() == 1
                        ? fmt::format("1 {} ({:.1f} GiB)", model, gib)
                        : fmt::format("{} {} ({:.1f} GiB each)", gpus.size(), model, gib));
  }
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string gpus_text(const planner::GpuGrant& grant, const core::Inventory& inventory) {
  std::vector<std::string> names;
  for (const std::string& id : grant.ids) {
    const core::Gpu* gpu = core::find_gpu(inventory.gpus, id);
    names.push_back(gpu ? std::to_string(gpu->index) : id);
  }
  return fmt::format("{} {}", names.size() == 1 ? "GPU" : "GPUs", fmt::join(names, ", "));
}

std::string success_text(const LaunchReport& report,
                         const std::string& model,
                         const std::string& name,
                         const TestRow& test) {
  std::string text = fmt::format("\n{} answers at {}/v1\n", model, report.url);
  if (test.latency && test.tokens) {
    text += fmt::format(
        "  a test request took {} ms and gave {} tokens\n", test.latency->count(), *test.tokens);
  }
  for (const auto& [what, command] : {std::pair{"look at it", "status"},
                                      {"its log", "logs"},
                                      {"test it", "test"},
                                      {"stop it", "stop"},
                                      {"remove it", "rm"}}) {
    const bool all = std::string_view(command) == "status";
    text += fmt::format("  {:<12}aim {}{}\n", what, command, all ? "" : " " + name);
  }
  return text;
}

json::object launch_json(const LaunchReport& report, const LaunchRequest& request, ExitCode code) {
  json::object result{
      {"success", code == ExitCode::Done}, {"name", request.name}, {"model_id", request.model}};
  if (report.decision) {
    result["recipe_id"] = report.decision->recipe;
    result["gpu_count"] = report.decision->gpus;
    result["precision"] = report.decision->precision;
    result["backend"] = report.decision->backend;
  } else if (request.backend == "custom") {
    result["gpu_count"] = report.grant.ids.size();
    result["backend"] = "custom";
  }
  result["available_gpus"] = report.inventory.gpus.size();
  json::array ids;
  for (const std::string& id : report.grant.ids) {
    ids.emplace_back(id);
  }
  result["gpu_ids"] = std::move(ids);
  if (report.names.container) {
    result["container_name"] = *report.names.container;
  }
  if (report.names.port) {
    result["port"] = *report.names.port;
  }
  if (!report.container_id.empty()) {
    result["container_id"] = report.container_id;
    result["endpoint_url"] = report.url;
  }
  result["status"] = code == ExitCode::Done ? report.status : "failed";
  result["auto_selected"] =
      json::object{{"gpu_count", !request.gpus.has_value()},
                   {"precision", request.precision.value_or("auto") == "auto"}};
  if (code != ExitCode::Done) {
    result["error"] = report.error;
    result["cause"] = report.cause;
    result["hint"] = report.hint;
  }
  return result;
}

}  // namespace aim::cmd
