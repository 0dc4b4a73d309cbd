#pragma once
// One model server as everything here uses it: the connections, what it can do, whether it was given up.

#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "base/endpoint.h"
#include "base/log.h"
#include "captioner/endpoint/circuit_breaker.h"
#include "captioner/endpoint/dispatcher.h"
#include "captioner/endpoint/probe.h"

namespace reelgraph::captioner::endpoint {

/// Thread-safe. Nothing is sent before something is asked for.
class Server {
 public:
  /// @throws base::Error kInvalidArgument for wrong settings
  Server(base::EndpointSettings settings, base::LogSink log);

  [[nodiscard]] const base::EndpointSettings& settings() const { return settings_; }
  [[nodiscard]] Dispatcher& dispatcher() { return *dispatcher_; }
  [[nodiscard]] CircuitBreaker& breaker() { return breaker_; }
  [[nodiscard]] const ProbeCache& cache() const { return cache_; }
  [[nodiscard]] const base::LogSink& log() const { return log_; }

  /// Probed once; the file of an earlier day's probing serves as well. @throws base::Error kModel
  [[nodiscard]] const Capabilities& capabilities();
  /// Probes anew, whatever is known.
  [[nodiscard]] const Capabilities& probe_again();
  /// The name in the archive: as given, else as the server says (which may need asking). @throws base::Error kModel
  [[nodiscard]] std::string model();
  /// What the server was found to do before, without asking.
  [[nodiscard]] std::optional<Capabilities> remembered() const { return cache_.load(settings_.model); }

 private:
  const base::EndpointSettings settings_;
  const base::LogSink log_;
  CircuitBreaker breaker_;
  std::unique_ptr<Dispatcher> dispatcher_;
  ProbeCache cache_;
  std::mutex mutex_;
  std::optional<Capabilities> capabilities_;
};

}  // namespace reelgraph::captioner::endpoint
