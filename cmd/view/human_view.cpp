#include "cmd/view/human_view.hpp"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "cmd/view/apply_render.hpp"
#include "cmd/view/diagnostic_render.hpp"
#include "cmd/view/field_render.hpp"
#include "cmd/view/gpu_render.hpp"
#include "cmd/view/plan_render.hpp"
#include "cmd/view/table.hpp"
#include "planner/plan_json.hpp"

namespace aim::view {

namespace {

constexpr std::chrono::milliseconds kRedrawEvery{200};
constexpr std::chrono::milliseconds kLookEvery{1000};

std::string wrapped(std::string_view first, const std::string& text) {
  std::string out;
  for (const std::string& line : wrap(std::string(first) + escape_text(text), kColumns)) {
    out += line + '\n';
  }
  return out;
}

std::string error_text(const core::Error& error, Colour colour) {
  std::string out;
  for (const std::string& line : wrap(escape_text(error.message), kColumns - 7)) {
    out +=
        out.empty() ? paint(Tone::Red, "error:", colour) + " " + line + "\n" : "  " + line + "\n";
  }
  for (const std::string& frame : error.context) {
    out += wrapped("  ", frame);
  }
  return out;
}

std::string raw_value(const core::Value& value) {
  const std::string* text = value.get<std::string>();
  return text ? *text : boost::json::serialize(planner::public_json(nullptr, value));
}

}  // namespace

HumanView::HumanView(std::ostream& out,
                     std::ostream& err,
                     const Terminals& terminals,
                     core::Clock& clock,
                     Ticking ticking)
    : out_(out),
      terminals_(terminals),
      clock_(clock),
      ticking_(ticking),
      screen_(err, terminals.err, terminals.err_columns) {}

HumanView::~HumanView() {
  end_progress();
  out_ << out_log_.finish();
  out_.flush();
  const std::string rest = err_log_.finish();
  if (!rest.empty()) {
    screen_.write(rest);
  }
}

void HumanView::result(std::string_view text) {
  screen_.clear();
  out_ << text;
  out_.flush();
}

void HumanView::diagnostics(const core::Diagnostics& diagnostics,
                            const core::SourceFiles& sources) {
  if (!diagnostics.empty()) {
    screen_.write(render_diagnostics(diagnostics, sources, terminals_.err.colour));
  }
}

void HumanView::error(const core::Error& error) {
  screen_.write(error_text(error, terminals_.err.colour));
}

void HumanView::stale(const std::vector<std::string>& moved) {
  std::string text = paint(Tone::Red, "error:", terminals_.err.colour) +
                     " The saved plan is stale: the world is not the one it was made for.\n";
  for (const std::string& sentence : moved) {
    text += wrapped("  ", sentence);
  }
  screen_.write(text + "  Nothing was changed. Make a new plan: aim plan --out FILE\n");
}

void HumanView::message(const std::string& text) { screen_.write(wrapped("", text)); }

void HumanView::question(const std::string& text) { screen_.write(escape_line(text)); }

void HumanView::plan(const planner::Plan& plan, const core::SourceFiles& sources) {
  result(render_plan(plan, sources, terminals_.out.colour));
}

core::Progress& HumanView::progress() {
  if (terminals_.err.redraw == Redraw::On) {
    if (!live_) {
      live_ = std::make_unique<LiveProgress>(screen_, clock_);
      if (ticking_ == Ticking::On) {
        ticker_ = std::make_unique<Ticker>(clock_, kRedrawEvery, [this] { live_->tick(); });
      }
    }
    return *live_;
  }
  if (!plain_) {
    plain_ = std::make_unique<PlainProgress>(screen_, clock_);
    if (ticking_ == Ticking::On) {
      ticker_ = std::make_unique<Ticker>(clock_, kLookEvery, [this] { plain_->tick(); });
    }
  }
  return *plain_;
}

void HumanView::end_progress() {
  ticker_.reset();
  live_.reset();
  plain_.reset();
  screen_.clear();
}

void HumanView::applied(const planner::Plan& plan,
                        const planner::ApplyResult& result_of_run,
                        cmd::ExitCode exit_code) {
  end_progress();
  if (exit_code != cmd::ExitCode::Done || !result_of_run.failures.empty()) {
    screen_.write(
        "\n" + render_failure(describe_failure(result_of_run, exit_code), terminals_.err.colour));
    return;
  }
  std::string text =
      "\n" + paint(Tone::Bold, completion_line(plan, result_of_run.done), terminals_.out.colour) +
      "\n";
  if (!result_of_run.outputs.empty()) {
    text += "\nOutputs:\n\n" + render_outputs_now(result_of_run.outputs);
  }
  result(text);
}

void HumanView::text(const std::string& text) { result(text); }

void HumanView::json_document(const boost::json::value& document) {
  result(boost::json::serialize(document) + "\n");
}

void HumanView::version(std::string_view version) { result(fmt::format("aim {}\n", version)); }

void HumanView::valid(const planner::Configuration& configuration) {
  const std::size_t count = configuration.resources.size();
  result(fmt::format(
      "Success! The configuration is valid: {} resource{}.\n", count, count == 1 ? "" : "s"));
}

void HumanView::plan_document(const planner::Plan& plan) { this->plan(plan, {}); }

void HumanView::state_list(const core::StateSnapshot& state) {
  Table table;
  for (const auto& [address, resource] : state.resources) {
    table.push_back({address.str(), resource.docker_name});
  }
  result(render_table(table));
}

void HumanView::state_resource(const core::RecordedResource& resource) {
  core::Map all = resource.attributes;
  for (const auto& [name, value] : resource.computed) {
    all.insert_or_assign(name, value);
  }
  std::vector<Line> lines;
  render_whole(resource.address.kind, all, Symbol::None, 2, lines);
  result(fmt::format("# {} is {} on Docker\n{} {} {{\n{}}}\n",
                     escape_line(resource.address.str()),
                     escape_line(resource.docker_name),
                     core::to_string(resource.address.kind),
                     quote(resource.address.name),
                     to_text(lines, Colour::Off)));
}

void HumanView::outputs(const std::map<std::string, core::RecordedOutput>& outputs) {
  result(render_outputs_now(outputs));
}

void HumanView::output(const std::string&, const core::RecordedOutput& output) {
  result((output.sensitive ? std::string(planner::kRedacted) : raw_value(output.value)) + "\n");
}

namespace {

/// "0-3, 6" of the GPUs' indices.
std::string indices_of(const std::vector<core::Gpu>& gpus) {
  std::string text;
  for (std::size_t i = 0; i < gpus.size(); ++i) {
    std::size_t last = i;
    while (last + 1 < gpus.size() && gpus[last + 1].index == gpus[last].index + 1) {
      ++last;
    }
    text += text.empty() ? "" : ", ";
    text += last == i ? std::to_string(gpus[i].index)
                      : fmt::format("{}-{}", gpus[i].index, gpus[last].index);
    i = last;
  }
  return text;
}

std::vector<std::string> work_of(const cmd::StatusRow& row, const std::string& name) {
  constexpr double kGibi = 1024.0 * 1024.0 * 1024.0;
  std::uint64_t used = 0;
  std::uint64_t all = 0;
  for (const core::Gpu& gpu : row.gpus) {
    used += gpu.used_bytes.value_or(0);
    all += gpu.memory_bytes;
  }
  const auto number = [](const std::optional<double>& value, const char* form) {
    return value ? fmt::format(fmt::runtime(form), *value) : std::string("-");
  };
  const recipes::ServingMetrics metrics = row.metrics.value_or(recipes::ServingMetrics());
  std::string requests = number(metrics.running, "{:.0f}");
  if (metrics.waiting.value_or(0) > 0) {
    requests += fmt::format(" (+{:.0f} waiting)", *metrics.waiting);
  }
  const auto percent =
      metrics.kv_usage ? std::optional<double>(*metrics.kv_usage * 100) : std::nullopt;
  return {name,
          row.gpus.empty() ? "-" : indices_of(row.gpus),
          row.gpus.empty() ? "-"
                           : fmt::format("{:.1f} of {:.1f} GiB",
                                         static_cast<double>(used) / kGibi,
                                         static_cast<double>(all) / kGibi),
          requests,
          number(row.tokens_per_second, "{:.1f}"),
          number(percent, "{:.0f}%")};
}

}  // namespace

void HumanView::status(const std::vector<cmd::StatusRow>& rows) {
  if (rows.empty()) {
    screen_.write("Nothing is deployed.\n");
    return;
  }
  Table table{{"ADDRESS", "STATUS", "SINCE", "URL", "READINESS"}};
  Table work{{"ADDRESS", "GPUS", "GPU MEMORY", "REQUESTS", "TOKENS/S", "KV CACHE"}};
  for (const cmd::StatusRow& row : rows) {
    std::string status = row.status;
    if (row.restarts > 0) {
      status += fmt::format(" ({} restart{})", row.restarts, row.restarts == 1 ? "" : "s");
    }
    // Docker tells nanoseconds; nobody reads them.
    const std::string since =
        row.started_at.size() > 19 ? row.started_at.substr(0, 19) + "Z" : row.started_at;
    const std::string name = row.launch.empty() ? row.address.str() : row.launch;
    table.push_back({name, status, since, row.url, row.readiness});
    if (!row.gpus.empty() || row.metrics) {
      work.push_back(work_of(row, name));
    }
  }
  result(render_table(table));
  if (work.size() > 1) {
    result("\n" + render_table(work));
  }
}

void HumanView::gpus(const cmd::GpuReport& report) {
  const core::Diagnostics problems = gpu_problems(report);
  if (!problems.empty()) {
    screen_.write(render_diagnostics(problems, {}, terminals_.err.colour));
  }
  if (report.rows.empty()) {
    screen_.write(wrapped("", no_gpus_text(report)));
    return;
  }
  result(render_gpus(report.rows));
  if (!report.holders_unknown.empty()) {
    screen_.write(wrapped("", report.holders_unknown));
  }
}

void HumanView::test(const core::Address& address, const std::vector<cmd::TestRow>& rows) {
  Table table;
  for (const cmd::TestRow& row : rows) {
    std::string detail = row.latency ? fmt::format("{} ms", row.latency->count()) : std::string();
    if (row.tokens) {
      detail += fmt::format("{}{} tokens", detail.empty() ? "" : ", ", *row.tokens);
    }
    if (!row.detail.empty()) {
      detail += (detail.empty() ? "" : ", ") + row.detail;
    }
    table.push_back({row.passed ? "  pass" : "  FAIL", row.check, detail});
  }
  result(escape_line(address.str()) + "\n" + render_table(table));
}

void HumanView::log_piece(const core::LogPiece& piece) {
  const Terminal& terminal = piece.is_stderr ? terminals_.err : terminals_.out;
  ForeignStream& stream = piece.is_stderr ? err_log_ : out_log_;
  const std::string text = terminal.is_tty ? stream.feed(piece.text) : std::string(piece.text);
  if (piece.is_stderr) {
    screen_.write(text);
  } else {
    result(text);
  }
}

}  // namespace aim::view
