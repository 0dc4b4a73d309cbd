#pragma once
// JSON files of a model folder. They come from anywhere: size, nesting and encoding are checked before anything is made of them.

#include <cstddef>
#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>

namespace reelgraph::captioner::local {

/// Model files hold a handful of levels; deeper nesting is an attack on a recursive reader.
inline constexpr int kMaxJsonDepth = 64;
inline constexpr std::size_t kMaxJsonBytes = std::size_t{256} << 20;

/// What to do about a damaged or wrong model file.
inline constexpr const char* kModelCure = "copy the model folder again from where it came, or use another one";

/// Throws base::Error kModel at `context` with `kModelCure`.
[[noreturn]] void refuse(const std::string& context, const std::string& message);

/// @param context file name for errors
/// @throws base::Error kModel: not UTF-8, too deep, not JSON (with the place)
[[nodiscard]] nlohmann::json parse_json(std::string_view text, const std::string& context);

/// As `parse_json`, and the same object key twice is an error that says `what` it names ("tensor").
[[nodiscard]] nlohmann::json parse_json_unique(std::string_view text, const std::string& context, const std::string& what);

/// @throws base::Error kModel: absent, unreadable, larger than `kMaxJsonBytes`, and as `parse_json`
[[nodiscard]] nlohmann::json read_json_file(const std::filesystem::path& file);

/// The file's bytes. @throws base::Error kModel: absent, unreadable, not a regular file, larger than `limit`
[[nodiscard]] std::string read_text_file(const std::filesystem::path& file, std::size_t limit = kMaxJsonBytes);

}  // namespace reelgraph::captioner::local
