#include "ingest/avio_source.h"

extern "C" {
#include <libavutil/mem.h>
}

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace reelgraph::ingest {
namespace {
constexpr int kBufferBytes = 1 << 16;
}

AvioSource::AvioSource(RegularFile file, const Interrupt& interrupt) : file_(std::move(file)), interrupt_(interrupt) { make_context(); }

AvioSource::AvioSource(std::string bytes, const Interrupt& interrupt) : bytes_(std::move(bytes)), interrupt_(interrupt) { make_context(); }

void AvioSource::make_context() {
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBufferBytes));
  if (buffer != nullptr) context_ = avio_alloc_context(buffer, kBufferBytes, 0, this, &AvioSource::read, nullptr, &AvioSource::seek);
  if (context_ == nullptr) {
    av_free(buffer);
    throw base::Error(base::ErrorCode::kInternal, "out of memory for a read buffer");
  }
}

AvioSource::~AvioSource() {
  av_freep(&context_->buffer);  // FFmpeg may have replaced the buffer it was given
  avio_context_free(&context_);
}

std::int64_t AvioSource::size() const { return file_ ? file_->size() : static_cast<std::int64_t>(bytes_.size()); }

std::string AvioSource::head(std::size_t bytes) const {
  std::string text(bytes, '\0');
  const std::int64_t n = read_at(0, text.data(), bytes);
  text.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
  return text;
}

std::int64_t AvioSource::read_at(std::int64_t offset, void* buffer, std::size_t bytes) const {
  if (file_) return file_->read(offset, buffer, bytes);
  if (offset >= size()) return 0;
  const std::size_t n = std::min(bytes, bytes_.size() - static_cast<std::size_t>(offset));
  std::memcpy(buffer, bytes_.data() + offset, n);
  return static_cast<std::int64_t>(n);
}

int AvioSource::read(void* opaque, std::uint8_t* buffer, int bytes) {
  auto& self = *static_cast<AvioSource*>(opaque);
  if (self.interrupt_.raised()) return AVERROR_EXIT;
  const std::int64_t n = self.read_at(self.position_, buffer, static_cast<std::size_t>(bytes));
  if (n < 0) {
    self.read_error_ = static_cast<int>(-n);
    return AVERROR(self.read_error_);
  }
  if (n == 0) return AVERROR_EOF;
  self.position_ += n;
  return static_cast<int>(n);
}

std::int64_t AvioSource::seek(void* opaque, std::int64_t offset, int whence) {
  auto& self = *static_cast<AvioSource*>(opaque);
  const std::int64_t size = self.size();
  std::int64_t from = 0;
  switch (whence & ~AVSEEK_FORCE) {
    case AVSEEK_SIZE: return size;
    case SEEK_SET: break;
    case SEEK_CUR: from = self.position_; break;
    case SEEK_END: from = size; break;
    default: return AVERROR(EINVAL);
  }
  std::int64_t target = 0;
  if (__builtin_add_overflow(from, offset, &target) || target < 0) return AVERROR(EINVAL);
  self.position_ = target;
  return target;
}

}  // namespace reelgraph::ingest
