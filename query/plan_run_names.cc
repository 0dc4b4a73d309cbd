// Plans whose answer names something: who takes part, which videos, which event.
#include "query/plan_run.h"

#include <algorithm>
#include <limits>
#include <map>
#include <set>

#include "query/plan_values.h"
#include "query/words.h"

namespace reelgraph::query {

using graph::EventRecord;
using graph::ParticipantRecord;
using graph::RowId;
using nlohmann::json;

void PlanRun::who() {
  const auto events = selector_.run(plan_.select, true);
  const auto groups = who_groups(events);
  if (groups.empty()) {
    if (!events.empty() && plan_.others.empty() && !plan_.exactly && plan_.besides.empty())
      return refuse(Status::kNotSeen,
                    "It is not known who: no such one is named in " + plural(static_cast<std::int64_t>(events.size()), "event") + ".");
    if (!nothing()) refuse(Status::kNotSeen, "Nobody was seen of whom that is true.");
    return;
  }
  if (plan_.named) {
    const bool numbers = std::all_of(groups.begin(), groups.end(), [&](const Group& g) {
      const std::string prefix = selector_.entity_type(g.entity) + " ";
      return g.name.starts_with(prefix) && g.name.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
    });
    if (numbers)
      return refuse(Status::kNotSeen, "No name is known: the source tells " +
                                          plural(static_cast<std::int64_t>(groups.size()), "participant") + " apart by numbers only.");
  }
  answer_entities(groups);
}

void PlanRun::what() {
  const auto events = selector_.run(plan_.select, true);
  if (events.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "Nothing of the kind was seen.");
    return;
  }
  std::vector<std::string> types;
  for (const EventRecord& e : events) {
    if (!has(types, e.type)) types.push_back(e.type);
  }
  if (types.size() == 1) {
    const EventRecord& e = events.front();
    answered("event", event_json(e),
             event_text(e) + " at " + when_where(e.video, e.span) + "." + (events.size() == 1 ? distance(e) + other_moment(events) : ""));
    return cite(events);
  }
  json list = json::array();
  std::string text;
  for (const EventRecord& e : events) {
    if (list.size() < 10) text += (list.empty() ? "" : "; ") + base::format_time(e.span.start) + " " + event_text(e);
    list.push_back(event_json(e));
  }
  answered("list", std::move(list), text + ".");
  cite(events);
}

void PlanRun::rank() {
  if (plan_.videos) {
    std::vector<EventRecord> events;
    std::map<std::string, std::size_t> groups;
    std::map<std::string, std::vector<EventRecord>> of_video;
    selector_.each(plan_.select, false, [&](const std::vector<EventRecord>& here) {
      if (here.empty()) return true;
      const std::string& id = here.front().video;
      groups[id] += here.size();
      auto& kept = of_video[id];
      for (std::size_t i = 0; i < here.size() && kept.size() < evidence_.room(); ++i) kept.push_back(here[i]);
      return true;
    });
    for (const auto& [id, kept] : of_video) events.insert(events.end(), kept.begin(), kept.end());
    std::vector<std::pair<std::string, std::size_t>> counts;
    for (const VideoScope& v : scope_.videos) {
      const auto it = groups.find(v.video.id);
      counts.emplace_back(v.video.id, it == groups.end() ? 0 : it->second);
    }
    std::stable_sort(counts.begin(), counts.end(),
                     [&](const auto& l, const auto& r) { return plan_.fewest ? l.second < r.second : l.second > r.second; });
    if (counts.empty() || (events.empty() && nothing())) return;
    if (events.empty()) return refuse(Status::kNotSeen, "None was seen in any of them.");
    const std::size_t last = counts[std::min(counts.size(), static_cast<std::size_t>(plan_.top)) - 1].second;
    std::vector<std::string> ids;
    for (const auto& [id, n] : counts) {
      if (ids.size() < static_cast<std::size_t>(plan_.top) || n == last) ids.push_back(id);
    }
    if (plan_.figure) {
      std::vector<EventRecord> shown;
      if (const auto it = of_video.find(counts.front().first); it != of_video.end()) shown = it->second;
      answered("count", counts.front().second,
               std::to_string(counts.front().second) + ", in " + video_json(counts.front().first).at("name").get<std::string>() + ".");
      return cite(shown);
    }
    answer_videos(ids, events);
    const auto& after = counts[std::min(counts.size() - 1, ids.size())];
    const std::string more = " With " + plural(static_cast<std::int64_t>(last), "event") +
                             (counts.size() > ids.size() ? "; next: " + video_json(after.first).at("name").get<std::string>() + " with " +
                                                               std::to_string(after.second)
                                                         : std::string()) +
                             ".";
    answer_.text += more;
    return;
  }
  std::vector<Group> groups;
  std::map<RowId, std::size_t> at;
  const std::size_t kept = scope_.videos.size() > 40 && plan_.across == 0 ? evidence_.room() : std::numeric_limits<std::size_t>::max();
  selector_.each(plan_.select, false, [&](const std::vector<EventRecord>& events) {
    for (const EventRecord& e : events) add_to(groups, at, e, kept);
    return true;
  });
  keep_members(groups);
  if (groups.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "Nobody was seen of whom that is true.");
    return;
  }
  std::stable_sort(groups.begin(), groups.end(), [&](const Group& l, const Group& r) { return plan_.fewest ? l.n < r.n : l.n > r.n; });
  const std::size_t k = std::min(groups.size(), static_cast<std::size_t>(plan_.top));
  const std::size_t last = groups[k - 1].n;
  std::size_t n = k;
  while (n < groups.size() && groups[n].n == last) ++n;  // who is level is named as well
  groups.resize(n);
  if (plan_.figure) {
    answered("count", last, std::to_string(last) + ", by " + groups.front().name + ".");
    return cite(groups.front().events);
  }
  const std::string figure = plural(static_cast<std::int64_t>(last), "event");
  answer_entities(groups);
  if (answer_.status == Status::kAnswered) {
    std::vector<std::string> names;
    for (const Group& g : groups) names.push_back(g.name);
    answer_.text = names_text(names) +
                   (n == 1  ? ", with "
                    : n > k ? ", level with "
                            : ", with ") +
                   figure + ". " + sentence_ + place() + ".";
    answer_.claims.front().text = answer_.text;
  }
}

// Videos in which each of the other selections is found too.
std::set<std::string> PlanRun::videos_of_others() {
  std::set<std::string> ids;
  for (const VideoScope& v : scope_.videos) ids.insert(v.video.id);
  for (const Selection& other : plan_.others) {
    std::set<std::string> with;
    for (const EventRecord& e : selector_.run(other, true)) with.insert(e.video);
    std::erase_if(ids, [&](const std::string& id) { return !with.contains(id); });
  }
  return ids;
}

// "In which games did Chelsea fail to win?" is about the games of Chelsea.
bool PlanRun::concerns(const VideoScope& video) const {
  std::vector<std::vector<RowId>> all;
  for (const Participant& p : plan_.select.who) {
    if (!p.negated) all.push_back(p.entities);
  }
  if (plan_.select.tally && !plan_.select.tally->side.empty()) all.push_back(plan_.select.tally->side);
  return std::all_of(all.begin(), all.end(), [&](const std::vector<RowId>& rows) {
    return std::any_of(rows.begin(), rows.end(), [&](RowId row) {
      graph::EventFilter filter;
      filter.videos = {video.video.id};
      filter.entities = {row};
      filter.limit = 1;
      return !store_.events(filter).empty();
    });
  });
}

void PlanRun::videos() {
  std::vector<std::string> ids;
  // Of each video only whether it fits is kept, and as many events as are cited.
  const auto firsts = plan_.exactly || plan_.per_participant ? std::nullopt : selector_.one_of_each(plan_.select);
  std::vector<EventRecord> events;
  std::map<std::string, bool> fits;
  const std::size_t most = std::max<std::size_t>(evidence_.room(), 1);
  const auto look = [&](const std::vector<EventRecord>& here) {
    if (here.empty()) return true;
    bool in = true;
    if (plan_.per_participant) {
      const auto people = grouped(here);
      in = std::any_of(people.begin(), people.end(), [&](const Group& g) { return fits_number(g.events.size()); });
    } else if (plan_.exactly) {
      in = fits_number(here.size());
    }
    fits[here.front().video] = in;
    for (std::size_t i = 0; in && i < here.size() && events.size() < most; ++i) events.push_back(here[i]);
    return true;
  };
  if (firsts) {
    for (const EventRecord& e : *firsts) look({e});
  } else {
    selector_.each(plan_.select, true, look);
  }
  const auto others = videos_of_others();
  for (const VideoScope& v : scope_.videos) {
    if (!others.contains(v.video.id)) continue;
    if (!plan_.noun.empty() && fold(v.video.title).find(plan_.noun) == std::string::npos) continue;  // a match is no camera
    const auto it = fits.find(v.video.id);
    const bool in = it != fits.end() ? it->second : plan_.exactly && !plan_.per_participant && fits_number(0);
    if (in != plan_.except && (!plan_.except || concerns(v))) ids.push_back(v.video.id);
  }
  if (plan_.except && !plan_.noun.empty()) {
    // "On which cameras do we never see ...": a camera with it in one of its videos is none.
    std::set<std::string> with;
    const auto label = [&](const std::string& id) { return fold(video_json(id).at("name").get<std::string>()); };
    for (const auto& seen : fits) with.insert(label(seen.first));
    std::erase_if(ids, [&](const std::string& id) { return with.contains(label(id)); });
  }
  if (ids.empty()) {
    if (!nothing())
      refuse(Status::kNotSeen, "That is true of none of " + plural(static_cast<std::int64_t>(scope_.videos.size()), "video") + ".");
    return;
  }
  answer_videos(ids, events);
}

std::string PlanRun::called_by_noun(const std::string& title) const {
  const std::size_t at = fold(title).find(plan_.noun + " ");
  return at < title.size() ? title.substr(at, title.find(',', at) - at) : title;
}

void PlanRun::answer_videos(const std::vector<std::string>& ids, const std::vector<EventRecord>& events) {
  json list = json::array();
  std::set<std::string> seen;
  std::map<std::string, std::string> title_of;
  std::map<std::string, int> titles;
  for (const VideoScope& v : scope_.videos) {
    title_of.emplace(v.video.id, v.video.title.empty() ? v.video.id : v.video.title);
    ++titles[v.video.title];
  }
  for (const std::string& id : ids) {
    const auto title = title_of.find(id);
    json v = {{"id", id}, {"name", title == title_of.end() ? id : title->second}};
    if (!plan_.noun.empty()) {
      // Videos of one camera are one answer to "which camera": the part of the title that begins with the word asked for.
      v["name"] = called_by_noun(v.at("name").get<std::string>());
    }
    if (!seen.insert(v.at("name").get<std::string>()).second && !plan_.noun.empty()) continue;
    list.push_back(std::move(v));
  }
  if (plan_.noun.empty()) {  // one title of several videos tells none of them
    for (json& v : list) {
      const auto shared = titles.find(v.at("name").get<std::string>());
      if (shared != titles.end() && shared->second > 1) v["name"] = v.at("id");
    }
  }
  std::vector<std::string> called;
  for (const json& v : list) called.push_back(v.at("name").get<std::string>());
  if (list.size() == 1)
    answered("entity", list.front(), called.front() + ".");
  else
    answered("list", std::move(list), names_text(called) + ".");
  std::vector<EventRecord> shown;
  const std::set<std::string> wanted(ids.begin(), ids.end());
  for (const EventRecord& e : events) {
    if (wanted.contains(e.video)) shown.push_back(e);
  }
  cite(shown);
}

void PlanRun::property() {
  const auto events = selector_.run(plan_.select, true);
  std::vector<std::string> values;
  std::vector<EventRecord> shown;
  std::string text;
  for (const VideoScope& v : scope_.videos) {
    std::map<RowId, EventRecord> last;  // the last to be told knew the most of it
    for (const EventRecord& e : events) {
      const auto it = e.attributes.is_object() ? e.attributes.find(plan_.attribute) : e.attributes.end();
      if (e.video != v.video.id || !e.attributes.is_object() || it == e.attributes.end() || !it->is_string()) continue;
      for (const ParticipantRecord& p : e.participants) {
        const bool asked_about = plan_.select.who.empty() || std::any_of(plan_.select.who.begin(), plan_.select.who.end(),
                                                                         [&](const Participant& w) { return has(w.entities, p.entity); });
        if (asked_about) last.insert_or_assign(p.entity, e);
      }
    }
    for (const auto& [entity, e] : last) {
      const auto value = e.attributes.at(plan_.attribute).get<std::string>();
      if (!has(values, value)) values.push_back(value);
      text += (text.empty() ? "" : "; ") + value + ": " + event_text(e) + " at " + when_where(e.video, e.span);
      shown.push_back(e);
    }
  }
  if (values.empty()) {
    if (!nothing()) refuse(Status::kNotSeen, "Nothing is known of the " + readable(plan_.attribute) + ".");
    return;
  }
  answered(values.size() == 1 ? "text" : "list", values.size() == 1 ? json(values.front()) : json(values), text + ".");
  cite(shown);
}

}  // namespace reelgraph::query
