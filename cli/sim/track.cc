// reelgraph-sim-track PLACES.jsonl --profile PROFILE: true places through the tracker that models use, as observations.
// What a perfect model would give: the difference to the truth is the tracker's own.

#include <CLI/CLI.hpp>
#include <cmath>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "base/observation_json.h"
#include "captioner/profiles.h"
#include "chunker/tracking/telling.h"

namespace {

namespace base = reelgraph::base;
namespace tracking = reelgraph::chunker::tracking;

constexpr double kLeastVisible = 0.25;  ///< as in sim/training/dataset.py

void track(const std::string& file, const std::string& profile_file, int cells, const std::string& video, std::ostream& out) {
  const base::Profile profile = reelgraph::captioner::load_profile(profile_file);
  const std::unique_ptr<tracking::Reader> reader =
      tracking::make_reader(tracking::parse_any_rules(profile.tracking, profile_file), profile.zones, 9.0 / 16, profile_file);
  std::ifstream in(file);
  if (!in) throw base::Error(base::ErrorCode::kBadInput, "cannot be read", file, "reelgraph-sim warehouse --places writes it");
  const auto said = [cells](double share) { return cells > 0 ? (std::floor(share * cells) + 0.5) / cells : share; };
  const auto write = [&](base::TimeSpan own) {
    base::Observation observation = tracking::observe(*reader, video, own);
    observation.provenance = {"vlm", "true places", "1"};
    out << base::to_json_line(observation) << '\n';
  };
  constexpr base::Duration kChunk = 30 * base::kSecond;
  base::Timestamp begun = 0, last = 0;
  std::string line;
  while (std::getline(in, line)) {
    const nlohmann::json json = nlohmann::json::parse(line);
    tracking::Look look{base::from_seconds(json.at("at").get<double>()), {}};
    for (const nlohmann::json& thing : json.at("things")) {
      const double x = thing.at("x"), y = thing.at("y");
      if (thing.at("visible").get<double>() < kLeastVisible || x < 0 || x >= 1 || y < 0 || y >= 1) continue;
      look.things.push_back({thing.at("kind"), thing.at("colour"), thing.at("load"), {said(x), said(y)}});
    }
    if (look.at - begun >= kChunk) {
      write({begun, begun + kChunk});
      begun += kChunk;
    }
    reader->add(look);
    last = look.at;
  }
  reader->finish(last + base::kSecond);
  write({begun, last + base::kSecond});
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app{"Follows true places with the tracker that models use."};
  std::string places, profile, output, video = "film";
  int cells = 24;
  app.add_option("places", places, "places.jsonl of reelgraph-sim --places")->required();
  app.add_option("--profile", profile, "the film's profile.toml")->required();
  app.add_option("-o,--output", output, "observations")->required();
  app.add_option("--id", video, "the film's id");
  app.add_option("--cells", cells, "per side of the grid in which places are said; 0: exactly")->check(CLI::Range(0, 1000));
  CLI11_PARSE(app, argc, argv);
  try {
    std::ofstream out(output);
    track(places, profile, cells, video, out);
    out.flush();
    if (!out) throw base::Error(base::ErrorCode::kArchive, "cannot be written", output, "choose another place");
    return 0;
  } catch (const base::Error& error) {
    std::cerr << error.what() << '\n';
    return base::exit_code(error.code());
  } catch (const std::exception& error) {
    std::cerr << places << ": " << error.what() << '\n';
    return 3;
  }
}
