// The main road: a film goes in, answers, pictures, clips and exports come out.

#include <set>

#include "tests/e2e/program.h"

namespace reelgraph::test {
namespace {

bool has_keys(const nlohmann::json& object, const std::vector<std::string>& keys) {
  for (const std::string& key : keys) {
    INFO(key);
    if (!object.contains(key)) return false;
  }
  return true;
}

}  // namespace

TEST_CASE("a drawn film goes in, and every command that reads tells of it in the shape of the contract", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "scenes.mp4");
  write_file(reel.dir / "scenes.en.srt", "1\n00:00:04,000 --> 00:00:05,000\nThe bars are here\n");

  const nlohmann::json ingest = reel.json({"ingest", "scenes.mp4"});
  REQUIRE(ingest.at("videos").size() == 1);
  const nlohmann::json& video = ingest.at("videos").at(0);
  CHECK(has_keys(video, {"id", "path", "status", "duration", "chunks", "frames", "reason"}));
  CHECK(video.at("id") == "scenes");
  CHECK(video.at("status") == "done");
  CHECK(video.at("reason").is_null());
  CHECK(video.at("duration").get<double>() == Approx(6.0).margin(0.11));
  CHECK(video.at("chunks") == nlohmann::json{{"done", 1}, {"failed", 0}, {"skipped", 0}});
  CHECK(video.at("frames").get<int>() >= 2);
  CHECK(ingest.at("seconds").is_number());

  const nlohmann::json info = reel.json({"info"});
  CHECK(has_keys(info, {"videos", "models", "counts", "bytes"}));
  CHECK(has_keys(info.at("counts"), {"entities", "events", "observations"}));
  const nlohmann::json& known = info.at("videos").at(0);
  CHECK(has_keys(known, {"id", "path", "title", "duration", "chunks", "coverage"}));
  CHECK(known.at("chunks") == nlohmann::json{{"done", 1}, {"failed", 0}, {"pending", 0}});
  CHECK(known.at("coverage").at("described").size() == 1);
  CHECK(known.at("coverage").at("failed").empty());
  CHECK(known.at("coverage").at("not_sampled").empty());
  CHECK(info.at("bytes").at("frames").get<int>() > 0);

  const nlohmann::json timeline = reel.json({"timeline", "--type", "cut"});
  REQUIRE(timeline.at("events").size() == 1);
  const nlohmann::json& cut = timeline.at("events").at(0);
  CHECK(has_keys(cut, {"id", "video", "type", "start", "end", "description", "participants", "attributes"}));
  CHECK(cut.at("start").get<double>() == Approx(3.0).margin(0.11));

  const nlohmann::json answer = reel.json({"ask", "When does the picture cut?", "--video", "scenes"});
  CHECK(has_keys(answer, {"question", "status", "answer", "claims", "citations", "coverage", "plan", "timing_ms"}));
  CHECK(answer.at("status") == "answered");
  CHECK(has_keys(answer.at("answer"), {"kind", "value", "text"}));
  REQUIRE_FALSE(answer.at("citations").empty());
  const nlohmann::json& citation = answer.at("citations").at(0);
  CHECK(citation.at("n") == 1);
  CHECK(citation.at("start").get<double>() == Approx(3.0).margin(0.11));
  CHECK(std::filesystem::exists(reel.archive() / citation.at("frame").get<std::string>()));

  const nlohmann::json hits = reel.json({"search", "bars"});
  REQUIRE_FALSE(hits.at("hits").empty());
  CHECK(has_keys(hits.at("hits").at(0), {"video", "start", "end", "score", "text", "why"}));

  CHECK(reel.json({"show", "scenes"}).is_object());
  CHECK(reel.json({"show", "event:" + cut.at("id").dump()}).is_object());
  CHECK(reel.json({"verify"}).at("ok") == true);
  int doctor = 0;
  CHECK(reel.json({"doctor"}, &doctor).at("checks").size() >= 6);
  CHECK(doctor == 0);

  SECTION("text for people names video, times and pictures") {
    const ProcessResult text = reel.call({"ask", "When does the picture cut?"});
    CHECK(text.exit_code == 0);
    CHECK_THAT(text.out, Contains("[1] scenes  0:00:03.") && Contains(".jpg"));
    CHECK_THAT(reel.call({"timeline"}).out, Contains("scenes\n  0:00:0"));
    CHECK_THAT(reel.call({"info"}).out, Contains("scenes") && Contains("100 %"));
    CHECK_THAT(reel.call({"search", "bars"}).out, Contains("1. scenes"));
    CHECK_THAT(reel.call({"ask", "When does the picture cut?", "--explain"}).out, Contains("Plan ("));
    for (const char* command : {"timeline", "info", "verify", "doctor", "entities"}) CHECK(reel.call({command}).err.empty());
  }
  SECTION("questions from standard input come out as one JSON line each") {
    const ProcessResult lines = reel.call({"--json", "ask", "-"}, "When does the picture cut?\n\nHow many cuts are there?\n");
    CHECK(lines.exit_code == 0);
    std::istringstream in(lines.out);
    int n = 0;
    for (std::string line; std::getline(in, line); ++n) CHECK(nlohmann::json::parse(line).at("status") == "answered");
    CHECK(n == 2);
  }
  SECTION("cited pictures can be had as files") {
    CHECK(reel.call({"ask", "When does the picture cut?", "--frames", "pictures"}).exit_code == 0);
    REQUIRE(std::filesystem::exists(reel.dir / "pictures"));
    for (const auto& entry : std::filesystem::directory_iterator(reel.dir / "pictures"))
      CHECK(read_file(entry.path()).substr(0, 2) == "\xFF\xD8");
  }
  SECTION("frame and clip give the evidence as a file") {
    const nlohmann::json frame = reel.json({"frame", "--video", "scenes", "--at", "0:04", "-o", "f.png"});
    CHECK(frame.at("at").get<double>() == Approx(4.0).margin(0.11));
    CHECK(read_file(reel.dir / "f.png").substr(1, 3) == "PNG");
    const nlohmann::json clip = reel.json({"clip", "--video", "scenes", "--from", "1", "--to", "2.5", "-o", "c.mp4"});
    CHECK(clip.at("start").get<double>() == Approx(1.0).margin(0.21));
    CHECK(clip.at("end").get<double>() == Approx(2.5).margin(0.21));
    CHECK(std::filesystem::file_size(reel.dir / "c.mp4") > 1000);
    CHECK(reel.call({"frame", "--at", "1", "-o", "f.bmp"}).exit_code == 2);
    CHECK(reel.call({"clip", "--from", "100", "--to", "101", "-o", "d.mp4"}).exit_code == 2);
    CHECK(reel.call({"clip", "--from", "1", "--to", "2", "-o", "scenes.mp4"}).exit_code == 2);
    CHECK_FALSE(std::filesystem::exists(reel.dir / "d.mp4"));
  }
  SECTION("the timeline is one page of HTML with its pictures inside") {
    CHECK(reel.call({"timeline", "--format", "html", "-o", "t.html"}).exit_code == 0);
    const std::string page = read_file(reel.dir / "t.html");
    CHECK_THAT(page, Contains("data:image/jpeg;base64,") && Contains("scenes"));
    CHECK(page.find("http://") == std::string::npos);
    CHECK(page.find("<script") == std::string::npos);
  }
  SECTION("exports of every format are written, and jsonl comes back to the same") {
    for (const char* format : {"jsonl", "graphml", "csv", "srt", "vtt"}) {
      INFO(format);
      const nlohmann::json written = reel.json({"export", "--format", format, "-o", std::string("e.") + format});
      CHECK(written.at("bytes").get<int>() > 0);
    }
    CHECK(read_file(reel.dir / "e.jsonl") == reel.exported());
    const Reel other;
    CHECK(other.call({"import", (reel.dir / "e.jsonl").string()}).exit_code == 0);
    CHECK(other.exported() == reel.exported());
  }
  SECTION("the same film again, or a copy of it, changes nothing") {
    const std::string before = reel.exported();
    const nlohmann::json again = reel.json({"ingest", "scenes.mp4"});
    CHECK(again.at("videos").at(0).at("status") == "unchanged");
    CHECK(again.at("videos").at(0).at("chunks").at("done") == 0);
    std::filesystem::copy(reel.dir / "scenes.mp4", reel.dir / "copy.mp4");
    std::filesystem::copy(reel.dir / "scenes.en.srt", reel.dir / "copy.en.srt");
    const nlohmann::json copy = reel.json({"ingest", "copy.mp4"});
    CHECK(copy.at("videos").at(0).at("status") == "unchanged");
    CHECK_THAT(copy.at("videos").at(0).at("reason").get<std::string>(), Contains("scenes"));
    CHECK(reel.exported() == before);
  }
  SECTION("asking for nothing that is there exits 1") {
    CHECK(reel.call({"timeline", "--from", "5.9", "--type", "cut"}).exit_code == 1);
    CHECK(reel.call({"search", "xylophone"}).exit_code == 1);
    CHECK(reel.call({"show", "Xavier"}).exit_code == 1);
    CHECK(reel.call({"entities", "Xavier"}).exit_code == 1);
    CHECK(reel.call({"ask", "Who is Xavier?"}).exit_code == 1);
  }
}

TEST_CASE("part of a film is described, the rest is told as not sampled", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "scenes.mp4");
  (void)reel.json({"ingest", "scenes.mp4", "--from", "1", "--to", "0:04"});
  const nlohmann::json coverage = reel.json({"info"}).at("videos").at(0).at("coverage");
  CHECK(coverage.at("described") == nlohmann::json::parse("[[1.0,4.0]]"));
  CHECK(coverage.at("not_sampled").size() == 2);
  int exit_code = 0;
  CHECK(reel.json({"ask", "When does the picture cut?", "--from", "4.5", "--to", "5.5"}, &exit_code).at("status") == "not_covered");
  CHECK(exit_code == 1);
}

TEST_CASE("a dry run tells the work and leaves no archive behind", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "scenes.mp4");
  const nlohmann::json plan = reel.json({"ingest", "scenes.mp4", "--dry-run", "--chunk", "2", "--overlap", "0"});
  CHECK(plan.at("dry_run") == true);
  CHECK(plan.at("videos").at(0).at("status") == "planned");
  CHECK(plan.at("videos").at(0).at("chunks") == 3);
  CHECK(plan.at("total").at("bytes").get<int>() > 0);
  CHECK_FALSE(std::filesystem::exists(reel.archive()));
}

TEST_CASE("options of ingest do what they say", "[e2e]") {
  const Reel reel;
  draw_two_scenes(reel.dir / "x.mp4");
  CHECK(reel.json({"ingest", "x.mp4", "--id", "named", "--chunk", "2", "--overlap", "0.5"}).at("videos").at(0).at("chunks").at("done") ==
        4);
  CHECK(reel.json({"info"}).at("videos").at(0).at("id") == "named");
  SECTION("other settings need --recaption, and then supersede") {
    CHECK_THAT(reel.json({"ingest", "x.mp4"}).at("videos").at(0).at("reason").get<std::string>(), Contains("--recaption"));
    CHECK(reel.json({"ingest", "x.mp4", "--recaption", "--by-shots"}).at("videos").at(0).at("status") == "done");
    CHECK(reel.json({"timeline", "--type", "cut"}).at("events").size() == 1);
    CHECK(reel.json({"verify"}).at("ok") == true);
  }
  SECTION("several files at once, in folders and globs, get ids of their own") {
    std::filesystem::create_directories(reel.dir / "more" / "deep");
    draw_two_scenes(reel.dir / "more" / "x.mp4", 2);
    draw_two_scenes(reel.dir / "more" / "deep" / "x.mkv", 1);
    write_file(reel.dir / "more" / "notes.txt", "no film");
    const nlohmann::json result = reel.json({"ingest", "more", "*.mp4", "--jobs", "2", "--fast"});
    std::set<std::string> ids;
    for (const nlohmann::json& video : result.at("videos")) ids.insert(video.at("id").get<std::string>());
    CHECK(ids == std::set<std::string>{"named", "x", "x-2"});
  }
}

TEST_CASE("with --ocr what stands on the screen is read, kept and found", "[e2e]") {
  const Reel reel;
  const auto text = [](const std::string& words, const std::string& rest) {
    return "drawtext=fontfile=/usr/share/fonts/truetype/dejavu/DejaVuSans.ttf:text='" + words +
           "':fontcolor=white:box=1:boxborderw=8:" + rest;
  };
  draw_film({"-f", "lavfi", "-i", "mandelbrot=s=640x360:r=10", "-t", "6", "-vf",
             text("Loading dock 12", "boxcolor=navy:x=20:y=20:fontsize=28") + "," +
                 text("CHELSEA 1 - 0 LEEDS", "boxcolor=black:x=240:y=300:fontsize=30:enable='gt(t,2)'"),
             "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"},
            reel.dir / "yard.mp4");
  REQUIRE(reel.call({"ingest", "yard.mp4", "--ocr"}).exit_code == 0);
  const ProcessResult lines = reel.call({"export", "--format", "jsonl"});
  CHECK_THAT(lines.out, Contains("Loading dock 12") && Contains("CHELSEA 1 - 0 LEEDS"));
  const nlohmann::json hits = reel.json({"search", "Leeds"}).at("hits");
  REQUIRE(hits.size() == 1);
  CHECK(hits.at(0).at("video") == "yard");
  CHECK(reel.json({"ingest", "yard.mp4", "--ocr"}).at("videos").at(0).at("status") == "unchanged");
  const ProcessResult refused = reel.call({"ingest", "yard.mp4", "--recaption", "--ocr-language", "xx-none"});
  CHECK(refused.exit_code == 4);
  CHECK_THAT(refused.err, Contains("xx-none") && Contains("tesseract-ocr-"));
}

}  // namespace reelgraph::test
