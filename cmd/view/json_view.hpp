#pragma once

#include <memory>
#include <ostream>

#include "cmd/view/human_view.hpp"
#include "cmd/view/json_stream.hpp"
#include "cmd/view/view.hpp"

namespace aim::view {

/// JSON for programs, all of it on standard output. What plan and apply say, and every fault, is a
/// stream of one object a line (json_stream.hpp); what the other commands result in is one
/// document on one line.
class JsonView : public cmd::View {
 public:
  JsonView(std::ostream& out, core::Clock& clock, Ticking ticking);
  ~JsonView() override;

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
  void emit_diagnostic(const core::Diagnostic& diagnostic, const core::SourceFiles& sources);
  void emit_summary(const planner::ChangeCounts& counts,
                    std::size_t forgotten,
                    std::string_view operation,
                    const std::string& message);

  std::ostream& out_;
  core::Clock& clock_;
  Ticking ticking_;
  JsonStream stream_;
  std::int64_t warnings_ = 0;
  std::unique_ptr<JsonProgress> progress_;
  std::unique_ptr<Ticker> ticker_;
};

}  // namespace aim::view
