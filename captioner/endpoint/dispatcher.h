#pragma once
// Sends requests to one server: so many at once, again where it is worth it, until a deadline, and not at all once the server is given up.

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/endpoint.h"
#include "captioner/endpoint/address.h"
#include "captioner/endpoint/circuit_breaker.h"
#include "captioner/endpoint/http_client.h"

namespace reelgraph::captioner::endpoint {

/// What came of a request in the end.
struct Outcome {
  bool ok = false;
  bool sent = true;  ///< false: it never left, because the server had been given up before
  HttpReply reply;   ///< of the last try
  std::string failure;
  int attempts = 0;
  double seconds = 0;  ///< from being asked for to the end, waits included
};

/// Owns one thread and the connections. Thread-safe.
class Dispatcher {
 public:
  /// @param settings validated (`validate`)
  Dispatcher(const base::EndpointSettings& settings, Address address, CircuitBreaker& breaker);
  /// Drops what is under way; its `done` is not called.
  ~Dispatcher();
  Dispatcher(const Dispatcher&) = delete;
  Dispatcher& operator=(const Dispatcher&) = delete;

  using Done = std::function<void(Outcome)>;
  /// @param body empty: GET
  /// @param done called once, on the dispatcher's thread; must be quick and must not throw
  /// @param tries at most; 0: the settings'
  void submit(std::string url, std::string body, Done done, int tries = 0);
  /// The same, waiting for the end.
  [[nodiscard]] Outcome run(std::string url, std::string body, int tries = 0);
  /// Asked for and not yet done.
  [[nodiscard]] int pending() const { return pending_; }

  [[nodiscard]] const Address& address() const { return address_; }

 private:
  struct Job;
  void work();

  const base::EndpointSettings settings_;
  const Address address_;
  CircuitBreaker& breaker_;
  HttpClient client_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Job>> inbox_;
  std::atomic<int> pending_ = 0;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

/// @throws base::Error kInvalidArgument naming what is out of range
void validate(const base::EndpointSettings& settings);

}  // namespace reelgraph::captioner::endpoint
