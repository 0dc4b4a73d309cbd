#pragma once
// Who may be whom within one video. Pure: the same mentions give the same links, in whatever order they came; decisions made by hand play
// no part here (see clusters.h).

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "base/observation.h"
#include "graph/identity/descriptions.h"
#include "graph/identity/names.h"

namespace reelgraph::graph::identity {

/// Attributes that tell namesakes apart, by one name each: team, number, gender, plate; values folded.
using Marks = std::map<std::string, std::string>;

/// The marks among attributes ("club": "Chelsea FC", "shirt_number": 17).
[[nodiscard]] Marks marks_of(const nlohmann::json& attributes);
/// "number=17;team=chelsea fc"
[[nodiscard]] std::string marks_text(const Marks& marks);
/// Both say something of the same thing, and not the same.
[[nodiscard]] bool clash(const Marks& a, const Marks& b);

/// One mention of an atom.
struct Sighting {
  std::int64_t observation = 0;
  base::TimeSpan span;
  std::optional<base::Box> box;
};

/// What exact identity has already joined: one stable id of a source, or one name with the same marks in one video of one source, or a
/// single nameless mention.
struct Atom {
  std::int64_t row = 0;
  std::string key;  ///< orders atoms without their rows
  std::string source, stable_id, type;
  std::vector<NameForm> names;    ///< called so
  std::vector<NameForm> aliases;  ///< also known as
  Marks marks;
  Description description;  ///< of a nameless one
  nlohmann::json attributes = nlohmann::json::object();
  std::vector<Sighting> seen;  ///< in this video, by observation
  bool live = true;            ///< false: only superseded observations mention it
  bool alone = false;          ///< its name was borne by two at once: which one it is cannot be told
};

/// Evidence that two atoms are one.
struct Link {
  std::int64_t a = 0, b = 0;
  double score = 0;  ///< 0..1
  std::string reason;
  friend bool operator==(const Link&, const Link&) = default;
};

/// The same at the same time in two places: mentions of one observation, or boxes far apart at one time.
[[nodiscard]] bool seen_apart(const std::vector<Sighting>& a, const std::vector<Sighting>& b);

/// How a person of a video may be known in other videos.
struct Handle {
  std::string key;           ///< type and full name
  std::string team, number;  ///< may be empty
  std::int64_t atom = 0;
  auto operator<=>(const Handle&) const = default;
};

struct VideoIdentity {
  std::vector<Link> links;  ///< a forest: each atom is joined to one that is better known, if just one fits
  std::vector<Handle> handles;
};

/// @param atoms of one video, in any order
[[nodiscard]] VideoIdentity match_video(std::vector<Atom> atoms);

/// One atom of a handle's key.
struct Bearer {
  std::int64_t atom = 0;
  std::string key;  ///< of the atom
  std::string team, number, source, stable_id;
  std::int64_t video = 0;
};
/// Links between the bearers of one name in several videos. A name that two bear in one video, or two ids of one source, joins those only
/// whose team and number agree.
[[nodiscard]] std::vector<Link> match_bearers(std::vector<Bearer> bearers);

}  // namespace reelgraph::graph::identity
