#include "sim/produce.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <ctime>
#include <memory>
#include <ostream>

#include "base/error.h"
#include "base/write_file.h"
#include "sim/film.h"
#include "sim/match/pitch.h"
#include "sim/questions.h"
#include "sim/warehouse/process.h"

namespace reelgraph::sim {
namespace {

namespace fs = std::filesystem;
using base::Error;
using base::ErrorCode;

constexpr const char* kFiles[] = {"film.mp4",    "truth.observations.jsonl", "questions.jsonl", "profile.toml", "settings.json",
                                  "places.jsonl"};

double processor_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

void check(const ProduceOptions& o) {
  const auto refuse = [](const std::string& message, const std::string& cure) {
    throw Error(ErrorCode::kInvalidArgument, message, "", cure);
  };
  if (o.folder.empty()) refuse("there is no folder to write to", "give -o FOLDER");
  if (o.size.width % 2 != 0 || o.size.height % 2 != 0 || o.size.width < 64 || o.size.height < 64 || o.size.width > 3840 ||
      o.size.height > 3840)
    refuse("pictures of " + std::to_string(o.size.width) + "x" + std::to_string(o.size.height) + " cannot be filmed",
           "give even numbers from 64x64 to 3840x3840");
  if (!(o.fps >= 0.1 && o.fps <= 60)) refuse("so many pictures a second cannot be filmed", "give --fps 0.1 to 60");
  if (!(o.positions_every >= 0 && o.positions_every <= 3600)) refuse("positions cannot be told so seldom", "give 0 to 3600 seconds");
  if (!(o.places_every == 0 || (o.places_every >= 0.01 && o.places_every <= 3600)))
    refuse("places cannot be told so often or so seldom", "give --places 0.01 to 3600 seconds");
  if (!(o.losses.percent >= 0 && o.losses.percent <= 90)) refuse("so much cannot be lost", "give --lose 0 to 90");
}

/// Makes the folder; refuses to write over an older film, and removes what is there otherwise.
void prepare(const ProduceOptions& o) {
  std::error_code error;
  fs::create_directories(o.folder, error);
  if (error || !fs::is_directory(o.folder))
    throw Error(ErrorCode::kArchive, "the folder cannot be made: " + (error ? error.message() : std::string("a file has its name")),
                o.folder.string(), "choose another place");
  for (const char* name : kFiles) {
    if (!fs::exists(o.folder / name, error)) continue;
    if (!o.force)
      throw Error(ErrorCode::kArchive, "there is an older film", (o.folder / name).string(), "choose another folder, or give --force");
  }
  // Nothing of an older film beside parts of a new one.
  for (const char* name : kFiles) fs::remove(o.folder / name, error);
}

std::string id_of(const ProduceOptions& o, const std::string& kind, std::uint64_t seed) {
  if (!o.id.empty()) return o.id;
  std::string name = fs::absolute(o.folder).lexically_normal().filename().string();
  if (name.empty()) name = fs::absolute(o.folder).lexically_normal().parent_path().filename().string();
  return name.empty() ? kind + "-" + std::to_string(seed) : name;
}

std::string wall_start(double seconds_of_day) {
  const int s = static_cast<int>(seconds_of_day);
  char text[40];
  std::snprintf(text, sizeof text, "2026-03-02T%02d:%02d:%02dZ", s / 3600 % 24, s / 60 % 60, s % 60);
  return text;
}

/// What follows from the places of players and ball.
std::string tracking_of(const Floor& floor) {
  double x0 = floor.width, x1 = 0, y0 = floor.depth, y1 = 0;
  for (const Zone& zone : floor.zones) {
    if (zone.kind != "pitch") continue;
    for (const Point& corner : zone.polygon) {
      x0 = std::min(x0, corner.x), x1 = std::max(x1, corner.x);
      y0 = std::min(y0, corner.y), y1 = std::max(y1, corner.y);
    }
  }
  char size[60];
  std::snprintf(size, sizeof size, "field_size = [%g, %g]\n", x1 - x0, y1 - y0);
  return std::string("\n[tracking]\nkind = \"match\"\nfield = \"pitch\"\n") + size +
         "goals = [\"left_goal\", \"right_goal\"]\nreach = 1.5  # for places in cells of 24 x 24; 0.25 for exact ones\n";
}

/// Zones as a profile has them: names of lower case, digits and _.
std::string profile_of(const World& world, const Renderer& renderer, const std::string& extends, const std::string& title) {
  std::string toml = "# Where the zones of this film's camera are.\nname = \"simulated_" + extends + "\"\nextends = \"" + extends +
                     "\"\ndescription = \"" + title + "\"\n";
  if (extends == "sports") toml += tracking_of(world.floor);
  for (const Zone& zone : world.floor.zones) {
    std::string name = zone.name;
    std::replace(name.begin(), name.end(), ' ', '_');
    toml += "\n[[zones]]\nname = \"" + name + "\"\n";
    if (name != zone.name) toml += "synonyms = [\"" + zone.name + "\"]\n";
    toml += "polygon = [";
    const auto outline = renderer.outline_of(zone);
    for (std::size_t i = 0; i < outline.size(); ++i) {
      char corner[40];
      std::snprintf(corner, sizeof corner, "%s[%.4f, %.4f]", i == 0 ? "" : ", ", outline[i].first, outline[i].second);
      toml += corner;
    }
    toml += "]\n";
  }
  return toml;
}

nlohmann::json limits_json(const Limits& limits) {
  nlohmann::json gains = nlohmann::json::array();
  for (const LimitGain& gain : limits.gains)
    gains.push_back({{"name", gain.name}, {"per_hour", gain.per_hour}, {"gain", gain.per_hour - limits.per_hour}});
  return {
      {"throughput_per_hour", limits.per_hour}, {"bottleneck", limits.gains.front().name}, {"with_a_fifth_less_time", std::move(gains)}};
}

/// All that is written of a world. @param renderer null: a world without places
Produced write_world(const World& world, Renderer* renderer, Ambience ambience, std::uint64_t seed, const std::vector<Question>& questions,
                     const std::string& extends, nlohmann::json settings, const ProduceOptions& o, double begun) {
  Produced produced;
  produced.events = world.history.events.size();
  produced.questions = questions.size();
  produced.seconds = world.history.seconds;
  const double before = processor_seconds();
  if (renderer != nullptr && o.film) {
    const Soundtrack sound(seed, ambience, cues_of(world.history), 48'000);
    write_film(world, *renderer, sound, o.folder / kFiles[0], {o.size, o.fps, o.progress, o.stop});
  }
  produced.film_seconds = processor_seconds() - before;
  if (o.stop != nullptr && o.stop->load()) throw Error(ErrorCode::kInterrupted, "stopped", o.folder.string(), "run it again");
  const TruthOptions truth{renderer == nullptr ? 0 : o.positions_every, renderer, o.losses};
  base::write_file(o.folder / kFiles[1], [&](std::ostream& out) { write_truth(world, truth, out); });
  if (!questions.empty())
    base::write_file(o.folder / kFiles[2], [&](std::ostream& out) { write_questions(questions, world.history.id, out); });
  if (renderer != nullptr && o.places_every > 0)
    base::write_file(o.folder / kFiles[5], [&](std::ostream& out) { write_places(world, *renderer, o.places_every, out); });
  if (renderer != nullptr) base::write_file(o.folder / kFiles[3], profile_of(world, *renderer, extends, world.history.title));
  base::write_file(o.folder / kFiles[4], settings.dump(2) + "\n");
  produced.play_seconds = processor_seconds() - begun - produced.film_seconds;
  return produced;
}

}  // namespace

Produced produce_warehouse(const WarehouseSettings& asked, const ProduceOptions& options) {
  const double begun = processor_seconds();
  check(options);
  WarehouseSettings settings = asked;
  settings.sideways = options.unseen;
  settings = draw_settings(settings);
  prepare(options);
  World world = play_warehouse(settings);
  world.history.id = id_of(options, "warehouse", settings.seed);
  world.history.title = "Simulated warehouse " + std::to_string(settings.seed);
  world.history.wall_start = wall_start(settings.start_clock);
  if (options.clock) world.clock_from = settings.start_clock;
  Renderer renderer(world.floor, draw_look(Random(settings.seed).fork(13), options.unseen), options.size);
  const Limits limits = find_limits(settings);
  nlohmann::json json{{"kind", "warehouse"},
                      {"seed", settings.seed},
                      {"seconds", settings.seconds},
                      {"start_clock", settings.start_clock},
                      {"docks", settings.docks},
                      {"stations", settings.stations},
                      {"forklifts", settings.forklifts},
                      {"workers", settings.workers},
                      {"most_pallets", settings.most_pallets},
                      {"drawn_limit", settings.limit},
                      {"arrivals_per_hour", settings.arrivals_per_hour},
                      {"door_seconds", settings.door},
                      {"process_seconds", settings.process},
                      {"variation", settings.variation},
                      {"lift_seconds", settings.lift},
                      {"forklift_speed", settings.forklift_speed},
                      {"fails_every", settings.fails_every},
                      {"repair_seconds", settings.repair},
                      {"break_every", settings.break_every},
                      {"break_seconds", settings.break_length},
                      {"lose_percent", options.losses.percent},
                      {"fps", options.fps},
                      {"size", {options.size.width, options.size.height}},
                      {"unseen", options.unseen},
                      {"limits", limits_json(limits)}};
  Produced produced = write_world(world, &renderer, Ambience::kHum, settings.seed, ask_warehouse(world.history, settings.seed), "warehouse",
                                  json, options, begun);
  produced.bottleneck = limits.gains.front().name;
  return produced;
}

Produced produce_line(const LineSettings& settings, const ProduceOptions& options) {
  const double begun = processor_seconds();
  check(options);
  prepare(options);
  World world = play_line(settings);
  world.history.id = id_of(options, "line", settings.seed);
  world.history.title = "Simulated line " + std::to_string(settings.seed);
  world.history.wall_start = wall_start(settings.start_clock);
  const Limits limits = find_limits(settings);
  nlohmann::json stations = nlohmann::json::array();
  for (const LineStation& s : settings.stations) {
    stations.push_back({{"servers", s.servers},
                        {"buffer", s.buffer},
                        {"service_seconds", s.service},
                        {"variation", s.variation},
                        {"fails_every", s.fails_every},
                        {"repair_seconds", s.repair}});
  }
  const nlohmann::json json{{"kind", "line"},
                            {"seed", settings.seed},
                            {"seconds", settings.seconds},
                            {"start_clock", settings.start_clock},
                            {"transit_seconds", settings.transit},
                            {"stations", stations},
                            {"lose_percent", options.losses.percent},
                            {"limits", limits_json(limits)}};
  Produced produced = write_world(world, nullptr, Ambience::kHum, settings.seed, {}, "warehouse", json, options, begun);
  produced.bottleneck = limits.gains.front().name;
  return produced;
}

Produced produce_match(const GameSettings& asked, const ProduceOptions& options) {
  const double begun = processor_seconds();
  check(options);
  const GameSettings settings = draw_game(asked);
  prepare(options);
  World world = play_match(settings);
  world.history.id = id_of(options, "match", settings.seed);
  if (options.clock) {
    world.clock_from = 0;
    world.clock_of_day = false;
  } else {
    world.scores.clear();
  }
  Renderer renderer(world.floor, draw_pitch_look(Random(settings.seed).fork(13), options.unseen), options.size);
  const nlohmann::json json{{"kind", "match"},
                            {"seed", settings.seed},
                            {"seconds", settings.seconds},
                            {"players", settings.players},
                            {"teams", settings.teams},
                            {"fps", options.fps},
                            {"size", {options.size.width, options.size.height}},
                            {"unseen", options.unseen}};
  return write_world(world, &renderer, Ambience::kCrowd, settings.seed, ask_match(world.history, settings.seed), "sports", json, options,
                     begun);
}

}  // namespace reelgraph::sim
