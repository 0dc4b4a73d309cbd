// Answers that name something: who took part, which videos, which event.
#include <algorithm>
#include <map>
#include <set>

#include "query/execute.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

using graph::EventRecord;
using graph::ParticipantRecord;
using Time = EventFinder::Time;

constexpr std::size_t kMostPeople = 200;
constexpr int kMostTypesCounted = 100;

nlohmann::json entity_json(const ParticipantRecord& p) { return {{"id", p.entity}, {"name", p.name}}; }

nlohmann::json event_json(const EventRecord& e) {
  nlohmann::json participants = nlohmann::json::array();
  for (const ParticipantRecord& p : e.participants) participants.push_back({{"role", p.role}, {"name", p.name}});
  return {{"type", e.type},
          {"start", base::to_seconds(e.span.start)},
          {"end", base::to_seconds(e.span.end)},
          {"participants", std::move(participants)}};
}

}  // namespace

// Whom a question about an event asks for: those in the role that it names, else who acts; only those of the type asked for.
std::vector<ParticipantRecord> Execution::asked_participants(const EventRecord& event) const {
  const auto named = [&](const ParticipantRecord& p) {
    return std::any_of(question_.entities.begin(), question_.entities.end(),
                       [&](const Link& l) { return std::find(l.entities.begin(), l.entities.end(), p.entity) != l.entities.end(); });
  };
  const auto right_type = [&](const ParticipantRecord& p) {
    if (!question_.entity_type) return true;
    const auto e = store_.entity(p.entity);
    return e && e->type == *question_.entity_type;
  };
  const bool by_role = !question_.roles.empty() && !question_.passive_role;
  const auto right_role = [&](const ParticipantRecord& p) {
    if (by_role) return std::find(question_.roles.begin(), question_.roles.end(), p.role) != question_.roles.end();
    return p.role == "agent";
  };
  std::vector<ParticipantRecord> chosen;
  for (const ParticipantRecord& p : event.participants) {
    if (right_role(p) && !named(p) && right_type(p)) chosen.push_back(p);
  }
  if (!chosen.empty() || by_role) return chosen;
  // "Which team scored?": the actor is a player, the team takes part in a role of its own.
  for (const ParticipantRecord& p : event.participants) {
    if (question_.entity_type && !named(p) && right_type(p)) chosen.push_back(p);
  }
  return chosen;
}

bool Execution::who() {
  if (question_.gap || (question_.subjects.empty() && question_.roles.empty())) return false;
  if (question_.subjects.empty() && question_.entities.empty()) return false;
  auto events = finder_.find(types(), time_rule());
  if (question_.ordinal) {
    std::map<std::string, std::vector<EventRecord>> groups;
    for (EventRecord& e : events) groups[e.video].push_back(std::move(e));
    if (groups.size() > 1) return false;  // "the first" of which video?
    events.clear();
    for (const auto& [video, group] : groups) {
      if (auto e = nth(group, *question_.ordinal)) events.push_back(std::move(*e));
    }
  }
  if (events.empty()) {
    if (question_.partial) return false;
    return not_reported() || nothing("No \"" + subject_text() + "\" was seen" + place_text() + ".");
  }
  std::vector<ParticipantRecord> people;
  std::set<graph::RowId> seen;
  for (const EventRecord& e : events) {
    const auto asked = asked_participants(e);
    for (const ParticipantRecord& p : asked) {
      if (seen.insert(p.entity).second && people.size() < kMostPeople) people.push_back(p);
    }
    if (!asked.empty()) claim(e);
  }
  if (people.empty())
    return nothing("It is not known who: no one was named in " + plural(static_cast<std::int64_t>(events.size()), "event") + place_text() +
                   ".");
  if (people.size() == 1) {
    const EventRecord& e = events.front();
    answered("entity", entity_json(people.front()),
             people.front().name + ": " + event_text(e) + " at " + when_where(e.video, e.span) + ".");
    return true;
  }
  nlohmann::json list = nlohmann::json::array();
  std::string names;
  for (const ParticipantRecord& p : people) {
    if (list.size() < 20) names += (list.empty() ? "" : ", ") + p.name;
    list.push_back(entity_json(p));
  }
  if (people.size() > 20) names += " and others";
  answered("list", std::move(list),
           std::to_string(people.size()) + " took part in \"" + subject_text() + "\"" + place_text() + ": " + names + ".");
  return true;
}

bool Execution::count_entities() {
  if (!question_.roles.empty() || !question_.entities.empty()) return false;
  if (question_.subjects.empty()) {
    if (!scope_.whole) return false;
    std::vector<std::string> ids;
    for (const VideoScope& v : scope_.videos) {
      if (!scope_.everything) ids.push_back(v.video.id);
    }
    const auto entities = store_.entities(*question_.entity_type, ids, EventFinder::kMostEvents);
    const bool told_apart =
        std::all_of(entities.begin(), entities.end(), [](const graph::EntityRecord& e) { return !e.stable_id.empty(); });
    if (!told_apart || entities.empty()) return false;  // without an identity from the source the same one may be there twice
    const auto n = static_cast<std::int64_t>(entities.size());
    answered("count", n, plural(n, readable(*question_.entity_type)) + place_text() + ", told apart by the identities of the source.");
    for (const graph::EntityRecord& e : entities) {
      if (evidence_.full()) break;
      for (const graph::MentionRecord& m : store_.mentions(e.row, 1)) {
        claim(e.name, evidence_.cite(graph::Passage{m.video, m.span, m.observation, std::nullopt, e.name, 0}));
      }
    }
    return true;
  }
  std::set<graph::RowId> people;
  std::vector<EventRecord> evidence;
  for (EventRecord& e : finder_.find(types(), time_rule())) {
    const auto asked = asked_participants(e);
    for (const ParticipantRecord& p : asked) {
      if (people.insert(p.entity).second && evidence.size() < 50) evidence.push_back(e);
    }
    if (asked.empty()) return false;  // an event without the one asked for: a number would leave somebody out
  }
  if (people.empty() && not_reported()) return true;
  const auto n = static_cast<std::int64_t>(people.size());
  answered("count", n, plural(n, readable(*question_.entity_type)) + " took part in \"" + subject_text() + "\"" + place_text() + ".");
  for (const EventRecord& e : evidence) claim(e);
  return true;
}

bool Execution::which_videos() {
  if (question_.gap || question_.ordinal || question_.entity_type) return false;
  std::map<std::string, EventRecord> first;
  nlohmann::json list = nlohmann::json::array();
  std::string names;
  const auto add = [&](const std::string& id) {
    const auto video = std::find_if(scope_.videos.begin(), scope_.videos.end(), [&](const VideoScope& v) { return v.video.id == id; });
    const std::string name = video == scope_.videos.end() || video->video.title.empty() ? id : video->video.title;
    if (list.size() < 20) names += (list.empty() ? "" : ", ") + name;
    list.push_back({{"id", id}, {"name", name}});
  };
  if (!question_.subjects.empty()) {
    for (EventRecord& e : finder_.find(types(), time_rule())) first.emplace(e.video, e);
    for (const auto& [id, event] : first) {
      add(id);
      claim(event);
    }
  } else if (question_.entities.size() == 1 && question_.roles.empty()) {
    std::set<std::string> seen;
    for (const graph::MentionRecord& m : finder_.mentions(EventFinder::kMostEvents)) {
      if (!seen.insert(m.video).second) continue;
      add(m.video);
      const std::string& who = question_.entities.front().names.front();
      if (!evidence_.full())
        claim(who + " at " + when_where(m.video, m.span),
              evidence_.cite(graph::Passage{m.video, m.span, m.observation, std::nullopt, who, 0}));
    }
  } else {
    return false;
  }
  if (list.empty())
    return question_.partial ? false
                             : nothing("\"" + subject_text() + "\" was seen in none of " +
                                       plural(static_cast<std::int64_t>(scope_.videos.size()), "video") + ".");
  if (list.size() == 1) {
    answered("entity", list.front(), "In " + names + ".");
  } else {
    const auto n = static_cast<std::int64_t>(list.size());
    answered("list", std::move(list), "In " + plural(n, "video") + ": " + names + (n > 20 ? " and others." : "."));
  }
  return true;
}

bool Execution::first_of() {
  if (scope_.videos.size() != 1 || question_.partial || question_.subjects.size() < 2 || question_.entity_type) return false;
  const bool last = question_.ordinal.value_or(1) < 0;
  std::vector<EventRecord> ends;
  for (const auto& group : question_.subjects) {
    const auto found = finder_.find(group, time_rule(), 1, last);
    if (!found.empty()) ends.push_back(found.front());
  }
  if (ends.empty()) return nothing("None of them was seen" + place_text() + ".");
  const auto by_start = [](const EventRecord& a, const EventRecord& b) { return a.span.start < b.span.start; };
  std::stable_sort(ends.begin(), ends.end(), by_start);
  const EventRecord& chosen = last ? ends.back() : ends.front();
  answered("event", event_json(chosen),
           readable(chosen.type) + " happens " + (last ? "last" : "first") + ", at " + when_where(chosen.video, chosen.span) + ".");
  claim(chosen);
  for (const EventRecord& e : ends) claim(e);
  return true;
}

bool Execution::what_happens() {
  if (question_.gap || !question_.roles.empty() || question_.entity_type) return false;
  const bool narrow = !scope_.whole || !question_.entities.empty() || !question_.subjects.empty();
  if (question_.ordinal) {
    if (scope_.videos.size() != 1) return false;
    const bool newest = *question_.ordinal < 0;
    auto events = finder_.find(types(), time_rule(), std::abs(*question_.ordinal), newest);
    if (newest) std::reverse(events.begin(), events.end());
    const auto e = nth(events, *question_.ordinal);
    if (!e) return nothing("No such event was seen" + place_text() + ".");
    answered("event", event_json(*e), event_text(*e) + " at " + when_where(e->video, e->span) + ".");
    claim(*e);
    return true;
  }
  if (!narrow) {
    const auto all = store_.event_types();
    std::vector<std::pair<std::int64_t, std::string>> counted;
    for (const std::string& type : all) {
      if (counted.size() >= static_cast<std::size_t>(kMostTypesCounted)) break;
      if (const auto n = finder_.count({type}, Time::kStarts); n > 0) counted.emplace_back(n, type);
    }
    if (counted.empty()) return false;
    std::sort(counted.rbegin(), counted.rend());
    std::string text;
    for (const auto& [n, type] : counted) {
      if (!text.empty()) text += ", ";
      text += plural(n, type);
      for (const EventRecord& e : finder_.find({type}, Time::kStarts, 1)) claim(e);
    }
    const std::string value = "Seen" + place_text() + ": " + text + ".";
    answered("text", value, value);
    return true;
  }
  const auto events = finder_.find(types(), Time::kOverlaps, 50);
  if (events.empty()) return false;
  nlohmann::json list = nlohmann::json::array();
  std::string text;
  for (const EventRecord& e : events) {
    if (list.size() < 10) text += (list.empty() ? "" : "; ") + base::format_time(e.span.start) + " " + event_text(e);
    list.push_back(event_json(e));
    claim(e);
  }
  answered("list", std::move(list), "Seen" + place_text() + ": " + text + (events.size() > 10 ? "; and more." : "."));
  return true;
}

}  // namespace reelgraph::query
