#include "base/span_set.h"

#include <algorithm>
#include <utility>

namespace reelgraph::base {

SpanSet::SpanSet(std::initializer_list<TimeSpan> spans) : SpanSet(std::vector<TimeSpan>(spans)) {}

SpanSet::SpanSet(std::vector<TimeSpan> spans) {
  std::sort(spans.begin(), spans.end());
  for (const TimeSpan& s : spans) {
    if (s.empty()) continue;
    if (!spans_.empty() && s.start <= spans_.back().end) {
      spans_.back().end = std::max(spans_.back().end, s.end);
    } else {
      spans_.push_back(s);
    }
  }
}

void SpanSet::add(TimeSpan span) {
  if (span.empty()) return;
  // First span that touches or follows; then swallow all that touch.
  auto first = std::lower_bound(spans_.begin(), spans_.end(), span.start, [](const TimeSpan& s, Timestamp t) { return s.end < t; });
  auto last = first;
  for (; last != spans_.end() && last->start <= span.end; ++last) {
    span.start = std::min(span.start, last->start);
    span.end = std::max(span.end, last->end);
  }
  spans_.insert(spans_.erase(first, last), span);
}

void SpanSet::add(const SpanSet& other) {
  std::vector<TimeSpan> all = std::move(spans_);
  all.insert(all.end(), other.spans_.begin(), other.spans_.end());
  *this = SpanSet(std::move(all));
}

void SpanSet::subtract(const SpanSet& other) {
  std::vector<TimeSpan> left;
  auto cut = other.spans_.begin();
  for (TimeSpan s : spans_) {
    while (cut != other.spans_.end() && cut->end <= s.start) ++cut;
    for (auto c = cut; c != other.spans_.end() && c->start < s.end; ++c) {
      if (c->start > s.start) left.push_back({s.start, c->start});
      s.start = std::min(c->end, s.end);
    }
    if (!s.empty()) left.push_back(s);
  }
  spans_ = std::move(left);
}

Duration SpanSet::total() const {
  Duration sum = 0;
  for (const TimeSpan& s : spans_) sum += s.length();
  return sum;
}

bool SpanSet::contains(Timestamp t) const {
  const auto after = std::upper_bound(spans_.begin(), spans_.end(), t, [](Timestamp at, const TimeSpan& s) { return at < s.start; });
  return after != spans_.begin() && std::prev(after)->contains(t);
}

bool SpanSet::contains(TimeSpan span) const {
  const auto after =
      std::upper_bound(spans_.begin(), spans_.end(), span.start, [](Timestamp at, const TimeSpan& s) { return at < s.start; });
  if (after == spans_.begin()) return false;
  const TimeSpan& s = *std::prev(after);
  return span.empty() ? s.contains(span.start) : s.contains(span);
}

bool SpanSet::overlaps(TimeSpan span) const {
  const auto first = std::lower_bound(spans_.begin(), spans_.end(), span.start, [](const TimeSpan& s, Timestamp t) { return s.end <= t; });
  return first != spans_.end() && first->overlaps(span);
}

SpanSet SpanSet::intersection(const SpanSet& other) const {
  SpanSet both;
  auto a = spans_.begin();
  auto b = other.spans_.begin();
  while (a != spans_.end() && b != other.spans_.end()) {
    const TimeSpan shared = a->intersection(*b);
    if (!shared.empty()) both.spans_.push_back(shared);
    (a->end < b->end ? a : b)++;
  }
  return both;
}

SpanSet SpanSet::complement(TimeSpan within) const {
  SpanSet rest{within};
  rest.subtract(*this);
  return rest;
}

SpanSet SpanSet::closed(Duration gap) const {
  SpanSet joined;
  for (const TimeSpan& s : spans_) {
    if (!joined.spans_.empty() && s.start - joined.spans_.back().end < gap) {
      joined.spans_.back().end = s.end;
    } else {
      joined.spans_.push_back(s);
    }
  }
  return joined;
}

}  // namespace reelgraph::base
