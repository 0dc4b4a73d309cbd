// Which video, which format; and JSON lines.
#include "graph/transfer/export.h"

#include <algorithm>
#include <ostream>

#include "base/error.h"
#include "base/observation_json.h"

namespace reelgraph::graph {
namespace {

const char* status_name(CoverageStatus status) {
  switch (status) {
    case CoverageStatus::kDescribed: return "described";
    case CoverageStatus::kFailed: return "failed";
    case CoverageStatus::kNotSampled: return "not_sampled";
    case CoverageStatus::kLimited: return "limited";
  }
  return "described";
}

base::VideoLine video_line(const VideoRecord& v) {
  base::VideoLine line;
  line.id = v.id;
  line.title = v.title;
  line.duration = v.duration;
  line.wall_start = v.wall_start;
  line.path = v.path;
  line.content_id = v.content_id;
  line.media = v.media;
  if (line.media.is_object()) line.media.erase("spent_seconds");  // a cost
  if (v.state == VideoState::kPartial) line.state = "partial";
  if (v.state == VideoState::kFailed) line.state = "failed";
  if (!line.state.empty()) line.reason = v.reason;
  return line;
}

/// Merges lines that come in the order of their start with others known from the beginning, and sorts those of one start by content.
class SortedLines {
 public:
  SortedLines(std::ostream& out, std::vector<std::pair<base::Timestamp, std::string>> early) : out_(out), early_(std::move(early)) {
    std::sort(early_.begin(), early_.end());
  }

  /// REQUIRES: `at` not before that of any earlier call.
  void add(base::Timestamp at, std::string line) {
    if (at != at_) emit();
    at_ = at;
    held_.push_back(std::move(line));
  }
  void finish() {
    emit();
    for (; next_ < early_.size(); ++next_) out_ << early_[next_].second << '\n';
  }

 private:
  /// The lines of one start, after all that comes before.
  void emit() {
    if (held_.empty()) return;
    for (; next_ < early_.size() && early_[next_].first < at_; ++next_) out_ << early_[next_].second << '\n';
    for (; next_ < early_.size() && early_[next_].first == at_; ++next_) held_.push_back(std::move(early_[next_].second));
    std::sort(held_.begin(), held_.end());
    for (const std::string& line : held_) out_ << line << '\n';
    held_.clear();
  }

  std::ostream& out_;
  std::vector<std::pair<base::Timestamp, std::string>> early_;
  std::size_t next_ = 0;
  std::vector<std::string> held_;
  base::Timestamp at_ = -1;
};

void export_jsonl(const Store& store, std::ostream& out, const std::vector<VideoRecord>& videos, bool whole) {
  for (const VideoRecord& video : videos) {
    out << base::to_json_line(video_line(video)) << '\n';
    std::vector<std::pair<base::Timestamp, std::string>> early;
    for (const CoverageSpan& c : store.stored_coverage(video.id)) {
      early.emplace_back(c.span.start, base::to_json_line(base::CoverageLine{video.id, c.span, status_name(c.status), c.reason}));
    }
    store.each_summary(video.id, [&](const base::SummaryLine& s) { early.emplace_back(s.span.start, base::to_json_line(s)); });
    SortedLines lines(out, std::move(early));
    store.each_observation(video.id, [&](const base::Observation& o) { lines.add(o.span.start, base::to_json_line(o)); });
    lines.finish();
  }
  if (whole) {
    store.each_identity([&](const base::IdentityLine& line) { out << base::to_json_line(line) << '\n'; });
  }
}

}  // namespace

void export_archive(const Archive& archive, std::ostream& out, const ExportOptions& options) {
  const Store& store = archive.store();
  std::vector<VideoRecord> videos = store.videos();
  if (!options.videos.empty()) {
    std::vector<VideoRecord> chosen;
    for (const std::string& id : options.videos) {
      const auto it = std::find_if(videos.begin(), videos.end(), [&](const VideoRecord& v) { return v.id == id; });
      if (it == videos.end()) {
        throw base::Error(base::ErrorCode::kInvalidArgument, "there is no video \"" + id + "\" in the archive", {},
                          "`info` lists the videos");
      }
      chosen.push_back(*it);
    }
    std::sort(chosen.begin(), chosen.end(), [](const VideoRecord& a, const VideoRecord& b) { return a.id < b.id; });
    chosen.erase(std::unique(chosen.begin(), chosen.end(), [](const VideoRecord& a, const VideoRecord& b) { return a.id == b.id; }),
                 chosen.end());
    videos = std::move(chosen);
  }
  if (options.format == "jsonl") {
    export_jsonl(store, out, videos, options.videos.empty());
  } else if (options.format == "graphml") {
    export_graphml(store, out, videos);
  } else if (options.format == "csv") {
    export_csv(store, out, videos);
  } else if (options.format == "srt" || options.format == "vtt") {
    export_subtitles(store, out, videos, options.format == "vtt");
  } else {
    throw base::Error(base::ErrorCode::kInvalidArgument, "unknown export format \"" + options.format + "\"", {},
                      "use jsonl, graphml, csv, srt or vtt");
  }
  out.flush();
  if (!out) throw base::Error(base::ErrorCode::kArchive, "the export could not be written whole", {}, "check the space on the disk");
}

}  // namespace reelgraph::graph
