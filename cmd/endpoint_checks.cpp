#include "cmd/endpoint_checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "planner/readiness_watch.hpp"
#include "recipes/decision.hpp"

namespace aim::cmd {

using core::Result;

namespace {

/// Enough that the first one does not weigh much.
constexpr int kMeasuredTokens = 64;

std::optional<std::int64_t> generated_tokens(const std::string& body) {
  boost::system::error_code failed;
  const boost::json::value answer = boost::json::parse(body, failed);
  const boost::json::object* object = failed ? nullptr : answer.if_object();
  const boost::json::value* usage = object ? object->if_contains("usage") : nullptr;
  const boost::json::object* counts = usage ? usage->if_object() : nullptr;
  const boost::json::value* tokens = counts ? counts->if_contains("completion_tokens") : nullptr;
  return tokens && tokens->is_int64() ? std::optional(tokens->get_int64()) : std::nullopt;
}

/// Whether it is an HTTP request.
bool is_request(const planner::Check& check) {
  using Expect = planner::Check::Expect;
  return check.expect != Expect::Connects && check.expect != Expect::Exits &&
         check.expect != Expect::Logs;
}

}  // namespace

std::vector<TestRow> run_checks(const planner::ReadinessPolicy& policy,
                                const core::ObservedContainer& container,
                                core::ContainerWatcher& watcher,
                                core::Prober& prober,
                                std::stop_token stop) {
  std::vector<TestRow> rows;
  for (const planner::Check& check : policy.checks) {
    const core::ProbeTarget where = planner::probe_target(container, check.port);
    TestRow row;
    row.check = check.name;
    planner::CheckVerdict verdict;
    if (is_request(check)) {
      const Result<core::ProbeAnswer> answer = prober.http(where, check.request, stop);
      verdict = planner::judge(check, answer);
      if (answer) {
        row.latency = answer->latency;
        row.tokens = generated_tokens(answer->body);
      }
    } else {
      verdict = planner::run_check(watcher, prober, container, check, stop);
    }
    row.passed = verdict.passed;
    row.detail = verdict.detail;
    rows.push_back(std::move(row));
  }
  return rows;
}

std::optional<TestRow> measure_speed(const planner::ReadinessPolicy& policy,
                                     const core::Map& endpoint,
                                     const core::ObservedContainer& container,
                                     core::Prober& prober,
                                     std::stop_token stop) {
  const core::Value* selected = core::find(endpoint, "selected");
  const core::Map* map = selected ? selected->get<core::Map>() : nullptr;
  const auto decision = map ? recipes::decision_from(*map) : std::nullopt;
  const auto check =
      std::find_if(policy.checks.begin(), policy.checks.end(), [](const planner::Check& one) {
        return one.name == "inference";
      });
  if (!decision || !decision->tokens_per_second || check == policy.checks.end()) {
    return std::nullopt;
  }
  const planner::Check& inference = *check;
  boost::system::error_code failed;
  boost::json::value body = boost::json::parse(inference.request.body, failed);
  boost::json::object* request = failed ? nullptr : body.if_object();
  if (request == nullptr || !request->contains("max_tokens")) {
    return std::nullopt;
  }
  (*request)["max_tokens"] = kMeasuredTokens;
  core::ProbeRequest longer = inference.request;
  longer.body = boost::json::serialize(body);
  const Result<core::ProbeAnswer> answer =
      prober.http(planner::probe_target(container, inference.port), longer, stop);
  TestRow row{"speed", false, {}, {}, {}};
  const auto tokens = answer ? generated_tokens(answer->body) : std::nullopt;
  if (!tokens || answer->status != 200) {
    row.detail = answer ? "no tokens came" : answer.error().message;
    return row;
  }
  row.passed = true;
  row.latency = answer->latency;
  row.tokens = tokens;
  // Faster than a millisecond cannot be told apart.
  const double seconds = std::max(1.0, static_cast<double>(answer->latency.count())) / 1000;
  const double speed = static_cast<double>(*tokens) / seconds;
  row.detail = fmt::format("{:.1f} tokens a second; the recipe expects {:.1f}{}",
                           speed,
                           *decision->tokens_per_second,
                           speed < *decision->tokens_per_second ? ": slower" : "");
  return row;
}

bool all_passed(const std::vector<TestRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const TestRow& row) { return row.passed; });
}

}  // namespace aim::cmd
