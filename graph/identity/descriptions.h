#pragma once
// How alike two descriptions of somebody nameless are: by their words and, where both were embedded, by what they mean. Pure.

#include <string>
#include <string_view>
#include <vector>

namespace reelgraph::graph::identity {

struct Description {
  std::string text;           ///< folded; may be empty
  std::vector<float> vector;  ///< unit norm; empty: not known
};

enum class Likeness {
  kUnlike,     ///< they cannot mean one: "man in a red vest", "white van"
  kUnknown,    ///< nothing speaks for it
  kAlike,      ///< they may mean one, if the place agrees
  kSameSense,  ///< other words for the same
  kSameWords
};

/// Vectors are weak evidence: they hold "man on the left" and "man on the right" for nearly the same. So they never say that two are the
/// same whose words are opposed (colours, left and right, tall and short, man and woman, other numbers).
[[nodiscard]] Likeness likeness(const Description& a, const Description& b);

/// Do both say something of one kind (a colour, a side, a sex, a number), and nothing in common? @param a, b folded
[[nodiscard]] bool opposed(const std::vector<std::string>& a, const std::vector<std::string>& b);

}  // namespace reelgraph::graph::identity
