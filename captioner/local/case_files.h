#pragma once
// Recorded cases of a reference implementation, as they lie in folders: what went in, and the tensors that came out.

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "base/image.h"
#include "captioner/local/prompt.h"
#include "captioner/local/safetensors.h"

namespace reelgraph::captioner::local {

/// A SmolVLM case: case.json, frames and expected.safetensors of one folder.
struct RecordedCase {
  std::filesystem::path folder;
  std::string name;
  std::string mode;  ///< "video", "image", "text"
  std::vector<std::string> frames;
  bool splitting = false;
  std::int64_t longest_edge = 0, tile = 0;
  std::string pixel_path;  ///< "pil" or "tensor": what vision.* and connector.* were computed from; empty without pictures
  std::vector<ChatMessage> messages;
  bool special_matching = true;  ///< of the user's text
  std::int64_t max_new_tokens = 0;
  SafetensorsFile expected;

  /// @throws base::Error kBadInput or kModel naming file and field
  static RecordedCase open(const std::filesystem::path& folder);
  /// Tiles made from the frames. @param pil the path with Lanczos and alpha over white, else bicubic without alpha
  [[nodiscard]] std::vector<base::Image> tiles(bool pil) const;
  /// Tiles as stored under pixels_u8.PATH. @throws base::Error if absent
  [[nodiscard]] std::vector<base::Image> stored_tiles(const std::string& path) const;
};

/// Case folders below `folder`: itself, its children, or the children of its "cases"; sorted.
[[nodiscard]] std::vector<std::filesystem::path> find_recorded_cases(const std::filesystem::path& folder);

/// JSON lines of a file. @throws base::Error kModel naming file and line
[[nodiscard]] std::vector<nlohmann::json> read_json_lines(const std::filesystem::path& file);
/// int64 values of a tensor. @throws base::Error for another type
[[nodiscard]] std::vector<std::int64_t> to_int64(const TensorView& tensor);
/// float32 values from base64 of their little-endian bytes. @throws base::Error kModel
[[nodiscard]] std::vector<float> floats_from_base64(const std::string& text);

}  // namespace reelgraph::captioner::local
