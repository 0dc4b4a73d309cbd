// Questions on a warehouse.
#include <algorithm>
#include <cmath>

#include "base/time.h"
#include "sim/questions.h"

namespace reelgraph::sim {
namespace {

constexpr std::size_t kWarehouseQuestions = 25;

using Events = std::vector<const Happening*>;

double length(const Happening* e) { return e->end - e->start; }

const Happening* longest(const Events& events) {
  return *std::max_element(events.begin(), events.end(), [](const Happening* a, const Happening* b) { return length(a) < length(b); });
}

double total(const Events& events) {
  double sum = 0;
  for (const Happening* e : events) sum += length(e);
  return sum;
}

/// "2:00"
std::string clock(double seconds) {
  const int s = static_cast<int>(seconds);
  return std::to_string(s / 60) + ":" + (s % 60 < 10 ? "0" : "") + std::to_string(s % 60);
}

std::vector<std::string> of_type(const History& history, const std::string& type) {
  std::vector<std::string> names;
  for (const Actor& a : history.actors) {
    if (a.type == type) names.push_back(a.name);
  }
  return names;
}

void ask_forklifts(Facts& facts, const std::vector<std::string>& forklifts) {
  for (const std::string& f : forklifts) {
    const Events picks = facts.find({.type = "pick_up", .agent = f}), drops = facts.find({.type = "drop", .agent = f});
    facts.ask("count",
              {"How many pallets did the " + f + " pick up?", "How many times did the " + f + " pick up a pallet?",
               "How often does the " + f + " pick up a pallet?"},
              count_of(picks.size()), picks);
    facts.ask("count", {"How many pallets did the " + f + " set down?", "How many times did the " + f + " drop a pallet?"},
              count_of(drops.size()), drops);
    if (!picks.empty()) {
      facts.ask("time", {"When did the " + f + " first pick up a pallet?", "When was the first time the " + f + " picked up a pallet?"},
                time_of(picks[0]->start), {picks[0]});
      facts.ask("time", {"When did the " + f + " pick up a pallet for the last time?", "When did the " + f + " last pick up a pallet?"},
                time_of(picks.back()->start), {picks.back()});
      const Happening* pick = picks[static_cast<std::size_t>(facts.random().integer(0, static_cast<int>(picks.size()) - 1))];
      const std::string pallet = facts.name(*pick, "object"), place = facts.name(*pick, "place");
      if (facts.find({.type = "pick_up", .object = pallet, .place = place}).size() == 1)
        facts.ask("who", {"Which forklift picked up " + pallet + " at " + place + "?", "Who picked up " + pallet + " at " + place + "?"},
                  name_of(f), {pick});
      if (facts.find({.type = "pick_up", .agent = f, .object = pallet}).size() == 1)
        facts.ask("where", {"Where did the " + f + " pick up " + pallet + "?"}, name_of(place), {pick});
    }
    if (drops.size() > 1) {
      const Happening* drop = drops[static_cast<std::size_t>(facts.random().integer(0, static_cast<int>(drops.size()) - 1))];
      const std::string pallet = facts.name(*drop, "object");
      if (facts.find({.type = "drop", .agent = f, .object = pallet}).size() == 1)
        facts.ask("where", {"Where did the " + f + " set down " + pallet + "?", "Where did the " + f + " drop " + pallet + "?"},
                  name_of(facts.name(*drop, "place")), {drop});
    }
    const Events idles = facts.find({.type = "idle", .agent = f}), failures = facts.find({.type = "breakdown", .agent = f});
    if (!idles.empty()) {
      facts.ask("duration", {"How long was the " + f + " idle in total?", "For how long in total was the " + f + " idle?"},
                duration_of(total(idles)), idles);
      facts.ask("longest", {"How long was the longest time the " + f + " was idle?"}, duration_of(length(longest(idles))),
                {longest(idles)});
    }
    facts.ask("yes-no", {"Did the " + f + " break down?", "Did the " + f + " ever break down?"}, yes_or_no(!failures.empty()), failures);
  }
  const Events all = facts.find({.type = "pick_up"});
  if (const std::string best = facts.most(all, "agent"); forklifts.size() > 1 && !best.empty())
    facts.ask("most", {"Which forklift picked up the most pallets?", "Which forklift picked up most pallets?"}, name_of(best),
              facts.find({.type = "pick_up", .agent = best}));
}

void ask_workers(Facts& facts, const std::vector<std::string>& workers) {
  const Events all = facts.find({.type = "process"});
  for (const std::string& w : workers) {
    const Events done = facts.find({.type = "process", .agent = w});
    facts.ask("count", {"How many pallets did the " + w + " process?", "How many pallets were processed by the " + w + "?"},
              count_of(done.size()), done);
    if (!done.empty()) {
      facts.ask("longest",
                {"How long did the " + w + " take at most to process a pallet?", "How long was the longest processing by the " + w + "?"},
                duration_of(length(longest(done))), {longest(done)});
      facts.ask("duration",
                {"How long did the " + w + " process pallets in total?", "For how long in total did the " + w + " process pallets?"},
                duration_of(total(done)), done);
    }
    const Events breaks = facts.find({.type = "leave", .agent = w, .place = "hall"});
    facts.ask("yes-no", {"Did the " + w + " leave the hall?", "Did the " + w + " ever leave the hall?"}, yes_or_no(!breaks.empty()),
              breaks);
    if (!breaks.empty())
      facts.ask("time", {"When did the " + w + " leave the hall for the first time?", "When did the " + w + " first leave the hall?"},
                time_of(breaks[0]->start), {breaks[0]});
    const Events enters = facts.find({.type = "enter", .agent = w, .place = "packing 1"});
    facts.ask("count", {"How many times did the " + w + " enter packing 1?"}, count_of(enters.size()), enters);
  }
  for (int i = 0; i < 3 && !all.empty(); ++i) {
    const Happening* p = all[static_cast<std::size_t>(facts.random().integer(0, static_cast<int>(all.size()) - 1))];
    const std::string pallet = facts.name(*p, "object");
    if (facts.find({.type = "process", .object = pallet}).size() != 1) continue;
    facts.ask("who", {"Who processed " + pallet + "?", "Which worker processed " + pallet + "?"}, name_of(facts.name(*p, "agent")), {p});
    facts.ask("where", {"Where was " + pallet + " processed?", "At which station was " + pallet + " processed?"},
              name_of(facts.name(*p, "station")), {p});
    facts.ask("duration", {"How long did it take to process " + pallet + "?", "How long was " + pallet + " processed?"},
              duration_of(length(p)), {p});
  }
  if (!all.empty()) {
    facts.ask("longest", {"How long did the longest processing take?"}, duration_of(length(longest(all))), {longest(all)});
    facts.ask("who", {"Who processed the first pallet?", "Which worker processed the first pallet?"}, name_of(facts.name(*all[0], "agent")),
              {all[0]});
    facts.ask("count", {"How many pallets were processed?", "How many pallets are processed in all?"}, count_of(all.size()), all);
    if (const std::string best = facts.most(all, "agent"); workers.size() > 1 && !best.empty())
      facts.ask("most", {"Which worker processed the most pallets?", "Who processed the most pallets?"}, name_of(best),
                facts.find({.type = "process", .agent = best}));
  }
}

void ask_flow(Facts& facts, const std::vector<std::string>& docks) {
  const Events all = facts.find({.type = "arrive"});
  facts.ask("count", {"How many pallets arrived?", "How many pallets arrive in all?"}, count_of(all.size()), all);
  for (const std::string& dock : docks) {
    const Events here = facts.find({.type = "arrive", .place = dock});
    facts.ask("count", {"How many pallets arrived at " + dock + "?", "How many pallets came to " + dock + "?"}, count_of(here.size()),
              here);
    if (!here.empty())
      facts.ask("time", {"When did the first pallet arrive at " + dock + "?", "When was the first arrival at " + dock + "?"},
                time_of(here[0]->start), {here[0]});
  }
  if (!all.empty()) {
    facts.ask("time", {"When did the last pallet arrive?", "When was the last arrival?"}, time_of(all.back()->start), {all.back()});
    const Happening* a = all[static_cast<std::size_t>(facts.random().integer(0, static_cast<int>(all.size()) - 1))];
    const std::string pallet = facts.name(*a, "agent"), dock = facts.name(*a, "place");
    facts.ask("time", {"When did " + pallet + " arrive?"}, time_of(a->start), {a});
    facts.ask("where", {"Where did " + pallet + " arrive?", "At which dock did " + pallet + " arrive?"}, name_of(dock), {a});
    for (const std::string& other : docks) {
      if (other != dock) facts.ask("yes-no", {"Did " + pallet + " arrive at " + other + "?"}, yes_or_no(false), {});
    }
    facts.ask("yes-no", {"Did " + pallet + " arrive at " + dock + "?"}, yes_or_no(true), {a});
    if (const std::string best = facts.most(all, "place"); docks.size() > 1 && !best.empty())
      facts.ask("most", {"At which dock did the most pallets arrive?", "Which dock had the most arrivals?"}, name_of(best),
                facts.find({.type = "arrive", .place = best}));
  }
  if (all.size() > 2)
    facts.ask("gap",
              {"How many seconds passed between the first and the second arrival?",
               "How much time passed between the first and the second arrival?"},
              duration_of(all[1]->start - all[0]->start), {all[0], all[1]});
  for (const char* zone : {"staging", "storage", "packing 1"}) {
    const Events drops = facts.find({.type = "drop", .place = zone});
    facts.ask(
        "count",
        {std::string("How many pallets were set down at ") + zone + "?", std::string("How many pallets were dropped at ") + zone + "?"},
        count_of(drops.size()), drops);
    if (!drops.empty())
      facts.ask("time",
                {std::string("When was the first pallet set down at ") + zone + "?",
                 std::string("When was a pallet first dropped at ") + zone + "?"},
                time_of(drops[0]->start), {drops[0]});
  }
  const Events waits = facts.find({.type = "wait"});
  if (!waits.empty()) {
    facts.ask("longest", {"How long was the longest wait?", "What was the longest waiting time?"}, duration_of(length(longest(waits))),
              {longest(waits)});
    facts.ask("longest", {"Which pallet waited the longest?", "Which pallet had the longest wait?"},
              name_of(facts.name(*longest(waits), "agent")), {longest(waits)});
    for (const std::string& dock : docks) {
      const Events here = facts.find({.type = "wait", .place = dock});
      if (!here.empty())
        facts.ask("longest", {"How long was the longest wait at " + dock + "?"}, duration_of(length(longest(here))), {longest(here)});
    }
  }
}

void ask_windows(Facts& facts) {
  const double seconds = facts.history().seconds;
  for (const char* type : {"arrive", "pick_up", "process"}) {
    const double half = std::floor(seconds / 2 / 30) * 30, from = std::floor(facts.random().uniform(0.1, 0.4) * seconds / 30) * 30,
                 to = from + std::floor(facts.random().uniform(0.3, 0.5) * seconds / 30) * 30;
    const Events all = facts.find({.type = type});
    const bool edges = std::any_of(all.begin(), all.end(), [&](const Happening* e) {
      const auto near = [&](double t) { return std::abs(e->start - t) < 2 || std::abs(e->end - t) < 2 || (e->start < t && t < e->end); };
      return near(half) || near(from) || near(to);
    });
    if (edges || to <= from) continue;
    const Events first = facts.find({.type = type, .to = half}), between = facts.find({.type = type, .from = from, .to = to});
    const std::string verb = std::string(type) == "arrive"    ? "arrived"
                             : std::string(type) == "pick_up" ? "were picked up"
                                                              : "were processed";
    facts.ask("window", {"How many pallets " + verb + " between " + clock(from) + " and " + clock(to) + "?"}, count_of(between.size()),
              between);
    if (half >= 60) facts.ask("window", {"How many pallets " + verb + " before " + clock(half) + "?"}, count_of(first.size()), first);
  }
}

void ask_in_vain(Facts& facts, const std::vector<std::string>& forklifts, const std::vector<std::string>& workers) {
  for (const char* colour : {"purple", "green", "orange", "blue", "yellow", "red"}) {
    const std::string f = std::string(colour) + " forklift", w = std::string(colour) + " worker";
    if (std::find(forklifts.begin(), forklifts.end(), f) == forklifts.end())
      facts.ask("unanswerable", {"When did the " + f + " first pick up a pallet?", "Where did the " + f + " set down its first pallet?"},
                unanswerable(), {});
    if (std::find(workers.begin(), workers.end(), w) == workers.end())
      facts.ask("unanswerable", {"When did the " + w + " leave the hall?", "How long did the " + w + " take to process the first pallet?"},
                unanswerable(), {});
  }
  facts.ask("unanswerable", {"Who processed pallet 9999?", "When did pallet 9999 arrive?"}, unanswerable(), {});
}

}  // namespace

std::vector<Question> ask_warehouse(const History& history, std::uint64_t seed) {
  Facts facts(history, seed);
  const auto forklifts = of_type(history, "forklift"), workers = of_type(history, "worker"), docks = of_type(history, "dock");
  ask_forklifts(facts, forklifts);
  ask_workers(facts, workers);
  ask_flow(facts, docks);
  ask_windows(facts);
  ask_in_vain(facts, forklifts, workers);
  return facts.take(kWarehouseQuestions);
}

}  // namespace reelgraph::sim
