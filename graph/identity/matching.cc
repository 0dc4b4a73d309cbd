#include "graph/identity/matching.h"

#include <algorithm>
#include <array>
#include <numeric>
#include <string_view>
#include <tuple>

#include "graph/folding.h"

namespace reelgraph::graph::identity {
namespace {

constexpr double kEnough = 0.8;                   ///< below, atoms stay apart
constexpr double kClearlyBetter = 0.1;            ///< by this much, the best of several candidates is meant
constexpr double kSeldom = 0.15;                  ///< less for a name that a candidate seldom goes by
constexpr std::size_t kAllPairs = 400;            ///< persons of a video up to which everyone is compared with everyone
constexpr std::size_t kMostAtOnce = 1000;         ///< nameless ones in view together that are compared
constexpr double kApart = 0.05, kTogether = 0.3;  ///< intersection over union of boxes

double overlap(const base::Box& a, const base::Box& b) {
  const double w = std::min(a.x1, b.x1) - std::max(a.x0, b.x0), h = std::min(a.y1, b.y1) - std::max(a.y0, b.y0);
  if (w <= 0 || h <= 0) return 0;
  const double common = w * h;
  const double all = (a.x1 - a.x0) * (a.y1 - a.y0) + (b.x1 - b.x0) * (b.y1 - b.y0) - common;
  return all > 0 ? common / all : 0;
}

/// A person or thing while the video is gone through: atoms that are joined so far.
struct Person {
  std::size_t head = 0;  ///< atom, the best known
  std::vector<std::size_t> atoms;
  std::map<std::string, std::string> ids;  ///< source -> stable id
  Marks marks;
  std::vector<Sighting> seen;
};

struct Verdict {
  double score = 0;
  std::string reason;
  bool part = false;
  bool rare = false;  ///< by a name that the person seldom goes by
};

class Matcher {
 public:
  explicit Matcher(std::vector<Atom>& atoms) : atoms_(atoms), person_of_(atoms.size(), kNobody) {}

  VideoIdentity run() {
    std::vector<std::size_t> order(atoms_.size());
    std::iota(order.begin(), order.end(), 0);
    std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return better_known(atoms_[a], atoms_[b]); });
    // Live ones first: what is superseded joins them and changes nothing among them.
    for (const bool live : {true, false}) {
      for (const std::size_t i : order) {
        if (atoms_[i].live != live) continue;
        if (atoms_[i].alone || atoms_[i].names.empty()) {
          if (live) alone(i);
        } else {
          place_named(i);
        }
      }
      if (!live) continue;
      for (const std::size_t i : order) handle(i);
    }
    follow_nameless(order);
    return std::move(out_);
  }

 private:
  static constexpr std::size_t kNobody = static_cast<std::size_t>(-1);

  static int fullness(const Atom& a) {
    int most = 0;
    for (const NameForm& n : a.names)
      most = std::max(most, n.full_words() * 2 + (n.full_words() < static_cast<int>(n.words.size()) ? -1 : 0));
    return most;
  }
  static auto rank(const Atom& a) {
    return std::tuple(a.stable_id.empty(), -fullness(a), -static_cast<int>(a.marks.size()), -static_cast<std::int64_t>(a.seen.size()));
  }
  static bool better_known(const Atom& a, const Atom& b) {
    const auto left = rank(a), right = rank(b);
    return left != right ? left < right : a.key < b.key;
  }

  void alone(std::size_t i) {
    person_of_[i] = persons_.size();
    Person p;
    p.head = i;
    join(p, i);
    persons_.push_back(std::move(p));
  }

  void join(Person& p, std::size_t i) {
    const Atom& a = atoms_[i];
    p.atoms.push_back(i);
    if (!a.stable_id.empty()) p.ids.emplace(a.source, a.stable_id);
    p.marks.insert(a.marks.begin(), a.marks.end());
    const auto middle = static_cast<std::ptrdiff_t>(p.seen.size());
    p.seen.insert(p.seen.end(), a.seen.begin(), a.seen.end());
    std::inplace_merge(p.seen.begin(), p.seen.begin() + middle, p.seen.end(),
                       [](const Sighting& x, const Sighting& y) { return x.observation < y.observation; });
  }

  [[nodiscard]] bool compatible(const Person& p, const Atom& a) const {
    const std::string& type = atoms_[p.head].type;
    if (!type.empty() && !a.type.empty() && type != a.type) return false;
    if (!a.stable_id.empty()) {
      const auto id = p.ids.find(a.source);
      if (id != p.ids.end() && id->second != a.stable_id) return false;
    }
    return !clash(p.marks, a.marks);
  }

  [[nodiscard]] bool is_slip_of(const Person& rare, const Person& usual) const {
    if (rare.seen.size() * 20 > usual.seen.size()) return false;
    const auto team = rare.marks.find("team"), same = usual.marks.find("team");
    if (team == rare.marks.end() || same == usual.marks.end() || team->second != same->second) return false;
    const auto called = [&](const NameForm& name) {
      return std::any_of(usual.atoms.begin(), usual.atoms.end(), [&](std::size_t i) {
        return std::any_of(atoms_[i].names.begin(), atoms_[i].names.end(), [&](const NameForm& n) { return n.folded == name.folded; });
      });
    };
    return std::any_of(atoms_[rare.head].names.begin(), atoms_[rare.head].names.end(), called);
  }

  /// How well the names of an atom fit one of a person's atoms.
  static Verdict fit(const Atom& known, const Atom& a) {
    Verdict best;
    const bool same_shirt = known.marks.contains("team") && known.marks.contains("number") && a.marks.contains("team") &&
                            a.marks.contains("number") && known.marks.at("team") == a.marks.at("team") &&
                            known.marks.at("number") == a.marks.at("number");
    const auto consider = [&](const NameForm& x, const NameForm& y, bool alias) {
      const NameMatch m = match_names(x, y);
      if (m.score <= 0) return;
      double score = m.score;
      if (alias && m.score < 1) score -= 0.05;
      // A rare spelling of somebody often seen is an error; two that are seen alike are two.
      if (m.typo && !same_shirt && !(x.number.empty() ? a.seen.size() <= 1 || a.seen.size() * 3 <= known.seen.size() : true)) score -= 0.2;
      if (score > best.score) best = {score, alias && m.score >= 1 ? "alias" : m.reason, m.part, false};
    };
    for (const NameForm& x : known.names) {
      for (const NameForm& y : a.names) consider(x, y, false);
      for (const NameForm& y : a.aliases) consider(x, y, true);
    }
    for (const NameForm& x : known.aliases) {
      for (const NameForm& y : a.names) consider(x, y, true);
    }
    if (same_shirt) {
      const bool nickname =
          std::any_of(a.names.begin(), a.names.end(), [](const NameForm& n) { return n.words.size() == 1 && n.proper; }) ||
          std::any_of(known.names.begin(), known.names.end(), [](const NameForm& n) { return n.words.size() == 1 && n.proper; });
      if (best.score > 0) {
        best.score = std::max(best.score, kEnough) + 0.2;
        best.reason += ", same team and number";
        best.part = false;  // a number says more than the rest of a name
      } else if (nickname) {
        best = {0.9, "same team and number", true, false};
      }
    } else if (best.score > 0 && known.marks.contains("team") && a.marks.contains("team")) {
      best.score += 0.1;
      best.reason += ", same team";
    }
    return best;
  }

  [[nodiscard]] std::vector<std::size_t> candidates(std::size_t i) const {
    std::vector<std::size_t> found;
    if (persons_.size() <= kAllPairs) {
      for (std::size_t p = 0; p < persons_.size(); ++p) found.push_back(p);
      return found;
    }
    for (const std::string& block : blocks(atoms_[i])) {
      const auto it = by_block_.find(block);
      if (it != by_block_.end()) found.insert(found.end(), it->second.begin(), it->second.end());
    }
    std::sort(found.begin(), found.end());
    found.erase(std::unique(found.begin(), found.end()), found.end());
    return found;
  }

  /// Words and beginnings of words; two names that match share one, but for an error among the first letters.
  static std::set<std::string> blocks(const Atom& a) {
    std::set<std::string> found;
    for (const auto* forms : {&a.names, &a.aliases}) {
      for (const NameForm& n : *forms) {
        if (!n.number.empty() && !n.proper) {
          found.insert(n.number);
          continue;
        }
        if (!n.proper) {
          found.insert(n.folded);
          continue;
        }
        for (const std::string& w : n.words) found.insert(w.substr(0, 3));
      }
    }
    return found;
  }

  void place_named(std::size_t i) {
    const Atom& a = atoms_[i];
    struct Choice {
      std::size_t person;
      Verdict verdict;
    };
    std::vector<Choice> choices;
    double impossible = 0;  // of those who fit best, but are in view at the same time
    for (const std::size_t p : candidates(i)) {
      const Person& person = persons_[p];
      // Of whom it is not known who he is, tells nothing of others.
      if (atoms_[person.head].alone || atoms_[person.head].names.empty() || ambiguous_.contains(person.head)) continue;
      if (!compatible(person, a)) continue;
      Verdict best;
      for (const std::size_t member : person.atoms) {
        Verdict v = fit(atoms_[member], a);
        // One who goes by it now and then may have been called so by a slip.
        v.rare = atoms_[member].seen.size() * 20 <= person.seen.size();
        if (v.score > best.score || (v.score == best.score && !v.rare)) best = std::move(v);
      }
      if (best.score < kEnough) continue;
      // What two sources call by one kind ("person 3") need not be one.
      if (!is_proper(a) && atoms_[person.head].source != a.source && a.live) continue;
      if (seen_apart(person.seen, a.seen)) {
        impossible = std::max(impossible, best.score);
        continue;
      }
      choices.push_back({p, std::move(best)});
    }
    for (Choice& c : choices) {
      if (c.verdict.rare && choices.size() > 1) c.verdict.score -= kSeldom;
    }
    std::sort(choices.begin(), choices.end(), [&](const Choice& x, const Choice& y) {
      return std::tuple(-x.verdict.score, std::string_view(atoms_[persons_[x.person].head].key)) <
             std::tuple(-y.verdict.score, std::string_view(atoms_[persons_[y.person].head].key));
    });
    // A rare namesake of one team is a slip, as when one of two players was called by the other's name.
    for (std::size_t c = 1; c < choices.size(); ++c) {
      if (is_slip_of(persons_[choices[0].person], persons_[choices[c].person])) std::swap(choices[0], choices[c]);
    }
    while (choices.size() > 1 && is_slip_of(persons_[choices[1].person], persons_[choices[0].person])) {
      choices.erase(choices.begin() + 1);
    }
    const bool clear = (choices.size() == 1 || (choices.size() > 1 && !choices[0].verdict.part &&
                                                choices[0].verdict.score - choices[1].verdict.score >= kClearlyBetter - 1e-9)) &&
                       choices[0].verdict.score > impossible;
    if (!clear) {
      if (!choices.empty()) ambiguous_.insert(i);
      alone(i);
      index(i);
      return;
    }
    Person& person = persons_[choices[0].person];
    add_link(person.head, i, choices[0].verdict.score, choices[0].verdict.reason);
    join(person, i);
    person_of_[i] = choices[0].person;
    index(i);
  }

  void index(std::size_t i) {
    for (const std::string& block : blocks(atoms_[i])) by_block_[block].push_back(person_of_[i]);
  }

  static bool is_proper(const Atom& a) {
    return std::any_of(a.names.begin(), a.names.end(), [](const NameForm& n) { return n.proper; });
  }

  void add_link(std::size_t to, std::size_t from, double score, std::string reason) {
    out_.links.push_back({atoms_[to].row, atoms_[from].row, std::min(score, 1.0), std::move(reason)});
  }

  /// What the person is called elsewhere: by its full names.
  void handle(std::size_t i) {
    const Atom& a = atoms_[i];
    if (!a.live || a.alone || a.names.empty() || ambiguous_.contains(i) || person_of_[i] == kNobody) return;
    const Person& person = persons_[person_of_[i]];
    const auto team = person.marks.find("team");
    const std::string team_name = team == person.marks.end() ? "" : team->second;
    const auto number = person.marks.find("number");
    const std::string number_text = number == person.marks.end() ? "" : number->second;
    static const std::set<std::string_view> unique_types = {"team",    "club", "organisation", "organization", "company",
                                                            "country", "city", "stadium",      "league"};
    const auto add = [&](const NameForm& n) {
      if (!n.proper) return;
      const bool full = n.full_words() >= 2 && n.full_words() == static_cast<int>(n.words.size());
      // A single name with its team tells who is meant if nobody here goes by it as a part of his own.
      const bool single = person.head == i && (!team_name.empty() || unique_types.contains(a.type));
      if (full || single)
        out_.handles.push_back({a.type + '|' + n.folded + (full ? "" : "|" + team_name), team_name, number_text, atoms_[person.head].row});
    };
    for (const NameForm& n : a.names) add(n);
    for (const NameForm& n : a.aliases) {
      if (n.full_words() >= 2) add(n);
    }
  }

  /// Someone without a name is followed over the overlap of two chunks, and from an old description to the one that replaced it.
  void follow_nameless(const std::vector<std::size_t>& order) {
    std::vector<std::size_t> nameless;
    for (const std::size_t i : order) {
      if (atoms_[i].names.empty() && atoms_[i].stable_id.empty() && !atoms_[i].alone && !atoms_[i].seen.empty()) nameless.push_back(i);
    }
    std::sort(nameless.begin(), nameless.end(), [&](std::size_t a, std::size_t b) {
      return std::tuple(atoms_[a].seen[0].span.start, std::string_view(atoms_[a].key)) <
             std::tuple(atoms_[b].seen[0].span.start, std::string_view(atoms_[b].key));
    });
    // Pairs that overlap in time, best first; a match must be the best of both in the other's observation, with no second.
    std::map<std::size_t, std::map<std::int64_t, std::vector<std::pair<double, std::size_t>>>> best;
    for (std::size_t x = 0; x < nameless.size(); ++x) {
      const Atom& a = atoms_[nameless[x]];
      for (std::size_t y = x + 1; y < std::min(nameless.size(), x + 1 + kMostAtOnce); ++y) {
        const Atom& b = atoms_[nameless[y]];
        if (b.seen[0].span.start >= a.seen[0].span.end) break;
        const double score = continuity(a, b);
        if (score < kEnough) continue;
        best[nameless[x]][b.seen[0].observation].emplace_back(score, nameless[y]);
        best[nameless[y]][a.seen[0].observation].emplace_back(score, nameless[x]);
      }
    }
    const auto only = [&](std::size_t i, std::size_t j) {
      const auto& rivals = best[i][atoms_[j].seen[0].observation];
      return std::all_of(rivals.begin(), rivals.end(), [&](const auto& r) {
        return r.second == j || r.first + kClearlyBetter <=
                                    std::find_if(rivals.begin(), rivals.end(), [&](const auto& s) { return s.second == j; })->first + 1e-9;
      });
    };
    for (const std::size_t i : nameless) {
      const auto mine = best.find(i);
      if (mine == best.end()) continue;
      for (const auto& [observation, matches] : mine->second) {
        for (const auto& [score, j] : matches) {
          if (!(atoms_[i].key < atoms_[j].key) || !only(i, j) || !only(j, i)) continue;
          add_link(i, j, score, atoms_[i].live && atoms_[j].live ? "goes on in the next chunk" : "described anew");
        }
      }
    }
  }

  static double continuity(const Atom& a, const Atom& b) {
    const Sighting &x = a.seen[0], &y = b.seen[0];
    if (x.observation == y.observation || a.type != b.type || clash(a.marks, b.marks)) return 0;
    for (const auto& [key, value] : a.attributes.items()) {
      const auto other = b.attributes.find(key);
      if (other != b.attributes.end() && *other != value) return 0;
    }
    double boxes = -1;
    if (x.box && y.box) {
      boxes = overlap(*x.box, *y.box);
      if (boxes < kApart) return 0;
    }
    // Where they stand counts for more than how they are described: a box alone needs no words, words alone must be the same.
    switch (likeness(a.description, b.description)) {
      case Likeness::kUnlike: return 0;
      case Likeness::kSameWords: return boxes >= kTogether ? 0.95 : 0.85;
      case Likeness::kSameSense: return boxes >= kTogether ? 0.9 : 0.8;
      case Likeness::kAlike: return boxes >= kTogether ? 0.85 : 0;
      case Likeness::kUnknown: break;
    }
    const bool undescribed = a.description.text.empty() || b.description.text.empty();
    return boxes >= 2 * kTogether && undescribed ? 0.8 : 0;
  }

  std::vector<Atom>& atoms_;
  std::vector<std::size_t> person_of_;
  std::vector<Person> persons_;
  std::map<std::string, std::vector<std::size_t>> by_block_;
  std::set<std::size_t> ambiguous_;
  VideoIdentity out_;
};

}  // namespace

Marks marks_of(const nlohmann::json& attributes) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 15> keys = {{{"team", "team"},
                                                                                          {"club", "team"},
                                                                                          {"squad", "team"},
                                                                                          {"shirt_number", "number"},
                                                                                          {"jersey_number", "number"},
                                                                                          {"squad_number", "number"},
                                                                                          {"kit_number", "number"},
                                                                                          {"number", "number"},
                                                                                          {"gender", "gender"},
                                                                                          {"sex", "gender"},
                                                                                          {"plate", "plate"},
                                                                                          {"license_plate", "plate"},
                                                                                          {"licence_plate", "plate"},
                                                                                          {"number_plate", "plate"},
                                                                                          {"registration", "plate"}}};
  Marks marks;
  if (!attributes.is_object() || attributes.empty()) return marks;
  for (const auto& [key, mark] : keys) {
    const auto it = attributes.find(key);
    if (it == attributes.end() || !(it->is_string() || it->is_number())) continue;
    std::string value = it->is_string() ? fold_name(it->get_ref<const std::string&>()) : it->dump();
    if (!value.empty()) marks.emplace(mark, std::move(value));
  }
  return marks;
}

std::string marks_text(const Marks& marks) {
  std::string text;
  for (const auto& [key, value] : marks) text += (text.empty() ? "" : ";") + key + '=' + value;
  return text;
}

bool clash(const Marks& a, const Marks& b) {
  return std::any_of(a.begin(), a.end(), [&](const auto& mark) {
    const auto other = b.find(mark.first);
    return other != b.end() && other->second != mark.second;
  });
}

bool seen_apart(const std::vector<Sighting>& a, const std::vector<Sighting>& b) {
  for (std::size_t i = 0, j = 0; i < a.size() && j < b.size();) {
    if (a[i].observation == b[j].observation) return true;
    ++(a[i].observation < b[j].observation ? i : j);
  }
  // Only boxes say where; they are few, or the lists are short.
  std::vector<const Sighting*> left, right;
  for (const Sighting& s : a) {
    if (s.box) left.push_back(&s);
  }
  if (left.empty()) return false;
  for (const Sighting& s : b) {
    if (s.box) right.push_back(&s);
  }
  const auto by_start = [](const Sighting* x, const Sighting* y) { return x->span.start < y->span.start; };
  std::sort(left.begin(), left.end(), by_start);
  std::sort(right.begin(), right.end(), by_start);
  for (const Sighting* x : left) {
    for (const Sighting* y : right) {
      if (y->span.start >= x->span.end) break;
      // Over a longer time something may have moved: both must speak of the same span.
      if (x->span == y->span && overlap(*x->box, *y->box) <= 0) return true;
    }
  }
  return false;
}

VideoIdentity match_video(std::vector<Atom> atoms) {
  VideoIdentity found = Matcher(atoms).run();
  std::sort(found.handles.begin(), found.handles.end());
  found.handles.erase(std::unique(found.handles.begin(), found.handles.end()), found.handles.end());
  return found;
}

std::vector<Link> match_bearers(std::vector<Bearer> bearers) {
  std::sort(bearers.begin(), bearers.end(),
            [](const Bearer& a, const Bearer& b) { return std::tie(a.key, a.video) < std::tie(b.key, b.video); });
  std::set<std::string> teams;
  for (const Bearer& b : bearers) {
    if (!b.team.empty()) teams.insert(b.team);
  }
  if (teams.empty()) teams.insert("");
  std::vector<Link> links;
  // One bearer a video and one id a source, or none is joined.
  const auto join = [&](const std::vector<const Bearer*>& same, double score, const char* reason) {
    std::map<std::int64_t, std::int64_t> of_video;
    std::map<std::string, std::string> ids;
    for (const Bearer* b : same) {
      if (of_video.emplace(b->video, b->atom).first->second != b->atom) return false;
      if (!b->stable_id.empty() && ids.emplace(b->source, b->stable_id).first->second != b->stable_id) return false;
    }
    for (const Bearer* b : same) {
      Link link{same[0]->atom, b->atom, score, reason};
      if (link.a != link.b && std::find(links.begin(), links.end(), link) == links.end()) links.push_back(std::move(link));
    }
    return true;
  };
  for (const std::string& team : teams) {
    std::vector<const Bearer*> same;
    std::map<std::string, std::vector<const Bearer*>> by_number;
    for (const Bearer& b : bearers) {
      if (b.team != team && !(b.team.empty() && teams.size() == 1)) continue;
      same.push_back(&b);
      if (!b.number.empty()) by_number[b.number].push_back(&b);
    }
    if (team.empty()) {
      join(same, 0.8, "same full name in another video");
    } else if (!join(same, 0.9, "same name and team in another video")) {
      for (const auto& [number, bearing] : by_number) join(bearing, 0.9, "same name, team and number in another video");
    }
  }
  return links;
}

}  // namespace reelgraph::graph::identity
