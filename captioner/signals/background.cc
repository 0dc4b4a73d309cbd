#include "captioner/signals/background.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>
#include <utility>

#include "captioner/signals/exposure.h"

namespace reelgraph::captioner::signals {
namespace {

constexpr double kRate = 0.03;       // of the residual a step
constexpr double kNoiseRate = 0.02;  // of the change of noise a step
constexpr float kLeastNoise = 1.0F;  // grey levels
constexpr float kMostNoise = 60.0F;
constexpr float kDeviation =
    1.0F;  // of a normal distribution, from the median of the largest of three channels: 0.8 if they vary apart, 1.5 if as one

}  // namespace

namespace {

/// Per value (all of one size and type uint8) the median over `many`: sorted by a network of minima and maxima (Batcher 1968), which takes
/// whole pictures at a time.
cv::Mat median_of(std::vector<cv::Mat> many) {
  for (cv::Mat& picture : many) picture = picture.clone();
  const std::size_t n = many.size();
  cv::Mat larger;
  for (std::size_t p = 1; p < n; p *= 2) {
    for (std::size_t k = p; k >= 1; k /= 2) {
      for (std::size_t j = k % p; j + k < n; j += 2 * k) {
        for (std::size_t i = 0; i < k && i + j + k < n; ++i) {
          if ((i + j) / (2 * p) != (i + j + k) / (2 * p)) continue;
          cv::max(many[i + j], many[i + j + k], larger);
          cv::min(many[i + j], many[i + j + k], many[i + j]);
          std::swap(many[i + j + k], larger);
        }
      }
    }
  }
  return many[n / 2];
}

}  // namespace

void Background::learn(const std::vector<cv::Mat>& pictures) {
  reference8_ = median_of(pictures);
  reference8_.convertTo(reference_, CV_32F);
  // A lamp that flickers is no noise: what the tone curves explain is taken out first.
  const cv::Mat everywhere(reference8_.size(), CV_8U, cv::Scalar(255));
  std::vector<cv::Mat> deviations;
  for (const cv::Mat& picture : pictures) {
    ToneCurves tones;
    tones.fit(reference8_, picture, everywhere);
    cv::Mat difference;
    cv::absdiff(picture, tones.apply(reference8_), difference);
    std::array<cv::Mat, 3> channels;
    cv::split(difference, channels.data());
    cv::max(channels[0], channels[1], channels[0]);
    cv::max(channels[0], channels[2], channels[0]);
    deviations.push_back(channels[0]);
  }
  median_of(deviations).convertTo(noise_, CV_32F, kDeviation);
  cv::max(noise_, kLeastNoise, noise_);
  cv::min(noise_, kMostNoise, noise_);
  // A pixel is as restless as its surroundings: leaves swing.
  cv::blur(noise_, noise_, {5, 5});
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

void Background::rebase(const ToneCurves& tones) {
  reference_ = tones.apply_exactly(reference_);
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
