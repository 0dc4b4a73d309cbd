#include "ingest/narration.h"

#include <algorithm>
#include <cmath>
#include <optional>

extern "C" {
#include <libavutil/opt.h>
#include <libswresample/swresample.h>
}

#include "base/error.h"
#include "ingest/clip_encoder.h"
#include "ingest/demuxer.h"
#include "ingest/file_reader.h"
#include "ingest/muxer.h"
#include "ingest/voice.h"

namespace reelgraph::ingest {
namespace {

using base::Error;
using base::ErrorCode;
using base::Timestamp;

constexpr int kRate = ClipEncoder::kAudioRate;
constexpr base::Duration kPiece = base::kSecond;                      // mixed at once
constexpr double kFastest = 1.7;                                      // times the usual rate; beyond it nobody follows
constexpr std::size_t kRamp = kRate / 8;                              // samples in which the film's sound goes down or up again

std::size_t samples_at(Timestamp t) { return static_cast<std::size_t>(av_rescale(t, kRate, base::kSecond)); }

/// Mono float sound at another rate.
std::vector<float> at_rate(const base::AudioBlock& block) {
  if (block.sample_rate == kRate || block.samples.empty()) return block.samples;
  AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
  SwrContext* context = nullptr;
  if (swr_alloc_set_opts2(&context, &mono, AV_SAMPLE_FMT_FLT, kRate, &mono, AV_SAMPLE_FMT_FLT, block.sample_rate, 0, nullptr) < 0 ||
      swr_init(context) < 0) {
    swr_free(&context);
    throw Error(ErrorCode::kInternal, "the voice's sound cannot be converted");
  }
  std::vector<float> out(static_cast<std::size_t>(av_rescale_rnd(static_cast<std::int64_t>(block.samples.size()), kRate, block.sample_rate, AV_ROUND_UP)) + 256);
  const auto* in = reinterpret_cast<const std::uint8_t*>(block.samples.data());
  auto* to = reinterpret_cast<std::uint8_t*>(out.data());
  int n = swr_convert(context, &to, static_cast<int>(out.size()), &in, static_cast<int>(block.samples.size()));
  if (n >= 0) {
    to = reinterpret_cast<std::uint8_t*>(out.data() + n);
    const int rest = swr_convert(context, &to, static_cast<int>(out.size()) - n, nullptr, 0);
    n += std::max(0, rest);
  }
  swr_free(&context);
  out.resize(static_cast<std::size_t>(std::max(0, n)));
  return out;
}

/// Speaks line after line as the time comes, so that a long film needs no memory.
class Speaker {
 public:
  Speaker(const std::vector<SpokenLine>& lines, const NarrationOptions& options, NarrationResult& result)
      : lines_(lines), result_(result), voice_(options.language), level_(static_cast<float>(options.level)) {}

  /// The voice from sample `at` on, added to `mix`; `spoken[i]` is set where somebody speaks.
  void add(std::size_t at, std::vector<float>& mix, std::vector<char>& spoken) {
    for (std::size_t i = 0; i < mix.size(); ++i) {
      while (next_ < lines_.size() && done_ >= sound_.size() && samples_at(lines_[next_].span.start) <= at + i) speak();
      if (done_ >= sound_.size()) continue;
      mix[i] += sound_[done_++] * level_;
      spoken[i] = 1;
    }
  }
  [[nodiscard]] bool over() const { return next_ >= lines_.size() && done_ >= sound_.size(); }

 private:
  void speak() {
    const SpokenLine& line = lines_[next_];
    ++next_;
    done_ = 0;
    const Timestamp until = next_ < lines_.size() ? lines_[next_].span.start : line.span.end + 2 * base::kSecond;
    const std::size_t room = samples_at(until) - samples_at(line.span.start);
    sound_ = at_rate(voice_.say(line.text));
    ++result_.lines;
    if (sound_.size() > room && room > 0) {
      const double hurry = std::min(kFastest, 1.05 * static_cast<double>(sound_.size()) / static_cast<double>(room));
      sound_ = at_rate(voice_.say(line.text, static_cast<int>(Voice::kUsualRate * hurry)));
      ++result_.hurried;
    }
    if (sound_.size() > room) {
      sound_.resize(room);
      ++result_.cut;
    }
  }

  const std::vector<SpokenLine>& lines_;
  NarrationResult& result_;
  Voice voice_;
  float level_;
  std::vector<float> sound_;  ///< of the line that is being spoken
  std::size_t next_ = 0, done_ = 0;
};

/// The film's own sound, piece by piece.
class OwnSound {
 public:
  OwnSound(const std::filesystem::path& film, const std::stop_token& stop) {
    ReaderOptions options;
    options.want_video = false;
    options.want_subtitles = false;
    reader_.emplace(Input::open(film, options.limits, stop), options, FileReader::Extras{.earlier = false, .audio_rate = kRate});
  }
  /// Adds samples [at, at + N) times `gain`.
  void add(std::size_t at, std::vector<float>& mix, const std::vector<float>& gain) {
    while (!over_ && begin_ + held_.size() < at + mix.size()) read();
    if (begin_ < at) {
      const std::size_t gone = std::min(at - begin_, held_.size());
      held_.erase(held_.begin(), held_.begin() + static_cast<std::ptrdiff_t>(gone));
      begin_ += gone;
    }
    for (std::size_t i = 0; i < mix.size(); ++i) {
      if (at + i >= begin_ && at + i - begin_ < held_.size()) mix[i] += held_[at + i - begin_] * gain[i];
    }
  }
  [[nodiscard]] std::size_t end() const { return over_ ? begin_ + held_.size() : static_cast<std::size_t>(-1); }

 private:
  void read() {
    std::optional<MediaEvent> event = reader_->next();
    if (!event) {
      over_ = true;
      return;
    }
    auto* block = std::get_if<base::AudioBlock>(&*event);
    if (block == nullptr) return;
    const std::size_t at = samples_at(std::max<Timestamp>(0, block->at));
    if (held_.empty()) begin_ = at;
    if (begin_ + held_.size() < at) held_.resize(at - begin_, 0.0F);  // a gap is silence
    held_.insert(held_.end(), block->samples.begin(), block->samples.end());
  }

  std::optional<FileReader> reader_;
  std::vector<float> held_;
  std::size_t begin_ = 0;
  bool over_ = false;
};

/// The film's pictures as they are.
class Pictures {
 public:
  Pictures(const std::filesystem::path& film, Muxer& muxer, const std::stop_token& stop) : muxer_(muxer), input_(Input::open(film, ReaderLimits{}, stop)) {
    const StreamChoice choice = choose_streams(*input_);
    from_ = choice.info.video_stream;
    has_sound = choice.info.audio_stream >= 0;
    if (from_ < 0) return;
    if (!muxer_.can_hold(input_->stream(from_)->codecpar->codec_id))
      throw Error(ErrorCode::kBadInput, "this kind of file cannot hold the film's pictures as they are", film.string(), "use the ending .mkv");
    to_ = muxer_.add_stream(input_->stream(from_)->time_base);
    copy_stream(*input_->stream(from_), muxer_, to_);
    demuxer_.emplace(*input_, choice.clock, std::vector<int>{from_}, from_);
    input_->interrupt().allow(24.0 * 3600);
  }
  [[nodiscard]] bool any() const { return from_ >= 0; }
  /// Writes what is to be decoded up to `until`.
  void write(Timestamp until) {
    while (!over_ && (!held_ || held_->dts < until)) {
      if (held_) {
        end = std::max(end, held_->pts + held_->duration);
        if (!muxer_.write(*held_, to_, kMicroseconds)) throw Error(ErrorCode::kBadInput, "the film's pictures cannot be copied", {}, "use the ending .mkv");
        held_.reset();
      }
      AVPacket* packet = demuxer_->read();
      if (packet == nullptr) {
        over_ = true;
        return;
      }
      if (packet->dts == AV_NOPTS_VALUE || packet->pts == AV_NOPTS_VALUE) continue;
      held_ = make_packet();
      av_packet_move_ref(held_.get(), packet);
    }
  }
  [[nodiscard]] bool over() const { return from_ < 0 || over_; }
  Timestamp end = 0;
  bool has_sound = false;

 private:
  Muxer& muxer_;
  std::unique_ptr<Input> input_;
  std::optional<Demuxer> demuxer_;
  Packet held_;
  int from_ = -1, to_ = -1;
  bool over_ = false;
};

}  // namespace

NarrationResult narrate(const std::filesystem::path& film, const std::vector<SpokenLine>& lines, const NarrationOptions& options,
                        const std::filesystem::path& output, std::stop_token stop) {
  std::error_code unknown;
  if (!film.empty() && std::filesystem::equivalent(film, output, unknown))
    throw Error(ErrorCode::kBadInput, "the narrated film cannot replace the film", output.string(), "give another name");
  NarrationResult result;
  Muxer muxer(output, Muxer::Content::kSoundToo);
  std::optional<Pictures> pictures;
  std::optional<OwnSound> own;
  if (!film.empty()) {
    if (!muxer.is_sound_only()) {
      pictures.emplace(film, muxer, stop);
      result.pictures = pictures->any();
      result.sound = pictures->has_sound;
    } else {
      const std::unique_ptr<Input> input = Input::open(film, ReaderLimits{}, stop);
      result.sound = choose_streams(*input).info.audio_stream >= 0;
    }
    if (result.sound) own.emplace(film, stop);
  }
  Speaker speaker(lines, options, result);
  ClipEncoder encoder(muxer, {}, true);

  float gain_now = 1;
  const float lowered = static_cast<float>(std::clamp(options.lowered, 0.0, 1.0)), step = (1 - lowered) / static_cast<float>(kRamp);
  for (Timestamp at = 0;; at += kPiece) {
    if (stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "stopped while narrating", film.string());
    if (pictures) pictures->write(at + kPiece);
    const std::size_t first = samples_at(at), count = samples_at(at + kPiece) - first;
    std::vector<float> mix(count, 0.0F), gain(count, 1.0F);
    std::vector<char> spoken(count, 0);
    speaker.add(first, mix, spoken);
    for (std::size_t i = 0; i < count; ++i) {
      gain_now = spoken[i] != 0 ? std::max(lowered, gain_now - step) : std::min(1.0F, gain_now + step);
      gain[i] = gain_now;
    }
    if (own) own->add(first, mix, gain);
    for (float& s : mix) s = std::clamp(s, -1.0F, 1.0F);
    base::AudioBlock block;
    block.sample_rate = kRate;
    block.samples = std::move(mix);
    encoder.sound(block, at);
    const bool sound_over = !own || own->end() <= first + count;
    if (speaker.over() && sound_over && (!pictures || pictures->over())) {
      result.duration = std::max(pictures ? pictures->end : 0, at + kPiece);
      break;
    }
  }
  encoder.finish();
  muxer.commit();
  return result;
}

}  // namespace reelgraph::ingest
