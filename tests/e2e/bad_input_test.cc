// What people do wrong, and what goes wrong around them: each a message with file, place and cure, the right exit code, and nothing lost.

#include <sys/stat.h>
#include <unistd.h>

#include "cli/media_stamp.h"
#include "tests/e2e/program.h"

namespace reelgraph::test {
namespace {

/// The call must fail with this code, say all of this on standard error, and say it as JSON too.
void refuses(const Reel& reel, const std::vector<std::string>& words, int exit_code, const std::vector<std::string>& says) {
  std::string line;
  for (const std::string& word : words) line += " " + word;
  const ProcessResult result = reel.call(words);
  INFO("reelgraph" << line << "\nexit code " << result.exit_code << "\n" << result.out << "\n" << result.err);
  CHECK(result.exit_code == exit_code);
  for (const std::string& text : says) CHECK_THAT(result.out + result.err, Contains(text));
  int code = 0;
  (void)reel.json(words, &code);
  CHECK(code == exit_code);
}

void ingest_fails(const Reel& reel, const std::string& path, const std::string& reason) {
  refuses(reel, {"ingest", path}, 3, {path, reason});
  int code = 0;
  const nlohmann::json document = reel.json({"ingest", path}, &code);
  REQUIRE(document.at("videos").size() == 1);
  CHECK(document.at("videos").at(0).at("status") == "failed");
  CHECK_FALSE(document.at("videos").at(0).at("reason").get<std::string>().empty());
}

}  // namespace

TEST_CASE("paths that hold no film are told one by one", "[e2e]") {
  const Reel reel;
  std::filesystem::create_directory(reel.dir / "empty");
  write_file(reel.dir / "empty" / "readme.txt", "hello");
  write_file(reel.dir / "zero.mp4", "");
  write_file(reel.dir / "text.mp4", std::string(5000, 'x'));
  REQUIRE(::mkfifo((reel.dir / "pipe.mp4").c_str(), 0600) == 0);
  ingest_fails(reel, "missing.mp4", "");
  ingest_fails(reel, "empty", "");
  ingest_fails(reel, "nothing-*.mp4", "");
  ingest_fails(reel, "zero.mp4", "empty");
  ingest_fails(reel, "text.mp4", "");
  ingest_fails(reel, "pipe.mp4", "");
  ingest_fails(reel, "/dev/zero", "");
  ingest_fails(reel, "/dev/null", "");

  SECTION("one bad file does not keep the good one from being done") {
    draw_two_scenes(reel.dir / "good.mp4", 1);
    int code = 0;
    const nlohmann::json document = reel.json({"ingest", "missing.mp4", "text.mp4", "good.mp4"}, &code);
    CHECK(code == 3);
    REQUIRE(document.at("videos").size() == 3);
    CHECK(document.at("videos").at(2).at("status") == "done");
    CHECK(reel.call({"timeline"}).exit_code <= 1);
  }
}

TEST_CASE("a file that may not be read is told so", "[e2e]") {
  if (::geteuid() == 0) {
    std::cout << "SKIPPED: root may read everything\n";
    return;
  }
  const Reel reel;
  draw_two_scenes(reel.dir / "secret.mp4", 1);
  REQUIRE(::chmod((reel.dir / "secret.mp4").c_str(), 0) == 0);
  ingest_fails(reel, "secret.mp4", "ermission");
}

TEST_CASE("a media file that is really a playlist opens nothing else", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "private.mp4", 1);
  write_file(reel.dir / "list.mp4",
             "#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n" + (reel.dir / "private.mp4").string() + "\n#EXT-X-ENDLIST\n");
  ingest_fails(reel, "list.mp4", "");
}

TEST_CASE("a media library that is of another build or none is refused by name, and what needs none goes on", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "film.mp4");
  const auto folder = reel.dir / "copy";
  std::filesystem::create_directories(folder);
  std::filesystem::copy_file(binary(), folder / "reelgraph");
  std::string library = read_file(binary().parent_path() / "reelgraph_media.so");
  const auto ingest = [&] { return run({(folder / "reelgraph").string(), "ingest", "film.mp4"}, reel.dir.path(), {}, reel.environment()); };

  CHECK_THAT(ingest().err, Contains("media library is missing") && Contains("reelgraph_media.so"));
  write_file(folder / "reelgraph_media.so", "not a library");
  CHECK_THAT(ingest().err, Contains("cannot be loaded") && Contains("reelgraph_media.so"));
  const std::string stamp = cli::kMediaStamp;
  std::size_t found = 0;
  for (std::size_t at = library.find(stamp); at != std::string::npos; at = library.find(stamp, at + 1), ++found) library[at]++;
  REQUIRE(found > 0);
  write_file(folder / "reelgraph_media.so", library);
  CHECK_THAT(ingest().err, Contains("another build") && Contains("reelgraph_media.so"));
  CHECK(run({(folder / "reelgraph").string(), "--version"}, reel.dir.path(), {}, reel.environment()).exit_code == 0);
}

TEST_CASE("wrong usage exits 2 and says what would be right", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "f.mp4", 1);
  refuses(reel, {"ingest", "f.mp4", "--from", "10", "--to", "5"}, 2, {"--from", "0:00:10"});
  refuses(reel, {"ingest", "f.mp4", "--from", "-5"}, 2, {"--from"});
  refuses(reel, {"ingest", "f.mp4", "--from", "soon"}, 2, {"soon", "seconds"});
  refuses(reel, {"ingest", "f.mp4", "--chunk", "2", "--overlap", "3"}, 2, {"--overlap"});
  refuses(reel, {"ingest", "f.mp4", "--fps", "0"}, 2, {"--fps"});
  refuses(reel, {"ingest", "f.mp4", "--jobs", "x"}, 2, {"--jobs"});
  refuses(reel, {"ingest"}, 2, {"PATH"});
  refuses(reel, {"ingest", "f.mp4", "--speech"}, 2, {"--speech", "not in this version"});
  refuses(reel, {"ingest", "f.mp4", "--dtype", "bf16"}, 2, {"--dtype", "local:FOLDER"});
  refuses(reel, {"ingest", "f.mp4", "--no-sandbox"}, 2, {"--no-sandbox", "not in this version"});
  refuses(reel, {"ingest", "f.mp4", "--device", "cuda"}, 2, {"--device", "local:FOLDER"});
  refuses(reel, {"ingest", "f.mp4", "--captioner", "oracle"}, 2, {"oracle"});
  refuses(reel, {"nonsense"}, 2, {"no command", "nonsense", "--help"});
  refuses(reel, {}, 2, {"--help"});
  refuses(reel, {"export", "--format", "pdf"}, 2, {"pdf"});
  CHECK_FALSE(std::filesystem::exists(reel.archive()));

  (void)reel.json({"ingest", "f.mp4"});
  refuses(reel, {"ask", "anything?", "--video", "g"}, 2, {"g", "it has f"});
  refuses(reel, {"ask", "anything?", "--from", "1", "--to", "0.5"}, 2, {"--from"});
  refuses(reel, {"ask", "anything?", "--answerer", "local:x"}, 4, {"x"});
  refuses(reel, {"ask", "anything?", "--without", "tea"}, 2, {"tea"});
  refuses(reel, {"timeline", "--from", "2", "--to", "1"}, 2, {"--from"});
  refuses(reel, {"clip", "--from", "2", "--to", "1", "-o", "x.mp4"}, 2, {"--from"});
  refuses(reel, {"index", "--embedder", "x"}, 4, {"x"});
  refuses(reel, {"ingest", "f.mp4", "f.mp4", "--id", "a", "--dry-run", "--from", "2", "--to", "1"}, 2, {"--from"});
}

TEST_CASE("a model that cannot be had exits 4", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "f.mp4", 1);
  refuses(reel, {"ingest", "f.mp4", "--captioner", "local:/nowhere"}, 4, {"/nowhere", "no such model folder"});
  refuses(reel, {"ingest", "f.mp4", "--captioner", "endpoint:http://127.0.0.1:1"}, 4, {"nothing answers there", "doctor --endpoint"});
}

TEST_CASE("archives that are none, not whole or too new exit 5 with the file's name", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "f.mp4", 1);
  SECTION("not there") { refuses(reel, {"ask", "anything?"}, 5, {"a.reel"}); }
  SECTION("not SQLite") {
    std::filesystem::create_directory(reel.archive());
    write_file(reel.archive() / "graph.db", std::string(8192, 'x'));
    refuses(reel, {"info"}, 5, {"graph.db"});
    refuses(reel, {"ingest", "f.mp4"}, 5, {"graph.db"});
    CHECK(read_file(reel.archive() / "graph.db") == std::string(8192, 'x'));
  }
  SECTION("a file, not a folder") {
    write_file(reel.archive(), "hello");
    refuses(reel, {"ingest", "f.mp4"}, 5, {"a.reel"});
    CHECK(read_file(reel.archive()) == "hello");
  }
  SECTION("made by a newer version") {
    (void)reel.json({"ingest", "f.mp4"});
    REQUIRE(run({"sqlite3", (reel.archive() / "graph.db").string(), "PRAGMA user_version = 999"}).exit_code == 0);
    refuses(reel, {"info"}, 5, {"999", "newer"});
    refuses(reel, {"ingest", "f.mp4"}, 5, {"999"});
  }
  SECTION("cut off") {
    (void)reel.json({"ingest", "f.mp4"});
    std::filesystem::resize_file(reel.archive() / "graph.db", std::filesystem::file_size(reel.archive() / "graph.db") / 2);
    const ProcessResult result = reel.call({"verify"});
    CHECK(result.exit_code == 5);
    CHECK_THAT(result.out + result.err, Contains("graph.db"));
  }
}

TEST_CASE("an archive that may only be read answers, and says why it cannot be written", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "f.mp4", 1);
  draw_two_scenes(reel.dir / "g.mp4", 2);
  (void)reel.json({"ingest", "f.mp4"});
  // Root may write anywhere but on a file system that is mounted read-only; others need only a mode.
  if (::geteuid() == 0) {
    const ProcessResult mounted = reel.script("mount --bind \"$archive\" \"$archive\" && mount -o remount,ro,bind \"$archive\"");
    if (mounted.exit_code != 0) {
      (void)reel.script("umount \"$archive\"");
      std::cout << "SKIPPED: nothing can be mounted here: " << mounted.err << "\n";
      return;
    }
  } else {
    REQUIRE(reel.script("chmod -R a-w \"$archive\"").exit_code == 0);
  }
  CHECK(reel.call({"info"}).exit_code == 0);
  CHECK(reel.call({"timeline"}).exit_code <= 1);
  const ProcessResult written = reel.call({"ingest", "g.mp4"});
  CHECK(reel.script("umount \"$archive\" 2>/dev/null || chmod -R u+w \"$archive\"").exit_code == 0);
  INFO(written.err);
  CHECK(written.exit_code == 5);
  CHECK_THAT(written.err, Contains("a.reel"));
}

TEST_CASE("a disk that fills up stops the ingest with exit code 5, with room again it goes on to the same archive", "[e2e]") {
  const Reel reel, whole;
  draw_two_scenes(reel.dir / "f.mp4", 5);
  std::filesystem::copy(reel.dir / "f.mp4", whole.dir / "f.mp4");
  const ProcessResult full = reel.script("ulimit -f 150; \"$reel\" -a \"$archive\" ingest f.mp4 --chunk 1 --overlap 0");
  INFO(full.out << full.err);
  CHECK(full.exit_code == 5);
  CHECK_THAT(full.err, Contains("a.reel"));
  REQUIRE(reel.call({"ingest", "f.mp4", "--chunk", "1", "--overlap", "0"}).exit_code == 0);
  REQUIRE(whole.call({"ingest", "f.mp4", "--chunk", "1", "--overlap", "0"}).exit_code == 0);
  const auto without_paths = [](const Reel& r) {
    std::string text = r.exported();
    for (std::size_t at = 0; (at = text.find(r.dir.path().string())) != std::string::npos;) text.erase(at, r.dir.path().string().size());
    return text;
  };
  CHECK(without_paths(reel) == without_paths(whole));
  CHECK(reel.call({"verify"}).exit_code == 0);
}

TEST_CASE("two writers: the second is told who holds the archive, readers are not disturbed", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "f.mp4", 1);
  (void)reel.json({"ingest", "f.mp4"});
  const ProcessResult second = reel.script("flock \"$archive/lock\" \"$reel\" -a \"$archive\" ingest f.mp4");
  INFO(second.err);
  CHECK(second.exit_code == 5);
  CHECK_THAT(second.err, Contains("a.reel"));
  CHECK(reel.script("flock \"$archive/lock\" \"$reel\" -a \"$archive\" info").exit_code == 0);
}

TEST_CASE("bad lines of an import are told with number and reason, and nothing is imported", "[e2e]") {
  const Reel reel;
  const std::string good = R"({"type":"observation","video":"m","start":1,"end":2,"caption":"Pedro scores"})";
  write_file(reel.dir / "bad.jsonl", good + "\n" + R"({"type":"observation","video":"m","start":5,"end":2,"caption":"x"})" + "\n");
  refuses(reel, {"import", "bad.jsonl"}, 3, {"bad.jsonl:2"});
  CHECK(reel.json({"info"}).at("counts").at("observations") == 0);
  write_file(reel.dir / "broken.jsonl", good + "\n{\"type\":\n");
  refuses(reel, {"import", "broken.jsonl"}, 3, {"broken.jsonl:2"});
  refuses(reel, {"import", "missing.jsonl"}, 3, {"missing.jsonl"});
  refuses(reel, {"import", "."}, 3, {"folder"});
  refuses(reel, {"import", "/dev/zero"}, 3, {"/dev/zero"});
  CHECK(reel.json({"info"}).at("counts").at("observations") == 0);

  const nlohmann::json kept = reel.json({"import", "bad.jsonl", "--keep-going"});
  CHECK(kept.at("files").at(0).at("skipped") == 1);
  CHECK(kept.at("files").at(0).at("added") == 1);
  const ProcessResult piped = reel.call({"--json", "import", "-"}, good + "\n");
  CHECK(piped.exit_code == 0);
  CHECK(nlohmann::json::parse(piped.out).at("files").at(0).at("status") == "unchanged");
}

TEST_CASE("a wrong config file or profile is told with file and line", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "f.mp4", 1);
  std::filesystem::create_directories(reel.dir / ".config" / "reelgraph");
  const std::filesystem::path config = reel.dir / ".config" / "reelgraph" / "config.toml";
  write_file(config, "jobs = 2\nchunk = = 3\n");
  refuses(reel, {"ingest", "f.mp4"}, 3, {"config.toml:2"});
  refuses(reel, {"config"}, 3, {"config.toml:2"});
  CHECK(reel.call({"config", "path"}).exit_code == 0);
  CHECK(reel.call({"--version"}).exit_code == 0);
  const ProcessResult doctor = reel.call({"doctor"});
  CHECK(doctor.exit_code == 3);
  CHECK_THAT(doctor.out, Contains("config.toml:2") && Contains("cure"));
  write_file(config, "");
  CHECK(reel.call({"config", "set", "chunk", "1"}).exit_code == 0);
  CHECK(reel.call({"config", "set", "overlap", "0"}).exit_code == 0);
  CHECK(reel.call({"config", "get", "chunk"}).out == "1.0\n");
  CHECK(reel.json({"ingest", "f.mp4"}).at("videos").at(0).at("chunks").at("done") == 2);

  write_file(reel.dir / "p.toml", "name = \"p\"\n[[event_types]]\nname = \"x\"\nroles = [\"nobody\"]\n");
  refuses(reel, {"ingest", "f.mp4", "--profile", "p.toml"}, 3, {"p.toml"});
  refuses(reel, {"ingest", "f.mp4", "--profile", "no-such-profile"}, 3, {"no-such-profile"});
}

TEST_CASE("a result that cannot be written is an error, not silence", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "f.mp4", 1);
  (void)reel.json({"ingest", "f.mp4"});
  CHECK(reel.script("\"$reel\" -a \"$archive\" export > /dev/full").exit_code == 5);
  CHECK(reel.script("\"$reel\" -a \"$archive\" --json info > /dev/full").exit_code == 5);
  CHECK(reel.call({"export", "-o", "nowhere/e.jsonl"}).exit_code == 5);
}

}  // namespace reelgraph::test
