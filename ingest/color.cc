#include "ingest/color.h"

extern "C" {
#include <libavutil/pixdesc.h>
}

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "ingest/tone_map.h"

namespace reelgraph::ingest {
namespace {

using base::Error;
using base::ErrorCode;
using base::Image;
using base::Size;

constexpr std::size_t kKeptContexts = 8;
constexpr int kRowsPerLine = 4;  ///< source lines averaged into one of the result; more cost time and show nothing

/// Full-range formats by name ("yuvj420p") are the plain ones with a flag; swscale warns about the former.
AVPixelFormat plain_format(AVPixelFormat format, bool& full) {
  switch (format) {
    case AV_PIX_FMT_YUVJ420P: full = true; return AV_PIX_FMT_YUV420P;
    case AV_PIX_FMT_YUVJ422P: full = true; return AV_PIX_FMT_YUV422P;
    case AV_PIX_FMT_YUVJ444P: full = true; return AV_PIX_FMT_YUV444P;
    case AV_PIX_FMT_YUVJ440P: full = true; return AV_PIX_FMT_YUV440P;
    case AV_PIX_FMT_YUVJ411P: full = true; return AV_PIX_FMT_YUV411P;
    default: return format;
  }
}

int matrix_of(const AVFrame& frame) {
  switch (frame.colorspace) {
    case AVCOL_SPC_BT709: return SWS_CS_ITU709;
    case AVCOL_SPC_FCC: return SWS_CS_FCC;
    case AVCOL_SPC_BT470BG:
    case AVCOL_SPC_SMPTE170M: return SWS_CS_ITU601;
    case AVCOL_SPC_SMPTE240M: return SWS_CS_SMPTE240M;
    case AVCOL_SPC_BT2020_NCL:
    case AVCOL_SPC_BT2020_CL: return SWS_CS_BT2020;
    default: return frame.height >= 720 || frame.width >= 1280 ? SWS_CS_ITU709 : SWS_CS_ITU601;
  }
}

/// What the scaler is given: the frame's planes, or every n-th line of them.
struct Planes {
  const std::uint8_t* data[4];
  int stride[4];
  int height;
};

Planes planes_of(const AVFrame& frame, const AVPixFmtDescriptor& format, int lines_wanted) {
  Planes planes{{frame.data[0], frame.data[1], frame.data[2], frame.data[3]},
                {frame.linesize[0], frame.linesize[1], frame.linesize[2], frame.linesize[3]},
                frame.height};
  if ((format.flags & (AV_PIX_FMT_FLAG_PAL | AV_PIX_FMT_FLAG_BAYER | AV_PIX_FMT_FLAG_BITSTREAM)) != 0 || frame.height < 4) return planes;
  int step = std::max(1, frame.height / std::max(1, lines_wanted) / kRowsPerLine);
  // One field only: an even step, from the field that came first.
  if (frame.interlaced_frame != 0) step = std::max(2, step - step % 2);
  if (step == 1) return planes;
  const bool second = frame.interlaced_frame != 0 && frame.top_field_first == 0;
  for (int p = 0; p < 4; ++p) {
    if (second && planes.data[p] != nullptr) planes.data[p] += planes.stride[p];
    planes.stride[p] *= step;
  }
  // Whole steps only, so that no plane is read past its last line however its chroma is subsampled.
  planes.height = std::max(1, frame.height / step);
  if (second && planes.height > 1) planes.height -= planes.height % 2;
  return planes;
}

}  // namespace

bool is_hdr(const AVFrame& frame) { return frame.color_trc == AVCOL_TRC_SMPTE2084 || frame.color_trc == AVCOL_TRC_ARIB_STD_B67; }

Image turned(Image image, Orientation orientation) {
  if (orientation == Orientation{}) return image;
  const int w = image.width, h = image.height;
  const bool upright = orientation.degrees % 180 == 0;
  Image result{upright ? w : h, upright ? h : w, std::vector<std::uint8_t>(image.pixels.size())};
  const std::uint8_t* from = image.pixels.data();
  for (int y = 0; y < h; ++y) {
    for (int x = 0; x < w; ++x, from += 3) {
      const int mx = orientation.mirror ? w - 1 - x : x;
      int to_x = mx, to_y = y;
      if (orientation.degrees == 90) to_x = h - 1 - y, to_y = mx;
      if (orientation.degrees == 180) to_x = w - 1 - mx, to_y = h - 1 - y;
      if (orientation.degrees == 270) to_x = y, to_y = w - 1 - mx;
      std::uint8_t* to = result.pixels.data() +
                         (static_cast<std::size_t>(to_y) * static_cast<std::size_t>(result.width) + static_cast<std::size_t>(to_x)) * 3;
      std::copy_n(from, 3, to);
    }
  }
  return result;
}

SwsContext& ColorConverter::context(const Key& key) {
  const auto found = std::find_if(contexts_.begin(), contexts_.end(), [&](const auto& entry) { return entry.first == key; });
  if (found != contexts_.end()) {
    contexts_.splice(contexts_.begin(), contexts_, found);
    return *contexts_.front().second;
  }
  const auto format = static_cast<AVPixelFormat>(key.format);
  const bool shrinks = key.size.width < key.width || key.size.height < key.height;
  // What is not scaled keeps the chroma of its film as it is, which a JPEG of it halves again anyway: eight times as fast.
  const bool as_is = key.size.width == key.width && key.size.height == key.height;
  Sws sws(sws_getContext(key.width, key.height, format, key.size.width, key.size.height, static_cast<AVPixelFormat>(key.target),
                         (shrinks ? SWS_AREA : SWS_BICUBIC) | (as_is ? 0 : SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT), nullptr, nullptr,
                         nullptr));
  if (!sws) {
    const char* name = av_get_pix_fmt_name(format);
    throw Error(ErrorCode::kBadInput, std::string("pictures of the format ") + (name == nullptr ? "?" : name) + " cannot be converted");
  }
  const int* matrix = sws_getCoefficients(key.matrix);
  sws_setColorspaceDetails(sws.get(), matrix, key.range, sws_getCoefficients(SWS_CS_DEFAULT), 1, 0, 1 << 16, 1 << 16);
  contexts_.emplace_front(key, std::move(sws));
  if (contexts_.size() > kKeptContexts) contexts_.pop_back();
  return *contexts_.front().second;
}

Image ColorConverter::to_rgb(const AVFrame& frame, Size size, Orientation orientation) {
  if (size.width < 1 || size.height < 1 || size.width > 8192 || size.height > 8192) {
    throw Error(ErrorCode::kInvalidArgument, "a picture is 1 to 8192 pixels wide and high");
  }
  const Size scaled = orientation.degrees % 180 == 0 ? size : Size{size.height, size.width};
  const AVPixFmtDescriptor* description = av_pix_fmt_desc_get(static_cast<AVPixelFormat>(frame.format));
  if (description == nullptr || (description->flags & AV_PIX_FMT_FLAG_HWACCEL) != 0 || frame.width < 1 || frame.height < 1 ||
      frame.data[0] == nullptr) {
    throw Error(ErrorCode::kBadInput, "a picture of an unknown pixel format cannot be converted");
  }
  bool full = frame.color_range == AVCOL_RANGE_JPEG;
  const AVPixelFormat format = plain_format(static_cast<AVPixelFormat>(frame.format), full);
  const bool hdr = is_hdr(frame);
  const Planes planes = planes_of(frame, *description, scaled.height);
  const AVPixelFormat target = hdr ? AV_PIX_FMT_RGB48 : AV_PIX_FMT_RGB24;
  SwsContext& sws = context({frame.width, planes.height, format, matrix_of(frame), full ? 1 : 0, scaled, target});

  // swscale writes whole vectors: rows of its own width and slack at the end.
  const auto width = static_cast<std::size_t>(scaled.width), height = static_cast<std::size_t>(scaled.height);
  const std::size_t stride = (width * (hdr ? 6 : 3) + 63) / 64 * 64;
  buffer_.resize(stride * height + 128);
  auto* rows = reinterpret_cast<std::uint8_t*>((reinterpret_cast<std::uintptr_t>(buffer_.data()) + 63) / 64 * 64);
  std::uint8_t* const data[4] = {rows, nullptr, nullptr, nullptr};
  const int strides[4] = {static_cast<int>(stride), 0, 0, 0};
  if (sws_scale(&sws, planes.data, planes.stride, 0, planes.height, data, strides) < 0) {
    throw Error(ErrorCode::kBadInput, "a picture could not be converted to RGB");
  }
  Image image{scaled.width, scaled.height, std::vector<std::uint8_t>(width * height * 3)};
  for (std::size_t y = 0; y < height; ++y) {
    std::uint8_t* to = image.pixels.data() + y * width * 3;
    const std::uint8_t* from = rows + y * stride;
    if (hdr) {
      const auto transfer = frame.color_trc == AVCOL_TRC_SMPTE2084 ? HdrTransfer::kPq : HdrTransfer::kHlg;
      tone_map_row({reinterpret_cast<const std::uint16_t*>(from), width * 3}, to, transfer);
    } else {
      std::memcpy(to, from, width * 3);
    }
  }
  return turned(std::move(image), orientation);
}

}  // namespace reelgraph::ingest
