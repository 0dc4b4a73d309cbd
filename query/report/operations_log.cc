#include "query/report/operations_log.h"

#include <algorithm>
#include <cstdio>
#include <ctime>
#include <unordered_map>

#include "query/scope.h"

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kReadAtOnce = 10 * base::kMinute;
constexpr base::Duration kBetweenVideos = base::kMinute;  // on an axis without wall time

/// Microseconds since 1970 of "2026-03-02T08:00:00Z" or with an offset; nothing if it is no such time.
std::optional<std::int64_t> wall_microseconds(const std::string& text) {
  std::tm t{};
  double seconds = 0;
  int length = 0;
  if (std::sscanf(text.c_str(), "%4d-%2d-%2dT%2d:%2d:%lf%n", &t.tm_year, &t.tm_mon, &t.tm_mday, &t.tm_hour, &t.tm_min, &seconds, &length) !=
      6)
    return std::nullopt;
  t.tm_year -= 1900;
  t.tm_mon -= 1;
  std::int64_t at = static_cast<std::int64_t>(timegm(&t)) * base::kSecond + static_cast<std::int64_t>(seconds * 1e6 + 0.5);
  char sign = 0;
  int hours = 0, minutes = 0;
  if (std::sscanf(text.c_str() + length, "%c%2d:%2d", &sign, &hours, &minutes) >= 2 && (sign == '+' || sign == '-'))
    at += (sign == '+' ? -1 : 1) * (hours * base::kHour + minutes * base::kMinute);
  return at;
}

void lay_out(OperationsLog& log, const graph::Store& store, const OperationsOptions& options) {
  std::vector<std::int64_t> walls;
  for (const OperationsVideo& v : log.videos) {
    if (const auto wall = v.record.wall_start ? wall_microseconds(*v.record.wall_start) : std::nullopt) walls.push_back(*wall);
  }
  log.wall_clock = !log.videos.empty() && walls.size() == log.videos.size();
  const std::int64_t first = walls.empty() ? 0 : *std::min_element(walls.begin(), walls.end());
  if (log.wall_clock) log.wall_epoch = first;
  base::Duration next = 0;
  base::Timestamp begin = base::kMaxTimestamp, end = 0;
  for (std::size_t i = 0; i < log.videos.size(); ++i) {
    OperationsVideo& v = log.videos[i];
    v.offset = log.wall_clock ? walls[i] - first : next;
    v.axis = {v.offset, v.offset + v.record.duration};
    next = v.axis.end + kBetweenVideos;
    const base::TimeSpan asked =
        v.axis.intersection({v.offset + options.from.value_or(0), options.to ? v.offset + *options.to : v.axis.end});
    std::vector<base::TimeSpan> described;
    for (const graph::CoverageSpan& c : store.coverage(v.record.id)) {
      if (c.status != graph::CoverageStatus::kDescribed && c.status != graph::CoverageStatus::kLimited) continue;
      described.push_back({c.span.start + v.offset, c.span.end + v.offset});
    }
    v.observed = base::SpanSet(std::move(described)).intersection(base::SpanSet{asked});
    if (asked.empty()) continue;
    log.observed.add(v.observed);
    begin = std::min(begin, asked.start);
    end = std::max(end, asked.end);
  }
  log.whole = begin < end ? base::TimeSpan{begin, end} : base::TimeSpan{0, 0};
}

/// Turns the store's events into episodes, and learns the actors on the way.
class EpisodeReader {
 public:
  EpisodeReader(const graph::Store& store, OperationsLog& log) : store_(store), log_(log) {}

  void read(int video) {
    const OperationsVideo& v = log_.videos[static_cast<std::size_t>(video)];
    graph::EventFilter filter;
    filter.videos = {v.record.id};
    for (base::Timestamp at = 0;;) {
      filter.starts_within = base::TimeSpan{at, at + kReadAtOnce};
      for (const graph::EventRecord& e : store_.events(filter)) take(e, video);
      at += kReadAtOnce;
      if (at < v.record.duration) continue;
      filter.starts_within = base::TimeSpan{at, base::kMaxTimestamp};
      log_.tally.outside += store_.count_events(filter);
      log_.tally.events += store_.count_events(filter);
      return;
    }
  }

 private:
  int actor(const graph::ParticipantRecord& p) {
    const auto [place, fresh] = index_.try_emplace(p.entity, static_cast<int>(log_.actors.size()));
    if (fresh) {
      OperationsActor a{p.entity, p.name, {}, ActorKind::kUnknown};
      if (const auto known = store_.entity(p.entity)) a.type = known->type;
      a.kind = kind_of(a.type);
      log_.actors.push_back(std::move(a));
    }
    return place->second;
  }

  void take(const graph::EventRecord& e, int video) {
    const OperationsVideo& v = log_.videos[static_cast<std::size_t>(video)];
    LogTally& tally = log_.tally;
    ++tally.events;
    if (e.span.start > v.record.duration || (e.span.start == v.record.duration && !e.span.empty())) {
      ++tally.outside;
      return;
    }
    Episode episode;
    episode.span = {e.span.start + v.offset, e.span.end + v.offset};
    if (e.span.end > v.record.duration) {
      ++tally.cut;
      episode.span.end = v.axis.end;
    }
    episode.event = e.row;
    episode.video = video;
    episode.activity = activity_of(e.type);
    if (episode.activity == Activity::kOther)
      ++tally.other_types[e.type];
    else
      ++tally.used;
    std::vector<int> strangers;
    for (const graph::ParticipantRecord& p : e.participants) {
      const int who = actor(p);
      if (p.role == "source")
        episode.source = who;
      else if (p.role == "destination")
        episode.destination = who;
      else if (p.role == "station")
        episode.place = who;
      else if (p.role == "place")
        episode.place = episode.place < 0 ? who : episode.place;
      else
        take_part(episode, p.role, who, strangers);
    }
    if (episode.activity == Activity::kOther) {
      // One a person or thing: each of them was there.
      for (const int who : strangers) {
        episode.goods = who;
        log_.episodes.push_back(episode);
      }
      return;
    }
    log_.episodes.push_back(episode);
  }

  void take_part(Episode& episode, const std::string& role, int who, std::vector<int>& strangers) const {
    strangers.push_back(who);
    const ActorKind kind = log_.actors[static_cast<std::size_t>(who)].kind;
    if (kind == ActorKind::kGoods) {
      episode.goods = who;
    } else if (kind == ActorKind::kResource) {
      if (episode.resource < 0 || role == "agent") episode.resource = who;
    } else if (kind == ActorKind::kPlace) {
      if (episode.place < 0) episode.place = who;
    } else if (role == "object") {
      episode.goods = who;
    } else if (role == "agent") {
      // A type of another profile: whoever arrives, waits or leaves is what flows; whoever works or carries does not.
      const bool flows = episode.activity == Activity::kArrive || episode.activity == Activity::kEnter ||
                         episode.activity == Activity::kLeave || episode.activity == Activity::kWait;
      (flows ? episode.goods : episode.resource) = who;
    }
  }

  const graph::Store& store_;
  OperationsLog& log_;
  std::unordered_map<graph::RowId, int> index_;
};

/// No event names a place: the camera is one.
void take_cameras(OperationsLog& log) {
  const bool placed = std::any_of(log.episodes.begin(), log.episodes.end(), [](const Episode& e) { return e.place >= 0; });
  if (placed || log.episodes.empty()) return;
  log.cameras = true;
  std::vector<int> camera(log.videos.size(), -1);
  for (Episode& e : log.episodes) {
    int& place = camera[static_cast<std::size_t>(e.video)];
    if (place < 0) {
      const graph::VideoRecord& v = log.videos[static_cast<std::size_t>(e.video)].record;
      place = static_cast<int>(log.actors.size());
      log.actors.push_back({0, v.id, "camera", ActorKind::kPlace});
    }
    e.place = place;
    if (e.goods < 0) e.goods = e.resource;
  }
}

}  // namespace

double OperationsLog::coverage() const {
  base::Duration asked = 0;
  for (const OperationsVideo& v : videos) asked += v.axis.intersection(whole).length();
  base::Duration seen = 0;
  for (const OperationsVideo& v : videos) seen += v.observed.total();
  return asked > 0 ? static_cast<double>(seen) / static_cast<double>(asked) : 0;
}

base::Timestamp OperationsLog::in_video(int video, base::Timestamp t) const {
  const OperationsVideo& v = videos[static_cast<std::size_t>(video)];
  return std::clamp<base::Timestamp>(t - v.offset, 0, v.record.duration);
}

OperationsLog read_operations(const graph::Store& store, const OperationsOptions& options) {
  AskOptions selection;
  selection.videos = options.videos;
  selection.from = options.from;
  selection.to = options.to;
  OperationsLog log;
  for (graph::VideoRecord& v : select_videos(store, selection)) {
    OperationsVideo video;
    video.record = std::move(v);
    log.videos.push_back(std::move(video));
  }
  lay_out(log, store, options);
  EpisodeReader reader(store, log);
  for (std::size_t i = 0; i < log.videos.size(); ++i) reader.read(static_cast<int>(i));
  std::stable_sort(log.episodes.begin(), log.episodes.end(), [](const Episode& a, const Episode& b) {
    return std::tie(a.span.start, a.span.end, a.event) < std::tie(b.span.start, b.span.end, b.event);
  });
  take_cameras(log);
  make_visits(log);
  return log;
}

}  // namespace reelgraph::query::report
