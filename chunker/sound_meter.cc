#include "chunker/sound_meter.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace reelgraph::chunker {

void SoundMeter::add(const base::AudioBlock& block) {
  if (block.sample_rate <= 0 || block.at < 0) return;
  const double period = 1e6 / block.sample_rate;
  for (std::size_t i = 0; i < block.samples.size(); ++i) {
    const base::Timestamp at = block.at + static_cast<base::Timestamp>(static_cast<double>(i) * period);
    const std::int64_t step = at / kStep;
    if (step < step_) continue;
    if (step > step_) {
      close();
      step_ = step;
    }
    const double value = std::isfinite(block.samples[i]) ? std::clamp(static_cast<double>(block.samples[i]), -1.0, 1.0) : 0;
    energy_ += value * value;
    ++count_;
  }
  const double length = static_cast<double>(block.samples.size()) * period;
  reached_ = std::max(reached_, block.at + static_cast<base::Timestamp>(length));
}

void SoundMeter::close() {
  if (count_ > 0) {
    base::SoundSample sample{.at = step_ * kStep, .step = kStep};
    const double mean = energy_ / static_cast<double>(count_);
    sample.level_db = mean > 1e-12 ? std::max(-120.0, 10 * std::log10(mean)) : -120;
    done_.push_back(sample);
  }
  energy_ = 0;
  count_ = 0;
}

void SoundMeter::finish() {
  close();
  step_ = -1;
}

std::vector<base::SoundSample> SoundMeter::take() { return std::exchange(done_, {}); }

}  // namespace reelgraph::chunker
