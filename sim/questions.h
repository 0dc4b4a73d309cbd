#pragma once
// Questions on a simulated film, with answers computed from what happened in it.

#include <functional>
#include <initializer_list>
#include <iosfwd>
#include <string>
#include <utility>
#include <vector>

#include "sim/history.h"
#include "sim/random.h"

namespace reelgraph::sim {

struct Question {
  std::string category, text;
  nlohmann::json answer;  ///< {"kind": ..., "value": ..., "tolerance": ...}
  std::vector<std::pair<double, double>> evidence;
};

/// Events by what they are; all that is empty is not asked for. Borrows the history.
struct Filter {
  std::string type, agent, object, place;  ///< names of actors; `place` is a place, station, source or destination
  std::string agent_type, role = "place";
  double from = -1, to = 1e18;  ///< start within
};

class Facts {
 public:
  Facts(const History& history, std::uint64_t seed) : history_(history), random_(Random(seed).fork(61)) {}

  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] Random& random() { return random_; }
  /// In the order of their starts.
  [[nodiscard]] std::vector<const Happening*> find(const Filter& filter) const;
  [[nodiscard]] std::string name(const Happening& event, const std::string& role) const;  ///< "": nobody
  /// Names of actors of a type that occur as `role` of the events, in the order of first sight.
  [[nodiscard]] std::vector<std::string> names(const std::vector<const Happening*>& events, const std::string& role) const;
  /// The name with the most events; empty if two are equal or nobody has one.
  [[nodiscard]] std::string most(const std::vector<const Happening*>& events, const std::string& role) const;

  void ask(const std::string& category, std::initializer_list<std::string> wordings, nlohmann::json answer,
           const std::vector<const Happening*>& evidence);
  /// Some of what was asked, no two of one text, in an order of its own.
  [[nodiscard]] std::vector<Question> take(std::size_t most);

 private:
  const History& history_;
  Random random_;
  std::vector<Question> questions_;
};

[[nodiscard]] nlohmann::json count_of(std::size_t value);
[[nodiscard]] nlohmann::json time_of(double seconds);
[[nodiscard]] nlohmann::json duration_of(double seconds);
/// Of many spans, each seen to about a second: right within 3 %, at least 2 s.
[[nodiscard]] nlohmann::json total_of(double seconds);
[[nodiscard]] nlohmann::json name_of(const std::string& value);
[[nodiscard]] nlohmann::json yes_or_no(bool value);
[[nodiscard]] nlohmann::json unanswerable();

/// About 25 questions; fewer where little happened.
[[nodiscard]] std::vector<Question> ask_warehouse(const History& history, std::uint64_t seed);
[[nodiscard]] std::vector<Question> ask_match(const History& history, std::uint64_t seed);

/// One JSON object a line (the format of `reelgraph eval`).
void write_questions(const std::vector<Question>& questions, const std::string& video, std::ostream& out);

}  // namespace reelgraph::sim
