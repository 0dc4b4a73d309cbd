#pragma once
// Ends a blocking call of FFmpeg: on request, or when it has taken too long.

#include <chrono>
#include <stop_token>

namespace reelgraph::ingest {

/// Asked from inside FFmpeg's calls, on the thread that makes them.
class Interrupt {
 public:
  explicit Interrupt(std::stop_token stop) : stop_(std::move(stop)) {}

  void allow(double seconds) {
    deadline_ = std::chrono::steady_clock::now() +
                std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(seconds));
  }
  [[nodiscard]] bool stop_requested() const { return stop_.stop_requested(); }
  [[nodiscard]] bool late() const { return std::chrono::steady_clock::now() > deadline_; }
  [[nodiscard]] bool raised() const { return stop_requested() || late(); }

  /// For AVIOInterruptCB; `opaque` is an Interrupt.
  static int callback(void* opaque) { return static_cast<const Interrupt*>(opaque)->raised() ? 1 : 0; }

 private:
  std::stop_token stop_;
  std::chrono::steady_clock::time_point deadline_ = std::chrono::steady_clock::time_point::max();
};

}  // namespace reelgraph::ingest
