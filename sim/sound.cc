#include "sim/sound.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace reelgraph::sim {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;

double ramp(double t, double from, double to, double length) { return std::clamp(std::min(t - from, to - t) / length, 0.0, 1.0); }

}  // namespace

std::vector<SoundCue> cues_of(const History& history) {
  std::vector<SoundCue> cues;
  using Sound = SoundCue::Kind;
  for (const Happening& e : history.events) {
    if (e.type == "pick_up" || e.type == "drop") cues.push_back({Sound::kBeeps, e.end, e.end + 1.6});
    if (e.type == "arrive") cues.push_back({Sound::kDoor, e.start, e.start + 2.5});
    if (e.type == "kick_off" || e.type == "foul" || e.type == "half_end" || e.type == "goal")
      cues.push_back({Sound::kWhistle, e.start + 0.1, e.start + 0.7});
    if (e.type == "goal") cues.push_back({Sound::kCheer, e.start, e.start + 7});
    if (e.type == "shot") cues.push_back({Sound::kCheer, e.start, e.start + 2});
  }
  std::stable_sort(cues.begin(), cues.end(), [](const SoundCue& a, const SoundCue& b) { return a.from < b.from; });
  return cues;
}

Soundtrack::Soundtrack(std::uint64_t seed, Ambience ambience, std::vector<SoundCue> cues, int sample_rate)
    : ambience_(ambience), cues_(std::move(cues)), rate_(sample_rate), noise_(seed * 2 + 1) {
  Random random = Random(seed).fork(31);
  hum_.assign(static_cast<std::size_t>(rate_), 0.0F);
  // Whole cycles a second, so that the second can be repeated.
  const double pitch = ambience == Ambience::kHum ? random.integer(96, 104) : 0;
  for (int harmonic = 1; pitch > 0 && harmonic <= 3; ++harmonic) {
    const double level = 0.02 / harmonic;
    for (std::size_t i = 0; i < hum_.size(); ++i)
      hum_[i] += static_cast<float>(level * std::sin(kTwoPi * pitch * harmonic * static_cast<double>(i) / rate_));
  }
}

void Soundtrack::add(base::AudioBlock& block, const SoundCue& cue) const {
  const double begin = static_cast<double>(done_) / rate_;
  const auto count = static_cast<std::int64_t>(block.samples.size());
  const auto first = std::max<std::int64_t>(0, static_cast<std::int64_t>((cue.from - begin) * rate_));
  const auto last = std::min(count, static_cast<std::int64_t>((cue.to - begin) * rate_) + 1);
  std::uint64_t noise = 0x9E3779B97F4A7C15U ^ static_cast<std::uint64_t>(cue.from * 1000);
  for (std::int64_t i = first; i < last; ++i) {
    const double t = begin + static_cast<double>(i) / rate_;
    double value = 0;
    switch (cue.kind) {
      case SoundCue::Kind::kBeeps:
        value =
            std::fmod(t - cue.from, 0.8) < 0.4 ? 0.12 * ramp(std::fmod(t - cue.from, 0.8), 0, 0.4, 0.01) * std::sin(kTwoPi * 1250 * t) : 0;
        break;
      case SoundCue::Kind::kWhistle:
        value = 0.2 * ramp(t, cue.from, cue.to, 0.03) * std::sin(kTwoPi * 2900 * t + 6 * std::sin(kTwoPi * 40 * t));
        break;
      case SoundCue::Kind::kDoor:
      case SoundCue::Kind::kCheer: {
        noise ^= noise << 13U, noise ^= noise >> 7U, noise ^= noise << 17U;
        const double white = static_cast<double>(noise >> 11U) * 0x1.0p-52 - 1;
        value = cue.kind == SoundCue::Kind::kCheer
                    ? 0.16 * ramp(t, cue.from, cue.to, 0.8) * white
                    : 0.12 * ramp(t, cue.from, cue.to, 0.2) * white * (0.5 + 0.5 * std::sin(kTwoPi * 17 * t));
        break;
      }
    }
    float& sample = block.samples[static_cast<std::size_t>(i)];
    sample = std::clamp(sample + static_cast<float>(value), -1.0F, 1.0F);
  }
}

base::AudioBlock Soundtrack::next(double seconds) {
  base::AudioBlock block;
  block.sample_rate = rate_;
  block.at = done_ * base::kSecond / rate_;
  const auto until = static_cast<std::int64_t>(std::llround((static_cast<double>(done_) / rate_ + seconds) * rate_));
  block.samples.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, until - done_)));
  const float level = ambience_ == Ambience::kHum ? 0.012F : 0.09F, drag = ambience_ == Ambience::kHum ? 0.05F : 0.12F;
  for (std::size_t i = 0; i < block.samples.size(); ++i) {
    noise_ ^= noise_ << 13U, noise_ ^= noise_ >> 7U, noise_ ^= noise_ << 17U;  // xorshift (Marsaglia, 2003)
    const float white = static_cast<float>(static_cast<double>(noise_ >> 11U) * 0x1.0p-52 - 1);
    smooth_ += drag * (white - smooth_);
    smoother_ += drag * (smooth_ - smoother_);
    block.samples[i] = hum_[static_cast<std::size_t>(done_ + static_cast<std::int64_t>(i)) % hum_.size()] + level * (smooth_ + smoother_);
  }
  const double begin = static_cast<double>(done_) / rate_, end = static_cast<double>(until) / rate_;
  constexpr double kLongest = 10;  // of a cue, seconds
  while (first_ < cues_.size() && cues_[first_].from + kLongest < begin) ++first_;
  for (std::size_t i = first_; i < cues_.size() && cues_[i].from < end; ++i) {
    if (cues_[i].to > begin) add(block, cues_[i]);
  }
  done_ = until;
  return block;
}

}  // namespace reelgraph::sim
