#pragma once
// Scores of the signals captioner against what people saw in real films (../shared/eval/footage).

#include <nlohmann/json.hpp>

#include "tests/captioner/watching.h"

namespace reelgraph::test {

using Spans = std::vector<std::pair<double, double>>;

inline Spans spans_of(const nlohmann::json& json) {
  Spans spans;
  for (const auto& s : json) spans.emplace_back(s[0].get<double>(), s[1].get<double>());
  return spans;
}

/// When anything that moves is in view, as one set; gaps under `gap` seconds closed.
inline Spans presence(const Watched& watched, double gap = 0.5) {
  base::SpanSet all;
  for (const Mover& m : watched.movers()) all.add(m.seen);
  const base::SpanSet joined = all.closed(base::from_seconds(gap));
  Spans spans;
  for (const auto& s : joined.spans()) spans.emplace_back(base::to_seconds(s.start), base::to_seconds(s.end));
  return spans;
}

struct Score {
  int expected = 0, right = 0, extra = 0;
  double start_error = 0, end_error = 0;  ///< largest among those that were found, s
};

/// One to one by overlap; right if both ends lie within the tolerance.
inline Score score_spans(const Spans& expected, const Spans& found, double tolerance) {
  Score score;
  score.expected = static_cast<int>(expected.size());
  std::vector<bool> used(found.size(), false);
  for (const auto& [start, end] : expected) {
    double best = 0;
    std::size_t which = found.size();
    for (std::size_t i = 0; i < found.size(); ++i) {
      const double common = std::min(end, found[i].second) - std::max(start, found[i].first);
      if (!used[i] && common > best) {
        best = common;
        which = i;
      }
    }
    if (which == found.size()) continue;
    used[which] = true;
    const double off_start = std::abs(found[which].first - start), off_end = std::abs(found[which].second - end);
    score.start_error = std::max(score.start_error, off_start);
    score.end_error = std::max(score.end_error, off_end);
    score.right += off_start <= tolerance && off_end <= tolerance ? 1 : 0;
  }
  score.extra = static_cast<int>(std::count(used.begin(), used.end(), false));
  return score;
}

inline Spans spans_of(const std::vector<Mover>& movers) {
  Spans spans;
  for (const Mover& m : movers) spans.emplace_back(m.start(), m.end());
  return spans;
}

/// "white" and "light grey" are one class.
inline bool same_colour(std::string label, const std::string& found) {
  if (label == "silver") label = "white";
  return label == found;
}

struct ChangeScore {
  int expected = 0, right = 0, extra = 0;
  double error = 0;  ///< largest, s
};

/// Changes of the labelled part: a thing that is put back is placed. @param until end of the labels
inline ChangeScore score_changes(const nlohmann::json& labels, const Watched& watched, double until, double tolerance,
                                 bool mirrored = false) {
  struct Change {
    std::string kind, region;
    double t = 0;
    bool used = false;
  };
  std::vector<Change> found;
  for (const auto& e : watched.events) {
    if (e.type != "placed" && e.type != "removed" && e.type != "put_back") continue;
    const double t = base::to_seconds(e.span.start);
    if (t <= until) found.push_back({e.type == "removed" ? "removed" : "placed", e.attributes.value("region", ""), t});
  }
  ChangeScore score;
  for (const auto& label : labels) {
    ++score.expected;
    std::string region = label["region"];
    if (mirrored) region = region == "left" ? "right" : region == "right" ? "left" : region;
    for (Change& c : found) {
      const double off = std::abs(c.t - label["t"].get<double>());
      const bool here = region == "centre" ? c.region.find("left") == std::string::npos && c.region.find("right") == std::string::npos
                                           : c.region.find(region) != std::string::npos;
      if (c.used || c.kind != label["kind"] || off > tolerance || !here) continue;
      c.used = true;
      ++score.right;
      score.error = std::max(score.error, off);
      break;
    }
  }
  for (const Change& c : found) score.extra += c.used ? 0 : 1;
  return score;
}

}  // namespace reelgraph::test
