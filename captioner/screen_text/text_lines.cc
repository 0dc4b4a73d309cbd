#include "captioner/screen_text/text_lines.h"

#include <algorithm>
#include <numeric>
#include <opencv2/imgproc.hpp>

namespace reelgraph::captioner::screen_text {
namespace {

constexpr std::size_t kMostLines = 12, kMostParts = 40;
constexpr int kContrast = 40;        ///< of strokes against what surrounds them, of 255
constexpr int kMinLetter = 8;        ///< pixels of height
constexpr int kMostBlobs = 4'000;    ///< more of them are foliage or noise
constexpr std::size_t kMinPart = 2;  ///< glyphs of a part of a line: 45 of "45:10"
constexpr int kMinGlyphs = 3;        ///< of a line

struct Blob {
  cv::Rect box;
  int area = 0;
};

bool is_glyph(const Blob& blob, int picture_height) {
  const auto [w, h] = std::pair{blob.box.width, blob.box.height};
  if (h < kMinLetter || h > picture_height / 7 || w > 3 * h) return false;
  const double fill = static_cast<double>(blob.area) / (static_cast<double>(w) * h);
  return fill > 0.12 && (fill < 0.95 || w < h / 2);  // an I is full, a block is no letter
}

std::vector<Blob> glyphs_of(const cv::Mat& ink) {
  cv::Mat labels, stats, centres;
  const int count = cv::connectedComponentsWithStats(ink, labels, stats, centres, 8, CV_32S);
  std::vector<Blob> blobs;
  if (count > kMostBlobs) return blobs;
  for (int i = 1; i < count; ++i) {
    const int* s = stats.ptr<int>(i);
    const Blob blob{{s[cv::CC_STAT_LEFT], s[cv::CC_STAT_TOP], s[cv::CC_STAT_WIDTH], s[cv::CC_STAT_HEIGHT]}, s[cv::CC_STAT_AREA]};
    if (is_glyph(blob, ink.rows)) blobs.push_back(blob);
  }
  std::sort(blobs.begin(), blobs.end(), [](const Blob& a, const Blob& b) { return a.box.x < b.box.x; });
  return blobs;
}

/// Whether `b`, further right, may follow `a` in one line.
bool follows(const cv::Rect& a, const cv::Rect& b) {
  const int tall = std::max(a.height, b.height), low = std::min(a.height, b.height);
  const int shared = std::min(a.br().y, b.br().y) - std::max(a.y, b.y);
  // They stand on one base line, or (g, p, y) reach up to one height.
  const bool aligned = 5 * std::min(std::abs(a.br().y - b.br().y), std::abs(a.y - b.y)) <= std::max(5, tall);
  return aligned && 10 * tall <= 18 * low && 10 * shared >= 6 * low && b.x - a.br().x <= tall && b.x + b.width / 2 > a.br().x - a.width / 2;
}

int median(std::vector<int> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

/// What in a row has the height of letters: frames, arrows and specks beside them would make the line taller than it is.
std::vector<Blob> letters_of(const std::vector<Blob>& row) {
  std::vector<int> heights;
  for (const Blob& blob : row) heights.push_back(blob.box.height);
  const int height = median(heights);
  std::vector<Blob> letters;
  for (const Blob& blob : row) {
    if (10 * blob.box.height <= 17 * height && 10 * blob.box.height >= 5 * height) letters.push_back(blob);
  }
  return letters;
}

/// Most letters of a line stand on its base line and have one of two heights; leaves do not.
bool is_line(const std::vector<Blob>& blobs) {
  if (blobs.size() < kMinPart) return false;
  std::vector<int> heights, bottoms;
  for (const Blob& blob : blobs) {
    heights.push_back(blob.box.height);
    bottoms.push_back(blob.box.br().y);
  }
  const int height = median(heights), bottom = median(bottoms);
  const auto on_line =
      std::count_if(bottoms.begin(), bottoms.end(), [&](int b) { return std::abs(b - bottom) <= std::max(1, height / 6); });
  return 10 * on_line >= 6 * static_cast<std::ptrdiff_t>(blobs.size());
}

std::vector<std::vector<Blob>> rows_of(const std::vector<Blob>& blobs) {
  std::vector<std::vector<Blob>> rows;
  for (const Blob& blob : blobs) {
    std::vector<Blob>* best = nullptr;
    for (std::vector<Blob>& row : rows) {
      if (follows(row.back().box, blob.box) && (best == nullptr || best->back().box.br().x < row.back().box.br().x)) best = &row;
    }
    if (best == nullptr) best = &rows.emplace_back();
    best->push_back(blob);
  }
  return rows;
}

void find_in(const cv::Mat& channel, bool light, std::vector<TextLine>& lines) {
  const int reach = std::max(9, channel.rows / 24) | 1;  // wider than any stroke
  cv::Mat hat, ink;
  cv::morphologyEx(channel, hat, light ? cv::MORPH_TOPHAT : cv::MORPH_BLACKHAT, cv::getStructuringElement(cv::MORPH_RECT, {reach, reach}));
  cv::threshold(hat, ink, kContrast, 255, cv::THRESH_BINARY);
  for (const std::vector<Blob>& joined : rows_of(glyphs_of(ink))) {
    const std::vector<Blob> row = letters_of(joined);
    if (!is_line(row)) continue;
    std::vector<int> heights;
    cv::Rect box = row.front().box;
    for (const Blob& blob : row) {
      box |= blob.box;
      heights.push_back(blob.box.height);
    }
    TextLine line;
    line.letter_height = median(heights);
    line.glyphs = static_cast<int>(row.size());
    const int margin = std::max(2, line.letter_height / 4);
    box -= cv::Point(margin, margin);
    box += cv::Size(2 * margin, 2 * margin);
    line.box = box & cv::Rect(0, 0, channel.cols, channel.rows);
    line.light = light;
    line.ink = ink(line.box);
    lines.push_back(std::move(line));
  }
}

/// Whether the two are parts of one line, torn where a letter did not stand out.
bool continues(const TextLine& a, const TextLine& b) {
  const int tall = std::max(a.letter_height, b.letter_height), low = std::min(a.letter_height, b.letter_height);
  const int gap = std::max(a.box.x, b.box.x) - std::min(a.box.br().x, b.box.br().x);
  const int rows = std::min(a.box.br().y, b.box.br().y) - std::max(a.box.y, b.box.y);
  return a.light == b.light && 10 * tall <= 15 * low && gap <= 2 * tall && 10 * rows >= 7 * std::min(a.box.height, b.box.height);
}

void join_torn(std::vector<TextLine>& lines, cv::Size whole) {
  for (std::size_t i = 0; i < lines.size(); ++i) {
    for (std::size_t k = i + 1; k < lines.size();) {
      if (!continues(lines[i], lines[k])) {
        ++k;
        continue;
      }
      TextLine joined = lines[i];
      joined.box = (lines[i].box | lines[k].box) & cv::Rect({0, 0}, whole);
      joined.ink = cv::Mat::zeros(joined.box.size(), CV_8U);
      for (const TextLine* part : {&lines[i], &lines[k]}) part->ink.copyTo(joined.ink(part->box - joined.box.tl()));
      joined.glyphs += lines[k].glyphs;
      lines[i] = std::move(joined);
      lines.erase(lines.begin() + static_cast<std::ptrdiff_t>(k));
      k = i + 1;
    }
  }
}

}  // namespace

std::array<cv::Mat, 3> channels_of(const cv::Mat& rgb) {
  std::array<cv::Mat, 3> channels;
  cv::cvtColor(rgb, channels[0], cv::COLOR_RGB2GRAY);
  std::vector<cv::Mat> planes;
  cv::split(rgb, planes);
  cv::min(planes[0], planes[1], channels[1]);
  cv::min(channels[1], planes[2], channels[1]);
  channels[2] = planes[2];
  return channels;
}

std::vector<TextLine> find_text_lines(const cv::Mat& rgb) {
  const std::array<cv::Mat, 3> channels = channels_of(rgb);
  std::vector<TextLine> found;
  for (const cv::Mat& channel : channels) {
    find_in(channel, true, found);
    find_in(channel, false, found);
  }
  std::stable_sort(found.begin(), found.end(), [](const TextLine& a, const TextLine& b) { return a.glyphs > b.glyphs; });
  std::vector<TextLine> kept;
  for (TextLine& line : found) {
    const auto covers = [&](const TextLine& other) {
      return 2 * (other.box & line.box).area() > std::min(other.box.area(), line.box.area());
    };
    if (std::any_of(kept.begin(), kept.end(), covers)) continue;
    line.ink = line.ink.clone();
    kept.push_back(std::move(line));
    if (kept.size() == kMostParts) break;
  }
  join_torn(kept, rgb.size());
  std::stable_sort(kept.begin(), kept.end(), [](const TextLine& a, const TextLine& b) { return a.glyphs > b.glyphs; });
  std::erase_if(kept, [](const TextLine& line) { return line.glyphs < kMinGlyphs; });
  if (kept.size() > kMostLines) kept.resize(kMostLines);
  for (TextLine& line : kept) line.picture = rgb(line.box).clone();
  return kept;
}

}  // namespace reelgraph::captioner::screen_text
