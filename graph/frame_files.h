#pragma once
// Keyframes on disk, named by their content: frames/ab/ab12....jpg.

#include <filesystem>
#include <functional>
#include <string>

namespace reelgraph::graph {

/// Writes JPEG bytes under their hash and returns the path relative to the archive. A file that is there already is left alone. Readers see
/// a whole file or none, also after a power failure.
/// @param content_hash 32 hexadecimal digits
/// @throws base::Error kInvalidArgument for another form of hash, kArchive if the file cannot be written
std::string write_frame(const std::filesystem::path& folder, const std::string& jpeg, const std::string& content_hash);

/// "frames/ab/ab....jpg" and nothing else: what a damaged or foreign archive says is not followed out of its folder.
[[nodiscard]] bool is_frame_path(const std::string& relative);

/// Calls `visit` with the relative path of everything below frames/, temporary files included, sorted.
void each_frame_file(const std::filesystem::path& folder, const std::function<void(const std::string&)>& visit);

}  // namespace reelgraph::graph
