// reelgraph-sim: films of small worlds whose truth is known.

#include <signal.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <string>

#include "base/error.h"
#include "base/time.h"
#include "sim/produce.h"

namespace {

using namespace reelgraph;

std::atomic<bool> stop{false};

extern "C" void on_signal(int /*number*/) { stop.store(true); }

/// Digits only: a sign or a number that does not fit is no seed. @throws base::Error kInvalidArgument
std::uint64_t seed_of(const std::string& text) {
  std::uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (text.empty() || error != std::errc() || end != text.data() + text.size())
    throw base::Error(base::ErrorCode::kInvalidArgument, "\"" + text.substr(0, 40) + "\" is no seed", "--seed",
                      "give a whole number from 0 to 18446744073709551615");
  return seed;
}

/// "640x360". @throws base::Error kInvalidArgument
base::Size size_of(const std::string& text) {
  base::Size size;
  char end = 0;
  if (text.size() > 12 || std::sscanf(text.c_str(), "%dx%d%c", &size.width, &size.height, &end) != 2)
    throw base::Error(base::ErrorCode::kInvalidArgument, "\"" + text + "\" is no size", "--size", "write it as 640x360");
  return size;
}

/// "08:00" or "8:00:00", seconds of the day. @throws base::Error kInvalidArgument
double clock_of(const std::string& text) {
  int hours = -1, minutes = -1, seconds = 0;
  char end = 0;
  const int count = text.size() > 10 ? 0 : std::sscanf(text.c_str(), "%d:%d:%d%c", &hours, &minutes, &seconds, &end);
  if ((count != 2 && count != 3) || hours < 0 || hours > 23 || minutes < 0 || minutes > 59 || seconds < 0 || seconds > 59)
    throw base::Error(base::ErrorCode::kInvalidArgument, "\"" + text + "\" is no time of the day", "--start-clock", "write it as 08:00");
  return hours * 3600.0 + minutes * 60.0 + seconds;
}

struct Common {
  std::string seed_text = "1";
  std::uint64_t seed = 1;
  double minutes = 10;
  std::string size = "640x360";
  bool no_film = false, quiet = false, no_clock = false, timing = false;
  double positions = -1, lose = 0;
  sim::ProduceOptions options;
};

void add_common(CLI::App& app, Common& c) {
  app.add_option("--seed", c.seed_text, "the same seed and options give the same film and truth")
      ->capture_default_str()
      ->type_name("NUMBER");
  app.add_option("--minutes", c.minutes, "length of the film")->capture_default_str();
  app.add_option("-o,--output", c.options.folder, "folder to fill")->required()->type_name("FOLDER");
  app.add_option("--id", c.options.id, "the film's id in truth and questions (default: the folder's name)");
  app.add_option("--fps", c.options.fps, "pictures a second")->capture_default_str();
  app.add_option("--size", c.size, "of the pictures, even")->capture_default_str()->type_name("WxH");
  app.add_flag("--no-film", c.no_film, "truth and questions only");
  app.add_flag("--no-clock", c.no_clock, "no clock and no score on the screen");
  app.add_flag("--unseen", c.options.unseen, "light and layouts that models/sim was not trained on");
  app.add_option("--positions", c.positions, "seconds between lines with all positions; 0: none (default: 1, without a film 0)");
  app.add_option("--places", c.options.places_every,
                 "also write places.jsonl, what is where in the picture every so many seconds (for sim/score)")
      ->expected(0, 1)
      ->default_str("1")
      ->type_name("[SECONDS]");
  app.add_option("--lose", c.lose, "percent of events that the truth file misses; times are then jittered, and gaps are left")
      ->type_name("PERCENT");
  app.add_flag("--force", c.options.force, "write over an older film");
  app.add_flag("--timing", c.timing, "say how many times real time drawing and encoding took on one core");
  app.add_flag("-q,--quiet", c.quiet, "no progress");
}

void complete(Common& c) {
  if (!(c.minutes > 0 && c.minutes <= 44'640))
    throw base::Error(base::ErrorCode::kInvalidArgument, "so many minutes cannot be played", "--minutes",
                      "give more than 0 and at most 44640 (31 days)");
  c.seed = seed_of(c.seed_text);
  c.options.size = size_of(c.size);
  c.options.film = !c.no_film;
  c.options.clock = !c.no_clock;
  c.options.positions_every = c.positions == -1 ? (c.no_film ? 0 : 1) : c.positions;
  c.options.losses.percent = c.lose;
  c.options.losses.seed = c.seed;
  c.options.stop = &stop;
  if (::isatty(STDERR_FILENO) != 0 && !c.quiet) {
    c.options.progress = [whole = c.minutes * 60](double done) {
      const int share = static_cast<int>(std::lround(100 * done / whole));
      std::cerr << "\rfilming " << base::format_time(base::from_seconds(done)) << " of " << base::format_time(base::from_seconds(whole))
                << " (" << share << " %)  " << std::flush;
    };
  }
}

void report(const Common& c, const sim::Produced& produced) {
  if (c.options.progress) std::cerr << '\r' << std::string(60, ' ') << '\r';
  std::cout << c.options.folder.string() << ": " << base::format_time(base::from_seconds(produced.seconds)) << ", " << produced.events
            << " events, " << produced.questions << " questions\n";
  if (!c.timing) return;
  char line[160];
  std::snprintf(line, sizeof line, "played and written in %.2f s", produced.play_seconds);
  std::cout << line;
  if (produced.film_seconds > 0.001) {
    std::snprintf(line, sizeof line, "; drawn and encoded in %.2f s of one core: %.1f times real time", produced.film_seconds,
                  produced.seconds / produced.film_seconds);
    std::cout << line;
  }
  std::cout << '\n';
}

constexpr const char* kExamples =
    "Examples:\n"
    "  reelgraph-sim warehouse --seed 7 --minutes 10 -o films/seven\n"
    "  reelgraph-sim warehouse --seed 7 --minutes 360 --fps 2 --start-clock 06:00 -o films/shift\n"
    "  reelgraph-sim warehouse --line 5 --seed 3 --minutes 1440 --no-film --lose 10 -o days/three\n"
    "  reelgraph-sim match --seed 4 --minutes 4 -o films/match\n"
    "  reelgraph -a a.reel ingest films/seven/film.mp4 --profile films/seven/profile.toml\n"
    "  reelgraph -a truth.reel import films/seven/truth.observations.jsonl\n"
    "  reelgraph -a truth.reel eval films/seven/questions.jsonl\n"
    "Exit codes: 0 done, 2 wrong options, 5 cannot be written, 6 interrupted.";

int run(int argc, char** argv) {
  CLI::App app{"Films small worlds whose truth is known: a warehouse, a match.", "reelgraph-sim"};
  app.require_subcommand(1);
  app.footer(kExamples);

  Common of_warehouse, of_match;
  sim::WarehouseSettings warehouse;
  std::string start = "08:00";
  int line = -1;
  CLI::App& w =
      *app.add_subcommand("warehouse", "Pallets come through docks, forklifts carry them, workers process them, racks take them in.");
  add_common(w, of_warehouse);
  w.add_option("--start-clock", start, "time of the day at which the film begins")->capture_default_str()->type_name("HH:MM");
  w.add_option("--docks", warehouse.docks, "1 to 3 (default: at random, as below)");
  w.add_option("--stations", warehouse.stations, "of packing, 1 to 3");
  w.add_option("--forklifts", warehouse.forklifts, "1 or 2");
  w.add_option("--workers", warehouse.workers, "1 to as many as stations");
  w.add_option("--bottleneck", warehouse.limit, "what the durations make slow: docks, forklifts, workers or stations");
  w.add_option("--most-pallets", warehouse.most_pallets, "in the hall at once")->capture_default_str();
  w.add_option("--line", line, "no hall but a line of so many stations (0: three to six) with servers and buffers; without a film")
      ->type_name("STATIONS");

  sim::GameSettings game;
  CLI::App& m = *app.add_subcommand("match", "Two small sides, with passes, shots, goals, saves, corners and substitutions.");
  add_common(m, of_match);
  m.add_option("--players", game.players, "a side, 5 to 7 (default: at random)");
  m.add_option("--home", game.teams[0], "name of the side in front on the score");
  m.add_option("--away", game.teams[1], "name of the other side");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    const int code = app.exit(e, std::cout, std::cerr);
    return code == 0 ? 0 : 2;
  }
  if (m.parsed()) {
    complete(of_match);
    game.seed = of_match.seed;
    game.seconds = of_match.minutes * 60;
    report(of_match, sim::produce_match(game, of_match.options));
    return 0;
  }
  complete(of_warehouse);
  const double seconds = of_warehouse.minutes * 60, clock = clock_of(start);
  if (line >= 0) {
    report(of_warehouse, sim::produce_line(sim::draw_line(of_warehouse.seed, line, seconds, clock), of_warehouse.options));
    return 0;
  }
  warehouse.seed = of_warehouse.seed;
  warehouse.seconds = seconds;
  warehouse.start_clock = clock;
  report(of_warehouse, sim::produce_warehouse(warehouse, of_warehouse.options));
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  ::signal(SIGXFSZ, SIG_IGN);  // a file that grows past the user's limit is an error to be told
  ::signal(SIGPIPE, SIG_IGN);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // the second one ends the program at once
  ::sigaction(SIGINT, &action, nullptr);
  ::sigaction(SIGTERM, &action, nullptr);
  try {
    return run(argc, argv);
  } catch (const base::Error& e) {
    std::cerr << "reelgraph-sim: " << e.what() << '\n';
    return base::exit_code(e.code());
  } catch (const std::exception& e) {
    std::cerr << "reelgraph-sim: " << e.what() << '\n';
    return 70;
  }
}
