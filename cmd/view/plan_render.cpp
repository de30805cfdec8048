#include "cmd/view/plan_render.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "cmd/view/diagnostic_render.hpp"
#include "cmd/view/field_render.hpp"
#include "cmd/view/plan_effects.hpp"
#include "cmd/view/value_render.hpp"

namespace aim::view {

using core::Address;
using core::Kind;
using planner::Action;
using planner::Drift;
using planner::FieldChange;
using planner::OutputChange;
using planner::Plan;
using planner::Reason;
using planner::ResourceChange;

namespace {

constexpr std::size_t kBodyIndent = 2;
constexpr std::size_t kFieldIndent = 6;

Symbol symbol_of(Action action) {
  switch (action) {
    case Action::NoOp:
      return Symbol::None;
    case Action::Create:
      return Symbol::Add;
    case Action::Update:
      return Symbol::Change;
    case Action::Replace:
      return Symbol::Replace;
    case Action::Delete:
      return Symbol::Remove;
    case Action::Forget:
      return Symbol::Forget;
  }
  return Symbol::None;
}

/// "image: aim.yaml:12, env.MODE: aim.yaml:20 and 2 more" of the fields that decided; fields that
/// nobody wrote are left out.
std::string decisive_fields(const ResourceChange& change) {
  std::vector<std::string> places;
  const auto collect = [&](bool decisive) {
    for (const FieldChange& field : change.fields) {
      if (field.source && !field.source->file.empty() &&
          (field.forces_replacement || change.action != Action::Replace) == decisive) {
        places.push_back(fmt::format("{}: {}:{}",
                                     escape_line(core::to_string(field.path)),
                                     escape_line(field.source->file),
                                     field.source->begin.line));
      }
    }
  };
  collect(true);
  if (places.empty()) {
    collect(false);  // what follows from them was decided by aim
  }
  if (places.size() <= 2) {
    return fmt::format("{}", fmt::join(places, ", "));
  }
  return fmt::format("{}, {} and {} more", places[0], places[1], places.size() - 2);
}

/// What somebody has to look for elsewhere in the plan.
std::string what_it_follows(const ResourceChange& change) {
  std::vector<std::string> causes;
  const auto add = [&](std::string_view cause) {
    if (std::find(causes.begin(), causes.end(), cause) == causes.end()) {
      causes.emplace_back(cause);
    }
  };
  for (const FieldChange& field : change.fields) {
    const std::string& name = std::get<std::string>(field.path.front());
    if (name == "network_mode" || name == "ipc" || name == "pid") {
      add("the container whose namespace it shares is replaced");
    } else if (name == "mounts") {
      add("a volume that it mounts is another one now");
    } else if (name == "networks") {
      add("a network that it is on is another one now");
    } else if (name == "status") {
      add("the container whose namespace it shares is started again");
    }
  }
  return fmt::format("{}", fmt::join(causes, ", "));
}

std::string why_it_changes(const ResourceChange& change) {
  switch (change.reason) {
    case Reason::None:
    case Reason::CannotUpdate:
      return change.action == Action::Update || change.action == Action::Replace
                 ? decisive_fields(change)
                 : std::string();
    case Reason::ByRequest:
    case Reason::DestroyRequested:
      return change.action == Action::Forget ? forget_reason(change) : std::string();
    case Reason::Follows:
      return what_it_follows(change);
    case Reason::Triggered:
      return fmt::format("replace_triggered_by: {}", fmt::join(change.triggered_by, ", "));
    case Reason::Drifted:
      return "changed outside of aim";
    case Reason::Missing:
      return "it is gone from Docker";
    case Reason::NoConfiguration:
      return change.action == Action::Forget
                 ? forget_reason(change)
                 : fmt::format("because {} is not in the configuration", change.address.str());
  }
  return {};
}

/// Why, for the parentheses behind the heading; empty if there is nothing to say.
std::string why(const ResourceChange& change) {
  const std::string reason = why_it_changes(change);
  if (!change.moved_from) {
    return reason;
  }
  return fmt::format(
      "moved from {}{}{}", change.moved_from->str(), reason.empty() ? "" : "; ", reason);
}

/// `# endpoint.qwen must be replaced (image: aim.yaml:12)`; the parentheses move to lines of their
/// own where one line is too short.
void append_heading(const std::string& text, const std::string& reason, std::vector<Line>& lines) {
  const std::string heading = "# " + text;
  if (reason.empty()) {
    lines.push_back({0, Symbol::None, heading, "", Tone::Bold});
    return;
  }
  const std::string both = fmt::format("{} ({})", heading, reason);
  if (display_width(both) + 2 <= kColumns) {
    lines.push_back({0, Symbol::None, both, "", Tone::Bold});
    return;
  }
  lines.push_back({0, Symbol::None, heading, "", Tone::Bold});
  for (const std::string& line : wrap(fmt::format("({})", reason), kColumns - 4)) {
    lines.push_back({0, Symbol::None, "# " + line, "", Tone::Bold});
  }
}

void open_body(const Address& address, Symbol symbol, std::vector<Line>& lines) {
  lines.push_back({kBodyIndent,
                   symbol,
                   fmt::format("{} {} {{", core::to_string(address.kind), quote(address.name)),
                   "",
                   Tone::Plain});
}

void close_body(std::vector<Line>& lines) {
  lines.push_back({kBodyIndent, Symbol::None, "}", "", Tone::Plain});
}

/// Identity that helps to read a change even when it stays as it is.
std::vector<std::string> always_shown(Kind kind) {
  return kind == Kind::Endpoint ? std::vector<std::string>{"gpu_ids"} : std::vector<std::string>{};
}

std::string heading_text(const ResourceChange& change) {
  if (change.action == Action::Replace && change.reason == Reason::ByRequest) {
    return change.address.str() + " will be replaced, as requested";
  }
  return fmt::format("{} {}", change.address.str(), action_text(change.action));
}

std::string render_change(const ResourceChange& change, Colour colour) {
  std::vector<Line> lines;
  append_heading(escape_line(heading_text(change)), why(change), lines);
  open_body(change.address, symbol_of(change.action), lines);
  switch (change.action) {
    case Action::NoOp:
      break;
    case Action::Create:
      render_whole(change.address.kind,
                   change.after.value_or(change.attributes),
                   Symbol::Add,
                   kFieldIndent,
                   lines);
      break;
    case Action::Delete:
      render_whole(change.address.kind,
                   change.before.value_or(change.attributes),
                   Symbol::Remove,
                   kFieldIndent,
                   lines);
      break;
    case Action::Update:
    case Action::Replace:
      render_fields({change.address.kind,
                     change.fields,
                     change.before ? &*change.before : nullptr,
                     change.after ? &*change.after : nullptr,
                     always_shown(change.address.kind)},
                    kFieldIndent,
                    lines);
      break;
    case Action::Forget:
      render_value(
          {kFieldIndent, "name = ", "", "", nullptr}, Symbol::None, change.docker_name, lines);
      break;
  }
  close_body(lines);
  return to_text(lines, colour) + render_effects(change);
}

std::string render_drift(const Drift& drift, Colour colour) {
  std::vector<Line> lines;
  append_heading(escape_line(fmt::format(
                     "{} has {}", drift.address.str(), drift.missing ? "been deleted" : "changed")),
                 "",
                 lines);
  // What a difference leads to is told where the change is shown.
  std::vector<FieldChange> fields = drift.fields;
  for (FieldChange& field : fields) {
    field.forces_replacement = false;
  }
  if (!fields.empty()) {
    open_body(drift.address, drift.missing ? Symbol::Remove : Symbol::Change, lines);
    render_fields({drift.address.kind, fields, nullptr, nullptr, {}}, kFieldIndent, lines);
    close_body(lines);
  }
  return to_text(lines, colour);
}

bool output_changes(const OutputChange& output) { return output.action != Action::NoOp; }

/// A sensitive output shows as such whatever its value was made of.
core::Value shown_output(const OutputChange& output, const core::Value& value) {
  return output.sensitive && !value.is_null() ? core::Value(core::Secret("")) : value;
}

std::string render_outputs(const Plan& plan, Colour colour) {
  std::size_t columns = 0;
  for (const OutputChange& output : plan.outputs) {
    if (output_changes(output)) {
      columns = std::max(columns, display_width(key_text(output.name)));
    }
  }
  std::vector<Line> lines;
  for (const OutputChange& output : plan.outputs) {
    if (output_changes(output)) {
      render_difference(
          {kBodyIndent, pad_to_width(key_text(output.name), columns) + " = ", "", "", nullptr},
          shown_output(output, output.before),
          shown_output(output, output.after),
          lines);
    }
  }
  return lines.empty() ? std::string() : "Changes to Outputs:\n" + to_text(lines, colour);
}

std::string render_unmanaged(const Plan& plan) {
  std::string out;
  for (std::size_t i = 0; i < plan.unmanaged.size(); ++i) {
    const std::string address =
        i < plan.unmanaged_addresses.size() ? plan.unmanaged_addresses[i].str() : std::string();
    out += fmt::format("  {} ({})\n", escape_line(plan.unmanaged[i]), escape_line(address));
  }
  static constexpr std::string_view kHeading =
      "Unmanaged: labelled as this project's, not in its configuration, left alone:\n";
  return out.empty() ? out : std::string(kHeading) + out;
}

std::string render_notes(const Plan& plan, const core::SourceFiles& sources, Colour colour) {
  std::string out;
  for (const core::Diagnostic& note : plan.notes) {
    out += (out.empty() ? "" : "\n") + render_diagnostic(note, sources, colour);
  }
  return out;
}

void append_section(std::string& out, const std::string& section) {
  if (section.empty()) {
    return;
  }
  if (!out.empty()) {
    out += '\n';
  }
  out += section;
}

std::string paragraph(const std::string& text) {
  std::string out;
  for (const std::string& line : wrap(text, kColumns)) {
    out += line + '\n';
  }
  return out;
}

}  // namespace

std::string_view action_text(Action action) {
  switch (action) {
    case Action::NoOp:
      return "stays as it is";
    case Action::Create:
      return "will be created";
    case Action::Update:
      return "will be updated in-place";
    case Action::Replace:
      return "must be replaced";
    case Action::Delete:
      return "will be destroyed";
    case Action::Forget:
      return "will no longer be managed";
  }
  return "";
}

std::string summary_line(const Plan& plan) {
  if (!planner::has_changes(plan)) {
    return plan.options.destroy ? "No changes. There is nothing to destroy."
                                : "No changes. Docker matches the configuration.";
  }
  const planner::ChangeCounts counts = planner::count_changes(plan);
  std::string text = fmt::format(
      "Plan: {} to add, {} to change, {} to destroy", counts.add, counts.change, counts.destroy);
  const auto forgotten =
      std::count_if(plan.changes.begin(), plan.changes.end(), [](const ResourceChange& change) {
        return change.action == Action::Forget;
      });
  if (forgotten > 0) {
    text += fmt::format(", {} to forget", forgotten);
  }
  text += '.';
  const std::vector<std::string> interrupted = interrupted_names(plan);
  if (!interrupted.empty()) {
    text += fmt::format(" Downtime: {}.", fmt::join(interrupted, ", "));
  }
  return fmt::format("{}", fmt::join(wrap(text, kColumns), "\n"));
}

std::string render_plan(const Plan& plan, const core::SourceFiles& sources, Colour colour) {
  std::string out;
  if (!plan.drift.empty()) {
    append_section(out, "Changed outside of aim:\n");
    for (const Drift& drift : plan.drift) {
      append_section(out, render_drift(drift, colour));
    }
  }
  for (const ResourceChange& change : plan.changes) {
    if (planner::is_change(change)) {
      append_section(out, render_change(change, colour));
    }
  }
  append_section(out, render_outputs(plan, colour));
  append_section(out, render_unmanaged(plan));
  append_section(out, render_notes(plan, sources, colour));
  append_section(out, paragraph(not_restarted_text(plan)));
  append_section(out, paint(Tone::Bold, summary_line(plan), colour) + "\n");
  return out;
}

}  // namespace aim::view
