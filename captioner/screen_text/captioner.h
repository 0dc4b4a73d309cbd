#pragma once
// Any captioner, with the on-screen text read for it.

#include <memory>
#include <string>

#include "base/captioner.h"

namespace reelgraph::captioner::screen_text {

/// Reads the text on the screen, shows it to `inner` as `Chunk::texts`, and puts its lines into `Observation::ocr` before those that
/// `inner` read itself. Everything else is as `inner` is: memory, concurrency, batches. `identity().version` names Tesseract and the
/// language too.
/// @throws base::Error kModel where Tesseract's data for `language` ("eng", "deu+eng") are not installed
[[nodiscard]] std::unique_ptr<base::Captioner> with_screen_text(std::unique_ptr<base::Captioner> inner, const std::string& language);

}  // namespace reelgraph::captioner::screen_text
