#pragma once
// How a model that says what is where is asked and read: FOLDER/reelgraph.json beside an ordinary snapshot.

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "chunker/tracking/sighting.h"

namespace reelgraph::captioner::places {

struct PlacesNote {
  int columns = 0, rows = 0;       ///< of the grid in which places are said, 1..1000
  double frames_per_second = 1;    ///< that are looked at, above 0, at most 30
  int max_tokens = 128;            ///< of one reply
  std::vector<std::string> types;  ///< entity types that it names
  std::string limits;              ///< what it cannot do, for the user; one sentence
};

/// Nothing if the folder has no such file, or one that asks for another way.
/// @throws base::Error kModel for a file that cannot be understood
[[nodiscard]] std::optional<PlacesNote> read_note(const std::filesystem::path& folder);

/// "red worker 12 5; blue forklift boxes 20 8; pallet drums 3 19" or "nothing": a label, the type, a load, column and row. The place is the
/// middle of its cell. What is not of that form is left out and counted. A reply is hostile: anything may be in it.
/// @param unread added to
[[nodiscard]] std::vector<chunker::tracking::Sighting> read_places(std::string_view reply, const PlacesNote& note, int& unread);

}  // namespace reelgraph::captioner::places
