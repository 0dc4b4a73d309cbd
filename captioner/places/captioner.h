#pragma once
// Describes a film with a small model that says what is where in single frames; tracker and rules of the profile say what happened.

#include <filesystem>
#include <memory>

#include "base/captioner.h"
#include "base/local_model.h"
#include "base/log.h"
#include "base/profile.h"
#include "captioner/places/places_note.h"
#include "captioner/torch_plugin.h"

namespace reelgraph::captioner::places {

/// Thread-safe: sessions take turns on the one model.
class PlacesCaptioner final : public base::Captioner {
 public:
  /// @throws base::Error kModel: folder refused, no vision tower, device absent; kBadInput: the profile's rules
  PlacesCaptioner(const TorchPlugin& plugin, const std::filesystem::path& folder, PlacesNote note, const base::LocalSettings& settings,
                  base::Profile profile, base::LogSink log);
  ~PlacesCaptioner() override;

  [[nodiscard]] base::CaptionerIdentity identity() const override;
  [[nodiscard]] bool has_memory() const override { return true; }
  [[nodiscard]] int batch_size() const override { return 1; }
  [[nodiscard]] std::unique_ptr<base::CaptionSession> open(const std::string& video, const base::MediaInfo& media) override;

 private:
  class Shared;
  class Session;
  std::unique_ptr<Shared> shared_;
};

}  // namespace reelgraph::captioner::places
