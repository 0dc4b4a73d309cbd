#pragma once
// Links the words of a question to what this archive knows: event types, entity types, roles, entities, and names it has never heard.

#include <memory>
#include <string>
#include <vector>

#include "base/profile.h"
#include "graph/store.h"
#include "query/words.h"

namespace reelgraph::query {

struct Link {
  enum class Kind { kEventType, kEntityType, kRole, kEntity };
  Kind kind = Kind::kEventType;
  std::size_t from = 0;  ///< words [from, to)
  std::size_t to = 0;
  std::vector<std::string> names;      ///< types or roles, any of which is meant; of an entity: its display names
  std::vector<graph::RowId> entities;  ///< rows that bear the name
  bool partial = false;                ///< the words are only a part of the type's name: good for finding, not for counting
  bool known_absent = false;           ///< a type of the vocabulary that this archive holds no event of
  bool ambiguous = false;              ///< several entities with different names could be meant
};

/// The vocabulary of one archive with the words that profiles give for it. Cheap to make; borrows everything.
class Linker {
 public:
  Linker(const graph::Store& store, const std::vector<base::Profile>& profiles, const WordCutter& cutter);
  ~Linker();
  Linker(const Linker&) = delete;
  Linker& operator=(const Linker&) = delete;

  /// Links in order of their words; no word has two links. Words marked in `taken` are passed over.
  /// @param videos entities are looked for among those that take part in these; empty: all
  [[nodiscard]] std::vector<Link> link(const std::vector<Word>& words, std::vector<bool> taken,
                                       const std::vector<std::string>& videos) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// Words that stand in many questions but name nothing in a video ("happens", "times", "video", "show"), by stem.
[[nodiscard]] bool is_light_word(const Word& word);

}  // namespace reelgraph::query
