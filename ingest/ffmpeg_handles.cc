#include "ingest/ffmpeg_handles.h"

extern "C" {
#include <libavutil/log.h>
}

#include <array>
#include <mutex>

#include "base/error.h"
#include "base/utf8.h"

namespace reelgraph::ingest {

Packet make_packet() {
  Packet packet(av_packet_alloc());
  if (!packet) throw base::Error(base::ErrorCode::kInternal, "out of memory for a packet");
  return packet;
}

FrameHandle make_frame() {
  FrameHandle frame(av_frame_alloc());
  if (!frame) throw base::Error(base::ErrorCode::kInternal, "out of memory for a frame");
  return frame;
}

std::string ffmpeg_error_text(int error) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(error, text.data(), text.size());
  return text.data();
}

std::string metadata_value(const AVDictionary* dict, const char* key) {
  const AVDictionaryEntry* entry = av_dict_get(dict, key, nullptr, 0);
  if (entry == nullptr || entry->value == nullptr) return {};
  return base::sanitize_utf8(entry->value, 4096);
}

void silence_ffmpeg() {
  static std::once_flag once;
  std::call_once(once, [] { av_log_set_callback([](void*, int, const char*, va_list) {}); });
}

}  // namespace reelgraph::ingest
