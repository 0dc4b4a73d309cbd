#pragma once
// What requests take: a rule of thumb that learns from what the server reports.

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

/// Prompt tokens are taken to be a * text + b * pictures, where text begins at 4 bytes a token and a picture at a token for 28 x 28 pixels
/// (what Qwen2-VL takes); a and b are fitted to the replies by least squares, held to those beginnings as long as there are few.
/// Thread-safe.
class Estimator {
 public:
  explicit Estimator(const base::EndpointSettings& settings);

  [[nodiscard]] base::Estimate estimate(const RequestSize& size) const;
  /// @param usage as reported
  void learn(const RequestSize& size, const base::Usage& usage, double seconds);
  /// Replies learnt from.
  [[nodiscard]] std::int64_t known() const;
  [[nodiscard]] double cost(const base::Usage& usage) const;

  /// For keeping between runs. A value that is no estimator's is ignored by `restore`.
  [[nodiscard]] nlohmann::json save() const;
  void restore(const nlohmann::json& saved);

 private:
  [[nodiscard]] double prompt_tokens(const RequestSize& size) const;

  const double price_prompt_, price_completion_;
  const int max_tokens_;
  mutable std::mutex mutex_;
  std::int64_t replies_ = 0;
  double text_text_ = 0, text_picture_ = 0, picture_picture_ = 0, text_y_ = 0, picture_y_ = 0;  // sums of the normal equations
  double completion_sum_ = 0, completion_most_ = 0, seconds_sum_ = 0;
};

}  // namespace reelgraph::captioner::endpoint
