#include "graph/identity/descriptions.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "graph/folding.h"

namespace reelgraph::graph::identity {
namespace {

// Cosines of all-MiniLM-L6-v2: "man in a red vest" and "man wearing a red vest" .99, "guy in a red waistcoat" .73, "man in a red coat" .68,
// "white van" .10; "person" and "man" .41.
constexpr double kSame = 0.95, kNear = 0.65, kFar = 0.3;
constexpr double kShared = 0.5;  // of all words

/// Words that exclude one another, by what they speak of; words of one value mean the same here.
const std::map<std::string, std::pair<char, char>, std::less<>>& exclusive_words() {
  static const std::map<std::string, std::pair<char, char>, std::less<>> words = [] {
    std::map<std::string, std::pair<char, char>, std::less<>> made;
    const auto add = [&](char kind, char value, std::initializer_list<const char*> named) {
      for (const char* word : named) made.emplace(word, std::pair(kind, value));
    };
    add('c', 'k', {"black", "dark"});
    add('c', 'w', {"white"});
    add('c', 'r', {"red", "maroon", "crimson"});
    add('c', 'b', {"blue", "navy"});
    add('c', 'g', {"green"});
    add('c', 'y', {"yellow"});
    add('c', 'o', {"orange"});
    add('c', 'p', {"purple", "violet"});
    add('c', 'i', {"pink"});
    add('c', 'n', {"brown", "tan", "beige"});
    add('c', 's', {"grey", "gray", "silver"});
    add('s', 'l', {"left", "leftmost"});
    add('s', 'r', {"right", "rightmost"});
    add('s', 'm', {"middle", "center", "centre"});
    add('h', 't', {"tall", "taller"});
    add('h', 's', {"short", "shorter"});
    add('a', 'y', {"young", "younger"});
    add('a', 'o', {"old", "older", "elderly"});
    add('z', 'l', {"large", "larger", "big", "bigger"});
    add('z', 's', {"small", "smaller", "little"});
    add('g', 'm', {"man", "men", "boy", "guy", "male", "gentleman"});
    add('g', 'f', {"woman", "women", "girl", "lady", "female"});
    add('n', '1', {"first"});
    add('n', '2', {"second"});
    add('n', '3', {"third"});
    return made;
  }();
  return words;
}

bool all_digits(const std::string& word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// What is said of each kind.
std::map<char, std::set<std::string>> said(const std::vector<std::string>& words) {
  std::map<char, std::set<std::string>> kinds;
  for (const std::string& word : words) {
    if (all_digits(word)) kinds['#'].insert(word);
    if (const auto it = exclusive_words().find(word); it != exclusive_words().end()) kinds[it->second.first].insert({it->second.second});
  }
  return kinds;
}

}  // namespace

bool opposed(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  const auto left = said(a), right = said(b);
  return std::any_of(left.begin(), left.end(), [&](const auto& kind) {
    const auto other = right.find(kind.first);
    return other != right.end() &&
           std::none_of(kind.second.begin(), kind.second.end(), [&](const std::string& value) { return other->second.contains(value); });
  });
}

Likeness likeness(const Description& a, const Description& b) {
  const std::vector<std::string> left = folded_words(a.text), right = folded_words(b.text);
  if (left.empty() || right.empty()) return Likeness::kUnknown;
  if (opposed(left, right)) return Likeness::kUnlike;
  const auto common = static_cast<double>(std::count_if(
      left.begin(), left.end(), [&](const std::string& w) { return std::find(right.begin(), right.end(), w) != right.end(); }));
  const double shared = common / (static_cast<double>(left.size() + right.size()) - common);
  if (shared >= 1 && left.size() >= 2) return Likeness::kSameWords;
  if (a.vector.empty() || a.vector.size() != b.vector.size()) return shared >= kShared ? Likeness::kAlike : Likeness::kUnknown;
  double cosine = 0;
  for (std::size_t i = 0; i < a.vector.size(); ++i) cosine += static_cast<double>(a.vector[i]) * static_cast<double>(b.vector[i]);
  if (cosine >= kSame && left.size() >= 2 && right.size() >= 2) return Likeness::kSameSense;
  if (shared >= kShared || cosine >= kNear) return Likeness::kAlike;
  return cosine < kFar && common <= 0 ? Likeness::kUnlike : Likeness::kUnknown;
}

}  // namespace reelgraph::graph::identity
