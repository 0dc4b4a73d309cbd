#include "graph/archive.h"

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "base/error.h"
#include "graph/hashing.h"
#include "graph/sqlite/database.h"
#include "graph/sqlite/schema.h"
#include "graph/transfer.h"
#include "tests/graph/fixture.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::graph;

namespace reelgraph::test {
namespace {

/// The message of the kArchive error that opening gives.
std::string refusal(const std::filesystem::path& folder, OpenMode mode = OpenMode::kRead) {
  try {
    Archive::open(folder, mode);
  } catch (const base::Error& e) {
    CHECK(e.code() == base::ErrorCode::kArchive);
    CHECK_FALSE(e.cure().empty());
    return e.what();
  }
  FAIL("no error");
  return {};
}

void make_archive(const std::filesystem::path& folder) {
  Archive archive = Archive::open(folder, OpenMode::kCreate);
  const RowId row = archive.store().put_video(video("film", 60));
  archive.store().commit_chunk(chunk(row, "k0", 0, 30, goal("film", 3, 5)));
}

/// Runs `work` in a child process; true if it returned true there.
template <typename Work>
bool in_child(const Work& work) {
  const pid_t pid = fork();
  if (pid == 0) {
    bool good = false;
    try {
      good = work();
    } catch (...) {
    }
    _exit(good ? 0 : 1);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

TEST_CASE("an archive that is not there is named with the cure", "[graph][archive]") {
  TempDir dir;
  CHECK_THAT(refusal(dir / "none.reel"), Contains("none.reel") && Contains("no archive") && Contains("ingest"));
  CHECK_THAT(refusal(dir.path()), Contains("graph.db"));
  write_file(dir / "file.reel", "x");
  CHECK_THAT(refusal(dir / "file.reel"), Contains("not an archive folder"));
  CHECK_THAT(refusal(dir / "file.reel", OpenMode::kCreate), Contains("not an archive folder"));
}

TEST_CASE("a database that is no database, empty, cut off or another program's is refused", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  const auto file = folder / "graph.db";
  make_archive(folder);
  const std::string good = read_file(file);
  const OpenMode mode = GENERATE(OpenMode::kRead, OpenMode::kWrite, OpenMode::kCreate);

  write_file(file, "This is a text, not a database. " + std::string(200, '.'));
  CHECK_THAT(refusal(folder, mode), Contains("not an SQLite database") && Contains("graph.db"));
  write_file(file, "short text");
  CHECK_THAT(refusal(folder, mode), Contains("not an SQLite database"));
  write_file(file, good.substr(0, 50));
  CHECK_THAT(refusal(folder, mode), Contains("cut off"));
  write_file(file, good.substr(0, good.size() / 2));
  CHECK_THAT(refusal(folder, mode), Contains("cut off"));
  if (mode != OpenMode::kCreate) {  // which makes one of it: a creation that was killed leaves such a file
    write_file(file, "");
    CHECK_THAT(refusal(folder, mode), Contains("empty"));
  }
  std::filesystem::remove(file);
  {
    sqlite::Database other(file, sqlite::Database::Mode::kCreate);
    other.execute("CREATE TABLE contact(name TEXT)");
  }
  CHECK_THAT(refusal(folder, mode), Contains("another program"));
}

TEST_CASE("an archive of a newer version is refused naming both versions, and left alone", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  make_archive(folder);
  {
    sqlite::Database database(folder / "graph.db", sqlite::Database::Mode::kWrite);
    database.execute("PRAGMA user_version = 99");
  }
  const std::string before = read_file(folder / "graph.db");
  CHECK_THAT(refusal(folder, GENERATE(OpenMode::kRead, OpenMode::kWrite)),
             Contains("99") && Contains("version 99") && Contains(std::to_string(sqlite::kSchemaVersion)) && Contains("update reelgraph"));
  CHECK(read_file(folder / "graph.db") == before);
}

TEST_CASE("an archive of version 1 is brought up to date after a copy was made", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "old.reel";
  std::filesystem::create_directory(folder);
  {
    sqlite::Database database(folder / "graph.db", sqlite::Database::Mode::kCreate);
    database.execute(read_file(source_dir() / "tests/graph/data/archive_v1.sql"));
  }
  std::vector<std::string> notes;
  const OpenMode mode = GENERATE(OpenMode::kRead, OpenMode::kWrite);
  {
    Archive archive = Archive::open(folder, mode, [&](base::LogLevel, const std::string& text) { notes.push_back(text); });
    const Counts counts = archive.store().counts();
    CHECK(counts.videos == 1);
    CHECK(counts.observations == 2);
    CHECK(counts.entities == 2);
    CHECK(counts.events == 1);
    CHECK(archive.store().event_types() == std::vector<std::string>{"goal"});
    CHECK(archive.store().search({{"goal", "pedro"}, true, {}, {}, 10}).size() == 1);
  }
  REQUIRE(notes.size() == 1);
  CHECK_THAT(notes[0], Contains("version 1") && Contains("graph.db.v1.bak"));
  {
    sqlite::Database copy(folder / "graph.db.v1.bak", sqlite::Database::Mode::kRead);
    CHECK(sqlite::query_integer(copy, "PRAGMA user_version") == 1);
    CHECK(sqlite::query_integer(copy, "SELECT count(*) FROM event") == 1);
  }
  CHECK(verify(folder, false).empty());
  notes.clear();
  Archive::open(folder, OpenMode::kWrite, [&](base::LogLevel, const std::string& text) { notes.push_back(text); });
  CHECK(notes.empty());
}

TEST_CASE("a second writer is refused naming the first, and readers are not blocked", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  make_archive(folder);
  {
    Archive writer = Archive::open(folder, OpenMode::kWrite);
    CHECK_THAT(refusal(folder, OpenMode::kWrite), Contains("pid " + std::to_string(getpid())) && Contains("wait"));
    const Archive reader = Archive::open(folder, OpenMode::kRead);
    CHECK(reader.store().counts().events == 1);
    const auto row = writer.store().find_video("film")->row;
    writer.store().commit_chunk(chunk(row, "k1", 30, 60, goal("film", 40, 41)));
    CHECK(reader.store().counts().events == 2);
  }
  Archive::open(folder, OpenMode::kWrite);
}

TEST_CASE("the lock of a writer that was killed does not stay", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  make_archive(folder);
  const pid_t pid = fork();
  if (pid == 0) {
    Archive archive = Archive::open(folder, OpenMode::kWrite);
    raise(SIGKILL);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  Archive archive = Archive::open(folder, OpenMode::kWrite);
  CHECK(archive.store().counts().events == 1);
}

TEST_CASE("what a killed writer had committed is there", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  const pid_t pid = fork();
  if (pid == 0) {
    Archive archive = Archive::open(folder, OpenMode::kCreate);
    const RowId row = archive.store().put_video(video("film", 60));
    archive.store().commit_chunk(chunk(row, "k0", 0, 30, goal("film", 3, 5)));
    const auto bulk = archive.store().begin_bulk();
    base::Observation o = goal("film", 7, 8);
    base::make_canonical(o);
    bulk->add(o);
    raise(SIGKILL);
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  REQUIRE(WIFSIGNALED(status));
  CHECK(Archive::open(folder, OpenMode::kRead).store().counts().events == 1);
  CHECK(verify(folder, true).empty());
}

TEST_CASE("a reader needs no right to write", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  make_archive(folder);
  std::filesystem::permissions(dir.path(), std::filesystem::perms(0755));
  std::filesystem::permissions(folder, std::filesystem::perms(0555));
  std::filesystem::permissions(folder / "graph.db", std::filesystem::perms(0444));
  std::filesystem::permissions(folder / "lock", std::filesystem::perms(0444));
  // As root nothing is read-only, so the child becomes nobody.
  CHECK(in_child([&] {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return false;
    const Archive archive = Archive::open(folder, OpenMode::kRead);
    return archive.store().events({}).size() == 1 && archive.store().search({{"scores"}, false, {}, {}, 10}).size() == 1 &&
           verify(folder, false).empty();
  }));
  CHECK(in_child([&] {
    if (geteuid() == 0 && setresuid(65534, 65534, 65534) != 0) return false;
    const std::string text = refusal(folder, OpenMode::kWrite);
    return text.find("cannot be written") != std::string::npos;
  }));
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
}

TEST_CASE("a full disk loses nothing that was there and says what to do", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  make_archive(folder);
  CHECK(in_child([&] {
    Archive archive = Archive::open(folder, OpenMode::kWrite);
    signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{200'000, 200'000};  // no file grows past this: for SQLite the same as a full disk
    setrlimit(RLIMIT_FSIZE, &limit);
    const RowId row = archive.store().find_video("film")->row;
    try {
      for (int i = 0; i < 1000; ++i) {
        base::Observation o = goal("film", 31, 32);
        o.caption = std::string(50'000, 'a');
        archive.store().commit_chunk(chunk(row, "big" + std::to_string(i), 30 + i, 31 + i, o));
      }
    } catch (const base::Error& e) {
      const std::string text = e.what();
      if (e.code() != base::ErrorCode::kArchive || text.find("full") == std::string::npos || text.find("space") == std::string::npos)
        return false;
      try {
        archive.add_frame(std::string(300'000, 'x'), hash_hex(std::string(300'000, 'x')));
      } catch (const base::Error& frame) {
        return std::string(frame.what()).find("space") != std::string::npos;
      }
    }
    return false;
  }));
  CHECK(verify(folder, true).empty());
  Archive archive = Archive::open(folder, OpenMode::kWrite);
  CHECK(archive.store().observation(1)->observation.caption == "Pedro scores for Chelsea");
}

TEST_CASE("frames are stored once under their hash", "[graph][archive]") {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  const std::string jpeg = "not really a picture";
  const std::string file = archive.add_frame(jpeg, hash_hex(jpeg));
  CHECK(file == "frames/" + hash_hex(jpeg).substr(0, 2) + "/" + hash_hex(jpeg) + ".jpg");
  CHECK(archive.add_frame(jpeg, hash_hex(jpeg)) == file);
  CHECK(read_file(archive.frame_path(file)) == jpeg);
  // What a process that was killed left of the same picture is taken over.
  std::filesystem::rename(archive.frame_path(file), archive.frame_path(file).string() + ".tmp");
  CHECK(archive.add_frame(jpeg, hash_hex(jpeg)) == file);
  CHECK_FALSE(std::filesystem::exists(archive.frame_path(file).string() + ".tmp"));
  CHECK(archive.size_on_disk().frames == static_cast<std::int64_t>(jpeg.size()));
  CHECK(archive.size_on_disk().database > 0);
  CHECK_THROWS_AS(archive.add_frame(jpeg, "../../etc/passwd"), base::Error);
  CHECK_THROWS_AS(archive.frame_path("../../../etc/passwd"), base::Error);
  CHECK_THROWS_AS(Archive::open(dir / "a.reel", OpenMode::kRead).add_frame(jpeg, hash_hex(jpeg)), base::Error);
}

TEST_CASE("verify finds what is derived and wrong, and repair makes it anew", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  make_archive(folder);
  CHECK(verify(folder, false).empty());
  CHECK(verify(folder, true).empty());
  const std::string damage = GENERATE(
      as<std::string>{}, "DELETE FROM tally", "UPDATE tally SET n = n + 1", "UPDATE entity SET mentions = 9", "DELETE FROM span_index",
      "UPDATE span_index SET start = 900, \"end\" = 901", "INSERT INTO text_index(text_index) VALUES('delete-all')",
      "INSERT INTO text_index(rowid, caption) VALUES(77, 'a word without a row')",
      "UPDATE observation SET caption = 'something else' WHERE id = 1");
  {
    sqlite::Database database(folder / "graph.db", sqlite::Database::Mode::kWrite);
    database.execute(damage);
  }
  INFO(damage);
  const auto found = verify(folder, false);
  REQUIRE_FALSE(found.empty());
  for (const Finding& f : found) {
    CHECK_FALSE(f.repaired);
    CHECK_FALSE(f.fatal);
    CHECK_FALSE(f.cure.empty());
  }
  const auto repaired = verify(folder, true);
  REQUIRE_FALSE(repaired.empty());
  for (const Finding& f : repaired) CHECK(f.repaired);
  CHECK(verify(folder, false).empty());
  CHECK(verify(folder, true).empty());
}

TEST_CASE("verify finds frames that are missing, changed or belong to nothing", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  std::string file;
  {
    Archive archive = Archive::open(folder, OpenMode::kCreate);
    const RowId row = archive.store().put_video(video("film", 60));
    ChunkCommit c = chunk(row, "k0", 0, 30, goal("film", 3, 5));
    file = archive.add_frame("one", hash_hex("one"));
    c.frames = {{base::kSecond, file}, {2 * base::kSecond, archive.add_frame("two", hash_hex("two"))}};
    archive.store().commit_chunk(c);
    archive.add_frame("stray", hash_hex("stray"));
  }
  auto found = verify(folder, false);
  REQUIRE(found.size() == 1);
  CHECK_THAT(found[0].text, Contains("1 file(s)"));
  write_file(folder / file, "changed");
  found = verify(folder, false);
  REQUIRE(found.size() == 2);
  CHECK_THAT(found[0].text, Contains(file) && Contains("changed"));
  std::filesystem::remove(folder / file);
  found = verify(folder, true);
  REQUIRE(found.size() == 2);
  CHECK_THAT(found[0].text, Contains("missing") && Contains("film at 0:00:01.000"));
  CHECK(verify(folder, false).empty());
  CHECK(Archive::open(folder, OpenMode::kRead).store().counts().frames == 1);
}

TEST_CASE("a page that is damaged is fatal to verify, not to the program", "[graph][archive]") {
  TempDir dir;
  const auto folder = dir / "a.reel";
  make_archive(folder);
  std::string bytes = read_file(folder / "graph.db");
  REQUIRE(bytes.size() > 5 * 4096);
  for (std::size_t page = 2; page < bytes.size() / 4096; page += 2) bytes.replace(page * 4096, 64, std::string(64, '\xA5'));
  write_file(folder / "graph.db", bytes);
  const auto found = verify(folder, GENERATE(false, true));
  REQUIRE_FALSE(found.empty());
  CHECK(found.back().fatal);
}

}  // namespace
}  // namespace reelgraph::test
