#include "ingest/clock.h"

#include <algorithm>
#include <cstdlib>

namespace reelgraph::ingest {
namespace {

using base::Duration;
using base::kMinute;
using base::kSecond;
using base::Timestamp;

constexpr Duration kBackward = kSecond / 2;  ///< decoding times never step back; muxers' jitter does, by less than this
constexpr Duration kForward = kMinute;
constexpr Timestamp kSane = base::kMaxTimestamp;

bool sane(Timestamp t) { return t > -kSane && t < kSane; }

}  // namespace

bool FilmClock::fits(const Stream& stream, Timestamp film_time) const {
  const Duration step = film_time - (*stream.last + stream.last_duration);
  return step >= -kBackward && (!options_.may_be_discontinuous || step <= kForward);
}

PacketTimes FilmClock::moved(PacketTimes times, Duration shift) {
  const auto move = [&](std::optional<Timestamp>& t) {
    if (!t) return;
    // Twice checked: the sum of two wild values must not overflow.
    if (*t <= -4 * kSane || *t >= 4 * kSane) {
      t.reset();
      return;
    }
    *t += shift;
    if (!sane(*t)) t.reset();
  };
  move(times.pts);
  move(times.dts);
  if (times.duration < 0 || times.duration > kSane) times.duration = 0;
  return times;
}

PacketTimes FilmClock::follow(int leader, PacketTimes times) const {
  const auto slot = static_cast<std::size_t>(leader);
  const Duration offset = leader >= 0 && slot < streams_.size() ? offsets_[streams_[slot].offset] : offsets_.back();
  return moved(times, offset - options_.zero);
}

PacketTimes FilmClock::place(int stream_index, PacketTimes times) {
  const auto slot = static_cast<std::size_t>(stream_index);
  if (slot >= streams_.size()) streams_.resize(slot + 1, Stream{{}, 0, offsets_.size() - 1});
  Stream& stream = streams_[slot];

  const std::optional<Timestamp> raw = times.dts ? times.dts : times.pts;
  if (!raw || *raw <= -4 * kSane || *raw >= 4 * kSane) return moved(times, -options_.zero);

  Timestamp film = *raw - options_.zero + offsets_[stream.offset];
  if (stream.last && !fits(stream, film)) {
    const Timestamp expected = *stream.last + stream.last_duration;
    // Another stream may have jumped before: follow it. Else a counter that wrapped around; else what was joined on starts at once.
    bool placed = false;
    for (std::size_t i = offsets_.size(); i-- > 0 && !placed;) {
      const Timestamp candidate = *raw - options_.zero + offsets_[i];
      if (i == stream.offset || !fits(stream, candidate) || candidate - expected > 10 * kSecond) continue;
      stream.offset = i;
      placed = true;
    }
    if (!placed && offsets_.size() < 100'000) {
      Duration offset = offsets_[stream.offset] + (expected - film);
      if (options_.wrap > 0) {
        const Duration turns = (expected - film + options_.wrap / 2) / options_.wrap;
        const Timestamp unwrapped = film + turns * options_.wrap;
        if (turns > 0 && fits(stream, unwrapped) && unwrapped - expected <= kForward)
          offset = offsets_[stream.offset] + turns * options_.wrap;
      }
      offsets_.push_back(offset);
      stream.offset = offsets_.size() - 1;
    }
    film = *raw - options_.zero + offsets_[stream.offset];
  }

  times = moved(times, offsets_[stream.offset] - options_.zero);
  if (sane(film)) {
    stream.last = film;
    // Believed for a look ahead only, and only so far.
    stream.last_duration = std::min(times.duration, kSecond);
  }
  return times;
}

void FilmClock::restart() {
  streams_.clear();
  offsets_.assign(1, 0);
}

Timestamp FrameTimes::next(std::optional<Timestamp> claimed) {
  Timestamp at = claimed ? *claimed : last_ ? *last_ + interval() : 0;
  if (last_) {
    if (at <= *last_) at = *last_ + 1;
    const Duration step = at - *last_;
    if (step > kSecond / 1000) interval_ = step;
    longest_ = std::max(longest_, step);
  }
  last_ = at;
  return at;
}

Duration FrameTimes::last_duration(Duration claimed) const {
  const Duration most = std::max(10 * kSecond, 4 * longest_);
  if (claimed > most) claimed = 0;
  // Matroska's block durations of single fields, or rounded to nothing.
  if (interval_ > 0 && claimed < interval_ / 2) claimed = interval_;
  return claimed > 0 ? claimed : interval();
}

}  // namespace reelgraph::ingest
