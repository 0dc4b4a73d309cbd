#pragma once
// The clock of a discrete-event simulation.

#include <cstdint>
#include <functional>
#include <queue>
#include <utility>
#include <vector>

namespace reelgraph::sim {

/// Runs what is due in the order of time; what is due at one instant, in the order in which it was asked for.
class Agenda {
 public:
  explicit Agenda(double from) : now_(from) {}

  [[nodiscard]] double now() const { return now_; }
  /// @param when not before now
  void at(double when, std::function<void()> what) { queue_.push({when, ++asked_, std::move(what)}); }
  /// All that is due before `until`; what was not done is forgotten with the agenda.
  void run(double until) {
    while (!queue_.empty() && queue_.top().when < until) {
      const Entry entry = queue_.top();
      queue_.pop();
      now_ = entry.when;
      entry.what();
    }
    now_ = until;
  }

 private:
  struct Entry {
    double when;
    std::uint64_t order;
    std::function<void()> what;
    bool operator<(const Entry& other) const { return when != other.when ? when > other.when : order > other.order; }
  };
  double now_;
  std::uint64_t asked_ = 0;
  std::priority_queue<Entry> queue_;
};

}  // namespace reelgraph::sim
