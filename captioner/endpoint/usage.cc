#include "captioner/endpoint/usage.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace reelgraph::captioner::endpoint {
namespace {

constexpr double kBytesPerToken = 4;
constexpr double kPixelsPerToken = 28 * 28;
constexpr double kPictureFrame = 4;  // tokens around a picture
constexpr double kHold = 1e4;        // weight of the beginnings, tokens^2: less than one reply of a few hundred tokens
constexpr double kUnknownCompletion = 300;
constexpr double kMarginKnown = 1.1, kMarginUnknown = 3;
constexpr double kMarginTokens = 32;

double text_part(const RequestSize& size) { return static_cast<double>(size.text_bytes) / kBytesPerToken; }
double picture_part(const RequestSize& size) {
  return static_cast<double>(size.pixels) / kPixelsPerToken + kPictureFrame * static_cast<double>(size.pictures);
}

}  // namespace

Estimator::Estimator(const base::EndpointSettings& settings)
    : price_prompt_(settings.price_prompt), price_completion_(settings.price_completion), max_tokens_(settings.max_tokens) {}

double Estimator::cost(const base::Usage& usage) const {
  return (static_cast<double>(usage.prompt_tokens) * price_prompt_ + static_cast<double>(usage.completion_tokens) * price_completion_) /
         1e6;
}

double Estimator::prompt_tokens(const RequestSize& size) const {
  const double tt = text_text_ + kHold, pp = picture_picture_ + kHold, tp = text_picture_;
  const double ty = text_y_ + kHold, py = picture_y_ + kHold;
  const double determinant = tt * pp - tp * tp;
  double a = 1, b = 1;
  if (determinant > 0) {
    a = (ty * pp - py * tp) / determinant;
    b = (py * tt - ty * tp) / determinant;
  }
  return std::max(1.0, a * text_part(size) + b * picture_part(size));
}

base::Estimate Estimator::estimate(const RequestSize& size) const {
  const std::lock_guard lock(mutex_);
  base::Estimate e;
  const double prompt = prompt_tokens(size);
  const double n = static_cast<double>(replies_);
  const double completion = replies_ > 0 ? completion_sum_ / n : std::min<double>(kUnknownCompletion, max_tokens_);
  const double completion_most = std::max<double>(max_tokens_, completion_most_);
  const double prompt_most = prompt * (replies_ > 0 ? kMarginKnown : kMarginUnknown) + kMarginTokens;
  e.expected.prompt_tokens = std::llround(prompt);
  e.expected.completion_tokens = std::llround(completion);
  e.worst.prompt_tokens = static_cast<std::int64_t>(std::ceil(prompt_most));
  e.worst.completion_tokens = static_cast<std::int64_t>(std::ceil(completion_most));
  e.expected.cost_usd = cost(e.expected);
  e.worst.cost_usd = cost(e.worst);
  e.seconds = replies_ > 0 ? seconds_sum_ / n : 0;
  return e;
}

void Estimator::learn(const RequestSize& size, const base::Usage& usage, double seconds) {
  const std::lock_guard lock(mutex_);
  const double text = text_part(size), picture = picture_part(size), y = static_cast<double>(usage.prompt_tokens);
  if (usage.prompt_tokens > 0) {
    text_text_ += text * text;
    text_picture_ += text * picture;
    picture_picture_ += picture * picture;
    text_y_ += text * y;
    picture_y_ += picture * y;
  }
  ++replies_;
  completion_sum_ += static_cast<double>(usage.completion_tokens);
  completion_most_ = std::max(completion_most_, static_cast<double>(usage.completion_tokens));
  seconds_sum_ += seconds;
}

std::int64_t Estimator::known() const {
  const std::lock_guard lock(mutex_);
  return replies_;
}

nlohmann::json Estimator::save() const {
  const std::lock_guard lock(mutex_);
  return {replies_, text_text_, text_picture_, picture_picture_, text_y_, picture_y_, completion_sum_, completion_most_, seconds_sum_};
}

void Estimator::restore(const nlohmann::json& saved) {
  if (!saved.is_array() || saved.size() != 9) return;
  std::array<double, 9> values{};
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!saved[i].is_number()) return;
    values[i] = saved[i].get<double>();
    if (!std::isfinite(values[i]) || values[i] < 0 || values[i] > 1e18) return;
  }
  if (values[0] < 1) return;
  const std::lock_guard lock(mutex_);
  replies_ = static_cast<std::int64_t>(values[0]);
  text_text_ = values[1];
  text_picture_ = values[2];
  picture_picture_ = values[3];
  text_y_ = values[4];
  picture_y_ = values[5];
  completion_sum_ = values[6];
  completion_most_ = values[7];
  seconds_sum_ = values[8];
}

}  // namespace reelgraph::captioner::endpoint
