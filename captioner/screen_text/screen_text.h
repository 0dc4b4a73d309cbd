#pragma once
// On-screen text of a film: what stands where, from when to when.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "base/chunk.h"
#include "base/image.h"
#include "base/time.h"
#include "captioner/screen_text/line_reader.h"
#include "captioner/screen_text/text_lines.h"

namespace reelgraph::captioner::screen_text {

constexpr base::Duration kSamplePeriod = base::kSecond / 2;  ///< pictures are looked at so far apart
constexpr int kSampleSide = 1280;                            ///< longer side of those pictures, pixels

/// Collects where lines may stand while a film is decoded, and reads them when a part of it is asked for. What is read of a part depends on
/// the pictures of that part only, so that a resumed ingest reads the same.
class ScreenText {
 public:
  explicit ScreenText(const std::string& language) : reader_(language) {}

  /// True if the frame at `at` is the first of its half second; `look` then wants its picture.
  [[nodiscard]] bool wants(base::Timestamp at) const { return cells_.empty() || cell_of(at) > cells_.back().cell; }
  void look(const base::Image& picture, base::Timestamp at);

  /// Lines that stood for three seconds or more (or for most of `span`, where that is shorter) and whose readings agree, in order of time,
  /// then from top to bottom. A line that changes in its place (a clock, a score) gives one text for each thing it showed; a clock its
  /// first and last.
  [[nodiscard]] std::vector<base::Cue> read(base::TimeSpan span);
  /// Nothing before `at` is asked for any more.
  void forget(base::Timestamp at);

 private:
  struct Cell {
    std::int64_t cell = 0;
    base::Timestamp at = 0;
    std::vector<TextLine> lines;
  };
  [[nodiscard]] static std::int64_t cell_of(base::Timestamp at) { return at / kSamplePeriod; }

  LineReader reader_;
  std::deque<Cell> cells_;
};

}  // namespace reelgraph::captioner::screen_text
