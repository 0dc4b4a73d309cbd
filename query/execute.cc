#include "query/execute.h"

#include <algorithm>
#include <cmath>
#include <map>

#include "graph/identity.h"
#include "query/evidence.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kMostListed = 1000;                   // values of one list
constexpr base::Duration kShortestGap = base::kSecond / 2;  // between events: less is no time in which nothing happens
constexpr double kWhollyDescribed = 0.99;

using graph::EventRecord;
using Time = EventFinder::Time;

std::string seconds_text(base::Duration d) {
  std::string number = std::to_string(std::llround(base::to_seconds(d) * 100) / 100.0);
  number.erase(number.find_last_not_of('0') + 1);
  if (number.back() == '.') number.pop_back();
  return number + " s";
}

std::map<std::string, std::vector<EventRecord>> by_video(std::vector<EventRecord> events) {
  std::map<std::string, std::vector<EventRecord>> groups;
  for (EventRecord& e : events) groups[e.video].push_back(std::move(e));
  return groups;
}

}  // namespace

bool is_beyond_plans(const Question& q, const std::vector<Word>& words) {
  if (q.known_absent || q.intent == Intent::kEvents) return true;
  if (q.negated) return q.intent == Intent::kWhen || q.intent == Intent::kDuration;
  // A role that the question names ("replaced", where no profile has words for it).
  const bool role = std::any_of(q.roles.begin(), q.roles.end(), [](const std::string& r) { return r != "agent"; });
  if (q.intent == Intent::kWho && role) return true;
  if (!q.subjects.empty() || !q.roles.empty() || q.ordinal || q.gap) return false;
  if (q.intent == Intent::kExists || q.intent == Intent::kWhen) return true;
  if (q.intent != Intent::kCount || !q.entity_type || !q.entities.empty()) return false;
  // "How many people got in?" asks for more than how many there are.
  static const std::vector<std::string> plain = {
      "how",     "many",     "number", "of",  "different", "are", "is", "were", "was",  "be",    "been",    "there",
      "do",      "did",      "does",   "can", "we",        "you", "i",  "see",  "seen", "shown", "visible", "appear",
      "appears", "appeared", "the",    "a",   "an",        "in",  "on", "this", "that", "all",   "total",   "altogether"};
  return std::all_of(words.begin(), words.end(), [&](const Word& w) {
    return std::find(plain.begin(), plain.end(), w.folded) != plain.end() || !is_stop_word(w.folded);
  });
}

Execution::Execution(const graph::Store& store, const Question& question, const Scope& scope, Evidence& evidence, Answer& answer)
    : store_(store), question_(question), scope_(scope), evidence_(evidence), answer_(answer), finder_(store, question, scope) {}

bool Execution::run() {
  if (!question_.understood()) return false;
  for (const Link& e : question_.entities) {
    if (const auto several = graph::namesakes(store_, e.ambiguous ? std::vector<graph::RowId>{} : e.entities); several.size() > 1) {
      answer_.status = Status::kNotUnderstood;
      answer_.text =
          "Several are called " + e.names.front() + ": " + readable(several) + ". Ask for one of them by another name, or merge them.";
      return true;
    }
    if (!e.ambiguous) continue;
    answer_.status = Status::kNotUnderstood;
    answer_.text = "The name may mean several: " + readable(e.names) + ". Ask for one of them.";
    return true;
  }
  switch (question_.intent) {
    case Intent::kCount: return count();
    case Intent::kExists: return exists();
    case Intent::kWhen: return when();
    case Intent::kDuration: return duration();
    case Intent::kWho: return who();
    case Intent::kVideos: return which_videos();
    case Intent::kFirstOf: return first_of();
    case Intent::kEvents: return what_happens();
    case Intent::kOpen: return false;
  }
  return false;
}

const std::vector<std::string>& Execution::types() const {
  static const std::vector<std::string> any;
  return question_.subjects.empty() ? any : question_.subjects.front();
}

// "How many shots between 10:00 and 20:00" counts beginnings; "is anybody talking between ..." asks what goes on then.
EventFinder::Time Execution::time_rule() const {
  return question_.intent == Intent::kCount || question_.anchor ? Time::kStarts : Time::kOverlaps;
}

std::optional<EventRecord> Execution::nth(const std::vector<EventRecord>& events, int ordinal) const {
  const auto n = static_cast<int>(events.size());
  const int index = ordinal > 0 ? ordinal - 1 : n + ordinal;
  if (index < 0 || index >= n) return std::nullopt;
  return events[static_cast<std::size_t>(index)];
}

std::string Execution::subject_text() const { return (types().empty() ? "event" : readable(types())) + with_whom(); }

std::string Execution::subjects_text(std::int64_t n) const {
  return plural(n, types().empty() ? "event" : readable(types())) + with_whom();
}

std::string Execution::with_whom() const {
  std::string text;
  for (std::size_t i = 0; i < question_.entities.size(); ++i) {
    text += (question_.direction[i].empty() ? " with " : " " + question_.direction[i] + " ") + question_.entities[i].names.front();
  }
  return text;
}

std::string Execution::place_text() const {
  if (scope_.videos.size() == 1) {
    const VideoScope& v = scope_.videos.front();
    std::string text = " in " + v.video.id;
    if (!scope_.whole) text += " between " + base::format_time(v.asked.start) + " and " + base::format_time(v.asked.end);
    return text;
  }
  return " in " + plural(static_cast<std::int64_t>(scope_.videos.size()), "video") + (scope_.whole ? "" : ", in the part asked about");
}

std::string Execution::coverage_text() const {
  if (!scope_.covers) return {};
  const auto asked = static_cast<double>(scope_.asked_total());
  const auto described = static_cast<double>(scope_.described_total());
  if (asked <= 0 || described >= kWhollyDescribed * asked) return {};
  return " Only " + base::format_time(scope_.described_total()) + " of the " + base::format_time(scope_.asked_total()) +
         " asked about was described.";
}

void Execution::answered(std::string kind, nlohmann::json value, std::string text) {
  answer_.status = Status::kAnswered;
  answer_.kind = std::move(kind);
  answer_.value = std::move(value);
  answer_.text = std::move(text) + coverage_text();
}

bool Execution::nothing(const std::string& text) {
  answer_.status = Status::kNotSeen;
  answer_.text = text + coverage_text();
  return true;
}

bool Execution::not_reported() {
  if (types().empty()) return false;
  const auto missing = finder_.unreported(types(), question_.known_absent);
  if (missing.empty() || missing.size() < scope_.videos.size()) return false;
  answer_.status = Status::kNotCovered;
  answer_.text = "Nothing that has described " + (missing.size() == 1 ? missing.front() : "these videos") + " reports \"" +
                 readable(types()) + "\", so that none was found means nothing.";
  return true;
}

void Execution::claim(const std::string& text, int citation) {
  Claim c{text, {}};
  if (citation > 0) c.citations.push_back(citation);
  answer_.claims.push_back(std::move(c));
}

void Execution::claim(const EventRecord& event) {
  if (evidence_.full()) return;
  const int n = evidence_.cite(event);
  claim(event_text(event) + " at " + when_where(event.video, event.span), n);
}

bool Execution::count() {
  if (question_.ordinal || question_.gap || question_.partial) return false;
  if (question_.entity_type) return count_entities();
  if (question_.subjects.empty()) return false;
  if (question_.entities.size() > 1 &&
      std::all_of(question_.direction.begin(), question_.direction.end(), [](const std::string& d) { return d.empty(); })) {
    return false;  // "how many passes did A and B play" may mean each or both
  }
  const std::int64_t n = finder_.count(types(), time_rule());
  if (n == 0 && not_reported()) return true;
  answered("count", n, subjects_text(n) + place_text() + ". Counted the \"" + readable(types()) + "\" events that begin there.");
  claim(subjects_text(n) + place_text(), 0);
  if (n == 0) return true;
  for (const EventRecord& e : finder_.find(types(), time_rule(), 200)) {
    if (evidence_.full()) break;
    const int c = evidence_.cite(e);
    if (c > 0) answer_.claims.back().citations.push_back(c);
  }
  return true;
}

bool Execution::exists() {
  if (question_.gap || question_.ordinal) return false;
  if (question_.subjects.empty()) {
    if (!question_.roles.empty() || (question_.entities.empty() && !question_.entity_type)) return false;
    std::vector<graph::MentionRecord> found;
    std::string what;
    if (!question_.entities.empty()) {
      if (question_.entities.size() > 1 || question_.entity_type) return false;
      what = question_.entities.front().names.front();
      found = finder_.mentions(5);
    } else {
      what = readable(*question_.entity_type);
      std::vector<std::string> ids;
      for (const VideoScope& v : scope_.videos) {
        if (!scope_.everything) ids.push_back(v.video.id);
      }
      for (const graph::EntityRecord& e : store_.entities(*question_.entity_type, ids, 200)) {
        for (const graph::MentionRecord& m : store_.mentions(e.row, 200)) {
          for (const VideoScope& v : scope_.videos) {
            if (v.video.id == m.video && v.asked.overlaps(m.span) && found.size() < 5) found.push_back(m);
          }
        }
        if (found.size() >= 5) break;
      }
    }
    answered("boolean", !found.empty(),
             (found.empty() ? "No, " + what + " was not seen" : "Yes, " + what + " was seen") + place_text() + ".");
    for (const graph::MentionRecord& m : found) {
      graph::Passage p{m.video, m.span, m.observation, std::nullopt, m.description.empty() ? what : m.description, 0};
      claim(what + " at " + when_where(m.video, m.span), evidence_.cite(p));
    }
    return true;
  }
  const auto events = finder_.find(types(), time_rule(), 3);
  if (events.empty() && question_.partial) return false;  // part of a name was said: something else may have been meant
  if (events.empty() && not_reported()) return true;
  if (events.empty()) {
    answered("boolean", false, "No. No \"" + subject_text() + "\" was seen" + place_text() + ".");
    return true;
  }
  answered("boolean", true, "Yes: " + event_text(events.front()) + " at " + when_where(events.front().video, events.front().span) + ".");
  for (const EventRecord& e : events) claim(e);
  return true;
}

bool Execution::when() {
  if (question_.gap) return false;
  if (question_.negated) return absence();
  if (question_.entity_type && question_.subjects.empty()) return false;
  std::vector<EventRecord> events;
  if (question_.subjects.empty()) {
    if (question_.entities.size() != 1 || !question_.roles.empty() || question_.ordinal) return false;
    nlohmann::json list = nlohmann::json::array();
    for (const graph::MentionRecord& m : finder_.mentions(static_cast<int>(kMostListed))) {
      list.push_back(moment_json(m.video, m.span));
      if (evidence_.full()) continue;
      const std::string text = m.description.empty() ? question_.entities.front().names.front() : m.description;
      claim(text + " at " + when_where(m.video, m.span),
            evidence_.cite(graph::Passage{m.video, m.span, m.observation, std::nullopt, text, 0}));
    }
    if (list.empty()) return nothing(question_.entities.front().names.front() + " was not seen" + place_text() + ".");
    const std::string count = plural(static_cast<std::int64_t>(list.size()), "time");
    answered("list", std::move(list), question_.entities.front().names.front() + " was seen " + count + place_text() + ".");
    return true;
  }
  const bool newest = question_.ordinal.value_or(1) < 0;
  const bool one_video = scope_.videos.size() == 1;
  const int limit = question_.ordinal && one_video ? std::abs(*question_.ordinal) : 0;
  events = finder_.find(types(), time_rule(), limit, newest && limit > 0);
  if (newest && limit > 0) std::reverse(events.begin(), events.end());
  if (question_.ordinal) {
    std::vector<EventRecord> chosen;
    for (auto& [video, group] : by_video(std::move(events))) {
      if (auto e = nth(group, *question_.ordinal)) chosen.push_back(std::move(*e));
    }
    events = std::move(chosen);
  }
  if (events.empty()) {
    if (question_.partial) return false;
    if (not_reported()) return true;
    return nothing("No \"" + subject_text() + "\" " + (question_.ordinal ? "of that number " : "") + "was seen" + place_text() + ".");
  }
  if (events.size() == 1) {
    const EventRecord& e = events.front();
    answered("time", base::to_seconds(e.span.start), "At " + when_where(e.video, e.span) + ": " + event_text(e) + ".");
    claim(e);
    return true;
  }
  nlohmann::json list = nlohmann::json::array();
  std::string times;
  for (const EventRecord& e : events) {
    if (list.size() >= kMostListed) break;
    if (list.size() < 10) times += (list.empty() ? "" : ", ") + base::format_time(e.span.start) + (one_video ? "" : " (" + e.video + ")");
    list.push_back(moment_json(e.video, e.span));
    claim(e);
  }
  const auto n = static_cast<std::int64_t>(events.size());
  const std::string rest = n > 10 ? " and " + std::to_string(n - 10) + " more" : "";
  answered("list", std::move(list), subjects_text(n) + place_text() + ": at " + times + rest + ".");
  return true;
}

bool Execution::absence() {
  if (question_.subjects.empty() || question_.ordinal || question_.partial || !question_.entities.empty() || !question_.roles.empty())
    return false;
  if (question_.entity_type || !scope_.covers) return false;
  if (not_reported()) return true;
  // "No presence" would be right, and nobody would say it.
  const bool presence = types() == std::vector<std::string>{"presence"};
  const std::string missing = presence ? "moving thing in view" : readable(types());
  nlohmann::json list = nlohmann::json::array();
  std::string times;
  const auto groups = by_video(finder_.find(types(), Time::kOverlaps));
  base::Duration total = 0;
  for (const VideoScope& v : scope_.videos) {
    base::SpanSet none = v.described;
    none.subtract(v.limited);  // less was said there: silence proves nothing
    if (const auto it = groups.find(v.video.id); it != groups.end()) {
      base::SpanSet happening;
      for (const EventRecord& e : it->second) happening.add(e.span);
      none.subtract(happening.closed(kShortestGap));
    }
    for (const base::TimeSpan& span : none.spans()) {
      if (span.length() < kShortestGap) continue;
      total += span.length();
      if (question_.intent == Intent::kDuration || list.size() >= kMostListed) continue;
      const std::string text = "no " + missing;
      if (list.size() < 10) {
        times += (list.empty() ? "" : ", ") + base::format_time(span.start) + "-" + base::format_time(span.end);
        if (scope_.videos.size() > 1) times += " (" + v.video.id + ")";
      }
      list.push_back(moment_json(v.video.id, span));
      if (!evidence_.full()) claim("No " + missing + " at " + when_where(v.video.id, span), evidence_.cite(v.video.id, span, text));
    }
  }
  const std::string how = " Computed as what was described, less every \"" + readable(types()) + "\" event.";
  if (question_.intent == Intent::kDuration) {
    answered("duration", base::to_seconds(total),
             seconds_text(total) + (presence ? " without a " : " without ") + missing + place_text() + "." + how);
    return true;
  }
  if (list.empty())
    return nothing(std::string("There is no time without ") + (presence ? "a " : "") + missing + place_text() + " in what was described.");
  const auto n = static_cast<std::int64_t>(list.size());
  const std::string rest = n > 10 ? " and " + std::to_string(n - 10) + " more" : "";
  answered("list", std::move(list), "No " + missing + place_text() + " at " + times + rest + "." + how);
  return true;
}

bool Execution::gap() {
  if (scope_.videos.size() != 1) return false;
  const auto events = finder_.find(types(), Time::kStarts);
  const auto a = nth(events, question_.gap->first);
  const auto b = nth(events, question_.gap->second);
  if (!a || !b) {
    if (events.empty() && not_reported()) return true;
    return nothing("Only " + subjects_text(static_cast<std::int64_t>(events.size())) + " was seen" + place_text() + ".");
  }
  const base::Duration d = std::abs(b->span.start - a->span.start);
  answered("duration", base::to_seconds(d),
           seconds_text(d) + " passed between " + base::format_time(a->span.start) + " and " + base::format_time(b->span.start) +
               place_text() + ".");
  claim(*a);
  claim(*b);
  return true;
}

bool Execution::duration() {
  if (question_.subjects.empty() || question_.partial || question_.entity_type || !question_.roles.empty()) return false;
  if (question_.gap) return gap();
  if (question_.negated) return absence();
  auto events = finder_.find(types(), time_rule());
  if (events.empty()) return not_reported() || nothing("No \"" + subject_text() + "\" was seen" + place_text() + ".");
  if (question_.ordinal) {
    if (scope_.videos.size() != 1) return false;
    const auto e = nth(events, *question_.ordinal);
    if (!e) return nothing("Only " + subjects_text(static_cast<std::int64_t>(events.size())) + " was seen" + place_text() + ".");
    answered("duration", base::to_seconds(e->span.length()),
             seconds_text(e->span.length()) + ": " + event_text(*e) + " at " + when_where(e->video, e->span) + ".");
    claim(*e);
    return true;
  }
  base::Duration sum = 0;
  base::Duration together = 0;
  const auto groups = by_video(std::move(events));
  std::int64_t n = 0;
  for (const VideoScope& v : scope_.videos) {
    const auto it = groups.find(v.video.id);
    if (it == groups.end()) continue;
    base::SpanSet happening;
    for (const EventRecord& e : it->second) {
      const base::TimeSpan part = e.span.intersection(v.asked);
      sum += part.length();
      happening.add(part);
      ++n;
      claim(e);
    }
    together += happening.total();
  }
  const base::Duration d = question_.total ? sum : together;
  std::string text = seconds_text(d) + " of " + subject_text() + place_text() + ", over " + plural(n, "event") + ".";
  if (sum != together)
    text += " Some go on at the same time: their lengths add up to " + seconds_text(sum) + ", the time in which any goes on is " +
            seconds_text(together) + ".";
  answered("duration", base::to_seconds(d), text);
  return true;
}

}  // namespace reelgraph::query
