#pragma once
// Packets of the wanted streams in file order, with times of the film's clock. Decodes nothing.

#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "ingest/clock.h"
#include "ingest/input.h"

namespace reelgraph::ingest {

/// Borrows the input. Damage inside the container is passed over and counted.
class Demuxer {
 public:
  /// @param leader the stream whose key pictures a seek looks for; -1: none
  Demuxer(Input& input, FilmClock::Options clock, const std::vector<int>& wanted, int leader);

  /// The next packet of a wanted stream; its time stamps are microseconds of the film. Null at the end.
  [[nodiscard]] AVPacket* read();

  /// Goes to a place from which the picture on the screen at `target` can be decoded. Where the container can be searched, by its index;
  /// else what comes before is read and dropped undecoded, up to the last key picture.
  void seek(base::Timestamp target);

  [[nodiscard]] std::int64_t damaged() const { return damaged_; }
  /// Why reading ended before the end of the file; empty if it did not.
  [[nodiscard]] const std::string& failure() const { return failure_; }
  [[nodiscard]] int jumps() const { return clock_.jumps(); }

 private:
  [[nodiscard]] bool read_raw(AVPacket& packet);
  void to_film_time(AVPacket& packet);
  [[nodiscard]] bool is_subtitle(const AVPacket& packet) const;
  bool seek_by_index(base::Timestamp target);
  void skip_to(base::Timestamp target);

  Input& input_;
  FilmClock::Options clock_options_;
  FilmClock clock_;
  std::vector<char> wanted_;
  int leader_;
  Packet packet_;
  std::deque<Packet> held_;  ///< read ahead while seeking
  std::int64_t damaged_ = 0;
  std::string failure_;
};

}  // namespace reelgraph::ingest
