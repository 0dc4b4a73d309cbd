#pragma once
// Citations: what an answer points at, with the kept frame that shows it.

#include <string>
#include <vector>

#include "graph/store.h"
#include "query/engine.h"

namespace reelgraph::query {

/// Gathers the citations of one answer; the same event or span is cited once.
class Evidence {
 public:
  /// @param store borrowed
  /// @param most citations beyond that many are dropped (their claims lose the reference)
  Evidence(const graph::Store& store, int most, bool with_frames);

  /// @returns the citation's 1-based number, or 0 if there are already too many
  int cite(const graph::EventRecord& event);
  int cite(const graph::Passage& passage);
  /// A span in which something was not seen; its frame is the one nearest to its middle.
  int cite(const std::string& video, base::TimeSpan span, const std::string& text);

  [[nodiscard]] std::size_t room() const { return full() ? 0 : static_cast<std::size_t>(most_) - citations_.size(); }
  [[nodiscard]] bool full() const { return static_cast<int>(citations_.size()) >= most_; }
  [[nodiscard]] std::vector<Citation> take() { return std::move(citations_); }

 private:
  int add(Citation citation, base::Timestamp show_at, base::Duration slack);

  const graph::Store& store_;
  int most_;
  bool with_frames_;
  std::vector<Citation> citations_;
};

/// "0:19:31.230 in match-1", or "0:10:00.000-0:12:00.000 in match-1" for what lasts a second or longer.
[[nodiscard]] std::string when_where(const std::string& video, base::TimeSpan span);

/// An event in words: its description, else "TYPE: name, name".
[[nodiscard]] std::string event_text(const graph::EventRecord& event);

/// "person_opens_door" -> "person opens door"
[[nodiscard]] std::string readable(const std::string& type);
/// Several types: "a, b or c".
[[nodiscard]] std::string readable(const std::vector<std::string>& types);

[[nodiscard]] nlohmann::json moment_json(const std::string& video, base::TimeSpan span);

}  // namespace reelgraph::query
