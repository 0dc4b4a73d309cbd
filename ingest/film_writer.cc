#include "ingest/film_writer.h"

#include "ingest/clip_encoder.h"
#include "ingest/muxer.h"

namespace reelgraph::ingest {

static_assert(FilmWriter::kAudioRate == ClipEncoder::kAudioRate);

class FilmWriter::Parts {
 public:
  Parts(const std::filesystem::path& file, base::Size size) : muxer(file), encoder(muxer, size, true, ClipEncoder::Effort::kQuick) {}
  Muxer muxer;
  ClipEncoder encoder;
};

FilmWriter::FilmWriter(const std::filesystem::path& file, base::Size size) : parts_(std::make_unique<Parts>(file, size)) {}
FilmWriter::~FilmWriter() = default;

void FilmWriter::picture(const base::Image& image, base::Timestamp at) { parts_->encoder.picture(image, at); }
void FilmWriter::sound(const base::AudioBlock& block) { parts_->encoder.sound(block, block.at); }

void FilmWriter::commit() {
  parts_->encoder.finish();
  parts_->muxer.commit();
}

}  // namespace reelgraph::ingest
