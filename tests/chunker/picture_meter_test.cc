// Measurements on pictures drawn with ffmpeg, whose truth is known.

#include "chunker/picture_meter.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "tests/support/frames.h"
#include "tests/support/support.h"

using namespace reelgraph;
using chunker::PictureMeter;

namespace {

constexpr double kFps = 5;

std::vector<base::PictureSample> measure(const std::string& arguments, base::Size size = {320, 180}) {
  PictureMeter meter;
  std::vector<base::PictureSample> samples;
  test::for_each_frame(arguments, size, kFps,
                       [&](const base::Frame& frame) { samples.push_back(meter.measure(frame.at(), frame.render(size))); });
  return samples;
}

/// A textured still scene larger than the picture, 5 s, seen through a crop whose place may depend on n.
std::string scene(const std::string& filters) {
  return "-f lavfi -i \"nullsrc=s=640x360:r=5,geq='random(1)*255:128:128',boxblur=3:1,eq=contrast=3,trim=0:0.1,loop=-1:1,setpts=N/5/TB," +
         filters + "\" -t 5";
}

double most_motion(const std::vector<base::PictureSample>& samples) {
  double most = 0;
  for (const auto& s : samples) most = std::max(most, s.motion);
  return most;
}

}  // namespace

TEST_CASE("a still picture has brightness and sharpness and no motion", "[chunker]") {
  const auto samples = measure(scene("crop=320:180:100:100"));
  REQUIRE(samples.size() == 25);
  CHECK(most_motion(samples) == 0);
  CHECK(samples[3].sharpness > 10);
  for (const auto& s : samples) CHECK_FALSE(s.noisy);
  const auto white = measure("-f lavfi -i color=white:s=320x180:r=5:d=1");
  CHECK(white[1].brightness == Approx(1).margin(0.02));
  CHECK(white[1].sharpness == Approx(0).margin(0.01));
}

TEST_CASE("a box that moves over a still scene moves where it is, and the camera does not", "[chunker]") {
  const auto samples = measure(
      "-f lavfi -i \"nullsrc=s=320x180:r=5,geq='random(1)*255:128:128',boxblur=3:1,eq=contrast=3,trim=0:0.1,loop=-1:1,setpts=N/5/TB[s];"
      "color=red:s=30x40:r=5[b];[s][b]overlay=x='10+3*n':y=20:shortest=0\" -t 5");
  for (std::size_t i = 1; i < samples.size(); ++i) {
    INFO(i);
    CHECK(samples[i].motion > 0.001);
    CHECK(samples[i].motion < 0.08);
    CHECK(samples[i].motion_x == Approx((10 + 3 * static_cast<double>(i) + 15) / 320).margin(0.06));
    CHECK(samples[i].motion_y == Approx(40.0 / 180).margin(0.06));
    CHECK(std::hypot(samples[i].camera_x, samples[i].camera_y) < 0.004);
  }
}

TEST_CASE("a pan is measured as camera movement with its size and sign, and nothing moves besides", "[chunker]") {
  const auto samples = measure(scene("crop=320:180:x='300-8*n':y=100"));
  for (std::size_t i = 1; i < samples.size(); ++i) {
    INFO(i);
    CHECK(samples[i].camera_x == Approx(8.0 / 320).margin(0.004));  // the window goes left, so the picture goes right
    CHECK(samples[i].camera_y == Approx(0).margin(0.004));
    CHECK(samples[i].camera_confidence > 0.6);
    CHECK(samples[i].motion < 0.01);
  }
}

TEST_CASE("a zoom is measured as growth", "[chunker]") {
  const auto samples = measure(scene("zoompan=z='1+0.02*on':x='iw/2-iw/zoom/2':y='ih/2-ih/zoom/2':d=1:s=320x180:fps=5"));
  int grew = 0;
  for (std::size_t i = 1; i < samples.size(); ++i) grew += samples[i].camera_confidence > 0.5 && samples[i].camera_zoom > 0.005 ? 1 : 0;
  CHECK(grew > static_cast<int>(samples.size()) * 2 / 3);
}

TEST_CASE("a camera that shakes by a pixel shows no motion in the scene", "[chunker]") {
  const auto samples = measure(scene("crop=320:180:x='200+round(1.4*sin(n*2.1))':y='100+round(1.4*cos(n*1.3))'"));
  CHECK(most_motion(samples) < 0.003);
}

TEST_CASE("flickering light and a ramp of brightness are no motion", "[chunker]") {
  CHECK(most_motion(measure(scene("crop=320:180:200:100,eq=eval=frame:brightness='0.08*sin(n*2)'"))) < 0.003);
  CHECK(most_motion(measure(scene("crop=320:180:200:100,eq=eval=frame:brightness='-0.2+0.4*n/25'"))) < 0.003);
}

TEST_CASE("sensor noise on a still scene is no motion", "[chunker]") {
  CHECK(most_motion(measure(scene("crop=320:180:200:100,noise=alls=12:allf=t"))) < 0.003);
}

TEST_CASE("a film of pure noise is noisy and nothing moves", "[chunker]") {
  const auto samples = measure("-f lavfi -i \"nullsrc=s=320x180:r=5:d=3,geq=random(1)*255:128:128\"");
  for (std::size_t i = 1; i < samples.size(); ++i) {
    CHECK(samples[i].noisy);
    CHECK(samples[i].motion == 0);
  }
}

TEST_CASE("a new shot and another picture size start afresh", "[chunker]") {
  PictureMeter meter;
  static_cast<void>(meter.measure(0, test::plain_picture(320, 180, 0, 0, 0)));
  meter.new_shot();
  CHECK(meter.measure(1, test::plain_picture(320, 180, 255, 255, 255)).motion == 0);
  const auto s = meter.measure(2, test::plain_picture(180, 320, 0, 0, 0));
  CHECK(s.motion == 0);
  CHECK_FALSE(s.noisy);
}

TEST_CASE("the smallest and the flattest pictures can be measured", "[chunker]") {
  PictureMeter meter;
  for (int i = 0; i < 4; ++i) {
    const auto level = static_cast<std::uint8_t>(i % 2 * 255);
    const auto s = meter.measure(i, test::plain_picture(16, 16, level, level, level));
    CHECK(std::isfinite(s.motion));
    CHECK(std::isfinite(s.camera_x));
  }
}
