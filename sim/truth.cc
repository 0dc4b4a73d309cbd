#include "sim/truth.h"

#include <algorithm>
#include <cmath>
#include <ostream>

#include "base/observation_json.h"
#include "sim/random.h"

namespace reelgraph::sim {
namespace {

base::TimeSpan span_of(double start, double end) { return {base::from_seconds(start), base::from_seconds(end)}; }

/// Four digits: a tenth of a pixel.
double fine(double x) { return std::round(x * 1e4) / 1e4; }

base::Box fine(const base::Box& box) { return {fine(box.x0), fine(box.y0), fine(box.x1), fine(box.y1)}; }

/// Ids are of one film: the red worker of another is somebody else.
base::EntityMention mention(const std::string& film, const Actor& actor, const std::string& ref) {
  base::EntityMention mention;
  mention.ref = ref;
  mention.stable_id = film + "/" + actor.id;
  mention.name = actor.name;
  mention.type = actor.type;
  mention.attributes = actor.attributes;
  return mention;
}

class TruthWriter {
 public:
  TruthWriter(const World& world, const TruthOptions& options, std::ostream& out) : world_(world), options_(options), out_(out) {}

  void video(const History& history) {
    base::VideoLine line;
    line.id = history.id;
    line.title = history.title;
    line.duration = base::from_seconds(history.seconds);
    if (!history.wall_start.empty()) line.wall_start = history.wall_start;
    out_ << base::to_json_line(line) << '\n';
  }

  void event(const History& history, const Happening& happening) {
    base::Observation observation = line(history, happening.start, happening.end);
    observation.caption = sentence(history, happening);
    base::Event event;
    event.type = happening.type;
    event.span = observation.span;
    event.description = observation.caption;
    event.attributes = happening.attributes;
    std::vector<int> told;
    for (const auto& [actor, role] : happening.parts) {
      auto place = std::find(told.begin(), told.end(), actor);
      const std::string ref = "e" + std::to_string(place - told.begin() + 1);
      if (place == told.end()) {
        told.push_back(actor);
        observation.entities.push_back(mention(history.id, history.actors[static_cast<std::size_t>(actor)], ref));
      }
      event.participants.push_back({ref, role});
    }
    const auto relate = [&](const char* source, const char* type, const char* target) {
      const auto of = [&](const char* role) {
        const auto found =
            std::find_if(event.participants.begin(), event.participants.end(), [&](const base::Participant& p) { return p.role == role; });
        return found == event.participants.end() ? std::string() : found->ref;
      };
      if (!of(source).empty() && !of(target).empty()) observation.relations.push_back({of(source), type, of(target), observation.span});
    };
    if (happening.type == "travel") relate("agent", "carries", "object");
    relate("agent", "plays_for", "team");
    observation.events.push_back(std::move(event));
    out_ << base::to_json_line(observation) << '\n';
  }

  void positions(const History& history, double at, double until) {
    base::Observation observation = line(history, at, until);
    const Snapshot snapshot = world_.at(at);
    int number = 0;
    for (const Thing& thing : snapshot.things) {
      if (actor_of_.empty()) index(history);
      const auto found = actor_of_.find(thing.id);
      if (found == actor_of_.end()) continue;
      base::EntityMention where =
          mention(history.id, history.actors[static_cast<std::size_t>(found->second)], "e" + std::to_string(++number));
      if (options_.renderer != nullptr) {
        const base::Box box = options_.renderer->box_of(thing);
        if ((box.x1 - box.x0) * (box.y1 - box.y0) < 1e-6) continue;  // out of the picture
        where.box = fine(box);
        const auto [x, y] = options_.renderer->place_of(thing.at);
        where.attributes["ground"] = {fine(x), fine(y)};
      }
      where.attributes["floor"] = {fine(thing.at.x), fine(thing.at.y)};
      if (thing.load != Load::kNone) where.attributes["load"] = load_name(thing.load);
      observation.entities.push_back(std::move(where));
    }
    if (!observation.entities.empty()) out_ << base::to_json_line(observation) << '\n';
  }

  void coverage(const History& history, const std::vector<std::pair<double, double>>& gaps) {
    double at = 0;
    const auto told = [&](double from, double to, const char* status, const char* reason) {
      if (to <= from) return;
      out_ << base::to_json_line(base::CoverageLine{history.id, span_of(from, to), status, reason}) << '\n';
    };
    for (const auto& [from, to] : gaps) {
      told(at, from, "described", "");
      told(from, to, "not_sampled", "the observer was away");
      at = to;
    }
    told(at, history.seconds, "described", "");
  }

 private:
  static base::Observation line(const History& history, double start, double end) {
    base::Observation observation;
    observation.video = history.id;
    observation.span = span_of(start, end);
    observation.provenance = {"import", "reelgraph-sim", "1"};
    return observation;
  }
  void index(const History& history) {
    for (std::size_t i = 0; i < history.actors.size(); ++i) actor_of_.emplace(history.actors[i].id, static_cast<int>(i));
  }

  const World& world_;
  const TruthOptions& options_;
  std::ostream& out_;
  std::unordered_map<std::string, int> actor_of_;
};

bool in_gap(const std::vector<std::pair<double, double>>& gaps, double from, double to) {
  return std::any_of(gaps.begin(), gaps.end(), [&](const auto& gap) { return gap.first <= from && to <= gap.second; });
}

}  // namespace

std::vector<std::pair<double, double>> lose(History& history, const Losses& losses) {
  std::vector<std::pair<double, double>> gaps;
  if (losses.percent <= 0) return gaps;
  Random random = Random(losses.seed).fork(71);
  const double most = history.seconds * losses.percent / 100 / 20;
  double away = 0;
  for (int attempt = 0; attempt < 1000 && most >= 60 && away + 60 <= most; ++attempt) {
    const double length = std::min(random.uniform(60, 300), most - away), from = random.uniform(0, history.seconds - length);
    const bool apart =
        std::all_of(gaps.begin(), gaps.end(), [&](const auto& gap) { return from > gap.second || from + length < gap.first; });
    if (!apart) continue;
    gaps.emplace_back(from, from + length);
    away += length;
  }
  std::sort(gaps.begin(), gaps.end());
  std::vector<Happening> kept;
  kept.reserve(history.events.size());
  for (Happening& event : history.events) {
    if (random.chance(losses.percent / 100) || in_gap(gaps, event.start, event.end)) continue;
    const bool instant = event.end == event.start;
    event.start = std::clamp(event.start + random.normal(0, losses.jitter), 0.0, history.seconds);
    event.end = instant ? event.start : std::clamp(event.end + random.normal(0, losses.jitter), event.start, history.seconds);
    kept.push_back(std::move(event));
  }
  history.events = std::move(kept);
  std::stable_sort(history.events.begin(), history.events.end(), [](const Happening& a, const Happening& b) { return a.start < b.start; });
  return gaps;
}

void write_truth(const World& world, const TruthOptions& options, std::ostream& out) {
  TruthWriter writer(world, options, out);
  History lossy;
  const History* history = &world.history;
  std::vector<std::pair<double, double>> gaps;
  if (options.losses.percent > 0) {
    lossy = world.history;
    gaps = lose(lossy, options.losses);
    history = &lossy;
  }
  writer.video(*history);
  const double step = options.positions_every;
  double at = 0;
  const auto positions_until = [&](double until) {
    for (; step > 0 && at < until && at < history->seconds; at += step) {
      const double end = std::min(at + step, history->seconds);
      if (!in_gap(gaps, at, end)) writer.positions(*history, at, end);
    }
  };
  for (const Happening& event : history->events) {
    positions_until(event.start);
    writer.event(*history, event);
  }
  positions_until(history->seconds);
  if (!gaps.empty()) writer.coverage(*history, gaps);
}

nlohmann::json places_json(const Snapshot& snapshot, const Renderer& renderer) {
  const std::vector<Visible> visible = renderer.visible(snapshot);
  nlohmann::json things = nlohmann::json::array();
  const auto rounded = [](double x) { return std::round(x * 1e4) / 1e4; };
  for (std::size_t i = 0; i < snapshot.things.size(); ++i) {
    const Thing& thing = snapshot.things[i];
    const auto [x, y] = renderer.place_of(thing.at);
    const bool coloured = thing.kind != Kind::kPallet && thing.kind != Kind::kBall;
    things.push_back({{"kind", kind_name(thing.kind)},
                      {"colour", coloured ? colour_name(thing.colour) : ""},
                      {"load", load_name(thing.load)},
                      {"x", rounded(x)},
                      {"y", rounded(y)},
                      {"visible", rounded(visible[i].thing)}});
    if (thing.load != Load::kNone) things.back()["load_visible"] = rounded(visible[i].load);
  }
  return things;
}

void write_places(const World& world, const Renderer& renderer, double every, std::ostream& out) {
  for (int i = 0; i * every < world.history.seconds; ++i) {
    out << nlohmann::json{{"at", i * every}, {"things", places_json(world.at(i * every), renderer)}}.dump() << '\n';
  }
}

}  // namespace reelgraph::sim
