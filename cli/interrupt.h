#pragma once
// Ctrl-C, once: finish what is in hand. Twice: quit at once, which loses nothing but that.

#include <stop_token>
#include <thread>

namespace reelgraph::cli {

/// While it lives, SIGINT and SIGTERM request a stop; the second one ends the process with exit code 6. One at a time in a process.
class Interrupt {
 public:
  /// @param what is said on standard error at the first signal; a string literal, as it is written from within the signal handler
  explicit Interrupt(const char* what);
  ~Interrupt();
  Interrupt(const Interrupt&) = delete;
  Interrupt& operator=(const Interrupt&) = delete;

  [[nodiscard]] std::stop_token token() const { return source_.get_token(); }

 private:
  std::stop_source source_;
  int pipe_[2] = {-1, -1};
  std::thread watcher_;
};

}  // namespace reelgraph::cli
