#include "chunker/tracking/telling.h"

#include <algorithm>
#include <cmath>
#include <map>

namespace reelgraph::chunker::tracking {
namespace {

constexpr std::size_t kMostSentences = 12;

double thousandth(double x) { return std::round(x * 1000) / 1000; }

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
      m->attributes["place"] = {thousandth(presence.place.x), thousandth(presence.place.y)};
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
