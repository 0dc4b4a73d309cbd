#pragma once
// Finds media among paths, and knows a film again under another name.

#include <filesystem>
#include <stop_token>
#include <string>
#include <vector>

#include "base/media.h"

namespace reelgraph::ingest {

/// 32 hexadecimal digits (XXH3-128) over all bytes of a regular file.
/// @throws base::Error kBadInput if it is no readable regular file (directories, devices, FIFOs and sockets are refused unread)
[[nodiscard]] std::string content_id(const std::filesystem::path& path, std::stop_token stop = {});

/// XXH3-128 of bytes in memory, 32 hexadecimal digits.
[[nodiscard]] std::string content_id_of(std::string_view bytes);

/// What a user's paths, folders (recursive) and globs stand for: each file once, sorted within its argument. Inside folders only files that
/// look like media by ending are taken; a file named directly is taken whatever it is called. Side-car subtitles are not listed.
/// @throws base::Error kBadInput for a path that does not exist, a glob that matches nothing, a folder without media
[[nodiscard]] std::vector<std::filesystem::path> find_media(const std::vector<std::string>& arguments);

/// Subtitle files beside a film: FILM.srt, FILM.en.vtt, ... (.srt .vtt .ass .ssa).
[[nodiscard]] std::vector<std::filesystem::path> find_sidecars(const std::filesystem::path& film);

/// Cues of one subtitle file, in time order, sound UTF-8, markup removed.
/// @throws base::Error kBadInput
[[nodiscard]] std::vector<base::Cue> read_sidecar(const std::filesystem::path& path);

}  // namespace reelgraph::ingest
