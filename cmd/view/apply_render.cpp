#include "cmd/view/apply_render.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/view/progress_text.hpp"
#include "cmd/view/value_render.hpp"

namespace aim::view {

using cmd::ExitCode;
using core::RunResult;

namespace {

constexpr std::size_t kLabelColumns = 10;

FailureOutcome outcome_of(const planner::ApplyResult& result) {
  switch (result.result) {
    case RunResult::Applied:
    case RunResult::Partly:
      return FailureOutcome::OthersCommitted;
    case RunResult::NothingDone:
      return FailureOutcome::NothingChanged;
    case RunResult::RolledBack:
      return result.switched ? FailureOutcome::PreviousIsBack : FailureOutcome::NothingChanged;
    case RunResult::RollbackFailed:
      return FailureOutcome::NotPutBack;
    case RunResult::CommitFailed:
      return FailureOutcome::CommitUnfinished;
  }
  return FailureOutcome::NotPutBack;
}

std::string labelled(std::string_view label, const std::string& text) {
  std::string out;
  std::string head = pad_to_width(label, kLabelColumns);
  for (const std::string& line : wrap(escape_text(text), kColumns - 2 - kLabelColumns)) {
    out += fmt::format("  {}{}\n", head, line);
    head.assign(kLabelColumns, ' ');
  }
  return out;
}

std::string render_cause(const FailureCause& cause, Colour colour) {
  std::string out = paint(Tone::Red, "error:", colour) + " " +
                    paint(Tone::Bold, escape_line(cause.what), colour) + "\n";
  out += labelled("cause", cause.cause);
  if (!cause.evidence.empty()) {
    out += labelled("evidence", "the end of the new container's log:");
    for (const std::string& line : cause.evidence) {
      // Not wrapped: a line of a log is searched for and pasted as it is.
      out += fmt::format("  | {}\n", escape_text(line));
    }
  }
  out += labelled("remedy", cause.remedy);
  if (!cause.log_path.empty()) {
    out += fmt::format(
        "  {}{}\n", pad_to_width("whole log", kLabelColumns), escape_line(cause.log_path));
  }
  return out;
}

std::string_view meaning(ExitCode code) {
  for (const cmd::ExitCodeMeaning& entry : cmd::kExitCodes) {
    if (entry.code == code) {
      return entry.meaning;
    }
  }
  return "";
}

std::string without_service_text(const ApplyFailure& failure) {
  std::vector<std::string> parts;
  for (const auto& [address, duration] : failure.without_service) {
    parts.push_back(fmt::format("{} {}", escape_line(address), elapsed_text(duration)));
  }
  return parts.empty() ? std::string()
                       : fmt::format("Without service: {}.", fmt::join(parts, ", "));
}

void append_paragraph(std::string& out, const std::string& text) {
  for (const std::string& line : wrap(text, kColumns)) {
    out += line + '\n';
  }
}

}  // namespace

ApplyFailure describe_failure(const planner::ApplyResult& result, ExitCode exit_code) {
  ApplyFailure failure;
  for (const planner::Failure& one : result.failures) {
    failure.causes.push_back(
        {fmt::format("{}: {} failed", one.resource, activity_noun(one.activity)),
         one.cause,
         one.tail,
         one.remedy,
         one.log_path});
  }
  if (result.interrupted && failure.causes.empty()) {
    failure.causes.push_back({"Interrupted", "a stop was requested", {}, "", ""});
  }
  failure.outcome = outcome_of(result);
  for (const auto& [address, duration] : result.without_service) {
    failure.without_service.emplace_back(address.str(), duration);
  }
  failure.left_over = result.left_over;
  for (const core::Address& address : result.given_up) {
    failure.given_up.push_back(address.str());
  }
  failure.exit_code = exit_code;
  return failure;
}

std::string outcome_text(const ApplyFailure& failure) {
  switch (failure.outcome) {
    case FailureOutcome::NothingChanged:
      return "Nothing that runs was touched.";
    case FailureOutcome::PreviousIsBack:
      return "The previous deployment is back.";
    case FailureOutcome::NotPutBack:
      return "Not everything could be put back.";
    case FailureOutcome::CommitUnfinished:
      return "The new deployment runs, but not everything could be finished; the next apply goes "
             "on from here.";
    case FailureOutcome::OthersCommitted:
      return "What succeeded is committed; only what failed was undone.";
  }
  return "";
}

std::string render_failure(const ApplyFailure& failure, Colour colour) {
  std::string out;
  for (const FailureCause& cause : failure.causes) {
    out += render_cause(cause, colour) + "\n";
  }
  append_paragraph(out, outcome_text(failure));
  for (const std::string& one : failure.left_over) {
    out += fmt::format("  {}\n", escape_line(one));
  }
  if (!failure.given_up.empty()) {
    append_paragraph(
        out, escape_line(fmt::format("As it was before: {}.", fmt::join(failure.given_up, ", "))));
  }
  append_paragraph(out, without_service_text(failure));
  append_paragraph(
      out,
      fmt::format(
          "Exit code {}: {}.", static_cast<int>(failure.exit_code), meaning(failure.exit_code)));
  return out;
}

std::string completion_line(const planner::Plan& plan, const planner::ChangeCounts& done) {
  if (plan.options.destroy) {
    return fmt::format("Destroy complete! Resources: {} destroyed.", done.destroy);
  }
  return fmt::format("Apply complete! Resources: {} added, {} changed, {} destroyed.",
                     done.add,
                     done.change,
                     done.destroy);
}

std::string render_outputs_now(const std::map<std::string, core::RecordedOutput>& outputs) {
  std::size_t columns = 0;
  for (const auto& [name, output] : outputs) {
    columns = std::max(columns, display_width(key_text(name)));
  }
  // On one line each and never broken: scripts read them.
  std::string out;
  for (const auto& [name, output] : outputs) {
    out += fmt::format(
        "{} = {}\n",
        pad_to_width(key_text(name), columns),
        output.sensitive ? std::string(kSensitive) : inline_value(nullptr, output.value));
  }
  return out;
}

}  // namespace aim::view
