#pragma once
// Films a world.

#include <atomic>
#include <filesystem>
#include <functional>

#include "sim/render/renderer.h"
#include "sim/sound.h"
#include "sim/world.h"

namespace reelgraph::sim {

struct FilmOptions {
  base::Size size{640, 360};  ///< even
  double fps = 10;
  std::function<void(double)> progress;     ///< told the seconds that are done, about once a second of the film
  const std::atomic<bool>* stop = nullptr;  ///< becomes true: give up
};

/// Draws and encodes; the file is there only when it is whole.
/// @throws base::Error kArchive if it cannot be written, kInterrupted when stopped
void write_film(const World& world, Renderer& renderer, Soundtrack sound, const std::filesystem::path& file, const FilmOptions& options);

}  // namespace reelgraph::sim
