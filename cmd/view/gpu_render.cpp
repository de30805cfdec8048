#include "cmd/view/gpu_render.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <boost/json.hpp>

#include "cmd/view/diagnostic_render.hpp"
#include "cmd/view/table.hpp"
#include "cmd/view/text.hpp"

namespace aim::view {

namespace json = boost::json;

namespace {

constexpr std::size_t kNarrowestHolder = 16;
constexpr std::size_t kGap = 2;
// Beyond this an unknown product's name is cut; its whole is in the JSON.
constexpr std::size_t kWidestModel = 16;

std::string gibi(std::uint64_t bytes) {
  constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;
  return fmt::format("{:.1f}", static_cast<double>(bytes) / kGibi);
}

std::string holder_of(const cmd::GpuRow& row) {
  if (!row.holders.empty()) {
    return fmt::format("{}", fmt::join(row.holders, ", "));
  }
  if (row.excluded) {
    return "excluded";
  }
  if (!row.gpu.pids.empty()) {
    return fmt::format(
        "process{} {}", row.gpu.pids.size() == 1 ? "" : "es", fmt::join(row.gpu.pids, ", "));
  }
  return "-";
}

std::string model_of(const core::Gpu& gpu) {
  const std::string model = escape_line(gpu.model);
  return display_width(model) <= kWidestModel ? model : break_hard(model, kWidestModel).front();
}

/// All columns but the last.
std::vector<std::string> cells_of(const cmd::GpuRow& row) {
  const core::Gpu& gpu = row.gpu;
  return {std::to_string(gpu.index),
          core::short_id(gpu),
          model_of(gpu),
          gpu.memory_bytes == 0 ? "?" : gibi(gpu.memory_bytes),
          gpu.used_bytes ? gibi(*gpu.used_bytes) : "?",
          std::string(to_string(gpu.health))};
}

/// Broken between words, and inside them where one is too long.
std::vector<std::string> lines_of(const std::string& text, std::size_t room) {
  std::vector<std::string> lines;
  for (const std::string& line : wrap(text, room)) {
    for (std::string& piece : break_hard(line, room)) {
      lines.push_back(std::move(piece));
    }
  }
  return lines;
}

std::string_view summary_of(core::InventoryFault fault) {
  switch (fault) {
    case core::InventoryFault::NoDriver:
      return "No GPU driver";
    case core::InventoryFault::DriverBroken:
      return "GPU driver fails";
    case core::InventoryFault::ToolFailed:
      return "GPUs not fully known";
  }
  return "";
}

json::object gpu_json(const cmd::GpuRow& row) {
  const core::Gpu& gpu = row.gpu;
  json::array holders;
  for (const std::string& holder : row.holders) {
    holders.push_back(json::string(valid_utf8(holder)));
  }
  json::array pids;
  for (const std::int64_t pid : gpu.pids) {
    pids.push_back(pid);
  }
  json::object object{{"index", gpu.index},
                      {"id", valid_utf8(gpu.id)},
                      {"vendor", to_string(gpu.vendor)},
                      {"model", valid_utf8(gpu.model)},
                      {"product", valid_utf8(gpu.product)},
                      {"architecture", valid_utf8(gpu.architecture)},
                      {"pci_address", valid_utf8(gpu.pci_address)},
                      {"memory_bytes", nullptr},
                      {"used_bytes", nullptr},
                      {"health", to_string(gpu.health)},
                      {"health_detail", valid_utf8(gpu.health_detail)},
                      {"partition",
                       json::object{{"compute", valid_utf8(gpu.partition.compute)},
                                    {"memory", valid_utf8(gpu.partition.memory)},
                                    {"number", gpu.partition.number},
                                    {"count", gpu.partition.count}}},
                      {"device", gpu.device_node},
                      {"pids", std::move(pids)},
                      {"excluded", row.excluded},
                      {"holders", std::move(holders)}};
  if (gpu.memory_bytes > 0) {
    object["memory_bytes"] = gpu.memory_bytes;
  }
  if (gpu.used_bytes) {
    object["used_bytes"] = *gpu.used_bytes;
  }
  return object;
}

}  // namespace

std::string render_gpus(const std::vector<cmd::GpuRow>& rows) {
  Table table{{"GPU", "ID", "MODEL", "GiB", "USED", "HEALTH"}};
  for (const cmd::GpuRow& row : rows) {
    table.push_back(cells_of(row));
  }
  std::size_t left = 0;
  for (std::size_t column = 0; column < table.front().size(); ++column) {
    std::size_t width = 0;
    for (const auto& line : table) {
      width = std::max(width, display_width(line[column]));
    }
    left += width + kGap;
  }
  const std::size_t room = std::max(kNarrowestHolder, kColumns - std::min(left, kColumns));
  table.front().emplace_back("HOLDER");
  Table folded{table.front()};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::vector<std::string> cells = table[i + 1];
    for (const std::string& line : lines_of(escape_line(holder_of(rows[i])), room)) {
      cells.push_back(line);
      folded.push_back(std::move(cells));
      cells.assign(table.front().size() - 1, "");
    }
  }
  std::string text = render_table(folded);
  for (const cmd::GpuRow& row : rows) {
    if (!row.gpu.health_detail.empty()) {
      const std::string sentence = fmt::format(
          "GPU {} cannot be used: {}.", row.gpu.index, escape_line(row.gpu.health_detail));
      for (const std::string& line : wrap(sentence, kColumns)) {
        text += line + "\n";
      }
    }
  }
  return text;
}

std::string no_gpus_text(const cmd::GpuReport& report) {
  std::string text = "This host has no GPU: none of NVIDIA's and none of AMD's was found.";
  if (report.declared && report.declared->count > 0) {
    text += fmt::format(
        " hosts.local.gpus expects {} {} here.", report.declared->count, report.declared->model);
  }
  return text;
}

core::Diagnostics gpu_problems(const cmd::GpuReport& report) {
  core::Diagnostics diagnostics;
  for (const core::InventoryProblem& problem : report.problems) {
    diagnostics.warning(std::string(summary_of(problem.fault)),
                        problem.message + " " + problem.remedy);
  }
  return diagnostics;
}

json::value gpus_json(const cmd::GpuReport& report) {
  json::array gpus;
  for (const cmd::GpuRow& row : report.rows) {
    gpus.push_back(gpu_json(row));
  }
  json::object drivers;
  for (const auto& [vendor, version] : report.drivers) {
    drivers.emplace(to_string(vendor), valid_utf8(version));
  }
  json::array problems;
  for (const core::InventoryProblem& problem : report.problems) {
    problems.push_back(json::object{{"fault", to_string(problem.fault)},
                                    {"vendor", to_string(problem.vendor)},
                                    {"message", valid_utf8(problem.message)},
                                    {"remedy", problem.remedy}});
  }
  json::value declared = nullptr;
  if (report.declared && report.declared->count > 0) {
    declared = json::object{{"model", report.declared->model}, {"count", report.declared->count}};
  }
  return json::object{{"gpus", std::move(gpus)},
                      {"drivers", std::move(drivers)},
                      {"problems", std::move(problems)},
                      {"declared", std::move(declared)},
                      {"holders_unknown", valid_utf8(report.holders_unknown)}};
}

}  // namespace aim::view
