#pragma once
// What an ingest may spend, over all its runs.

#include <chrono>
#include <condition_variable>
#include <map>
#include <mutex>
#include <string>

#include "base/captioner.h"
#include "cli/pipeline/types.h"

namespace reelgraph::pipeline {

/// Counts what was spent on the films of a request, by this run and by earlier ones, and what is under way at its worst. Thread-safe.
/// Spent plus under way never passes a limit, so what is spent in the end does not either (as far as servers keep to their token limits).
class Budget {
 public:
  explicit Budget(const Limits& limits) : limits_(limits) {}

  /// What earlier runs spent on a video. Told again, it changes nothing.
  void add_earlier(const std::string& video, const base::Usage& usage, double seconds);

  enum class Verdict {
    kGranted,
    kBusy,  ///< there may be room once something under way is settled
    kSpent  ///< there is no room, whatever comes of what is under way; `reason` says so
  };
  /// Sets `estimate.worst` aside if there is room for it.
  [[nodiscard]] Verdict reserve(const base::Estimate& estimate);
  /// What was set aside came to this.
  void settle(const base::Usage& reserved, const base::Usage& actual);
  /// Waits until something is settled, at most a second.
  void wait();
  /// Why nothing more may be begun, with how to go on; empty while there is room.
  [[nodiscard]] std::string reason() const;
  /// Seconds since this was last asked: to be kept with the video in hand.
  [[nodiscard]] double lap();
  [[nodiscard]] bool counts_time() const { return limits_.seconds > 0; }

 private:
  using Clock = std::chrono::steady_clock;
  void spend(const std::string& what, const std::string& option);

  const Limits limits_;
  const Clock::time_point began_ = Clock::now();
  mutable std::mutex mutex_;
  std::condition_variable settled_;
  std::map<std::string, double> earlier_;  ///< videos that were told; seconds
  base::Usage spent_, reserved_;
  double earlier_seconds_ = 0;
  Clock::time_point lap_ = began_;
  std::string reason_;
};

}  // namespace reelgraph::pipeline
