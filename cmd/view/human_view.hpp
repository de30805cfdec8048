#pragma once

#include <memory>
#include <ostream>

#include "cmd/view/foreign_stream.hpp"
#include "cmd/view/live_progress.hpp"
#include "cmd/view/screen.hpp"
#include "cmd/view/view.hpp"

namespace aim::view {

/// Whether a view calls its progress' tick() by itself. Off, nothing moves between two events.
enum class Ticking { Off, On };

/// Text for people.
class HumanView : public cmd::View {
 public:
  HumanView(std::ostream& out,
            std::ostream& err,
            const Terminals& terminals,
            core::Clock& clock,
            Ticking ticking);
  ~HumanView() override;

  using View::plan;
  void diagnostics(const core::Diagnostics& diagnostics, const core::SourceFiles& sources) override;
  void error(const core::Error& error) override;
  void stale(const std::vector<std::string>& moved) override;
  void message(const std::string& text) override;
  void question(const std::string& text) override;
  void plan(const planner::Plan& plan, const core::SourceFiles& sources) override;
  core::Progress& progress() override;
  void applied(const planner::Plan& plan,
               const planner::ApplyResult& result,
               cmd::ExitCode exit_code) override;
  void text(const std::string& text) override;
  void json_document(const boost::json::value& document) override;
  void version(std::string_view version) override;
  void valid(const planner::Configuration& configuration) override;
  void plan_document(const planner::Plan& plan) override;
  void state_list(const core::StateSnapshot& state) override;
  void state_resource(const core::RecordedResource& resource) override;
  void outputs(const std::map<std::string, core::RecordedOutput>& outputs) override;
  void output(const std::string& name, const core::RecordedOutput& output) override;
  void status(const std::vector<cmd::StatusRow>& rows) override;
  void gpus(const cmd::GpuReport& report) override;
  void test(const core::Address& address, const std::vector<cmd::TestRow>& rows) override;
  void log_piece(const core::LogPiece& piece) override;

 private:
  void result(std::string_view text);
  void end_progress();

  std::ostream& out_;
  Terminals terminals_;
  core::Clock& clock_;
  Ticking ticking_;
  Screen screen_;
  ForeignStream out_log_;
  ForeignStream err_log_;
  std::unique_ptr<LiveProgress> live_;
  std::unique_ptr<PlainProgress> plain_;
  std::unique_ptr<Ticker> ticker_;
};

}  // namespace aim::view
