#pragma once

#include <boost/json/fwd.hpp>
#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cmd/exit_code.hpp"
#include "cmd/view/terminal.hpp"
#include "core/diagnostic.hpp"
#include "core/engine.hpp"
#include "core/inventory.hpp"
#include "core/progress.hpp"
#include "core/snapshot.hpp"
#include "planner/configuration.hpp"
#include "planner/executor.hpp"
#include "planner/plan.hpp"
#include "recipes/serving_metrics.hpp"

namespace aim::cmd {

/// One line of `aim status`.
struct StatusRow {
  core::Address address;
  std::string name;        ///< on Docker
  std::string url;         ///< empty if it has none
  std::string status;      ///< "running", "missing", ...
  std::string started_at;  ///< as Docker tells it, may be empty
  std::int64_t restarts = 0;
  std::string readiness;             ///< "ready", "not ready: ..."; empty if nothing is probed
  std::vector<core::Gpu> gpus = {};  ///< that it has, as far as they are here
  std::optional<recipes::ServingMetrics> metrics = {};  ///< nothing if it does not tell
  std::optional<double> tokens_per_second = {};         ///< generated, at the time of looking
  std::string launch = {};  ///< name of the launch that it is; empty: of this configuration
};

/// One readiness check of `aim test`.
struct TestRow {
  std::string check;
  bool passed = false;
  std::string detail;  ///< why not; foreign text
  std::optional<std::chrono::milliseconds> latency;
  std::optional<std::int64_t> tokens;
};

/// One line of `aim gpus`.
struct GpuRow {
  core::Gpu gpu;
  std::vector<std::string> holders;  ///< "endpoint.qwen of project lab", "container ollama"
  bool excluded = false;             ///< by hosts.local.gpus
};

/// Everything that `aim gpus` knows.
struct GpuReport {
  std::vector<GpuRow> rows;
  std::map<core::GpuVendor, std::string> drivers;
  std::vector<core::InventoryProblem> problems;
  std::optional<planner::DeclaredGpus> declared;
  /// Why nobody could be asked who holds them; empty if Docker was asked.
  std::string holders_unknown;
};

/// What a command says, and how it is said is the view's business: results go to standard output,
/// messages, faults and progress to standard error; as JSON everything goes to standard output.
/// Called from one thread; progress() from one at a time.
class View {
 public:
  virtual ~View() = default;

  // Faults and messages.
  virtual void diagnostics(const core::Diagnostics& diagnostics,
                           const core::SourceFiles& sources) = 0;
  virtual void error(const core::Error& error) = 0;
  /// A saved plan was refused; each sentence names something that moved.
  virtual void stale(const std::vector<std::string>& moved) = 0;
  virtual void message(const std::string& text) = 0;
  /// Asks; the answer is read by the caller, on the same line.
  virtual void question(const std::string& text) = 0;

  // Plan and apply.
  /// `sources` serve to show the lines that the plan's notes speak of.
  virtual void plan(const planner::Plan& plan, const core::SourceFiles& sources) = 0;

  void plan(const planner::Plan& the_plan) { plan(the_plan, {}); }

  /// Where an apply tells what it does. Valid until applied() or the end of the view.
  [[nodiscard]] virtual core::Progress& progress() = 0;
  /// Success with its outputs, or the failure with everything that is known of it.
  virtual void applied(const planner::Plan& plan,
                       const planner::ApplyResult& result,
                       ExitCode exit_code) = 0;

  // Results of the other commands.
  virtual void text(const std::string& text) = 0;
  virtual void json_document(const boost::json::value& document) = 0;
  virtual void version(std::string_view version) = 0;
  virtual void valid(const planner::Configuration& configuration) = 0;
  virtual void plan_document(const planner::Plan& plan) = 0;
  virtual void state_list(const core::StateSnapshot& state) = 0;
  virtual void state_resource(const core::RecordedResource& resource) = 0;
  virtual void outputs(const std::map<std::string, core::RecordedOutput>& outputs) = 0;
  /// One value for a script: a text without quotes, anything else as JSON.
  virtual void output(const std::string& name, const core::RecordedOutput& output) = 0;
  virtual void status(const std::vector<StatusRow>& rows) = 0;
  virtual void gpus(const GpuReport& report) = 0;
  virtual void test(const core::Address& address, const std::vector<TestRow>& rows) = 0;
  /// Part of a container's log, to the output it was written to.
  virtual void log_piece(const core::LogPiece& piece) = 0;
};

enum class ViewKind { Human, Json };

/// A view on this process's standard output and standard error. `clock` must outlive it.
[[nodiscard]] std::unique_ptr<View> make_view(ViewKind kind,
                                              const view::Terminals& terminals,
                                              core::Clock& clock);

}  // namespace aim::cmd
