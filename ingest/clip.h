#pragma once
// Takes evidence out of a film: one picture, or a piece of it.

#include <filesystem>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/image.h"
#include "base/media.h"

namespace reelgraph::ingest {

/// JPEG bytes (4:2:0, quality 1..100).
[[nodiscard]] std::string encode_jpeg(const base::Image& image, int quality = 88);
/// @param jpeg bytes of a file, hostile until checked @param name of it, for errors
/// @throws base::Error kBadInput: no sound JPEG, or one of more than 64 million pixels
[[nodiscard]] base::Image decode_jpeg(std::string_view jpeg, const std::string& name);
/// PNG bytes.
[[nodiscard]] std::string encode_png(const base::Image& image);

struct StillPicture {
  base::Timestamp at = 0;  ///< time of the frame that was taken
  base::Image image;
};

/// The frame on the screen at `at` (the last frame not after it; the first frame if `at` precedes it).
/// @throws base::Error kBadInput if there is no picture there
[[nodiscard]] StillPicture picture_at(const std::filesystem::path& film, base::Timestamp at, std::stop_token stop = {});

struct ClipResult {
  bool copied = false;  ///< streams copied without decoding; else re-encoded
  base::TimeSpan span;  ///< what the clip holds
};

/// Writes `span` of a film to `output` (.mp4, .mkv, .mov, .webm by ending). Streams are copied where a key picture lies within
/// `tolerance` before the start, else re-encoded. The file appears under its name only when complete.
/// @throws base::Error kBadInput (film, span, ending), kArchive (cannot write)
ClipResult cut_clip(const std::filesystem::path& film, base::TimeSpan span, const std::filesystem::path& output,
                    base::Duration tolerance = 200 * base::kMillisecond, std::stop_token stop = {});

/// Versions of the FFmpeg libraries and what they can decode; for `doctor`.
struct FfmpegFacts {
  std::string version;
  std::vector<std::string> missing_decoders;  ///< of those most films need (h264, hevc, vp9, av1, mpeg4, aac, mp3, opus, ac3)
  bool can_encode_h264 = false;
};
[[nodiscard]] FfmpegFacts ffmpeg_facts();

}  // namespace reelgraph::ingest
