// reelgraph-sim-say MODEL: what the engine that `ingest` uses says of pictures, one line a picture.
// Standard input: uint8 RGB [H, W, 3] and one line of text each, as reelgraph-sim-frames writes them.

#include <CLI/CLI.hpp>
#include <filesystem>
#include <iostream>
#include <string>

#include "base/error.h"
#include "captioner/places/places_model.h"
#include "captioner/places/places_note.h"

namespace {

using reelgraph::base::Image;
namespace captioner = reelgraph::captioner;
namespace places = reelgraph::captioner::places;

int say(const std::string& folder, const reelgraph::base::LocalSettings& settings, reelgraph::base::Size size,
        const std::filesystem::path& self) {
  const std::optional<places::PlacesNote> note = places::read_note(folder);
  if (!note) {
    std::cerr << folder << " has no reelgraph.json that says places\n";
    return 4;
  }
  const auto plugin = captioner::find_torch_plugin(captioner::torch_plugin_folders(self));
  if (!plugin) {
    std::cerr << "the libtorch plugin is not beside this program\n";
    return 4;
  }
  places::PlacesModel model(captioner::TorchPlugin::load(*plugin), folder, settings);
  std::vector<Image> tiles;
  reelgraph::base::Usage usage;
  const auto flush = [&] {
    for (const std::string& text : model.say(tiles, note->max_tokens, usage)) std::cout << text << '\n';
    tiles.clear();
  };
  Image picture{size.width, size.height,
                std::vector<std::uint8_t>(static_cast<std::size_t>(size.width) * static_cast<std::size_t>(size.height) * 3)};
  std::string line;
  while (std::cin.read(reinterpret_cast<char*>(picture.pixels.data()), static_cast<std::streamsize>(picture.pixels.size())) &&
         std::getline(std::cin, line)) {
    tiles.push_back(model.tile_of(picture));
    if (tiles.size() == 64) flush();
  }
  flush();
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  captioner::wait_without_spinning();
  CLI::App app{"Says what is where in pictures, with the engine that ingest uses."};
  std::string folder;
  reelgraph::base::LocalSettings settings;
  reelgraph::base::Size size{640, 360};
  app.add_option("model", folder, "a model folder that says places (models/sim)")->required();
  app.add_option("--width", size.width)->check(CLI::Range(1, 4096));
  app.add_option("--height", size.height)->check(CLI::Range(1, 4096));
  app.add_option("--threads", settings.threads)->check(CLI::Range(0, 256));
  app.add_option("--dtype", settings.dtype)->check(CLI::IsMember({"fp32", "bf16"}));
  CLI11_PARSE(app, argc, argv);
  try {
    return say(folder, settings, size, std::filesystem::read_symlink("/proc/self/exe"));
  } catch (const reelgraph::base::Error& error) {
    std::cerr << error.what() << '\n';
    return 4;
  }
}
