#include "query/scope.h"

#include <algorithm>

#include "base/error.h"

namespace reelgraph::query {
namespace {

using base::TimeSpan;

// The event that an anchor names, in one video.
std::optional<graph::EventRecord> anchor_event(const graph::Store& store, const std::string& video, const Anchor& anchor) {
  graph::EventFilter filter;
  filter.videos = {video};
  filter.types = anchor.types;
  filter.newest_first = anchor.ordinal < 0;
  filter.limit = std::abs(anchor.ordinal);
  const auto events = store.events(filter);
  if (static_cast<int>(events.size()) < filter.limit) return std::nullopt;
  return events.back();
}

TimeSpan anchored(const graph::EventRecord& event, const Anchor& anchor, base::Duration duration) {
  // The anchor itself lies neither before nor after itself.
  if (anchor.side == Anchor::Side::kBefore) return {0, event.span.start};
  const base::Timestamp from = anchor.ended ? event.span.end : event.span.start + 1;
  return {std::min(from, duration), duration};
}

void read_coverage(const graph::Store& store, VideoScope& scope) {
  std::vector<TimeSpan> described;
  std::vector<TimeSpan> limited;
  scope.coverage = store.coverage(scope.video.id);
  const auto& rows = scope.coverage;
  for (const graph::CoverageSpan& c : rows) {
    const TimeSpan part = c.span.intersection(scope.asked);
    if (part.empty()) continue;
    if (c.status == graph::CoverageStatus::kDescribed || c.status == graph::CoverageStatus::kLimited) described.push_back(part);
    if (c.status == graph::CoverageStatus::kLimited) limited.push_back(part);
  }
  // An import that says nothing of coverage vouches for its whole video.
  if (rows.empty() && scope.video.state == graph::VideoState::kImported) described.push_back(scope.asked);
  scope.described = base::SpanSet(std::move(described));
  scope.limited = base::SpanSet(std::move(limited));
}

}  // namespace

base::Duration Scope::asked_total() const {
  base::Duration total = 0;
  for (const VideoScope& v : videos) total += v.asked.length();
  return total;
}

base::Duration Scope::described_total() const {
  base::Duration total = 0;
  for (const VideoScope& v : videos) total += v.described.total();
  return total;
}

std::vector<graph::VideoRecord> select_videos(const graph::Store& store, const AskOptions& options) {
  if (options.from && options.to && *options.from >= *options.to) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "the end does not come after the start",
                      "--from " + base::format_time(*options.from) + " --to " + base::format_time(*options.to), "swap them");
  }
  if (options.videos.empty()) return store.videos();
  std::vector<graph::VideoRecord> videos;
  for (const std::string& name : options.videos) {
    auto video = store.find_video(name);
    if (!video) throw base::Error(base::ErrorCode::kInvalidArgument, "no such video in the archive", name, "`reelgraph info` lists them");
    const bool twice = std::any_of(videos.begin(), videos.end(), [&](const graph::VideoRecord& v) { return v.row == video->row; });
    if (!twice) videos.push_back(std::move(*video));
  }
  return videos;
}

Scope make_scope(const graph::Store& store, const std::vector<graph::VideoRecord>& videos, bool all_videos, const AskOptions& options,
                 const Question& question) {
  Scope scope;
  scope.covers = videos.size() <= Scope::kMostListed;
  if (videos.empty()) {
    scope.problem = "The archive holds no video yet.";
    return scope;
  }
  bool anchor_missing = false;
  for (const graph::VideoRecord& video : videos) {
    VideoScope v;
    v.video = video;
    v.asked = {0, std::max<base::Duration>(video.duration, 0)};
    const TimeSpan all = v.asked;
    if (options.from || options.to) {
      const TimeSpan wanted{options.from.value_or(0), options.to.value_or(base::kMaxTimestamp)};
      if (wanted.start >= v.asked.end) continue;
      v.asked = v.asked.intersection(wanted);
    }
    if (!question.times.empty()) {
      const auto span = question.times.front().resolve(video.duration);
      if (!span) continue;
      v.asked = v.asked.intersection(*span);
      if (v.asked.empty()) continue;
    }
    if (question.anchor) {
      const auto event = anchor_event(store, video.id, *question.anchor);
      if (!event) {
        anchor_missing = true;
        continue;
      }
      v.asked = v.asked.intersection(anchored(*event, *question.anchor, video.duration));
    }
    scope.whole = scope.whole && v.asked == all;
    if (scope.covers) read_coverage(store, v);
    scope.videos.push_back(std::move(v));
  }
  scope.everything = all_videos && scope.whole && scope.videos.size() == videos.size();
  if (!scope.videos.empty()) return scope;
  const bool impossible = !question.times.empty() && question.times.front().impossible;
  if (impossible) {
    scope.problem = "\"" + question.times.front().text + "\" is no stretch of time: it ends before it starts.";
    scope.problem_status = Status::kNotUnderstood;
  } else if (anchor_missing) {
    scope.problem = "The event that the question counts from was not seen.";
    scope.problem_status = Status::kNotSeen;
  } else {
    const bool one = videos.size() == 1;
    scope.problem =
        one ? videos.front().id + " is only " + base::format_time(videos.front().duration) + " long: the time asked about lies outside it."
            : "The time asked about lies outside every one of the " + std::to_string(videos.size()) + " videos.";
  }
  return scope;
}

CoverageReport coverage_report(const Scope& scope) {
  CoverageReport report;
  if (!scope.covers) return report;
  for (const VideoScope& v : scope.videos) {
    report.asked.push_back({v.video.id, v.asked, {}});
    for (const TimeSpan& span : v.described.spans()) report.described.push_back({v.video.id, span, {}});
    for (const graph::CoverageSpan& c : v.coverage) {
      const TimeSpan part = c.span.intersection(v.asked);
      if (part.empty()) continue;
      if (c.status == graph::CoverageStatus::kFailed) report.failed.push_back({v.video.id, part, c.reason});
      if (c.status == graph::CoverageStatus::kNotSampled) report.not_sampled.push_back({v.video.id, part, c.reason});
    }
  }
  return report;
}

}  // namespace reelgraph::query
