#include "cli/console.h"

#include <spdlog/logger.h>
#include <spdlog/sinks/base_sink.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/error.h"

namespace reelgraph::cli {

/// spdlog's way to `err`.
class Console::Sink final : public spdlog::sinks::base_sink<std::mutex> {
 public:
  explicit Sink(Console& console) : console_(console) {}

 private:
  void sink_it_(const spdlog::details::log_msg& message) override {
    spdlog::memory_buf_t line;
    formatter_->format(message, line);
    std::string text(line.data(), line.size());
    while (!text.empty() && text.back() == '\n') text.pop_back();
    console_.err(text);
  }
  void flush_() override {}

  Console& console_;
};

struct Console::Logger {
  explicit Logger(Console& console) : log("reelgraph", std::make_shared<Sink>(console)) { log.set_pattern("%n: %l: %v"); }
  spdlog::logger log;
};

Console::Console() : terminal_(::isatty(STDERR_FILENO) == 1), logger_(std::make_unique<Logger>(*this)) {
  set_verbosity(Verbosity::kNormal);
}

Console::~Console() { status({}); }

void Console::set_verbosity(Verbosity verbosity) {
  verbosity_ = verbosity;
  logger_->log.set_level(verbosity == Verbosity::kQuiet     ? spdlog::level::err
                         : verbosity == Verbosity::kVerbose ? spdlog::level::debug
                                                            : spdlog::level::warn);
}

int Console::columns() const {
  winsize size{};
  return ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void Console::clear_locked() {
  if (status_shown_) std::fputs("\r\033[K", stderr);
  status_shown_ = false;
}

void Console::out(const std::string& text) {
  const std::lock_guard lock(mutex_);
  clear_locked();
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size() || std::fflush(stdout) != 0) {
    throw base::Error(base::ErrorCode::kArchive, "cannot be written: " + base::errno_text(errno), "standard output");
  }
}

void Console::err(const std::string& line) {
  const std::lock_guard lock(mutex_);
  clear_locked();
  std::fputs((line + "\n").c_str(), stderr);
}

void Console::status(const std::string& line) {
  const std::lock_guard lock(mutex_);
  if (!terminal_ || verbosity_ == Verbosity::kQuiet) return;
  clear_locked();
  if (line.empty()) return;
  std::fputs(line.c_str(), stderr);
  std::fflush(stderr);
  status_shown_ = true;
}

base::LogSink Console::log_sink() {
  return [this](base::LogLevel level, const std::string& text) {
    logger_->log.log(level == base::LogLevel::kWarning ? spdlog::level::warn
                     : level == base::LogLevel::kInfo  ? spdlog::level::info
                                                       : spdlog::level::debug,
                     "{}", text);
  };
}

base::LogSink Console::log_sink_once() {
  return [this, sink = log_sink()](base::LogLevel level, const std::string& text) {
    {
      const std::lock_guard lock(mutex_);
      if (!said_.insert(text).second) return;
    }
    sink(level, text);
  };
}

}  // namespace reelgraph::cli
