#include "captioner/screen_text/line_reader.h"

#include <omp.h>
#include <tesseract/baseapi.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <array>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "base/error.h"
#include "base/observation_json.h"
#include "base/utf8.h"
#include "captioner/screen_text/text_lines.h"

namespace reelgraph::captioner::screen_text {
namespace {

constexpr double kLetter = 40;  ///< pixels: the height of letters that Tesseract's model reads best
constexpr int kBorder = 12;     ///< pixels of white around the line
constexpr std::size_t kMostText = 300;
constexpr double kHopeless = 40;  ///< of Tesseract's 100: three readings below that, and the fourth is not worth its time

/// Dark letters on a light ground, as large as Tesseract likes them, with a border.
cv::Mat on_paper(cv::Mat channel, bool light, int letter_height) {
  if (light) channel = 255 - channel;
  const double scale = std::clamp(kLetter / std::max(1, letter_height), 0.25, 6.0);
  cv::Mat paper;
  cv::resize(channel, paper, {}, scale, scale, scale > 1 ? cv::INTER_CUBIC : cv::INTER_AREA);
  cv::normalize(paper, paper, 0, 255, cv::NORM_MINMAX);
  cv::copyMakeBorder(paper, paper, kBorder, kBorder, kBorder, kBorder, cv::BORDER_REPLICATE);
  return paper;
}

/// Tesseract spreads a line of some milliseconds over threads that wait for one another; on a busy machine that takes three times as long.
class OneThread {
 public:
  OneThread() { omp_set_max_active_levels(0); }
  ~OneThread() { omp_set_max_active_levels(levels_); }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;

 private:
  const int levels_ = omp_get_max_active_levels();
};

/// Without signs at its ends that come from frames and edges beside the letters.
std::string trimmed(std::string text) {
  static constexpr const char* kEdges = " |_~`'\"\\/<>=-.,;:*^";
  const std::size_t from = text.find_first_not_of(kEdges);
  if (from == std::string::npos) return {};
  static constexpr const char* kEndEdges = " |_~`'\"\\/<>=-,;:*^";
  return text.substr(from, text.find_last_not_of(kEndEdges) - from + 1);
}

}  // namespace

bool is_plausible(const std::string& text) {
  const icu::UnicodeString all = icu::UnicodeString::fromUTF8(text);
  int letters = 0, digits = 0, signs = 0, words = 0;
  bool inside = false;
  for (int i = 0; i < all.length(); i = all.moveIndex32(i, 1)) {
    const UChar32 c = all.char32At(i);
    const bool letter = u_isalpha(c), digit = u_isdigit(c);
    letters += letter;
    digits += digit;
    signs += !letter && !digit && !u_isspace(c);
    if ((letter || digit) && !inside) ++words;
    inside = letter || digit;
  }
  if (letters + digits < 2 || 2 * signs > letters + digits) return false;
  return digits >= letters || letters + digits >= 2 * words;
}

LineReader::LineReader(const std::string& language) : api_(std::make_unique<tesseract::TessBaseAPI>()) {
  // Its notes about page sizes are of no use to anybody here.
  if (api_->Init(nullptr, language.c_str(), tesseract::OEM_LSTM_ONLY) != 0)
    throw base::Error(base::ErrorCode::kModel, "Tesseract has no data for the language \"" + base::sanitize_utf8(language) + "\"",
                      "--ocr-language",
                      "install them (Debian: apt-get install tesseract-ocr-eng, -deu, ...), or set TESSDATA_PREFIX to their folder");
  api_->SetVariable("debug_file", "/dev/null");
  api_->SetPageSegMode(tesseract::PSM_SINGLE_LINE);
}

LineReader::~LineReader() = default;

std::string LineReader::version() { return tesseract::TessBaseAPI::Version(); }

Reading LineReader::read_once(const cv::Mat& paper) {
  const OneThread alone;
  api_->SetImage(paper.data, paper.cols, paper.rows, 1, static_cast<int>(paper.step));
  api_->SetSourceResolution(300);
  const std::unique_ptr<char[]> text(api_->GetUTF8Text());
  Reading reading;
  if (text == nullptr) return reading;
  reading.text = trimmed(base::clean_line(base::sanitize_utf8(text.get(), kMostText), kMostText));
  reading.confidence = api_->MeanTextConf();
  api_->Clear();
  return reading;
}

Reading LineReader::read(const cv::Mat& picture, bool light, int letter_height) {
  std::vector<Reading> readings;
  const auto agreed = [&]() -> Reading {
    for (const Reading& reading : readings) {
      double sum = 0;
      int agreeing = 0;
      for (const Reading& other : readings) {
        if (other.text != reading.text) continue;
        sum += other.confidence;
        ++agreeing;
      }
      if (agreeing >= 2 && is_plausible(reading.text)) return {reading.text, sum / agreeing};
    }
    return {};
  };
  const std::array<cv::Mat, 3> channels = channels_of(picture);
  std::vector<cv::Mat> papers;
  for (const cv::Mat& channel : channels) papers.push_back(on_paper(channel, light, letter_height));
  for (const std::size_t first : {0, 1, 2}) {
    cv::Mat binary;
    cv::threshold(papers[first], binary, 0, 255, cv::THRESH_BINARY | cv::THRESH_OTSU);
    papers.push_back(binary);
  }
  for (const std::size_t next : {0, 4, 2, 3, 1}) {  // the unlike ones first
    readings.push_back(read_once(papers[next]));
    if (Reading reading = agreed(); !reading.text.empty()) return reading;
    if (readings.size() == 3 && std::none_of(readings.begin(), readings.end(), [](const Reading& r) { return r.confidence > kHopeless; }))
      break;
  }
  return {};
}

}  // namespace reelgraph::captioner::screen_text
