// Subtitle files beside a film: found by name, read whole, decoded by FFmpeg from memory.

#include <algorithm>
#include <string>

#include "base/error.h"
#include "ingest/demuxer.h"
#include "ingest/media_files.h"
#include "ingest/regular_file.h"
#include "ingest/streams.h"
#include "ingest/subtitle_text.h"
#include "ingest/subtitles.h"

namespace reelgraph::ingest {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

constexpr std::int64_t kMostBytes = std::int64_t{32} << 20;  ///< a day of dense dialogue is under 5 MB
constexpr std::size_t kMostCues = 1'000'000;

/// "en" of film.en.srt; empty where the name tells no language.
std::string language_of(const fs::path& path) {
  const std::string tag = path.stem().extension().string();
  const bool letters =
      std::all_of(tag.begin(), tag.end(), [](unsigned char c) { return c == '.' || c == '-' || (c < 128 && std::isalpha(c) != 0); });
  return letters && tag.size() >= 3 && tag.size() <= 8 ? tag.substr(1) : std::string();
}

}  // namespace

std::vector<base::Cue> read_sidecar_bytes(const std::string& bytes, const std::string& name, const std::string& language,
                                          const std::string& source) {
  const std::unique_ptr<Input> input = Input::open_bytes(decode_charset(bytes), name, InputKind::kSubtitle, ReaderLimits{});
  const StreamChoice choice = choose_streams(*input);
  std::vector<base::Cue> cues;
  for (const int index : choice.info.subtitle_streams) {
    SubtitleDecoder decoder(*input->stream(index), language, source);
    Demuxer demuxer(*input, choice.clock, {index}, -1);
    while (const AVPacket* packet = demuxer.read()) {
      for (base::Cue& cue : decoder.decode(*packet)) cues.push_back(std::move(cue));
      if (cues.size() > kMostCues)
        throw Error(ErrorCode::kBadInput, "holds more than a million cues", name, "this is no subtitle file of a film");
    }
    break;
  }
  std::stable_sort(cues.begin(), cues.end(), [](const base::Cue& a, const base::Cue& b) { return a.span < b.span; });
  return cues;
}

std::vector<base::Cue> read_sidecar(const fs::path& path) {
  const RegularFile file = RegularFile::open(path);
  if (file.size() > kMostBytes)
    throw Error(ErrorCode::kBadInput, "is too large for a subtitle file (over 32 MB)", path.string(), "check that it is one");
  std::string bytes(static_cast<std::size_t>(file.size()), '\0');
  std::int64_t got = 0;
  while (got < file.size()) {
    const std::int64_t n = file.read(got, bytes.data() + got, bytes.size() - static_cast<std::size_t>(got));
    if (n < 0)
      throw Error(ErrorCode::kBadInput, "cannot be read: " + base::errno_text(static_cast<int>(-n)), path.string(), "check the disk");
    if (n == 0) break;
    got += n;
  }
  bytes.resize(static_cast<std::size_t>(got));
  return read_sidecar_bytes(bytes, path.string(), language_of(path), "sidecar:" + path.filename().string());
}

}  // namespace reelgraph::ingest
