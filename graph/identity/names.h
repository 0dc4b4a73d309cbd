#pragma once
// Could two names be of one person or thing? Folding, initials, surnames, nicknames in a list of aliases, small typing errors.

#include <string>
#include <string_view>
#include <vector>

namespace reelgraph::graph::identity {

/// A name taken apart.
struct NameForm {
  std::string folded;              ///< see fold_name
  std::vector<std::string> words;  ///< of `folded`, in order
  bool proper = false;             ///< names somebody or something ("D. Silva"), not a kind of thing ("man in blue", "person 3")
  std::string number;              ///< of a kind with a number: "3" of "person 3", "persn 3", "p. 3"; else empty
  /// Words that are more than an initial.
  [[nodiscard]] int full_words() const;
};

/// @param type of what bears the name ("player"); its words and common nouns name nobody. REQUIRES: sound UTF-8
[[nodiscard]] NameForm read_name(std::string_view text, std::string_view type);

struct NameMatch {
  double score = 0;         ///< 0: they speak of different ones; 1: the same name
  bool typo = false;        ///< a word differs by a letter or two
  bool part = false;        ///< one is a part of the other: a surname, a first name
  const char* reason = "";  ///< for people
};

/// Symmetric. Names of kinds match only if they are the same, or the same kind with the same number.
[[nodiscard]] NameMatch match_names(const NameForm& a, const NameForm& b);

/// Edits (a letter more, less, another, or two that changed places) between two words, counted up to `most` + 1. Bytes of folded text.
[[nodiscard]] int edit_distance(std::string_view a, std::string_view b, int most);

}  // namespace reelgraph::graph::identity
