#include "chunker/picture_meter.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <opencv2/imgproc.hpp>
#include <utility>
#include <vector>

#include "chunker/camera_flow.h"

namespace reelgraph::chunker {
namespace {

constexpr double kLeastDifference = 16;      // grey levels
constexpr double kOverNoise = 5;             // times the median difference
constexpr double kLeastBlob = 0.00014;       // share of the picture: 8 of 320 x 180 pixels, a hand that stirs
constexpr double kLeastBlobMoving = 0.0012;  // the same under a moving camera, whose compensation leaves crumbs
constexpr double kNoisyMedian = 14;          // grey levels by which half of the picture changes when nothing can be told
constexpr int kClippedLow = 2, kClippedHigh = 253;
constexpr double kStands = 0.1;  // pixels between two pictures
constexpr double kNoisyShare = 0.75;

/// present = gain * previous + offset for one channel, over the pixels that most agree.
struct Tone {
  double gain = 1, offset = 0;
};

/// Fits the change of exposure channel by channel: least squares, then again without what fits badly (what moved).
std::array<Tone, 3> fit_tones(const cv::Mat& previous, const cv::Mat& present) {
  // Joint histograms of 4-level bins: 64 x 64 cells say as much as all pixels and cost little to refit.
  constexpr int kCells = 64;
  std::array<std::array<int, static_cast<std::size_t>(kCells) * kCells>, 3> counts{};
  for (int y = 1; y < previous.rows; y += 2) {
    const auto* p = previous.ptr<unsigned char>(y);
    const auto* q = present.ptr<unsigned char>(y);
    for (int x = 0; x < 3 * previous.cols; x += 3) {
      for (int c = 0; c < 3; ++c) {
        const int a = p[x + c], b = q[x + c];
        if (a <= kClippedLow || b <= kClippedLow || a >= kClippedHigh || b >= kClippedHigh) continue;  // clipped: says nothing about gain
        ++counts[static_cast<std::size_t>(c)][static_cast<std::size_t>(a / 4 * kCells + b / 4)];
      }
    }
  }
  struct Cell {
    double a, b, count;
  };
  std::array<Tone, 3> tones;
  std::vector<Cell> cells;
  for (std::size_t c = 0; c < tones.size(); ++c) {
    cells.clear();
    for (int i = 0; i < kCells * kCells; ++i) {
      const int count = counts[c][static_cast<std::size_t>(i)];
      if (count > 0) cells.push_back({i / kCells * 4 + 1.5, i % kCells * 4 + 1.5, static_cast<double>(count)});
    }
    Tone& tone = tones[c];
    for (const double reach : {1e9, 30.0, 16.0, 10.0, 8.0}) {
      double n = 0, sa = 0, sb = 0, saa = 0, sab = 0;
      for (const Cell& cell : cells) {
        if (std::abs(tone.gain * cell.a + tone.offset - cell.b) > reach) continue;
        n += cell.count;
        sa += cell.count * cell.a;
        sb += cell.count * cell.b;
        saa += cell.count * cell.a * cell.a;
        sab += cell.count * cell.a * cell.b;
      }
      if (n < 50) {
        tone = {};
        break;
      }
      const double variance = saa / n - sa / n * (sa / n);
      // A prior of gain 1 keeps flat pictures from inventing contrast.
      constexpr double kPrior = 40;
      const double covariance = sab / n - sa / n * (sb / n);
      tone.gain = std::clamp((covariance + kPrior) / (variance + kPrior), 0.4, 2.5);
      tone.offset = sb / n - tone.gain * sa / n;
    }
  }
  return tones;
}

/// What the present picture may show where nothing moved. A clipped pixel of the previous one was at least (at most) that bright.
struct Expected {
  cv::Mat low, high;
};

Expected apply_tone(const cv::Mat& picture, const std::array<Tone, 3>& tones) {
  cv::Mat low_table(1, 256, CV_8UC3), high_table(1, 256, CV_8UC3);
  for (int i = 0; i < 256; ++i) {
    for (int c = 0; c < 3; ++c) {
      const Tone& tone = tones[static_cast<std::size_t>(c)];
      const auto level = cv::saturate_cast<unsigned char>(tone.gain * i + tone.offset);
      low_table.at<cv::Vec3b>(0, i)[c] = i <= kClippedLow ? 0 : level;
      high_table.at<cv::Vec3b>(0, i)[c] = i >= kClippedHigh ? 255 : level;
    }
  }
  Expected expected;
  cv::LUT(picture, low_table, expected.low);
  cv::LUT(picture, high_table, expected.high);
  return expected;
}

double median_level(const cv::Mat& difference, const cv::Mat& valid) {
  std::array<int, 256> counts{};
  int total = 0;
  for (int y = 0; y < difference.rows; ++y) {
    const auto* d = difference.ptr<unsigned char>(y);
    const auto* v = valid.ptr<unsigned char>(y);
    for (int x = 0; x < difference.cols; ++x) {
      if (v[x] == 0) continue;
      ++counts[d[x]];
      ++total;
    }
  }
  int seen = 0;
  for (int level = 0; level < 256; ++level) {
    const int here = counts[static_cast<std::size_t>(level)];
    if (2 * (seen + here) >= total) return here > 0 ? level + (total / 2.0 - seen) / here - 0.5 : level;
    seen += here;
  }
  return 255;
}

cv::Mat largest_channel(const cv::Mat& picture) {
  std::array<cv::Mat, 3> channels;
  cv::split(picture, channels.data());
  cv::max(channels[0], channels[1], channels[0]);
  cv::max(channels[0], channels[2], channels[0]);
  return channels[0];
}

/// How far `present` lies outside what was expected, the largest of the channels. `tolerant`: outside of all that is expected within a
/// pixel around, so that a warp by parts of a pixel explains the change.
cv::Mat unexpected(const Expected& expected, const cv::Mat& present, bool tolerant) {
  cv::Mat low = expected.low, high = expected.high, above, below;
  if (tolerant) {
    const cv::Mat around = cv::getStructuringElement(cv::MORPH_RECT, {3, 3});
    cv::erode(expected.low, low, around);
    cv::dilate(expected.high, high, around);
  }
  cv::subtract(present, high, above);
  cv::subtract(low, present, below);
  return largest_channel(cv::max(above, below));
}

}  // namespace

struct PictureMeter::State {
  cv::Mat colour;  ///< uint8 RGB, smoothed
  cv::Mat luma;    ///< uint8
};

PictureMeter::PictureMeter() : state_(std::make_unique<State>()) {}
PictureMeter::~PictureMeter() = default;
PictureMeter::PictureMeter(PictureMeter&&) noexcept = default;
PictureMeter& PictureMeter::operator=(PictureMeter&&) noexcept = default;

void PictureMeter::new_shot() { *state_ = {}; }

base::PictureSample PictureMeter::measure(base::Timestamp at, const base::Image& picture) {
  base::PictureSample sample;
  sample.at = at;
  // OpenCV has no read-only Mat over foreign memory; the picture is only read.
  const cv::Mat rgb(picture.height, picture.width, CV_8UC3, const_cast<std::uint8_t*>(picture.pixels.data()));
  cv::Mat luma, laplacian, colour;
  cv::cvtColor(rgb, luma, cv::COLOR_RGB2GRAY);
  cv::Laplacian(luma, laplacian, CV_16S);
  cv::Scalar mean, deviation;
  cv::meanStdDev(laplacian, mean, deviation);
  sample.sharpness = deviation[0] * deviation[0];
  sample.brightness = cv::mean(luma)[0] / 255;
  cv::GaussianBlur(rgb, colour, {3, 3}, 0);

  const cv::Mat before_luma = std::exchange(state_->luma, luma);
  cv::Mat before = std::exchange(state_->colour, colour);
  if (before.empty() || before.size() != colour.size()) return sample;

  cv::Mat raw;
  cv::absdiff(before_luma, luma, raw);
  double largest = 0;
  cv::minMaxLoc(raw, nullptr, &largest);
  if (largest < kLeastDifference) {
    // Nothing changed by more than noise: a still picture, which is what static cameras mostly give.
    cv::Mat difference;
    cv::absdiff(before, colour, difference);
    cv::minMaxLoc(difference.reshape(1), nullptr, &largest);
    if (largest < kLeastDifference) return sample;
  }

  // Mostly the camera stands: that is found out cheaply.
  const auto offset = small_offset(before_luma, luma, {}, {});
  CameraMove camera;
  if (offset && std::hypot(offset->x, offset->y) < kStands) {
    camera.confidence = 1;
  } else {
    camera = estimate_camera(before_luma, luma);
  }
  cv::Mat valid(colour.size(), CV_8U, cv::Scalar(255));
  if (camera.confidence > 0) {
    sample.camera_x = camera.shift_x / colour.cols;
    sample.camera_y = camera.shift_y / colour.rows;
    sample.camera_zoom = camera.zoom;
    sample.camera_confidence = camera.confidence;
  }
  if (camera.moved) {
    cv::Mat warped, inside;
    const cv::Matx23d transform(camera.transform.data());
    cv::warpAffine(before, warped, transform, colour.size(), cv::INTER_LINEAR, cv::BORDER_REPLICATE);
    cv::warpAffine(valid, inside, transform, colour.size(), cv::INTER_NEAREST, cv::BORDER_CONSTANT, cv::Scalar(0));
    cv::erode(inside, valid, cv::getStructuringElement(cv::MORPH_RECT, {5, 5}), {-1, -1}, 1, cv::BORDER_CONSTANT, cv::Scalar(0));
    before = warped;
  }
  const cv::Mat difference = unexpected(apply_tone(before, fit_tones(before, colour)), colour, camera.moved);
  const double typical = median_level(difference, valid);
  const double threshold = std::max(kLeastDifference, kOverNoise * typical);
  cv::Mat mask = (difference > threshold) & valid;
  const double changed = static_cast<double>(cv::countNonZero((difference > kLeastDifference) & valid)) / static_cast<double>(mask.total());
  if (typical > kNoisyMedian || changed > kNoisyShare) {
    sample.noisy = true;
    return sample;
  }
  cv::morphologyEx(mask, mask, cv::MORPH_CLOSE, cv::getStructuringElement(cv::MORPH_RECT, {3, 3}));
  cv::Mat labels, statistics, centroids;
  const int count = cv::connectedComponentsWithStats(mask, labels, statistics, centroids, 8, CV_32S);
  const double least = std::max(4.0, (camera.moved ? kLeastBlobMoving : kLeastBlob) * static_cast<double>(mask.total()));
  double area = 0, x = 0, y = 0;
  for (int i = 1; i < count; ++i) {
    const double size = statistics.at<int>(i, cv::CC_STAT_AREA);
    if (size < least) continue;
    area += size;
    x += size * (centroids.at<double>(i, 0) + 0.5);
    y += size * (centroids.at<double>(i, 1) + 0.5);
  }
  if (area > 0) {
    sample.motion = area / static_cast<double>(mask.total());
    sample.motion_x = x / area / mask.cols;
    sample.motion_y = y / area / mask.rows;
  }
  return sample;
}

}  // namespace reelgraph::chunker
