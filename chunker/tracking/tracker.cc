#include "chunker/tracking/tracker.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>
#include <utility>

namespace reelgraph::chunker::tracking {

namespace {

std::string most_voted(const std::map<std::string, int>& votes) {
  const auto best = std::max_element(votes.begin(), votes.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  return best == votes.end() ? std::string() : best->first;
}

}  // namespace

std::string Track::label() const { return most_voted(labels); }
std::string Track::load() const { return most_voted(loads); }

std::vector<std::pair<base::Timestamp, Place>> Track::way(base::TimeSpan span) const {
  std::vector<std::pair<base::Timestamp, Place>> way;
  for (const Sample& sample : samples) {
    if (sample.seen && sample.at >= span.start && sample.at < span.end) way.emplace_back(sample.at, sample.place);
  }
  return way;
}

const Motion& Tracker::motion_of(const std::string& type) const {
  static const Motion kDefault;
  const auto found = options_.motions.find(type);
  return found == options_.motions.end() ? kDefault : found->second;
}

double Tracker::distance(Place a, Place b) const { return std::hypot(a.x - b.x, (a.y - b.y) * options_.aspect); }

/// Where it is looked for: its last place, and as far on as `lead` says, for one second at most.
Place Tracker::expected(const Track& track, base::Timestamp at) const {
  const Sample& last = track.samples.back();
  if (options_.lead <= 0 || track.samples.size() < 2) return last.place;
  const Sample& before = track.samples[track.samples.size() - 2];
  if (!last.seen || !before.seen) return last.place;
  const double share = options_.lead * std::min(1.0, base::to_seconds(at - last.at)) / base::to_seconds(last.at - before.at);
  return {last.place.x + share * (last.place.x - before.place.x), last.place.y + share * (last.place.y - before.place.y)};
}

/// Keeps of `pairs`, nearest first, one for each sighting and track, and exchanges sightings where that makes the sum of squares less: of
/// things that all run, the nearest first leaves too far a way to the last.
void Tracker::settle(std::vector<std::tuple<double, std::size_t, std::size_t>>& pairs, const Look& look) const {
  std::vector<std::tuple<double, std::size_t, std::size_t>> kept;
  std::set<std::size_t> sightings, tracks;
  for (const auto& pair : pairs) {
    const auto& [far, i, t] = pair;
    if (sightings.contains(i) || tracks.contains(t)) continue;
    sightings.insert(i);
    tracks.insert(t);
    kept.push_back(pair);
  }
  const auto far = [&](std::size_t i, std::size_t t) { return distance(expected(tracks_[t], look.at), look.things[i].place); };
  for (int round = 0; round < 4; ++round) {
    for (std::size_t a = 0; a < kept.size(); ++a) {
      for (std::size_t b = 0; b < a; ++b) {
        auto& [far_a, i, t] = kept[a];
        auto& [far_b, j, u] = kept[b];
        if (tracks_[t].type != tracks_[u].type || look.things[i].label != look.things[j].label) continue;
        const double x = far(j, t), y = far(i, u);
        if (x * x + y * y >= far_a * far_a + far_b * far_b) continue;
        std::swap(i, j);
        far_a = x;
        far_b = y;
      }
    }
  }
  pairs = std::move(kept);
}

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
      const double far = distance(expected(track, look.at), seen.place);
      const double seconds = base::to_seconds(look.at - track.last_seen);
      // A label that was misread once is forgiven only close by.
      const double reach = options_.slack + (same_label ? std::min(motion.most, motion.speed * seconds) : 0);
      if (far <= reach) pairs.emplace_back(far, i, t);
    }
  }
  std::sort(pairs.begin(), pairs.end());
  if (options_.lead > 0) settle(pairs, look);
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
  rest.ended = rest.ended || rest.samples.empty();
  track.samples.erase(std::find_if(track.samples.begin(), track.samples.end(), [at](const Sample& s) { return s.at >= at; }),
                      track.samples.end());
  end(track);
  track.last_seen = track.samples.empty() ? at : track.samples.back().at;
  tracks_.push_back(std::move(rest));
  return tracks_.back();
}

void Tracker::close(Track& track) {
  if (!track.ended) end(track);
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
