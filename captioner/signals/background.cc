#include "captioner/signals/background.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

namespace reelgraph::captioner::signals {
namespace {

constexpr double kRate = 0.03;       // of the residual a step
constexpr double kNoiseRate = 0.02;  // of the change of noise a step
constexpr float kLeastNoise = 1.0F;  // grey levels
constexpr float kMostNoise = 60.0F;
constexpr float kDeviation = 1.4826F;  // of a normal distribution, from its median absolute deviation

}  // namespace

void Background::learn(const std::vector<cv::Mat>& pictures) {
  const cv::Size size = pictures.front().size();
  reference_.create(size, CV_32FC3);
  noise_.create(size, CV_32F);
  const auto count = static_cast<int>(pictures.size());
  const int middle = count / 2;
  std::vector<std::uint8_t> levels(pictures.size()), deviations(pictures.size());
  std::vector<const std::uint8_t*> rows(pictures.size());
  for (int y = 0; y < size.height; ++y) {
    for (int i = 0; i < count; ++i) rows[static_cast<std::size_t>(i)] = pictures[static_cast<std::size_t>(i)].ptr(y);
    auto* to = reference_.ptr<float>(y);
    auto* noise = noise_.ptr<float>(y);
    for (int x = 0; x < size.width; ++x) {
      int largest = 0;
      for (int c = 0; c < 3; ++c) {
        for (std::size_t i = 0; i < levels.size(); ++i) levels[i] = rows[i][3 * x + c];
        std::nth_element(levels.begin(), levels.begin() + middle, levels.end());
        const int median = levels[static_cast<std::size_t>(middle)];
        for (std::size_t i = 0; i < levels.size(); ++i) deviations[i] = static_cast<std::uint8_t>(std::abs(levels[i] - median));
        std::nth_element(deviations.begin(), deviations.begin() + middle, deviations.end());
        largest = std::max(largest, static_cast<int>(deviations[static_cast<std::size_t>(middle)]));
        to[3 * x + c] = static_cast<float>(median);
      }
      noise[x] = std::clamp(kDeviation * static_cast<float>(largest), kLeastNoise, kMostNoise);
    }
  }
  // A pixel is as restless as its surroundings: leaves swing.
  cv::blur(noise_, noise_, {5, 5});
  reference_.convertTo(reference8_, CV_8U);
}

void Background::adapt(const cv::Mat& residual, const cv::Mat& outside, const cv::Mat& where, const cv::Mat& restless) {
  for (int y = 0; y < reference_.rows; ++y) {
    const auto* r = residual.ptr<std::int16_t>(y);
    const auto* o = outside.ptr<std::uint8_t>(y);
    const auto* w = where.ptr<std::uint8_t>(y);
    const auto* n = restless.ptr<std::uint8_t>(y);
    auto* to = reference_.ptr<float>(y);
    auto* to8 = reference8_.ptr<std::uint8_t>(y);
    auto* noise = noise_.ptr<float>(y);
    for (int x = 0; x < reference_.cols; ++x) {
      if (w[x] != 0) {
        for (int c = 0; c < 3; ++c) {
          float& level = to[3 * x + c];
          level = std::clamp(level + static_cast<float>(kRate) * static_cast<float>(r[3 * x + c]), 0.0F, 255.0F);
          to8[3 * x + c] = static_cast<std::uint8_t>(level + 0.5F);
        }
      }
      if (w[x] != 0 || n[x] != 0) {
        const float difference = std::min(static_cast<float>(o[x]), kMostNoise) - noise[x];
        // Noise is believed sooner than calm.
        const float rate = static_cast<float>(difference > 0 ? kNoiseRate : kNoiseRate / 8);
        noise[x] = std::clamp(noise[x] + rate * difference, kLeastNoise, kMostNoise);
      }
    }
  }
}

void Background::replace(const cv::Mat& picture, const cv::Mat& where) {
  picture.copyTo(reference_, where);
  reference_.convertTo(reference8_, CV_8U);
}

void Background::shift(double x, double y) {
  const cv::Matx23d by(1, 0, x, 0, 1, y);
  for (cv::Mat* part : {&reference_, &noise_}) {
    cv::Mat moved;
    cv::warpAffine(*part, moved, by, part->size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    *part = moved;
  }
  reference_.convertTo(reference8_, CV_8U);
}

}  // namespace reelgraph::captioner::signals
