#pragma once
// A piece of a video as the chunker hands it to a captioner.

#include <string>
#include <vector>

#include "base/image.h"
#include "base/media.h"
#include "base/time.h"

namespace reelgraph::base {

/// A picture of the video that is worth keeping.
struct Keyframe {
  Timestamp at = 0;
  Image image;
  double novelty = 0;  ///< 0..1: how much it differs from the keyframes chosen before it
};

enum class BoundaryKind { kCut, kFade };

/// Where one shot ends and the next begins: `at` is the first frame of the new shot.
struct ShotBoundary {
  Timestamp at = 0;
  BoundaryKind kind = BoundaryKind::kCut;
  double confidence = 0;  ///< 0..1
};

/// Measurements of one analysed step (some per second) of the picture.
struct PictureSample {
  Timestamp at = 0;
  Duration step = 0;             ///< how long this sample stands for
  double brightness = 0;         ///< mean luma, 0..1
  double sharpness = 0;          ///< variance of the Laplacian of luma (0..255 scale), >= 0
  double motion = 0;             ///< share of the picture that moved against the previous sample, camera motion taken out, 0..1
  double motion_x = 0.5;         ///< centre of what moved, 0..1 from the left; 0.5 when nothing did
  double motion_y = 0.5;         ///< the same from the top
  double camera_x = 0;           ///< shift of the whole picture since the previous sample, in widths (right is positive)
  double camera_y = 0;           ///< in heights (down is positive)
  double camera_zoom = 0;        ///< relative growth of the whole picture since the previous sample (0.01: 1 % larger)
  double camera_confidence = 0;  ///< 0..1: how much of the picture agrees on that shift
  bool noisy = false;            ///< changes everywhere without structure: motion cannot be told
};

/// Loudness of one step of sound.
struct SoundSample {
  Timestamp at = 0;
  Duration step = 0;
  double level_db = -120;  ///< RMS in dB of full scale, -120 for digital silence
};

/// What was measured over a chunk's own part. Every instant of a video belongs to just one chunk's signals.
struct ChunkSignals {
  std::vector<PictureSample> picture;
  std::vector<SoundSample> sound;
  std::vector<ShotBoundary> boundaries;
  int frames_decoded = 0;
  int near_duplicates = 0;  ///< candidates for keyframes that were dropped because they looked like one already kept
};

/// A window of one video. `span` is what is looked at; `own` is the part no other chunk owns: neighbours' spans overlap, own parts do not.
struct Chunk {
  int index = 0;
  TimeSpan span;
  TimeSpan own;
  std::vector<Keyframe> keyframes;   ///< in time order, within `span`
  std::vector<Keyframe> candidates;  ///< further pictures of `span`, by time, that evidence may ask for
  std::vector<Cue> cues;             ///< overlapping `span`, in time order
  std::vector<Cue> texts;            ///< read on the screen, in time order, if somebody did (`ingest --ocr`)
  ChunkSignals signals;              ///< over `own`
  bool last = false;                 ///< no chunk follows
  std::string before;                ///< the description of the chunk before this one, for captioners that want it; may be empty
};

}  // namespace reelgraph::base
