#include "ingest/media_files.h"

#include <fnmatch.h>
#include <glob.h>
#include <xxhash.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>
#include <new>
#include <set>
#include <string_view>

#include "base/error.h"
#include "ingest/regular_file.h"

namespace reelgraph::ingest {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

constexpr std::array<std::string_view, 54> kMediaEndings{
    ".mp4", ".m4v", ".mov",  ".qt",   ".mkv",  ".webm", ".avi",  ".flv", ".f4v", ".ts",  ".m2ts", ".mts", ".mpg", ".mpeg",
    ".vob", ".m2v", ".m1v",  ".3gp",  ".3g2",  ".ogv",  ".ogg",  ".wmv", ".asf", ".rm",  ".rmvb", ".mxf", ".gxf", ".nut",
    ".ivf", ".obu", ".h264", ".264",  ".h265", ".265",  ".hevc", ".dv",  ".y4m", ".gif", ".mp3",  ".m4a", ".m4b", ".aac",
    ".ac3", ".wav", ".w64",  ".aiff", ".aif",  ".flac", ".opus", ".oga", ".wma", ".amr", ".mka",  ".caf"};
constexpr std::array<std::string_view, 4> kSubtitleEndings{".srt", ".vtt", ".ass", ".ssa"};

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

template <std::size_t N>
bool ends_as(const fs::path& path, const std::array<std::string_view, N>& endings) {
  const std::string ending = lower(path.extension().string());
  return std::find(endings.begin(), endings.end(), ending) != endings.end();
}

std::string hex(const XXH128_hash_t& hash) {
  XXH128_canonical_t canonical;
  XXH128_canonicalFromHash(&canonical, hash);
  std::string text;
  for (const unsigned char byte : canonical.digest) {
    constexpr const char* kDigits = "0123456789abcdef";
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

std::vector<fs::path> media_below(const fs::path& folder) {
  std::vector<fs::path> found;
  std::error_code error;
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, error);
  if (error)
    throw Error(ErrorCode::kBadInput, "the folder cannot be listed: " + error.message(), folder.string(), "make it readable for this user");
  for (const fs::recursive_directory_iterator end; it != end; it.increment(error)) {
    if (error) throw Error(ErrorCode::kBadInput, "the folder cannot be listed: " + error.message(), folder.string());
    std::error_code unknown;
    if (it->is_regular_file(unknown) && ends_as(it->path(), kMediaEndings)) found.push_back(it->path());
  }
  std::sort(found.begin(), found.end());
  if (found.empty())
    throw Error(ErrorCode::kBadInput, "no media in this folder", folder.string(), "name the files directly if their endings are unusual");
  return found;
}

std::vector<fs::path> matches_of(const std::string& pattern) {
  struct Guard {
    glob_t found{};
    ~Guard() { ::globfree(&found); }
  } guard;
  const int error = ::glob(pattern.c_str(), 0, nullptr, &guard.found);
  if (error != 0 && error != GLOB_NOMATCH) throw Error(ErrorCode::kBadInput, "the pattern cannot be expanded", pattern);
  std::vector<fs::path> paths;
  for (std::size_t i = 0; i < guard.found.gl_pathc; ++i) paths.emplace_back(guard.found.gl_pathv[i]);
  return paths;
}

}  // namespace

std::string content_id(const fs::path& path, std::stop_token stop) {
  const RegularFile file = RegularFile::open(path);
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> state(XXH3_createState(), XXH3_freeState);
  if (!state) throw std::bad_alloc();
  XXH3_128bits_reset(state.get());
  std::vector<char> buffer(std::size_t{1} << 20);
  std::int64_t offset = 0;
  while (true) {
    if (stop.stop_requested()) throw Error(ErrorCode::kInterrupted, "stopped while hashing", path.string());
    const std::int64_t n = file.read(offset, buffer.data(), buffer.size());
    if (n < 0)
      throw Error(ErrorCode::kBadInput, "cannot be read: " + base::errno_text(static_cast<int>(-n)), path.string(), "check the disk");
    // A file that grows while it is read would never end.
    if (n == 0 || offset >= file.size()) break;
    const std::int64_t used = std::min(n, file.size() - offset);
    XXH3_128bits_update(state.get(), buffer.data(), static_cast<std::size_t>(used));
    offset += n;
  }
  return hex(XXH3_128bits_digest(state.get()));
}

std::string content_id_of(std::string_view bytes) { return hex(XXH3_128bits(bytes.data(), bytes.size())); }

std::vector<fs::path> find_media(const std::vector<std::string>& arguments) {
  std::vector<fs::path> found;
  std::set<std::string> seen;
  const auto take = [&](const fs::path& path) {
    std::error_code error;
    const fs::path real = fs::weakly_canonical(path, error);
    if (seen.insert(error ? path.string() : real.string()).second) found.push_back(path);
  };
  const auto take_any = [&](const fs::path& path) {
    std::error_code error;
    if (!fs::is_directory(path, error)) return take(path);
    for (const fs::path& one : media_below(path)) take(one);
  };
  for (const std::string& argument : arguments) {
    std::error_code error;
    const fs::file_status status = fs::status(argument, error);
    if (fs::exists(status)) {
      take_any(argument);
    } else if (status.type() == fs::file_type::not_found && argument.find_first_of("*?[") != std::string::npos) {
      const std::vector<fs::path> matches = matches_of(argument);
      if (matches.empty())
        throw Error(ErrorCode::kBadInput, "no file matches the pattern", argument, "check the pattern, and quote it against the shell");
      // A glob over everything in a folder should not stumble over the subtitles beside the films.
      for (const fs::path& path : matches) {
        if (!ends_as(path, kSubtitleEndings)) take_any(path);
      }
    } else {
      const std::string why =
          status.type() == fs::file_type::not_found ? "no such file or folder" : "cannot be looked at: " + error.message();
      throw Error(ErrorCode::kBadInput, why, argument, "check the path");
    }
  }
  return found;
}

std::vector<fs::path> find_sidecars(const fs::path& film) {
  std::vector<fs::path> found;
  std::set<std::string> other_films;  // stems of the media beside it
  const fs::path folder = film.parent_path().empty() ? fs::path(".") : film.parent_path();
  const std::string stem = film.stem().string();
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (!name.starts_with(stem + ".") || it->path().filename() == film.filename()) continue;
    std::error_code unknown;
    if (!it->is_regular_file(unknown)) continue;
    if (ends_as(it->path(), kSubtitleEndings)) found.push_back(film.parent_path() / name);
    if (ends_as(it->path(), kMediaEndings)) other_films.insert(it->path().stem().string());
  }
  // "match.part2.en.srt" lies beside "match.mp4" but belongs to "match.part2.mp4".
  std::erase_if(found, [&](const fs::path& path) {
    const std::string name = path.filename().string();
    return std::any_of(other_films.begin(), other_films.end(),
                       [&](const std::string& other) { return other != stem && name.starts_with(other + "."); });
  });
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace reelgraph::ingest
