#include <dlfcn.h>
#include <unistd.h>

#include "base/error.h"
#include "cli/media/media.h"
#include "cli/media_stamp.h"

namespace reelgraph::cli {
namespace {

const Media& load() {
  const std::filesystem::path folder = program_path().parent_path();
  std::string tried;
  for (const std::filesystem::path& file :
       {folder / "reelgraph_media.so", folder.parent_path() / "lib" / "reelgraph" / "reelgraph_media.so"}) {
    std::error_code ignored;
    tried += (tried.empty() ? "" : ", ") + file.string();
    if (!std::filesystem::exists(file, ignored)) continue;
    // Local: its libraries must not change what names of the program mean. Never closed: FFmpeg keeps threads and state.
    void* library = ::dlopen(file.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
      const char* reason = ::dlerror();
      throw base::Error(base::ErrorCode::kInternal, "cannot be loaded: " + std::string(reason == nullptr ? "?" : reason), file.string(),
                        "install the packages that scripts/setup names, or build again");
    }
    const auto entry = reinterpret_cast<MediaEntry>(::dlsym(library, kMediaEntry));
    const Media* found = entry == nullptr ? nullptr : entry(kMediaStamp);
    if (found == nullptr)
      throw base::Error(base::ErrorCode::kInternal, "belongs to another build of reelgraph", file.string(), "build or install again");
    return *found;
  }
  throw base::Error(base::ErrorCode::kInternal, "the media library is missing; looked for " + tried, {}, "build or install again");
}

}  // namespace

std::filesystem::path program_path() { return std::filesystem::read_symlink("/proc/self/exe"); }

const Media& media() {
  static const Media& loaded = load();
  return loaded;
}

}  // namespace reelgraph::cli
