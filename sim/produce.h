#pragma once
// Fills a folder with a film, its truth, questions, the profile of its camera and the settings.

#include <atomic>
#include <filesystem>
#include <functional>
#include <string>

#include "sim/line/line.h"
#include "sim/match/game.h"
#include "sim/truth.h"
#include "sim/warehouse/settings.h"

namespace reelgraph::sim {

struct ProduceOptions {
  std::filesystem::path folder;
  std::string id;  ///< of the film; empty: the folder's name
  bool film = true;
  base::Size size{640, 360};   ///< even, 64..3840
  double fps = 10;             ///< 0.1..60
  double positions_every = 1;  ///< seconds between positions in the truth; 0: none
  double places_every = 0;     ///< seconds between lines of places.jsonl, what is where in the picture, as a model says it; 0: none
  bool clock = true;           ///< on the screen
  bool unseen = false;         ///< light and layouts that models/sim was not trained on
  Losses losses;
  bool force = false;                       ///< writes over an older film
  std::function<void(double)> progress;     ///< seconds of the film that are done
  const std::atomic<bool>* stop = nullptr;  ///< becomes true: give up
};

struct Produced {
  std::size_t events = 0, questions = 0;
  std::string bottleneck;   ///< empty for a match
  double play_seconds = 0;  ///< of the processor, to play and write the truth
  double film_seconds = 0;  ///< of the processor, to draw and encode
  double seconds = 0;       ///< length of the film
};

/// Writes film.mp4, truth.observations.jsonl, questions.jsonl, profile.toml and settings.json; each appears only when it is whole,
/// settings.json last. @throws base::Error kInvalidArgument (options), kArchive (cannot write, or there is an older film), kInterrupted
Produced produce_warehouse(const WarehouseSettings& asked, const ProduceOptions& options);
Produced produce_line(const LineSettings& settings, const ProduceOptions& options);
Produced produce_match(const GameSettings& asked, const ProduceOptions& options);

}  // namespace reelgraph::sim
