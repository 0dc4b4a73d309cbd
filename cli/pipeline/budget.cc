#include "cli/pipeline/budget.h"

#include <algorithm>
#include <cstdio>

namespace reelgraph::pipeline {
namespace {

std::int64_t tokens(const base::Usage& usage) { return usage.prompt_tokens + usage.completion_tokens; }

void add(base::Usage& sum, const base::Usage& more, int sign) {
  sum.prompt_tokens += sign * more.prompt_tokens;
  sum.completion_tokens += sign * more.completion_tokens;
  sum.cost_usd += sign * more.cost_usd;
}

std::string dollars(double usd) {
  char text[48];
  std::snprintf(text, sizeof text, usd < 1 ? "$%.4f" : "$%.2f", usd);
  return text;
}

}  // namespace

void Budget::add_earlier(const std::string& video, const base::Usage& usage, double seconds) {
  const std::lock_guard lock(mutex_);
  if (!earlier_.emplace(video, seconds).second) return;
  add(spent_, usage, 1);
  earlier_seconds_ += seconds;
}

void Budget::spend(const std::string& what, const std::string& option) {
  reason_ = "stopped before the budget was passed: " + what + "; to go on, run the same command again with a larger " + option;
}

Budget::Verdict Budget::reserve(const base::Estimate& estimate) {
  const std::lock_guard lock(mutex_);
  if (!reason_.empty()) return Verdict::kSpent;
  const double seconds = earlier_seconds_ + std::chrono::duration<double>(Clock::now() - began_).count();
  if (limits_.seconds > 0 && seconds + estimate.seconds >= limits_.seconds) {
    spend(std::to_string(static_cast<std::int64_t>(seconds)) + " s of " + std::to_string(static_cast<std::int64_t>(limits_.seconds)) +
              " s are gone",
          "--budget-time");
    return Verdict::kSpent;
  }
  const auto fits = [&](const base::Usage& taken) {
    return (limits_.tokens <= 0 || tokens(taken) + tokens(estimate.worst) <= limits_.tokens) &&
           (limits_.usd <= 0 || taken.cost_usd + estimate.worst.cost_usd <= limits_.usd);
  };
  base::Usage taken = spent_;
  add(taken, reserved_, 1);
  if (fits(taken)) {
    add(reserved_, estimate.worst, 1);
    return Verdict::kGranted;
  }
  if (fits(spent_)) return Verdict::kBusy;
  // What is under way can only add to what is spent.
  if (limits_.tokens > 0 && tokens(spent_) + tokens(estimate.worst) > limits_.tokens) {
    spend(std::to_string(tokens(spent_)) + " of " + std::to_string(limits_.tokens) + " tokens are spent, and the next chunk may take " +
              std::to_string(tokens(estimate.worst)),
          "--budget-tokens");
  } else {
    spend(dollars(spent_.cost_usd) + " of " + dollars(limits_.usd) + " are spent, and the next chunk may cost " +
              dollars(estimate.worst.cost_usd),
          "--budget-usd");
  }
  return Verdict::kSpent;
}

void Budget::settle(const base::Usage& reserved, const base::Usage& actual) {
  const std::lock_guard lock(mutex_);
  add(reserved_, reserved, -1);
  add(spent_, actual, 1);
  settled_.notify_all();
}

void Budget::wait() {
  std::unique_lock lock(mutex_);
  settled_.wait_for(lock, std::chrono::seconds(1));
}

std::string Budget::reason() const {
  const std::lock_guard lock(mutex_);
  return reason_;
}

double Budget::lap() {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  const double seconds = std::chrono::duration<double>(now - lap_).count();
  lap_ = now;
  return seconds;
}

}  // namespace reelgraph::pipeline
