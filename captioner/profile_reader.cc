#include "captioner/profile_reader.h"

#include <toml++/toml.h>

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <set>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "captioner/commentary_reader.h"
#include "captioner/signals/options.h"
#include "captioner/toml_fields.h"
#include "chunker/tracking/ball_rules.h"

namespace reelgraph::captioner {
namespace {

constexpr std::size_t kMostCorners = 256;

/// Reads one file's tables; every refusal names the line.
class Reader : private TomlFields {
 public:
  explicit Reader(std::string where) : TomlFields(std::move(where)) {}

  RawProfile read(const toml::table& root) {
    only_keys(root, {"name",      "extends",  "description", "prompt",   "entity_types", "event_types", "roles",
                     "zones",     "examples", "signals",     "tracking", "phrases",      "periods",     "tallies",
                     "nicknames", "classes",  "fillers",     "videos",   "speakers",     "commentary"},
              "a profile");
    base::Profile& p = raw_.profile;
    p.name = name_of(root, root, "the profile");
    raw_.extends = text(root, "extends");
    if (!raw_.extends.empty()) raw_.extends_place = place(*root.get("extends"));
    p.description = text(root, "description");
    p.prompt = text(root, "prompt");
    p.entity_types = terms(root, "entity_types", false);
    p.event_types = terms(root, "event_types", true);
    p.roles = terms(root, "roles", false);
    read_zones(root);
    read_examples(root);
    read_signals(root);
    read_tracking(root);
    read_phrases(root);
    read_periods(root);
    read_tallies(root);
    for (const toml::table* t : tables(root, "nicknames")) {
      only_keys(*t, {"name", "words"}, "a nickname");
      raw_.profile.nicknames.push_back({text(*t, "name"), words(*t, "words")});
    }
    raw_.profile.fillers = words(root, "fillers");
    raw_.profile.videos = words(root, "videos");
    raw_.profile.speakers = words(root, "speakers");
    if (const toml::table* classes = table_at(root, "classes")) {
      for (auto&& [key, value] : *classes) raw_.profile.classes.emplace_back(std::string(key.str()), words(*classes, key.str()));
    }
    if (const toml::table* commentary = table_at(root, "commentary")) {
      raw_.commentary = read_commentary(*commentary, where(), p.tallies);
      raw_.commentary->profile = p.name;
    }
    return std::move(raw_);
  }

 private:
  std::vector<base::Term> terms(const toml::table& root, const std::string& key, bool events) {
    std::vector<base::Term> result;
    std::set<std::string> seen;
    const toml::array* array = list(root, key);
    if (array == nullptr) return result;
    for (const toml::node& node : *array) {
      const toml::table& table = table_of(node, key);
      if (events) {
        only_keys(table, {"name", "description", "synonyms", "roles"}, "an event type");
      } else {
        only_keys(table, {"name", "description", "synonyms"}, "an entry of " + key);
      }
      base::Term term;
      term.name = name_of(table, node, "an entry of " + key);
      if (!seen.insert(term.name).second) refuse(node, "\"" + term.name + "\" is twice in " + key, "remove one, or give it another name");
      term.description = text(table, "description");
      term.synonyms = words(table, "synonyms");
      if (events) {
        term.roles = words(table, "roles");
        for (const std::string& role : term.roles) raw_.role_uses.push_back({term.name, role, place(*table.get("roles"))});
      }
      result.push_back(std::move(term));
    }
    return result;
  }

  [[nodiscard]] double minutes(const toml::table& table, std::string_view key) const {
    const toml::node* node = table.get(key);
    if (node == nullptr) return 0;
    const double value = node->is_number() ? node->value<double>().value_or(-1000) : -1000;
    if (!(value >= -60 && value <= 100'000)) refuse(*node, quoted(key) + " is no number of minutes", "write it as 45");
    return value;
  }

  void read_phrases(const toml::table& root) {
    for (const toml::table* t : tables(root, "phrases")) {
      only_keys(*t, {"words", "types", "where", "subject", "object", "qualifies", "other", "against"}, "a phrase");
      base::Phrase p{words(*t, "words"),      words(*t, "types"),
                     conditions(*t, "where"), text(*t, "subject"),
                     text(*t, "object"),      false,
                     text(*t, "other"),       false};
      if (p.words.empty()) refuse(*t, "a phrase has no words", "add words = [\"...\"]");
      if (const toml::node* q = t->get("qualifies")) p.qualifies = q->value<bool>().value_or(false);
      if (const toml::node* a = t->get("against")) p.against = a->value<bool>().value_or(false);
      if (p.types.empty() && p.where.empty()) refuse(*t, "a phrase has neither types nor where: it means nothing", "add one of them");
      raw_.profile.phrases.push_back(std::move(p));
    }
  }

  void read_periods(const toml::table& root) {
    for (const toml::table* t : tables(root, "periods")) {
      only_keys(*t, {"words", "type", "where", "from_minute", "to_minute"}, "a period");
      base::Period p{words(*t, "words"), text(*t, "type"), conditions(*t, "where"), minutes(*t, "from_minute"), minutes(*t, "to_minute")};
      if (p.words.empty() || p.type.empty()) refuse(*t, "a period needs words and type", "add them");
      raw_.profile.periods.push_back(std::move(p));
    }
  }

  void read_tallies(const toml::table& root) {
    static constexpr const char* kStates[] = {"ahead",     "level",  "behind",     "zero",    "first",      "opener",
                                              "equaliser", "winner", "pulls_back", "extends", "won",        "lost",
                                              "drawn",     "none",   "score",      "implied", "two_by_one", "three_by_one"};
    for (const toml::table* t : tables(root, "tallies")) {
      only_keys(*t, {"name", "type", "side", "other_side", "words"}, "a tally");
      base::Tally tally{name_of(*t, *t, "a tally"), text(*t, "type"), text(*t, "side"), conditions(*t, "other_side"), {}};
      if (tally.type.empty() || tally.side.empty())
        refuse(*t, "a tally needs type and side", "add the event type and the role of the side");
      if (const toml::table* states = table_at(*t, "words")) {
        for (auto&& [key, value] : *states) {
          const std::string state(key.str());
          if (std::find(std::begin(kStates), std::end(kStates), state) == std::end(kStates))
            refuse(
                value, "a tally knows no state \"" + base::ellipsize(state, 60) + "\"",
                "known: ahead, level, behind, zero, first, opener, equaliser, winner, pulls_back, extends, won, lost, drawn, none, score, "
                "implied, two_by_one, three_by_one");
          tally.words.emplace_back(state, words(*states, key.str()));
        }
      }
      raw_.profile.tallies.push_back(std::move(tally));
    }
  }

  void read_zones(const toml::table& root) {
    std::set<std::string> seen;
    const toml::array* array = list(root, "zones");
    if (array == nullptr) return;
    for (const toml::node& node : *array) {
      const toml::table& table = table_of(node, "zones");
      only_keys(table, {"name", "polygon", "synonyms"}, "a zone");
      base::Zone zone;
      zone.name = name_of(table, node, "a zone");
      if (!seen.insert(zone.name).second) refuse(node, "the zone \"" + zone.name + "\" is there twice", "give one another name");
      zone.synonyms = words(table, "synonyms");
      zone.polygon = polygon(table, node, zone.name);
      raw_.profile.zones.push_back(std::move(zone));
    }
  }

  using Point = std::pair<double, double>;

  [[nodiscard]] std::vector<Point> polygon(const toml::table& table, const toml::node& at, const std::string& zone) const {
    const std::string what = "the polygon of zone \"" + zone + "\"";
    const std::string cure = "write polygon = [[0.1, 0.2], [0.5, 0.2], [0.5, 0.8]]: x and y of each corner as parts of the picture";
    const toml::array* array = list(table, "polygon");
    if (array == nullptr) refuse(at, "zone \"" + zone + "\" has no polygon", cure);
    if (array->size() < 3 || array->size() > kMostCorners) refuse(*array, what + " has not 3 to 256 corners", cure);
    std::vector<Point> points;
    for (const toml::node& node : *array) {
      const toml::array* pair = node.as_array();
      if (pair == nullptr || pair->size() != 2 || !(*pair)[0].is_number() || !(*pair)[1].is_number()) {
        refuse(node, "a corner of " + what.substr(4) + " is not a pair of numbers", cure);
      }
      const double x = (*pair)[0].value<double>().value_or(-1), y = (*pair)[1].value<double>().value_or(-1);
      if (!(x >= 0 && x <= 1 && y >= 0 && y <= 1)) refuse(node, "a corner of " + what.substr(4) + " lies outside 0 to 1", cure);
      points.emplace_back(x, y);
    }
    double area = 0;
    for (std::size_t i = 0; i < points.size(); ++i) area += cross({0, 0}, points[i], points[(i + 1) % points.size()]) / 2;
    if (std::abs(area) < 1e-6) refuse(*array, what + " has no area", cure);
    if (crosses_itself(points)) refuse(*array, what + " crosses itself", "list the corners in order around the zone");
    return points;
  }

  static double cross(Point o, Point a, Point b) {
    return (a.first - o.first) * (b.second - o.second) - (a.second - o.second) * (b.first - o.first);
  }
  static bool crosses_itself(const std::vector<Point>& p) {
    const std::size_t n = p.size();
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = i + 2; j < n; ++j) {
        if (i == 0 && j == n - 1) continue;  // neighbours share a corner
        const Point a = p[i], b = p[i + 1], c = p[j], d = p[(j + 1) % n];
        if (cross(a, b, c) * cross(a, b, d) < 0 && cross(c, d, a) * cross(c, d, b) < 0) return true;
      }
    }
    return false;
  }

  void read_examples(const toml::table& root) {
    const toml::array* array = list(root, "examples");
    if (array == nullptr) return;
    for (const toml::node& node : *array) {
      const toml::table& table = table_of(node, "examples");
      only_keys(table, {"input", "output", "images"}, "an example");
      base::Example example;
      example.input = text(table, "input");
      example.output = text(table, "output");
      if (example.input.empty() || example.output.empty()) refuse(node, "an example needs input and output", "add both");
      const nlohmann::json output = nlohmann::json::parse(example.output, nullptr, false);
      if (!output.is_object())
        refuse(*table.get("output"), "the output of an example is not a JSON object", "write the observation that the model should give");
      if (const toml::array* images = list(table, "images")) {
        for (const toml::node& image : *images) example.images.push_back(string_of(image, "an image of an example"));
      }
      raw_.profile.examples.push_back(std::move(example));
    }
  }

  void read_signals(const toml::table& root) {
    const toml::node* node = root.get("signals");
    if (node == nullptr) return;
    const toml::table* table = node->as_table();
    if (table == nullptr) refuse(*node, "\"signals\" is not a table", "write it as [signals] with its keys below");
    nlohmann::json& options = raw_.profile.signals;
    for (auto&& [key, value] : *table) {
      const std::string name(key.str());
      if (const auto* integer = value.as_integer()) {
        options[name] = integer->get();
      } else if (const auto* real = value.as_floating_point(); real != nullptr && std::isfinite(real->get())) {
        options[name] = real->get();
      } else {
        refuse(value, "signals." + base::ellipsize(name, 60) + " is not a number", "correct or remove it");
      }
      static_cast<void>(signals::parse_options({{name, options[name]}}, place(value)));
    }
  }

  void read_tracking(const toml::table& root) {
    const toml::node* node = root.get("tracking");
    if (node == nullptr) return;
    raw_.profile.tracking = json_of(*node);
    static_cast<void>(chunker::tracking::parse_any_rules(raw_.profile.tracking, place(*node)));
  }

  /// Tables, lists, texts and numbers; anything else becomes null, which no reader takes.
  static nlohmann::json json_of(const toml::node& node) {
    if (const toml::table* table = node.as_table()) {
      nlohmann::json object = nlohmann::json::object();
      for (auto&& [key, value] : *table) object[std::string(key.str())] = json_of(value);
      return object;
    }
    if (const toml::array* array = node.as_array()) {
      nlohmann::json list = nlohmann::json::array();
      for (const toml::node& value : *array) list.push_back(json_of(value));
      return list;
    }
    if (const auto* text = node.as_string()) return text->get();
    if (const auto* integer = node.as_integer()) return integer->get();
    if (const auto* real = node.as_floating_point(); real != nullptr && std::isfinite(real->get())) return real->get();
    return nullptr;
  }

  RawProfile raw_;
};

}  // namespace

RawProfile read_profile(const std::string& toml, const std::string& where) {
  try {
    return Reader(where).read(toml::parse(toml));
  } catch (const toml::parse_error& e) {
    throw base::Error(base::ErrorCode::kBadInput, "this is no TOML: " + base::sanitize_utf8(e.description(), 500),
                      where + ":" + std::to_string(e.source().begin.line), "mend the line (https://toml.io tells how)");
  }
}

}  // namespace reelgraph::captioner
