#pragma once
// Tesseract on one line at a time.

#include <memory>
#include <opencv2/core.hpp>
#include <string>

namespace tesseract {
class TessBaseAPI;
}

namespace reelgraph::captioner::screen_text {

struct Reading {
  std::string text;       ///< sound UTF-8, one line; empty: nothing that looks like words, numbers or a score
  double confidence = 0;  ///< 0..100, Tesseract's mean over words
};

/// Not thread-safe; some 20 MB.
class LineReader {
 public:
  /// @param language as Tesseract names them: "eng", "deu+eng"
  /// @throws base::Error kModel where its data are not installed
  explicit LineReader(const std::string& language);
  ~LineReader();
  LineReader(const LineReader&) = delete;
  LineReader& operator=(const LineReader&) = delete;

  /// What at least two ways of putting the letters black on white agree on; the confidence is their mean.
  /// @param picture uint8 RGB of one line @param letter_height pixels
  [[nodiscard]] Reading read(const cv::Mat& picture, bool light, int letter_height);
  /// "5.3.0"
  [[nodiscard]] static std::string version();

 private:
  Reading read_once(const cv::Mat& paper);

  std::unique_ptr<tesseract::TessBaseAPI> api_;
};

/// What may stand on a screen: enough letters and digits among its signs, and words of more than one letter. Invented lines fail this.
[[nodiscard]] bool is_plausible(const std::string& text);

}  // namespace reelgraph::captioner::screen_text
