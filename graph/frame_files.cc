#include "graph/frame_files.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "base/error.h"

namespace reelgraph::graph {
namespace {

namespace fs = std::filesystem;

bool is_hash(std::string_view text) {
  return text.size() == 32 &&
         std::all_of(text.begin(), text.end(), [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

[[noreturn]] void fail(const std::string& what, const fs::path& file, int reason) {
  const bool full = reason == ENOSPC || reason == EDQUOT || reason == EFBIG;
  throw base::Error(base::ErrorCode::kArchive, what + ": " + base::errno_text(reason), file.string(),
                    full ? "free some space and run the command again" : "check the permissions of the archive folder");
}

void sync_folder(const fs::path& folder) {
  const int descriptor = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return;
  ::fsync(descriptor);
  ::close(descriptor);
}

void write_all(int descriptor, const std::string& bytes, const fs::path& file) {
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t n = ::write(descriptor, bytes.data() + done, bytes.size() - done);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) fail("a frame cannot be written", file, n < 0 ? errno : ENOSPC);
    done += static_cast<std::size_t>(n);
  }
  if (::fsync(descriptor) != 0) fail("a frame cannot be written", file, errno);
}

}  // namespace

std::string write_frame(const fs::path& folder, const std::string& jpeg, const std::string& content_hash) {
  if (!is_hash(content_hash))
    throw base::Error(base::ErrorCode::kInvalidArgument, "a frame's hash must be 32 hexadecimal digits", content_hash);
  std::string relative = "frames/" + content_hash.substr(0, 2) + "/" + content_hash + ".jpg";
  const fs::path file = folder / relative;
  std::error_code error;
  // Sized as it should be, it is the same content; an empty or cut-off file of that name (a full disk of old) is written anew.
  if (fs::is_regular_file(file, error) && fs::file_size(file, error) == jpeg.size()) return relative;
  const bool new_folder = fs::create_directories(file.parent_path(), error);
  if (error) fail("the folder of frames cannot be made", file.parent_path(), error.value());
  // One process writes an archive at a time. A kill leaves this file, and the next ingest, which keeps the same picture, takes it over.
  const fs::path temporary = file.string() + ".tmp";
  const int descriptor = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0666);
  if (descriptor < 0) fail("a frame cannot be written", temporary, errno);
  try {
    write_all(descriptor, jpeg, temporary);
  } catch (...) {
    ::close(descriptor);
    ::unlink(temporary.c_str());
    throw;
  }
  ::close(descriptor);
  if (::rename(temporary.c_str(), file.c_str()) != 0) {
    const int reason = errno;
    ::unlink(temporary.c_str());
    fail("a frame cannot be put in place", file, reason);
  }
  sync_folder(file.parent_path());
  if (new_folder) sync_folder(folder / "frames");
  return relative;
}

bool is_frame_path(const std::string& relative) {
  // frames/ab/ + 32 digits + .jpg
  constexpr std::size_t kPrefix = 10;
  if (relative.size() != kPrefix + 36 || relative.compare(0, 7, "frames/") != 0 || relative[9] != '/') return false;
  const std::string hash = relative.substr(kPrefix, 32);
  return is_hash(hash) && relative.compare(7, 2, hash, 0, 2) == 0 && relative.compare(kPrefix + 32, 4, ".jpg") == 0;
}

void each_frame_file(const fs::path& folder, const std::function<void(const std::string&)>& visit) {
  const fs::path root = folder / "frames";
  std::error_code error;
  std::vector<fs::path> groups;
  for (auto it = fs::directory_iterator(root, error); !error && it != fs::directory_iterator(); it.increment(error))
    groups.push_back(it->path());
  std::sort(groups.begin(), groups.end());
  for (const fs::path& group : groups) {
    std::vector<std::string> names;
    for (auto it = fs::directory_iterator(group, error); !error && it != fs::directory_iterator(); it.increment(error)) {
      names.push_back(it->path().filename().string());
    }
    std::sort(names.begin(), names.end());
    for (const std::string& name : names) visit("frames/" + group.filename().string() + "/" + name);
  }
}

}  // namespace reelgraph::graph
