#pragma once
// The terminal: results on standard output, everything else on standard error, and a status line that both step around.

#include <memory>
#include <mutex>
#include <set>
#include <string>

#include "base/log.h"

namespace reelgraph::cli {

enum class Verbosity { kQuiet, kNormal, kVerbose };

/// Thread-safe. Owns nothing but the status line on the screen, which it removes at the end.
class Console {
 public:
  Console();
  ~Console();
  Console(const Console&) = delete;
  Console& operator=(const Console&) = delete;

  void set_verbosity(Verbosity verbosity);
  [[nodiscard]] bool quiet() const { return verbosity_ == Verbosity::kQuiet; }
  [[nodiscard]] bool verbose() const { return verbosity_ == Verbosity::kVerbose; }
  /// Is somebody watching standard error?
  [[nodiscard]] bool is_terminal() const { return terminal_; }
  [[nodiscard]] int columns() const;

  /// Appends to standard output. @throws base::Error kArchive if it cannot be written (a full disk)
  void out(const std::string& text);
  /// One line on standard error, whatever the verbosity.
  void err(const std::string& line);
  /// Shows a line that the next one replaces; nothing unless standard error is a terminal. Empty: removes it.
  void status(const std::string& line);

  /// Warnings (and with -v notes) on standard error.
  [[nodiscard]] base::LogSink log_sink();
  /// The same, for what several workers may say in the same words: each line once.
  [[nodiscard]] base::LogSink log_sink_once();

 private:
  class Sink;
  struct Logger;
  void clear_locked();

  std::mutex mutex_;
  bool terminal_ = false;
  Verbosity verbosity_ = Verbosity::kNormal;
  bool status_shown_ = false;
  std::unique_ptr<Logger> logger_;
  std::set<std::string> said_;
};

}  // namespace reelgraph::cli
