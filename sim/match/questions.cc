// Questions on a match.
#include <algorithm>

#include "sim/questions.h"

namespace reelgraph::sim {
namespace {

constexpr std::size_t kMatchQuestions = 25;

using Events = std::vector<const Happening*>;

Events of_team(const Facts& facts, const std::string& type, const std::string& team) {
  return facts.find({.type = type, .place = team, .role = "team"});
}

Events with(const Facts& facts, const Events& events, const std::string& role, const std::string& who) {
  Events kept;
  std::copy_if(events.begin(), events.end(), std::back_inserter(kept), [&](const Happening* e) { return facts.name(*e, role) == who; });
  return kept;
}

void ask_side(Facts& facts, const std::string& team) {
  const Events shots = of_team(facts, "shot", team), goals = of_team(facts, "goal", team), corners = of_team(facts, "corner_kick", team),
               fouls = of_team(facts, "foul", team), passes = of_team(facts, "pass", team);
  facts.ask("count-entity", {"How many shots did " + team + " have?", "How many shots did " + team + " take?"}, count_of(shots.size()),
            shots);
  facts.ask("count-entity", {"How many goals did " + team + " score?"}, count_of(goals.size()), goals);
  facts.ask("count-entity", {"How many corner kicks did " + team + " have?", "How many corners did " + team + " take?"},
            count_of(corners.size()), corners);
  facts.ask("count-entity", {"How many fouls did " + team + " commit?"}, count_of(fouls.size()), fouls);
  facts.ask("count-entity", {"How many passes did " + team + " make?"}, count_of(passes.size()), passes);
}

void ask_order(Facts& facts) {
  const Events goals = facts.find({.type = "goal"}), shots = facts.find({.type = "shot"});
  if (!goals.empty()) {
    facts.ask("first", {"Who scored the first goal?"}, name_of(facts.name(*goals[0], "agent")), {goals[0]});
    facts.ask("last", {"Who scored the last goal?"}, name_of(facts.name(*goals.back(), "agent")), {goals.back()});
    facts.ask("when", {"When was the first goal scored?", "At what time was the first goal scored?"}, time_of(goals[0]->start), {goals[0]});
    const Events before = facts.find({.type = "shot", .to = goals[0]->start - 0.01});
    facts.ask("count-before", {"How many shots were taken before the first goal?"}, count_of(before.size()), before);
    if (const std::string helper = facts.name(*goals[0], "assister"); !helper.empty())
      facts.ask("role", {"Who assisted the first goal?"}, name_of(helper), {goals[0]});
  }
  if (goals.size() > 1)
    facts.ask("duration", {"How many seconds passed between the first and the second goal?"},
              duration_of(goals[1]->start - goals[0]->start), {goals[0], goals[1]});
  if (!shots.empty())
    facts.ask("first", {"Who took the first shot?", "Who had the first shot?"}, name_of(facts.name(*shots[0], "agent")), {shots[0]});
  if (const std::string best = facts.most(shots, "agent"); !best.empty())
    facts.ask("argmax", {"Which player took the most shots?", "Who had the most shots?"}, name_of(best), with(facts, shots, "agent", best));
  if (const std::string best = facts.most(shots, "team"); !best.empty())
    facts.ask("compare", {"Which team took more shots?", "Which team had more shots?"}, name_of(best), with(facts, shots, "team", best));
  const Events changes = facts.find({.type = "substitution"});
  if (!changes.empty()) {
    const Happening* change = changes[static_cast<std::size_t>(facts.random().integer(0, static_cast<int>(changes.size()) - 1))];
    facts.ask("role", {"Who replaced " + facts.name(*change, "agent") + "?", "Who came on for " + facts.name(*change, "agent") + "?"},
              name_of(facts.name(*change, "replacement")), {change});
    facts.ask("list", {"List the players who were substituted off.", "Which players were substituted off?"},
              {{"kind", "list"}, {"value", facts.names(changes, "agent")}}, changes);
  }
}

}  // namespace

std::vector<Question> ask_match(const History& history, std::uint64_t seed) {
  Facts facts(history, seed);
  std::vector<std::string> teams, players;
  for (const Actor& a : history.actors) {
    if (a.type == "team") teams.push_back(a.name);
    if (a.type == "player") players.push_back(a.name);
  }
  for (const std::string& team : teams) ask_side(facts, team);
  ask_order(facts);
  for (const auto& [type, words] : {std::pair{"shot", "shots"},
                                    {"goal", "goals"},
                                    {"corner_kick", "corner kicks"},
                                    {"foul", "fouls"},
                                    {"save", "saves"},
                                    {"throw_in", "throw-ins"},
                                    {"substitution", "substitutions"}}) {
    const Events all = facts.find({.type = type});
    facts.ask("count", {std::string("How many ") + words + " are there in the match?", std::string("How many ") + words + " were there?"},
              count_of(all.size()), all);
  }
  const Events passes = facts.find({.type = "pass"});
  for (int i = 0; i < 4 && !passes.empty(); ++i) {
    const Happening* p = passes[static_cast<std::size_t>(facts.random().integer(0, static_cast<int>(passes.size()) - 1))];
    const std::string from = facts.name(*p, "agent"), to = facts.name(*p, "recipient");
    if (to.empty()) continue;
    const Events same = with(facts, facts.find({.type = "pass", .agent = from}), "recipient", to);
    facts.ask("relation",
              {"How many times did " + from + " pass to " + to + "?", "How many times did " + from + " complete a pass to " + to + "?"},
              count_of(same.size()), same);
  }
  for (int i = 0; i < 3; ++i) {
    const std::string& who = players[static_cast<std::size_t>(facts.random().integer(0, static_cast<int>(players.size()) - 1))];
    const Events shots = facts.find({.type = "shot", .agent = who}), goals = facts.find({.type = "goal", .agent = who});
    facts.ask("count-entity", {"How many shots did " + who + " have?", "How many shots did " + who + " take?"}, count_of(shots.size()),
              shots);
    facts.ask("exists", {"Did " + who + " score a goal?"}, yes_or_no(!goals.empty()), goals);
  }
  const Events cards = facts.find({.type = "foul"});
  const bool card = std::any_of(cards.begin(), cards.end(), [](const Happening* e) { return e->attributes.contains("card"); });
  facts.ask("exists", {"Was anybody shown a yellow card?", "Was there a yellow card?"}, yes_or_no(card), {});
  facts.ask("exists", {"Was there a penalty?", "Was there an own goal?", "Was any player sent off?"}, yes_or_no(false), {});
  facts.ask("unanswerable", {"When did Mandragor score?", "Who replaced Mandragor?", "How many shots did Mandragor have?"}, unanswerable(),
            {});
  return facts.take(kMatchQuestions);
}

}  // namespace reelgraph::sim
