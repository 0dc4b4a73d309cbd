// Entities are found again when the ids of a source are hidden and its names are disturbed.
#include <cctype>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "graph/folding.h"
#include "graph/identity.h"
#include "graph/transfer.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::graph;

namespace reelgraph::test {
namespace {

void import(Archive& archive, const std::string& text) {
  std::istringstream in(text);
  import_jsonl(archive, in, "in", {});
}

/// One way in which a description may name somebody, drawn for each mention.
class Disturber {
 public:
  explicit Disturber(unsigned seed) : random_(seed) {}

  std::string operator()(const std::string& name, const std::vector<std::string>& aliases) {
    if (random_() % 100 >= 40) return name;
    std::vector<std::string> words;
    std::istringstream in(name);
    for (std::string w; in >> w;) words.push_back(w);
    switch (random_() % 5) {
      case 0: return words.back().size() > 2 ? words.back() : name;
      case 1: {
        if (words.size() < 2) return name;
        std::string text = words[0].substr(0, 1) + ".";
        for (std::size_t i = 1; i < words.size(); ++i) text += " " + words[i];
        return text;
      }
      case 2: return folded_case(name);
      case 3: return aliases.empty() ? name : aliases[random_() % aliases.size()];
      default: {
        std::string text = name;
        const std::size_t i = 1 + random_() % (text.size() - 2);
        if (std::isalpha(static_cast<unsigned char>(text[i])) != 0 && std::isalpha(static_cast<unsigned char>(text[i + 1])) != 0) {
          std::swap(text[i], text[i + 1]);
        }
        return text;
      }
    }
  }
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }

 private:
  /// Accents lost, case kept where the word had it.
  static std::string folded_case(const std::string& name) {
    std::string text = fold_name(name);
    bool start = true;
    for (char& c : text) {
      if (start && c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
      start = c == ' ';
    }
    return text;
  }
  std::mt19937 random_;
};

struct Score {
  double precision = 0, recall = 0;
};

/// Over pairs of mentions of one type. @param truth per (video@start, seq) the source's id
Score pairwise(const Store& store, const std::map<std::pair<std::string, std::int64_t>, std::string>& truth, const std::string& type) {
  double together = 0, right = 0, wanted = 0;
  std::map<std::string, double> of_id;
  const auto pairs = [](double n) { return n * (n - 1) / 2; };
  for (const EntityRecord& e : store.entities(type, {}, 0)) {
    std::map<std::string, double> here;
    double n = 0;
    for (const auto& [row, seq] : mention_ids(store, e.row, 0)) {
      const auto o = store.observation(row);
      const auto it = truth.find({base::to_json_line(o->observation), seq});
      if (it == truth.end()) continue;
      ++here[it->second];
      ++n;
    }
    together += pairs(n);
    for (const auto& [id, k] : here) {
      right += pairs(k);
      of_id[id] += k;
    }
  }
  for (const auto& [id, k] : of_id) wanted += pairs(k);
  return {together > 0 ? right / together : 0, wanted > 0 ? right / wanted : 0};
}

/// Reads observations, hides the ids and disturbs the mentions of a type.
struct Hidden {
  std::string text;
  std::map<std::pair<std::string, std::int64_t>, std::string> truth;
};
/// @param every takes the n-th lines only. @param halves cuts each into two chunks that overlap by two seconds
Hidden hide(const std::filesystem::path& file, const std::string& type, unsigned seed, std::size_t every, bool homonyms, bool halves) {
  Hidden out;
  Disturber disturb(seed);
  std::map<std::string, std::string> planted;  // team -> the player who is called Silva there
  const auto take = [&](base::Observation o) {
    std::vector<std::string> ids;
    const bool twins = disturb.below(100) == 0;  // one name in two places at once
    std::string first;
    for (base::EntityMention& m : o.entities) {
      ids.push_back(m.stable_id.value_or(""));
      m.stable_id.reset();
      if (m.type != type || !m.name) continue;
      const std::string team = m.attributes.value("team", "");
      if (homonyms && !team.empty() && planted.size() < 2 && disturb.below(5) == 0) planted.emplace(team, ids.back());
      const bool silva = homonyms && planted.contains(team) && planted[team] == ids.back() && disturb.below(2) == 0;
      m.name = silva ? "Silva" : disturb(*m.name, m.aliases);
      if (disturb.below(4) == 0) m.aliases.clear();
      if (disturb.below(10) == 0) m.attributes.erase("shirt_number");
      if (twins && !first.empty()) m.name = first;
      first = *m.name;
    }
    o.caption.clear();
    for (base::Event& e : o.events) {
      e.description.clear();
      e.span = o.span;
    }
    base::make_canonical(o);
    const std::string canonical = base::to_json_line(o);
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (o.entities[i].type == type) out.truth[{canonical, static_cast<std::int64_t>(i)}] = ids[i];
    }
    out.text += canonical + '\n';
  };
  std::ifstream in(file);
  std::size_t number = 0;
  for (std::string line; std::getline(in, line); ++number) {
    base::ObservationLine parsed = base::parse_observation_line(line, nullptr);
    auto* o = std::get_if<base::Observation>(&parsed);
    if (o == nullptr) {
      out.text += line + '\n';
    } else if (number % every == 0 && !o->entities.empty()) {
      if (halves) {
        const base::Timestamp middle = (o->span.start + o->span.end) / 2;
        base::Observation second = *o;
        o->span.end = std::min(o->span.end, middle + base::kSecond);
        second.span.start = std::max(second.span.start, middle - base::kSecond);
        take(std::move(second));
      }
      take(std::move(*o));
    }
  }
  return out;
}

TEST_CASE("players whose ids are hidden and whose names are disturbed are found one to one", "[graph][identity]") {
  const auto folder = shared("eval/soccer");
  if (!folder) return;
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  std::map<std::pair<std::string, std::int64_t>, std::string> truth;
  unsigned seed = 11;
  for (const char* match : {"epl-3754059", "epl-3754061", "epl-3754083"}) {
    const Hidden hidden = hide(*folder / (std::string(match) + ".observations.jsonl"), "player", seed++, 2, true, false);
    import(archive, hidden.text);
    truth.insert(hidden.truth.begin(), hidden.truth.end());
  }
  const Score score = pairwise(archive.store(), truth, "player");
  WARN("players: precision " << score.precision << ", recall " << score.recall << ", mentions " << truth.size());
  CHECK(score.precision >= 0.99);
  CHECK(score.recall >= 0.90);
  CHECK(verify(archive.folder(), false).empty());
}

TEST_CASE("actors of cameras whose ids are hidden and whose names are disturbed are found one to one", "[graph][identity]") {
  const auto file = shared("eval/meva/observations.jsonl");
  if (!file) return;
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  const Hidden hidden = hide(*file, "person", 5, 2, false, true);
  import(archive, hidden.text);
  const Score score = pairwise(archive.store(), hidden.truth, "person");
  WARN("actors: precision " << score.precision << ", recall " << score.recall << ", mentions " << hidden.truth.size());
  CHECK(score.precision >= 0.99);
  CHECK(score.recall >= 0.90);
}

}  // namespace
}  // namespace reelgraph::test
