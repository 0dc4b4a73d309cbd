#pragma once
// What an ingest shows while it works: a bar on a terminal, and a line for each file that is done.

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "cli/console.h"
#include "cli/pipeline/types.h"

namespace reelgraph::cli {

/// "done       match-1   0:02:19.400  5 chunks, 70 frames"
[[nodiscard]] std::string outcome_line(const pipeline::VideoOutcome& outcome);

/// How long the rest of the work will take, from how long each part took. Parts at the start that cost nothing (chunks from before) say
/// nothing.
class Pace {
 public:
  void add(std::int64_t work, double seconds) {
    constexpr double kWork = 0.05;  // seconds
    if (work_ == 0 && seconds < kWork) return;
    work_ += work;
    seconds_ += seconds;
  }
  /// Empty until there was a part that took time.
  [[nodiscard]] std::optional<double> left(std::int64_t work) const {
    if (work_ == 0) return std::nullopt;
    return static_cast<double>(std::max<std::int64_t>(0, work)) * seconds_ / static_cast<double>(work_);
  }

 private:
  std::int64_t work_ = 0;
  double seconds_ = 0;
};

/// Thread-safe. Borrows the console.
class IngestProgress final : public pipeline::ProgressSink {
 public:
  /// @param told gets a line for each finished file
  IngestProgress(Console& console, int files, std::function<void(const std::string&)> told);
  ~IngestProgress() override;

  void opened(int file, const std::string& id, base::Timestamp from, base::Timestamp to, std::int64_t work) override;
  void reached(int file, base::Timestamp at, std::int64_t work) override;
  void finished(int file, const pipeline::VideoOutcome& outcome) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Work {
    std::string id;
    base::Timestamp from = 0, at = 0, to = 0;
    Clock::time_point since;
    std::int64_t work = 0, settled = 0;  ///< of a model (`pipeline::model_work`); 0: the work goes by the length of the film
    Clock::time_point last;
    Pace pace;
  };
  void draw_locked(bool now);

  std::mutex mutex_;
  Console& console_;
  const int files_;
  const std::function<void(const std::string&)> told_;
  int finished_ = 0;
  std::map<int, Work> working_;
  Clock::time_point drawn_;
};

}  // namespace reelgraph::cli
