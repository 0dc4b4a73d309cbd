#include "ingest/tone_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace reelgraph::ingest {
namespace {

constexpr double kSdrWhiteNits = 203;  // ITU-R BT.2408: diffuse white
constexpr double kPeakNits = 1000;
constexpr float kKnee = 0.75F;
constexpr float kPeak = static_cast<float>(kPeakNits / kSdrWhiteNits);

/// SMPTE ST 2084: code value to light, 1 = SDR white.
double pq_light(double code) {
  constexpr double m1 = 2610.0 / 16384, m2 = 2523.0 / 4096 * 128, c1 = 3424.0 / 4096, c2 = 2413.0 / 4096 * 32, c3 = 2392.0 / 4096 * 32;
  const double p = std::pow(code, 1 / m2);
  return std::pow(std::max(0.0, p - c1) / (c2 - c3 * p), 1 / m1) * 10000 / kSdrWhiteNits;
}

/// ARIB STD-B67: code value to scene light, 0..1.
double hlg_scene(double code) {
  constexpr double a = 0.17883277, b = 1 - 4 * a, c = 0.55991073;
  return code <= 0.5 ? code * code / 3 : (std::exp((code - c) / a) + b) / 12;
}

using Table = std::vector<float>;  // float32 [4097] over 0..65535, and one more for interpolation

template <typename Function>
Table make_table(Function f) {
  Table table(4098);
  for (std::size_t i = 0; i < table.size(); ++i) table[i] = static_cast<float>(f(std::min(1.0, static_cast<double>(i) / 4096)));
  return table;
}

float look_up(const Table& table, std::uint16_t code) {
  const float x = static_cast<float>(code) * (4096.0F / 65535.0F);
  const auto i = static_cast<std::size_t>(x);
  const float f = x - static_cast<float>(i);
  return table[i] * (1 - f) + table[i + 1] * f;
}

/// Linear to the knee; above it a curve of the same slope that reaches 1 at the peak.
float shoulder(float light) {
  if (light <= kKnee) return light;
  const float over = std::min(light, kPeak) - kKnee;
  const float room = 1 - kKnee, range = kPeak - kKnee;
  // y = over (1 + over r) / (1 + over q) scaled so that y'(0) = 1 and y(range) = room
  const float q = (range - room) / (room * range);
  return kKnee + over / (1 + over * q);
}

const std::array<std::uint8_t, 4097>& srgb_table() {
  static const std::array<std::uint8_t, 4097> table = [] {
    std::array<std::uint8_t, 4097> t{};
    for (std::size_t i = 0; i < t.size(); ++i) {
      // Square-root spaced, so that dark values get entries enough.
      const double root = static_cast<double>(i) / 4096, x = root * root;
      const double y = x <= 0.0031308 ? 12.92 * x : 1.055 * std::pow(x, 1 / 2.4) - 0.055;
      t[i] = static_cast<std::uint8_t>(std::lround(y * 255));
    }
    return t;
  }();
  return table;
}

std::uint8_t encode(float light) {
  const float clipped = std::clamp(light, 0.0F, 1.0F);
  return srgb_table()[static_cast<std::size_t>(std::sqrt(clipped) * 4096)];
}

}  // namespace

void tone_map_row(std::span<const std::uint16_t> from, std::uint8_t* to, HdrTransfer transfer) {
  static const Table pq = make_table(pq_light);
  static const Table hlg = make_table(hlg_scene);
  const Table& table = transfer == HdrTransfer::kPq ? pq : hlg;
  for (std::size_t i = 0; i + 2 < from.size(); i += 3) {
    float r = look_up(table, from[i]), g = look_up(table, from[i + 1]), b = look_up(table, from[i + 2]);
    if (transfer == HdrTransfer::kHlg) {
      // BT.2100's OOTF for a screen of 1000 nits: gamma 1.2 on luminance.
      const float luminance = 0.2627F * r + 0.678F * g + 0.0593F * b;
      const float gain = luminance > 0 ? std::pow(luminance, 0.2F) * kPeak : 0;
      r *= gain;
      g *= gain;
      b *= gain;
    }
    // BT.2020 to BT.709 (ITU-R BT.2087).
    const float r7 = 1.6605F * r - 0.5876F * g - 0.0728F * b;
    const float g7 = -0.1246F * r + 1.1329F * g - 0.0083F * b;
    const float b7 = -0.0182F * r - 0.1006F * g + 1.1187F * b;
    // Bend the brightest channel and scale all alike, so that hues stay.
    const float peak = std::max({r7, g7, b7, 1e-6F});
    const float scale = shoulder(peak) / peak;
    to[i] = encode(r7 * scale);
    to[i + 1] = encode(g7 * scale);
    to[i + 2] = encode(b7 * scale);
  }
}

}  // namespace reelgraph::ingest
