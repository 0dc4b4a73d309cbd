#pragma once
// Gives a server up after failures in a row, so that a night is not spent on retries (and money not on replies nobody can use).

#include <mutex>
#include <string>

namespace reelgraph::captioner::endpoint {

/// Thread-safe. Once open it stays open.
class CircuitBreaker {
 public:
  /// @param most failures in a row that open it; 0: never
  explicit CircuitBreaker(int most) : most_(most) {}

  void succeeded() {
    const std::lock_guard lock(mutex_);
    failures_ = 0;
  }
  void failed(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (++failures_ >= most_ && most_ > 0 && reason_.empty())
      reason_ = std::to_string(failures_) + " failures in a row, the last: " + reason;
  }
  /// Nothing more can be had, whatever came before.
  void give_up(const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (reason_.empty()) reason_ = reason;
  }
  /// Why nothing more is sent; empty while it is closed.
  [[nodiscard]] std::string reason() const {
    const std::lock_guard lock(mutex_);
    return reason_;
  }
  [[nodiscard]] bool is_open() const { return !reason().empty(); }

 private:
  mutable std::mutex mutex_;
  const int most_;
  int failures_ = 0;
  std::string reason_;
};

}  // namespace reelgraph::captioner::endpoint
