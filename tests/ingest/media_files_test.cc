#include "ingest/media_files.h"

#include <unistd.h>

#include "tests/ingest/reading.h"

namespace reelgraph::test {

TEST_CASE("a film is known by its bytes", "[ingest][files]") {
  const TempDir dir;
  std::string bytes(3'000'000, 'a');
  write_file(dir / "a.mp4", bytes);
  write_file(dir / "b.mp4", bytes);
  CHECK(ingest::content_id(dir / "a.mp4") == ingest::content_id(dir / "b.mp4"));
  CHECK(ingest::content_id(dir / "a.mp4") == ingest::content_id_of(bytes));
  bytes.back() = 'b';
  write_file(dir / "b.mp4", bytes);
  CHECK(ingest::content_id(dir / "a.mp4") != ingest::content_id(dir / "b.mp4"));
  // XXH3-128 of nothing, as its specification tells.
  CHECK(ingest::content_id_of("") == "99aa06d3014798d86001c324468d497f");
  CHECK(error_of([&] { static_cast<void>(ingest::content_id(dir.path())); }).code() == base::ErrorCode::kBadInput);
  std::stop_source stop;
  stop.request_stop();
  CHECK(error_of([&] { static_cast<void>(ingest::content_id(dir / "a.mp4", stop.get_token())); }).code() == base::ErrorCode::kInterrupted);
}

TEST_CASE("paths, folders and globs become files, each once", "[ingest][files]") {
  const TempDir dir;
  std::filesystem::create_directories(dir / "sub/deeper");
  std::filesystem::create_directories(dir / "none");
  for (const char* name : {"b.mp4", "a.MKV", "a.srt", "notes.txt", "sub/deeper/c.webm", "strange"}) write_file(dir / name, "x");
  ::symlink((dir / "b.mp4").c_str(), (dir / "link.mp4").c_str());
  const auto names = [](const std::vector<std::filesystem::path>& paths) {
    std::vector<std::string> result;
    for (const auto& path : paths) result.push_back(path.filename().string());
    return result;
  };
  CHECK(names(ingest::find_media({dir.path().string()})) == std::vector<std::string>{"a.MKV", "b.mp4", "c.webm"});
  CHECK(names(ingest::find_media({(dir / "b.mp4").string(), dir.path().string()})) == std::vector<std::string>{"b.mp4", "a.MKV", "c.webm"});
  CHECK(names(ingest::find_media({(dir / "*.mp4").string()})) == std::vector<std::string>{"b.mp4"});
  CHECK(names(ingest::find_media({(dir / "a.*").string()})) == std::vector<std::string>{"a.MKV"});
  CHECK(names(ingest::find_media({(dir / "strange").string()})) == std::vector<std::string>{"strange"});
  CHECK_THAT(error_of([&] { static_cast<void>(ingest::find_media({(dir / "none").string()})); }).what(), Contains("no media"));
  CHECK_THAT(error_of([&] { static_cast<void>(ingest::find_media({(dir / "*.avi").string()})); }).what(), Contains("no file matches"));
  CHECK_THAT(error_of([&] { static_cast<void>(ingest::find_media({(dir / "absent").string()})); }).what(), Contains("no such file"));
}

}  // namespace reelgraph::test
