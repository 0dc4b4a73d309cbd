#pragma once
// What happened in a simulated world, in words: what truth files, questions and checks are made from.

#include <nlohmann/json.hpp>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace reelgraph::sim {

/// Somebody, something or a place that takes part in events.
struct Actor {
  std::string id;    ///< stable: "worker:red", "pallet:17", "zone:dock 1"
  std::string name;  ///< "red worker", "pallet 17", "dock 1"
  std::string type;  ///< of the profile: worker, forklift, pallet, dock, station, ...
  nlohmann::json attributes = nlohmann::json::object();
};

/// An event. Seconds from the start of the film; start <= end.
struct Happening {
  std::string type;
  double start = 0, end = 0;
  std::vector<std::pair<int, std::string>> parts;  ///< index of the actor, role
  nlohmann::json attributes = nlohmann::json::object();
  std::string text = {};  ///< "blue forklift picks up pallet 17 at dock 1"; empty: made from the parts
};

struct History {
  std::string id, title;   ///< of the film
  std::string wall_start;  ///< UTC, "2026-03-02T08:00:00Z"; empty: not known
  double seconds = 0;      ///< length of the film
  std::vector<Actor> actors;
  std::vector<Happening> events;

  /// Index of the actor; added at first sight.
  int actor(const std::string& actor_id, const std::string& name, const std::string& type);
  /// Index of the actor with this role, -1 if nobody has it.
  [[nodiscard]] static int part(const Happening& event, const std::string& role);
  /// Cuts what goes on past the ends of the film, drops what lies outside or is cut to less than a second, sorts by start. Events of one
  /// instant at the very end are kept.
  void close(double from, double to);

 private:
  std::unordered_map<std::string, int> index_;
};

/// "blue forklift picks up pallet 17 at dock 1", from type, roles and names.
[[nodiscard]] std::string sentence(const History& history, const Happening& event);

}  // namespace reelgraph::sim
