#include "tests/support/memory_docker_faults.hpp"

namespace aim::support::memory {

bool is_changing(const std::string& method, const std::string& target) {
  if (method == "GET" || method == "HEAD") {
    return false;
  }
  const std::string path = target.substr(0, target.find('?'));
  return !path.ends_with("/wait") && !path.ends_with("/exec") && !path.starts_with("/exec/");
}

Faults::Pattern::Pattern(const CallPattern& pattern) : method(pattern.method) {
  if (!pattern.path.empty()) {
    path.emplace(pattern.path, std::regex::ECMAScript | std::regex::optimize);
  }
}

bool Faults::Pattern::matches(const std::string& called, const std::string& target) const {
  return (method.empty() || method == called) && (!path || std::regex_search(target, *path));
}

Verdict Faults::on_call(const std::string& method,
                        const std::string& target,
                        const std::string& version,
                        const std::string& body) {
  Verdict verdict;
  if (crashed_) {
    verdict.fault = Fault::refuse();
    verdict.record = static_cast<std::size_t>(-1);
    return verdict;
  }
  const bool changes = is_changing(method, target);
  changes_ += changes ? 1 : 0;
  verdict.record = forgotten_ + calls_.size();
  calls_.push_back({changes ? changes_ : 0, method, target, version, body, 0});
  for (const auto& [pattern, latency] : latencies_) {
    if (pattern.matches(method, target)) {
      verdict.latency = latency;
    }
  }
  if (changes && crash_ && crash_->first == changes_) {
    verdict.crash_after = crash_->second == Crash::AfterEffect;
    if (!verdict.crash_after) {
      crashed_ = true;
      verdict.fault = Fault::refuse();
    }
    return verdict;
  }
  if (const auto numbered = by_number_.find(changes_); changes && numbered != by_number_.end()) {
    verdict.fault = numbered->second;
    by_number_.erase(numbered);
    return verdict;
  }
  for (Scripted& scripted : by_pattern_) {
    if (scripted.times == 0 || !scripted.pattern.matches(method, target)) {
      continue;
    }
    if (scripted.skip > 0) {
      --scripted.skip;
      continue;
    }
    --scripted.times;
    verdict.fault = scripted.fault;
    return verdict;
  }
  return verdict;
}

void Faults::answered(std::size_t record, int status) {
  if (record >= forgotten_ && record - forgotten_ < calls_.size()) {
    calls_[record - forgotten_].status = status;
  }
}

void Faults::set_latency(const CallPattern& pattern, std::chrono::milliseconds latency) {
  latencies_.emplace_back(Pattern(pattern), latency);
}

void Faults::fail_change(std::size_t number, Fault fault) { by_number_[number] = std::move(fault); }

void Faults::fail(const CallPattern& pattern,
                  Fault fault,
                  std::size_t occurrence,
                  std::size_t times) {
  by_pattern_.push_back({Pattern(pattern), std::move(fault), occurrence - 1, times});
}

void Faults::crash_at(std::size_t number, Crash moment) { crash_ = {number, moment}; }

void Faults::heal() {
  crashed_ = false;
  crash_.reset();
  by_number_.clear();
  by_pattern_.clear();
}

void Faults::forget_calls() {
  forgotten_ += calls_.size();
  calls_.clear();
  changes_ = 0;
}

}  // namespace aim::support::memory
