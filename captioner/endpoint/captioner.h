#pragma once
// The `endpoint` captioner: shows chunks to a model server and reads what it says.

#include <memory>
#include <string>

#include "base/captioner.h"
#include "base/endpoint.h"
#include "base/log.h"
#include "base/profile.h"

namespace reelgraph::captioner::endpoint {

/// Describes chunks in the background, so many at once over all its sessions as the settings say. Thread-safe; sessions are not.
/// The server is asked what it can do when the first session opens; what it does not take is said then (kModel).
class EndpointCaptioner final : public base::Captioner {
 public:
  /// @throws base::Error kInvalidArgument for wrong settings, kBadInput for a picture of the profile's examples
  EndpointCaptioner(base::EndpointSettings settings, base::Profile profile, base::LogSink log);
  /// Keeps what was learnt about tokens for the next run.
  ~EndpointCaptioner() override;

  /// @throws base::Error kModel if the model is not named and the server cannot be asked
  [[nodiscard]] base::CaptionerIdentity identity() const override;
  [[nodiscard]] bool has_memory() const override { return false; }
  [[nodiscard]] bool is_concurrent() const override { return true; }
  [[nodiscard]] bool wants_previous() const override;
  [[nodiscard]] int batch_size() const override { return 1; }
  [[nodiscard]] std::unique_ptr<base::CaptionSession> open(const std::string& video, const base::MediaInfo& media) override;
  /// Where nothing was learnt yet, the server describes three chunks of drawn pictures; nothing of any film is sent.
  [[nodiscard]] std::unique_ptr<base::CaptionSession> rehearse(std::string& basis) override;

 private:
  class Session;
  struct Shared;
  std::unique_ptr<Shared> shared_;
};

}  // namespace reelgraph::captioner::endpoint
