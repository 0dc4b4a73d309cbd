#pragma once
// Describes chunks with a SmolVLM folder that runs in the process: replies are held to the schema while they are written, so they are
// always whole JSON that fits.

#include <filesystem>
#include <memory>

#include "base/captioner.h"
#include "base/local_model.h"
#include "base/log.h"
#include "base/profile.h"
#include "captioner/torch_plugin.h"

namespace reelgraph::captioner {

/// Thread-safe: sessions take turns on the one model.
class LocalCaptioner final : public base::Captioner {
 public:
  /// @throws base::Error kModel: folder refused, no vision tower, device absent; kInvalidArgument: settings that nothing can be made of
  LocalCaptioner(const TorchPlugin& plugin, const std::filesystem::path& folder, const base::LocalSettings& settings, base::Profile profile,
                 base::LogSink log);
  ~LocalCaptioner() override;

  [[nodiscard]] base::CaptionerIdentity identity() const override;
  [[nodiscard]] bool has_memory() const override { return false; }
  [[nodiscard]] bool wants_previous() const override;
  [[nodiscard]] int batch_size() const override;
  [[nodiscard]] std::unique_ptr<base::CaptionSession> open(const std::string& video, const base::MediaInfo& media) override;

 private:
  class Shared;
  class Session;
  std::unique_ptr<Shared> shared_;
};

/// The schema that replies are held to: as `endpoint::strict_schema` in the order in which it is best written, lists of bounded length.
[[nodiscard]] std::string local_schema(const base::Profile& profile);

}  // namespace reelgraph::captioner
