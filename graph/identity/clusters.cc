#include "graph/identity/clusters.h"

#include <algorithm>
#include <string_view>
#include <tuple>

namespace reelgraph::graph::identity {
namespace {

struct Group {
  std::vector<std::int64_t> rows;
  std::map<std::string, std::string> ids;
  Marks marks;
  std::set<std::string> types;
  std::vector<std::int64_t> observations;
};

class Union {
 public:
  explicit Union(const std::map<std::int64_t, AtomFacts>& atoms, const Decisions& decisions) : atoms_(atoms), decisions_(decisions) {
    for (const auto& [row, facts] : atoms) {
      Group& g = groups_[row];
      group_of_[row] = row;
      g.rows = {row};
      if (!facts.stable_id.empty()) g.ids.emplace(facts.source, facts.stable_id);
      g.marks = facts.marks;
      if (!facts.type.empty()) g.types.insert(facts.type);
      g.observations = facts.observations;
    }
  }

  [[nodiscard]] const std::string& key(std::int64_t row) const { return atoms_.at(row).key; }

  /// @param evidence an automatic link, which more forbids
  bool join(std::int64_t a, std::int64_t b, bool evidence) {
    const std::int64_t left = group_of_.at(a), right = group_of_.at(b);
    if (left == right) return !evidence;
    Group &x = groups_.at(left), &y = groups_.at(right);
    if (forbidden(x, y)) return false;
    if (evidence && contradicted(x, y)) return false;
    x.rows.insert(x.rows.end(), y.rows.begin(), y.rows.end());
    x.ids.insert(y.ids.begin(), y.ids.end());
    x.marks.insert(y.marks.begin(), y.marks.end());
    x.types.insert(y.types.begin(), y.types.end());
    const auto middle = static_cast<std::ptrdiff_t>(x.observations.size());
    x.observations.insert(x.observations.end(), y.observations.begin(), y.observations.end());
    std::inplace_merge(x.observations.begin(), x.observations.begin() + middle, x.observations.end());
    for (const std::int64_t row : y.rows) group_of_[row] = left;
    groups_.erase(right);
    return true;
  }

  [[nodiscard]] std::map<std::int64_t, std::vector<std::int64_t>> members() && {
    std::map<std::int64_t, std::vector<std::int64_t>> result;
    for (auto& [row, group] : groups_) {
      std::sort(group.rows.begin(), group.rows.end());
      const std::int64_t first = group.rows.front();
      result.emplace(first, std::move(group.rows));
    }
    return result;
  }

 private:
  [[nodiscard]] bool forbidden(const Group& x, const Group& y) const {
    for (const auto& [source, id] : x.ids) {
      const auto other = y.ids.find(source);
      if (other != y.ids.end() && other->second != id) return true;
    }
    return std::any_of(decisions_.apart.begin(), decisions_.apart.end(), [&](const auto& pair) {
      const auto one = group_of_.find(pair.first), two = group_of_.find(pair.second);
      if (one == group_of_.end() || two == group_of_.end()) return false;
      const std::int64_t p = one->second, q = two->second, left = group_of_.at(x.rows[0]), right = group_of_.at(y.rows[0]);
      return (p == left && q == right) || (p == right && q == left);
    });
  }

  static bool contradicted(const Group& x, const Group& y) {
    if (clash(x.marks, y.marks)) return true;
    if (x.types.size() == 1 && y.types.size() == 1 && x.types != y.types) return true;
    for (std::size_t i = 0, j = 0; i < x.observations.size() && j < y.observations.size();) {
      if (x.observations[i] == y.observations[j]) return true;
      ++(x.observations[i] < y.observations[j] ? i : j);
    }
    return false;
  }

  const std::map<std::int64_t, AtomFacts>& atoms_;
  const Decisions& decisions_;
  std::map<std::int64_t, Group> groups_;
  std::map<std::int64_t, std::int64_t> group_of_;
};

}  // namespace

Clusters cluster(const std::map<std::int64_t, AtomFacts>& atoms, const Decisions& decisions, std::vector<Link> links) {
  Union u(atoms, decisions);
  Clusters out;
  std::vector<std::pair<std::int64_t, std::int64_t>> together = decisions.together;
  const auto ordered = [&](std::int64_t a, std::int64_t b) { return std::minmax(u.key(a), u.key(b)); };
  std::sort(together.begin(), together.end(),
            [&](const auto& x, const auto& y) { return ordered(x.first, x.second) < ordered(y.first, y.second); });
  for (const auto& [a, b] : together) {
    if (!u.join(a, b, false)) out.refused.emplace_back(a, b);
  }
  std::sort(links.begin(), links.end(), [&](const Link& x, const Link& y) {
    return std::tuple(-x.score, ordered(x.a, x.b), std::string_view(x.reason)) <
           std::tuple(-y.score, ordered(y.a, y.b), std::string_view(y.reason));
  });
  for (Link& link : links) {
    if (decisions.alone.contains(link.a) || decisions.alone.contains(link.b)) continue;
    if (u.join(link.a, link.b, true)) out.effective.push_back(std::move(link));
  }
  out.members = std::move(u).members();
  return out;
}

}  // namespace reelgraph::graph::identity
