#pragma once
// What decides how a video is described, as text: a chunk's key and the digest that tells a finished ingest from one with other settings.

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "base/captioner.h"
#include "cli/pipeline/types.h"

namespace reelgraph::pipeline {

/// Settings of one video's description. Where it starts and ends is not part of them: chunks carry their spans.
/// Sidecar cues are: a new subtitle file is something new to describe.
[[nodiscard]] nlohmann::json settings_json(const Sampling& sampling, const base::CaptionerIdentity& identity,
                                           const std::vector<base::Cue>& sidecar);

/// "signals 1, 30 s chunks", for people.
[[nodiscard]] std::string settings_words(const nlohmann::json& settings);

/// hash(content id, span, own part, settings), 32 hexadecimal digits.
[[nodiscard]] std::string chunk_key(const std::string& content_id, const base::TimeSpan& span, const base::TimeSpan& own,
                                    const nlohmann::json& settings);

/// MediaInfo in short, as kept with the video.
[[nodiscard]] nlohmann::json media_json(const base::MediaInfo& info);

}  // namespace reelgraph::pipeline
