#pragma once
// What requests take: a rule of thumb that learns from what the server reports.

#include <array>
#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>

#include "base/captioner.h"
#include "base/endpoint.h"

namespace reelgraph::captioner::endpoint {

/// What is known of a request before it is sent.
struct RequestSize {
  std::int64_t text_bytes = 0;
  std::int64_t pictures = 0;
  std::int64_t pixels = 0;  ///< of all pictures
};

/// Prompt tokens are taken to be linear in the bytes of text, the number of pictures (some servers count so much a picture) and their
/// pixels (others so much an area). It begins at 4 bytes, 1/4 picture and 28 x 28 pixels a token (about what Qwen2-VL takes) and is fitted
/// to the replies by least squares, held to that beginning (ridge) where they leave it open. Thread-safe.
class Estimator {
 public:
  explicit Estimator(const base::EndpointSettings& settings);

  [[nodiscard]] base::Estimate estimate(const RequestSize& size) const;
  /// @param usage as reported
  void learn(const RequestSize& size, const base::Usage& usage, double seconds);
  /// A reply had to be repaired: the request was sent again, with the reply.
  void learn_repair();
  /// Replies learnt from.
  [[nodiscard]] std::int64_t known() const;
  [[nodiscard]] double cost(const base::Usage& usage) const;

  /// For keeping between runs. A value that is no estimator's is ignored by `restore`.
  [[nodiscard]] nlohmann::json save() const;
  void restore(const nlohmann::json& saved);

 private:
  static constexpr std::size_t kTerms = 3;
  using Terms = std::array<double, kTerms>;
  static Terms terms_of(const RequestSize& size);
  [[nodiscard]] double prompt_tokens(const RequestSize& size) const;

  const double price_prompt_, price_completion_;
  const int max_tokens_;
  mutable std::mutex mutex_;
  std::int64_t replies_ = 0, repairs_ = 0;
  std::array<Terms, kTerms> products_{};  ///< of the normal equations: sums of terms times terms
  Terms responses_{};                     ///< sums of terms times prompt tokens
  double completion_sum_ = 0, completion_most_ = 0, seconds_sum_ = 0;
};

}  // namespace reelgraph::captioner::endpoint
