#include "cli/pipeline/static_scene.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "base/time.h"

namespace reelgraph::pipeline {
namespace {

constexpr double kMostMotion = 0.003;  // share of the picture, or of its width
constexpr double kMostMean = 2;        // mean difference of cells, of 255
constexpr int kMostCell = 10;          // of any one cell: something small that came or went

bool still(const base::PictureSample& sample) {
  return !sample.noisy && sample.motion <= kMostMotion && std::abs(sample.camera_x) <= kMostMotion &&
         std::abs(sample.camera_y) <= kMostMotion && std::abs(sample.camera_zoom) <= kMostMotion;
}

}  // namespace

StaticScene::Look StaticScene::look(const base::Image& image) {
  Look look;
  if (image.width < kWidth || image.height < kHeight) {
    // Too small for the grid: every pixel is a cell.
    for (std::size_t i = 0; i + 2 < image.pixels.size(); i += 3)
      look.push_back(static_cast<std::uint8_t>((image.pixels[i] + image.pixels[i + 1] + image.pixels[i + 2]) / 3));
    return look;
  }
  for (int row = 0; row < kHeight; ++row) {
    const int y0 = row * image.height / kHeight, y1 = (row + 1) * image.height / kHeight;
    for (int column = 0; column < kWidth; ++column) {
      const int x0 = column * image.width / kWidth, x1 = (column + 1) * image.width / kWidth;
      int sum = 0;
      for (int y = y0; y < y1; ++y) {
        const std::uint8_t* line =
            image.pixels.data() + (static_cast<std::size_t>(y) * static_cast<std::size_t>(image.width) + static_cast<std::size_t>(x0)) * 3;
        for (int i = 0; i < (x1 - x0) * 3; ++i) sum += line[i];
      }
      look.push_back(static_cast<std::uint8_t>(sum / ((y1 - y0) * (x1 - x0) * 3)));
    }
  }
  return look;
}

bool StaticScene::alike(const Look& a, const Look& b) {
  if (a.size() != b.size() || a.empty()) return false;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const int difference = std::abs(int{a[i]} - int{b[i]});
    if (difference > kMostCell) return false;
    sum += difference;
  }
  return static_cast<double>(sum) <= kMostMean * static_cast<double>(a.size());
}

std::optional<StaticScene::Reference> StaticScene::same_as(const base::Chunk& chunk) const {
  if (!reference_ || chunk.keyframes.empty() || !chunk.cues.empty() || !chunk.signals.boundaries.empty()) return std::nullopt;
  if (!std::all_of(chunk.signals.picture.begin(), chunk.signals.picture.end(), still)) return std::nullopt;
  for (const base::Keyframe& frame : chunk.keyframes) {
    const Look seen = look(frame.image);
    if (std::none_of(looks_.begin(), looks_.end(), [&](const Look& known) { return alike(seen, known); })) return std::nullopt;
  }
  return reference_;
}

void StaticScene::set(const base::Chunk& chunk) {
  reference_ = {chunk.index, chunk.span};
  looks_.clear();
  for (const base::Keyframe& frame : chunk.keyframes) looks_.push_back(look(frame.image));
}

base::CaptionResult carried_forward(const base::Observation& reference, const base::Chunk& chunk) {
  base::CaptionResult result;
  base::Observation o = reference;
  o.span = chunk.span;
  o.events.clear();
  o.transcript.clear();
  for (base::EntityMention& entity : o.entities) entity.span.reset();
  for (base::Relation& relation : o.relations) relation.span.reset();
  o.attributes["carried_from"] = base::to_seconds(reference.span.start);
  result.observation = std::move(o);
  result.notes.push_back({chunk.own, "carried forward from " + base::format_time(reference.span.start) + ", which looks the same"});
  return result;
}

}  // namespace reelgraph::pipeline
