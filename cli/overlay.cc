#include "cli/overlay.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <tuple>

namespace reelgraph::cli {
namespace {

constexpr base::Duration kStillShown = 2 * base::kSecond;   // around a moment: how long a thing put down or taken away is marked
constexpr base::Duration kGap = 1500 * base::kMillisecond;  // outside of its way by so much it is not drawn

/// "night-1/track-3": "track-3".
std::string tail_of(const std::string& id) {
  const std::size_t slash = id.rfind('/');
  return slash == std::string::npos ? id : id.substr(slash + 1);
}

int number_in(const std::string& text) {
  int number = 0;
  for (const char c : text) {
    if (c >= '0' && c <= '9') number = (number * 10 + (c - '0')) % 1'000'000;
  }
  return number;
}

/// The box between two entries [t, x0, y0, x1, y1] of a way; nothing outside of it.
std::optional<base::Box> box_on(const nlohmann::json& way, double t) {
  const auto good = [](const nlohmann::json& p) {
    return p.is_array() && p.size() == 5 && std::all_of(p.begin(), p.end(), [](const nlohmann::json& v) { return v.is_number(); });
  };
  if (!way.is_array() || way.empty() || !std::all_of(way.begin(), way.end(), good)) return std::nullopt;
  const auto box = [](const nlohmann::json& p) { return base::Box{p[1], p[2], p[3], p[4]}; };
  const double gap = base::to_seconds(kGap);
  if (t <= way.front()[0].get<double>()) return way.front()[0].get<double>() - t <= gap ? std::optional(box(way.front())) : std::nullopt;
  for (std::size_t i = 1; i < way.size(); ++i) {
    const double a = way[i - 1][0], b = way[i][0];
    if (t > b || b <= a) continue;
    const double share = (t - a) / (b - a);
    const base::Box from = box(way[i - 1]), to = box(way[i]);
    const auto mix = [share](double x, double y) { return x + (y - x) * share; };
    return base::Box{mix(from.x0, to.x0), mix(from.y0, to.y0), mix(from.x1, to.x1), mix(from.y1, to.y1)};
  }
  return t - way.back()[0].get<double>() <= gap ? std::optional(box(way.back())) : std::nullopt;
}

std::string words_of(const base::EntityMention& m, const std::string& id, const base::Box& box) {
  if (m.name) return *m.name;
  std::string text = id;
  if (m.attributes.contains("colour") && m.attributes["colour"].is_string()) text += " " + m.attributes["colour"].get<std::string>();
  const double x = (box.x0 + box.x1) / 2, y = (box.y0 + box.y1) / 2;
  const char* column = x < 1.0 / 3 ? "left" : x > 2.0 / 3 ? "right" : "centre";
  const char* row = y < 1.0 / 3 ? "top" : y > 2.0 / 3 ? "bottom" : "middle";
  return text + ", " + row + " " + column;
}

}  // namespace

std::vector<captioner::Mark> marks_at(const graph::Store& store, const std::string& video, base::Timestamp at) {
  constexpr int kMostObservations = 64;
  std::map<std::string, captioner::Mark> marks;  // one a thing
  const base::TimeSpan around{std::max<base::Timestamp>(0, at - base::kMinute), at + base::kMinute};
  for (const graph::ObservationRecord& record : store.observations(video, around, kMostObservations)) {
    if (record.superseded) continue;
    const base::Observation& o = record.observation;
    for (const base::EntityMention& m : o.entities) {
      if (!m.box) continue;
      const std::string id = m.stable_id ? tail_of(*m.stable_id) : m.name ? *m.name : m.type;
      const base::TimeSpan span = m.span.value_or(o.span);
      std::optional<base::Box> box;
      if (o.attributes.contains("paths") && o.attributes["paths"].is_object() && o.attributes["paths"].contains(id)) {
        if (at >= span.start && at <= span.end) box = box_on(o.attributes["paths"][id], base::to_seconds(at));
      } else if (at >= span.start - kStillShown && at <= span.end + kStillShown) {
        box = m.box;
      }
      if (box) marks[id] = {*box, words_of(m, id, *box), number_in(id)};
    }
  }
  std::vector<captioner::Mark> result;
  for (auto& [id, mark] : marks) result.push_back(std::move(mark));
  std::sort(result.begin(), result.end(), [](const auto& a, const auto& b) { return std::tie(a.key, a.label) < std::tie(b.key, b.label); });
  return result;
}

}  // namespace reelgraph::cli
