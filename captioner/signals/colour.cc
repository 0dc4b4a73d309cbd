#include "captioner/signals/colour.h"

#include <algorithm>

namespace reelgraph::captioner::signals {
namespace {

enum Name { kBlack, kWhite, kGrey, kRed, kOrange, kYellow, kGreen, kBlue, kPurple, kBrown };
constexpr std::array<const char*, 10> kWords{"black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "brown"};

constexpr double kLeastShare = 0.34;
constexpr double kLead = 1.25;  // times the second

Name name_of(float r, float g, float b) {
  const float most = std::max({r, g, b}), least = std::min({r, g, b});
  const float chroma = most - least;
  // Dark pixels and pale ones have a hue by accident only.
  const bool plain = chroma < 30 || chroma < 0.22F * most;
  if (most < 62 && (plain || chroma < 36)) return kBlack;
  if (plain) return most < 66 ? kBlack : least > 152 ? kWhite : kGrey;
  float hue = 0;  // degrees
  if (most == r) {
    hue = 60 * (g - b) / chroma;
  } else if (most == g) {
    hue = 120 + 60 * (b - r) / chroma;
  } else {
    hue = 240 + 60 * (r - g) / chroma;
  }
  if (hue < 0) hue += 360;
  if (hue < 14 || hue >= 335) return most < 90 && chroma < 60 ? kBrown : kRed;
  if (hue < 42) return most < 165 || chroma < 0.55F * most ? kBrown : kOrange;
  if (hue < 70) return most < 120 ? kBrown : kYellow;
  if (hue < 165) return kGreen;
  if (hue < 262) return kBlue;
  return kPurple;
}

}  // namespace

void ColourVotes::add(const cv::Mat& picture, const cv::Mat& where) {
  std::array<double, kNames> votes{};
  double total = 0;
  for (int y = 0; y < picture.rows; ++y) {
    const auto* p = picture.ptr<cv::Vec3f>(y);
    const auto* w = where.ptr<unsigned char>(y);
    for (int x = 0; x < picture.cols; ++x) {
      if (w[x] == 0) continue;
      votes[static_cast<std::size_t>(name_of(p[x][0], p[x][1], p[x][2]))] += 1;
      total += 1;
    }
  }
  // Each picture counts by what it shows, but a close one not a hundred times a far one.
  if (total <= 0) return;
  const double weight = std::min(total, 2000.0) / total;
  for (std::size_t i = 0; i < votes.size(); ++i) votes_[i] += votes[i] * weight;
  total_ += total * weight;
}

ColourVotes::Verdict ColourVotes::verdict() const {
  if (total_ < 100) return {};
  const auto best = std::max_element(votes_.begin(), votes_.end());
  double second = 0;
  for (auto v = votes_.begin(); v != votes_.end(); ++v) {
    if (v != best) second = std::max(second, *v);
  }
  const double share = *best / total_;
  if (share < kLeastShare || *best < kLead * second) return {};
  return {kWords[static_cast<std::size_t>(best - votes_.begin())], share};
}

}  // namespace reelgraph::captioner::signals
