#include "captioner/endpoint/usage.h"

#include <algorithm>
#include <cmath>

namespace reelgraph::captioner::endpoint {
namespace {

constexpr double kBytesPerToken = 4;
constexpr double kPixelsPerToken = 28 * 28;
constexpr double kTokensPerPicture = 4;
constexpr double kHold = 1;  // ridge, tokens^2
constexpr double kUnknownCompletion = 300;
constexpr double kMarginKnown = 1.1, kMarginUnknown = 3;
constexpr double kMarginTokens = 32;

}  // namespace

Estimator::Estimator(const base::EndpointSettings& settings)
    : price_prompt_(settings.price_prompt), price_completion_(settings.price_completion), max_tokens_(settings.max_tokens) {}

double Estimator::cost(const base::Usage& usage) const {
  return (static_cast<double>(usage.prompt_tokens) * price_prompt_ + static_cast<double>(usage.completion_tokens) * price_completion_) /
         1e6;
}

Estimator::Terms Estimator::terms_of(const RequestSize& size) {
  return {static_cast<double>(size.text_bytes) / kBytesPerToken, static_cast<double>(size.pictures) * kTokensPerPicture,
          static_cast<double>(size.pixels) / kPixelsPerToken};
}

double Estimator::prompt_tokens(const RequestSize& size) const {
  // (P + hold) c = r + hold * 1, by Gaussian elimination: the matrix is positive definite.
  std::array<Terms, kTerms> m = products_;
  Terms c = responses_;
  for (std::size_t i = 0; i < kTerms; ++i) {
    m[i][i] += kHold;
    c[i] += kHold;
  }
  for (std::size_t i = 0; i < kTerms; ++i) {
    for (std::size_t k = i + 1; k < kTerms; ++k) {
      const double factor = m[k][i] / m[i][i];
      for (std::size_t j = i; j < kTerms; ++j) m[k][j] -= factor * m[i][j];
      c[k] -= factor * c[i];
    }
  }
  for (std::size_t i = kTerms; i-- > 0;) {
    for (std::size_t j = i + 1; j < kTerms; ++j) c[i] -= m[i][j] * c[j];
    c[i] /= m[i][i];
  }
  const Terms terms = terms_of(size);
  double sum = 0;
  for (std::size_t i = 0; i < kTerms; ++i) sum += c[i] * terms[i];
  return std::isfinite(sum) ? std::max(1.0, sum) : 1.0;
}

base::Estimate Estimator::estimate(const RequestSize& size) const {
  const std::lock_guard lock(mutex_);
  base::Estimate e;
  const double prompt = prompt_tokens(size);
  const double n = static_cast<double>(replies_);
  const double completion = replies_ > 0 ? completion_sum_ / n : std::min<double>(kUnknownCompletion, max_tokens_);
  const double completion_most = std::max<double>(max_tokens_, completion_most_);
  const double prompt_most = prompt * (replies_ > 0 ? kMarginKnown : kMarginUnknown) + kMarginTokens;
  const double repairs = replies_ > 0 ? static_cast<double>(repairs_) / n : 0;  // a request
  e.expected.prompt_tokens = std::llround(prompt + repairs * (prompt + completion));
  e.expected.completion_tokens = std::llround(completion * (1 + repairs));
  e.worst.prompt_tokens = static_cast<std::int64_t>(std::ceil(prompt_most));
  e.worst.completion_tokens = static_cast<std::int64_t>(std::ceil(completion_most));
  e.expected.cost_usd = cost(e.expected);
  e.worst.cost_usd = cost(e.worst);
  e.seconds = replies_ > 0 ? seconds_sum_ / n * (1 + repairs) : 0;
  return e;
}

void Estimator::learn(const RequestSize& size, const base::Usage& usage, double seconds) {
  const std::lock_guard lock(mutex_);
  const Terms terms = terms_of(size);
  if (usage.prompt_tokens > 0) {
    for (std::size_t i = 0; i < kTerms; ++i) {
      for (std::size_t j = 0; j < kTerms; ++j) products_[i][j] += terms[i] * terms[j];
      responses_[i] += terms[i] * static_cast<double>(usage.prompt_tokens);
    }
  }
  ++replies_;
  completion_sum_ += static_cast<double>(usage.completion_tokens);
  completion_most_ = std::max(completion_most_, static_cast<double>(usage.completion_tokens));
  seconds_sum_ += seconds;
}

void Estimator::learn_repair() {
  const std::lock_guard lock(mutex_);
  ++repairs_;
}

std::int64_t Estimator::known() const {
  const std::lock_guard lock(mutex_);
  return replies_;
}

nlohmann::json Estimator::save() const {
  const std::lock_guard lock(mutex_);
  return {{"replies", replies_},
          {"repairs", repairs_},
          {"products", products_},
          {"responses", responses_},
          {"completion", std::array<double, 2>{completion_sum_, completion_most_}},
          {"seconds", seconds_sum_}};
}

void Estimator::restore(const nlohmann::json& saved) {
  const auto sound = [](double value) { return std::isfinite(value) && value >= 0 && value < 1e18; };
  try {
    const auto replies = saved.at("replies").get<std::int64_t>();
    const auto repairs = saved.at("repairs").get<std::int64_t>();
    const auto products = saved.at("products").get<std::array<Terms, kTerms>>();
    const auto responses = saved.at("responses").get<Terms>();
    const auto completion = saved.at("completion").get<std::array<double, 2>>();
    const auto seconds = saved.at("seconds").get<double>();
    bool good = replies > 0 && repairs >= 0 && repairs <= replies && sound(completion[0]) && sound(completion[1]) && sound(seconds) &&
                std::all_of(responses.begin(), responses.end(), sound);
    for (const Terms& row : products) good = good && std::all_of(row.begin(), row.end(), sound);
    if (!good) return;
    const std::lock_guard lock(mutex_);
    replies_ = replies;
    repairs_ = repairs;
    products_ = products;
    responses_ = responses;
    completion_sum_ = completion[0];
    completion_most_ = completion[1];
    seconds_sum_ = seconds;
  } catch (const nlohmann::json::exception&) {
    // Written by another version, or damaged: as if there were none.
  }
}

}  // namespace reelgraph::captioner::endpoint
