#include "query/report/record.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "query/selection.h"

namespace reelgraph::query::report {
namespace {

constexpr base::Duration kJustAfter = 150 * base::kSecond;  // "after the goal"
constexpr std::size_t kLongestChain = 4;                    // names said
constexpr double kLate = 0.85;                              // of the regular time

bool fits(const graph::EventRecord& event, const nlohmann::json& where) { return where.empty() || all_met(event.attributes, where); }

/// What stands under the key; an empty one if nothing does.
template <typename Key, typename Value>
const Value& found(const std::map<Key, Value>& map, const Key& key) {
  static const Value none{};
  const auto it = map.find(key);
  return it == map.end() ? none : it->second;
}

}  // namespace

graph::RowId in_role(const graph::EventRecord& event, const std::string& role) {
  for (const graph::ParticipantRecord& p : event.participants) {
    if (p.role == role) return p.entity;
  }
  return 0;
}

void SeenList::add(const Seen& seen) {
  all_.push_back(seen);
  by_side_[seen.side].push_back(seen);
  if (seen.agent != 0) by_agent_[seen.agent].push_back(seen);
}

const std::vector<Seen>& SeenList::of_side(graph::RowId side) const { return found(by_side_, side); }

const std::vector<Seen>& SeenList::of_agent(graph::RowId agent) const { return found(by_agent_, agent); }

std::span<const Seen> since_time(const std::vector<Seen>& seen, base::Timestamp since) {
  // In the order of `known`; what begins then is over later.
  const auto near = std::partition_point(seen.begin(), seen.end(), [&](const Seen& s) { return s.known < since; });
  return {std::find_if(near, seen.end(), [&](const Seen& s) { return s.at >= since; }), seen.end()};
}

Cited cite(std::span<const Seen> seen) {
  Cited cited{};
  for (const Seen& s : seen.last(std::min(seen.size(), kMostCited))) cited.events.push_back(s.event);
  cited.counted = static_cast<std::int64_t>(seen.size());
  return cited;
}

Record::Record(const base::Commentary& commentary, NameBook& names, std::string title)
    : commentary_(commentary), tally_(commentary.score ? &*commentary.score : nullptr), names_(names), title_(std::move(title)) {
  for (const base::CommentaryRecap& recap : commentary.recaps) {
    if (recap.families.size() > 1) joined_[recap.families];
  }
}

const SeenList& Record::of(const std::string& family) const { return found(seen_, family); }

const SeenList& Record::of(const std::vector<std::string>& families) const {
  return families.size() == 1 ? of(families.front()) : found(joined_, families);
}

graph::RowId Record::other(graph::RowId side) const {
  if (sides_.size() != 2) return 0;
  return sides_[0] == side ? sides_[1] : sides_[1] == side ? sides_[0] : 0;
}

std::int64_t Record::score_of(graph::RowId side) const {
  const auto it = score_.find(side);
  return it == score_.end() ? 0 : it->second;
}

std::optional<int> Record::begins_stage(const graph::EventRecord& event) const {
  for (std::size_t i = 0; i < commentary_.stages.size(); ++i) {
    const base::CommentaryStage& s = commentary_.stages[i];
    if (static_cast<int>(i) > stage_ && s.type == event.type && fits(event, s.where)) return static_cast<int>(i);
  }
  return std::nullopt;
}

void Record::put(FactSheet& sheet, const std::string& slot, const NameBook& names, std::vector<graph::RowId> entities, Cited events) {
  Fact fact;
  fact.slot = slot;
  if (entities.size() == 1) {
    fact.value = names.whole(entities.front());
  } else {
    fact.value = nlohmann::json::array();
    for (const graph::RowId e : entities) fact.value.push_back(names.whole(e));
  }
  fact.entities = std::move(entities);
  fact.events = std::move(events.events);
  fact.counted = events.counted;
  sheet.facts[slot] = std::move(fact);
}

void Record::put_number(FactSheet& sheet, const std::string& slot, std::int64_t n, Cited events, bool digits) const {
  Fact fact;
  fact.slot = slot;
  fact.value = n;
  fact.text = digits ? std::to_string(n) : number_text(commentary_, n);
  fact.events = std::move(events.events);
  fact.counted = events.counted;
  sheet.facts[slot] = std::move(fact);
  sheet.numbers[slot] = static_cast<double>(n);
}

void Record::put_nth(FactSheet& sheet, const std::string& slot, std::int64_t n, Cited events) const {
  Fact fact;
  fact.slot = slot;
  fact.value = n;
  fact.text = ordinal_text(commentary_, n);
  fact.events = std::move(events.events);
  fact.counted = events.counted;
  if (!fact.text.empty()) sheet.facts[slot] = std::move(fact);
}

void Record::meet(const graph::EventRecord& event) {
  for (const graph::ParticipantRecord& p : event.participants) {
    const bool is_side = p.role == commentary_.side;
    names_.meet(p.entity, p.name, is_side);
    if (!is_side || side_names_.contains(p.entity)) continue;
    side_names_[p.entity] = p.name;
    sides_.push_back(p.entity);
    std::stable_sort(sides_.begin(), sides_.end(),
                     [&](graph::RowId a, graph::RowId b) { return title_.find(side_names_[a]) < title_.find(side_names_[b]); });
  }
}

void Record::add_score(FactSheet& sheet) const {
  if (!has_score()) return;
  sheet.flags.insert("score_known");
  const std::int64_t home = score_of(sides_[0]), away = score_of(sides_[1]);
  Cited events = cite(scored_);
  if (scored_.empty() && stage_event_ != 0) events = {stage_event_};
  put(sheet, "home", names_, {sides_[0]}, events);
  put(sheet, "away", names_, {sides_[1]}, events);
  put_number(sheet, "home_n", home, events, true);
  put_number(sheet, "away_n", away, events, true);
  Fact score;
  score.slot = "score";
  score.text = std::to_string(std::max(home, away)) + "-" + std::to_string(std::min(home, away));
  score.value = score.text;
  score.events = events.events;
  score.counted = events.counted;
  sheet.facts["score"] = score;
  put_number(sheet, "margin", std::abs(home - away), events);
  put_number(sheet, "scored", home + away, events);
  if (home == away) {
    sheet.flags.insert("level");
    put_number(sheet, "apiece", home, events);
  } else {
    put(sheet, "leader", names_, {sides_[home > away ? 0 : 1]}, events);
    put(sheet, "trailer", names_, {sides_[home > away ? 1 : 0]}, events);
  }
}

void Record::describe(FactSheet& sheet, base::Timestamp now) const {
  add_score(sheet);
  sheet.values["last"] = !last_family_.empty() && now - last_at_ < kJustAfter ? last_family_ : std::string();
  if (stage_ < 0) return;
  const base::CommentaryStage& stage = commentary_.stages[static_cast<std::size_t>(stage_)];
  sheet.values["stage"] = stage.name;
  Fact name;
  name.slot = "stage";
  name.value = name.text = stage.name;
  name.events = {stage_event_};
  sheet.facts["stage"] = name;
  const double gone = static_cast<double>(std::max<base::Duration>(0, now - stage_start_)) / static_cast<double>(base::kMinute);
  const double end = stage.minute + stage.minutes;
  const auto shown = static_cast<std::int64_t>(std::floor(stage.minute + gone));  // minutes gone by
  sheet.numbers["clock"] = stage.minute + gone;
  const base::CommentaryStage& last = commentary_.stages.back();
  double regular = 0;
  for (const base::CommentaryStage& s : commentary_.stages) regular = std::max(regular, s.minute + s.minutes);
  if (regular > 0 && last.minutes > 0 && stage.minute + gone >= kLate * regular) sheet.flags.insert("late");
  Fact clock;
  clock.slot = "clock";
  clock.events = {stage_event_};
  if (stage.minutes > 0 && gone >= stage.minutes) {
    sheet.flags.insert("stoppage");
    clock.text = std::to_string(static_cast<std::int64_t>(end)) + "+" + std::to_string(static_cast<std::int64_t>(gone - stage.minutes) + 1);
    clock.value = clock.text;
  } else {
    clock.text = std::to_string(shown + 1);
    clock.value = shown + 1;
    if (shown >= 1) put_number(sheet, "minute", shown, {stage_event_}, shown > 10);
  }
  sheet.facts["clock"] = clock;
}

void Record::add_tally(FactSheet& sheet, const Happening& h) {
  if (tally_ == nullptr || h.event.type != tally_->type) return;
  const graph::RowId side = in_role(h.event, tally_->side);
  const bool for_other = all_met(h.event.attributes, tally_->other_side);
  const graph::RowId gains = for_other ? other(side) : side;
  if (for_other) sheet.flags.insert("other_side");
  if (gains == 0) return;
  const graph::RowId loses = other(gains);
  const std::int64_t before = score_of(gains), against = loses == 0 ? 0 : score_of(loses);
  scored_.push_back({h.event.row, h.event.span.start, h.known, h.agent, gains, for_other});
  ++score_[gains];
  put(sheet, "gains", names_, {gains}, {h.event.row});
  if (loses == 0) return;
  put(sheet, "loses", names_, {loses}, {h.event.row});
  if (before + against == 0) sheet.flags.insert("opener");
  if (before + 1 == against) sheet.flags.insert("equaliser");
  if (before == against && before > 0) sheet.flags.insert("leads");
  if (before > against) sheet.flags.insert("extends");
  if (before + 1 < against) sheet.flags.insert("pulls_back");
  sheet.numbers["gained"] = static_cast<double>(before + 1);
}

void Record::add_counts(FactSheet& sheet, const Happening& h) const {
  const SeenList& seen = of(h.topic->family);
  const auto put_count = [&](const std::string& name, const std::vector<Seen>& list) {
    if (list.empty()) return;
    const Cited events = cite(list);
    put_nth(sheet, name + "_nth", events.counted, events);
    put_number(sheet, name + "_n", events.counted, events);
  };
  put_count("all", seen.all());
  if (h.side != 0) put_count("side", seen.of_side(h.side));
  if (h.agent != 0) put_count("agent", seen.of_agent(h.agent));
}

void Record::follow_chain(FactSheet& sheet, const Happening& h) {
  if (commentary_.pass.empty()) return;
  const graph::RowId to = in_role(h.event, "recipient");
  if (h.topic->family != commentary_.pass || h.agent == 0 || to == 0 || h.side == 0) {
    if (h.side != chain_side_ || h.topic->always) chain_.clear(), chain_events_.clear(), chain_length_ = 0;
    return;
  }
  if (chain_.empty() || chain_.back() != h.agent || chain_side_ != h.side) {
    chain_ = {h.agent};
    chain_events_.clear();
    chain_length_ = 0;
  }
  chain_side_ = h.side;
  chain_.push_back(to);
  chain_events_.push_back(h.event.row);
  ++chain_length_;
  if (chain_.size() > kLongestChain) chain_.erase(chain_.begin());
  if (chain_events_.size() > kMostCited) chain_events_.erase(chain_events_.begin());
  sheet.numbers["chain"] = static_cast<double>(chain_length_);
  Cited passes = chain_events_;
  passes.counted = chain_length_;
  put_number(sheet, "passes", chain_length_, std::move(passes));
  const std::size_t names = std::min(chain_.size(), kLongestChain);
  std::vector<graph::RowId> who(chain_.end() - static_cast<std::ptrdiff_t>(names), chain_.end());
  std::vector<graph::RowId> events(chain_events_.end() - static_cast<std::ptrdiff_t>(std::min(names - 1, chain_events_.size())),
                                   chain_events_.end());
  if (names >= 3) put(sheet, "chain", names_, std::move(who), std::move(events));
}

FactSheet Record::add(const Happening& h) {
  FactSheet sheet;
  sheet.events = {h.event.row};
  meet(h.event);
  if (const std::optional<int> stage = begins_stage(h.event)) {
    stage_ = *stage;
    stage_start_ = h.event.span.start;
    stage_event_ = h.event.row;
    sheet.flags.insert("stage_starts");
  }
  const Seen seen{h.event.row, h.event.span.start, h.known, h.agent, h.side, false};
  std::set<std::string> families{h.topic->family};
  families.insert(h.topic->also.begin(), h.topic->also.end());
  for (const std::string& family : families) seen_[family].add(seen);
  for (auto& [several, list] : joined_) {
    if (std::any_of(several.begin(), several.end(), [&](const std::string& family) { return families.contains(family); })) list.add(seen);
  }
  add_tally(sheet, h);
  add_counts(sheet, h);
  follow_chain(sheet, h);
  describe(sheet, h.known);
  if (h.topic->always) {
    last_family_ = h.topic->family;
    last_at_ = h.known;
  }
  for (const graph::ParticipantRecord& p : h.event.participants) {
    if (!p.role.empty() && sheet.flags.insert(p.role).second) put(sheet, p.role, names_, {p.entity}, sheet.events);
  }
  if (h.agent != 0) put(sheet, "agent", names_, {h.agent}, sheet.events);
  if (h.side != 0) {
    sheet.flags.insert("side");
    put(sheet, "side", names_, {h.side}, sheet.events);
    if (const graph::RowId them = other(h.side); them != 0) put(sheet, "other", names_, {them}, sheet.events);
  }
  if (h.event.attributes.is_object()) {
    for (const auto& [key, value] : h.event.attributes.items()) {
      if (value.is_number()) sheet.numbers.emplace(key, value.get<double>());
      if (value.is_boolean() && value.get<bool>()) sheet.flags.insert(key);
      if (!value.is_string()) continue;
      sheet.values.emplace(key, value.get<std::string>());
      if (sheet.facts.contains(key)) continue;
      Fact fact;
      fact.slot = key;
      fact.value = value;
      fact.text = value.get<std::string>();
      std::replace(fact.text.begin(), fact.text.end(), '_', ' ');
      fact.events = sheet.events;
      sheet.facts[key] = std::move(fact);
    }
  }
  if (!h.event.description.empty()) {
    Fact fact;
    fact.slot = "description";
    fact.value = fact.text = h.event.description;
    fact.events = sheet.events;
    sheet.facts["description"] = std::move(fact);
  }
  return sheet;
}

}  // namespace reelgraph::query::report
