#include "captioner/factory.h"

#include "base/error.h"
#include "captioner/endpoint/captioner.h"
#include "captioner/local_captioner.h"
#include "captioner/places/captioner.h"
#include "captioner/screen_text/captioner.h"
#include "captioner/signals/captioner.h"

namespace reelgraph::captioner {
namespace {

constexpr const char* kLocal = "local:";
constexpr const char* kEndpoint = "endpoint:";

bool starts_with(const std::string& text, const char* prefix) { return text.rfind(prefix, 0) == 0; }

[[noreturn]] void not_in_this_build(const std::string& spec, const char* what) {
  throw base::Error(base::ErrorCode::kModel, std::string("this build has no captioner that ") + what, "captioner " + spec,
                    "use --captioner signals, or describe the video elsewhere and bring the observations in with `reelgraph import`");
}

std::unique_ptr<base::Captioner> make_plain(const CaptionerOptions& options) {
  if (options.spec == "signals") {
    const std::string where = options.profile.name.empty() ? "profile" : "profile " + options.profile.name;
    return std::make_unique<signals::SignalsCaptioner>(signals::parse_options(options.profile.signals, where));
  }
  if (starts_with(options.spec, kLocal)) {
    const auto plugin = find_torch_plugin(options.plugin_folders);
    if (!plugin) not_in_this_build(options.spec, "runs a model folder (it has no libtorch plugin)");
    const std::string folder = options.spec.substr(std::string(kLocal).size());
    if (std::optional<places::PlacesNote> note = places::read_note(folder)) {
      return std::make_unique<places::PlacesCaptioner>(TorchPlugin::load(*plugin), folder, *std::move(note), options.local, options.profile,
                                                       options.log);
    }
    return std::make_unique<LocalCaptioner>(TorchPlugin::load(*plugin), folder, options.local, options.profile, options.log);
  }
  if (starts_with(options.spec, kEndpoint)) {
    base::EndpointSettings settings = options.endpoint;
    settings.url = options.spec.substr(std::string(kEndpoint).size());
    return std::make_unique<endpoint::EndpointCaptioner>(std::move(settings), options.profile, options.log);
  }
  throw base::Error(base::ErrorCode::kInvalidArgument, "unknown captioner \"" + options.spec + "\"", {},
                    "use signals, local:FOLDER or endpoint:URL");
}

}  // namespace

std::unique_ptr<base::Captioner> make_captioner(const CaptionerOptions& options) {
  std::unique_ptr<base::Captioner> captioner = make_plain(options);
  if (options.ocr_language.empty()) return captioner;
  return screen_text::with_screen_text(std::move(captioner), options.ocr_language);
}

}  // namespace reelgraph::captioner
