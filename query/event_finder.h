#pragma once
// The events that a question is about, in its scope: filters by type, time, entity and the part the entity plays.

#include <string>
#include <vector>

#include "graph/store.h"
#include "query/question.h"
#include "query/scope.h"

namespace reelgraph::query {

/// Turns question and scope into store queries. Borrows all three.
class EventFinder {
 public:
  EventFinder(const graph::Store& store, const Question& question, const Scope& scope);

  enum class Time {
    kStarts,    ///< the event begins within the time asked about
    kOverlaps,  ///< it goes on at some instant of it
  };

  /// By video id, then start. @param limit 0: all (at most kMostEvents)
  [[nodiscard]] std::vector<graph::EventRecord> find(const std::vector<std::string>& types, Time time, int limit = 0,
                                                     bool newest_first = false) const;
  [[nodiscard]] std::int64_t count(const std::vector<std::string>& types, Time time) const;

  /// Mentions of the question's entities within the scope, by video and start.
  [[nodiscard]] std::vector<graph::MentionRecord> mentions(int limit) const;

  /// Of the videos asked about, those that nothing has described which reports such events: 0 found there means nothing.
  [[nodiscard]] std::vector<std::string> unreported(const std::vector<std::string>& types, bool signals_type) const;

  static constexpr int kMostEvents = 200'000;

 private:
  [[nodiscard]] std::vector<graph::EventFilter> filters(const std::vector<std::string>& types, Time time) const;
  [[nodiscard]] bool plain() const { return question_.entities.empty() && question_.roles.empty(); }
  void keep_roles(std::vector<graph::EventRecord>& events) const;

  const graph::Store& store_;
  const Question& question_;
  const Scope& scope_;
};

}  // namespace reelgraph::query
