#include "ingest/audio_decoder.h"

extern "C" {
#include <libavutil/channel_layout.h>
}

#include <algorithm>
#include <cmath>

namespace reelgraph::ingest {
namespace {

using base::Timestamp;

constexpr base::Duration kSlack = 50 * base::kMillisecond;

}  // namespace

base::Duration AudioMixer::length_of(std::int64_t samples) const { return av_rescale(samples, base::kSecond, rate_); }

bool AudioMixer::prepare(const AVFrame& frame) {
  const Format format{frame.sample_rate, frame.format, frame.ch_layout.nb_channels,
                      frame.ch_layout.order == AV_CHANNEL_ORDER_NATIVE ? frame.ch_layout.u.mask : 0};
  if (swr_ && format == format_) return true;
  swr_.reset();
  format_ = format;
  if (frame.sample_rate <= 0 || frame.sample_rate > 768'000 || frame.ch_layout.nb_channels < 1) return false;
  // Unnamed channels get the usual places; more than there are names for cannot be mixed.
  AVChannelLayout from{};
  if (frame.ch_layout.order == AV_CHANNEL_ORDER_NATIVE) {
    av_channel_layout_copy(&from, &frame.ch_layout);
  } else {
    av_channel_layout_default(&from, frame.ch_layout.nb_channels);
  }
  AVChannelLayout mono = AV_CHANNEL_LAYOUT_MONO;
  SwrContext* swr = nullptr;
  const int error = swr_alloc_set_opts2(&swr, &mono, AV_SAMPLE_FMT_FLT, rate_, &from, static_cast<AVSampleFormat>(frame.format),
                                        frame.sample_rate, 0, nullptr);
  av_channel_layout_uninit(&from);
  Swr made(swr);
  if (error < 0 || !made) return false;
  av_opt_set_double(made.get(), "rematrix_maxval", 1.0, 0);  // a mix of full-scale channels stays within full scale
  if (swr_init(made.get()) < 0) return false;
  swr_ = std::move(made);
  return true;
}

void AudioMixer::convert(const AVFrame* frame) {
  const int room = swr_get_out_samples(swr_.get(), frame == nullptr ? 0 : frame->nb_samples);
  if (room <= 0) return;
  const std::size_t before = pending_.size();
  pending_.resize(before + static_cast<std::size_t>(room));
  auto* to = reinterpret_cast<std::uint8_t*>(pending_.data() + before);
  const auto** from = frame == nullptr ? nullptr : const_cast<const std::uint8_t**>(frame->extended_data);
  const int got = swr_convert(swr_.get(), &to, room, from, frame == nullptr ? 0 : frame->nb_samples);
  if (got < 0) ++refused_;
  pending_.resize(before + static_cast<std::size_t>(std::max(0, got)));
  for (std::size_t i = before; i < pending_.size(); ++i) {
    float& sample = pending_[i];
    sample = std::isfinite(sample) ? std::clamp(sample, -1.0F, 1.0F) : 0.0F;
  }
}

void AudioMixer::give_full_blocks(std::vector<base::AudioBlock>& out, bool all) {
  const auto block_size = static_cast<std::size_t>(rate_ / 10);  // 0.1 s
  std::size_t given = 0;
  while (pending_.size() - given >= block_size || (all && given < pending_.size())) {
    const std::size_t n = std::min(block_size, pending_.size() - given);
    base::AudioBlock block;
    block.at = run_start_ + length_of(run_samples_);
    block.sample_rate = rate_;
    block.samples.assign(pending_.begin() + static_cast<std::ptrdiff_t>(given), pending_.begin() + static_cast<std::ptrdiff_t>(given + n));
    run_samples_ += static_cast<std::int64_t>(n);
    given += n;
    end_ = run_start_ + length_of(run_samples_);
    out.push_back(std::move(block));
  }
  pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(given));
}

void AudioMixer::drain(std::vector<base::AudioBlock>& out) {
  if (swr_) convert(nullptr);
  give_full_blocks(out, true);
  swr_.reset();
  running_ = false;
}

void AudioMixer::finish(std::vector<base::AudioBlock>& out) { drain(out); }

void AudioMixer::add(const AVFrame& frame, std::vector<base::AudioBlock>& out) {
  if (frame.nb_samples <= 0) return;
  if (frame.pts != AV_NOPTS_VALUE && running_) {
    const std::int64_t inside = swr_ ? swr_get_delay(swr_.get(), rate_) : 0;
    const Timestamp counted = run_start_ + length_of(run_samples_ + static_cast<std::int64_t>(pending_.size()) + inside);
    if (std::abs(frame.pts - counted) > kSlack) drain(out);
  }
  const Format before = format_;
  if (swr_ &&
      (before.rate != frame.sample_rate || before.sample_format != frame.format || before.channels != frame.ch_layout.nb_channels)) {
    const bool was_running = running_;
    drain(out);
    running_ = false;
    if (was_running && frame.pts == AV_NOPTS_VALUE) run_start_ = end_.value_or(0);
  }
  if (!prepare(frame)) {
    ++refused_;
    return;
  }
  if (!running_) {
    running_ = true;
    run_start_ = frame.pts != AV_NOPTS_VALUE ? frame.pts : end_.value_or(0);
    run_samples_ = 0;
  }
  convert(&frame);
  // Before the film's start, or over what was given: not heard.
  const Timestamp earliest = std::max<Timestamp>(0, end_.value_or(0));
  const Timestamp at = run_start_ + length_of(run_samples_);
  if (at < earliest) {
    const std::int64_t cut = std::min<std::int64_t>(static_cast<std::int64_t>(pending_.size()),
                                                    av_rescale_rnd(earliest - at, rate_, base::kSecond, AV_ROUND_UP));
    pending_.erase(pending_.begin(), pending_.begin() + static_cast<std::ptrdiff_t>(cut));
    run_samples_ += cut;
  }
  give_full_blocks(out, false);
}

}  // namespace reelgraph::ingest
