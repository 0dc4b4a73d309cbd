#include "chunker/tracking/rules.h"

#include <algorithm>
#include <functional>

#include "base/error.h"

namespace reelgraph::chunker::tracking {
namespace {

[[noreturn]] void refuse(const std::string& where, const std::string& message, const std::string& cure) {
  throw base::Error(base::ErrorCode::kBadInput, message, where, cure);
}

std::vector<std::string> names(const nlohmann::json& value, const std::string& key, const std::string& where) {
  std::vector<std::string> list;
  if (value.is_array()) {
    for (const nlohmann::json& name : value) {
      if (name.is_string() && !name.get_ref<const std::string&>().empty()) list.push_back(name.get<std::string>());
    }
  }
  if (!value.is_array() || list.size() != value.size())
    refuse(where, "tracking." + key + " is not a list of names", "write it as [\"worker\"]");
  return list;
}

double number(const nlohmann::json& value, const std::string& key, double least, double most, const std::string& where) {
  if (!value.is_number() || !(value.get<double>() >= least && value.get<double>() <= most)) {
    refuse(where, "tracking." + key + " is not a number from " + nlohmann::json(least).dump() + " to " + nlohmann::json(most).dump(),
           "correct or remove it");
  }
  return value.get<double>();
}

}  // namespace

TrackerOptions Rules::tracker_options(double aspect) const {
  TrackerOptions options;
  options.aspect = aspect;
  const auto speed = [&](const std::string& type, double fallback) {
    const auto found = speeds.find(type);
    return found == speeds.end() ? fallback : found->second;
  };
  // Goods that something stands or passes in front of are not gone.
  for (const std::string& type : goods)
    options.motions[type] = {.speed = speed(type, 0.03), .lost_after = base::kMinute, .most = 0.03, .by_load = true};
  for (const std::vector<std::string>* types : {&carriers, &workers}) {
    for (const std::string& type : *types) options.motions[type] = {.speed = speed(type, 0.15), .lost_after = 6 * base::kSecond};
  }
  return options;
}

Rules parse_rules(const nlohmann::json& table, const std::string& where) {
  Rules rules;
  if (table.is_null()) return rules;
  if (!table.is_object()) refuse(where, "tracking is not a table", "write it as [tracking] with keys below");
  const std::map<std::string, std::vector<std::string>*> lists{
      {"carriers", &rules.carriers},     {"workers", &rules.workers},       {"goods", &rules.goods},    {"arrive_at", &rules.arrive_at},
      {"leave_from", &rules.leave_from}, {"process_at", &rules.process_at}, {"wait_at", &rules.wait_at}};
  const std::map<std::string, double*> lengths{
      {"reach", &rules.reach}, {"beside", &rules.beside}, {"still", &rules.still}, {"walk", &rules.walk}};
  const std::map<std::string, base::Duration*> durations{{"lift", &rules.lift},
                                                         {"turn", &rules.turn},
                                                         {"approach", &rules.approach},
                                                         {"least_process", &rules.least_process},
                                                         {"least_idle", &rules.least_idle},
                                                         {"least_wait", &rules.least_wait},
                                                         {"least_breakdown", &rules.least_breakdown}};
  for (const auto& [key, value] : table.items()) {
    if (const auto list = lists.find(key); list != lists.end()) {
      *list->second = names(value, key, where);
    } else if (const auto length = lengths.find(key); length != lengths.end()) {
      *length->second = number(value, key, 0.001, 1, where);
    } else if (const auto duration = durations.find(key); duration != durations.end()) {
      *duration->second = base::from_seconds(number(value, key, 0, 3600, where));
    } else if (key == "outside") {
      if (!value.is_string()) refuse(where, "tracking.outside is not a name", "write what is left at the edge of the picture, as \"hall\"");
      rules.outside = value.get<std::string>();
    } else if (key == "zone_types" || key == "speeds") {
      if (!value.is_object()) refuse(where, "tracking." + key + " is not a table", "write it as { dock = ... }");
      for (const auto& [name, inner] : value.items()) {
        if (key == "speeds") {
          rules.speeds[name] = number(inner, key + "." + name, 0.001, 10, where);
        } else if (inner.is_string()) {
          rules.zone_types[name] = inner.get<std::string>();
        } else {
          refuse(where, "tracking.zone_types." + name + " is not a name", "write an entity type of the profile");
        }
      }
    } else {
      refuse(where, "unknown key tracking." + key,
             "known keys: carriers, workers, goods, arrive_at, leave_from, process_at, wait_at, zone_types, outside, reach, beside, still, "
             "walk, lift, turn, "
             "least_process, least_idle, least_wait, least_breakdown, speeds");
    }
  }
  return rules;
}

}  // namespace reelgraph::chunker::tracking
