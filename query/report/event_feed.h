#pragma once
// The happenings of a video as a stream gives them: read piece by piece, known only up to a bound.

#include <deque>
#include <map>
#include <string>

#include "query/report/record.h"

namespace reelgraph::query::report {

/// Borrows all it is given. Not for use from several threads.
class EventFeed {
 public:
  EventFeed(const graph::Store& store, const base::Commentary& commentary, const graph::VideoRecord& video);

  /// Makes known what starts up to `bound` (inclusive).
  void reveal(base::Timestamp bound);
  /// Known and not yet taken, by when they are over.
  [[nodiscard]] const std::deque<Happening>& ahead() const { return ahead_; }
  /// Takes the first of them. REQUIRES: there is one
  [[nodiscard]] Happening take();
  /// Whoever knows all up to `bound` knows that nothing starts after.
  [[nodiscard]] bool ends_by(base::Timestamp bound) const {
    return video_.duration > 0 ? bound >= video_.duration : done_ && waiting_.empty();
  }
  /// When the next event that is not known yet starts, at the earliest.
  [[nodiscard]] base::Timestamp next_start() const {
    return !waiting_.empty() ? waiting_.front().event.span.start : done_ ? base::kMaxTimestamp : loaded_;
  }
  /// The end of the video; where its length is unknown, of its last event read so far.
  [[nodiscard]] base::Timestamp end() const { return end_; }

  [[nodiscard]] std::size_t read() const { return read_; }
  [[nodiscard]] std::size_t told() const { return told_; }        ///< have a topic
  [[nodiscard]] std::size_t outside() const { return outside_; }  ///< begin at or after the end of the video
  [[nodiscard]] const std::map<std::string, std::size_t>& strangers() const { return strangers_; }  ///< types without a topic

 private:
  void load();
  [[nodiscard]] const base::CommentaryTopic* topic_of(const graph::EventRecord& event) const;

  const graph::Store& store_;
  const base::Commentary& commentary_;
  const graph::VideoRecord& video_;
  std::deque<Happening> waiting_;  ///< read, by start
  std::deque<Happening> ahead_;    ///< known, by when they are over
  base::Timestamp loaded_ = 0, end_ = 0;
  bool done_ = false;
  std::size_t read_ = 0, told_ = 0, outside_ = 0;
  std::map<std::string, std::size_t> strangers_;
};

}  // namespace reelgraph::query::report
