#include "base/write_file.h"

#include <unistd.h>

#include <cerrno>
#include <fstream>

#include "base/error.h"

namespace reelgraph::base {
namespace {

/// Removes the unfinished file unless it was moved to its place.
struct Unfinished {
  std::filesystem::path path;
  ~Unfinished() {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove(path, ignored);
  }
};

[[noreturn]] void refuse(const std::filesystem::path& file, const std::string& reason) {
  throw Error(ErrorCode::kArchive, "cannot be written: " + reason, file.string(), "choose another place, or make room");
}

}  // namespace

void write_file(const std::filesystem::path& file, const std::function<void(std::ostream&)>& write) {
  std::error_code error;
  if (std::filesystem::exists(file, error) && !std::filesystem::is_regular_file(file, error)) {
    // A device or pipe that the user named (/dev/stdout) is written to as it is.
    if (std::filesystem::is_directory(file, error)) refuse(file, "it is a folder");
    std::ofstream out(file, std::ios::binary);
    write(out);
    out.flush();
    if (!out) refuse(file, errno_text(errno));
    return;
  }
  Unfinished unfinished{file.string() + ".part" + std::to_string(::getpid())};
  {
    errno = 0;
    std::ofstream out(unfinished.path, std::ios::binary | std::ios::trunc);
    if (!out) refuse(file, errno_text(errno));
    write(out);
    out.close();
    if (!out) refuse(file, errno == 0 ? "the disk may be full" : errno_text(errno));
  }
  std::filesystem::rename(unfinished.path, file, error);
  if (error) refuse(file, error.message());
  unfinished.path.clear();
}

void write_file(const std::filesystem::path& file, const std::string& bytes) {
  write_file(file, [&](std::ostream& out) { out.write(bytes.data(), static_cast<std::streamsize>(bytes.size())); });
}

}  // namespace reelgraph::base
