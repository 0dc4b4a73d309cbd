#include "query/report/event_feed.h"

#include <algorithm>

#include "query/selection.h"

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kPiece = 10 * base::kMinute;  // read at once, so that a day's events need no memory

bool earlier(const Happening& a, const Happening& b) {
  // At one instant: what is told with another comes first, so that the other knows of it.
  return std::make_tuple(a.known, a.topic->joins.empty(), a.event.span.start, a.event.row) <
         std::make_tuple(b.known, b.topic->joins.empty(), b.event.span.start, b.event.row);
}

}  // namespace

EventFeed::EventFeed(const graph::Store& store, const base::Commentary& commentary, const graph::VideoRecord& video)
    : store_(store), commentary_(commentary), video_(video), end_(video.duration) {}

const base::CommentaryTopic* EventFeed::topic_of(const graph::EventRecord& event) const {
  for (const base::CommentaryTopic& topic : commentary_.topics) {
    if (std::find(topic.types.begin(), topic.types.end(), event.type) == topic.types.end()) continue;
    if (topic.where.empty() || all_met(event.attributes, topic.where)) return &topic;
  }
  return nullptr;
}

void EventFeed::load() {
  graph::EventFilter filter;
  filter.videos = {video_.id};
  filter.starts_within = base::TimeSpan{loaded_, loaded_ + kPiece};
  std::vector<graph::EventRecord> events = store_.events(filter);
  loaded_ += kPiece;
  if (events.empty()) {
    // Is there anything further on? A stream would tell by its end; an archive is asked.
    filter.starts_within = base::TimeSpan{loaded_, base::kMaxTimestamp};
    filter.limit = 1;
    events = store_.events(filter);
    if (events.empty()) {
      done_ = true;
      return;
    }
    loaded_ = events.front().span.start;
    return;
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const auto& a, const auto& b) { return std::tie(a.span.start, a.row) < std::tie(b.span.start, b.row); });
  for (graph::EventRecord& event : events) {
    ++read_;
    if (video_.duration > 0 && event.span.start >= video_.duration) {
      ++outside_;
      continue;
    }
    const base::CommentaryTopic* topic = topic_of(event);
    if (topic == nullptr) {
      ++strangers_[event.type];
      continue;
    }
    ++told_;
    Happening h;
    h.topic = topic;
    h.known = event.span.end;
    h.agent = in_role(event, commentary_.agent);
    h.side = in_role(event, commentary_.side);
    if (h.agent == 0) {
      for (const graph::ParticipantRecord& p : event.participants) {
        if (p.role.empty()) h.agent = p.entity;
      }
    }
    if (video_.duration <= 0) end_ = std::max(end_, h.known);
    h.event = std::move(event);
    waiting_.push_back(std::move(h));
  }
}

void EventFeed::reveal(base::Timestamp bound) {
  while (!done_ && (loaded_ <= bound || (waiting_.empty() && ahead_.empty()))) load();
  while (!waiting_.empty() && waiting_.front().event.span.start <= bound) {
    Happening h = std::move(waiting_.front());
    waiting_.pop_front();
    ahead_.insert(std::upper_bound(ahead_.begin(), ahead_.end(), h, earlier), std::move(h));
  }
}

Happening EventFeed::take() {
  Happening h = std::move(ahead_.front());
  ahead_.pop_front();
  return h;
}

}  // namespace reelgraph::query::report
