// Media bytes as a file in memory, read to the end: all events, a small picture of each frame.

#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>
#include <string>

#include "base/error.h"
#include "ingest/media_reader.h"

using namespace reelgraph;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const int fd = ::memfd_create("fuzz", MFD_CLOEXEC);
  if (fd < 0) return 0;
  std::size_t done = 0;
  while (done < size) {
    const ssize_t n = ::write(fd, data + done, size - done);
    if (n <= 0) break;
    done += static_cast<std::size_t>(n);
  }
  ingest::ReaderOptions options;
  options.threads = 1;
  options.limits.max_pixels = 512 * 512;
  options.limits.max_allocation_bytes = 64 << 20;
  options.limits.open_deadline_s = options.limits.stall_deadline_s = 5;
  try {
    const auto reader = ingest::MediaReader::open("/proc/self/fd/" + std::to_string(fd), options);
    base::Timestamp last = -1;
    for (int events = 0; events < 2000; ++events) {
      const auto event = reader->next();
      if (!event) break;
      if (const auto* frame = std::get_if<const base::Frame*>(&*event)) {
        if ((*frame)->at() <= last) __builtin_trap();
        last = (*frame)->at();
        static_cast<void>((*frame)->render({16, 9}));
      }
    }
    static_cast<void>(reader->summary());
  } catch (const base::Error&) {
  }
  ::close(fd);
  return 0;
}
