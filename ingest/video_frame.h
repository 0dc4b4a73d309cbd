#pragma once
// A decoded picture as the rest of the program sees it.

#include "base/media.h"
#include "ingest/color.h"
#include "ingest/ffmpeg_handles.h"

namespace reelgraph::ingest {

/// Holds a reference to decoded planes; RGB is made when asked for. Borrows the converter.
class VideoFrame final : public base::Frame {
 public:
  VideoFrame(const AVFrame& frame, base::Timestamp at, base::Size size, Orientation orientation, ColorConverter& converter)
      : frame_(make_frame()), at_(at), size_(size), orientation_(orientation), converter_(&converter) {
    if (av_frame_ref(frame_.get(), &frame) < 0) frame_.reset();
  }

  [[nodiscard]] bool valid() const { return frame_ != nullptr; }
  [[nodiscard]] const AVFrame& planes() const { return *frame_; }
  void set_duration(base::Duration duration) { duration_ = duration; }

  [[nodiscard]] base::Timestamp at() const override { return at_; }
  [[nodiscard]] base::Duration duration() const override { return duration_; }
  [[nodiscard]] bool is_keyframe() const override { return frame_->key_frame != 0; }
  [[nodiscard]] base::Size size() const override { return size_; }
  [[nodiscard]] base::Image render(base::Size size) const override {
    if (size.width > kMostKept || size.height > kMostKept) return converter_->to_rgb(*frame_, size, orientation_);
    // Several stages look at the same small picture.
    if (kept_.width != size.width || kept_.height != size.height) kept_ = converter_->to_rgb(*frame_, size, orientation_);
    return kept_;
  }

 private:
  FrameHandle frame_;
  base::Timestamp at_;
  base::Duration duration_ = 0;
  base::Size size_;
  Orientation orientation_;
  ColorConverter* converter_;
  static constexpr int kMostKept = 512;  ///< pixels a side
  mutable base::Image kept_;             ///< the last small picture that was rendered
};

}  // namespace reelgraph::ingest
