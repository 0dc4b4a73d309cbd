// Plans as JSON: shown by --explain, read from a plan file. What comes from outside is checked before it is believed.
#include <algorithm>
#include <array>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "query/evidence.h"
#include "query/plan.h"

namespace reelgraph::query {
namespace {

using nlohmann::json;

constexpr int kDeepest = 6;              // of selections within windows
constexpr std::size_t kMostItems = 100;  // of one list

constexpr std::array<std::pair<Ask, const char*>, 23> kAsks = {{{Ask::kCount, "count"},       {Ask::kExists, "exists"},
                                                                {Ask::kWhen, "when"},         {Ask::kWho, "who"},
                                                                {Ask::kWhat, "what"},         {Ask::kDuration, "duration"},
                                                                {Ask::kLength, "length"},     {Ask::kGap, "gap"},
                                                                {Ask::kGaps, "gaps"},         {Ask::kConcurrency, "concurrency"},
                                                                {Ask::kOrder, "order"},       {Ask::kCompare, "compare"},
                                                                {Ask::kRank, "rank"},         {Ask::kVideos, "videos"},
                                                                {Ask::kMembers, "members"},   {Ask::kScore, "score"},
                                                                {Ask::kSpoken, "spoken"},     {Ask::kRate, "rate"},
                                                                {Ask::kRelated, "related"},   {Ask::kPath, "path"},
                                                                {Ask::kProperty, "property"}, {Ask::kStay, "stay"},
                                                                {Ask::kBusiest, "busiest"}}};

constexpr std::array<std::pair<Window::Kind, const char*>, 10> kWindows = {{{Window::Kind::kPhrase, "phrase"},
                                                                            {Window::Kind::kPeriod, "period"},
                                                                            {Window::Kind::kNot, "outside"},
                                                                            {Window::Kind::kAfter, "after"},
                                                                            {Window::Kind::kBefore, "before"},
                                                                            {Window::Kind::kBetween, "between"},
                                                                            {Window::Kind::kOverlaps, "overlaps"},
                                                                            {Window::Kind::kDisjoint, "disjoint"},
                                                                            {Window::Kind::kFollows, "follows"},
                                                                            {Window::Kind::kLeads, "leads"}}};

constexpr std::array<std::pair<TimePhrase::Kind, const char*>, 9> kPhrases = {{{TimePhrase::Kind::kBetween, "between"},
                                                                               {TimePhrase::Kind::kAfter, "after"},
                                                                               {TimePhrase::Kind::kBefore, "before"},
                                                                               {TimePhrase::Kind::kFirst, "first"},
                                                                               {TimePhrase::Kind::kLast, "last"},
                                                                               {TimePhrase::Kind::kAt, "at"},
                                                                               {TimePhrase::Kind::kPart, "part"},
                                                                               {TimePhrase::Kind::kBeginning, "beginning"},
                                                                               {TimePhrase::Kind::kEnd, "end"}}};

template <typename Table, typename Value>
const char* name_in(const Table& table, Value value) {
  for (const auto& [v, name] : table) {
    if (v == value) return name;
  }
  return "";
}

json conditions_json(const std::vector<Condition>& where) {
  json j = json::object();
  for (const Condition& c : where) j[c.key] = c.value;
  return j;
}

json selection_json(const Selection& s);

json tally_json(const base::Tally& t) { return {{"name", t.name}, {"type", t.type}, {"side", t.side}, {"other_side", t.other_side}}; }

json window_json(const Window& w) {
  json j = {{"kind", name_in(kWindows, w.kind)}};
  if (w.kind == Window::Kind::kPhrase) {
    j["phrase"] = {{"kind", name_in(kPhrases, w.phrase.kind)}, {"text", w.phrase.text}};
    if (w.phrase.kind == TimePhrase::Kind::kPart) {
      j["phrase"]["part"] = w.phrase.a;
      j["phrase"]["of"] = w.phrase.b;
    } else {
      j["phrase"]["a"] = base::to_seconds(w.phrase.a);
      j["phrase"]["b"] = base::to_seconds(w.phrase.b);
    }
  }
  if (w.kind == Window::Kind::kPeriod || w.kind == Window::Kind::kNot) {
    j["period"] = {{"type", w.period.type}, {"where", w.period.where}};
    if (!w.period.words.empty()) j["period"]["name"] = w.period.words.front();
    if (w.period.from_minute != 0) j["period"]["from_minute"] = w.period.from_minute;
    if (w.period.to_minute != 0) j["period"]["to_minute"] = w.period.to_minute;
  }
  for (const Selection& a : w.anchors) j["anchors"].push_back(selection_json(a));
  if (w.within > 0) j["within_s"] = base::to_seconds(w.within);
  if (w.ended) j["from_its_end"] = true;
  return j;
}

json selection_json(const Selection& s) {
  json j = json::object();
  for (const EventKind& k : s.kinds) {
    json kind = {{"types", k.types}};
    if (!k.where.empty()) kind["where"] = conditions_json(k.where);
    j["kinds"].push_back(std::move(kind));
  }
  if (!s.not_types.empty()) j["not_types"] = s.not_types;
  for (const Participant& p : s.who) {
    json who = {{"entities", p.entities}, {"names", p.names}};
    if (!p.role.empty()) who["role"] = p.role;
    if (p.negated) who["negated"] = true;
    if (p.opponent) who["opponent"] = true;
    j["who"].push_back(std::move(who));
  }
  for (const Window& w : s.windows) j["windows"].push_back(window_json(w));
  if (s.tally) {
    json t = {{"of", tally_json(s.tally->tally)}, {"state", s.tally->state}};
    if (!s.tally->side.empty()) t["side"] = s.tally->side, t["side_names"] = s.tally->side_names;
    if (s.tally->margin != 0) t["margin"] = s.tally->margin;
    if (!s.tally->counts.empty()) t["counts"] = s.tally->counts;
    j["tally"] = std::move(t);
  }
  if (!s.credited.empty()) j["credited"] = s.credited;
  if (s.credit) j["credit"] = tally_json(*s.credit);
  if (s.longer) j["longer_s"] = base::to_seconds(*s.longer);
  if (s.shorter) j["shorter_s"] = base::to_seconds(*s.shorter);
  if (s.nth) j["nth"] = *s.nth;
  if (s.extreme != 0) j["extreme"] = s.extreme;
  if (s.first_n != 0) j["first_n"] = s.first_n;
  if (!s.text.empty()) j["text"] = s.text;
  return j;
}

/// Reads what somebody wrote. Every refusal names the place as a path ("plan.select.windows[0].kind").
class Checker {
 public:
  explicit Checker(std::string file) : file_(std::move(file)) {}

  [[noreturn]] void refuse(const std::string& path, const std::string& message) const {
    throw base::Error(base::ErrorCode::kBadInput, path + ": " + message, file_, "`ask --explain` shows plans that are right");
  }
  void keys(const json& j, const std::string& path, std::initializer_list<std::string_view> known) const {
    if (!j.is_object()) refuse(path, "is no object");
    for (const auto& [key, value] : j.items()) {
      if (std::find(known.begin(), known.end(), key) == known.end()) refuse(path, "unknown key \"" + base::ellipsize(key, 60) + "\"");
    }
  }
  [[nodiscard]] std::string text(const json& j, const char* key, const std::string& path) const {
    const auto it = j.find(key);
    if (it == j.end()) return {};
    if (!it->is_string() || it->get<std::string>().size() > 1000) refuse(path + "." + key, "is no string of at most 1000 bytes");
    return base::sanitize_utf8(it->get<std::string>());
  }
  [[nodiscard]] bool flag(const json& j, const char* key, const std::string& path) const {
    const auto it = j.find(key);
    if (it == j.end()) return false;
    if (!it->is_boolean()) refuse(path + "." + key, "is neither true nor false");
    return it->get<bool>();
  }
  [[nodiscard]] std::optional<double> number(const json& j, const char* key, const std::string& path, double low, double high) const {
    const auto it = j.find(key);
    if (it == j.end()) return std::nullopt;
    if (!it->is_number() || !(it->get<double>() >= low && it->get<double>() <= high)) {
      refuse(path + "." + key, "is no number from " + json(low).dump() + " to " + json(high).dump());
    }
    return it->get<double>();
  }
  [[nodiscard]] std::optional<int> integer(const json& j, const char* key, const std::string& path, int low, int high) const {
    const auto n = number(j, key, path, low, high);
    if (!n) return std::nullopt;
    if (!j.at(key).is_number_integer()) refuse(path + "." + key, "is no whole number");
    return static_cast<int>(*n);
  }
  [[nodiscard]] base::Duration seconds(const json& j, const char* key, const std::string& path) const {
    return base::from_seconds(number(j, key, path, 0, 1e7).value_or(0));
  }
  [[nodiscard]] const json& list(const json& j, const char* key, const std::string& path, std::size_t most = kMostItems) const {
    static const json empty = json::array();
    const auto it = j.find(key);
    if (it == j.end()) return empty;
    if (!it->is_array() || it->size() > most) refuse(path + "." + key, "is no list of at most " + std::to_string(most));
    return *it;
  }
  [[nodiscard]] std::vector<std::string> texts(const json& j, const char* key, const std::string& path) const {
    std::vector<std::string> out;
    for (const json& item : list(j, key, path)) {
      if (!item.is_string() || item.get<std::string>().size() > 1000) refuse(path + "." + key, "holds something that is no string");
      out.push_back(base::sanitize_utf8(item.get<std::string>()));
    }
    return out;
  }
  [[nodiscard]] std::vector<graph::RowId> rows(const json& j, const char* key, const std::string& path) const {
    std::vector<graph::RowId> out;
    for (const json& item : list(j, key, path, kMostNarrowed)) {
      if (!item.is_number_integer()) refuse(path + "." + key, "holds something that is no id of an entity");
      out.push_back(item.get<graph::RowId>());
    }
    return out;
  }
  [[nodiscard]] json where(const json& j, const char* key, const std::string& path) const {
    const auto it = j.find(key);
    if (it == j.end()) return json::object();
    if (!it->is_object() || it->size() > kMostItems) refuse(path + "." + key, "is no object of conditions");
    for (const auto& [name, value] : it->items()) {
      const auto good = [](const json& v) { return v.is_primitive() && !v.is_null(); };
      if (!good(value) &&
          !(value.is_array() && !value.empty() && value.size() <= kMostItems && std::all_of(value.begin(), value.end(), good)))
        refuse(path + "." + key + "." + base::ellipsize(name, 60), "is no value and no list of values");
    }
    return *it;
  }
  template <typename Table>
  auto choice(const Table& table, const json& j, const char* key, const std::string& path) const {
    const std::string name = text(j, key, path);
    std::string known;
    for (const auto& [value, n] : table) {
      if (name == n) return value;
      known += (known.empty() ? "" : ", ") + std::string(n);
    }
    refuse(path + "." + key, "is \"" + base::ellipsize(name, 60) + "\", not one of " + known);
  }
  [[nodiscard]] base::Tally tally(const json& j, const std::string& path) const {
    keys(j, path, {"name", "type", "side", "other_side"});
    base::Tally t;
    t.name = text(j, "name", path);
    t.type = text(j, "type", path);
    t.side = text(j, "side", path);
    t.other_side = where(j, "other_side", path);
    if (t.type.empty() || t.side.empty()) refuse(path, "has no type or no side");
    return t;
  }
  [[nodiscard]] Window window(const json& j, const std::string& path, int depth) const {
    keys(j, path, {"kind", "phrase", "period", "anchors", "within_s", "from_its_end"});
    Window w;
    w.kind = choice(kWindows, j, "kind", path);
    if (w.kind == Window::Kind::kPhrase) {
      const json phrase = j.value("phrase", json());
      const std::string at = path + ".phrase";
      keys(phrase, at, {"kind", "text", "a", "b", "part", "of"});
      w.phrase.kind = choice(kPhrases, phrase, "kind", at);
      w.phrase.text = text(phrase, "text", at);
      if (w.phrase.kind == TimePhrase::Kind::kPart) {
        w.phrase.b = integer(phrase, "of", at, 1, 100).value_or(2);
        w.phrase.a = integer(phrase, "part", at, -1, static_cast<int>(w.phrase.b) - 1).value_or(0);
      } else {
        w.phrase.a = seconds(phrase, "a", at);
        w.phrase.b = seconds(phrase, "b", at);
        w.phrase.impossible = w.phrase.kind == TimePhrase::Kind::kBetween && w.phrase.a >= w.phrase.b;
      }
      return w;
    }
    if (w.kind == Window::Kind::kPeriod || w.kind == Window::Kind::kNot) {
      const json period = j.value("period", json());
      const std::string at = path + ".period";
      keys(period, at, {"type", "where", "name", "from_minute", "to_minute"});
      w.period.type = text(period, "type", at);
      if (w.period.type.empty()) refuse(at, "has no type");
      w.period.where = where(period, "where", at);
      if (const std::string name = text(period, "name", at); !name.empty()) w.period.words = {name};
      w.period.from_minute = number(period, "from_minute", at, -60, 100'000).value_or(0);
      w.period.to_minute = number(period, "to_minute", at, 0, 100'000).value_or(0);
      w.within = seconds(j, "within_s", path);
      return w;
    }
    const json& anchors = list(j, "anchors", path);
    const std::size_t need = w.kind == Window::Kind::kBetween ? 2 : 1;
    if (anchors.size() != need) refuse(path + ".anchors", "must hold " + std::to_string(need));
    for (std::size_t i = 0; i < anchors.size(); ++i)
      w.anchors.push_back(selection(anchors[i], path + ".anchors[" + std::to_string(i) + "]", depth + 1));
    w.within = seconds(j, "within_s", path);
    w.ended = flag(j, "from_its_end", path);
    if ((w.kind == Window::Kind::kFollows || w.kind == Window::Kind::kLeads) && w.within <= 0)
      refuse(path + ".within_s", "is missing: say within how many seconds");
    return w;
  }
  [[nodiscard]] Selection selection(const json& j, const std::string& path, int depth) const {
    if (depth > kDeepest) refuse(path, "is nested too deeply");
    keys(j, path,
         {"kinds", "not_types", "who", "windows", "tally", "credit", "credited", "longer_s", "shorter_s", "nth", "first_n", "text",
          "extreme"});
    Selection s;
    for (const json& k : list(j, "kinds", path)) {
      keys(k, path + ".kinds", {"types", "where"});
      EventKind kind{texts(k, "types", path + ".kinds"), {}};
      const json conditions = where(k, "where", path + ".kinds");
      for (const auto& [key, value] : conditions.items()) kind.where.push_back({key, value});
      s.kinds.push_back(std::move(kind));
    }
    s.not_types = texts(j, "not_types", path);
    for (const json& p : list(j, "who", path)) {
      keys(p, path + ".who", {"entities", "names", "role", "negated", "opponent"});
      s.who.push_back({rows(p, "entities", path + ".who"), texts(p, "names", path + ".who"), text(p, "role", path + ".who"),
                       flag(p, "negated", path + ".who"), flag(p, "opponent", path + ".who")});
    }
    for (const json& w : list(j, "windows", path)) s.windows.push_back(window(w, path + ".windows", depth));
    if (const auto it = j.find("tally"); it != j.end()) {
      const std::string at = path + ".tally";
      keys(*it, at, {"of", "state", "side", "side_names", "margin", "counts"});
      TallyState t;
      t.tally = tally(it->value("of", json()), at + ".of");
      t.state = text(*it, "state", at);
      static constexpr std::array<std::string_view, 15> kStates = {"ahead",  "level",      "behind",  "opener", "equaliser",
                                                                   "winner", "pulls_back", "extends", "won",    "lost",
                                                                   "drawn",  "none",       "score",   "stands", "first"};
      if (std::find(kStates.begin(), kStates.end(), t.state) == kStates.end()) refuse(at + ".state", "is no state of a tally");
      t.side = rows(*it, "side", at);
      t.side_names = texts(*it, "side_names", at);
      t.margin = integer(*it, "margin", at, 0, 1000).value_or(0);
      for (const json& n : list(*it, "counts", at)) {
        if (!n.is_number_integer() || n < 0 || n > 1000) refuse(at + ".counts", "holds something that is no number from 0 to 1000");
        t.counts.push_back(n.get<int>());
      }
      if ((t.state == "stands") != (t.counts.size() == 2))
        refuse(at + ".counts", "are two numbers of the state \"stands\", and of no other");
      s.tally = std::move(t);
    }
    if (const auto it = j.find("credit"); it != j.end()) s.credit = tally(*it, path + ".credit");
    if (j.contains("longer_s")) s.longer = seconds(j, "longer_s", path);
    if (j.contains("shorter_s")) s.shorter = seconds(j, "shorter_s", path);
    s.nth = integer(j, "nth", path, -100'000, 100'000);
    if (s.nth && *s.nth == 0) refuse(path + ".nth", "is 0; the first is 1, the last is -1");
    s.first_n = integer(j, "first_n", path, -100'000, 100'000).value_or(0);
    s.extreme = integer(j, "extreme", path, -1, 1).value_or(0);
    s.credited = text(j, "credited", path);
    s.text = text(j, "text", path);
    return s;
  }
  [[nodiscard]] Plan plan(const json& j) const {
    keys(j, "plan",
         {"ask",      "select",    "others",    "role",     "entity_type", "among",   "besides",         "distinct", "videos",
          "fewest",   "total",     "from_end",  "everyone", "top",         "exactly", "per_participant", "except",   "compare",
          "words",    "noun",      "per_s",     "at_least", "sentence",    "views",   "found_by",        "spans",    "videos_looked_at",
          "coverage", "attribute", "in_videos", "figure",   "across",      "named",   "relation",        "backward", "at_most",
          "then"});
    Plan p;
    p.ask = choice(kAsks, j, "ask", "plan");
    p.select = selection(j.value("select", json::object()), "plan.select", 0);
    for (const json& o : list(j, "others", "plan")) p.others.push_back(selection(o, "plan.others", 0));
    p.role = text(j, "role", "plan");
    p.entity_type = text(j, "entity_type", "plan");
    p.among = rows(j, "among", "plan");
    p.besides = rows(j, "besides", "plan");
    p.distinct = flag(j, "distinct", "plan");
    p.videos = flag(j, "videos", "plan");
    p.fewest = flag(j, "fewest", "plan");
    p.total = flag(j, "total", "plan");
    p.from_end = flag(j, "from_end", "plan");
    p.everyone = flag(j, "everyone", "plan");
    p.per_participant = flag(j, "per_participant", "plan");
    p.at_least = flag(j, "at_least", "plan");
    p.at_most = flag(j, "at_most", "plan");
    p.except = flag(j, "except", "plan");
    p.named = flag(j, "named", "plan");
    p.then = flag(j, "then", "plan");
    p.figure = flag(j, "figure", "plan");
    p.top = integer(j, "top", "plan", 1, 1000).value_or(1);
    p.across = integer(j, "across", "plan", 0, 1'000'000).value_or(0);
    p.exactly = integer(j, "exactly", "plan", 0, 1'000'000);
    p.compare = text(j, "compare", "plan");
    static constexpr std::array<std::string_view, 8> kCompares = {"",           "more",       "fewer",       "equal",
                                                                  "difference", "which_more", "which_fewer", "both"};
    if (std::find(kCompares.begin(), kCompares.end(), p.compare) == kCompares.end()) refuse("plan.compare", "is no way to compare");
    p.words = texts(j, "words", "plan");
    p.per = seconds(j, "per_s", "plan");
    if (p.ask == Ask::kBusiest && p.per > 0 && p.per < base::kSecond) refuse("plan.per_s", "is less than a second");
    if (p.ask == Ask::kRate && p.per <= 0) refuse("plan.per_s", "is missing: say by how many seconds");
    p.noun = text(j, "noun", "plan");
    p.attribute = text(j, "attribute", "plan");
    p.relation = text(j, "relation", "plan");
    p.backward = flag(j, "backward", "plan");
    if (p.ask == Ask::kRelated && (p.relation.empty() || p.select.who.empty()))
      refuse("plan", "needs a relation and a participant (select.who)");
    if (p.ask == Ask::kPath && p.select.who.size() != 2) refuse("plan.select.who", "needs two participants: from whom and to whom");
    p.in_videos = texts(j, "in_videos", "plan");
    if (p.ask == Ask::kProperty && p.attribute.empty()) refuse("plan.attribute", "is missing: say which attribute");
    if (p.ask == Ask::kScore && !p.select.tally) refuse("plan.select.tally", "is missing: say which count");
    const bool two = p.ask == Ask::kGap || p.ask == Ask::kOrder || p.ask == Ask::kCompare || p.ask == Ask::kStay;
    if (two && p.others.empty()) refuse("plan.others", "is empty: this needs a second selection");
    if (p.ask == Ask::kSpoken && p.words.empty()) refuse("plan.words", "is empty");
    return p;
  }

 private:
  std::string file_;
};

}  // namespace

json to_json(const Plan& p) {
  json j = {{"ask", name_in(kAsks, p.ask)}, {"select", selection_json(p.select)}};
  for (const Selection& o : p.others) j["others"].push_back(selection_json(o));
  if (!p.role.empty()) j["role"] = p.role;
  if (!p.entity_type.empty()) j["entity_type"] = p.entity_type;
  if (!p.among.empty()) j["among"] = p.among;
  if (!p.besides.empty()) j["besides"] = p.besides;
  for (const auto& [key, value] : {std::pair{"distinct", p.distinct},
                                   {"videos", p.videos},
                                   {"fewest", p.fewest},
                                   {"total", p.total},
                                   {"from_end", p.from_end},
                                   {"everyone", p.everyone},
                                   {"per_participant", p.per_participant},
                                   {"at_least", p.at_least},
                                   {"at_most", p.at_most},
                                   {"except", p.except},
                                   {"named", p.named},
                                   {"then", p.then},
                                   {"backward", p.backward},
                                   {"figure", p.figure}}) {
    if (value) j[key] = true;
  }
  if (p.top != 1) j["top"] = p.top;
  if (p.across > 0) j["across"] = p.across;
  if (p.exactly) j["exactly"] = *p.exactly;
  if (!p.compare.empty()) j["compare"] = p.compare;
  if (p.per > 0) j["per_s"] = base::to_seconds(p.per);
  if (!p.words.empty()) j["words"] = p.words;
  if (!p.noun.empty()) j["noun"] = p.noun;
  if (!p.relation.empty()) j["relation"] = p.relation;
  if (!p.attribute.empty()) j["attribute"] = p.attribute;
  if (!p.in_videos.empty()) j["in_videos"] = p.in_videos;
  j["sentence"] = describe(p);
  return j;
}

Plan plan_from_json(const json& j, const std::string& where) { return Checker(where).plan(j); }

}  // namespace reelgraph::query
