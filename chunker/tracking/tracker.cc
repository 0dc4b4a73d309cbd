#include "chunker/tracking/tracker.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace reelgraph::chunker::tracking {

std::string Track::label() const {
  const auto best = std::max_element(labels.begin(), labels.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == labels.end() ? std::string() : best->first;
}

const Motion& Tracker::motion_of(const std::string& type) const {
  static const Motion kDefault;
  const auto found = options_.motions.find(type);
  return found == options_.motions.end() ? kDefault : found->second;
}

double Tracker::distance(Place a, Place b) const { return std::hypot(a.x - b.x, (a.y - b.y) * options_.aspect); }

/// Gives sightings without owner to tracks without sighting, nearest pairs first.
void Tracker::match(const Look& look, std::vector<Track*>& owners, bool same_label) {
  std::vector<std::tuple<double, std::size_t, std::size_t>> pairs;  // distance, sighting, track
  for (std::size_t i = 0; i < look.things.size(); ++i) {
    if (owners[i] != nullptr) continue;
    for (std::size_t t = 0; t < tracks_.size(); ++t) {
      const Track& track = tracks_[t];
      const Sighting& seen = look.things[i];
      if (track.ended || track.type != seen.type || track.samples.back().at == look.at) continue;
      if (same_label != (track.label() == seen.label)) continue;
      const double far = distance(track.samples.back().place, seen.place);
      const double seconds = base::to_seconds(look.at - track.last_seen);
      // A label that was misread once is forgiven only close by.
      const double reach = options_.slack + (same_label ? motion_of(track.type).speed * seconds : 0);
      if (far <= reach) pairs.emplace_back(far, i, t);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  for (const auto& [far, i, t] : pairs) {
    Track& track = tracks_[t];
    if (owners[i] != nullptr || track.samples.back().at == look.at) continue;
    const Sighting& seen = look.things[i];
    owners[i] = &track;
    ++track.labels[seen.label];
    ++track.hits;
    track.last_seen = look.at;
    track.samples.push_back({look.at, seen.place, seen.load, true});
    track.confirmed = track.confirmed || track.hits >= options_.confirm_hits;
  }
}

void Tracker::add(const Look& look) {
  std::vector<Track*> owners(look.things.size(), nullptr);
  match(look, owners, true);
  match(look, owners, false);
  std::size_t alive = 0;
  int missed_frames = 0;
  for (Track& track : tracks_) {
    if (track.ended) continue;
    ++alive;
    if (track.samples.back().at == look.at) continue;
    Sample missed = track.samples.back();
    missed.at = look.at;
    missed.seen = false;
    track.samples.push_back(std::move(missed));
    missed_frames = static_cast<int>(std::count_if(track.samples.rbegin(), track.samples.rend(), [&](const Sample& s) { return s.at > track.last_seen; }));
    if (track.confirmed ? look.at - track.last_seen > motion_of(track.type).lost_after : missed_frames > 2) end(track);
  }
  for (std::size_t i = 0; i < look.things.size(); ++i) {
    if (owners[i] != nullptr || alive >= options_.most_tracks) continue;
    const Sighting& seen = look.things[i];
    Track track;
    track.number = next_++;
    track.type = seen.type;
    track.labels[seen.label] = 1;
    track.samples.push_back({look.at, seen.place, seen.load, true});
    track.first = track.last_seen = look.at;
    track.hits = 1;
    track.confirmed = options_.confirm_hits <= 1;
    tracks_.push_back(std::move(track));
    ++alive;
  }
  std::erase_if(tracks_, [](const Track& track) { return track.ended && !track.confirmed; });
}

void Tracker::end(Track& track) {
  track.ended = true;
  while (!track.samples.empty() && !track.samples.back().seen) track.samples.pop_back();
}

void Tracker::finish() {
  for (Track& track : tracks_) {
    if (!track.ended) end(track);
  }
  std::erase_if(tracks_, [](const Track& track) { return !track.confirmed; });
}

void Tracker::forget(base::Timestamp before) {
  std::erase_if(tracks_, [before](const Track& track) { return track.ended && track.last_seen < before; });
  for (Track& track : tracks_) {
    while (track.samples.size() > 1 && track.samples.front().at < before) track.samples.pop_front();
  }
}

}  // namespace reelgraph::chunker::tracking
