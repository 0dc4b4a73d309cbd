#include "chunker/keyframes.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <numeric>

namespace reelgraph::chunker {
namespace {

constexpr int kWidth = 64, kHeight = 36;
constexpr int kDiffers = 18;             // grey levels
constexpr double kNearDuplicate = 0.01;  // share of the picture: less than a person far off
constexpr double kShotBonus = 0.25;

}  // namespace

Fingerprint make_fingerprint(const base::Image& small) {
  // 3 x 3 mean: a shake by a pixel of the thumbnail is no news.
  Fingerprint result;
  result.cells.resize(static_cast<std::size_t>(kWidth) * kHeight * 3);
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      for (int c = 0; c < 3; ++c) {
        int sum = 0, count = 0;
        for (int v = std::max(0, y - 1); v <= std::min(kHeight - 1, y + 1); ++v) {
          for (int u = std::max(0, x - 1); u <= std::min(kWidth - 1, x + 1); ++u) {
            sum += small.pixels[static_cast<std::size_t>((v * kWidth + u) * 3 + c)];
            ++count;
          }
        }
        result.cells[static_cast<std::size_t>((y * kWidth + x) * 3 + c)] = static_cast<std::uint8_t>(sum / count);
      }
    }
  }
  return result;
}

double novelty(const Fingerprint& a, const Fingerprint& b) {
  const std::size_t pixels = a.cells.size() / 3;
  if (pixels == 0 || a.cells.size() != b.cells.size()) return 1;
  // The median difference of each channel is the change of light.
  int shift[3] = {0, 0, 0};
  for (std::size_t c = 0; c < 3; ++c) {
    std::vector<int> counts(511, 0);
    for (std::size_t i = 0; i < pixels; ++i) ++counts[static_cast<std::size_t>(255 + b.cells[3 * i + c] - a.cells[3 * i + c])];
    std::size_t seen = 0;
    for (int level = 0; level < 511; ++level) {
      seen += static_cast<std::size_t>(counts[static_cast<std::size_t>(level)]);
      if (2 * seen >= pixels) {
        shift[c] = std::clamp(level - 255, -40, 40);
        break;
      }
    }
  }
  std::size_t differ = 0;
  for (std::size_t i = 0; i < pixels; ++i) {
    int largest = 0;
    for (std::size_t c = 0; c < 3; ++c) largest = std::max(largest, std::abs(b.cells[3 * i + c] - a.cells[3 * i + c] - shift[c]));
    differ += largest > kDiffers ? 1 : 0;
  }
  return static_cast<double>(differ) / static_cast<double>(pixels);
}

Selection choose_keyframes(const std::vector<const Candidate*>& candidates, int most) {
  Selection result;
  if (candidates.empty()) return result;
  std::vector<double> nearest(candidates.size(), 1.0);  // novelty against what is chosen
  std::vector<bool> taken(candidates.size(), false);
  std::vector<std::pair<std::size_t, double>> picks;
  while (picks.size() < static_cast<std::size_t>(most) && picks.size() < candidates.size()) {
    std::size_t best = candidates.size();
    double best_worth = 0;
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (taken[i] || nearest[i] < kNearDuplicate) continue;
      const double worth = nearest[i] + (candidates[i]->starts_shot ? kShotBonus : 0);
      if (best == candidates.size() || worth > best_worth) {
        best = i;
        best_worth = worth;
      }
    }
    if (best == candidates.size()) break;
    taken[best] = true;
    picks.emplace_back(best, nearest[best]);
    for (std::size_t i = 0; i < candidates.size(); ++i) {
      if (!taken[i]) nearest[i] = std::min(nearest[i], novelty(candidates[best]->fingerprint, candidates[i]->fingerprint));
    }
  }
  std::sort(picks.begin(), picks.end());
  for (const auto& [index, worth] : picks) {
    result.chosen.push_back(index);
    result.novelty.push_back(worth);
  }
  for (std::size_t i = 0; i < candidates.size(); ++i) {
    if (!taken[i] && nearest[i] < kNearDuplicate) result.duplicates.push_back(i);
  }
  return result;
}

}  // namespace reelgraph::chunker
