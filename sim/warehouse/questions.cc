// Questions on a warehouse.
#include <algorithm>
#include <cmath>
#include <iterator>
#include <tuple>

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

/// Distinct things with the role: what "how many pallets" asks for.
std::size_t distinct(const Facts& facts, const Events& events, const std::string& role) { return facts.names(events, role).size(); }

/// No event begins or ends within two seconds of `t`, or goes on there: nobody can miscount.
bool clear_of(const Events& events, double t) {
  return std::none_of(events.begin(), events.end(), [&](const Happening* e) { return e->start - 2 < t && t < e->end + 2; });
}

void ask_of_carrier(Facts& facts, const std::string& f) {
  const Events picks = facts.find({.type = "pick_up", .agent = f}), drops = facts.find({.type = "drop", .agent = f});
  facts.ask("count", {"How many times did the " + f + " pick up a pallet?", "How often did the " + f + " pick up a pallet?"},
            count_of(picks.size()), picks);
  facts.ask("count", {"How many pallets did the " + f + " pick up?"}, count_of(distinct(facts, picks, "object")), picks);
  facts.ask("count", {"How many times did the " + f + " drop a pallet?", "How often did the " + f + " set down a pallet?"},
            count_of(drops.size()), drops);
  for (const char* load : {"drums", "boxes", "sacks"}) {
    Events loaded;
    std::copy_if(picks.begin(), picks.end(), std::back_inserter(loaded),
                 [&](const Happening* e) { return e->attributes.value("load", "") == load; });
    facts.ask("load", {"How many times did the " + f + " pick up " + load + "?"}, count_of(loaded.size()), loaded);
  }
  for (const char* zone : {"storage", "staging", "packing 1"}) {
    const Events here = facts.find({.type = "drop", .agent = f, .place = zone});
    const std::string z = zone;
    facts.ask("yes-no", {"Did the " + f + " drop a pallet at " + z + "?", "Did the " + f + " ever drop a pallet at " + z + "?"},
              yes_or_no(!here.empty()), here);
    facts.ask("count", {"How many times did the " + f + " drop a pallet at " + z + "?"}, count_of(here.size()), here);
    if (!here.empty())
      facts.ask("time", {"When did the " + f + " drop a pallet at " + z + " for the first time?"}, time_of(here[0]->start), {here[0]});
  }
  if (!picks.empty()) {
    facts.ask("time", {"When did the " + f + " first pick up a pallet?", "When did the " + f + " pick up a pallet for the first time?"},
              time_of(picks[0]->start), {picks[0]});
    facts.ask("time", {"When did the " + f + " pick up a pallet for the last time?", "When did the " + f + " last pick up a pallet?"},
              time_of(picks.back()->start), {picks.back()});
  }
  const Events idles = facts.find({.type = "idle", .agent = f}), failures = facts.find({.type = "breakdown", .agent = f}),
               trips = facts.find({.type = "travel", .agent = f});
  facts.ask("count", {"How many trips did the " + f + " make?"}, count_of(trips.size()), trips);
  facts.ask("count", {"How many times was the " + f + " idle?"}, count_of(idles.size()), idles);
  if (!idles.empty()) {
    facts.ask("duration", {"How long was the " + f + " idle in total?", "For how long in total was the " + f + " idle?"},
              total_of(total(idles)), idles);
    facts.ask("longest", {"How long was the longest idle time of the " + f + "?", "What was the longest time that the " + f + " was idle?"},
              duration_of(length(longest(idles))), {longest(idles)});
  }
  // Only a long one of a loaded forklift can be told from idling by those who see it.
  const bool seen = std::any_of(failures.begin(), failures.end(), [&](const Happening* e) {
    return length(e) > 15 && std::any_of(trips.begin(), trips.end(), [&](const Happening* trip) {
             return trip->start <= e->start && e->end <= trip->end && trip->attributes.value("loaded", false);
           });
  });
  if (seen || failures.empty())
    facts.ask("yes-no", {"Did the " + f + " break down?", "Did the " + f + " ever break down?"}, yes_or_no(seen), failures);
}

void ask_forklifts(Facts& facts, const std::vector<std::string>& forklifts) {
  for (const std::string& f : forklifts) ask_of_carrier(facts, f);
  if (forklifts.size() < 2) return;
  const Events all = facts.find({.type = "pick_up"}), drops = facts.find({.type = "drop"});
  if (const std::string best = facts.most(all, "agent"); !best.empty()) {
    facts.ask("most", {"Which forklift picked up pallets most often?", "Which forklift picked up the most pallets?"}, name_of(best),
              facts.find({.type = "pick_up", .agent = best}));
    const std::string& other = forklifts[0] == best ? forklifts[1] : forklifts[0];
    facts.ask("compare", {"Did the " + best + " pick up more pallets than the " + other + "?"}, yes_or_no(true), {});
  }
  if (const std::string best = facts.most(drops, "agent"); !best.empty())
    facts.ask("most", {"Which forklift dropped the most pallets?"}, name_of(best), facts.find({.type = "drop", .agent = best}));
  if (!all.empty()) {
    facts.ask("who", {"Which forklift picked up the first pallet?"}, name_of(facts.name(*all[0], "agent")), {all[0]});
    facts.ask("who", {"Which forklift picked up the last pallet?"}, name_of(facts.name(*all.back(), "agent")), {all.back()});
  }
}

void ask_of_worker(Facts& facts, const std::string& w) {
  const Events done = facts.find({.type = "process", .agent = w}), breaks = facts.find({.type = "leave", .agent = w, .place = "hall"}),
               enters = facts.find({.type = "enter", .agent = w, .place = "packing 1"});
  facts.ask("count", {"How many pallets did the " + w + " process?", "How many times did the " + w + " process a pallet?"},
            count_of(done.size()), done);
  facts.ask("count", {"How many times did the " + w + " leave the hall?", "How often did the " + w + " leave the hall?"},
            count_of(breaks.size()), breaks);
  facts.ask("count", {"How many times did the " + w + " enter packing 1?", "How often did the " + w + " enter packing 1?"},
            count_of(enters.size()), enters);
  facts.ask("yes-no", {"Did the " + w + " leave the hall?", "Did the " + w + " ever leave the hall?"}, yes_or_no(!breaks.empty()), breaks);
  if (!done.empty()) {
    facts.ask("longest", {"How long was the longest processing by the " + w + "?"}, duration_of(length(longest(done))), {longest(done)});
    facts.ask("duration",
              {"How long did the " + w + " process pallets in total?", "For how long in total did the " + w + " process pallets?"},
              total_of(total(done)), done);
    facts.ask("time",
              {"When did the " + w + " first process a pallet?", "When did the " + w + " begin to process a pallet for the first time?"},
              time_of(done[0]->start), {done[0]});
    // What goes on in the middle of the longest, if nothing else of this worker does.
    const Happening* e = longest(done);
    const double middle = std::floor((e->start + e->end) / 2);
    facts.ask("event-at", {"What does the " + w + " do at " + clock(middle) + "?", "What is the " + w + " doing at " + clock(middle) + "?"},
              {{"kind", "event"}, {"value", "process"}}, {e});
    facts.ask("yes-no", {"Was the " + w + " idle at " + clock(middle) + "?", "Is the " + w + " idle at " + clock(middle) + "?"},
              yes_or_no(false), {});
  }
  if (!breaks.empty())
    facts.ask("time", {"When did the " + w + " leave the hall for the first time?", "When did the " + w + " first leave the hall?"},
              time_of(breaks[0]->start), {breaks[0]});
}

void ask_workers(Facts& facts, const std::vector<std::string>& workers) {
  for (const std::string& w : workers) ask_of_worker(facts, w);
  const Events all = facts.find({.type = "process"}), enters = facts.find({.type = "enter", .place = "packing 1"});
  if (all.empty()) return;
  facts.ask("longest", {"How long did the longest processing take?", "How long was the longest process?"},
            duration_of(length(longest(all))), {longest(all)});
  facts.ask("count", {"How many pallets were processed?"}, count_of(distinct(facts, all, "object")), all);
  if (workers.size() < 2) return;
  facts.ask("who", {"Which worker processed the first pallet?"}, name_of(facts.name(*all[0], "agent")), {all[0]});
  facts.ask("who", {"Which worker processed the last pallet?"}, name_of(facts.name(*all.back(), "agent")), {all.back()});
  facts.ask("list", {"Which workers processed a pallet?"}, {{"kind", "list"}, {"value", facts.names(all, "agent")}}, all);
  if (!enters.empty())
    facts.ask("who", {"Who entered packing 1 first?", "Which worker entered packing 1 first?"}, name_of(facts.name(*enters[0], "agent")),
              {enters[0]});
  if (const std::string best = facts.most(all, "agent"); !best.empty())
    facts.ask("most", {"Which worker processed the most pallets?"}, name_of(best), facts.find({.type = "process", .agent = best}));
}

void ask_flow(Facts& facts, const std::vector<std::string>& docks) {
  const Events all = facts.find({.type = "arrive"});
  facts.ask("count", {"How many pallets arrived?", "How many pallets arrive in all?"}, count_of(all.size()), all);
  for (const char* load : {"drums", "boxes", "sacks"}) {
    Events loaded;
    std::copy_if(all.begin(), all.end(), std::back_inserter(loaded),
                 [&](const Happening* e) { return e->attributes.value("load", "") == load; });
    facts.ask("load",
              {std::string("How many pallets of ") + load + " arrived?", std::string("How many pallets with ") + load + " arrived?"},
              count_of(loaded.size()), loaded);
  }
  for (const std::string& dock : docks) {
    const Events here = facts.find({.type = "arrive", .place = dock});
    facts.ask("count", {"How many pallets arrived at " + dock + "?"}, count_of(here.size()), here);
    if (!here.empty())
      facts.ask("time", {"When did the first pallet arrive at " + dock + "?", "When was the first arrival at " + dock + "?"},
                time_of(here[0]->start), {here[0]});
  }
  if (!all.empty())
    facts.ask("time", {"When did the last pallet arrive?", "When was the last arrival?"}, time_of(all.back()->start), {all.back()});
  if (all.size() > 2) {
    facts.ask("gap",
              {"How many seconds passed between the first and the second arrival?",
               "How much time passed between the first and the second arrival?"},
              duration_of(all[1]->start - all[0]->start), {all[0], all[1]});
    facts.ask("gap", {"How many seconds passed between the first and the last arrival?"}, duration_of(all.back()->start - all[0]->start),
              {all[0], all.back()});
  }
  for (const char* zone : {"staging", "storage", "packing 1"}) {
    const Events drops = facts.find({.type = "drop", .place = zone});
    const std::string z = zone;
    facts.ask("count", {"How many pallets were set down at " + z + "?", "How many pallets were dropped at " + z + "?"},
              count_of(distinct(facts, drops, "object")), drops);
    if (!drops.empty())
      facts.ask("time", {"When was the first pallet dropped at " + z + "?", "When was a pallet first set down at " + z + "?"},
                time_of(drops[0]->start), {drops[0]});
  }
  const Events waits = facts.find({.type = "wait"}), staged = facts.find({.type = "wait", .place = "staging"});
  if (!waits.empty())
    facts.ask("longest", {"How long was the longest wait?", "What was the longest waiting time?"}, duration_of(length(longest(waits))),
              {longest(waits)});
  if (!staged.empty())
    facts.ask("longest", {"How long was the longest wait at staging?"}, duration_of(length(longest(staged))), {longest(staged)});
  for (const int limit : {20, 30, 60}) {
    if (std::any_of(waits.begin(), waits.end(), [&](const Happening* e) { return std::abs(length(e) - limit) < 2; })) continue;
    Events longer;
    std::copy_if(waits.begin(), waits.end(), std::back_inserter(longer), [&](const Happening* e) { return length(e) > limit; });
    facts.ask("longer", {"How many waits were longer than " + std::to_string(limit) + " seconds?"}, count_of(longer.size()), longer);
  }
}

void ask_windows(Facts& facts) {
  const double seconds = facts.history().seconds;
  const double half = std::floor(seconds / 2 / 30) * 30;
  for (const auto& [type, verb, role] :
       {std::tuple{"arrive", "arrived", "agent"}, {"pick_up", "were picked up", "object"}, {"process", "were processed", "object"}}) {
    const double from = std::floor(facts.random().uniform(0.1, 0.4) * seconds / 30) * 30,
                 to = from + std::floor(facts.random().uniform(0.3, 0.5) * seconds / 30) * 30;
    const Events all = facts.find({.type = type});
    if (to > from && clear_of(all, from) && clear_of(all, to)) {
      const Events between = facts.find({.type = type, .from = from, .to = to});
      facts.ask("window", {std::string("How many pallets ") + verb + " between " + clock(from) + " and " + clock(to) + "?"},
                count_of(distinct(facts, between, role)), between);
    }
    if (half >= 60 && clear_of(all, half)) {
      const Events first = facts.find({.type = type, .to = half});
      facts.ask("window", {std::string("How many pallets ") + verb + " before " + clock(half) + "?"},
                count_of(distinct(facts, first, role)), first);
    }
  }
}

void ask_in_vain(Facts& facts, const std::vector<std::string>& forklifts, const std::vector<std::string>& workers) {
  for (const char* colour : {"purple", "green", "orange", "blue", "yellow", "red"}) {
    const std::string f = std::string(colour) + " forklift", w = std::string(colour) + " worker";
    if (std::find(forklifts.begin(), forklifts.end(), f) == forklifts.end())
      facts.ask("unanswerable", {"When did the " + f + " first pick up a pallet?"}, unanswerable(), {});
    if (std::find(workers.begin(), workers.end(), w) == workers.end())
      facts.ask("unanswerable", {"When did the " + w + " leave the hall?", "When did the " + w + " first process a pallet?"},
                unanswerable(), {});
  }
  facts.ask("unanswerable", {"When did the first truck leave?", "When did a pallet arrive at dock 7?"}, unanswerable(), {});
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
