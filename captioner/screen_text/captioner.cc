#include "captioner/screen_text/captioner.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "captioner/screen_text/screen_text.h"

namespace reelgraph::captioner::screen_text {
namespace {

/// Lines of the screen, each once, before what the captioner read itself.
void add_texts(const std::vector<base::Cue>& texts, base::CaptionResult& result) {
  if (!result.observation || texts.empty()) return;
  std::vector<std::string> lines;
  const auto add = [&lines](const std::string& line) {
    if (std::find(lines.begin(), lines.end(), line) == lines.end()) lines.push_back(line);
  };
  for (const base::Cue& text : texts) add(text.text);
  for (const std::string& line : result.observation->ocr) add(line);
  result.observation->ocr = std::move(lines);
}

class Session final : public base::CaptionSession {
 public:
  Session(std::unique_ptr<base::CaptionSession> inner, const std::string& language) : inner_(std::move(inner)), screen_(language) {}

  void watch(const base::Frame& frame, bool boundary) override {
    inner_->watch(frame, boundary);
    if (!screen_.wants(frame.at())) return;
    const base::Size size = base::fit_within(frame.size(), kSampleSide);
    screen_.look(frame.render(size), frame.at());
  }

  std::vector<base::CaptionResult> describe(std::span<const base::Chunk> chunks) override {
    // Any chunk of a batch may be asked for once more, but none before the first.
    if (!chunks.empty()) screen_.forget(chunks.front().span.start);
    std::vector<base::Chunk> read;
    for (const base::Chunk& chunk : chunks) read.push_back(with_texts(chunk));
    std::vector<base::CaptionResult> results = inner_->describe(read);
    for (std::size_t i = 0; i < std::min(results.size(), read.size()); ++i) add_texts(read[i].texts, results[i]);
    return results;
  }

  std::optional<base::Estimate> estimate(const base::Chunk& chunk) override { return inner_->estimate(chunk); }
  bool has_room() const override { return inner_->has_room(); }

  void begin(const base::Chunk& chunk) override {
    screen_.forget(chunk.span.start);
    base::Chunk read = with_texts(chunk);
    inner_->begin(read);
    under_way_[chunk.index] = std::move(read.texts);
  }

  std::vector<base::Finished> finished(bool wait) override {
    std::vector<base::Finished> all = inner_->finished(wait);
    for (base::Finished& one : all) {
      if (const auto texts = under_way_.extract(one.chunk)) add_texts(texts.mapped(), one.result);
    }
    return all;
  }

 private:
  base::Chunk with_texts(const base::Chunk& chunk) {
    base::Chunk read = chunk;
    read.texts = screen_.read(chunk.span);
    return read;
  }

  std::unique_ptr<base::CaptionSession> inner_;
  ScreenText screen_;
  std::map<int, std::vector<base::Cue>> under_way_;
};

class ScreenTextCaptioner final : public base::Captioner {
 public:
  ScreenTextCaptioner(std::unique_ptr<base::Captioner> inner, std::string language)
      : inner_(std::move(inner)), language_(std::move(language)) {
    const LineReader there(language_);  // refused before any film is opened
  }

  base::CaptionerIdentity identity() const override {
    base::CaptionerIdentity identity = inner_->identity();
    identity.version += "+tesseract-" + LineReader::version() + "-" + language_;
    return identity;
  }
  bool has_memory() const override { return inner_->has_memory(); }
  bool is_concurrent() const override { return inner_->is_concurrent(); }
  bool wants_previous() const override { return inner_->wants_previous(); }
  int batch_size() const override { return inner_->batch_size(); }
  std::unique_ptr<base::CaptionSession> open(const std::string& video, const base::MediaInfo& media) override {
    return std::make_unique<Session>(inner_->open(video, media), language_);
  }
  std::unique_ptr<base::CaptionSession> rehearse(std::string& basis) override { return inner_->rehearse(basis); }

 private:
  std::unique_ptr<base::Captioner> inner_;
  std::string language_;
};

}  // namespace

std::unique_ptr<base::Captioner> with_screen_text(std::unique_ptr<base::Captioner> inner, const std::string& language) {
  return std::make_unique<ScreenTextCaptioner>(std::move(inner), language);
}

}  // namespace reelgraph::captioner::screen_text
