#include "captioner/commentary_reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "base/utf8.h"
#include "captioner/toml_fields.h"

namespace reelgraph::captioner {
namespace {

class CommentaryReader : private TomlFields {
 public:
  using TomlFields::TomlFields;

  base::Commentary read(const toml::table& root, const std::vector<base::Tally>& tallies) {
    only_keys(root,
              {"language", "agent", "side", "tally", "pass", "twin", "topics", "stages", "styles", "recaps", "lines", "words",
               "short_names", "particles", "numbers", "ordinals"},
              "commentary");
    c_.language = required(root, "language", "commentary");
    c_.agent = text_or(root, "agent", "agent");
    c_.side = text_or(root, "side", "team");
    if (const std::string tally = text(root, "tally"); !tally.empty()) {
      const auto it = std::find_if(tallies.begin(), tallies.end(), [&](const base::Tally& t) { return t.name == tally; });
      if (it == tallies.end()) refuse(*root.get("tally"), "there is no tally " + named(tally), "name one of [[tallies]]");
      c_.score = *it;
    }
    c_.twin = text_or(root, "twin", "{name} ({nth})");
    for (const toml::table* t : tables(root, "topics")) read_topic(*t);
    if (c_.topics.empty()) refuse(root, "commentary has no topics", "add [[commentary.topics]]");
    read_families(root);
    for (const toml::table* t : tables(root, "stages")) read_stage(*t);
    for (const toml::table* t : tables(root, "styles")) read_style(*t);
    if (c_.styles.empty()) refuse(root, "commentary has no styles", "add [[commentary.styles]] with a name");
    for (const toml::table* t : tables(root, "recaps")) read_recap(*t);
    c_.particles = words(root, "particles");
    c_.numbers = texts(root, "numbers");
    c_.ordinals = texts(root, "ordinals");
    if (const toml::table* names = table_at(root, "short_names")) {
      for (auto&& [key, value] : *names) c_.short_names.emplace_back(std::string(key.str()), string_of(value, "a short name"));
    }
    if (const toml::table* ways = table_at(root, "words")) {
      for (auto&& [key, value] : *ways) {
        c_.words.emplace_back(std::string(key.str()), texts(*ways, key.str()));
        if (c_.words.back().second.empty()) refuse(value, "no ways to say <" + std::string(key.str()) + ">", "add some");
      }
    }
    if (const toml::table* ways = table_at(root, "words")) {
      for (auto&& [key, value] : *ways) {
        for (const std::string& one : texts(*ways, key.str())) check_template(value, one);
      }
    }
    for (const toml::table* t : tables(root, "lines")) read_lines(*t);
    check_follows(root);
    check_always(root);
    return std::move(c_);
  }

 private:
  static std::string named(const std::string& name) { return "\"" + base::ellipsize(name, 60) + "\""; }

  std::string required(const toml::table& t, std::string_view key, const std::string& what) const {
    std::string value = text(t, key);
    if (value.empty()) refuse(t, what + " has no " + std::string(key), "add " + std::string(key) + " = \"...\"");
    return value;
  }
  std::string text_or(const toml::table& t, std::string_view key, const char* otherwise) const {
    std::string value = text(t, key);
    return value.empty() ? otherwise : value;
  }
  template <typename List>
  [[nodiscard]] static bool has(const List& list, const std::string& name) {
    return std::any_of(list.begin(), list.end(), [&](const auto& x) { return x.name == name; });
  }
  [[nodiscard]] bool has_family(const std::string& name) const {
    return std::any_of(c_.topics.begin(), c_.topics.end(), [&](const base::CommentaryTopic& t) {
      return t.family == name || std::find(t.also.begin(), t.also.end(), name) != t.also.end();
    });
  }

  void read_topic(const toml::table& t) {
    only_keys(t, {"name", "types", "where", "family", "also", "importance", "measure", "measure_weight", "always", "joins", "follow", "stale"}, "a topic");
    base::CommentaryTopic topic;
    topic.name = name_of(t, t, "a topic");
    if (has(c_.topics, topic.name)) refuse(t, "the topic " + named(topic.name) + " is there twice", "give one another name");
    topic.types = words(t, "types");
    if (topic.types.empty()) refuse(t, "the topic " + named(topic.name) + " has no types", "add types = [\"...\"], event types");
    topic.where = conditions(t, "where");
    topic.family = text_or(t, "family", topic.name.c_str());
    topic.also = words(t, "also");
    topic.importance = number(t, "importance", 0, 0, 100);
    topic.measure = text(t, "measure");
    topic.measure_weight = number(t, "measure_weight", 0, 0, 100);
    topic.always = flag(t, "always");
    topic.joins = text(t, "joins");
    topic.follow = words(t, "follow");
    topic.stale_s = number(t, "stale", 6, 0, 600);
    c_.topics.push_back(std::move(topic));
  }

  void read_families(const toml::table& root) {
    for (const toml::table* t : tables(root, "topics")) {
      const std::string joins = text(*t, "joins");
      if (!joins.empty() && !has(c_.topics, joins)) refuse(*t, "there is no topic " + named(joins) + " to join", "name one of the topics");
    }
    c_.pass = text(root, "pass");
    if (!c_.pass.empty() && !has_family(c_.pass)) refuse(*root.get("pass"), "no topic is of the family " + named(c_.pass), "correct it");
  }

  void read_stage(const toml::table& t) {
    only_keys(t, {"name", "type", "where", "minute", "minutes"}, "a stage");
    c_.stages.push_back({required(t, "name", "a stage"), required(t, "type", "a stage"), conditions(t, "where"),
                         number(t, "minute", 0, 0, 10'000), number(t, "minutes", 0, 0, 10'000)});
  }

  void read_style(const toml::table& t) {
    only_keys(t, {"name", "least", "pause", "quiet", "words_per_second", "dense"}, "a style");
    base::CommentaryStyle style;
    style.name = name_of(t, t, "a style");
    style.least = number(t, "least", 0, 0, 100);
    style.pause_s = number(t, "pause", 1, 0, 600);
    style.quiet_s = number(t, "quiet", 10, 1, 3600);
    style.words_per_s = number(t, "words_per_second", 2.4, 0, 5);
    if (style.words_per_s < 0.5) refuse(t, "words_per_second is below 0.5", "people speak two to three");
    style.dense = t.get("dense") == nullptr || flag(t, "dense");
    c_.styles.push_back(std::move(style));
  }

  void read_recap(const toml::table& t) {
    only_keys(t, {"name", "kind", "families", "mark", "minutes", "at_least", "every", "importance", "summary"}, "a recap");
    static constexpr const char* kKinds[] = {"compare", "share", "leader", "latest", "since", "streak", "after", "score"};
    base::CommentaryRecap r;
    r.name = name_of(t, t, "a recap");
    if (has(c_.recaps, r.name) || has(c_.topics, r.name)) refuse(t, "the name " + named(r.name) + " is there twice", "give one another name");
    r.kind = text(t, "kind");
    if (std::find(std::begin(kKinds), std::end(kKinds), r.kind) == std::end(kKinds))
      refuse(t, "there is no kind of recap " + named(r.kind), "known: compare, share, leader, latest, since, streak, after, score");
    r.families = words(t, "families");
    for (const std::string& f : r.families) {
      if (!has_family(f)) refuse(t, "no topic is of the family " + named(f), "name the family of a topic");
    }
    if (r.families.empty() && r.kind != "score") refuse(t, "the recap " + named(r.name) + " counts nothing", "add families = [\"...\"]");
    r.mark = text(t, "mark");
    if ((r.kind == "after" || !r.mark.empty()) && !has_family(r.mark)) refuse(t, "the recap " + named(r.name) + " has no mark", "name the family since which it counts");
    r.minutes = number(t, "minutes", 0, 0, 1000);
    r.at_least = number(t, "at_least", 3, 1, 10'000);
    r.every_min = number(t, "every", 10, 0, 1000);
    r.importance = number(t, "importance", 20, 0, 100);
    r.summary = flag(t, "summary");
    c_.recaps.push_back(std::move(r));
  }

  void read_lines(const toml::table& t) {
    only_keys(t, {"of", "styles", "when", "say"}, "lines");
    const toml::node* of = t.get("of");
    if (of == nullptr) refuse(t, "an entry of lines has no of", "add of = \"...\", a topic or recap, or a list of them");
    const std::vector<std::string> subjects = of->is_array() ? words(t, "of") : std::vector<std::string>{string_of(*of, "\"of\"")};
    base::CommentaryLines lines{{}, texts(t, "styles"), texts(t, "when"), texts(t, "say")};
    for (const std::string& style : lines.styles) {
      if (!has(c_.styles, style)) refuse(*t.get("styles"), "there is no style " + named(style), "name one of [[commentary.styles]]");
    }
    if (lines.say.empty()) refuse(t, "lines say nothing", "add say = [\"...\"]");
    for (const std::string& one : lines.say) check_template(*t.get("say"), one);
    for (const std::string& subject : subjects) {
      if (subject != "interval" && subject != "end" && !has(c_.topics, subject) && !has(c_.recaps, subject))
        refuse(*of, "there is no topic or recap " + named(subject), "name one, or interval, or end");
      lines.of = subject;
      c_.lines.push_back(lines);
    }
  }

  /// Every { and < is closed, and every <word> known.
  void check_template(const toml::node& at, const std::string& one) const {
    if (one.size() > 500) refuse(at, "a line is longer than 500 bytes", "shorten it");
    for (std::size_t i = 0; i < one.size(); ++i) {
      if (one[i] != '{' && one[i] != '<') continue;
      const std::size_t end = one.find(one[i] == '{' ? '}' : '>', i);
      if (end == std::string::npos || end == i + 1)
        refuse(at, "in " + named(one) + " a " + one[i] + " is not closed or empty", "write {slot} or <word>");
      const std::string inner = one.substr(i + 1, end - i - 1);
      if (one[i] == '<' && std::none_of(c_.words.begin(), c_.words.end(), [&](const auto& w) { return w.first == inner; }))
        refuse(at, "there is no <" + base::ellipsize(inner, 60) + ">", "add it to [commentary.words]");
      i = end;
    }
  }

  void check_follows(const toml::table& root) const {
    for (const toml::table* t : tables(root, "topics")) {
      for (const std::string& name : words(*t, "follow")) {
        if (!has(c_.recaps, name)) refuse(*t->get("follow"), "there is no recap " + named(name), "name one of [[commentary.recaps]]");
      }
    }
  }

  /// What must be told can be told, whatever it is like.
  void check_always(const toml::table& root) const {
    for (const base::CommentaryTopic& topic : c_.topics) {
      if (!topic.always) continue;
      for (const base::CommentaryStyle& style : c_.styles) {
        const bool told = std::any_of(c_.lines.begin(), c_.lines.end(), [&](const base::CommentaryLines& l) {
          return l.of == topic.name && l.when.empty() &&
                 (l.styles.empty() || std::find(l.styles.begin(), l.styles.end(), style.name) != l.styles.end());
        });
        if (!told)
          refuse(root, "the topic " + named(topic.name) + " is always told, and has no lines without conditions in style " + named(style.name),
                 "add [[commentary.lines]] for it without `when`");
      }
    }
  }

  base::Commentary c_;
};

}  // namespace

base::Commentary read_commentary(const toml::table& table, const std::string& where, const std::vector<base::Tally>& tallies) {
  return CommentaryReader(where).read(table, tallies);
}

}  // namespace reelgraph::captioner
