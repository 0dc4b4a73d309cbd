#pragma once
// Runs recorded cases of a reference implementation through this one, stage by stage.

#include <filesystem>
#include <functional>
#include <string>

#include "captioner/local/embedder.h"

namespace reelgraph::captioner::local {

/// What one stage of one case came to.
struct CaseResult {
  std::string name;      ///< "video_3"
  std::string stage;     ///< pixels, ids, vision, connector, logits, generated, tokenizer, embedding, resize
  std::string variant;   ///< "tensor.identity", "bf16.text"; empty where there is one only
  double max_error = 0;  ///< largest absolute difference; for ids the number of places that differ
  bool ok = false;
  std::string detail;  ///< what was wrong, or empty
};

struct CaseRun {
  std::filesystem::path model;  ///< folder of the model; for tokenizer cases one with a tokenizer.json; unused for resize cases
  std::filesystem::path cases;  ///< a folder in the layout of the reference fixtures
  RunOptions options;
  std::function<TorchPlugin()> plugin;  ///< called when the first stage needs tensors
  std::function<void(const CaseResult&)> report;
};

/// Finds what kind of cases `cases` holds (several may lie together) and runs all of them.
/// @throws base::Error kBadInput if there are none, kModel if folder or plugin cannot be used; a stage that fails is a result, not an error
void run_cases(const CaseRun& run);

}  // namespace reelgraph::captioner::local
