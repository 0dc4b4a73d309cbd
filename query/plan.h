#pragma once
// A question as a plan: what to select, how to narrow it in time, and what to compute. Plain data with a JSON form; no store is asked here.

#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/profile.h"
#include "graph/store.h"
#include "query/time_phrase.h"

namespace reelgraph::query {

/// A condition on an attribute of an event.
struct Condition {
  std::string key;
  nlohmann::json value;  ///< equal to it; an array: any of it; true: true or present; false: false or absent
  bool operator==(const Condition&) const = default;
};

/// Events of any of these types that meet all conditions.
struct EventKind {
  std::vector<std::string> types;
  std::vector<Condition> where;
  bool operator==(const EventKind&) const = default;
};

/// Entities of one type that may be meant by "any of the type"; of more a question is refused.
constexpr std::size_t kMostNarrowed = 5000;

/// Somebody or something that takes part.
struct Participant {
  std::vector<graph::RowId> entities;  ///< any of these
  std::vector<std::string> names;      ///< as they are called, for the sentence
  std::string role;                    ///< in this role; empty: in any
  bool negated = false;                ///< does not take part
  bool opponent = false;               ///< the other side does, where this one takes part in the video ("goals conceded by")
};

struct Selection;

/// Narrows a selection in time.
struct Window {
  enum class Kind {
    kPhrase,    ///< `phrase`
    kPeriod,    ///< `period`
    kNot,       ///< outside of `period`
    kAfter,     ///< after the anchor's event (its start, or its end with `ended`)
    kBefore,    ///< before the start of the anchor's event
    kBetween,   ///< from the first anchor's event to the second's
    kOverlaps,  ///< while any event of the anchor goes on
    kDisjoint,  ///< while none goes on
    kFollows,   ///< begins at most `within` after the start of any event of the anchor
    kLeads,     ///< any event of the anchor begins at most `within` after its start
  };
  Kind kind = Kind::kPhrase;
  TimePhrase phrase;
  base::Period period;
  std::vector<Selection> anchors;
  base::Duration within = 0;  ///< of kAfter, kBefore, kFollows, kLeads: at most this long; of kPeriod: its last part; 0: no limit
  bool ended = false;
};

/// What is computed from a running count ("score") instead of read: spans in which a side is ahead, the equaliser, ...
struct TallyState {
  base::Tally tally;
  std::string state;  ///< ahead level behind stands opener equaliser pulls_back extends winner won lost drawn none score
  std::vector<graph::RowId> side;
  std::vector<std::string> side_names;
  int margin = 0;           ///< 0: any
  std::vector<int> counts;  ///< of "stands": the side's and the other's; without a side in either order
};

/// A set of events, by video and start.
struct Selection {
  std::vector<EventKind> kinds;  ///< any of these; empty: any event
  std::vector<std::string> not_types;
  std::vector<Participant> who;
  std::vector<Window> windows;  ///< all of these
  std::optional<TallyState> tally;
  std::optional<base::Duration> longer, shorter;
  std::optional<int> nth;  ///< 1-based, per video, after all else; negative from the end
  int extreme = 0;         ///< 1: only the longest, -1: only the shortest, per video, after all else
  int first_n = 0;         ///< only so many of the first (negative: of the last); 0: all
  std::string credited;    ///< role of the side that events with the tally's exception do not count for; set with `credit`
  std::optional<base::Tally> credit;
  std::string text;  ///< as it was said, for the sentence

  [[nodiscard]] bool empty() const { return kinds.empty() && !tally && who.empty() && windows.empty(); }
};

enum class Ask {
  kCount,
  kExists,
  kWhen,
  kWho,
  kWhat,
  kDuration,     ///< total time; `total`: lengths added, else the union
  kLength,       ///< of the longest, shortest or n-th event
  kGap,          ///< from the selection's event to the first of `others` after it
  kGaps,         ///< the longest or shortest wait between consecutive events
  kConcurrency,  ///< the largest number at once
  kOrder,        ///< which of the selections happens first (or last)
  kCompare,      ///< of two selections
  kRank,         ///< the participants (or videos) with the most or the fewest
  kVideos,
  kMembers,  ///< how many take part in the one with the most
  kScore,
  kSpoken,    ///< videos or times where words are said
  kRate,      ///< events by `per`, over the time that was asked about
  kRelated,   ///< what the first participant has a relation with
  kPath,      ///< the chain of relations from the first participant to the second
  kStay,      ///< from the event of the selection until that of `others`; either may be missing: then from the start, or until the end
  kBusiest,   ///< the stretch of `per` (0: one that suits the video) in which the most or the fewest events begin
  kProperty,  ///< what events of the selection say of themselves under `attribute` ("direction")
};

struct Plan {
  Ask ask = Ask::kCount;
  Selection select;
  std::vector<Selection> others;  ///< the second of a gap, what is compared with, sets to intersect or to leave out
  std::string role;               ///< of those asked for; empty: agent; "*": any
  std::string entity_type;        ///< of those asked for; empty: any
  std::vector<graph::RowId> among;
  std::vector<graph::RowId> besides;   ///< asked for are all but these
  bool distinct = false;               ///< count participants or videos, not events
  bool videos = false;                 ///< counted or ranked are videos
  bool fewest = false;                 ///< of rank and order: the other end
  bool total = false;                  ///< of duration: lengths are added; of gap: to the end of the second
  bool from_end = false;               ///< of gap: from the end of the first; of when: the end is asked for
  bool everyone = false;               ///< several are asked for: the answer is a list even of one
  int top = 1;                         ///< of rank
  int across = 0;                      ///< of who: with events in at least so many videos
  std::optional<int> exactly;          ///< of who and videos: with so many events each
  bool at_least = false;               ///< `exactly` is the least, not the only number
  bool at_most = false;                ///< `exactly` is the most
  bool per_participant = false;        ///< of videos: so many by one participant; of who: so many in one video
  bool except = false;                 ///< participants of `others` are left out; else they must be in all. Of exists: yes if there is none
  bool then = false;                   ///< of who and exists: the event of `others` follows that of the selection
  bool named = false;                  ///< of who: asked for are names; numbers that a machine gave ("person 14") are none
  bool figure = false;                 ///< of rank: asked for is how many the first has
  std::string compare;                 ///< more fewer equal difference both (yes if there are any of each)
  base::Duration per = 0;              ///< of kRate and kBusiest
  std::vector<std::string> words;      ///< of kSpoken
  std::string noun;                    ///< what a video is called in the question ("camera")
  std::string attribute;               ///< of kProperty
  std::string relation;                ///< of kRelated: its type
  bool backward = false;               ///< of kRelated: asked for are the sources, not the targets
  std::vector<std::string> in_videos;  ///< ids; only these are looked at; empty: all that the caller gave
};

[[nodiscard]] nlohmann::json to_json(const Plan& plan);
/// @throws base::Error kBadInput naming the place of what is wrong
[[nodiscard]] Plan plan_from_json(const nlohmann::json& json, const std::string& where);

/// The plan in words: "counted shots by Chelsea after 48:12".
[[nodiscard]] std::string describe(const Plan& plan);
[[nodiscard]] std::string describe(const Selection& selection);

}  // namespace reelgraph::query
