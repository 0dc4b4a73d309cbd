#include "cli/progress.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "base/time.h"
#include "base/utf8.h"
#include "cli/text.h"

namespace reelgraph::cli {

std::string outcome_line(const pipeline::VideoOutcome& outcome) {
  std::string line = pipeline::status_name(outcome.status);
  line.resize(std::max<std::size_t>(line.size(), 11), ' ');
  // A failure is about the file, whatever it would have been called.
  line += " " + (outcome.id.empty() || outcome.status == pipeline::Status::kFailed ? outcome.path : outcome.id);
  if (outcome.duration > 0) line += "  " + base::format_time(outcome.duration);
  if (outcome.chunks_done > 0) line += "  " + count_of(outcome.chunks_done, "chunk") + ", " + count_of(outcome.frames, "picture");
  if (outcome.chunks_skipped > 0 && outcome.status != pipeline::Status::kUnchanged)
    line += "  " + count_of(outcome.chunks_skipped, "chunk") + " from before";
  if (!outcome.reason.empty()) line += "  " + outcome.reason;
  return line;
}

IngestProgress::IngestProgress(Console& console, int files, std::function<void(const std::string&)> told)
    : console_(console), files_(files), told_(std::move(told)) {}

IngestProgress::~IngestProgress() { console_.status({}); }

void IngestProgress::opened(int file, const std::string& id, base::Timestamp from, base::Timestamp to, std::int64_t work) {
  const std::lock_guard lock(mutex_);
  const Clock::time_point now = Clock::now();
  working_[file] = {id, from, from, to, now, work, 0, now, {}};
  draw_locked(true);
}

void IngestProgress::reached(int file, base::Timestamp at, std::int64_t done) {
  const std::lock_guard lock(mutex_);
  const auto found = working_.find(file);
  if (found == working_.end()) return;
  Work& work = found->second;
  work.at = std::max(work.at, at);
  if (work.work > 0) {
    const Clock::time_point now = Clock::now();
    work.pace.add(done, std::chrono::duration<double>(now - work.last).count());
    work.last = now;
    work.settled += done;
  }
  draw_locked(false);
}

void IngestProgress::finished(int file, const pipeline::VideoOutcome& outcome) {
  const std::lock_guard lock(mutex_);
  working_.erase(file);
  ++finished_;
  told_(outcome_line(outcome));
  draw_locked(true);
}

/// "match-1 [#####.....]  42%  31.5x real time, 12.0 s left   (file 3 of 10)"
void IngestProgress::draw_locked(bool now) {
  if (!console_.is_terminal() || console_.quiet()) return;
  if (!now && Clock::now() - drawn_ < std::chrono::milliseconds(100)) return;
  drawn_ = Clock::now();
  if (working_.empty()) return console_.status({});
  const Work& work = working_.begin()->second;
  const double wall = std::chrono::duration<double>(Clock::now() - work.since).count();
  const double seen = base::to_seconds(work.at - work.from);
  const double rate = wall > 0 ? seen / wall : 0;
  std::string line = base::ellipsize(work.id, 30);
  if (work.to > work.from) {
    const double share = work.work > 0 ? std::min(1.0, static_cast<double>(work.settled) / static_cast<double>(work.work))
                                       : std::clamp(seen / base::to_seconds(work.to - work.from), 0.0, 1.0);
    const auto filled = static_cast<std::size_t>(std::lround(share * 20));
    char percent[16];
    std::snprintf(percent, sizeof percent, "] %3.0f%%", share * 100);
    line += " [" + std::string(filled, '#') + std::string(20 - filled, '.') + percent;
  } else {
    line += " " + base::format_time(work.at);
  }
  if (rate > 0) {
    char speed[48];
    std::snprintf(speed, sizeof speed, "  %.1fx real time", rate);
    line += speed;
    // What a model takes goes by the pictures it is shown; what is measured goes by the length of the film.
    std::optional<double> left;
    if (work.work > 0)
      left = work.pace.left(work.work - work.settled);
    else if (work.to > work.at)
      left = base::to_seconds(work.to - work.at) / rate;
    if (left && *left > 0) line += ", " + format_effort(*left) + " left";
  }
  if (files_ > 1) line += "  (file " + std::to_string(std::min(finished_ + 1, files_)) + " of " + std::to_string(files_) + ")";
  const auto width = static_cast<std::size_t>(std::max(20, console_.columns() - 1));
  console_.status(base::ellipsize(line, width));
}

}  // namespace reelgraph::cli
