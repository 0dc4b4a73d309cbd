#pragma once
// What needs FFmpeg or OpenCV, behind one interface. It lives in a library of its own (reelgraph_media.so) that is loaded when a command
// asks for it: loading FFmpeg's 130 libraries takes longer than most questions do, and `ask`, `search` and `--version` never need them.

#include <filesystem>
#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <stop_token>
#include <string>
#include <vector>

#include "base/endpoint.h"
#include "base/log.h"
#include "base/text_embedder.h"
#include "base/text_model.h"
#include "captioner/overlay.h"
#include "cli/pipeline/batch.h"
#include "cli/pipeline/types.h"
#include "graph/store.h"
#include "ingest/clip.h"
#include "ingest/narration.h"

namespace reelgraph::cli {

/// Files that arguments stand for, and the arguments that stand for none.
struct FoundMedia {
  std::vector<std::filesystem::path> files;
  struct Missing {
    std::string argument;
    std::string reason;
  };
  std::vector<Missing> missing;
};

/// Stateless; thread-safe as its parts are.
class Media {
 public:
  virtual ~Media() = default;

  [[nodiscard]] virtual FoundMedia find(const std::vector<std::string>& arguments) const = 0;
  /// @param open_store called once the request is known to be sound, so that a wrong one leaves no archive behind
  /// @throws base::Error kModel or kInvalidArgument: no such captioner, wrong sampling; kArchive: the store failed
  [[nodiscard]] virtual pipeline::BatchResult ingest(const pipeline::IngestRequest& request,
                                                     const std::function<graph::Store&()>& open_store, pipeline::FrameSink& frames,
                                                     pipeline::ProgressSink& progress, const base::LogSink& log,
                                                     std::stop_token stop) const = 0;
  [[nodiscard]] virtual pipeline::BatchPlan plan(const pipeline::IngestRequest& request, const graph::Store* store,
                                                 const base::LogSink& log, std::stop_token stop) const = 0;
  /// Prose from a model server. @throws base::Error kInvalidArgument for wrong settings
  [[nodiscard]] virtual std::unique_ptr<base::TextModel> text_model(const base::EndpointSettings& settings,
                                                                    const base::LogSink& log) const = 0;
  /// Vectors from a model server. @throws base::Error kInvalidArgument for wrong settings
  [[nodiscard]] virtual std::unique_ptr<base::TextEmbedder> text_embedder(const base::EndpointSettings& settings,
                                                                          const base::LogSink& log) const = 0;
  /// What a model server can do. @throws base::Error kModel, kInvalidArgument
  struct ServerReport {
    std::string text;
    nlohmann::json facts;
    std::vector<std::pair<std::string, std::string>> problems;  ///< what, cure
  };
  [[nodiscard]] virtual ServerReport examine(const base::EndpointSettings& settings, const base::LogSink& log) const = 0;
  /// The picture on the screen at `at`, as a JPEG or PNG file's bytes. `overlay`: draws regions and what the function gives for its time.
  struct Still {
    base::Timestamp at = 0;
    base::Size size;
    std::string bytes;
  };
  using Overlay = std::function<std::vector<captioner::Mark>(base::Timestamp)>;
  [[nodiscard]] virtual Still picture(const std::filesystem::path& film, base::Timestamp at, bool png, const Overlay& overlay,
                                      std::stop_token stop) const = 0;
  /// @throws base::Error kBadInput
  [[nodiscard]] virtual base::Image decode_picture(const std::string& jpeg) const = 0;
  virtual ingest::ClipResult clip(const std::filesystem::path& film, base::TimeSpan span, const std::filesystem::path& output,
                                  std::stop_token stop) const = 0;
  virtual ingest::NarrationResult narrate(const std::filesystem::path& film, const std::vector<ingest::SpokenLine>& lines,
                                          const ingest::NarrationOptions& options, const std::filesystem::path& output,
                                          std::stop_token stop) const = 0;
  [[nodiscard]] virtual ingest::FfmpegFacts ffmpeg() const = 0;
  /// Facts of the libtorch plugin beside `program`; null if this installation has none. @throws base::Error kModel if it is broken
  [[nodiscard]] virtual nlohmann::json torch(const std::filesystem::path& program) const = 0;
};

/// Loads the media library once for the process (thread-safe) and gives its interface.
/// @throws base::Error kInternal naming where it was looked for
[[nodiscard]] const Media& media();

/// Absolute path of the running program.
[[nodiscard]] std::filesystem::path program_path();

/// The function that the library exports. It gives null if `stamp` is not its own (`kMediaStamp`): C++ objects cross this border, and a
/// library of another build may lay them out in another way.
inline constexpr const char* kMediaEntry = "reelgraph_media_v1";
using MediaEntry = const Media* (*)(const char* stamp);

}  // namespace reelgraph::cli
