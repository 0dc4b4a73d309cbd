#include "ingest/media_reader.h"

#include <cmath>

#include "base/error.h"
#include "ingest/file_reader.h"

namespace reelgraph::ingest {
namespace {

void check(const ReaderOptions& options) {
  const auto refuse = [](const char* message, const char* cure) {
    throw base::Error(base::ErrorCode::kInvalidArgument, message, "", cure);
  };
  if (options.from && *options.from < 0) refuse("the first instant wanted is before the start", "give a time of 0 or more");
  if (options.to && *options.to <= options.from.value_or(0)) refuse("the end of what is wanted is not after its start", "give a later end");
  if (!std::isfinite(options.max_fps) || options.max_fps < 0)
    refuse("the rate of pictures is no rate", "give pictures a second, 0 for all");
  if (options.threads < 0) refuse("a number of threads is below 0", "give 0 for one a core");
  const ReaderLimits& limits = options.limits;
  if (limits.max_pixels <= 0 || limits.max_allocation_bytes <= 0 || limits.max_streams <= 0 || !(limits.open_deadline_s > 0) ||
      !(limits.stall_deadline_s > 0)) {
    refuse("a limit of the reader is not above 0", "there is no way to read without limits");
  }
}

}  // namespace

std::unique_ptr<MediaReader> MediaReader::open(const std::filesystem::path& path, const ReaderOptions& options, std::stop_token stop) {
  check(options);
  return std::make_unique<FileReader>(Input::open(path, options.limits, std::move(stop)), options);
}

}  // namespace reelgraph::ingest
