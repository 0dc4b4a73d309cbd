#pragma once
// Lays a spoken commentary over a film: its pictures are copied, its own sound is lowered while somebody speaks.

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/time.h"

namespace reelgraph::ingest {

struct SpokenLine {
  base::TimeSpan span;  ///< of the film
  std::string text;
};

struct NarrationOptions {
  std::string language = "en-gb";
  double lowered = 0.25;  ///< factor of the film's own sound while a line is spoken (-12 dB)
  double level = 0.9;     ///< factor of the voice
};

struct NarrationResult {
  bool pictures = false;  ///< copied from the film
  bool sound = false;     ///< the film has sound of its own, and it is in the mix
  base::Duration duration = 0;
  int lines = 0;
  int hurried = 0;  ///< had to be spoken faster than usual to end in time
  int cut = 0;      ///< ended by the beginning of the next line all the same
};

/// @param film empty: there is none, the voice alone is written
/// @param lines by start, not overlapping
/// @param output .mp4, .mkv, .mov or .webm; .wav or .m4a for sound alone. It appears under its name only when it is whole
/// @throws base::Error kBadInput (film, ending), kInvalidArgument (no such voice), kArchive (cannot write), kInterrupted
NarrationResult narrate(const std::filesystem::path& film, const std::vector<SpokenLine>& lines, const NarrationOptions& options,
                        const std::filesystem::path& output, std::stop_token stop = {});

}  // namespace reelgraph::ingest
