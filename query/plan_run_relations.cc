// Plans whose answer is read off the relations between entities.
#include "query/plan_run.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "query/plan_values.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

using graph::RelationRecord;
using graph::RowId;
using nlohmann::json;

constexpr int kMostRelations = 2000;        // of one entity
constexpr std::size_t kMostVisited = 5000;  // entities on the way from one to the other
constexpr int kLongestPath = 6;             // relations

std::string relation_text(const RelationRecord& r) { return r.source_name + " " + readable(r.type) + " " + r.target_name; }

}  // namespace

bool PlanRun::in_scope(const std::string& video) const {
  return std::any_of(scope_.videos.begin(), scope_.videos.end(), [&](const VideoScope& v) { return v.video.id == video; });
}

void PlanRun::cite(const std::vector<RelationRecord>& relations) {
  Claim claim{answer_.text, {}};
  for (const RelationRecord& r : relations) {
    if (evidence_.full()) break;
    const int n = evidence_.cite(graph::Passage{r.video, r.span, r.observation, std::nullopt, relation_text(r), 0});
    if (n > 0 && !has(claim.citations, n)) claim.citations.push_back(n);
  }
  answer_.claims.push_back(std::move(claim));
}

void PlanRun::related() {
  std::map<RowId, std::string> found;
  std::vector<RelationRecord> shown;
  for (const RowId row : plan_.select.who.front().entities) {
    for (RelationRecord& r : store_.relations(row, kMostRelations)) {
      if (r.type != plan_.relation || (plan_.backward ? r.target : r.source) != row || !in_scope(r.video)) continue;
      const RowId other = plan_.backward ? r.source : r.target;
      if (!plan_.entity_type.empty() && selector_.entity_type(other) != plan_.entity_type) continue;
      if (found.emplace(other, plan_.backward ? r.source_name : r.target_name).second) shown.push_back(std::move(r));
    }
  }
  if (found.empty()) return refuse(Status::kNotSeen, "Nothing is known of that.");
  json list = json::array();
  std::vector<std::string> names;
  for (const auto& [row, name] : found) {
    list.push_back(entity_json(row, name));
    names.push_back(name);
  }
  if (list.size() == 1 && !plan_.everyone)
    answered("entity", list.front(), names.front() + ".");
  else
    answered("list", std::move(list), names_text(names) + ".");
  cite(shown);
}

// The shortest chain of relations, taken in either direction, from the first named to the second.
void PlanRun::path() {
  const auto& from = plan_.select.who[0].entities;
  const std::set<RowId> to(plan_.select.who[1].entities.begin(), plan_.select.who[1].entities.end());
  std::map<RowId, std::pair<RowId, RelationRecord>> came;  // from which entity, over which relation
  std::map<RowId, int> depth;
  std::deque<RowId> open(from.begin(), from.end());
  for (const RowId row : from) depth[row] = 0;
  std::optional<RowId> end;
  while (!open.empty() && !end && depth.size() < kMostVisited) {
    const RowId here = open.front();
    open.pop_front();
    if (depth[here] >= kLongestPath) continue;
    for (const RelationRecord& r : store_.relations(here, kMostRelations)) {
      const RowId next = r.source == here ? r.target : r.source;
      if (!in_scope(r.video) || !depth.emplace(next, depth[here] + 1).second) continue;
      came.emplace(next, std::make_pair(here, r));
      open.push_back(next);
      if (to.contains(next)) {
        end = next;
        break;
      }
    }
  }
  if (!end) return refuse(Status::kNotSeen, "No chain of relations leads from one to the other.");
  std::vector<RelationRecord> chain;
  std::vector<RowId> nodes{*end};
  for (RowId at = *end; came.contains(at); at = came.at(at).first) {
    chain.push_back(came.at(at).second);
    nodes.push_back(came.at(at).first);
  }
  std::reverse(chain.begin(), chain.end());
  std::reverse(nodes.begin(), nodes.end());
  json list = json::array();
  for (const RowId row : nodes) {
    const auto e = store_.entity(row);
    list.push_back(entity_json(row, e ? e->name : std::string()));
  }
  std::string text;
  for (const RelationRecord& r : chain) text += (text.empty() ? "" : "; ") + relation_text(r);
  answered("list", std::move(list), text + ".");
  cite(chain);
}

}  // namespace reelgraph::query
