#include "captioner/signals/exposure.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace reelgraph::captioner::signals {
namespace {

constexpr int kBands = 32, kBandWidth = 256 / kBands;
constexpr double kLeastPixels = 24;  // in a band, for a median to count at all
constexpr double kTrust = 120;       // pixels whose median counts as much as the trend

struct Knot {
  double from = 0, to = 0, weight = 0;
};

/// Pool adjacent violators: the closest non-decreasing sequence in weighted least squares.
void make_monotone(std::vector<Knot>& knots) {
  std::vector<std::pair<double, double>> pools;  // level, weight
  std::vector<std::size_t> sizes;
  for (const Knot& k : knots) {
    pools.emplace_back(k.to, k.weight);
    sizes.push_back(1);
    while (pools.size() > 1 && pools[pools.size() - 2].first > pools.back().first) {
      const auto last = pools.back();
      auto& before = pools[pools.size() - 2];
      before.first = (before.first * before.second + last.first * last.second) / (before.second + last.second);
      before.second += last.second;
      pools.pop_back();
      const std::size_t size = sizes.back();
      sizes.pop_back();
      sizes.back() += size;
    }
  }
  std::size_t next = 0;
  for (std::size_t i = 0; i < pools.size(); ++i) {
    for (std::size_t k = 0; k < sizes[i]; ++k) knots[next++].to = pools[i].first;
  }
}

double middle(const std::array<int, 256>& counts, int total) {
  int seen = 0;
  for (int level = 0; level < 256; ++level) {
    const int here = counts[static_cast<std::size_t>(level)];
    if (here > 0 && 2 * (seen + here) >= total) return level - 0.5 + (total / 2.0 - seen) / here;
    seen += here;
  }
  return 255;
}

std::array<float, 256> curve_through(std::vector<Knot> knots) {
  std::array<float, 256> curve{};
  for (int i = 0; i < 256; ++i) curve[static_cast<std::size_t>(i)] = static_cast<float>(i);
  if (knots.empty()) return curve;
  // The trend: a gain and an offset over all bands, so that a band covered by something large is not believed too much.
  double n = 0, sa = 0, sb = 0, saa = 0, sab = 0;
  for (const Knot& k : knots) {
    const double w = std::min(k.weight, 400.0);
    n += w;
    sa += w * k.from;
    sb += w * k.to;
    saa += w * k.from * k.from;
    sab += w * k.from * k.to;
  }
  const double variance = saa / n - sa / n * (sa / n), covariance = sab / n - sa / n * (sb / n);
  constexpr double kPrior = 60;
  const double gain = std::clamp((covariance + kPrior) / (variance + kPrior), 0.3, 3.0);
  const double offset = sb / n - gain * sa / n;
  for (Knot& k : knots) k.to = (k.to * k.weight + (gain * k.from + offset) * kTrust) / (k.weight + kTrust);
  make_monotone(knots);
  const double end_gain = std::clamp(gain, 0.5, 1.5);
  std::size_t next = 0;
  for (int i = 0; i < 256; ++i) {
    while (next < knots.size() && knots[next].from < i) ++next;
    double level = 0;
    if (next == 0) {
      level = knots.front().to + end_gain * (i - knots.front().from);
    } else if (next == knots.size()) {
      level = knots.back().to + end_gain * (i - knots.back().from);
    } else {
      const Knot &a = knots[next - 1], &b = knots[next];
      level = a.to + (b.to - a.to) * (i - a.from) / std::max(1e-6, b.from - a.from);
    }
    curve[static_cast<std::size_t>(i)] = static_cast<float>(std::clamp(level, 0.0, 255.0));
  }
  return curve;
}

}  // namespace

ToneCurves::ToneCurves() {
  for (auto& curve : curve_) {
    for (int i = 0; i < 256; ++i) curve[static_cast<std::size_t>(i)] = static_cast<float>(i);
  }
}

void ToneCurves::fit(const cv::Mat& reference, const cv::Mat& present, const cv::Mat& use) {
  std::vector<std::array<int, 256>> counts(static_cast<std::size_t>(3 * kBands));
  std::vector<int> totals(static_cast<std::size_t>(3 * kBands)), sums(static_cast<std::size_t>(3 * kBands));
  for (int y = 0; y < reference.rows; y += 2) {
    const auto* r = reference.ptr<unsigned char>(y);
    const auto* p = present.ptr<unsigned char>(y);
    const auto* u = use.ptr<unsigned char>(y);
    for (int x = 0; x < reference.cols; x += 2) {
      if (u[x] == 0) continue;
      for (int c = 0; c < 3; ++c) {
        const int level = r[3 * x + c];
        const auto band = static_cast<std::size_t>(c * kBands + level / kBandWidth);
        ++counts[band][p[3 * x + c]];
        ++totals[band];
        sums[band] += level;
      }
    }
  }
  for (int c = 0; c < 3; ++c) {
    std::vector<Knot> knots;
    for (int b = 0; b < kBands; ++b) {
      const auto band = static_cast<std::size_t>(c * kBands + b);
      if (totals[band] < kLeastPixels) continue;
      knots.push_back(
          {static_cast<double>(sums[band]) / totals[band], middle(counts[band], totals[band]), static_cast<double>(totals[band])});
    }
    curve_[static_cast<std::size_t>(c)] = curve_through(std::move(knots));
  }
}

cv::Mat ToneCurves::apply(const cv::Mat& reference) const {
  cv::Mat table(1, 256, CV_8UC3), result;
  for (int i = 0; i < 256; ++i) {
    for (int c = 0; c < 3; ++c)
      table.at<cv::Vec3b>(0, i)[c] = cv::saturate_cast<unsigned char>(curve_[static_cast<std::size_t>(c)][static_cast<std::size_t>(i)]);
  }
  cv::LUT(reference, table, result);
  return result;
}

cv::Mat ToneCurves::apply_exactly(const cv::Mat& reference) const {
  cv::Mat result(reference.size(), CV_32FC3);
  for (int y = 0; y < reference.rows; ++y) {
    const auto* from = reference.ptr<float>(y);
    auto* to = result.ptr<float>(y);
    for (int x = 0; x < 3 * reference.cols; ++x) {
      const auto& curve = curve_[static_cast<std::size_t>(x % 3)];
      const float level = std::clamp(from[x], 0.0F, 255.0F);
      const auto below = static_cast<std::size_t>(std::min(level, 254.0F));
      to[x] = curve[below] + (curve[below + 1] - curve[below]) * (level - static_cast<float>(below));
    }
  }
  return result;
}

double ToneCurves::deviation() const {
  double sum = 0;
  for (const auto& curve : curve_) {
    for (int i = 0; i < 256; ++i) sum += std::abs(curve[static_cast<std::size_t>(i)] - static_cast<float>(i));
  }
  return sum / (3 * 256);
}

cv::Mat ToneCurves::invert(const cv::Mat& present) const {
  cv::Mat table(1, 256, CV_32FC3), result;
  for (int c = 0; c < 3; ++c) {
    const auto& curve = curve_[static_cast<std::size_t>(c)];
    for (int level = 0; level < 256; ++level) {
      const auto value = static_cast<float>(level);
      const auto above = std::lower_bound(curve.begin(), curve.end(), value);
      float from = 255;
      if (above == curve.begin()) {
        from = std::max(0.0F, value - curve.front());
      } else if (above != curve.end()) {
        const auto i = static_cast<float>(above - curve.begin());
        const float step = *above - *(above - 1);
        from = step > 1e-3F ? i - (*above - value) / step : i;
      }
      table.at<cv::Vec3f>(0, level)[c] = std::min(from, 255.0F);
    }
  }
  cv::LUT(present, table, result);
  return result;
}

}  // namespace reelgraph::captioner::signals
