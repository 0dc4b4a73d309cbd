#include "captioner/signals/stillness.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <opencv2/imgproc.hpp>
#include <vector>

namespace reelgraph::captioner::signals {
namespace {

constexpr int kChange = 14;      // grey levels from step to step
constexpr int kOverMedian = 4;   // times the median change: the sensor's noise
constexpr int kSettled = 1150;   // ms without change
constexpr int kNever = -100000;  // ms

/// Of every fourth row, good to one level.
int median_of(const cv::Mat& levels) {
  std::array<int, 256> counts{};
  int total = 0;
  for (int y = 0; y < levels.rows; y += 4) {
    const auto* row = levels.ptr<std::int16_t>(y);
    for (int x = 0; x < levels.cols; ++x) ++counts[static_cast<std::size_t>(std::clamp<int>(row[x], 0, 255))];
    total += levels.cols;
  }
  int seen = 0, level = 0;
  while (level < 255 && 2 * (seen + counts[static_cast<std::size_t>(level)]) < total) seen += counts[static_cast<std::size_t>(level++)];
  return level;
}

}  // namespace

void Stillness::begin(cv::Size size, base::Timestamp start) {
  start_ = start;
  residual_.release();
  changed_ = cv::Mat(size, CV_8U, cv::Scalar(0));
  last_change_ = cv::Mat(size, CV_32S, cv::Scalar(kNever));
  differs_since_ = cv::Mat(size, CV_32S, cv::Scalar(kNever));
  last_moving_ = cv::Mat(size, CV_32S, cv::Scalar(kNever));
}

void Stillness::step(base::Timestamp at, Foreground& found) {
  const int now = milliseconds(at);
  if (residual_.empty()) {
    changed_.setTo(0);
  } else {
    cv::Mat difference;
    cv::absdiff(found.residual, residual_, difference);
    std::array<cv::Mat, 3> channels;
    cv::split(difference, channels.data());
    cv::max(channels[0], channels[1], channels[0]);
    cv::max(channels[0], channels[2], channels[0]);
    changed_ = channels[0] > std::max(kChange, kOverMedian * median_of(channels[0]));
  }
  residual_ = found.residual;
  struct Sums {
    int active = 0, settled = 0;
    double outside = 0;
  };
  std::vector<Sums> sums(found.blobs.size() + 1);
  for (int y = 0; y < changed_.rows; ++y) {
    const auto* c = changed_.ptr<std::uint8_t>(y);
    const auto* m = found.mask.ptr<std::uint8_t>(y);
    const auto* o = found.outside.ptr<std::uint8_t>(y);
    const auto* l = found.labels.ptr<int>(y);
    auto* last = last_change_.ptr<int>(y);
    auto* since = differs_since_.ptr<int>(y);
    auto* moving = last_moving_.ptr<int>(y);
    for (int x = 0; x < changed_.cols; ++x) {
      if (c[x] != 0) last[x] = now;
      if (m[x] == 0) {
        since[x] = kNever;
        continue;
      }
      if (since[x] == kNever) {
        since[x] = now;
        if (c[x] == 0) last[x] = std::max(last[x], now);
      }
      if (c[x] != 0) moving[x] = now;
      Sums& s = sums[static_cast<std::size_t>(l[x])];
      s.active += c[x] != 0 ? 1 : 0;
      s.settled += now - last[x] >= kSettled ? 1 : 0;
      s.outside += o[x];
    }
  }
  for (Blob& blob : found.blobs) {
    const Sums& s = sums[static_cast<std::size_t>(blob.label)];
    blob.active = s.active / blob.area;
    blob.settled = s.settled / blob.area;
    blob.contrast = s.outside / blob.area;
  }
}

void Stillness::forget(const cv::Mat& where) {
  differs_since_.setTo(kNever, where);
  if (!residual_.empty()) residual_.setTo(cv::Scalar::all(0), where);
}

int Stillness::moved_since(const cv::Mat& where, base::Timestamp since) const {
  return cv::countNonZero((last_moving_ >= milliseconds(since)) & where);
}

base::Timestamp Stillness::quantile(const cv::Mat& times, const cv::Mat& where, double part) const {
  std::vector<int> values;
  for (int y = 0; y < times.rows; ++y) {
    const auto* t = times.ptr<int>(y);
    const auto* w = where.ptr<std::uint8_t>(y);
    for (int x = 0; x < times.cols; ++x) {
      if (w[x] != 0 && t[x] != kNever) values.push_back(t[x]);
    }
  }
  if (values.empty()) return start_;
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return start_ + static_cast<base::Timestamp>(*at) * base::kMillisecond;
}

}  // namespace reelgraph::captioner::signals
