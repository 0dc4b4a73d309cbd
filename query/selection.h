#pragma once
// Executes selections of a plan on the store: types and entities by the store's indexes, the rest event by event, video by video.

#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "graph/store.h"
#include "query/plan.h"
#include "query/scope.h"

namespace reelgraph::query {

/// Runs the selections of one question. Borrows both; remembers what it fetched, so it lives as long as one question.
class Selector {
 public:
  Selector(const graph::Store& store, const Scope& scope);

  /// By video (in the order of the scope), then start.
  /// @param overlap a window of time keeps what goes on in it; else what begins in it
  [[nodiscard]] std::vector<graph::EventRecord> run(const Selection& selection, bool overlap);
  /// The same, video by video, so that what is not kept is gone: for what is only counted or added up.
  /// @param visit gets the events of one video, in the order of the scope; false ends it
  void each(const Selection& selection, bool overlap, const std::function<bool(const std::vector<graph::EventRecord>&)>& visit);
  /// One event of each video that holds any, where types alone tell; else nothing.
  [[nodiscard]] std::optional<std::vector<graph::EventRecord>> one_of_each(const Selection& selection) const;
  /// Events cut to the time that the windows of their selection leave: "how long ... in the last minute", "... while it rained".
  /// @param events of the selection, in this video
  [[nodiscard]] std::vector<graph::EventRecord> clipped(const Selection& selection, const VideoScope& video,
                                                        const std::vector<graph::EventRecord>& events);
  /// The number alone, where the archive knows it without a look at the events.
  [[nodiscard]] std::optional<std::int64_t> count_of_all(const Selection& selection, std::vector<graph::EventRecord>& some,
                                                         std::size_t most);
  [[nodiscard]] std::vector<graph::EventRecord> run_in(const Selection& selection, const VideoScope& video, bool overlap);

  /// A window counted from an event that did not happen in some video.
  [[nodiscard]] bool anchor_missing() const { return anchor_missing_; }
  /// A part of every video that was asked about does not exist ("extra time").
  [[nodiscard]] bool period_missing() const { return period_missing_; }
  [[nodiscard]] bool outside() const { return outside_; }

  /// The running count of a video after its last event (within the windows of `selection`), by side.
  struct Score {
    std::vector<std::pair<graph::RowId, std::string>> sides;  ///< entity, name
    std::vector<std::int64_t> counts;
    std::vector<graph::EventRecord> events;
  };
  [[nodiscard]] Score score(const base::Tally& tally, const Selection& selection, const VideoScope& video);

  [[nodiscard]] const std::string& entity_type(graph::RowId entity);

  /// From now on spells of a running count are cut at "after" and "before" instead of kept or left out as a whole.
  void cut_spells() { cut_spells_ = true; }

 private:
  /// Of many videos those that can hold any: their events by video, found by one query. Empty optional: it would be too many.
  [[nodiscard]] std::optional<std::map<std::string, std::vector<graph::EventRecord>>> candidates(const Selection& selection) const;
  [[nodiscard]] std::vector<graph::EventRecord> pick(const Selection& selection, const std::vector<graph::EventRecord>& all,
                                                     const VideoScope& video, bool overlap);
  [[nodiscard]] const std::vector<graph::EventRecord>& fetch(const Selection& selection, const VideoScope& video);
  [[nodiscard]] std::vector<graph::EventRecord> tally_events(const Selection& selection, const VideoScope& video);
  void narrow(std::vector<graph::EventRecord>& events, const Selection& selection, const VideoScope& video, bool overlap);
  void keep(std::vector<graph::EventRecord>& events, const Window& window, const VideoScope& video, bool overlap);
  [[nodiscard]] std::optional<base::TimeSpan> period_span(const base::Period& period, const VideoScope& video);
  [[nodiscard]] bool is_against(const graph::EventRecord& event, const Participant& who, const Selection& selection);
  [[nodiscard]] bool takes_part(const graph::EventRecord& event, const Participant& who, const Selection& selection, bool group);
  [[nodiscard]] bool is_group(const Participant& who, const std::vector<graph::EventRecord>& events);

  const graph::Store& store_;
  const Scope& scope_;
  std::map<std::string, std::vector<graph::EventRecord>> fetched_;
  std::map<graph::RowId, std::string> types_;
  std::map<std::pair<std::string, graph::RowId>, bool> present_;  ///< an entity takes part in a video
  bool counting_ = false;                                         ///< the time asked about does not bound what is fetched
  bool cut_spells_ = false;
  bool anchor_missing_ = false, period_missing_ = false, outside_ = false;
};

/// Does a window of a running count bound what is counted ("goalless at the break")? Else it bounds when it stood so.
[[nodiscard]] bool bounds_count(const Selection& selection, const Window& window);

/// The windows of a tally that bound the count itself.
[[nodiscard]] std::vector<Window> tally_windows(const Selection& selection);

/// Does it meet every condition of `where` (key: value), of which there is at least one?
[[nodiscard]] bool all_met(const nlohmann::json& attributes, const nlohmann::json& where);

/// Does an event meet a condition?
[[nodiscard]] bool meets(const nlohmann::json& attributes, const Condition& condition);

}  // namespace reelgraph::query
