#include "captioner/signals/foreground.h"

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>

namespace reelgraph::captioner::signals {
namespace {

constexpr double kLeastDifference = 20;  // grey levels
constexpr double kOverNoise = 4;         // times the noise
constexpr double kWeak = 0.6;            // of the threshold: joins what is strong elsewhere
constexpr double kFar = 3;               // times the threshold: no shadow is that dark
constexpr double kStructure = 9;         // grey levels by which fine structure changes
constexpr float kDeepestShadow = 0.4F;   // of the light
constexpr float kSameFactor = 0.12F;     // of the larger: by so much the channels of a shadow differ
constexpr int kMostBlobs = 64;
constexpr int kKeptPixels = 4;  // fewer that differ are nothing

cv::Mat largest_channel(const cv::Mat& picture) {
  std::array<cv::Mat, 3> channels;
  cv::split(picture, channels.data());
  cv::max(channels[0], channels[1], channels[0]);
  cv::max(channels[0], channels[2], channels[0]);
  return channels[0];
}

/// uint8 [H, W]: 255 within a few pixels of a change of fine structure.
cv::Mat near_structure(const cv::Mat& expected, const cv::Mat& picture) {
  cv::Mat before, now, smooth, change;
  cv::cvtColor(expected, before, cv::COLOR_RGB2GRAY);
  cv::cvtColor(picture, now, cv::COLOR_RGB2GRAY);
  cv::subtract(now, before, change, cv::noArray(), CV_16S);
  cv::blur(change, smooth, {9, 9});
  cv::absdiff(change, smooth, change);
  cv::Mat mask = change > kStructure;
  cv::morphologyEx(mask, mask, cv::MORPH_OPEN, cv::getStructuringElement(cv::MORPH_RECT, {2, 2}));
  cv::dilate(mask, mask, square_element(9));
  return mask;
}

/// Keeps the connected parts of `weak` that hold a pixel of `strong`.
cv::Mat hysteresis(const cv::Mat& weak, const cv::Mat& strong) {
  cv::Mat labels;
  const int count = cv::connectedComponents(weak, labels, 8, CV_32S);
  std::vector<unsigned char> keep(static_cast<std::size_t>(count), 0);
  for (int y = 0; y < labels.rows; ++y) {
    const auto* l = labels.ptr<int>(y);
    const auto* s = strong.ptr<unsigned char>(y);
    for (int x = 0; x < labels.cols; ++x) {
      if (s[x] != 0) keep[static_cast<std::size_t>(l[x])] = 255;
    }
  }
  keep[0] = 0;
  cv::Mat mask(labels.size(), CV_8U);
  for (int y = 0; y < labels.rows; ++y) {
    const auto* l = labels.ptr<int>(y);
    auto* m = mask.ptr<unsigned char>(y);
    for (int x = 0; x < labels.cols; ++x) m[x] = keep[static_cast<std::size_t>(l[x])];
  }
  return mask;
}

/// What the mask goes around: where colour tells nothing, the inside of an outline belongs to it.
cv::Mat enclosed(const cv::Mat& mask) {
  cv::Mat outside;
  cv::copyMakeBorder(mask, outside, 1, 1, 1, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
  cv::floodFill(outside, cv::Point(0, 0), cv::Scalar(255));
  return ~outside(cv::Rect(1, 1, mask.cols, mask.rows));
}

}  // namespace

cv::Mat square_element(int side) { return cv::getStructuringElement(cv::MORPH_RECT, {side, side}); }

cv::Mat light_like(const cv::Mat& expected, const cv::Mat& picture, const cv::Mat& where) {
  cv::Mat result(picture.size(), CV_8U, cv::Scalar(255));
  constexpr int kLent = 8;  // grey levels: dark pixels have no reliable ratio
  for (int y = 0; y < picture.rows; ++y) {
    const auto* e = expected.ptr<unsigned char>(y);
    const auto* p = picture.ptr<unsigned char>(y);
    const auto* w = where.ptr<unsigned char>(y);
    auto* to = result.ptr<unsigned char>(y);
    for (int x = 0; x < picture.cols; ++x) {
      if (w[x] == 0) continue;
      float least = 1e9F, most = 0;
      for (int c = 3 * x; c < 3 * x + 3; ++c) {
        const float ratio = static_cast<float>(p[c] + kLent) / static_cast<float>(e[c] + kLent);
        least = std::min(least, ratio);
        most = std::max(most, ratio);
      }
      const bool one_way = most <= 1 || least >= 1;
      to[x] = one_way && least > kDeepestShadow && most < 1 / kDeepestShadow && most - least < kSameFactor * most ? 255 : 0;
    }
  }
  return result;
}

Foreground find_foreground(const cv::Mat& expected, const cv::Mat& picture, const cv::Mat& noise, const ForegroundOptions& options) {
  Foreground found;
  cv::subtract(picture, expected, found.residual, cv::noArray(), CV_16S);
  cv::Mat low, high, above, below;
  cv::erode(expected, low, square_element(3));
  cv::dilate(expected, high, square_element(3));
  cv::subtract(picture, high, above);
  cv::subtract(low, picture, below);
  found.outside = largest_channel(cv::max(above, below));

  cv::Mat threshold, weak_threshold, far_threshold;
  noise.convertTo(threshold, CV_8U, kOverNoise / options.sensitivity);
  cv::max(threshold, kLeastDifference / options.sensitivity, threshold);
  threshold.convertTo(weak_threshold, CV_8U, kWeak);
  threshold.convertTo(far_threshold, CV_8U, kFar);
  cv::Mat strong = found.outside > threshold;
  found.share = static_cast<double>(cv::countNonZero(strong)) / static_cast<double>(strong.total());
  if (cv::countNonZero(strong) < kKeptPixels) {  // as in most pictures of a fixed camera
    found.mask = cv::Mat(picture.size(), CV_8U, cv::Scalar(0));
    found.labels = cv::Mat(picture.size(), CV_32S, cv::Scalar(0));
    return found;
  }
  cv::Mat weak = found.outside > weak_threshold;
  const cv::Mat allowed = near_structure(expected, picture) | (found.outside > far_threshold) | ~light_like(expected, picture, weak);
  strong &= allowed;
  cv::Mat mask = hysteresis(weak & allowed, strong);
  mask |= enclosed(mask) & weak;
  cv::morphologyEx(mask, mask, cv::MORPH_OPEN, square_element(2));
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE, square_element(5));
  found.mask = mask;

  cv::Mat labels, statistics, centroids;
  const int count = cv::connectedComponentsWithStats(mask, labels, statistics, centroids, 8, CV_32S);
  std::vector<int> order;
  for (int i = 1; i < count; ++i) {
    if (statistics.at<int>(i, cv::CC_STAT_AREA) >= options.least_area) order.push_back(i);
  }
  if (order.size() > kMostBlobs) {
    std::nth_element(order.begin(), order.begin() + kMostBlobs, order.end(),
                     [&](int a, int b) { return statistics.at<int>(a, cv::CC_STAT_AREA) > statistics.at<int>(b, cv::CC_STAT_AREA); });
    order.resize(kMostBlobs);
    std::sort(order.begin(), order.end());
  }
  std::vector<int> relabel(static_cast<std::size_t>(count), 0);
  for (const int i : order) {
    Blob blob;
    blob.label = static_cast<int>(found.blobs.size()) + 1;
    relabel[static_cast<std::size_t>(i)] = blob.label;
    blob.box = {statistics.at<int>(i, cv::CC_STAT_LEFT), statistics.at<int>(i, cv::CC_STAT_TOP), statistics.at<int>(i, cv::CC_STAT_WIDTH),
                statistics.at<int>(i, cv::CC_STAT_HEIGHT)};
    blob.area = statistics.at<int>(i, cv::CC_STAT_AREA);
    blob.centre = {centroids.at<double>(i, 0), centroids.at<double>(i, 1)};
    found.blobs.push_back(blob);
  }
  for (int y = 0; y < labels.rows; ++y) {
    auto* l = labels.ptr<int>(y);
    for (int x = 0; x < labels.cols; ++x) l[x] = relabel[static_cast<std::size_t>(l[x])];
  }
  found.labels = labels;
  return found;
}

}  // namespace reelgraph::captioner::signals
