#include "chunker/tracking/ball_rules.h"

#include <algorithm>
#include <map>

#include "base/error.h"

namespace reelgraph::chunker::tracking {
namespace {

[[noreturn]] void refuse_ball(const std::string& where, const std::string& message, const std::string& cure) {
  throw base::Error(base::ErrorCode::kBadInput, message, where, cure);
}

std::string text_of(const nlohmann::json& value, const std::string& key, const std::string& where) {
  if (!value.is_string() || value.get_ref<const std::string&>().empty())
    refuse_ball(where, "tracking." + key + " is not a name", "write it as \"" + key + "\"");
  return value.get<std::string>();
}

double length_of(const nlohmann::json& value, const std::string& key, double least, double most, const std::string& where) {
  if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most)) {
    refuse_ball(where, "tracking." + key + " is not a number from " + nlohmann::json(least).dump() + " to " + nlohmann::json(most).dump(),
                "correct or remove it");
  }
  return value.get<double>();
}

const nlohmann::json& list_of(const nlohmann::json& value, const std::string& key, std::size_t size, const std::string& example,
                              const std::string& where) {
  if (!value.is_array() || value.empty() || (size > 0 && value.size() != size))
    refuse_ball(where, "tracking." + key + " is not a list" + (size > 0 ? " of " + std::to_string(size) : ""), "write it as " + example);
  return value;
}

BallRules parse_ball_rules(const nlohmann::json& table, const std::string& where) {
  BallRules rules;
  const std::map<std::string, std::string*> names{{"ball", &rules.ball}, {"team", &rules.team}, {"field", &rules.field}};
  const std::map<std::string, double*> lengths{{"reach", &rules.reach},
                                               {"still", &rules.still},
                                               {"least_pass", &rules.least_pass},
                                               {"shot_from", &rules.shot_from},
                                               {"speed", &rules.speed}};
  for (const auto& [key, value] : table.items()) {
    if (key == "kind") continue;
    if (const auto name = names.find(key); name != names.end()) {
      *name->second = text_of(value, key, where);
    } else if (const auto length = lengths.find(key); length != lengths.end()) {
      *length->second = length_of(value, key, 0.01, 200, where);
    } else if (key == "least_rest") {
      rules.least_rest = base::from_seconds(length_of(value, key, 0.5, 60, where));
    } else if (key == "players") {
      rules.players.clear();
      for (const nlohmann::json& type : list_of(value, key, 0, "[\"player\"]", where)) rules.players.push_back(text_of(type, key, where));
    } else if (key == "goals") {
      const nlohmann::json& two = list_of(value, key, 2, "[\"left_goal\", \"right_goal\"]", where);
      rules.goals = {text_of(two[0], key, where), text_of(two[1], key, where)};
      if (rules.goals[0] == rules.goals[1])
        refuse_ball(where, "tracking.goals names \"" + rules.goals[0] + "\" twice", "name the two zones of the goals");
    } else if (key == "field_size") {
      const nlohmann::json& two = list_of(value, key, 2, "[105, 68], metres", where);
      rules.field_size = {length_of(two[0], key, 2, 500, where), length_of(two[1], key, 2, 500, where)};
    } else {
      refuse_ball(
          where, "unknown key tracking." + key + " of a match",
          "known keys: kind, ball, players, team, field, field_size, goals, reach, still, least_pass, shot_from, speed, least_rest");
    }
  }
  return rules;
}

}  // namespace

bool empty(const AnyRules& rules) {
  const Rules* goods = std::get_if<Rules>(&rules);
  return goods != nullptr && goods->empty();
}

AnyRules parse_any_rules(const nlohmann::json& table, const std::string& where) {
  if (!table.is_object() || !table.contains("kind")) return parse_rules(table, where);
  const std::string kind = text_of(table.at("kind"), "kind", where);
  if (kind == "match") return parse_ball_rules(table, where);
  if (kind != "goods") refuse_ball(where, "tracking.kind \"" + kind.substr(0, 40) + "\" is unknown", "write \"goods\" or \"match\"");
  nlohmann::json rest = table;
  rest.erase("kind");
  return parse_rules(rest, where);
}

const base::Zone& zone_named(const std::vector<base::Zone>& zones, const std::string& name, const std::string& key,
                             const std::string& where) {
  const auto found = std::find_if(zones.begin(), zones.end(), [&](const base::Zone& zone) { return zone.name == name; });
  if (found == zones.end())
    refuse_ball(where, "tracking." + key + " names the zone \"" + name + "\", which is not there",
                "add [[zones]] name = \"" + name + "\" with its polygon, or name another");
  return *found;
}

void check_zones(const BallRules& rules, const std::vector<base::Zone>& zones, const std::string& where) {
  if (rules.field_size[0] <= 0)
    refuse_ball(where, "tracking.field_size is missing", "write how long and how wide the field is, in metres: field_size = [105, 68]");
  const base::Zone& field = zone_named(zones, rules.field, "field", where);
  if (field.polygon.size() != 4)
    refuse_ball(where, "zone \"" + field.name + "\" has " + std::to_string(field.polygon.size()) + " corners; a field has four",
                "give its corners: far left, far right, near right, near left");
  for (const std::string& goal : rules.goals) static_cast<void>(zone_named(zones, goal, "goals", where));
}

}  // namespace reelgraph::chunker::tracking
