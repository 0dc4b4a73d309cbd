#include "chunker/sound_meter.h"

#include <cmath>
#include <limits>
#include <numbers>

#include "tests/support/support.h"

using namespace reelgraph;
using chunker::SoundMeter;

namespace {
base::AudioBlock block(base::Timestamp at, std::size_t count, float level) {
  base::AudioBlock b;
  b.at = at;
  b.samples.assign(count, level);
  return b;
}
}  // namespace

TEST_CASE("a full-scale square wave measures 0 dB and digital silence -120 dB", "[chunker]") {
  SoundMeter meter;
  meter.add(block(0, 1600, 1.0F));
  meter.add(block(100'000, 1600, 0.0F));
  meter.finish();
  const auto samples = meter.take();
  REQUIRE(samples.size() == 2);
  CHECK(samples[0].level_db == Approx(0).margin(0.01));
  CHECK(samples[1].level_db == -120);
  CHECK(samples[1].at == 100'000);
  CHECK(samples[1].step == 100'000);
}

TEST_CASE("a sine of amplitude 0.1 measures -23 dB whatever the blocks it comes in", "[chunker]") {
  SoundMeter meter;
  std::size_t n = 0;
  for (const std::size_t size : {100U, 1000U, 777U, 5000U, 1123U}) {
    base::AudioBlock b;
    b.at = static_cast<base::Timestamp>(n * 1'000'000 / 16000);
    for (std::size_t i = 0; i < size; ++i, ++n)
      b.samples.push_back(static_cast<float>(0.1 * std::sin(2 * std::numbers::pi * 440 * static_cast<double>(n) / 16000)));
    meter.add(b);
  }
  meter.finish();
  const auto samples = meter.take();
  REQUIRE(samples.size() == 5);
  for (const auto& s : samples) CHECK(s.level_db == Approx(-23.01).margin(0.1));
}

TEST_CASE("a hole in the sound gives no samples", "[chunker]") {
  SoundMeter meter;
  meter.add(block(0, 1600, 0.5F));
  meter.add(block(1'000'000, 1600, 0.5F));
  meter.finish();
  const auto samples = meter.take();
  REQUIRE(samples.size() == 2);
  CHECK(samples[1].at == 1'000'000);
}

TEST_CASE("samples that are no numbers and absurd rates do no harm", "[chunker]") {
  SoundMeter meter;
  auto b = block(0, 1600, std::numeric_limits<float>::quiet_NaN());
  b.samples[0] = std::numeric_limits<float>::infinity();
  b.samples[1] = 1e30F;
  meter.add(b);
  auto broken = block(200'000, 10, 1);
  broken.sample_rate = 0;
  meter.add(broken);
  meter.finish();
  const auto samples = meter.take();
  REQUIRE(samples.size() == 1);
  CHECK(std::isfinite(samples[0].level_db));
}
