// Pictures on their way to the vision tower: resizing, sizes, tiles, values.

#include <cstdlib>

#include "captioner/local/picture_file.h"
#include "captioner/local/resize.h"
#include "captioner/local/safetensors.h"
#include "tests/captioner/local/fixtures.h"

namespace reelgraph::test {
namespace {

using namespace captioner::local;

std::vector<int> pair_of(base::Size size) { return {size.width, size.height}; }

/// Largest and mean difference in levels between tiles and a uint8 tensor [tiles, side, side, 3].
std::pair<int, double> difference(const std::vector<base::Image>& tiles, const TensorView& expected) {
  std::size_t at = 0;
  int worst = 0;
  double sum = 0;
  for (const base::Image& tile : tiles) {
    for (const std::uint8_t level : tile.pixels) {
      const int off = std::abs(int{level} - std::to_integer<int>(expected.data[at++]));
      worst = std::max(worst, off);
      sum += off;
    }
  }
  REQUIRE(at == expected.data.size());
  return {worst, sum / static_cast<double>(at)};
}

/// Tiles of a fixture's case by the path "pil" or "tensor".
std::vector<base::Image> tiles_of(const std::filesystem::path& folder, const nlohmann::json& json, bool pil) {
  std::vector<base::Image> tiles;
  const Filter filter = pil ? Filter::kLanczos : Filter::kBicubic;
  for (std::size_t i = 0; i < json.at("frames").size(); ++i) {
    const RgbaImage frame = read_png(folder / json["frames"][i].get<std::string>());
    if (json.at("mode") == "video") {
      tiles.push_back(squash_frame(without_alpha(frame), json.at("longest_edge"), json.at("tile"), filter));
      continue;
    }
    const Tiles cut = pil ? cut_still(frame, json.at("longest_edge"), json.at("tile"), json.at("splitting"), filter)
                          : cut_still(without_alpha(frame), json.at("longest_edge"), json.at("tile"), json.at("splitting"), filter);
    CHECK(cut.rows == json.at("rows")[i]);
    CHECK(cut.cols == json.at("cols")[i]);
    tiles.insert(tiles.end(), cut.images.begin(), cut.images.end());
  }
  return tiles;
}

}  // namespace

TEST_CASE("pictures are resized byte for byte as Pillow does it", "[pictures]") {
  const auto folder = shared("fixtures/resize");
  if (!folder) return;
  for (const nlohmann::json& line : read_json(*folder / "cases.json")) {
    INFO(line.dump());
    const base::Image input = without_alpha(read_png(*folder / line.at("input").get<std::string>()));
    const base::Image expected = without_alpha(read_png(*folder / line.at("output").get<std::string>()));
    const Filter filter = line.at("filter") == "lanczos" ? Filter::kLanczos : Filter::kBicubic;
    CHECK(resize(input, {expected.width, expected.height}, filter) == expected);
  }
}

TEST_CASE("sizes and grids follow the library, rounding traps included", "[pictures]") {
  const auto file = shared("fixtures/resize/sizes.jsonl");
  if (!file) return;
  for (const nlohmann::json& line : read_json_lines(*file)) {
    INFO(line.dump());
    const base::Size size{line.at("width"), line.at("height")};
    const TileGrid grid = tile_grid(size, line.at("longest_edge"), line.at("tile"));
    CHECK(pair_of(grid.resized) == line.at("resized_wh").get<std::vector<int>>());
    CHECK(pair_of(grid.canvas) == line.at("canvas_wh").get<std::vector<int>>());
    CHECK(std::vector<int>{grid.rows, grid.cols} == line.at("rows_cols").get<std::vector<int>>());
    CHECK(pair_of(video_frame_size(size, line.at("longest_edge"))) == line.at("video_resized_wh").get<std::vector<int>>());
  }
}

TEST_CASE("tiles of every case are the library's within its tolerances", "[pictures]") {
  int cases = 0;
  for (const char* model : {"smolvlm-tiny", "smolvlm-tiny-bf16", "smolvlm-tiny-tied"}) {
    const auto folder = shared(std::string("fixtures/") + model + "/cases");
    if (!folder) return;
    for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
      const nlohmann::json json = read_json(entry.path() / "case.json");
      const SafetensorsFile expected = SafetensorsFile::open(entry.path() / "expected.safetensors");
      const bool video = json.at("mode") == "video";
      for (const bool pil : {true, false}) {
        const std::string name = pil ? "pixels_u8.pil" : "pixels_u8.tensor";
        if (!expected.contains(name)) continue;
        const std::vector<base::Image> tiles = tiles_of(entry.path(), json, pil);
        const auto [worst, mean] = difference(tiles, expected.at(name));
        INFO(model << " " << json.at("name") << " " << name << ": " << worst << " at most, " << mean << " in the mean");
        CHECK(worst <= (pil ? 0 : video ? 1 : 20));
        CHECK(mean <= (video ? 0.02 : 0.5));
        ++cases;
        if (!expected.contains("pixel_values") || (json.at("pixel_path") == "pil") != pil || !pil) continue;
        const std::vector<float> values = normalize(tiles, 1.0 / 255, {0.5F, 0.5F, 0.5F}, {0.5F, 0.5F, 0.5F});
        const std::vector<float> reference = to_float(expected.at("pixel_values"));
        REQUIRE(values.size() == reference.size());
        float off = 0;
        for (std::size_t i = 0; i < values.size(); ++i) off = std::max(off, std::abs(values[i] - reference[i]));
        CHECK(off <= 1e-6F);
      }
    }
  }
  CHECK(cases > 20);
}

TEST_CASE("a file that is no PNG is refused", "[pictures]") {
  TempDir dir;
  write_file(dir / "x.png", "no picture");
  const base::Error error = error_of([&] { (void)read_png(dir / "x.png"); });
  CHECK(error.code() == base::ErrorCode::kBadInput);
  CHECK_THAT(error.what(), Contains("x.png"));
}

}  // namespace reelgraph::test
