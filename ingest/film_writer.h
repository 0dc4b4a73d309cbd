#pragma once
// Writes a film from pictures and sound made by the caller.

#include <filesystem>
#include <memory>

#include "base/image.h"
#include "base/media.h"

namespace reelgraph::ingest {

/// The film appears under its name only with `commit`; without, nothing stays behind. Encodes quickly and on one thread.
class FilmWriter {
 public:
  static constexpr int kAudioRate = 48'000;

  /// @param size of the pictures, even
  /// @throws base::Error kBadInput (ending), kArchive (cannot write)
  FilmWriter(const std::filesystem::path& file, base::Size size);
  ~FilmWriter();
  FilmWriter(const FilmWriter&) = delete;
  FilmWriter& operator=(const FilmWriter&) = delete;

  /// Pictures and sound come in time order, from 0. @throws base::Error kArchive
  void picture(const base::Image& image, base::Timestamp at);
  /// Mono, of kAudioRate.
  void sound(const base::AudioBlock& block);
  void commit();

 private:
  class Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace reelgraph::ingest
