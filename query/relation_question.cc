#include "query/relation_question.h"

#include <algorithm>
#include <set>

namespace reelgraph::query {
namespace {

/// Words of a relation's type in their order, next to one another. @returns the index of the first, or words.size()
std::size_t find_words(const std::vector<Word>& words, const std::vector<Word>& type) {
  for (std::size_t i = 0; i + type.size() <= words.size(); ++i) {
    std::size_t k = 0;
    while (k < type.size() && words[i + k].stem == type[k].stem) ++k;
    if (k == type.size()) return i;
  }
  return words.size();
}

struct RestOfQuestion {
  std::vector<Token> entities;
  std::string entity_type;
  bool understood = true;
};

/// Everything but entities, one kind of entity, small words and what has been read must be nothing.
RestOfQuestion read_rest(const std::vector<Word>& words, const Lexicon& lexicon, const std::vector<std::string>& videos,
                         const std::set<std::size_t>& read) {
  RestOfQuestion rest;
  for (const Token& t : lexicon.read(words, videos)) {
    const bool known = std::all_of(t.used.begin(), t.used.end(), [&](std::size_t i) {
      return read.contains(i) || is_stop_word(words[i].folded) || is_any(words[i].folded, {"name", "list", "tell"});
    });
    if (t.kind == Token::Kind::kEntity)
      rest.entities.push_back(t);
    else if (t.kind == Token::Kind::kEntityType && rest.entity_type.empty())
      rest.entity_type = t.name;
    else if (!known)
      rest.understood = false;
  }
  return rest;
}

}  // namespace

std::optional<Plan> read_relation_question(const std::vector<Word>& words, const Lexicon& lexicon, const graph::Store& store,
                                           const WordCutter& cutter, const std::vector<std::string>& videos) {
  const bool asks = std::any_of(words.begin(), words.end(), [](const Word& w) {
    return is_any(w.folded, {"who", "whom", "which", "what", "how"});
  });
  if (!asks || words.size() > 20) return std::nullopt;
  const auto says = [&](std::initializer_list<std::string_view> any, std::set<std::size_t>& read) {
    bool found = false;
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (is_any(words[i].folded, any)) found = true, read.insert(i);
    }
    return found;
  };
  Plan plan;
  const auto who = [](const Token& t) { return Participant{t.entities, t.names, "", false, false}; };

  // "Which club does Pedro play for?", "Who plays for Chelsea?"
  for (const std::string& type : store.relation_types()) {
    std::string text = type;
    std::replace(text.begin(), text.end(), '_', ' ');
    const auto type_words = cutter.cut(text, 8);
    const std::size_t at = type_words.empty() ? words.size() : find_words(words, type_words);
    if (at == words.size()) continue;
    std::set<std::size_t> read;
    for (std::size_t k = 0; k < type_words.size(); ++k) read.insert(at + k);
    const RestOfQuestion rest = read_rest(words, lexicon, videos, read);
    if (!rest.understood || rest.entities.size() != 1) return std::nullopt;
    plan.ask = Ask::kRelated;
    plan.relation = type;
    plan.backward = rest.entities.front().from > at;  // what is named stands behind the verb: it is the target
    plan.entity_type = rest.entity_type;
    plan.select.who = {who(rest.entities.front())};
    plan.everyone = plan.backward;
    return plan;
  }

  std::set<std::size_t> read;
  if (says({"connected", "connection", "related", "relation", "linked", "link", "links", "connects"}, read)) {
    const RestOfQuestion rest = read_rest(words, lexicon, videos, read);
    if (!rest.understood || rest.entities.size() != 2) return std::nullopt;
    plan.ask = Ask::kPath;
    plan.select.who = {who(rest.entities[0]), who(rest.entities[1])};
    return plan;
  }

  read.clear();
  if (says({"together", "with", "alongside"}, read) && says({"most"}, read)) {
    says({"often", "frequently", "appear", "appears", "appeared", "seen", "occurs", "occur"}, read);
    const RestOfQuestion rest = read_rest(words, lexicon, videos, read);
    if (!rest.understood || rest.entities.size() != 1) return std::nullopt;
    plan.ask = Ask::kRank;
    plan.role = "*";
    plan.besides = rest.entities.front().entities;
    plan.entity_type = rest.entity_type;
    if (plan.entity_type.empty()) {
      const auto e = store.entity(rest.entities.front().entities.front());
      if (e) plan.entity_type = e->type;
    }
    plan.select.who = {who(rest.entities.front())};
    return plan;
  }
  return std::nullopt;
}

}  // namespace reelgraph::query
