#pragma once
// What was seen (or heard, or imported) in one span of one video. Captioners and imports produce it, the graph stores it.
// The JSON form is in `base/observation_json.h`.

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace reelgraph::base {

/// [x0, y0, x1, y1] in 0..1 of the upright frame, x to the right, y down; x0 <= x1, y0 <= y1.
struct Box {
  double x0 = 0, y0 = 0, x1 = 0, y1 = 0;
  friend bool operator==(const Box&, const Box&) = default;
};

/// An entity as mentioned in one observation.
struct EntityMention {
  std::string ref;                       ///< local to the observation
  std::optional<std::string> stable_id;  ///< JSON `id`: stable within `provenance.name`; the same id is the same entity
  std::optional<std::string> name;
  std::string type;
  std::vector<std::string> aliases;
  std::string description;
  nlohmann::json attributes = nlohmann::json::object();
  std::optional<Box> box;
  std::optional<TimeSpan> span;  ///< when it was in view, if narrower than the observation (JSON `start`, `end`)
};

struct Participant {
  std::string ref;
  std::string role;
};

struct Event {
  std::string type;  ///< snake_case
  TimeSpan span;
  std::string description;
  std::vector<Participant> participants;
  nlohmann::json attributes = nlohmann::json::object();
  std::optional<Timestamp> show_at;  ///< the frame that shows it best (JSON `show_at`); default: the start
};

struct Relation {
  std::string source;  ///< ref
  std::string type;
  std::string target;            ///< ref
  std::optional<TimeSpan> span;  ///< when it holds, if not all of the observation
};

/// Where an observation comes from.
struct Provenance {
  std::string kind = "import";  ///< vlm | asr | ocr | signals | import
  std::string name;             ///< model or source
  std::string version;
};

struct Observation {
  std::string video;  ///< the video's id
  TimeSpan span;
  std::string caption;
  std::string transcript;
  std::vector<std::string> ocr;
  std::vector<EntityMention> entities;
  std::vector<Event> events;
  std::vector<Relation> relations;
  Provenance provenance;
  nlohmann::json attributes = nlohmann::json::object();  ///< unknown keys of an import, notes of a captioner
};

}  // namespace reelgraph::base
