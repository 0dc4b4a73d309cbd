#pragma once
// What a line rests on: facts by the name of the slot they fill, each with the events that bear it.

#include <initializer_list>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "graph/store.h"

namespace reelgraph::query::report {

/// Of the events that one fact cites, so that a day's report stays small. A match has fewer of a kind.
inline constexpr std::size_t kMostCited = 1000;

/// The events that bear a number: all of them, or of very many the latest, and how many they are.
struct Cited {
  Cited(std::vector<graph::RowId> rows) : events(std::move(rows)), counted(static_cast<std::int64_t>(events.size())) {}  // NOLINT: implicit
  Cited(std::initializer_list<graph::RowId> rows) : Cited(std::vector<graph::RowId>(rows)) {}

  std::vector<graph::RowId> events;
  std::int64_t counted = 0;
};

struct Fact {
  std::string slot;
  nlohmann::json value;                ///< a name, a list of names, a number, or an attribute as it stands in the archive
  std::string text;                    ///< as it is said; of entities set when they are named
  std::vector<graph::RowId> entities;  ///< those it names
  std::vector<graph::RowId> events;    ///< that bear it, in order of time; at most kMostCited, the latest
  std::int64_t counted = 0;            ///< how many bear it, where that was counted
};

/// All that may be said about one thing at one moment, and what decides how it may be said.
struct FactSheet {
  std::map<std::string, Fact> facts;  ///< by slot
  std::set<std::string> flags;
  std::map<std::string, double> numbers;      ///< for conditions
  std::map<std::string, std::string> values;  ///< for conditions
  std::vector<graph::RowId> events;           ///< what the line is about, whichever slots it fills

  /// True if "flag", "!flag", "name=value", "name>number" or "name<number" holds.
  [[nodiscard]] bool holds(const std::string& condition) const;
};

}  // namespace reelgraph::query::report
