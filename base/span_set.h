#pragma once
// Sets of video time, as sorted, disjoint, non-touching spans: coverage, unions of events, and what lies between them.

#include <initializer_list>
#include <vector>

#include "base/time.h"

namespace reelgraph::base {

/// A set of instants. Empty spans vanish; spans that touch are joined. Value type; all operations are linear or better.
class SpanSet {
 public:
  SpanSet() = default;
  SpanSet(std::initializer_list<TimeSpan> spans);
  explicit SpanSet(std::vector<TimeSpan> spans);

  void add(TimeSpan span);
  void add(const SpanSet& other);
  void subtract(const SpanSet& other);

  [[nodiscard]] const std::vector<TimeSpan>& spans() const { return spans_; }
  [[nodiscard]] bool empty() const { return spans_.empty(); }
  [[nodiscard]] Duration total() const;
  [[nodiscard]] bool contains(Timestamp t) const;
  /// True if every instant of `span` is in the set; an empty span counts as the instant at its start.
  [[nodiscard]] bool contains(TimeSpan span) const;
  [[nodiscard]] bool overlaps(TimeSpan span) const;

  [[nodiscard]] SpanSet intersection(const SpanSet& other) const;
  /// What of `within` is not in the set.
  [[nodiscard]] SpanSet complement(TimeSpan within) const;
  /// The same set with gaps shorter than `gap` closed.
  [[nodiscard]] SpanSet closed(Duration gap) const;

  friend bool operator==(const SpanSet&, const SpanSet&) = default;

 private:
  std::vector<TimeSpan> spans_;
};

}  // namespace reelgraph::base
