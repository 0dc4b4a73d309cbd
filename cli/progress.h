#pragma once
// What an ingest shows while it works: a bar on a terminal, and a line for each file that is done.

#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <string>

#include "cli/console.h"
#include "cli/pipeline/types.h"

namespace reelgraph::cli {

/// "done       match-1   0:02:19.400  5 chunks, 70 frames"
[[nodiscard]] std::string outcome_line(const pipeline::VideoOutcome& outcome);

/// Thread-safe. Borrows the console.
class IngestProgress final : public pipeline::ProgressSink {
 public:
  /// @param told gets a line for each finished file
  IngestProgress(Console& console, int files, std::function<void(const std::string&)> told);
  ~IngestProgress() override;

  void opened(int file, const std::string& id, base::Timestamp from, base::Timestamp to) override;
  void reached(int file, base::Timestamp at) override;
  void finished(int file, const pipeline::VideoOutcome& outcome) override;

 private:
  using Clock = std::chrono::steady_clock;
  struct Work {
    std::string id;
    base::Timestamp from = 0, at = 0, to = 0;
    Clock::time_point since;
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
