#pragma once
// Makes a captioner from the words of the command line.

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "base/endpoint.h"
#include "base/local_model.h"
#include "base/log.h"
#include "base/profile.h"

namespace reelgraph::captioner {

struct CaptionerOptions {
  std::string spec = "signals";                       ///< "signals", "local:FOLDER", "endpoint:URL"
  base::EndpointSettings endpoint;                    ///< its `url` comes from `spec`
  base::LocalSettings local;                          ///< of "local:FOLDER"
  std::vector<std::filesystem::path> plugin_folders;  ///< where the libtorch plugin is looked for (`torch_plugin_folders`)
  std::string ocr_language;                           ///< of on-screen text, as Tesseract names it; empty: not read
  base::Profile profile;
  base::LogSink log;
};

/// @throws base::Error kInvalidArgument (unknown spec), kModel (cannot be had in this build, or the model is refused)
[[nodiscard]] std::unique_ptr<base::Captioner> make_captioner(const CaptionerOptions& options);

}  // namespace reelgraph::captioner
