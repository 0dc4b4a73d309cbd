#pragma once
// Text to speech (eSpeak NG), in this process and without a sound device.

#include <string>

#include "base/media.h"

namespace reelgraph::ingest {

/// eSpeak NG has one state a process: only one Voice may live at a time. Not for use from several threads.
class Voice {
 public:
  static constexpr int kUsualRate = 165;  ///< words a minute

  /// @param language as eSpeak NG calls it ("en-gb", "de") @throws base::Error kInvalidArgument: no such voice; kInternal: no voice data
  explicit Voice(const std::string& language);
  ~Voice();
  Voice(const Voice&) = delete;
  Voice& operator=(const Voice&) = delete;

  /// @param words_per_minute 80 to 400 @returns float32 [N] mono at the voice's own rate; `at` is 0
  [[nodiscard]] base::AudioBlock say(const std::string& text, int words_per_minute = kUsualRate);

 private:
  int sample_rate_ = 0;
};

}  // namespace reelgraph::ingest
