#include "chunker/keyframes.h"

#include "tests/support/frames.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::chunker;

namespace {

Candidate candidate(base::Timestamp at, const base::Image& small, bool starts_shot = false) {
  Candidate c;
  c.frame.at = at;
  c.fingerprint = make_fingerprint(small);
  c.starts_shot = starts_shot;
  return c;
}

base::Image with_box(int x, int width, std::uint8_t level) {
  base::Image image = test::plain_picture(64, 36, 90, 90, 90);
  for (int v = 8; v < 28; ++v) {
    for (int u = x; u < x + width; ++u) {
      for (int c = 0; c < 3; ++c) image.pixels[static_cast<std::size_t>((v * 64 + u) * 3 + c)] = level;
    }
  }
  return image;
}

std::vector<const Candidate*> pointers(const std::vector<Candidate>& all) {
  std::vector<const Candidate*> result;
  for (const Candidate& c : all) result.push_back(&c);
  return result;
}

}  // namespace

TEST_CASE("of a still scene one picture is kept and the rest are near-duplicates", "[chunker]") {
  std::vector<Candidate> all;
  for (int i = 0; i < 30; ++i) all.push_back(candidate(i * base::kSecond, with_box(10, 8, 200)));
  const Selection s = choose_keyframes(pointers(all), 8);
  CHECK(s.chosen == std::vector<std::size_t>{0});
  CHECK(s.duplicates.size() == 29);
}

TEST_CASE("a change of light is no news, something new in the picture is", "[chunker]") {
  const Fingerprint plain = make_fingerprint(with_box(10, 8, 200));
  base::Image brighter = with_box(10, 8, 200);
  for (auto& p : brighter.pixels) p = static_cast<std::uint8_t>(p + 25);
  CHECK(novelty(plain, make_fingerprint(brighter)) == Approx(0).margin(0.001));
  CHECK(novelty(plain, make_fingerprint(with_box(40, 8, 200))) > 0.05);
}

TEST_CASE("the pictures that differ most are kept, in time order, with their novelty", "[chunker]") {
  std::vector<Candidate> all;
  for (int i = 0; i < 10; ++i) all.push_back(candidate(i * base::kSecond, with_box(2 + 5 * i, 8, 220)));
  const Selection s = choose_keyframes(pointers(all), 3);
  REQUIRE(s.chosen.size() == 3);
  CHECK(std::is_sorted(s.chosen.begin(), s.chosen.end()));
  CHECK(s.chosen.front() == 0);
  for (const double n : s.novelty) CHECK(n > 0.01);
}

TEST_CASE("the first picture of a shot goes before others that are as new", "[chunker]") {
  std::vector<Candidate> all;
  all.push_back(candidate(0, with_box(2, 8, 220)));
  all.push_back(candidate(1, with_box(20, 8, 220)));
  all.push_back(candidate(2, with_box(40, 8, 220), true));
  const Selection s = choose_keyframes(pointers(all), 2);
  CHECK(std::find(s.chosen.begin(), s.chosen.end(), 2U) != s.chosen.end());
}

TEST_CASE("without candidates nothing is chosen", "[chunker]") { CHECK(choose_keyframes({}, 8).chosen.empty()); }
