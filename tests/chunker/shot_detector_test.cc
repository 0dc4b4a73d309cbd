// Shots in films drawn with ffmpeg: what must be found, and what must not.

#include "chunker/shot_detector.h"

#include "tests/support/frames.h"
#include "tests/support/support.h"

using namespace reelgraph;
using chunker::ShotDetector;
using chunker::Transition;

namespace {

std::vector<Transition> transitions(const std::string& arguments, double fps = 25, std::vector<base::Timestamp>* at_once = nullptr) {
  ShotDetector detector;
  test::for_each_frame(arguments, {64, 36}, fps, [&](const base::Frame& frame) {
    if (detector.add(frame.at(), frame.render(ShotDetector::kPictureSize)) && at_once != nullptr) at_once->push_back(frame.at());
  });
  detector.finish();
  return detector.take();
}

std::vector<double> times(const std::vector<Transition>& all) {
  std::vector<double> result;
  for (const Transition& t : all) result.push_back(base::to_seconds(t.boundary.at));
  return result;
}

/// Two still scenes of two seconds each, one after the other, through `filter` ([0:v] and [1:v] are the scenes).
std::string two_scenes(const std::string& filter) {
  return "-f lavfi -i smptebars=s=320x180:r=25:d=2 -f lavfi -i mandelbrot=s=320x180:r=25:end_scale=0.29 -filter_complex "
         "\"[1:v]trim=0:2,setpts=PTS-STARTPTS[m];" +
         filter + "\"";
}

}  // namespace

TEST_CASE("a hard cut is one cut, known at its first frame", "[chunker]") {
  std::vector<base::Timestamp> at_once;
  const auto found = transitions(two_scenes("[0:v][m]concat"), 25, &at_once);
  REQUIRE(times(found) == std::vector<double>{2.0});
  CHECK(found[0].boundary.kind == base::BoundaryKind::kCut);
  CHECK(at_once == std::vector<base::Timestamp>{2'000'000});
}

TEST_CASE("a fade through black is one fade, at the first frame of the new shot", "[chunker]") {
  const auto found = transitions(two_scenes("[0:v]fade=out:38:12[a];[m]fade=in:0:12[b];[a][b]concat"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].boundary.kind == base::BoundaryKind::kFade);
  CHECK(base::to_seconds(found[0].boundary.at) == Approx(2.0).margin(0.25));
}

TEST_CASE("a fade through white is one fade", "[chunker]") {
  const auto found = transitions(two_scenes("[0:v]fade=out:38:12:color=white[a];[m]fade=in:0:12:color=white[b];[a][b]concat"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].boundary.kind == base::BoundaryKind::kFade);
}

TEST_CASE("a dissolve is one fade in its middle", "[chunker]") {
  const auto found = transitions(two_scenes("[0:v]setsar=1[a];[m]setsar=1[b];[a][b]xfade=fade:duration=1:offset=1"));
  REQUIRE(found.size() == 1);
  CHECK(found[0].boundary.kind == base::BoundaryKind::kFade);
  CHECK(base::to_seconds(found[0].boundary.at) == Approx(1.5).margin(0.3));
}

TEST_CASE("a short black picture between two shots is one cut", "[chunker]") {
  const auto found = transitions(
      "-f lavfi -i smptebars=s=320x180:r=25:d=2 -f lavfi -i color=black:s=320x180:r=25:d=0.4 "
      "-f lavfi -i testsrc=s=320x180:r=25:d=2 -filter_complex concat=n=3");
  REQUIRE(found.size() == 1);
  CHECK(found[0].boundary.kind == base::BoundaryKind::kCut);
  CHECK(times(found)[0] == Approx(2.4).margin(0.05));
}

TEST_CASE("flashes of a few frames, white or of another picture, are no cuts", "[chunker]") {
  CHECK(
      transitions("-f lavfi -i \"mandelbrot=s=320x180:r=25:end_scale=0.2,drawbox=t=fill:c=white:enable='between(n,30,32)'\" -t 3").empty());
  CHECK(transitions("-f lavfi -i smptebars=s=320x180:r=25:d=3 -f lavfi -i mandelbrot=s=320x180:r=25 "
                    "-filter_complex \"[0:v][1:v]overlay=enable='between(n,40,42)':shortest=1\"")
            .empty());
}

TEST_CASE("a flickering lamp, a lamp that is switched and a slow change of light are no cuts", "[chunker]") {
  const std::string scene = "-f lavfi -i \"testsrc=s=320x180:r=25:d=5,";
  CHECK(transitions(scene + "eq=eval=frame:brightness='0.1*sin(n*2)'\"").empty());
  CHECK(transitions(scene + "eq=eval=frame:brightness='if(gt(n,60),0,-0.25)'\"").empty());
  CHECK(transitions(scene + "eq=eval=frame:brightness='-0.3+0.6*n/125'\"").empty());
}

TEST_CASE("a pan, a shaking camera, noise, black and a still picture hold no cuts", "[chunker]") {
  CHECK(transitions("-f lavfi -i \"mandelbrot=s=1280x360:r=25:end_scale=0.29,trim=0:0.04,loop=-1:1,crop=320:180:x='n*4':y=60\" -t 5")
            .empty());
  CHECK(transitions("-f lavfi -i \"testsrc=s=400x225:r=25:d=4,crop=320:180:x='40+6*sin(n*1.7)':y='20+6*cos(n*2.3)'\"").empty());
  CHECK(transitions("-f lavfi -i \"color=gray:s=320x180:r=25:d=4,noise=alls=100:allf=t\"").empty());
  CHECK(transitions("-f lavfi -i \"nullsrc=s=64x36:r=25:d=4,geq=random(1)*255:128:128\"").empty());
  CHECK(transitions("-f lavfi -i color=black:s=320x180:r=25:d=3").empty());
  CHECK(transitions("-f lavfi -i smptebars=s=320x180:r=25:d=3").empty());
}

TEST_CASE("a fade-in at the start and a fade-out at the end are no boundaries", "[chunker]") {
  CHECK(transitions("-f lavfi -i \"smptebars=s=320x180:r=25:d=4,fade=in:0:25,fade=out:75:25\"").empty());
}

TEST_CASE("cuts are found at any frame rate from 5 to 120", "[chunker]") {
  for (const double fps : {5.0, 12.5, 60.0, 120.0}) {
    const std::string rate = std::to_string(fps);
    const auto found = transitions(
        "-f lavfi -i smptebars=s=320x180:d=2:r=" + rate + " -f lavfi -i testsrc=s=320x180:d=2:r=" + rate + " -filter_complex concat", fps);
    INFO(fps);
    REQUIRE(found.size() == 1);
    CHECK(times(found)[0] == Approx(2.0).margin(0.2));
  }
}

TEST_CASE("one frame, and no frame, are no boundary", "[chunker]") {
  ShotDetector none;
  none.finish();
  CHECK(none.take().empty());
  ShotDetector one;
  CHECK_FALSE(one.add(0, test::plain_picture(64, 36, 200, 10, 10)));
  one.finish();
  CHECK(one.take().empty());
}
