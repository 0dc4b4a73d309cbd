#include "query/question.h"

#include <algorithm>
#include <unordered_set>

namespace reelgraph::query {
namespace {

using Words = std::vector<Word>;

// Words that ask for a computation which is not done here. Where one stays unread, no number may be given.
bool is_operator(const std::string& w) {
  static const std::unordered_set<std::string_view> words = {
      "after",   "before",   "since",   "until",       "till",    "during",   "while",   "between", "than",      "most",    "more",
      "less",    "fewer",    "fewest",  "least",       "longest", "shortest", "only",    "both",    "other",     "another", "each",
      "either",  "per",      "average", "same",        "instead", "if",       "versus",  "vs",      "every",     "later",   "once",
      "next",    "previous", "mean",    "consecutive", "again",   "except",   "besides", "twice",   "meanwhile", "overlap", "overlaps",
      "earlier", "sooner",   "biggest", "highest",     "lowest",  "largest",  "also",    "all"};
  return words.contains(w);
}

bool is_auxiliary(const std::string& w) {
  return is_any(w, {"is", "are", "was", "were", "does", "do", "did", "has", "have", "had", "can", "could", "will", "any", "isn't", "aren't",
                    "wasn't", "didn't", "doesn't"});
}

// Reads the words of one question. Each step marks what it has read; what nobody marks is left over.
class Reading {
 public:
  Reading(const Words& words, const Linker& linker, const std::vector<std::string>& videos) : words_(words), taken_(words.size(), false) {
    question_.times = find_time_phrases(words);
    for (const TimePhrase& t : question_.times) mark(t.from, t.to);
    read_passing();
    links_ = linker.link(words, taken_, videos);
    for (const Link& l : links_) mark(l.from, l.to);
  }

  Question read() {
    read_gap();
    read_anchor();
    read_intent();
    read_links();
    read_ordinal();
    read_rest();
    return std::move(question_);
  }

 private:
  void mark(std::size_t from, std::size_t to) {
    std::fill(taken_.begin() + static_cast<std::ptrdiff_t>(from), taken_.begin() + static_cast<std::ptrdiff_t>(to), true);
  }

  [[nodiscard]] const Link* event_at(std::size_t i) const {
    for (const Link& l : links_) {
      if (l.kind == Link::Kind::kEventType && l.from == i) return &l;
    }
    return nullptr;
  }

  [[nodiscard]] std::size_t skip(std::size_t i, std::initializer_list<std::string_view> any) const {
    while (i < words_.size() && is_any(words_[i].folded, any)) ++i;
    return i;
  }

  // In "how many seconds passed" nothing is a pass.
  void read_passing() {
    for (std::size_t i = 0; i + 3 < words_.size(); ++i) {
      const bool asks = says({"how", "many", "seconds"}, i) || says({"how", "many", "minutes"}, i) || says({"how", "many", "hours"}, i) ||
                        says({"how", "much", "time"}, i);
      if (asks && is_any(words_[i + 3].folded, {"passed", "pass", "passes", "elapsed", "lie", "lay"})) mark(i + 3, i + 4);
    }
  }

  // "between the first and the second goal", "from the first cut to the last one"
  void read_gap() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (taken_[i] || !is_any(words_[i].folded, {"between", "from"})) continue;
      std::size_t k = skip(i + 1, {"the"});
      const auto a = k < words_.size() ? parse_ordinal(words_[k].folded) : std::nullopt;
      if (!a) continue;
      ++k;
      if (event_at(k) != nullptr) k = event_at(k)->to;
      if (k >= words_.size() || !is_any(words_[k].folded, {"and", "to"})) continue;
      k = skip(k + 1, {"the"});
      const auto b = k < words_.size() ? parse_ordinal(words_[k].folded) : std::nullopt;
      if (!b) continue;
      mark(i, k + 1);
      question_.gap = {*a, *b};
      return;
    }
  }

  void read_anchor() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const bool after = is_any(words_[i].folded, {"after", "since", "following"});
      const bool before = is_any(words_[i].folded, {"before", "until", "till"});
      if (taken_[i] || !(after || before)) continue;
      std::size_t k = skip(i + 1, {"the", "a", "an"});
      std::optional<int> ordinal = k < words_.size() ? parse_ordinal(words_[k].folded) : std::nullopt;
      if (ordinal) ++k;
      const Link* event = event_at(k);
      if (event == nullptr || event->partial) continue;
      Anchor anchor;
      anchor.side = after ? Anchor::Side::kAfter : Anchor::Side::kBefore;
      anchor.types = event->names;
      anchor.ordinal = ordinal.value_or(1);
      k = event->to;
      std::size_t tail = skip(k, {"has", "is", "was", "had", "been"});
      if (tail < words_.size() && is_any(words_[tail].folded, {"ended", "finished", "over", "ends"})) {
        anchor.ended = true;
        k = tail + 1;
      }
      anchor_link_ = event;
      mark(i, k);
      question_.anchor = std::move(anchor);
      return;
    }
  }

  [[nodiscard]] bool says(std::initializer_list<std::string_view> phrase, std::size_t at) const {
    for (const std::string_view w : phrase) {
      if (at >= words_.size() || words_[at].folded != w) return false;
      ++at;
    }
    return true;
  }

  [[nodiscard]] bool is_video_word(std::size_t i) const {
    return i < words_.size() && is_any(words_[i].folded, {"video", "videos", "film", "films", "clip", "clips", "match", "matches", "game",
                                                          "games", "recording", "recordings", "camera", "cameras"});
  }

  void read_intent() {
    Intent& intent = question_.intent;
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const std::string& w = words_[i].folded;
      if (says({"how", "many"}, i)) {
        const std::size_t k = i + 2;
        intent = k < words_.size() && is_any(words_[k].folded, {"seconds", "minutes", "hours"}) ? Intent::kDuration : Intent::kCount;
        if (intent == Intent::kDuration) unit_asked_ = k;
        return;
      }
      if (says({"how", "often"}, i) || says({"number", "of"}, i) || (w == "count" && i == 0)) return set(Intent::kCount);
      if (says({"how", "long"}, i) || says({"how", "much", "time"}, i) || says({"total", "duration"}, i)) return set(Intent::kDuration);
      if (w == "when" && !taken_[i] && (i == 0 || taken_[i - 1] || is_stop_word(words_[i - 1].folded))) return set(Intent::kWhen);
      if (is_any(w, {"what", "which"}) && i + 1 < words_.size()) {
        if (is_any(words_[i + 1].folded, {"time", "point", "moment", "times", "moments"})) return set(Intent::kWhen);
        if (is_video_word(i + 1)) return set(Intent::kVideos);
        if (entity_type_at(i + 1)) return set(Intent::kWho);
        if (order_asked()) return set(Intent::kFirstOf);
        if (is_any(words_[i + 1].folded, {"happen", "happens", "happened", "event", "events", "is", "was", "can", "do", "does"}))
          return set(Intent::kEvents);
        return set(Intent::kOpen);
      }
      if (is_any(w, {"who", "whom"})) return set(Intent::kWho);
      if (is_any(w, {"why", "how", "where", "whose"})) {
        question_.unsupported.push_back(w);
        return set(Intent::kOpen);
      }
      if (is_any(w, {"list", "name"}) && i == 0) {
        const std::size_t k = skip(i + 1, {"the", "all", "every"});
        mark(i, k);
        return set(is_video_word(k) ? Intent::kVideos : entity_type_at(k) ? Intent::kWho : Intent::kWhen);
      }
      if (is_auxiliary(w) && !taken_[i] && clause_starts(i)) return set(Intent::kExists);
    }
  }

  void set(Intent intent) { question_.intent = intent; }

  // At the start, or after a leading time phrase or anchor ("after 1:20, is there ...").
  [[nodiscard]] bool clause_starts(std::size_t i) const {
    for (std::size_t k = 0; k < i; ++k) {
      if (!taken_[k] && !is_stop_word(words_[k].folded)) return false;
    }
    return true;
  }

  [[nodiscard]] bool entity_type_at(std::size_t i) const {
    return std::any_of(links_.begin(), links_.end(), [&](const Link& l) { return l.kind == Link::Kind::kEntityType && l.from == i; });
  }

  // "Which happens first: A or B?"
  [[nodiscard]] bool order_asked() const {
    const auto events = std::count_if(links_.begin(), links_.end(), [](const Link& l) { return l.kind == Link::Kind::kEventType; });
    const auto has = [&](std::initializer_list<std::string_view> any) {
      return std::any_of(words_.begin(), words_.end(), [&](const Word& w) { return is_any(w.folded, any); });
    };
    return events >= 2 && has({"first", "last", "earlier", "sooner"}) && has({"or"});
  }

  void read_links() {
    for (const Link& l : links_) {
      switch (l.kind) {
        case Link::Kind::kEventType:
          if (&l == anchor_link_) break;
          question_.partial = question_.partial || l.partial;
          question_.known_absent = question_.known_absent || l.known_absent;
          if (std::find(question_.subjects.begin(), question_.subjects.end(), l.names) == question_.subjects.end())
            question_.subjects.push_back(l.names);
          break;
        case Link::Kind::kEntityType: read_entity_type(l); break;
        case Link::Kind::kRole: read_role(l); break;
        case Link::Kind::kEntity:
          question_.entities.push_back(l);
          question_.direction.push_back(
              l.from > 0 && is_any(words_[l.from - 1].folded, {"to", "from", "by", "for"}) ? words_[l.from - 1].folded : "");
          break;
      }
    }
  }

  void read_entity_type(const Link& link) {
    const std::string before = link.from > 0 ? words_[link.from - 1].folded : "";
    const bool asked_for = is_any(before, {"which", "what", "many", "the", "all", "any", "list", "name", "every"});
    if (asked_for && !question_.entity_type && link.names.size() == 1)
      question_.entity_type = link.names.front();
    else if (!asked_for)
      question_.leftover.push_back(words_[link.from]);
  }

  void read_role(const Link& link) {
    question_.roles.insert(question_.roles.end(), link.names.begin(), link.names.end());
    const bool passive = link.from > 0 && is_any(words_[link.from - 1].folded, {"was", "were", "is", "been", "got"});
    const bool by = link.to < words_.size() && words_[link.to].folded == "by";
    question_.passive_role = passive && !by;
  }

  // An ordinal belongs to the event it stands near; a second one that nothing has read makes the question too hard.
  void read_ordinal() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      if (taken_[i] || i == unit_asked_) continue;
      const auto ordinal = parse_ordinal(words_[i].folded);
      if (!ordinal) continue;
      mark(i, i + 1);
      if (question_.ordinal && question_.ordinal != ordinal) question_.unsupported.push_back(words_[i].folded);
      question_.ordinal = ordinal;
    }
  }

  void read_rest() {
    for (std::size_t i = 0; i < words_.size(); ++i) {
      const Word& w = words_[i];
      const bool in_link = std::any_of(links_.begin(), links_.end(), [&](const Link& l) { return l.from <= i && i < l.to; });
      const bool in_time =
          std::any_of(question_.times.begin(), question_.times.end(), [&](const TimePhrase& t) { return t.from <= i && i < t.to; });
      if (!in_time && !is_stop_word(w.folded) && !is_negation(w.folded) && (in_link || !is_light_word(w)))
        question_.content.push_back(w.folded);
      if (is_any(w.folded, {"total", "altogether", "combined"})) question_.total = true;
      if (taken_[i] || i == unit_asked_) continue;
      if (is_negation(w.folded)) {
        if (question_.negated) question_.unsupported.push_back(w.folded);
        question_.negated = true;
      } else if (is_operator(w.folded)) {
        const bool read = (question_.intent == Intent::kFirstOf && is_any(w.folded, {"earlier", "sooner"})) || (w.folded == "all" && i > 0);
        if (!read) question_.unsupported.push_back(w.folded);
      } else if (!is_stop_word(w.folded) && !is_light_word(w)) {
        question_.leftover.push_back(w);
      }
    }
    if (question_.subjects.size() > 1 && question_.intent != Intent::kFirstOf)
      question_.unsupported.push_back("several kinds of event at once");
    if (question_.times.size() > 1) question_.unsupported.push_back("several times at once");
    if (question_.negated && question_.intent != Intent::kWhen && question_.intent != Intent::kDuration)
      question_.unsupported.push_back("negation");
  }

  const Words& words_;
  std::vector<bool> taken_;
  std::vector<Link> links_;
  const Link* anchor_link_ = nullptr;
  std::size_t unit_asked_ = static_cast<std::size_t>(-1);
  Question question_;
};

}  // namespace

Question understand(const Words& words, const Linker& linker, const std::vector<std::string>& videos) {
  return Reading(words, linker, videos).read();
}

const char* intent_name(Intent intent) {
  switch (intent) {
    case Intent::kCount: return "count";
    case Intent::kExists: return "exists";
    case Intent::kWhen: return "when";
    case Intent::kDuration: return "how_long";
    case Intent::kWho: return "who";
    case Intent::kVideos: return "which_videos";
    case Intent::kFirstOf: return "first_of";
    case Intent::kEvents: return "what_happens";
    case Intent::kOpen: return "nearest_evidence";
  }
  return "nearest_evidence";
}

nlohmann::json plan_json(const Question& q) {
  nlohmann::json plan = {{"intent", intent_name(q.intent)}};
  if (!q.subjects.empty()) plan["event_types"] = q.subjects;
  if (q.entity_type) plan["entity_type"] = *q.entity_type;
  for (const Link& e : q.entities) plan["entities"].push_back({{"names", e.names}, {"ids", e.entities}});
  if (!q.roles.empty()) plan["roles"] = q.roles;
  if (q.ordinal) plan["ordinal"] = *q.ordinal;
  if (q.gap) plan["between"] = {q.gap->first, q.gap->second};
  if (q.anchor) {
    plan["anchor"] = {{"side", q.anchor->side == Anchor::Side::kAfter ? "after" : "before"},
                      {"event_types", q.anchor->types},
                      {"ordinal", q.anchor->ordinal},
                      {"from_its_end", q.anchor->ended}};
  }
  for (const TimePhrase& t : q.times) plan["times"].push_back(t.text);
  if (q.negated) plan["negated"] = true;
  for (const Word& w : q.leftover) plan["not_linked"].push_back(w.folded);
  if (!q.unsupported.empty()) plan["not_computed"] = q.unsupported;
  return plan;
}

}  // namespace reelgraph::query
