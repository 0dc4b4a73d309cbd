#pragma once
// Random numbers that are the same on every machine: the engine of the standard is, its distributions are not.

#include <cmath>
#include <cstdint>
#include <random>

namespace reelgraph::sim {

class Random {
 public:
  explicit Random(std::uint64_t seed) : engine_(seed) {}

  /// A generator of its own, so that drawing more in one part of the world changes nothing in another.
  [[nodiscard]] Random fork(std::uint64_t purpose) const { return Random(mix(seed_of_fork_ ^ mix(purpose))); }

  /// 0 <= value < 1.
  double uniform() { return static_cast<double>(engine_() >> 11U) * 0x1.0p-53; }
  double uniform(double from, double to) { return from + (to - from) * uniform(); }
  /// from <= value <= to.
  int integer(int from, int to) { return from + static_cast<int>(uniform() * (to - from + 1)); }
  bool chance(double probability) { return uniform() < probability; }
  double normal(double mean, double deviation) {  // Box and Muller, 1958
    const double radius = std::sqrt(-2 * std::log(1 - uniform()));
    return mean + deviation * radius * std::cos(2 * 3.14159265358979323846 * uniform());
  }
  double exponential(double mean) { return -mean * std::log(1 - uniform()); }
  /// Of a lognormal distribution with this mean and this ratio of deviation to mean.
  double lognormal(double mean, double variation) {
    const double s2 = std::log(1 + variation * variation);
    return mean * std::exp(normal(-s2 / 2, std::sqrt(s2)));
  }

 private:
  /// splitmix64 (Steele, Lea and Flood, 2014).
  static std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15U;
    x = (x ^ (x >> 30U)) * 0xBF58476D1CE4E5B9U;
    x = (x ^ (x >> 27U)) * 0x94D049BB133111EBU;
    return x ^ (x >> 31U);
  }

  std::mt19937_64 engine_;
  std::uint64_t seed_of_fork_ = engine_();
};

}  // namespace reelgraph::sim
