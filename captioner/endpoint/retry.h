#pragma once
// What to make of a server's reply, and how long to wait before asking again.

#include <chrono>
#include <optional>
#include <random>
#include <string>

#include "captioner/endpoint/http_client.h"

namespace reelgraph::captioner::endpoint {

enum class Verdict {
  kOk,      ///< 200 with a body
  kRetry,   ///< may pass: 408, 409, 429, 5xx, a broken connection, no reply in time
  kFailed,  ///< this request will never do: 400, 413, a redirect, a reply too large
  kFatal    ///< no request will do: wrong key, unknown model, untrusted certificate
};

struct Judgement {
  Verdict verdict = Verdict::kOk;
  std::string reason;                             ///< one clause for people; empty if it is good
  bool overloaded = false;                        ///< 429 or 503: the server wants less of this
  std::optional<std::chrono::milliseconds> wait;  ///< Retry-After
};

/// @param now for a Retry-After that is a date
[[nodiscard]] Judgement judge(const HttpReply& reply, std::chrono::system_clock::time_point now = std::chrono::system_clock::now());

/// "Retry-After": whole or broken seconds, or an HTTP date. Empty if it is neither, or negative.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_retry_after(const std::string& text,
                                                                         std::chrono::system_clock::time_point now);

/// What an error body says, at most 300 bytes ({"error":{"message"}}, {"message"}, {"detail"}, or the text itself).
[[nodiscard]] std::string error_words(const std::string& body);

/// Waits that double, with jitter between a half and the whole, so that clients that failed together do not come back together.
class Backoff {
 public:
  explicit Backoff(double first_s, unsigned seed = std::random_device{}()) : first_s_(first_s), random_(seed) {}
  /// @param attempt tries so far, >= 1; never less than what the server asked for
  [[nodiscard]] std::chrono::milliseconds after(int attempt, std::optional<std::chrono::milliseconds> asked);

 private:
  double first_s_;
  std::minstd_rand random_;
};

}  // namespace reelgraph::captioner::endpoint
