#pragma once
// How library code tells the user something without printing: it hands a line to whoever runs it.

#include <functional>
#include <string>

namespace reelgraph::base {

enum class LogLevel { kDebug, kInfo, kWarning };

/// Receives warnings and notes; must be callable from any thread. An empty function drops them.
using LogSink = std::function<void(LogLevel, const std::string&)>;

inline void log(const LogSink& sink, LogLevel level, const std::string& text) {
  if (sink) sink(level, text);
}

}  // namespace reelgraph::base
