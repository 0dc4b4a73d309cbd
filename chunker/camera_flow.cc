#include "chunker/camera_flow.h"

#include <algorithm>
#include <cmath>
#include <opencv2/core.hpp>
#include <opencv2/imgproc.hpp>
#include <opencv2/video/tracking.hpp>
#include <vector>

namespace reelgraph::chunker {
namespace {

constexpr int kColumns = 12, kRows = 8;
constexpr int kCornerMargin = 4;      // pixels at the border without a corner
constexpr double kAgree = 0.8;        // pixels off the fitted movement
constexpr double kTexture = 12;       // least corner response, in grey levels of the weaker direction
constexpr double kLeastCells = 0.25;  // share of the picture that must have texture for full confidence
constexpr double kLeastSpread = 0.2;  // deviation of the agreeing points, in picture sides, for full confidence: 0.29 is all over

/// How much of a corner each pixel is: the smaller eigenvalue of the gradients' covariance over 5 x 5 pixels (Shi and Tomasi 1994). The
/// same as cv::cornerMinEigenVal but for its scale, in whole numbers up to the root and so several times as fast.
/// @returns float [H, W], in squares of summed Sobel gradients; 0 within the margin, and where it is less than `least`
cv::Mat corner_response(const cv::Mat& picture, int least) {
  constexpr int kReach = 2;
  cv::Mat response(picture.size(), CV_32F, cv::Scalar(0));
  if (picture.cols <= 2 * kCornerMargin || picture.rows <= 2 * kCornerMargin) return response;
  cv::Mat gx, gy;
  cv::spatialGradient(picture, gx, gy, 3);
  const auto width = static_cast<std::size_t>(picture.cols);
  std::vector<int> xx(width), xy(width), yy(width);  // of one column, over the rows within reach
  const auto enter = [&](int row) {
    const auto *x = gx.ptr<std::int16_t>(row), *y = gy.ptr<std::int16_t>(row);
    for (std::size_t i = 0; i < width; ++i) xx[i] += x[i] * x[i];
    for (std::size_t i = 0; i < width; ++i) xy[i] += x[i] * y[i];
    for (std::size_t i = 0; i < width; ++i) yy[i] += y[i] * y[i];
  };
  const auto leave = [&](int row) {
    const auto *x = gx.ptr<std::int16_t>(row), *y = gy.ptr<std::int16_t>(row);
    for (std::size_t i = 0; i < width; ++i) xx[i] -= x[i] * x[i];
    for (std::size_t i = 0; i < width; ++i) xy[i] -= x[i] * y[i];
    for (std::size_t i = 0; i < width; ++i) yy[i] -= y[i] * y[i];
  };
  const auto around = [](const std::vector<int>& sums, std::size_t x) {
    return sums[x - 2] + sums[x - 1] + sums[x] + sums[x + 1] + sums[x + 2];
  };
  for (int y = kCornerMargin - kReach; y < kCornerMargin + kReach; ++y) enter(y);
  for (int y = kCornerMargin; y < picture.rows - kCornerMargin; ++y) {
    enter(y + kReach);
    auto* to = response.ptr<float>(y);
    for (std::size_t x = kCornerMargin; x < width - kCornerMargin; ++x) {
      const int sum_xx = around(xx, x), sum_yy = around(yy, x);
      if (sum_xx < least || sum_yy < least) continue;  // the smaller eigenvalue is no larger than either
      const float a = static_cast<float>(sum_xx) / 2, b = static_cast<float>(around(xy, x)), c = static_cast<float>(sum_yy) / 2;
      to[x] = a + c - std::sqrt((a - c) * (a - c) + b * b);
    }
    leave(y - kReach);
  }
  return response;
}

/// The best corner of each cell of a grid, so that points cover the picture and one rich object does not outvote the rest.
std::vector<cv::Point2f> grid_corners(const cv::Mat& picture) {
  // Sobel's kernel sums four differences, over a window of side 5.
  constexpr double kLeast = kTexture * kTexture * (4 * 5) * (4 * 5);
  const cv::Mat response = corner_response(picture, static_cast<int>(kLeast));
  std::vector<cv::Point2f> points;
  for (int row = 0; row < kRows; ++row) {
    for (int column = 0; column < kColumns; ++column) {
      const int x0 = std::max(kCornerMargin, picture.cols * column / kColumns);
      const int x1 = std::min(picture.cols - kCornerMargin, picture.cols * (column + 1) / kColumns);
      const int y0 = std::max(kCornerMargin, picture.rows * row / kRows);
      const int y1 = std::min(picture.rows - kCornerMargin, picture.rows * (row + 1) / kRows);
      if (x1 <= x0 || y1 <= y0) continue;
      double best = 0;
      cv::Point where;
      cv::minMaxLoc(response(cv::Rect(x0, y0, x1 - x0, y1 - y0)), nullptr, &best, nullptr, &where);
      if (best > kLeast) points.emplace_back(static_cast<float>(x0 + where.x), static_cast<float>(y0 + where.y));
    }
  }
  return points;
}

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// Similarity x' = x + tx + a x - b y, y' = y + ty + b x + a y around the picture's centre.
struct Similarity {
  double tx = 0, ty = 0, a = 0, b = 0;
  [[nodiscard]] cv::Point2d displacement(double x, double y) const { return {tx + a * x - b * y, ty + b * x + a * y}; }
};

/// Weighted least squares; keeps a and b at 0 where the points do not span enough to tell.
Similarity fit(const std::vector<cv::Point2d>& at, const std::vector<cv::Point2d>& flow, const std::vector<double>& weights) {
  cv::Matx44d normal = cv::Matx44d::zeros();
  cv::Vec4d right(0, 0, 0, 0);
  for (std::size_t i = 0; i < at.size(); ++i) {
    const cv::Vec4d row_x(1, 0, at[i].x, -at[i].y), row_y(0, 1, at[i].y, at[i].x);
    normal += weights[i] * (row_x * row_x.t() + row_y * row_y.t());
    right += weights[i] * (row_x * flow[i].x + row_y * flow[i].y);
  }
  for (int i = 0; i < 4; ++i) normal(i, i) += 1e-6;
  const cv::Vec4d solution = normal.solve(right, cv::DECOMP_CHOLESKY);
  return {solution[0], solution[1], solution[2], solution[3]};
}

}  // namespace

CameraMove estimate_camera(const cv::Mat& previous, const cv::Mat& present) {
  CameraMove move;
  const std::vector<cv::Point2f> points = grid_corners(previous);
  if (points.size() < 8) return move;
  std::vector<cv::Point2f> found, back;
  std::vector<unsigned char> ok, ok_back;
  std::vector<float> error;
  const cv::TermCriteria criteria(cv::TermCriteria::COUNT | cv::TermCriteria::EPS, 20, 0.02);
  const cv::Size window(15, 15);
  constexpr int kLevels = 3;
  // Both directions use the same pyramids.
  std::vector<cv::Mat> pyramid_before, pyramid_now;
  cv::buildOpticalFlowPyramid(previous, pyramid_before, window, kLevels);
  cv::buildOpticalFlowPyramid(present, pyramid_now, window, kLevels);
  cv::calcOpticalFlowPyrLK(pyramid_before, pyramid_now, points, found, ok, error, window, kLevels, criteria);
  cv::calcOpticalFlowPyrLK(pyramid_now, pyramid_before, found, back, ok_back, error, window, kLevels, criteria);

  const double centre_x = previous.cols / 2.0, centre_y = previous.rows / 2.0;
  std::vector<cv::Point2d> at, flow;
  std::vector<double> xs, ys;
  for (std::size_t i = 0; i < points.size(); ++i) {
    if (ok[i] == 0 || ok_back[i] == 0) continue;
    const cv::Point2f round_trip = back[i] - points[i];
    if (round_trip.dot(round_trip) > 0.5F) continue;  // what cannot be followed back was not followed
    at.emplace_back(points[i].x - centre_x, points[i].y - centre_y);
    flow.emplace_back(found[i] - points[i]);
    xs.push_back(flow.back().x);
    ys.push_back(flow.back().y);
  }
  if (at.size() < 8) return move;

  Similarity best{median(xs), median(ys), 0, 0};
  std::vector<double> weights(at.size());
  for (const double reach : {4.0, 2.5, 1.5, 1.0}) {
    std::size_t near = 0;
    for (std::size_t i = 0; i < at.size(); ++i) {
      const cv::Point2d off = flow[i] - best.displacement(at[i].x, at[i].y);
      const double r2 = off.dot(off) / (reach * reach);
      weights[i] = r2 < 1 ? (1 - r2) * (1 - r2) : 0;
      near += r2 < 1 ? 1 : 0;
    }
    if (near < 8) return move;
    best = fit(at, flow, weights);
  }
  std::size_t agree = 0;
  double sx = 0, sy = 0, sxx = 0, syy = 0;
  for (std::size_t i = 0; i < at.size(); ++i) {
    const cv::Point2d off = flow[i] - best.displacement(at[i].x, at[i].y);
    if (off.dot(off) >= kAgree * kAgree) continue;
    ++agree;
    sx += at[i].x;
    sy += at[i].y;
    sxx += at[i].x * at[i].x;
    syy += at[i].y * at[i].y;
  }
  if (agree == 0) return move;
  const auto count = static_cast<double>(agree);
  // One large thing on a plain ground moves by itself; a camera moves what lies all over the picture.
  const double spread_x = std::sqrt(std::max(0.0, sxx / count - sx / count * (sx / count))) / previous.cols;
  const double spread_y = std::sqrt(std::max(0.0, syy / count - sy / count * (sy / count))) / previous.rows;
  const double spread = std::min(1.0, spread_x / kLeastSpread) * std::min(1.0, spread_y / kLeastSpread);
  const double textured = static_cast<double>(points.size()) / (kColumns * kRows);
  move.confidence = count / static_cast<double>(points.size()) * std::min(1.0, textured / kLeastCells) * spread;
  move.shift_x = best.tx;
  move.shift_y = best.ty;
  move.zoom = best.a;
  const double corner = std::hypot(centre_x, centre_y) * std::hypot(best.a, best.b);
  move.moved = move.confidence > 0.5 && std::hypot(best.tx, best.ty) + corner > 0.15;
  move.transform = {1 + best.a, -best.b,    best.tx - best.a * centre_x + best.b * centre_y,  //
                    best.b,     1 + best.a, best.ty - best.b * centre_x - best.a * centre_y};
  return move;
}

namespace {

/// @param least_gradient grey levels over two pixels, of the pixels that are asked
/// @param strict the gradients have to explain what differs: those of a plain ground are near to noise
/// @param few true if there were too few such pixels
std::optional<Offset> offset_by(const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use, Offset guess, int least_gradient,
                                bool strict, bool& few) {
  constexpr int kMargin = 8;
  constexpr int kMostChange = 40;           // grey levels: more is something else
  constexpr double kMostError = 150;        // mean square, grey levels
  constexpr double kLeastExplained = 0.65;  // of the pixels with a gradient; the rest moved, or all did
  constexpr double kMostOfGradient = 0.4;   // mean square of what differs over that of the gradients, where these are weak
  cv::Point2d offset = std::hypot(guess.x, guess.y) < kMargin - 2 ? cv::Point2d(guess.x, guess.y) : cv::Point2d();
  for (int turn = 0; turn < 4; ++turn) {
    // Bilinear sample of the present picture at the offset, in 1/64.
    const int dx = cvFloor(offset.x), dy = cvFloor(offset.y);
    const int fx = cvRound((offset.x - dx) * 64), fy = cvRound((offset.y - dy) * 64);
    double xx = 0, xy = 0, yy = 0, xt = 0, yt = 0, error = 0, left_x = 0, right_x = 0, left = 0, right = 0;
    int count = 0, textured = 0;
    for (int y = kMargin; y < expected.rows - kMargin; y += 2) {
      const auto* e = expected.ptr<unsigned char>(y);
      const auto* above = expected.ptr<unsigned char>(y - 1);
      const auto* below = expected.ptr<unsigned char>(y + 1);
      const auto* p = present.ptr<unsigned char>(y + dy);
      const auto* q = present.ptr<unsigned char>(y + dy + 1);
      const auto* u = use.empty() ? nullptr : use.ptr<unsigned char>(y);
      for (int x = kMargin; x < expected.cols - kMargin; ++x) {
        if (u != nullptr && u[x] == 0) continue;
        const int gx = e[x + 1] - e[x - 1], gy = below[x] - above[x];
        if (gx * gx + gy * gy < least_gradient * least_gradient) continue;
        const int top = p[x + dx] * (64 - fx) + p[x + dx + 1] * fx, bottom = q[x + dx] * (64 - fx) + q[x + dx + 1] * fx;
        const double t = (top * (64 - fy) + bottom * fy) / 4096.0 - e[x];
        ++textured;
        if (std::abs(t) > kMostChange) continue;
        const double hx = gx / 2.0, hy = gy / 2.0;
        xx += hx * hx;
        xy += hx * hy;
        yy += hy * hy;
        xt += hx * t;
        yt += hy * t;
        error += t * t;
        ++count;
        (x < expected.cols / 2 ? left_x : right_x) -= hx * t;
        (x < expected.cols / 2 ? left : right) += hx * hx;
      }
    }
    const double determinant = xx * yy - xy * xy;
    few = count < 200;
    if (few || determinant <= 0.02 * xx * yy) return std::nullopt;
    // present(x + d) = expected(x): t = -g (d - offset).
    const cv::Point2d step(-(yy * xt - xy * yt) / determinant, -(xx * yt - xy * xt) / determinant);
    if (std::hypot(step.x, step.y) < 0.1) {
      // A zoom or a turn moves the halves apart.
      const bool together = left < 1000 || right < 1000 || std::abs(left_x / left - right_x / right) < 0.3;
      if (!together || error > kMostError * count || count < kLeastExplained * textured) return std::nullopt;
      if (strict && error > kMostOfGradient * (xx + yy)) return std::nullopt;
      return Offset{offset.x + step.x, offset.y + step.y};
    }
    offset += step * std::min(1.0, 1.5 / std::hypot(step.x, step.y));
    if (std::hypot(offset.x, offset.y) > kMargin - 2) return std::nullopt;
  }
  return std::nullopt;
}

}  // namespace

std::optional<Offset> small_offset(const cv::Mat& expected, const cv::Mat& present, const cv::Mat& use, Offset guess) {
  bool few = false;
  const auto offset = offset_by(expected, present, use, guess, 24, false, few);
  return offset || !few ? offset : offset_by(expected, present, use, guess, 10, true, few);
}

}  // namespace reelgraph::chunker
