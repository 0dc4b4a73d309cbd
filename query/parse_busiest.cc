// "Which hour was the busiest?": stretches of time compared by what begins in them.
#include "query/parser.h"

namespace reelgraph::query::parsing {

bool Parser::plan_busiest(Plan& plan, Clause& main) {
  const bool hour = main_has({"hour"}), minute = main_has({"minute"});
  const bool busiest = main_has({"busiest", "quietest"}) && (hour || minute || main_has({"when", "time", "period"}));
  const bool most = (hour || minute) && main_has({"most", "fewest", "peak"}) && main_has({"which", "what", "when"});
  if (!(busiest || most) || main_has({"who", "whose", "moment", "many"}) || main.events.size() > 1) return false;
  const std::size_t type = asked_type();
  if (type < tokens_.size() && is_asked(type)) return false;  // "Which dock was the busiest?"
  Selection s = main.events.empty() ? Selection{} : main.events.front();
  if (s.tally || s.nth) return false;
  if (main.events.empty()) {
    for (const std::size_t i : main_) {
      if (!kind(i, K::kEntity)) continue;
      s.who.push_back({tokens_[i].entities, tokens_[i].names, "", false, false});
      mark(i);
    }
    s.windows = loose_windows_;
  }
  for (const std::size_t i : main_) {
    if (!kind(i, K::kEntityType) || read_[i]) continue;
    if (!plan.entity_type.empty()) return false;
    plan.entity_type = tokens_[i].name;
    plan.role = "*";
    mark(i);
  }
  plan.ask = Ask::kBusiest;
  plan.per = hour ? base::kHour : minute ? base::kMinute : 0;
  plan.fewest = take({"quietest", "fewest"});
  take({"busiest", "most", "peak"});
  take({"hour", "minute", "time", "period"});
  apply_lengths(s);
  add_subs(s, main, false);
  plan.select = s;
  return true;
}

}  // namespace reelgraph::query::parsing
