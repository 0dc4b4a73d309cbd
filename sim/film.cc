#include "sim/film.h"

#include <cmath>

#include "base/error.h"
#include "ingest/film_writer.h"

namespace reelgraph::sim {

void write_film(const World& world, Renderer& renderer, Soundtrack sound, const std::filesystem::path& file, const FilmOptions& options) {
  ingest::FilmWriter film(file, options.size);
  const auto frames = static_cast<std::int64_t>(std::llround(world.history.seconds * options.fps));
  double heard = 0;
  for (std::int64_t i = 0; i < frames; ++i) {
    const double at = static_cast<double>(i) / options.fps;
    if (options.stop != nullptr && options.stop->load())
      throw base::Error(base::ErrorCode::kInterrupted, "stopped; nothing of the film was kept", file.string(), "run it again");
    while (heard <= at && heard < world.history.seconds) {
      const double length = std::min(1.0, world.history.seconds - heard);
      film.sound(sound.next(length));
      heard += length;
      if (options.progress) options.progress(at);
    }
    film.picture(renderer.draw(world.at(at)), base::from_seconds(at));
  }
  film.commit();
}

}  // namespace reelgraph::sim
