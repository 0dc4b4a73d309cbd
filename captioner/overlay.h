#pragma once
// What was seen, drawn on the picture, so that a person can check it.

#include <string>
#include <vector>

#include "base/image.h"
#include "base/observation.h"

namespace reelgraph::captioner {

/// A box with words beside it. The same `key` gets the same colour in every picture.
struct Mark {
  base::Box box;
  std::string label;
  int key = 0;
};

/// Draws the thirds by which regions are named, and the marks, boxes and words as thick as suits the picture's size.
void draw_overlay(base::Image& picture, const std::vector<Mark>& marks);

}  // namespace reelgraph::captioner
