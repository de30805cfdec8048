#include "cmd/endpoint_checks.hpp"

#include <algorithm>
#include <boost/json.hpp>

#include "planner/readiness_watch.hpp"

namespace aim::cmd {

using core::Result;

namespace {

std::optional<std::int64_t> generated_tokens(const std::string& body) {
  boost::system::error_code failed;
  const boost::json::value answer = boost::json::parse(body, failed);
  const boost::json::object* object = failed ? nullptr : answer.if_object();
  const boost::json::value* usage = object ? object->if_contains("usage") : nullptr;
  const boost::json::object* counts = usage ? usage->if_object() : nullptr;
  const boost::json::value* tokens = counts ? counts->if_contains("completion_tokens") : nullptr;
  return tokens && tokens->is_int64() ? std::optional(tokens->get_int64()) : std::nullopt;
}

}  // namespace

std::vector<TestRow> run_checks(const planner::ReadinessPolicy& policy,
                                const core::ObservedContainer& container,
                                core::Prober& prober,
                                std::stop_token stop) {
  std::vector<TestRow> rows;
  for (const planner::Check& check : policy.checks) {
    const core::ProbeTarget where = planner::probe_target(container, check.port);
    TestRow row;
    row.check = check.name;
    if (check.expect == planner::Check::Expect::Connects) {
      const auto connected = prober.tcp(where, check.request.timeout, stop);
      row.passed = connected.has_value();
      row.detail = connected ? "" : connected.error().message;
    } else {
      const Result<core::ProbeAnswer> answer = prober.http(where, check.request, stop);
      const planner::CheckVerdict verdict = planner::judge(check, answer);
      row.passed = verdict.passed;
      row.detail = verdict.detail;
      if (answer) {
        row.latency = answer->latency;
        row.tokens = generated_tokens(answer->body);
      }
    }
    rows.push_back(std::move(row));
  }
  return rows;
}

bool all_passed(const std::vector<TestRow>& rows) {
  return std::all_of(rows.begin(), rows.end(), [](const TestRow& row) { return row.passed; });
}

}  // namespace aim::cmd
