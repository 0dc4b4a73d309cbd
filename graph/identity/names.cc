#include "graph/identity/names.h"

#include <algorithm>
#include <cstdlib>
#include <unordered_set>

#include "base/utf8.h"
#include "graph/folding.h"

namespace reelgraph::graph::identity {
namespace {

bool is_number(std::string_view word) {
  return !word.empty() && std::all_of(word.begin(), word.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// One letter, of whatever script.
bool is_initial(std::string_view word) {
  std::size_t letters = 0;
  for (const char c : word) letters += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return letters == 1 && !is_number(word);
}

/// Words that tell what something is or looks like, not who it is.
bool is_common(const std::string& word) {
  static const std::unordered_set<std::string_view> words = {
      "a",        "an",       "the",     "in",      "on",        "of",      "with",       "and",      "by",       "at",      "near",
      "man",      "woman",    "men",     "women",   "boy",       "girl",    "child",      "kid",      "baby",     "adult",   "person",
      "people",   "guy",      "lady",    "someone", "somebody",  "unknown", "figure",     "player",   "referee",  "keeper",  "goalkeeper",
      "coach",    "worker",   "driver",  "rider",   "cyclist",   "walker",  "pedestrian", "customer", "operator", "speaker", "presenter",
      "reporter", "host",     "actor",   "team",    "group",     "crowd",   "car",        "vehicle",  "truck",    "van",     "bus",
      "bike",     "bicycle",  "train",   "boat",    "motorbike", "moto",    "motorcycle", "tractor",  "forklift", "pallet",  "box",
      "bag",      "ball",     "object",  "thing",   "item",      "other",   "track",      "dog",      "cat",      "bird",    "horse",
      "animal",   "door",     "table",   "chair",   "red",       "green",   "blue",       "yellow",   "white",    "black",   "grey",
      "gray",     "brown",    "orange",  "purple",  "pink",      "silver",  "dark",       "light",    "big",      "small",   "large",
      "tall",     "short",    "old",     "young",   "left",      "right",   "middle",     "first",    "second",   "third",   "shirt",
      "jacket",   "coat",     "hat",     "cap",     "dress",     "suit",    "jeans",      "trousers", "hoodie",   "glasses", "vest",
      "helmet",   "backpack", "station", "zone",    "entity",    "no",      "number"};
  return words.contains(word);
}

/// How a word may stand for another: 0 not, 1 the same, .9 its initial, .8 with a typing error.
double match_words(const std::string& a, const std::string& b) {
  if (a == b) return 1;
  if (is_number(a) || is_number(b)) return 0;
  if (is_initial(a) || is_initial(b)) return b.starts_with(a) || a.starts_with(b) ? 0.9 : 0;
  const std::size_t shorter = std::min(a.size(), b.size());
  if (shorter < 4) return 0;
  const int most = shorter >= 8 ? 2 : 1;
  return edit_distance(a, b, most) <= most ? 0.8 : 0;
}

struct Alignment {
  std::size_t matched = 0;
  int typos = 0, initials = 0, solid = 0;
  bool last = false;  ///< the last word of the longer one is among them
};

/// The words of the shorter name in the longer one, in order; each once.
Alignment align(const std::vector<std::string>& few, const std::vector<std::string>& many) {
  Alignment out;
  std::size_t from = 0;
  for (const std::string& word : few) {
    for (std::size_t i = from; i < many.size(); ++i) {
      const double m = match_words(word, many[i]);
      if (m <= 0) continue;
      // An initial stands for the next word; elsewhere it would stand for anything.
      if (m == 0.9 && i != from) continue;
      ++out.matched;
      if (m == 0.8) ++out.typos;
      if (m == 0.9) ++out.initials;
      if (m != 0.9 && word.size() >= 3) ++out.solid;
      out.last = i + 1 == many.size();
      from = i + 1;
      break;
    }
  }
  return out;
}

}  // namespace

int NameForm::full_words() const {
  return static_cast<int>(std::count_if(words.begin(), words.end(), [](const std::string& w) { return !is_initial(w); }));
}

int edit_distance(std::string_view a, std::string_view b, int most) {
  if (std::abs(static_cast<int>(a.size()) - static_cast<int>(b.size())) > most) return most + 1;
  std::vector<int> before(b.size() + 1), last(b.size() + 1), now(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) last[j] = static_cast<int>(j);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    now[0] = static_cast<int>(i);
    int least = now[0];
    for (std::size_t j = 1; j <= b.size(); ++j) {
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) now[j] = std::min(now[j], before[j - 2] + 1);
      least = std::min(least, now[j]);
    }
    if (least > most) return most + 1;
    std::swap(before, last);
    std::swap(last, now);
  }
  return std::min(last[b.size()], most + 1);
}

NameForm read_name(std::string_view text, std::string_view type) {
  NameForm form;
  form.folded = fold_name(text);
  for (std::string_view rest = form.folded; !rest.empty();) {
    const std::size_t space = rest.find(' ');
    form.words.emplace_back(rest.substr(0, space));
    rest.remove_prefix(space == std::string_view::npos ? rest.size() : space + 1);
  }
  const std::vector<std::string> type_words = folded_words(fold_name(type));
  const auto is_kind = [&](const std::string& word) {
    return is_common(word) || std::find(type_words.begin(), type_words.end(), word) != type_words.end();
  };
  std::size_t numbers = 0, kinds = 0, like_type = 0;
  for (const std::string& word : form.words) {
    if (is_number(word)) {
      ++numbers;
      form.number = word;
    } else if (is_kind(word)) {
      ++kinds;
    } else if (std::any_of(type_words.begin(), type_words.end(), [&](const std::string& t) { return match_words(word, t) > 0; })) {
      ++like_type;
    }
  }
  const bool all_known = numbers + kinds + like_type == form.words.size();
  if (numbers != 1 || form.words.size() > 2 || !all_known) form.number.clear();
  // A name is written with a capital where its script has them.
  const bool capital =
      std::any_of(text.begin(), text.end(), [](char c) { return (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80; });
  const std::size_t own = form.words.size() - numbers - kinds - (form.number.empty() ? 0 : like_type);
  form.proper = own > 0 && capital && form.full_words() > 0;
  return form;
}

NameMatch match_names(const NameForm& a, const NameForm& b) {
  if (a.folded.empty() || b.folded.empty()) return {};
  if (a.folded == b.folded) return {1, false, false, "same name"};
  if (!a.number.empty() && a.number == b.number && !a.proper && !b.proper) return {0.85, true, false, "same kind and number"};
  if (!a.proper || !b.proper) return {};
  if (a.folded.size() == b.folded.size() && a.words.size() == b.words.size() && a.words.size() > 1) {
    std::vector<std::string> left = a.words, right = b.words;
    std::sort(left.begin(), left.end());
    std::sort(right.begin(), right.end());
    if (left == right) return {0.95, false, false, "same name in another order"};
  }
  const bool a_is_few = a.words.size() <= b.words.size();
  const std::vector<std::string>& few = a_is_few ? a.words : b.words;
  const std::vector<std::string>& many = a_is_few ? b.words : a.words;
  const Alignment found = align(few, many);
  if (found.matched == few.size() && found.solid > 0 && found.typos <= 1) {
    const double typo = found.typos > 0 ? 0.1 : 0;
    if (few.size() == many.size()) {
      if (found.initials > 0) return {0.9 - typo, found.typos > 0, false, typo > 0 ? "initials and a typing error" : "initials"};
      return {0.85, true, false, "typing error"};
    }
    if (found.last) return {0.85 - typo, found.typos > 0, true, typo > 0 ? "surname with a typing error" : "surname"};
    return {0.8 - typo, found.typos > 0, true, typo > 0 ? "part of the name with a typing error" : "part of the name"};
  }
  // A space too many or too few, or a short word with a typing error.
  if (a.folded.size() > b.folded.size() + 3 || b.folded.size() > a.folded.size() + 3) return {};
  std::string joined_a, joined_b;
  for (const std::string& w : a.words) joined_a += w;
  for (const std::string& w : b.words) joined_b += w;
  if (std::min(joined_a.size(), joined_b.size()) >= 8 && a.number.empty() && b.number.empty() &&
      edit_distance(joined_a, joined_b, 1) <= 1) {
    return {0.85, true, false, "typing error"};
  }
  return {};
}

}  // namespace reelgraph::graph::identity
