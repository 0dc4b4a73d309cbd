#include "ingest/muxer.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavutil/mem.h>
}

#include <algorithm>
#include <cctype>
#include <cerrno>

#include "base/error.h"

namespace reelgraph::ingest {

using base::Error;
using base::ErrorCode;

namespace {

std::string ending_of(const std::filesystem::path& output) {
  std::string ending = output.extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return ending;
}

}  // namespace

std::string muxer_name(const std::filesystem::path& output) {
  const std::string ending = ending_of(output);
  if (ending == ".mp4" || ending == ".m4v") return "mp4";
  if (ending == ".mkv") return "matroska";
  if (ending == ".mov") return "mov";
  if (ending == ".webm") return "webm";
  throw Error(ErrorCode::kBadInput, "a clip cannot be written with the ending '" + ending + "'", output.string(),
              "use .mp4, .mkv, .mov or .webm");
}

Muxer::Muxer(const std::filesystem::path& output, Content content) : output_(output) {
  silence_ffmpeg();
  const std::string ending = ending_of(output);
  sound_only_ = content == Content::kSoundToo && (ending == ".wav" || ending == ".m4a");
  const std::string name = !sound_only_ ? muxer_name(output) : ending == ".wav" ? "wav" : "ipod";
  const std::filesystem::path folder = output.parent_path().empty() ? std::filesystem::path(".") : output.parent_path();
  temporary_ = (folder / (".reelgraph-" + output.filename().string() + "-XXXXXX")).string();
  fd_ = ::mkostemp(temporary_.data(), O_CLOEXEC);
  if (fd_ < 0) {
    const int error = errno;
    temporary_.clear();
    throw Error(ErrorCode::kArchive, "cannot be written: " + base::errno_text(error), output.string(),
                "check that the folder exists and can be written");
  }
  constexpr int kBuffer = 1 << 16;
  auto* buffer = static_cast<unsigned char*>(av_malloc(kBuffer));
  if (buffer != nullptr) io_ = avio_alloc_context(buffer, kBuffer, 1, this, nullptr, &Muxer::write_bytes, &Muxer::seek);
  if (io_ == nullptr) av_free(buffer);
  if (io_ == nullptr || avformat_alloc_output_context2(&format_, nullptr, name.c_str(), nullptr) < 0) {
    release();
    throw Error(ErrorCode::kInternal, "no muxer for " + name, output.string());
  }
  format_->pb = io_;
  format_->flags |= AVFMT_FLAG_CUSTOM_IO | AVFMT_FLAG_BITEXACT;
}

Muxer::~Muxer() { release(); }

void Muxer::release() noexcept {
  if (format_ != nullptr) avformat_free_context(format_);
  format_ = nullptr;
  if (io_ != nullptr) {
    av_freep(&io_->buffer);
    avio_context_free(&io_);
  }
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
  temporary_.clear();
}

int Muxer::write_bytes(void* opaque, std::uint8_t* bytes, int count) {
  auto& self = *static_cast<Muxer*>(opaque);
  for (int done = 0; done < count;) {
    const ssize_t n = ::write(self.fd_, bytes + done, static_cast<std::size_t>(count - done));
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      self.write_error_ = errno;
      return AVERROR(errno);
    }
    done += static_cast<int>(n);
  }
  return count;
}

std::int64_t Muxer::seek(void* opaque, std::int64_t offset, int whence) {
  const auto& self = *static_cast<Muxer*>(opaque);
  if ((whence & ~AVSEEK_FORCE) == AVSEEK_SIZE) {
    struct stat facts {};
    return ::fstat(self.fd_, &facts) == 0 ? facts.st_size : AVERROR(errno);
  }
  const off_t at = ::lseek(self.fd_, offset, whence & ~AVSEEK_FORCE);
  return at < 0 ? AVERROR(errno) : at;
}

void Muxer::fail(const std::string& what) const {
  if (write_error_ != 0)
    throw Error(ErrorCode::kArchive, "cannot be written: " + base::errno_text(write_error_), output_.string(), "free some space");
  throw Error(ErrorCode::kBadInput, what, output_.string(), "try another ending, such as .mkv");
}

void copy_stream(const AVStream& from, Muxer& muxer, int index) {
  AVStream& to = *muxer.format()->streams[index];
  if (avcodec_parameters_copy(to.codecpar, from.codecpar) < 0) throw Error(ErrorCode::kInternal, "out of memory for a stream");
  to.codecpar->codec_tag = 0;
  to.sample_aspect_ratio = from.sample_aspect_ratio;
  std::size_t size = 0;
  if (const std::uint8_t* matrix = av_stream_get_side_data(&from, AV_PKT_DATA_DISPLAYMATRIX, &size)) {
    if (std::uint8_t* copy = av_stream_new_side_data(&to, AV_PKT_DATA_DISPLAYMATRIX, size)) std::copy_n(matrix, size, copy);
  }
}

bool Muxer::can_hold(AVCodecID codec) const { return avformat_query_codec(format_->oformat, codec, FF_COMPLIANCE_NORMAL) == 1; }

int Muxer::add_stream(AVRational time_base) {
  AVStream* stream = avformat_new_stream(format_, nullptr);
  if (stream == nullptr) throw Error(ErrorCode::kInternal, "out of memory for a stream", output_.string());
  stream->time_base = time_base;
  return stream->index;
}

void Muxer::start() {
  if (const int error = avformat_write_header(format_, nullptr); error < 0)
    fail("the container refuses these streams: " + ffmpeg_error_text(error));
}

bool Muxer::write(AVPacket& packet, int stream, AVRational time_base) {
  packet.stream_index = stream;
  packet.pos = -1;
  av_packet_rescale_ts(&packet, time_base, format_->streams[stream]->time_base);
  const int error = av_interleaved_write_frame(format_, &packet);
  if (error < 0 && write_error_ != 0) fail({});
  return error >= 0;
}

void Muxer::commit() {
  const int error = av_write_trailer(format_);
  avio_flush(io_);
  if (error < 0 || write_error_ != 0 || io_->error < 0)
    fail("the clip could not be finished: " + ffmpeg_error_text(error < 0 ? error : io_->error));
  // mkostemp made the file for the owner only; give it what a new file would have.
  const mode_t mask = ::umask(0);
  ::umask(mask);
  ::fchmod(fd_, 0666 & ~mask);
  if (::fsync(fd_) != 0 || ::rename(temporary_.c_str(), output_.c_str()) != 0) {
    throw Error(ErrorCode::kArchive, "cannot be written: " + base::errno_text(errno), output_.string(), "check the folder and its space");
  }
  temporary_.clear();
}

}  // namespace reelgraph::ingest
