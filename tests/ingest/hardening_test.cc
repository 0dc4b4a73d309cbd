// Hostile and damaged input: refused with a reason, or read as far as it goes.

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <random>

#include "ingest/media_files.h"
#include "tests/ingest/reading.h"

namespace reelgraph::test {
namespace {

std::string refusal(const std::filesystem::path& path) {
  const base::Error error = error_of([&] { read_all(path); });
  CHECK(error.code() == base::ErrorCode::kBadInput);
  CHECK_THAT(error.what(), Contains(path.string()));
  return error.what();
}

}  // namespace

TEST_CASE("only regular files are opened", "[ingest][hardening]") {
  const TempDir dir;
  REQUIRE(::mkfifo((dir / "film.mp4").c_str(), 0600) == 0);
  CHECK_THAT(refusal(dir / "film.mp4"), Contains("FIFO"));
  CHECK_THAT(refusal(dir.path()), Contains("folder"));
  CHECK_THAT(refusal("/dev/zero"), Contains("device"));
  CHECK_THAT(refusal(dir / "absent.mp4"), Contains("No such file"));
  const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  (dir / "s").string().copy(address.sun_path, sizeof address.sun_path - 1);
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
  CHECK_THAT(refusal(dir / "s"), Contains("socket"));
  ::close(fd);
  CHECK(error_of([&] { static_cast<void>(ingest::content_id(dir / "film.mp4")); }).code() == base::ErrorCode::kBadInput);
  write_file(dir / "empty.mp4", "");
  CHECK_THAT(refusal(dir / "empty.mp4"), Contains("empty"));
  write_file(dir / "text.mp4", "This is no film at all.\n");
  CHECK_THAT(refusal(dir / "text.mp4"), Contains("not media"));
}

TEST_CASE("playlists that call themselves films are refused and open nothing", "[ingest][hardening]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=1", "-c:v", "libx264"}, dir / "secret.ts");
  const std::string secret = (dir / "secret.ts").string();
  const std::vector<std::string> playlists{
      "#EXTM3U\n#EXT-X-TARGETDURATION:10\n#EXTINF:10,\n" + secret + "\n#EXT-X-ENDLIST\n",
      "\xEF\xBB\xBF\n#EXTM3U\nhttp://127.0.0.1:9/x.ts\n",
      "ffconcat version 1.0\nfile '" + secret + "'\n",
      "<?xml version=\"1.0\"?>\n<MPD xmlns=\"urn:mpeg:dash:schema:mpd:2011\"><Period/></MPD>",
      "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\nm=video 5004 RTP/AVP 96\r\n",
  };
  for (const std::string& playlist : playlists) {
    INFO(playlist);
    for (const char* name : {"film.mp4", "film.m3u8", "film.mpd", "film.sdp"}) {
      write_file(dir / name, playlist);
      CHECK_THAT(refusal(dir / name), Contains("names other files"));
    }
  }
  write_file(dir / "picture.png", read_file(dir / "secret.ts").substr(0, 0) + "\x89PNG\r\n\x1a\n" + std::string(64, '\0'));
  CHECK_THAT(refusal(dir / "picture.png"), Contains("not"));
}

TEST_CASE("a film cut off anywhere gives what is there or says why not", "[ingest][hardening]") {
  const TempDir dir;
  for (const char* name : {"film.mkv", "film.mp4", "film.ts", "film.avi"}) {
    draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=3", "-f", "lavfi", "-i", "sine=duration=3", "-c:v", "mpeg4", "-g",
               "10", "-c:a", std::string(name) == "film.avi" ? "mp2" : "aac"},
              dir / name);
    const std::string bytes = read_file(dir / name);
    const std::size_t steps = 40;
    for (std::size_t i = 1; i < steps; ++i) {
      const std::filesystem::path cut = dir / ("cut" + std::filesystem::path(name).extension().string());
      write_file(cut, bytes.substr(0, bytes.size() * i / steps));
      INFO(name << " at " << i << "/" << steps);
      try {
        const Reading reading = read_all(cut);
        CHECK(reading.summary.duration <= 3200 * base::kMillisecond);
        for (std::size_t f = 1; f < reading.frames.size(); ++f) REQUIRE(reading.frames[f] > reading.frames[f - 1]);
        // Where the front tells a length the loss shows; FFmpeg corrects AVI's by the file's size, and MPEG-TS tells none.
        if (std::string(name) == "film.mkv" && i < steps * 6 / 10) CHECK_THAT(reading.summary.partial_reason, Contains("only the first"));
      } catch (const base::Error& error) {
        CHECK(error.code() == base::ErrorCode::kBadInput);
      }
    }
  }
}

TEST_CASE("bytes changed at random never crash, hang or turn time back", "[ingest][hardening]") {
  const TempDir dir;
  for (const char* name : {"film.mkv", "film.mp4", "film.ts"}) {
    draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2", "-f", "lavfi", "-i", "sine=duration=2", "-c:v", "libx264",
               "-c:a", "aac"},
              dir / name);
    const std::string whole = read_file(dir / name);
    std::mt19937 random(7);
    for (int round = 0; round < 25; ++round) {
      std::string bytes = whole;
      for (int flips = 0; flips < 1 + round; ++flips) bytes[random() % bytes.size()] = static_cast<char>(random());
      write_file(dir / "broken", bytes);
      INFO(name << " round " << round);
      try {
        const Reading reading = read_all(dir / "broken");
        for (std::size_t f = 1; f < reading.frames.size(); ++f) REQUIRE(reading.frames[f] > reading.frames[f - 1]);
        if (!reading.frames.empty()) CHECK(reading.frames.front() >= 0);
      } catch (const base::Error& error) {
        CHECK(error.code() == base::ErrorCode::kBadInput);
      }
    }
  }
}

TEST_CASE("damage in the middle becomes a gap with its reason", "[ingest][hardening]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=6", "-c:v", "prores"}, dir / "film.mov");
  std::string bytes = read_file(dir / "film.mov");
  // Each ProRes picture has this mark near its start: without it the packet is none.
  std::size_t at = bytes.find("mdat") + bytes.size() / 3;
  for (int broken = 0; broken < 25; ++broken) {
    at = bytes.find("icpf", at);
    REQUIRE(at != std::string::npos);
    bytes.replace(at, 4, 4, 'x');
  }
  write_file(dir / "damaged.mov", bytes);
  ingest::ReaderOptions options;
  options.threads = 1;
  const Reading reading = read_all(dir / "damaged.mov", options);
  CHECK(reading.summary.damaged == 25);
  REQUIRE(reading.summary.gaps.size() == 1);
  CHECK(near(reading.summary.gaps[0].span.length(), base::kSecond, 50 * base::kMillisecond));
  CHECK_THAT(reading.summary.gaps[0].reason, Contains("25 damaged packets"));
  CHECK_THAT(reading.summary.partial_reason, Contains("25 damaged"));
  CHECK(near(reading.summary.duration, 6 * base::kSecond));
}

TEST_CASE("pictures larger than the limit are not decoded", "[ingest][hardening]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=640x480:rate=5:duration=1", "-c:v", "libx264"}, dir / "large.mp4");
  ingest::ReaderOptions options;
  options.limits.max_pixels = 320 * 240;
  CHECK(error_of([&] { read_all(dir / "large.mp4", options); }).code() == base::ErrorCode::kBadInput);
}

TEST_CASE("a stop ends reading at once", "[ingest][hardening]") {
  const TempDir dir;
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=64x48:rate=25:duration=2", "-c:v", "libx264"}, dir / "film.mp4");
  std::stop_source stop;
  const auto reader = ingest::MediaReader::open(dir / "film.mp4", {}, stop.get_token());
  REQUIRE(reader->next().has_value());
  stop.request_stop();
  CHECK_FALSE(reader->next().has_value());
  CHECK_THAT(reader->summary().partial_reason, Contains("stopped"));
  CHECK(error_of([&] { static_cast<void>(ingest::MediaReader::open(dir / "film.mp4", {}, stop.get_token())); }).code() ==
        base::ErrorCode::kInterrupted);
}

TEST_CASE("options that cannot be meant are refused", "[ingest][hardening]") {
  ingest::ReaderOptions options;
  options.from = 5;
  options.to = 5;
  CHECK(error_of([&] { read_all("/absent", options); }).code() == base::ErrorCode::kInvalidArgument);
  options = {};
  options.limits.max_streams = 0;
  CHECK(error_of([&] { read_all("/absent", options); }).code() == base::ErrorCode::kInvalidArgument);
}

}  // namespace reelgraph::test
