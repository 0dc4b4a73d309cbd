#include "sim/history.h"

#include <algorithm>
#include <map>
#include <tuple>

namespace reelgraph::sim {
namespace {

/// Seconds of an event that must lie within the film, if its ends cut it: nobody sees in less what goes on.
constexpr double kShown = 1;

/// Verb and words before each role, in the order in which they are said.
struct Wording {
  const char* verb;
  std::vector<std::pair<const char*, const char*>> roles;
};

const Wording& wording_of(const std::string& type) {
  static const std::map<std::string, Wording> kWordings{
      {"arrive", {"arrives", {{"place", "at"}, {"station", "at"}}}},
      {"enter", {"enters", {{"place", ""}}}},
      {"leave", {"leaves", {{"place", ""}, {"station", ""}}}},
      {"pick_up", {"picks up", {{"object", ""}, {"place", "at"}}}},
      {"drop", {"sets down", {{"object", ""}, {"place", "at"}}}},
      {"travel", {"travels", {{"object", "with"}, {"source", "from"}, {"destination", "to"}}}},
      {"process", {"processes", {{"object", ""}, {"station", "at"}}}},
      {"wait", {"waits", {{"place", "at"}, {"station", "at"}}}},
      {"idle", {"is idle", {{"place", "at"}}}},
      {"block", {"is blocked", {{"place", "at"}, {"station", "at"}}}},
      {"unload", {"unloading of", {{"object", ""}, {"place", "at"}}}},
      {"breakdown", {"breaks down", {{"place", "at"}}}},
  };
  static const Wording kOther{"", {}};
  const auto found = kWordings.find(type);
  return found == kWordings.end() ? kOther : found->second;
}

}  // namespace

int History::actor(const std::string& actor_id, const std::string& name, const std::string& type) {
  const auto [place, added] = index_.try_emplace(actor_id, static_cast<int>(actors.size()));
  if (!added) return place->second;
  actors.push_back({actor_id, name, type});
  return place->second;
}

int History::part(const Happening& event, const std::string& role) {
  for (const auto& [actor, name] : event.parts) {
    if (name == role) return actor;
  }
  return -1;
}

void History::close(double from, double to) {
  seconds = to - from;
  std::erase_if(events, [&](const Happening& e) {
    const bool cut = e.start < from || e.end > to;
    return e.end < from || e.start > to || (cut && std::min(e.end, to) - std::max(e.start, from) < kShown);
  });
  for (Happening& e : events) {
    e.start = std::max(e.start, from) - from;
    e.end = std::min(e.end, to) - from;
  }
  std::stable_sort(events.begin(), events.end(),
                   [](const Happening& a, const Happening& b) { return std::tie(a.start, a.end) < std::tie(b.start, b.end); });
}

std::string sentence(const History& history, const Happening& event) {
  if (!event.text.empty()) return event.text;
  const Wording& wording = wording_of(event.type);
  std::string text;
  if (const int agent = History::part(event, "agent"); agent >= 0) text = history.actors[static_cast<std::size_t>(agent)].name;
  text.append(text.empty() ? "" : " ").append(*wording.verb == 0 ? event.type : wording.verb);
  for (const auto& [role, before] : wording.roles) {
    const int actor = History::part(event, role);
    if (actor < 0) continue;
    text.append(*before == 0 ? "" : " ").append(before).append(" ").append(history.actors[static_cast<std::size_t>(actor)].name);
    if (std::string_view(role) == "place") break;  // a place that is a station as well is said once
  }
  return text;
}

}  // namespace reelgraph::sim
