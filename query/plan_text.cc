// A plan in one plain sentence, so that a misreading is seen at once.
#include <algorithm>

#include "query/evidence.h"
#include "query/plan.h"
#include "query/plan_values.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

std::string value_text(const nlohmann::json& v) {
  if (v.is_string()) return v.get<std::string>();
  if (v.is_array()) {
    std::string text;
    for (const auto& item : v) text += (text.empty() ? "" : " or ") + value_text(item);
    return text;
  }
  return v.dump();
}

/// "shots", "corner kicks"; but "removed events", "silent events", and as it is written where it is a sentence: "person texts on phone".
std::string many(const std::string& type) {
  const auto words = std::count(type.begin(), type.end(), '_') + 1;
  if (words > 2) return "\"" + readable(type) + "\"";
  static const std::vector<std::string> adjectives = {"silent", "dark", "bright", "loud", "still", "quiet", "idle", "dispossessed"};
  const bool no_noun = type.ends_with("ed") || std::find(adjectives.begin(), adjectives.end(), type) != adjectives.end();
  return no_noun ? readable(type) + " events" : plural(2, type).substr(2);
}

std::string kind_text(const EventKind& k) {
  std::string text;
  for (std::size_t i = 0; i < k.types.size(); ++i) {
    text += (i == 0 ? "" : i + 1 == k.types.size() ? " or " : ", ") + many(k.types[i]);
  }
  if (text.empty()) text = "events";
  for (const Condition& c : k.where) {
    text += " with ";
    if (c.value.is_boolean()) {
      text += (c.value.get<bool>() ? "" : "no ") + readable(c.key);
      continue;
    }
    // "yellow card", not "card yellow card"
    const std::string key = readable(c.key), value = value_text(c.value);
    text += (value.find(key) == std::string::npos ? key + " " : std::string()) + value;
  }
  return text;
}

std::string join(const std::vector<std::string>& names, const char* word) {
  std::string text;
  for (std::size_t i = 0; i < names.size(); ++i) text += (i > 0 ? word : "") + names[i];
  return text;
}

std::string window_text(const Window& w) {
  const auto anchor = [&](std::size_t i) { return i < w.anchors.size() ? describe(w.anchors[i]) : std::string("?"); };
  const std::string within = w.within > 0 ? "at most " + seconds_text(w.within) + " " : "";
  const std::string period = w.period.words.empty() ? "a part of the video" : w.period.words.front();
  switch (w.kind) {
    case Window::Kind::kPhrase: return w.phrase.text;
    case Window::Kind::kPeriod:
      if (w.within == 0 &&
          (period.starts_with("at ") || period.starts_with("in ") || period.starts_with("by ") || period.starts_with("before ") ||
           period.starts_with("after ") || period.starts_with("during ") || period.starts_with("up to ")))
        return "\"" + period + "\"";
      return w.within > 0 ? "in the last " + base::format_time(w.within) + " of \"" + period + "\"" : "in \"" + period + "\"";
    case Window::Kind::kNot: return "not in \"" + period + "\"";
    case Window::Kind::kAfter: return within + "after " + (w.ended ? "the end of " : "") + anchor(0);
    case Window::Kind::kBefore: return within + "before " + anchor(0);
    case Window::Kind::kBetween: return "between " + anchor(0) + " and " + anchor(1);
    case Window::Kind::kOverlaps: return "during " + anchor(0);
    case Window::Kind::kDisjoint: return "not during " + anchor(0);
    case Window::Kind::kFollows: return within + "after any of " + anchor(0);
    case Window::Kind::kLeads: return "followed " + (w.within > 0 ? "within " + seconds_text(w.within) + " " : "") + "by " + anchor(0);
  }
  return {};
}

std::string number_text(const Plan& p) {
  return std::string(p.at_least ? "at least " : p.at_most ? "at most " : "exactly ") + std::to_string(p.exactly.value_or(1));
}

std::string nth_text(int n) {
  if (n == -1) return "the last of ";
  if (n < 0) return "number " + std::to_string(-n) + " from the end of ";
  return n == 1 ? "the first of " : "number " + std::to_string(n) + " of ";
}

}  // namespace

std::string describe(const Selection& s) {
  std::string text;
  if (s.tally) {
    const TallyState& t = *s.tally;
    text = (t.side_names.empty() ? "" : join(t.side_names, " or ") + " ") + readable(t.state) +
           (t.margin > 0 ? " by " + std::to_string(t.margin) : "") +
           (s.kinds.empty() || s.kinds.front().where.empty() ? "" : ", " + kind_text(s.kinds.front())) +
           (t.counts.size() == 2 ? " at " + std::to_string(t.counts[0]) + "-" + std::to_string(t.counts[1]) : "") + " (" + t.tally.name +
           ")";
  } else if (s.kinds.empty()) {
    text = "events";
  } else {
    for (std::size_t i = 0; i < s.kinds.size(); ++i) text += (i > 0 ? " or " : "") + kind_text(s.kinds[i]);
  }
  if (!s.not_types.empty()) text += " other than " + readable(s.not_types);
  for (const Participant& p : s.who) {
    const std::string names = join(p.names, " or ");
    if (p.opponent)
      text += " against " + names;
    else if (p.negated)
      text += " without " + names;
    else if (p.role == "agent" || p.role == "team")
      text += " by " + names;
    else if (p.role == "recipient")
      text += " to " + names;
    else
      text += " with " + names + (p.role.empty() ? "" : " as " + readable(p.role));
  }
  if (s.longer) text += " longer than " + seconds_text(*s.longer);
  if (s.shorter) text += " shorter than " + seconds_text(*s.shorter);
  for (const Window& w : s.windows) text += " " + window_text(w);
  if (s.extreme != 0) text = std::string("the ") + (s.extreme > 0 ? "longest" : "shortest") + " of " + text;
  if (s.nth) text = nth_text(*s.nth) + text;
  if (s.first_n != 0) text = "the " + std::string(s.first_n > 0 ? "first " : "last ") + std::to_string(std::abs(s.first_n)) + " of " + text;
  return text;
}

std::string describe(const Plan& p) {
  const std::string what = describe(p.select);
  const std::string other = p.others.empty() ? std::string() : describe(p.others.front());
  const std::string role = p.role.empty() ? "agent" : p.role == "*" ? "participant" : readable(p.role);
  const std::string whom = p.entity_type.empty() ? "the " + role : "which " + readable(p.entity_type) + " is the " + role;
  const std::string sets = p.others.empty() ? ""
                                            : (p.except ? ", leaving out who takes part in "
                                               : p.then ? ", and later takes part in "
                                                        : ", and also takes part in ") +
                                                  other;
  switch (p.ask) {
    case Ask::kCount:
      return (p.videos && p.except ? "Counted videos without "
              : p.videos           ? "Counted videos with "
              : p.distinct         ? "Counted who takes part as " + role + " in "
                                   : "Counted ") +
             what +
             (p.others.empty() ? ""
              : p.videos       ? " and with " + other
                               : sets);
    case Ask::kExists:
      return "Looked for " + what + (p.exactly ? ", " + number_text(p) + (p.distinct ? "" : " by one") : "") +
             (p.distinct ? " by each side" : "") + sets + (p.except ? " (yes if there is none)" : "");
    case Ask::kWhen: return (p.from_end ? "Ends of " : "Times of ") + what;
    case Ask::kWho:
      return "Looked up " + whom + " of " + what +
             (p.exactly ? ", each of " + number_text(p) + (p.per_participant ? " in one video" : "") : "") +
             (p.across > 0 ? ", in at least " + plural(p.across, "video") : "") + sets;
    case Ask::kWhat: return "Looked up " + what;
    case Ask::kDuration:
      return std::string(p.total ? "Added the lengths of " : p.select.tally ? "Time with " : "Time in which there are any ") + what;
    case Ask::kLength:
      if (p.select.nth) return "Length of " + what;
      if (p.videos) return std::string("Video with the ") + (p.fewest ? "shortest" : "longest") + " of " + what;
      return std::string("Length of the ") + (p.fewest ? "shortest" : "longest") + " of " + what;
    case Ask::kGap:
      return std::string("Time from ") + (p.from_end ? "the end of " : "") + what + " to " + (p.total ? "the end of " : "") + other;
    case Ask::kGaps: return std::string(p.fewest ? "Shortest" : "Longest") + " time between consecutive " + what;
    case Ask::kConcurrency: return "Largest number at once of " + what;
    case Ask::kOrder: return std::string(p.fewest ? "Last" : "First") + " of " + what + " and " + other;
    case Ask::kCompare:
      if (p.compare == "both") return "Looked for " + what + " and for " + other;
      return "Compared the number of " + what + " with that of " + other;
    case Ask::kRank:
      if (p.figure) return std::string(p.fewest ? "Smallest" : "Largest") + " number of " + what + (p.videos ? " in one video" : " by one");
      return (p.videos ? std::string("Videos with the ") : "Ranked " + whom + " with the ") + (p.fewest ? "fewest " : "most ") + what +
             sets;
    case Ask::kVideos:
      return std::string(p.except ? "Videos without " : "Videos with ") + (p.exactly ? number_text(p) + " of " : "") + what +
             (p.per_participant ? " by one participant" : "") + (p.others.empty() ? "" : " and with " + other);
    case Ask::kMembers: return "Largest number of participants of " + what;
    case Ask::kScore: return "Computed " + p.select.tally->tally.name;
    case Ask::kRate:
      return "Counted " + what + " by " + (p.per == base::kHour ? "hour" : p.per == base::kMinute ? "minute" : base::format_time(p.per));
    case Ask::kBusiest: {
      const std::string per = p.per == base::kHour     ? "hour"
                              : p.per == base::kMinute ? "minute"
                              : p.per > 0              ? "stretch of " + base::format_time(p.per)
                                                       : "stretch of time";
      return "Counted " + what + (p.entity_type.empty() ? "" : " with any " + readable(p.entity_type)) + " of each " + per +
             " by their beginning, and took the one with the " + (p.fewest ? "fewest" : "most");
    }
    case Ask::kRelated: {
      const std::string name = p.select.who.empty() ? "?" : join(p.select.who.front().names, " or ");
      return p.backward ? "Looked up who " + readable(p.relation) + " " + name : "Looked up what " + name + " " + readable(p.relation);
    }
    case Ask::kPath:
      return "Followed relations from " + join(p.select.who.front().names, " or ") + " to " + join(p.select.who.back().names, " or ");
    case Ask::kProperty:
      return "Looked up the " + readable(p.attribute) + " of" + (what.starts_with("events with ") ? what.substr(11) : " " + what);
    case Ask::kStay: return "Time from " + what + ", or else from the start, to " + other + ", or else to the end,";
    case Ask::kSpoken: return "Searched what was said for " + join(p.words, " ");
  }
  return what;
}

}  // namespace reelgraph::query
