#include "chunker/tracking/telling.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace reelgraph::chunker::tracking {
namespace {

constexpr std::size_t kMostSentences = 12;

double thousandth(double x) { return std::round(x * 1000) / 1000; }

/// Around a ground point, as large as places are told apart; square in a picture of 16:9.
base::Box box_around(Place p) {
  constexpr double kWide = 0.02, kHigh = 0.035;
  return {std::max(0.0, p.x - kWide), std::max(0.0, p.y - kHigh), std::min(1.0, p.x + kWide), std::min(1.0, p.y + kHigh)};
}

/// [[seconds, x0, y0, x1, y1], ...] without what lies between two equal places.
nlohmann::json path_of(const std::vector<std::pair<base::Timestamp, Place>>& way) {
  nlohmann::json path = nlohmann::json::array();
  for (std::size_t i = 0; i < way.size(); ++i) {
    const auto& [at, place] = way[i];
    if (i > 0 && i + 1 < way.size() && way[i - 1].second == place && way[i + 1].second == place) continue;
    const base::Box box = box_around(place);
    path.push_back({base::to_seconds(at), thousandth(box.x0), thousandth(box.y0), thousandth(box.x1), thousandth(box.y1)});
  }
  return path;
}

}  // namespace

base::Observation observe(Reader& reader, const std::string& video, base::TimeSpan own) {
  base::Observation observation;
  observation.video = video;
  observation.span = own;
  std::map<std::string, std::string> refs;  // by key
  const auto mention = [&](const Party& party) -> base::EntityMention* {
    const auto [found, made] = refs.try_emplace(party.key, "e" + std::to_string(refs.size() + 1));
    if (!made) return nullptr;
    base::EntityMention m;
    m.ref = found->second;
    m.stable_id = video + "/" + party.key;
    m.name = party.name;
    m.type = party.type;
    if (!party.label.empty()) m.attributes["colour"] = party.label;
    if (!party.load.empty()) m.attributes["load"] = party.load;
    observation.entities.push_back(std::move(m));
    return &observation.entities.back();
  };
  std::map<std::string, int> counts;
  for (const Presence& presence : reader.present(own)) {
    if (base::EntityMention* m = mention(presence.party)) {
      m->span = presence.span;
      const Place place = presence.way.back().second;
      m->attributes["place"] = {thousandth(place.x), thousandth(place.y)};
      m->box = box_around(place);
      observation.attributes["paths"][presence.party.key] = path_of(presence.way);
      ++counts[presence.party.type];
    }
  }
  std::string caption;
  for (const auto& [type, count] : counts)
    caption += (caption.empty() ? "In view: " : ", ") + std::to_string(count) + " " + type + (count == 1 ? "" : "s");
  caption += caption.empty() ? "Nothing is in view." : ".";
  std::size_t sentences = 0;
  for (TrackedEvent& told : reader.take()) {
    for (const auto& [party, role] : told.parties) {
      mention(party);
      told.event.participants.push_back({refs.at(party.key), role});
    }
    if (++sentences <= kMostSentences) caption += " " + told.event.description + ".";
    observation.events.push_back(std::move(told.event));
  }
  if (sentences > kMostSentences) caption += " " + std::to_string(sentences - kMostSentences) + " more events.";
  observation.caption = std::move(caption);
  return observation;
}

}  // namespace reelgraph::chunker::tracking
