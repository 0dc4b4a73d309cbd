#include "chunker/tracking/tracker.h"

#include <algorithm>
#include <cmath>
#include <tuple>

namespace reelgraph::chunker::tracking {

namespace {

std::string most_voted(const std::map<std::string, int>& votes) {
  const auto best = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == votes.end() ? std::string() : best->first;
}

}  // namespace

std::string Track::label() const { return most_voted(labels); }
std::string Track::load() const { return most_voted(loads); }

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
      const Motion& motion = motion_of(track.type);
      if (same_label != (motion.by_load ? track.load() == seen.load : track.label() == seen.label)) continue;
      const double far = distance(track.samples.back().place, seen.place);
      const double seconds = base::to_seconds(look.at - track.last_seen);
      // A label that was misread once is forgiven only close by.
      const double reach = options_.slack + (same_label ? std::min(motion.most, motion.speed * seconds) : 0);
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
    ++track.loads[seen.load];
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
  for (Track& track : tracks_) {
    if (track.ended) continue;
    ++alive;
    if (track.samples.back().at == look.at) continue;
    Sample missed = track.samples.back();
    missed.at = look.at;
    missed.seen = false;
    track.samples.push_back(std::move(missed));
    const auto missed_frames = static_cast<int>(
        std::count_if(track.samples.rbegin(), track.samples.rend(), [&](const Sample& s) { return s.at > track.last_seen; }));
    if (track.confirmed ? look.at - track.last_seen > motion_of(track.type).lost_after : missed_frames > 2) end(track);
  }
  for (std::size_t i = 0; i < look.things.size(); ++i) {
    if (owners[i] != nullptr || alive >= options_.most_tracks) continue;
    const Sighting& seen = look.things[i];
    Track track;
    track.number = next_++;
    track.type = seen.type;
    track.labels[seen.label] = track.loads[seen.load] = 1;
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

Track& Tracker::split(Track& track, base::Timestamp at) {
  Track rest;
  rest.number = next_++;
  rest.type = track.type;
  rest.ended = track.ended;
  rest.confirmed = true;
  const auto from = std::find_if(track.samples.begin(), track.samples.end(), [at](const Sample& s) { return s.at >= at && s.seen; });
  for (auto it = from; it != track.samples.end(); ++it) {
    if (!it->seen) continue;
    ++rest.hits;
    ++rest.loads[it->load];
    rest.last_seen = it->at;
  }
  rest.labels = track.labels;
  rest.first = from == track.samples.end() ? at : from->at;
  rest.samples.assign(from, track.samples.end());
  track.samples.erase(std::find_if(track.samples.begin(), track.samples.end(), [at](const Sample& s) { return s.at >= at; }),
                      track.samples.end());
  end(track);
  track.last_seen = track.samples.empty() ? at : track.samples.back().at;
  tracks_.push_back(std::move(rest));
  return tracks_.back();
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
