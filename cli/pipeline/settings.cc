#include "cli/pipeline/settings.h"

#include "ingest/media_files.h"

namespace reelgraph::pipeline {

nlohmann::json settings_json(const Sampling& sampling, const base::CaptionerIdentity& identity, const std::vector<base::Cue>& sidecar) {
  const chunker::ChunkerOptions& c = sampling.chunking;
  nlohmann::json settings{{"captioner", identity.kind},
                          {"model", identity.model},
                          {"version", identity.version},
                          {"prompt", identity.prompt_version},
                          {"length", base::to_seconds(c.length)},
                          {"overlap", base::to_seconds(c.overlap)},
                          {"by_shots", c.by_shots},
                          {"fps", c.keyframe_fps},
                          {"frames_per_chunk", c.keyframes_per_chunk},
                          {"side", c.keyframe_side},
                          {"analysis", {c.analysis_fps, c.analysis_width}},
                          {"fast", sampling.fast}};
  if (sampling.skip_static) settings["skip_static"] = true;
  if (!sidecar.empty()) {
    std::string text;
    for (const base::Cue& cue : sidecar) {
      text += std::to_string(cue.span.start) + ' ' + std::to_string(cue.span.end) + ' ' + cue.text + '\n';
    }
    settings["sidecar"] = ingest::content_id_of(text);
  }
  return settings;
}

std::string settings_words(const nlohmann::json& settings) {
  if (!settings.is_object()) return "unknown settings";
  std::string words = settings.value("captioner", "?");
  const std::string model = settings.value("model", "");
  if (!model.empty() && model != words) words += " " + model;
  words += " " + settings.value("version", "");
  if (settings.value("by_shots", false))
    words += ", by shots";
  else
    words += ", " + nlohmann::json(settings.value("length", 0.0)).dump() + " s chunks";
  if (settings.value("fast", false)) words += ", fast";
  return words;
}

std::string chunk_key(const std::string& content_id, const base::TimeSpan& span, const base::TimeSpan& own,
                      const nlohmann::json& settings) {
  const nlohmann::json key{content_id, span.start, span.end, own.start, own.end, settings};
  return ingest::content_id_of(key.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace));
}

nlohmann::json media_json(const base::MediaInfo& info) {
  nlohmann::json streams = nlohmann::json::array();
  for (const base::StreamInfo& stream : info.streams) {
    static constexpr const char* kKinds[] = {"video", "audio", "subtitle", "attached_picture", "other"};
    nlohmann::json entry{{"kind", kKinds[static_cast<std::size_t>(stream.kind)]}, {"codec", stream.codec}};
    if (!stream.language.empty()) entry["language"] = stream.language;
    if (!stream.note.empty()) entry["note"] = stream.note;
    streams.push_back(std::move(entry));
  }
  nlohmann::json media{{"container", info.container}, {"streams", std::move(streams)}};
  if (info.display_size.width > 0) {
    media["width"] = info.display_size.width;
    media["height"] = info.display_size.height;
    media["frame_rate"] = info.frame_rate;
  }
  return media;
}

}  // namespace reelgraph::pipeline
