#include "captioner/screen_text/screen_text.h"

#include <algorithm>
#include <opencv2/imgproc.hpp>
#include <utility>

namespace reelgraph::captioner::screen_text {
namespace {

constexpr base::Duration kStanding = 3 * base::kSecond;  ///< text that is gone sooner is left out
constexpr base::Duration kLost = 2 * base::kSecond;      ///< a place without text for so long is another place
constexpr double kConfident = 75;                        ///< of Tesseract's 100
constexpr std::size_t kMostPictures = 8;                 ///< of one text that are put together
constexpr std::size_t kMostExtents = 3;
constexpr std::size_t kMostTexts = 60;  ///< of one part of a film

/// A line that says one thing.
struct Showing {
  base::TimeSpan span;
  std::vector<TextLine> seen;  ///< the first pictures of it
  std::string text;

  Showing(base::TimeSpan when, TextLine line) : span(when), seen{std::move(line)} {}
  void add(base::Timestamp end, const TextLine& line) {
    span.end = end;
    if (seen.size() < kMostPictures) seen.push_back(line);
  }
  /// Read in its usual extent, as what lies beside a line is taken for letters now and then; else in the next usual. Pictures are added up,
  /// so that what moves behind the letters fades.
  [[nodiscard]] Reading read(LineReader& reader) const {
    std::vector<const TextLine*> extents;
    for (const TextLine& line : seen) {
      if (std::none_of(extents.begin(), extents.end(), [&](const TextLine* other) { return other->box == line.box; }))
        extents.push_back(&line);
    }
    const auto times = [&](const TextLine* line) {
      return std::count_if(seen.begin(), seen.end(), [&](const TextLine& other) { return other.box == line->box; });
    };
    std::stable_sort(extents.begin(), extents.end(), [&](const TextLine* a, const TextLine* b) { return times(a) > times(b); });
    if (extents.size() > kMostExtents) extents.resize(kMostExtents);
    for (const TextLine* extent : extents) {
      cv::Mat sum(extent->box.size(), CV_32FC3, cv::Scalar(0, 0, 0)), picture;
      for (const TextLine& line : seen) {
        if (line.box == extent->box) cv::accumulate(line.picture, sum);
      }
      sum.convertTo(picture, CV_8UC3, 1.0 / static_cast<double>(times(extent)));
      const Reading reading = reader.read(picture, extent->light, extent->letter_height);
      if (reading.confidence >= kConfident) return reading;
    }
    return {};
  }
};

/// One place on the screen and what it showed.
struct Place {
  std::vector<Showing> showings;
  [[nodiscard]] base::TimeSpan span() const { return {showings.front().span.start, showings.back().span.end}; }
};

bool same_place(const cv::Rect& a, const cv::Rect& b) {
  const int rows = std::min(a.br().y, b.br().y) - std::max(a.y, b.y), columns = std::min(a.br().x, b.br().x) - std::max(a.x, b.x);
  return 10 * rows >= 7 * std::max(a.height, b.height) && 10 * columns >= 3 * std::min(a.width, b.width);
}

/// Strokes of `a` that are not in `b`; strokes sway by a pixel from picture to picture.
cv::Mat missing(const cv::Mat& a, const cv::Mat& b) {
  cv::Mat wide, rest;
  cv::dilate(b, wide, cv::Mat());
  cv::subtract(a, wide, rest);
  return rest;
}

/// Whether the strokes are the same where both lines are, letter by letter: one digit of a clock that changed is enough to differ.
bool same_ink(const TextLine& a, const TextLine& b) {
  const cv::Rect shared = a.box & b.box;
  if (10 * shared.area() < 8 * std::min(a.box.area(), b.box.area())) return false;
  const cv::Mat first = a.ink(shared - a.box.tl()), second = b.ink(shared - b.box.tl());
  const cv::Mat gone = missing(first, second), come = missing(second, first);
  const int width = std::max(8, std::min(a.letter_height, b.letter_height));
  for (int x = 0; x < shared.width; x += width / 2) {
    const cv::Rect part(x, 0, std::min(width, shared.width - x), shared.height);
    const int changed = cv::countNonZero(gone(part)) + cv::countNonZero(come(part));
    const int ink = std::max(cv::countNonZero(first(part)), cv::countNonZero(second(part)));
    if (100 * changed > 15 * ink + 500) return false;
  }
  return true;
}

bool continues(const Showing& showing, const TextLine& line) {
  return std::any_of(showing.seen.begin(), showing.seen.end(), [&](const TextLine& before) { return same_ink(before, line); });
}

/// "45:12", "90+3:05"; a clock says something else every second.
bool is_clock(const std::string& text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos || colon == 0 || text.size() > 12) return false;
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return (c >= '0' && c <= '9') || c == ':' || c == '.' || c == '+' || c == ' '; });
}

/// Reads what stood for two pictures at least, puts what follows and says the same together, and leaves out what could not be read.
std::vector<Showing> settled(Place& place, LineReader& reader) {
  std::vector<Showing> result;
  for (Showing& showing : place.showings) {
    if (showing.span.length() <= kSamplePeriod) continue;
    const Reading reading = showing.read(reader);
    if (reading.text.empty()) continue;
    showing.text = reading.text;
    if (!result.empty() && result.back().text == showing.text)
      result.back().span.end = showing.span.end;
    else
      result.push_back(std::move(showing));
  }
  return result;
}

bool same_row(const Showing& a, const Showing& b) {
  const cv::Rect &one = a.seen.back().box, &other = b.seen.back().box;
  return 2 * (std::min(one.br().y, other.br().y) - std::max(one.y, other.y)) > std::min(one.height, other.height);
}

/// Of a clock what it showed first and last is enough.
void thin_clocks(std::vector<Showing>& showings) {
  std::vector<bool> between(showings.size());
  for (std::size_t i = 0; i < showings.size(); ++i) {
    bool earlier = false, later = false;
    for (const Showing& other : showings) {
      if (!is_clock(showings[i].text) || !is_clock(other.text) || !same_row(showings[i], other)) continue;
      earlier = earlier || other.span.start < showings[i].span.start;
      later = later || other.span.start > showings[i].span.start;
    }
    between[i] = earlier && later;
  }
  std::size_t i = 0;
  std::erase_if(showings, [&](const Showing&) { return between[i++]; });
}

}  // namespace

void ScreenText::look(const base::Image& picture, base::Timestamp at) {
  if (picture.empty()) return;
  const cv::Mat rgb(picture.height, picture.width, CV_8UC3, const_cast<std::uint8_t*>(picture.pixels.data()));
  cv::Mat large = rgb;
  // The strokes of small letters run together unless they are given room.
  if (std::max(rgb.cols, rgb.rows) <= kSampleSide / 3 * 2) cv::resize(rgb, large, {}, 2, 2, cv::INTER_CUBIC);
  cells_.push_back({cell_of(at), at, find_text_lines(large)});
}

void ScreenText::forget(base::Timestamp at) {
  while (!cells_.empty() && cells_.front().at < at) cells_.pop_front();
}

std::vector<base::Cue> ScreenText::read(base::TimeSpan span) {
  std::vector<Place> places;
  for (const Cell& cell : cells_) {
    // A half second that began before is not wholly of this part.
    if (cell.cell * kSamplePeriod < span.start || cell.at >= span.end) continue;
    const base::Timestamp end = std::min(span.end, cell.at + kSamplePeriod);
    for (const TextLine& line : cell.lines) {
      const auto is_here = [&](const Place& place) {
        const Showing& last = place.showings.back();
        return cell.at - last.span.end <= kLost && same_place(last.seen.back().box, line.box);
      };
      auto place = std::find_if(places.begin(), places.end(), is_here);
      if (place == places.end()) place = places.insert(places.end(), Place{});
      if (!place->showings.empty() && continues(place->showings.back(), line))
        place->showings.back().add(end, line);
      else
        place->showings.emplace_back(base::TimeSpan{cell.at, end}, line);
    }
  }
  std::vector<Showing> showings;
  for (Place& place : places) {
    if (place.span().length() < std::min(kStanding, span.length() * 3 / 4)) continue;
    for (Showing& showing : settled(place, reader_)) showings.push_back(std::move(showing));
  }
  thin_clocks(showings);
  std::stable_sort(showings.begin(), showings.end(), [](const Showing& a, const Showing& b) {
    return std::pair(a.span.start, a.seen.back().box.y) < std::pair(b.span.start, b.seen.back().box.y);
  });
  std::vector<base::Cue> texts;
  for (Showing& showing : showings) texts.push_back({showing.span, std::move(showing.text), {}, "screen"});
  if (texts.size() > kMostTexts) texts.resize(kMostTexts);
  return texts;
}

}  // namespace reelgraph::captioner::screen_text
