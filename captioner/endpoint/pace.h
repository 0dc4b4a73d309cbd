#pragma once
// How many requests a server gets at once: fewer when it says that it is busy, more again while all goes well.

#include <algorithm>
#include <chrono>

namespace reelgraph::captioner::endpoint {

/// Additive increase, multiplicative decrease, as TCP does (RFC 5681). Not thread-safe.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;
  explicit Pace(int most) : most_(most), limit_(most) {}

  [[nodiscard]] int limit() const { return static_cast<int>(limit_); }
  [[nodiscard]] bool paused(Clock::time_point now) const { return now < until_; }
  [[nodiscard]] Clock::time_point paused_until() const { return until_; }

  void succeeded() { limit_ = std::min<double>(most_, limit_ + 1 / limit_); }
  /// @param wait what the server asked for: nobody is asked anything until then
  void overloaded(Clock::time_point now, std::chrono::milliseconds wait) {
    // All that was under way is refused together: that is one sign, not eight.
    if (now >= cooled_) {
      limit_ = std::max(1.0, limit_ / 2);
      cooled_ = now + std::max<Clock::duration>(wait, std::chrono::milliseconds(500));
    }
    until_ = std::max(until_, now + wait);
  }

 private:
  int most_;
  double limit_;
  Clock::time_point until_{}, cooled_{};
};

}  // namespace reelgraph::captioner::endpoint
