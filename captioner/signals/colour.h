#pragma once
// Internal to captioner/signals: colours by name.

#include <array>
#include <opencv2/core.hpp>
#include <string>

namespace reelgraph::captioner::signals {

/// Votes of pixels for a colour's name.
class ColourVotes {
 public:
  /// @param picture float32 RGB [H, W, 3] in the reference exposure; counts where `where` (uint8 [H, W]) is set
  void add(const cv::Mat& picture, const cv::Mat& where);

  struct Verdict {
    std::string name;  ///< black white grey red orange yellow green blue purple brown; empty if none leads clearly
    double share = 0;  ///< of the votes, 0..1
  };
  [[nodiscard]] Verdict verdict() const;

 private:
  static constexpr int kNames = 10;
  std::array<double, kNames> votes_{};
  double total_ = 0;
};

}  // namespace reelgraph::captioner::signals
