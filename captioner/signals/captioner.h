#pragma once
// The `signals` captioner: no learned weights, only what can be measured.

#include <memory>

#include "base/captioner.h"
#include "captioner/signals/options.h"

namespace reelgraph::captioner::signals {

/// Its sessions carry spans from chunk to chunk: what crosses a border is one event, given in the first chunk described after it ended.
/// The spans of its results lie in the chunk's own part; events may start before it. Thread-safe; sessions are not.
class SignalsCaptioner : public base::Captioner {
 public:
  explicit SignalsCaptioner(const Options& options) : options_(options) {}

  [[nodiscard]] base::CaptionerIdentity identity() const override;
  [[nodiscard]] bool has_memory() const override { return true; }
  [[nodiscard]] int batch_size() const override { return 1; }
  [[nodiscard]] std::unique_ptr<base::CaptionSession> open(const std::string& video, const base::MediaInfo& media) override;

 private:
  Options options_;
};

}  // namespace reelgraph::captioner::signals
