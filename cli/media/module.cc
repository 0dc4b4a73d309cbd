// The media library: everything of the program that needs FFmpeg or OpenCV.

#include <algorithm>
#include <cctype>
#include <cstring>

#include "base/error.h"
#include "captioner/endpoint/doctor.h"
#include "captioner/endpoint/embedder.h"
#include "captioner/endpoint/text_model.h"
#include "captioner/factory.h"
#include "captioner/torch_plugin.h"
#include "cli/media/media.h"
#include "cli/media_stamp.h"
#include "ingest/clip.h"
#include "ingest/media_files.h"

namespace reelgraph::cli {
namespace {

class FileSource final : public pipeline::MediaSource {
 public:
  std::string content_id(const std::filesystem::path& file, std::stop_token stop) override { return ingest::content_id(file, stop); }

  std::unique_ptr<ingest::MediaReader> open(const std::filesystem::path& file, const ingest::ReaderOptions& options) override {
    return ingest::MediaReader::open(file, options);
  }

  std::vector<base::Cue> sidecar_cues(const std::filesystem::path& film, const base::LogSink& log) override {
    std::vector<base::Cue> cues;
    for (const std::filesystem::path& file : ingest::find_sidecars(film)) {
      try {
        std::vector<base::Cue> more = ingest::read_sidecar(file);
        cues.insert(cues.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
      } catch (const base::Error& error) {
        base::log(log, base::LogLevel::kWarning, std::string(error.what()) + "; its subtitles are left out");
      }
    }
    std::stable_sort(cues.begin(), cues.end(), [](const base::Cue& a, const base::Cue& b) { return a.span.start < b.span.start; });
    return cues;
  }

  std::string encode(const base::Image& image) override { return ingest::encode_jpeg(image); }
};

std::unique_ptr<base::Captioner> captioner_of(const pipeline::IngestRequest& request, const base::LogSink& log) {
  return captioner::make_captioner({.spec = request.captioner,
                                    .endpoint = request.endpoint,
                                    .local = request.local,
                                    .plugin_folders = captioner::torch_plugin_folders(std::filesystem::read_symlink("/proc/self/exe")),
                                    .ocr_language = request.ocr_language,
                                    .profile = request.profile,
                                    .log = log});
}

class MediaModule final : public Media {
 public:
  FoundMedia find(const std::vector<std::string>& arguments) const override {
    FoundMedia found;
    for (const std::string& argument : arguments) {
      try {
        for (std::filesystem::path& file : ingest::find_media({argument})) {
          file = std::filesystem::absolute(file).lexically_normal();
          if (std::find(found.files.begin(), found.files.end(), file) == found.files.end()) found.files.push_back(std::move(file));
        }
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::kBadInput) throw;
        found.missing.push_back({argument, error.cure().empty() ? error.message() : error.message() + " (" + error.cure() + ")"});
      }
    }
    return found;
  }

  pipeline::BatchResult ingest(const pipeline::IngestRequest& request, const std::function<graph::Store&()>& open_store,
                               pipeline::FrameSink& frames, pipeline::ProgressSink& progress, const base::LogSink& log,
                               std::stop_token stop) const override {
    chunker::validate(request.sampling.chunking);
    const std::unique_ptr<base::Captioner> captioner = captioner_of(request, log);
    if (request.sampling.skip_static && !captioner->is_concurrent())
      throw base::Error(base::ErrorCode::kInvalidArgument,
                        "--skip-static spares paid descriptions, and the captioner " + request.captioner + " is not paid", {},
                        "leave it out, or use --captioner endpoint:URL");
    // Words like the model's name may have to be asked for: better before there is an archive.
    static_cast<void>(captioner->identity());
    FileSource source;
    return pipeline::ingest_batch(request, *captioner, source, open_store(), frames, progress, log, stop);
  }

  pipeline::BatchPlan plan(const pipeline::IngestRequest& request, const graph::Store* store, const base::LogSink& log,
                           std::stop_token stop) const override {
    chunker::validate(request.sampling.chunking);
    FileSource source;
    return pipeline::plan_batch(request, *captioner_of(request, log), source, store, log, stop);
  }

  std::unique_ptr<base::TextModel> text_model(const base::EndpointSettings& settings, const base::LogSink& log) const override {
    return captioner::endpoint::make_text_model(settings, log);
  }

  std::unique_ptr<base::TextEmbedder> text_embedder(const base::EndpointSettings& settings, const base::LogSink& log) const override {
    return captioner::endpoint::make_embedder(settings, log);
  }

  ServerReport examine(const base::EndpointSettings& settings, const base::LogSink& log) const override {
    captioner::endpoint::ServerReport report = captioner::endpoint::examine(settings, log);
    return {std::move(report.text), std::move(report.facts), std::move(report.problems)};
  }

  Still picture(const std::filesystem::path& film, base::Timestamp at, bool png, const Overlay& overlay,
                std::stop_token stop) const override {
    ingest::StillPicture still = ingest::picture_at(film, at, stop);
    if (overlay) captioner::draw_overlay(still.image, overlay(still.at));
    return {
        still.at, {still.image.width, still.image.height}, png ? ingest::encode_png(still.image) : ingest::encode_jpeg(still.image, 92)};
  }

  ingest::ClipResult clip(const std::filesystem::path& film, base::TimeSpan span, const std::filesystem::path& output,
                          std::stop_token stop) const override {
    return ingest::cut_clip(film, span, output, 200 * base::kMillisecond, stop);
  }

  ingest::NarrationResult narrate(const std::filesystem::path& film, const std::vector<ingest::SpokenLine>& lines,
                                  const ingest::NarrationOptions& options, const std::filesystem::path& output,
                                  std::stop_token stop) const override {
    return ingest::narrate(film, lines, options, output, stop);
  }

  base::Image decode_picture(const std::string& jpeg) const override { return ingest::decode_jpeg(jpeg, "a kept picture"); }

  ingest::FfmpegFacts ffmpeg() const override { return ingest::ffmpeg_facts(); }

  nlohmann::json torch(const std::filesystem::path& program) const override {
    const auto file = captioner::find_torch_plugin(captioner::torch_plugin_folders(program));
    return file ? captioner::TorchPlugin::load(*file).facts() : nlohmann::json();
  }
};

}  // namespace
}  // namespace reelgraph::cli

extern "C" __attribute__((visibility("default"))) const reelgraph::cli::Media* reelgraph_media_v1(const char* stamp) {
  static const reelgraph::cli::MediaModule module;
  return std::strcmp(stamp, reelgraph::cli::kMediaStamp) == 0 ? &module : nullptr;
}
