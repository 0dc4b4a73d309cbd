// What tells the mentions of one observation apart from others of the same name.
#include <algorithm>
#include <array>
#include <map>

#include "graph/folding.h"
#include "graph/identity/matching.h"
#include "graph/sqlite/observation_writer.h"

namespace reelgraph::graph::sqlite {

std::vector<std::string> marks_of_mentions(const base::Observation& o, const std::string& hash) {
  std::vector<std::string> marks(o.entities.size());
  const auto alone = [&](std::size_t seq) {
    static constexpr char kHex[] = "0123456789abcdef";
    std::string mark(1, '@');
    for (const char c : hash) {
      mark += kHex[static_cast<unsigned char>(c) >> 4U];
      mark += kHex[static_cast<unsigned char>(c) & 15U];
    }
    return mark + ':' + std::to_string(seq);
  };
  std::vector<std::size_t> named;
  for (std::size_t seq = 0; seq < o.entities.size(); ++seq) {
    const base::EntityMention& m = o.entities[seq];
    if (m.stable_id) continue;
    if (!m.name) {
      marks[seq] = alone(seq);
      continue;
    }
    identity::Marks found = identity::marks_of(m.attributes);
    if (!found.contains("team")) {
      static constexpr std::string_view kMembership[] = {"plays_for", "member_of", "belongs_to", "works_for"};
      for (const base::Relation& r : o.relations) {
        if (r.source != m.ref || std::find(std::begin(kMembership), std::end(kMembership), r.type) == std::end(kMembership)) continue;
        const base::EntityMention& team = o.entities[ref_index(r.target)];
        if (team.name) found.emplace("team", fold_name(*team.name));
      }
    }
    marks[seq] = identity::marks_text(found);
    named.push_back(seq);
  }
  // Two of one name at once: which of them is meant elsewhere cannot be told.
  std::map<std::array<std::string_view, 3>, int> bearers;
  const auto bearer = [&](std::size_t seq) {
    return std::array<std::string_view, 3>{*o.entities[seq].name, o.entities[seq].type, marks[seq]};
  };
  for (const std::size_t seq : named) ++bearers[bearer(seq)];
  std::vector<bool> twice(o.entities.size());
  for (const std::size_t seq : named) twice[seq] = bearers[bearer(seq)] > 1;
  for (const std::size_t seq : named) {
    if (twice[seq]) marks[seq] = alone(seq);
  }
  return marks;
}

}  // namespace reelgraph::graph::sqlite
