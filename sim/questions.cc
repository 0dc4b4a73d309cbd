#include "sim/questions.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <ostream>

namespace reelgraph::sim {
namespace {

double to_millisecond(double seconds) { return std::round(seconds * 1000) / 1000; }

}  // namespace

nlohmann::json count_of(std::size_t value) { return {{"kind", "count"}, {"value", value}}; }
nlohmann::json time_of(double seconds) { return {{"kind", "time"}, {"value", to_millisecond(seconds)}, {"tolerance", 2}}; }
nlohmann::json duration_of(double seconds) { return {{"kind", "duration"}, {"value", to_millisecond(seconds)}, {"tolerance", 2}}; }
nlohmann::json total_of(double seconds) {
  return {{"kind", "duration"}, {"value", to_millisecond(seconds)}, {"tolerance", std::max(2.0, to_millisecond(0.03 * seconds))}};
}
nlohmann::json name_of(const std::string& value) { return {{"kind", "entity"}, {"value", value}}; }
nlohmann::json yes_or_no(bool value) { return {{"kind", "boolean"}, {"value", value}}; }
nlohmann::json unanswerable() { return {{"kind", "none"}, {"value", nullptr}}; }

std::string Facts::name(const Happening& event, const std::string& role) const {
  const int actor = History::part(event, role);
  return actor < 0 ? std::string() : history_.actors[static_cast<std::size_t>(actor)].name;
}

std::vector<const Happening*> Facts::find(const Filter& f) const {
  std::vector<const Happening*> found;
  for (const Happening& e : history_.events) {
    if (e.type != f.type || e.start < f.from || e.start > f.to) continue;
    if (!f.agent.empty() && name(e, "agent") != f.agent) continue;
    if (!f.object.empty() && name(e, "object") != f.object) continue;
    if (!f.place.empty() && name(e, f.role) != f.place) continue;
    if (!f.agent_type.empty()) {
      const int agent = History::part(e, "agent");
      if (agent < 0 || history_.actors[static_cast<std::size_t>(agent)].type != f.agent_type) continue;
    }
    found.push_back(&e);
  }
  return found;
}

std::vector<std::string> Facts::names(const std::vector<const Happening*>& events, const std::string& role) const {
  std::vector<std::string> result;
  for (const Happening* e : events) {
    const std::string who = name(*e, role);
    if (!who.empty() && std::find(result.begin(), result.end(), who) == result.end()) result.push_back(who);
  }
  return result;
}

std::string Facts::most(const std::vector<const Happening*>& events, const std::string& role) const {
  std::map<std::string, int> counts;
  for (const Happening* e : events) {
    if (const std::string who = name(*e, role); !who.empty()) ++counts[who];
  }
  std::string best;
  int most = 0, equal = 0;
  for (const auto& [who, count] : counts) {
    if (count > most)
      best = who, most = count, equal = 0;
    else if (count == most)
      ++equal;
  }
  return equal > 0 ? std::string() : best;
}

void Facts::ask(const std::string& category, std::initializer_list<std::string> wordings, nlohmann::json answer,
                const std::vector<const Happening*>& evidence) {
  const auto pick = static_cast<std::size_t>(random_.integer(0, static_cast<int>(wordings.size()) - 1));
  Question question{category, *(wordings.begin() + static_cast<std::ptrdiff_t>(pick)), std::move(answer), {}};
  constexpr std::size_t kMostEvidence = 50;
  for (const Happening* e : evidence) {
    if (question.evidence.size() < kMostEvidence) question.evidence.emplace_back(to_millisecond(e->start), to_millisecond(e->end));
  }
  const bool told = std::any_of(questions_.begin(), questions_.end(), [&](const Question& q) { return q.text == question.text; });
  if (!told) questions_.push_back(std::move(question));
}

std::vector<Question> Facts::take(std::size_t most) {
  std::vector<Question> chosen = std::move(questions_);
  for (std::size_t i = chosen.size(); i > 1; --i)
    std::swap(chosen[i - 1], chosen[static_cast<std::size_t>(random_.integer(0, static_cast<int>(i) - 1))]);
  // Of each category in turn.
  std::vector<Question> result;
  while (result.size() < most && !chosen.empty()) {
    std::vector<std::string> seen;
    for (auto q = chosen.begin(); q != chosen.end() && result.size() < most;) {
      if (std::find(seen.begin(), seen.end(), q->category) != seen.end()) {
        ++q;
        continue;
      }
      seen.push_back(q->category);
      result.push_back(std::move(*q));
      q = chosen.erase(q);
    }
  }
  return result;
}

void write_questions(const std::vector<Question>& questions, const std::string& video, std::ostream& out) {
  int number = 0;
  for (const Question& q : questions) {
    nlohmann::ordered_json line{
        {"id", video + "-q" + std::to_string(++number)}, {"video", video}, {"category", q.category}, {"question", q.text}};
    line["answer"] = q.answer;
    line["evidence"] = q.evidence;
    out << line.dump() << '\n';
  }
}

}  // namespace reelgraph::sim
