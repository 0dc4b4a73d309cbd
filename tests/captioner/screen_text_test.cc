// On-screen text: what is read off drawn pictures, and how it reaches a model and an observation.

#include "captioner/screen_text/screen_text.h"

#include <algorithm>
#include <cstdio>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "captioner/chunk_words.h"
#include "captioner/screen_text/captioner.h"
#include "tests/support/frames.h"
#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

using base::kSecond;
using captioner::screen_text::ScreenText;

/// A street of grey noise that moves, with writing on it.
base::Image draw(base::Timestamp at, const std::vector<std::pair<std::string, cv::Point>>& writing) {
  cv::Mat noise(90, 160, CV_8UC3), picture;
  cv::RNG random(static_cast<std::uint64_t>(at) + 1);
  random.fill(noise, cv::RNG::UNIFORM, 60, 120);
  cv::resize(noise, picture, {1280, 720}, 0, 0, cv::INTER_CUBIC);
  for (const auto& [words, place] : writing) {
    const cv::Size size = cv::getTextSize(words, cv::FONT_HERSHEY_TRIPLEX, 1.3, 2, nullptr);
    cv::rectangle(picture, place + cv::Point(-10, 14), place + cv::Point(size.width + 10, -size.height - 12), {20, 20, 60}, cv::FILLED);
    cv::putText(picture, words, place, cv::FONT_HERSHEY_TRIPLEX, 1.3, {250, 250, 250}, 2, cv::LINE_AA);
  }
  base::Image image{picture.cols, picture.rows, {}};
  image.pixels.assign(picture.data, picture.data + picture.total() * 3);
  return image;
}

/// Ten seconds: a sign all the time, a clock, a name from 2 s to 7 s, and something for one second only.
std::vector<std::pair<std::string, cv::Point>> writing_at(base::Timestamp at) {
  char clock[16];
  std::snprintf(clock, sizeof clock, "45:%02d", static_cast<int>(at / kSecond));
  std::vector<std::pair<std::string, cv::Point>> writing{{"LOADING DOCK 12", {60, 80}}, {clock, {1000, 80}}};
  if (at >= 2 * kSecond && at < 7 * kSecond) writing.push_back({"Pedro Alvarez", {400, 600}});
  if (at >= 8 * kSecond && at < 9 * kSecond) writing.push_back({"Too short", {400, 400}});
  return writing;
}

void watch(ScreenText& screen, base::Timestamp from) {
  for (base::Timestamp at = from; at < 10 * kSecond; at += kSecond / 4) {
    if (screen.wants(at)) screen.look(draw(at, writing_at(at)), at);
  }
}

class Inner final : public base::Captioner, public base::CaptionSession {
 public:
  explicit Inner(std::vector<std::string>& prompts) : prompts_(prompts) {}
  base::CaptionerIdentity identity() const override { return {"fake", "fake", "1", "p"}; }
  bool has_memory() const override { return false; }
  int batch_size() const override { return 2; }
  std::unique_ptr<base::CaptionSession> open(const std::string&, const base::MediaInfo&) override {
    return std::make_unique<Inner>(prompts_);
  }
  void watch(const base::Frame&, bool) override {}
  std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) override {
    std::vector<base::CaptionResult> results;
    for (const base::Chunk& chunk : chunks) {
      prompts_.push_back(captioner::chunk_words(chunk, true, {}));
      results.push_back(result());
    }
    return results;
  }
  void begin(const base::Chunk& chunk) override {
    prompts_.push_back(captioner::chunk_words(chunk, true, {}));
    begun_.push_back(chunk.index);
  }
  std::vector<base::Finished> finished(bool) override {
    std::vector<base::Finished> all;
    for (const int chunk : std::exchange(begun_, {})) all.push_back({chunk, result()});
    return all;
  }

 private:
  static base::CaptionResult result() {
    base::CaptionResult result;
    result.observation.emplace();
    result.observation->ocr = {"LOADING DOCK 12", "a line that the model read"};
    return result;
  }
  std::vector<std::string>& prompts_;
  std::vector<int> begun_;
};

}  // namespace

TEST_CASE("what stands on the screen is read with its times, a clock with its first and last, and what is gone at once is not",
          "[screen-text]") {
  ScreenText screen("eng");
  watch(screen, 0);
  const std::vector<base::Cue> texts = screen.read({0, 10 * kSecond});
  std::string all;
  for (const base::Cue& cue : texts)
    all += base::format_time(cue.span.start) + " - " + base::format_time(cue.span.end) + " " + cue.text + "\n";
  INFO(all);
  const auto find = [&](const std::string& text) {
    const auto found = std::find_if(texts.begin(), texts.end(), [&](const base::Cue& cue) { return cue.text == text; });
    INFO(text);
    REQUIRE(found != texts.end());
    return found->span;
  };
  CHECK(find("LOADING DOCK 12") == base::TimeSpan{0, 10 * kSecond});
  CHECK(find("Pedro Alvarez") == base::TimeSpan{2 * kSecond, 7 * kSecond});
  CHECK(find("45:00") == base::TimeSpan{0, 1 * kSecond});
  CHECK(find("45:09") == base::TimeSpan{9 * kSecond, 10 * kSecond});
  CHECK(texts.size() == 4);
}

TEST_CASE("what is read of a part depends on that part only", "[screen-text]") {
  ScreenText whole("eng"), resumed("eng");
  watch(whole, 0);
  watch(resumed, 4 * kSecond);
  const base::TimeSpan part{4 * kSecond, 10 * kSecond};
  const std::vector<base::Cue> texts = whole.read(part);
  CHECK_FALSE(texts.empty());
  CHECK(texts == resumed.read(part));
  whole.forget(4 * kSecond);
  CHECK(texts == whole.read(part));
  CHECK(whole.read({0, 4 * kSecond}).empty());
  ScreenText nothing("eng");
  nothing.look({}, 0);
  CHECK(nothing.read(part).empty());
}

TEST_CASE("noise and fences are no text", "[screen-text]") {
  ScreenText screen("eng");
  for (base::Timestamp at = 0; at < 5 * kSecond; at += kSecond / 2) {
    base::Image image = draw(0, {});  // the camera stands still
    cv::Mat picture(image.height, image.width, CV_8UC3, image.pixels.data());
    for (int x = 100; x < 1200; x += 24) cv::rectangle(picture, {x, 300}, {x + 8, 340 + x % 5}, {240, 240, 240}, cv::FILLED);
    screen.look(image, at);
  }
  CHECK(screen.read({0, 5 * kSecond}).empty());
}

TEST_CASE("a captioner is shown the text on the screen as quoted data, and observations hold its lines once", "[screen-text]") {
  std::vector<std::string> prompts;
  const auto captioner = captioner::screen_text::with_screen_text(std::make_unique<Inner>(prompts), "eng");
  CHECK_THAT(captioner->identity().version, Contains("1+tesseract-") && Contains("-eng"));
  CHECK(captioner->batch_size() == 2);
  const auto session = captioner->open("v", {});
  for (base::Timestamp at = 0; at < 8 * kSecond; at += kSecond / 4)
    session->watch(StillFrame(at, kSecond / 4, draw(at, writing_at(at))), false);
  base::Chunk chunk;
  chunk.index = 3;
  chunk.span = chunk.own = {0, 8 * kSecond};
  const std::vector<std::string> lines{"45:00", "45:07", "LOADING DOCK 12", "Pedro Alvarez", "a line that the model read"};
  std::vector<std::string> described = session->describe({&chunk, 1}).at(0).observation->ocr;
  CHECK(described.back() == lines.back());
  std::sort(described.begin(), described.end());
  CHECK(described == lines);
  base::Chunk half = chunk, rest = chunk;  // the first of two is tried again
  half.span.end = rest.span.start = 4 * kSecond;
  const std::vector<base::Chunk> both{half, rest};
  const std::vector<std::string> once = session->describe(both).at(0).observation->ocr;
  CHECK(once.size() > 2);
  CHECK(session->describe({both.data(), 1}).at(0).observation->ocr == once);
  prompts.resize(1);
  session->begin(chunk);
  const std::vector<base::Finished> finished = session->finished(true);
  REQUIRE(finished.size() == 1);
  CHECK(finished.front().result.observation->ocr.size() == lines.size());
  REQUIRE(prompts.size() == 2);
  for (const std::string& prompt : prompts)
    CHECK_THAT(prompt, Contains("Text on the screen, quoted as data: [{") && Contains(R"({"at":2.0,"text":"Pedro Alvarez"})"));
}

TEST_CASE("a line must look like words, a number or a score", "[screen-text]") {
  using captioner::screen_text::is_plausible;
  for (const char* text : {"CHELSEA 1 - 0 LEEDS", "45:12", "90+3", "Tor für Köln", "A4", "中央区"}) {
    INFO(text);
    CHECK(is_plausible(text));
  }
  for (const char* text : {"", "|", "a", "~ . -", "i l j I t f r", "%&a)("}) {
    INFO(text);
    CHECK_FALSE(is_plausible(text));
  }
}

TEST_CASE("a language without data is refused with the package to install", "[screen-text]") {
  try {
    (void)captioner::screen_text::with_screen_text(nullptr, "xx-no-such");
    FAIL("accepted");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::kModel);
    CHECK_THAT(error.what(), Contains("xx-no-such"));
    CHECK_THAT(error.cure(), Contains("tesseract-ocr-"));
  }
}

}  // namespace reelgraph::test
