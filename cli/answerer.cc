#include "cli/answerer.h"

#include "base/error.h"
#include "cli/local_models.h"
#include "cli/media/media.h"

namespace reelgraph::cli {

std::unique_ptr<base::TextModel> make_answerer(Context& context, const AnswererOptions& options) {
  if (options.spec.empty() || options.spec == "none") return nullptr;
  if (const std::string url = endpoint_url(options.spec); !url.empty()) {
    base::EndpointSettings settings = endpoint_settings(options.endpoint, context.config());
    settings.url = url;
    settings.tries = 3;
    if (options.endpoint.request_timeout <= 0) settings.request_timeout_s = 120;
    return media().text_model(settings, context.console.log_sink());
  }
  if (const std::string folder = local_folder(options.spec); !folder.empty()) {
    return captioner::local::make_text_model(torch_plugin(), folder, options.run, options.sampling,
                                             [](const std::string& jpeg) { return media().decode_picture(jpeg); });
  }
  throw base::Error(base::ErrorCode::kInvalidArgument, "there is no answerer " + options.spec, {},
                    "leave it out, or say --answerer none, local:FOLDER or endpoint:URL");
}

}  // namespace reelgraph::cli
