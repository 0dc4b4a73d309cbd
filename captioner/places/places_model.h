#pragma once
// A SmolVLM-shaped model that says what is where in a picture, in words of its own (`read_places` reads them).

#include <filesystem>
#include <mutex>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/image.h"
#include "base/local_model.h"
#include "captioner/local/language_model.h"
#include "captioner/torch_plugin.h"

namespace reelgraph::captioner::places {

/// Owns the model; thread-safe, calls take turns.
class PlacesModel {
 public:
  /// @throws base::Error kModel: folder refused, no vision tower, device absent
  PlacesModel(const TorchPlugin& plugin, const std::filesystem::path& folder, const base::LocalSettings& settings);

  /// Longest side of a picture that is of use; larger ones are made smaller first.
  [[nodiscard]] int longest_side() const;
  /// As the model sees it: squashed to its square, uint8 RGB [side, side, 3].
  [[nodiscard]] base::Image tile_of(const base::Image& picture) const;
  /// What it says of each tile, the likeliest words; empty where a reply of `max_tokens` had no end.
  [[nodiscard]] std::vector<std::string> say(const std::vector<base::Image>& tiles, int max_tokens, base::Usage& usage);

  /// "NAME@DIGEST" of the weights.
  [[nodiscard]] std::string identity() const { return model_.folder().identity(); }

 private:
  std::mutex mutex_;
  local::LanguageModel model_;
  local::EncodedPrompt prompt_;  ///< the same for every picture
};

}  // namespace reelgraph::captioner::places
