#include "query/plan_run.h"

#include <algorithm>
#include <map>
#include <set>

#include "query/event_finder.h"
#include "query/plan_values.h"
#include "query/words.h"

namespace reelgraph::query {

namespace {

constexpr double kWhollyDescribed = 0.99;

}  // namespace

using graph::EventRecord;
using graph::ParticipantRecord;
using graph::RowId;
using nlohmann::json;

PlanRun::PlanRun(const graph::Store& store, const Scope& scope, const Plan& plan, Evidence& evidence, Answer& answer)
    : store_(store), scope_(scope), plan_(plan), evidence_(evidence), answer_(answer), selector_(store, scope), sentence_(describe(plan)) {}

void PlanRun::run() {
  switch (plan_.ask) {
    case Ask::kCount: return count();
    case Ask::kExists: return exists();
    case Ask::kWhen: return when();
    case Ask::kWho: return who();
    case Ask::kWhat: return what();
    case Ask::kDuration: return duration();
    case Ask::kLength: return length();
    case Ask::kGap: return gap();
    case Ask::kGaps: return gaps();
    case Ask::kConcurrency: return concurrency();
    case Ask::kOrder: return order();
    case Ask::kCompare: return compare();
    case Ask::kRank: return rank();
    case Ask::kVideos: return videos();
    case Ask::kMembers: return members();
    case Ask::kScore: return score();
    case Ask::kStay: return stay();
    case Ask::kSpoken: return spoken();
    case Ask::kRate: return rate();
    case Ask::kBusiest: return busiest();
    case Ask::kProperty: return property();
    case Ask::kRelated: return related();
    case Ask::kPath: return path();
  }
}

void PlanRun::answered(const std::string& kind, json value, const std::string& text) {
  answer_.status = Status::kAnswered;
  answer_.kind = kind;
  answer_.value = std::move(value);
  answer_.text = text + " " + sentence_ + place() + "." + coverage();
}

std::string PlanRun::place() const {
  if (scope_.videos.size() == 1) return " in " + scope_.videos.front().video.id;
  return " in " + plural(static_cast<std::int64_t>(scope_.videos.size()), "video");
}

std::string PlanRun::coverage() const {
  if (!scope_.covers) return {};
  const auto asked = static_cast<double>(scope_.asked_total());
  if (asked <= 0 || static_cast<double>(scope_.described_total()) >= kWhollyDescribed * asked) return {};
  return " Only " + base::format_time(scope_.described_total()) + " of the " + base::format_time(scope_.asked_total()) +
         " asked about was described.";
}

void PlanRun::refuse(Status status, const std::string& text) {
  answer_.status = status;
  answer_.text = text + " " + sentence_ + place() + "." + coverage();
}

bool PlanRun::nothing() {
  if (selector_.period_missing()) {
    refuse(Status::kNotSeen, "That part does not exist in what was described.");
    return true;
  }
  if (selector_.outside()) {
    refuse(Status::kNotCovered, "The time asked about lies outside.");
    return true;
  }
  if (selector_.anchor_missing()) {
    refuse(Status::kNotSeen, "The event that the question counts from was not seen.");
    return true;
  }
  std::vector<std::string> types;
  for (const EventKind& k : plan_.select.kinds) types.insert(types.end(), k.types.begin(), k.types.end());
  if (types.empty()) return false;
  const Question none;
  const EventFinder finder(store_, none, scope_);
  const auto missing = finder.unreported(types, false);
  if (missing.empty() || missing.size() < scope_.videos.size()) return false;
  refuse(Status::kNotCovered, "Nothing that has described " + (missing.size() == 1 ? missing.front() : std::string("these videos")) +
                                  " reports \"" + readable(types) + "\", so that none was found means nothing.");
  return true;
}

void PlanRun::cite(const std::vector<EventRecord>& events) {
  Claim claim{answer_.text, {}};
  for (const EventRecord& e : events) {
    if (evidence_.full()) break;
    const int n = e.row > 0 ? evidence_.cite(e) : evidence_.cite(e.video, e.span, event_text(e));
    if (n > 0 && !has(claim.citations, n)) claim.citations.push_back(n);
  }
  answer_.claims.push_back(std::move(claim));
}

std::vector<ParticipantRecord> PlanRun::asked(const EventRecord& e) {
  const std::string role = plan_.role.empty() ? "agent" : plan_.role;
  const auto fits = [&](const ParticipantRecord& p, bool any_role) {
    if (!any_role && role != "*" && p.role != role) return false;
    if (!plan_.entity_type.empty() && selector_.entity_type(p.entity) != plan_.entity_type) return false;
    if (!plan_.among.empty() && !has(plan_.among, p.entity)) return false;
    return !has(plan_.besides, p.entity);
  };
  std::vector<ParticipantRecord> chosen;
  const auto add = [&](bool any_role) {
    for (const ParticipantRecord& p : e.participants) {
      const bool twice = std::any_of(chosen.begin(), chosen.end(), [&](const auto& c) { return c.entity == p.entity; });
      if (!twice && fits(p, any_role)) chosen.push_back(p);
    }
  };
  add(false);
  // "Which team scored?": the actor is a player, the team takes part in a role of its own.
  const bool typed = !plan_.entity_type.empty();
  const bool right_role_other_type = std::any_of(e.participants.begin(), e.participants.end(), [&](const auto& p) {
    return p.role == role && typed && selector_.entity_type(p.entity) != plan_.entity_type;
  });
  if (chosen.empty() && right_role_other_type) add(true);
  return chosen;
}

std::vector<PlanRun::Group> PlanRun::grouped(const std::vector<EventRecord>& events) {
  std::vector<Group> groups;
  std::map<RowId, std::size_t> at;
  for (const EventRecord& e : events) add_to(groups, at, e, events.size());
  return groups;
}

void PlanRun::add_to(std::vector<Group>& groups, std::map<RowId, std::size_t>& at, const EventRecord& e, std::size_t most) {
  for (const ParticipantRecord& p : asked(e)) {
    const auto [it, fresh] = at.emplace(p.entity, groups.size());
    if (fresh) groups.push_back({p.entity, p.name, {}, 0});
    Group& g = groups[it->second];
    ++g.n;
    if (g.events.size() < most) g.events.push_back(e);
  }
}

bool PlanRun::fits_number(std::size_t n) const {
  const auto wanted = static_cast<std::size_t>(std::max(0, plan_.exactly.value_or(1)));
  return plan_.at_least ? n >= wanted : plan_.at_most ? n <= wanted : n == wanted;
}

std::vector<PlanRun::Group> PlanRun::who_groups(const std::vector<EventRecord>& events) {
  auto groups = grouped(events);
  keep_members(groups);
  return groups;
}

// Leaves those of whom everything else is true: so many events, in so many videos, with a part in the other selections.
void PlanRun::keep_members(std::vector<Group>& groups) {
  if (plan_.exactly && plan_.per_participant) {
    std::erase_if(groups, [&](const Group& g) {
      const auto videos = by_video(g.events);
      return std::none_of(videos.begin(), videos.end(), [&](const auto& v) { return fits_number(v.second.size()); });
    });
  } else if (plan_.exactly) {
    std::erase_if(groups, [&](const Group& g) { return !fits_number(g.n); });
  }
  if (plan_.across > 0) {
    std::erase_if(groups, [&](const Group& g) {
      std::set<std::string> videos;
      for (const EventRecord& e : g.events) videos.insert(e.video);
      return videos.size() < static_cast<std::size_t>(plan_.across);
    });
  }
  for (const Selection& other : plan_.others) {
    std::map<RowId, std::vector<EventRecord>> members;
    for (const EventRecord& e : selector_.run(other, true)) {
      for (const ParticipantRecord& p : e.participants) {
        if (p.role == (other.credited.empty() ? "agent" : other.credited)) members[p.entity].push_back(e);
      }
    }
    const auto both = [&](const Group& g) {
      const auto it = members.find(g.entity);
      if (it == members.end() || !plan_.then) return it != members.end();
      return std::any_of(it->second.begin(), it->second.end(), [&](const EventRecord& later) {
        return std::any_of(g.events.begin(), g.events.end(),
                           [&](const EventRecord& e) { return e.video == later.video && e.span.start < later.span.start; });
      });
    };
    std::erase_if(groups, [&](const Group& g) { return both(g) == plan_.except; });
  }
}

void PlanRun::answer_entities(const std::vector<Group>& groups) {
  std::vector<EventRecord> shown;
  for (const Group& g : groups) shown.insert(shown.end(), g.events.begin(), g.events.end());
  if (groups.size() == 1 && !plan_.everyone) {
    const Group& g = groups.front();
    const EventRecord& e = g.events.front();
    answered("entity", entity_json(g.entity, g.name),
             g.name + ": " + event_text(e) + " at " + when_where(e.video, e.span) + "." +
                 (g.events.size() == 1 ? distance(e) + other_moment(g.events) : ""));
    return cite(shown);
  }
  json list = json::array();
  std::vector<std::string> names;
  for (const Group& g : groups) {
    list.push_back(entity_json(g.entity, g.name));
    names.push_back(g.name);
  }
  answered("list", std::move(list), names_text(names) + ".");
  cite(shown);
}

json PlanRun::video_json(const std::string& id) const {
  for (const VideoScope& v : scope_.videos) {
    if (v.video.id != id) continue;
    const std::string title = v.video.title.empty() ? id : v.video.title;
    return {{"id", id}, {"name", title}};
  }
  return {{"id", id}, {"name", id}};
}

}  // namespace reelgraph::query
