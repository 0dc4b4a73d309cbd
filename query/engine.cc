#include "query/engine.h"

#include <algorithm>
#include <chrono>

#include "base/error.h"
#include "base/utf8.h"
#include "query/compound.h"
#include "query/execute.h"
#include "query/fusion.h"
#include "query/parse.h"
#include "query/plan_run.h"
#include "query/relation_question.h"
#include "query/retrieval.h"
#include "query/vocabulary.h"

namespace reelgraph::query {
namespace {

constexpr std::size_t kFewVideos = 20;        // words are looked for in as many, not in the whole archive
constexpr std::size_t kMostReadThrough = 50;  // videos whose every passage is weighed for a choice
constexpr double kEnoughMatched = 0.5;        // share of a question's words that the nearest evidence must hold to be one

using Clock = std::chrono::steady_clock;

class Stopwatch {
 public:
  double lap() {
    const auto now = Clock::now();
    const double ms = std::chrono::duration<double, std::milli>(now - last_).count();
    last_ = now;
    return ms;
  }

 private:
  Clock::time_point last_ = Clock::now();
};

// The answering of one question; lives as long as that takes.
class Asking {
 public:
  Asking(const graph::Store& store, const std::vector<base::Profile>& profiles, const Lexicon& lexicon, const WordCutter& cutter,
         Texts& texts, const AskOptions& options)
      : store_(store),
        profiles_(profiles),
        options_(options),
        lexicon_(lexicon),
        cutter_(cutter),
        texts_(texts),
        evidence_(store, std::max(options.max_citations, 1), !is_without(options.without, "frames")) {}

  Answer ask(const std::string& text) {
    Stopwatch watch;
    answer_.question = base::sanitize_utf8(text);
    const auto selected = select_videos(store_, options_);
    read(base::sanitize_utf8(text, kLongestQuestion), selected);
    read_property();
    if (parsed_.plan) {
      plan_scope();
      answer_.plan = to_json(*parsed_.plan);
    } else {
      answer_.plan = plan_json(question_);
      for (const Word& w : parsed_.leftover) answer_.plan["not_understood"].push_back(w.text);
      if (!parsed_.problem.empty()) answer_.plan["problem"] = parsed_.problem;
    }
    answer_.plan_ms = watch.lap();
    scope_ = make_scope(store_, videos_, options_.videos.empty() && !named_video_, options_, question_);
    answer_.coverage = coverage_report(scope_);
    plan_views();
    answer_.retrieve_ms = watch.lap();
    decide();
    answer_.citations = evidence_.take();
    answer_.answer_ms = watch.lap();
    return std::move(answer_);
  }

 private:
  // A video that the question names restricts it, if no option did; its name is then no longer a part of the question.
  void read(std::string text, const std::vector<graph::VideoRecord>& selected) {
    videos_ = selected;
    for (std::size_t at = 0; at < text.size() && options_.videos.empty() && !named_video_;) {
      const std::size_t from = text.find_first_not_of(" \t\n", at);
      if (from == std::string::npos) break;
      std::size_t to = std::min(text.find_first_of(" \t\n", from), text.size());
      at = to;
      std::string token = text.substr(from, to - from);
      while (!token.empty() && std::string_view("?!.,;:\"'").find(token.back()) != std::string_view::npos) token.pop_back();
      // Ids are made of file names: only what looks like one is looked up, so that "video" or "match" alone names nothing.
      if (token.size() < 3 || token.size() > 200 || token.find_first_of("_-.0123456789") == std::string::npos) continue;
      const auto it = std::find_if(selected.begin(), selected.end(), [&](const graph::VideoRecord& v) { return v.id == token; });
      if (it == selected.end()) continue;
      videos_ = {*it};
      named_video_ = true;
      text.erase(from, token.size());
    }
    words_ = cutter_.cut(text);
    read_plan();
    if (parsed_.plan) return;
    const Linker linker(store_, profiles_, cutter_);
    const bool all = options_.videos.empty() && !named_video_;
    question_ = understand(words_, linker, all ? std::vector<std::string>{} : ids_of(videos_));
  }

  // What the whole question says as a plan; a word that says nothing is tried once more as a slip of one that does.
  void read_plan() {
    if (options_.plan) {
      parsed_.plan = plan_from_json(*options_.plan, options_.plan_source);
      parsed_.videos = parsed_.plan->in_videos;
      for (const std::string& id : parsed_.videos) {
        if (std::any_of(videos_.begin(), videos_.end(), [&](const graph::VideoRecord& v) { return v.id == id; })) continue;
        throw base::Error(base::ErrorCode::kBadInput, "plan.in_videos: \"" + base::ellipsize(id, 60) + "\" is no video that is asked about",
                          options_.plan_source, "`reelgraph info` lists the videos");
      }
      return;
    }
    if (is_without(options_.without, "plan") || is_without(options_.without, "graph") || !options_.choices.empty()) return;
    const bool all = options_.videos.empty() && !named_video_;
    const std::vector<std::string> ids = all ? std::vector<std::string>{} : ids_of(videos_);
    parsed_ = parse(words_, lexicon_, store_, ids);
    if (parsed_.plan || !parsed_.unknown.empty() || parsed_.leftover.empty() || parsed_.leftover.size() > 3) return;
    std::vector<Word> mended = words_;
    bool any = false;
    for (const Word& w : parsed_.leftover) {
      const std::string better = lexicon_.nearest(w.folded);
      if (better.empty() || is_light_word(w) || is_stop_word(w.folded)) return;
      for (Word& m : mended) {
        if (m.folded != w.folded) continue;
        m.folded = better;
        m.text = better;
        m.stem = cutter_.stem(better);
        any = true;
      }
    }
    if (!any) return;
    Parsed again = parse(mended, lexicon_, store_, ids);
    if (again.plan) {
      parsed_ = std::move(again);
      words_ = std::move(mended);
    }
  }

  // The videos that the question names; with a plan the rest of the scope is the plan's own.
  void plan_scope() {
    question_ = Question{};
    // A plain stretch of time bounds the whole question, so that what was not described there is told as such.
    const std::vector<Window>& windows = parsed_.plan->select.windows;
    const auto plain = [](const Selection& s) {
      return std::all_of(s.windows.begin(), s.windows.end(), [](const Window& w) { return w.anchors.empty(); });
    };
    if (plain(parsed_.plan->select) && parsed_.plan->others.empty()) {
      const auto phrase = std::find_if(windows.begin(), windows.end(), [](const Window& w) { return w.kind == Window::Kind::kPhrase; });
      if (phrase != windows.end()) question_.times = {phrase->phrase};
    }
    if (!parsed_.videos.empty()) {
      std::erase_if(videos_, [&](const graph::VideoRecord& v) {
        return std::find(parsed_.videos.begin(), parsed_.videos.end(), v.id) == parsed_.videos.end();
      });
      named_video_ = true;
    }
    if (named_video_ && videos_.size() <= 100) parsed_.plan->in_videos = ids_of(videos_);
  }

  void plan_views() {
    nlohmann::json& plan = answer_.plan;
    nlohmann::json spans = nlohmann::json::array();
    for (const VideoScope& v : scope_.videos) {
      if (scope_.whole || spans.size() >= 20) break;
      spans.push_back({v.video.id, base::to_seconds(v.asked.start), base::to_seconds(v.asked.end)});
    }
    if (!spans.empty()) plan["spans"] = std::move(spans);
    plan["videos_looked_at"] = scope_.videos.size();
    if (!scope_.covers) plan["coverage"] = "not listed for " + std::to_string(scope_.videos.size()) + " videos";
  }

  void refuse(Status status, const std::string& text) {
    answer_.status = status;
    answer_.text = text;
  }

  void decide() {
    if (parsed_.plan) {
      if (scope_.videos.empty())
        return refuse(scope_.problem_status, scope_.problem.empty() ? "No video is what the question asks about." : scope_.problem);
      if (scope_.covers && scope_.asked_total() > 0 && scope_.described_total() == 0)
        return refuse(Status::kNotCovered, "Nothing of what was asked about has been described.");
      answer_.plan["views"] = {"graph"};
      return PlanRun(store_, scope_, *parsed_.plan, evidence_, answer_).run();
    }
    if (question_.content.empty() && question_.subjects.empty() && question_.entities.empty() && question_.intent != Intent::kEvents) {
      return refuse(Status::kNotUnderstood, words_.empty() ? "The question holds no words." : "The question names nothing to look for.");
    }
    if (scope_.videos.empty()) return refuse(scope_.problem_status, scope_.problem);
    if (scope_.covers && scope_.asked_total() > 0 && scope_.described_total() == 0) {
      return refuse(Status::kNotCovered, "Nothing of what was asked about has been described.");
    }
    if (!options_.choices.empty()) return multiple_choice();
    if (!parsed_.unknown.empty()) return refuse(Status::kNotSeen, "Nothing in the archive is called \"" + parsed_.unknown + "\".");
    if (unknown_words()) return;
    if (!parsed_.problem.empty()) return refuse(Status::kNotUnderstood, "This is not computed: " + parsed_.problem);
    if (!is_without(options_.without, "plan") && !is_without(options_.without, "graph") && is_beyond_plans(question_, words_)) {
      Execution execution(store_, question_, scope_, evidence_, answer_);
      if (execution.run()) {
        answer_.plan["views"] = {"graph"};
        return;
      }
    }
    nearest_evidence();
  }

  // "Which way did the second vehicle go?": what an entity's events say of themselves, if any of them says it.
  void read_property() {
    if (options_.plan || is_without(options_.without, "plan") || is_without(options_.without, "graph") || !options_.choices.empty()) return;
    const bool all = options_.videos.empty() && !named_video_;
    const auto asked = read_property_question(words_, lexicon_, all ? std::vector<std::string>{} : ids_of(videos_));
    if (!asked) {
      if (auto plan = read_relation_question(words_, lexicon_, store_, cutter_, all ? std::vector<std::string>{} : ids_of(videos_))) {
        parsed_ = {};
        parsed_.plan = std::move(plan);
      }
      return;
    }
    graph::EventFilter filter;
    filter.limit = 200;
    const bool said = std::any_of(asked->entities.begin(), asked->entities.end(), [&](graph::RowId entity) {
      filter.entities = {entity};
      const auto events = store_.events(filter);
      return std::any_of(events.begin(), events.end(), [&](const graph::EventRecord& e) { return e.attributes.contains(asked->key); });
    });
    if (!said) return;
    Plan plan;
    plan.ask = Ask::kProperty;
    plan.attribute = asked->key;
    plan.select.who = {{asked->entities, asked->names, "", false, false}};
    parsed_ = {};
    parsed_.plan = std::move(plan);
  }

  // What nothing in the archive bears the name of was not seen; no search would find it.
  bool unknown_words() {
    std::vector<std::string> unknown;
    std::string first;
    std::size_t checked = 0;
    const bool open = question_.intent == Intent::kOpen || question_.intent == Intent::kEvents;
    for (const Word& w : question_.leftover) {
      if (++checked > 40) break;
      if (!parse_number(w.folded) && !(store_.knows_word(w.folded) && (open || is_known_here(w)))) {
        if (unknown.empty()) first = w.folded;
        unknown.push_back(w.text);
      }
    }
    if (unknown.empty()) return false;
    const bool something = question_.intent != Intent::kOpen || !question_.subjects.empty() || !question_.entities.empty() || any_name();
    // One unknown word does not make a long description unknown.
    if (open && unknown.size() * 2 <= question_.content.size()) return false;
    if (!something) {
      refuse(Status::kNotUnderstood, "The question could not be read: nothing in the archive is called \"" + unknown.front() + "\".");
      return true;
    }
    std::string names;
    for (std::size_t i = 0; i < unknown.size() && i < 5; ++i) names += (i > 0 ? ", \"" : "\"") + unknown[i] + "\"";
    const std::string absent = lexicon_.absent_event(words_, first);
    refuse(Status::kNotSeen, absent.empty() ? "Nothing in the archive is called " + names + "."
                                            : "None was seen: there is no \"" + absent + "\" among the events of the archive.");
    return true;
  }

  // In an archive of matches and of cameras a word of the one says nothing of the other.
  [[nodiscard]] bool is_known_here(const Word& w) const {
    if (scope_.everything || scope_.videos.size() > kFewVideos) return true;
    graph::SearchRequest request;
    request.words = {w.folded};
    request.limit = 1;
    for (const VideoScope& v : scope_.videos) request.videos.push_back(v.video.id);
    return !store_.search(request).empty();
  }

  [[nodiscard]] bool any_name() const {
    return std::any_of(question_.leftover.begin(), question_.leftover.end(), [](const Word& w) { return w.capital || w.quoted; });
  }

  [[nodiscard]] std::vector<Retrieved> passages(const RetrievalRequest& request) const {
    std::vector<Retrieved> found;
    const auto find = [&](const RetrievalRequest& what) {
      FusionRequest fusion;
      fusion.words = what;
      fusion.by_words = !is_without(options_.without, "lexical");
      fusion.meaning = is_without(options_.without, "vector") ? nullptr : texts_.meaning();
      fusion.text = answer_.question;
      if (!is_without(options_.without, "graph")) fusion.entities = entities_named(lexicon_, words_);
      return retrieve_fused(store_, cutter_, fusion);
    };
    if (scope_.whole) {
      found = find(request);
    } else {
      // Every video has its own part: the widest span is searched, and what lies outside a video's own part dropped.
      RetrievalRequest wide = request;
      base::TimeSpan span = scope_.videos.front().asked;
      for (const VideoScope& v : scope_.videos) span = {std::min(span.start, v.asked.start), std::max(span.end, v.asked.end)};
      wide.within = span;
      wide.limit = request.limit * 2;
      found = find(wide);
      std::erase_if(found, [&](const Retrieved& r) {
        return std::none_of(scope_.videos.begin(), scope_.videos.end(),
                            [&](const VideoScope& v) { return v.video.id == r.passage.video && v.asked.overlaps(r.passage.span); });
      });
    }
    if (found.size() > static_cast<std::size_t>(request.limit)) found.resize(static_cast<std::size_t>(request.limit));
    return found;
  }

  [[nodiscard]] RetrievalRequest request() const {
    RetrievalRequest r;
    r.words = question_.content;
    r.limit = std::clamp(options_.max_citations, 1, 20);
    if (!scope_.everything && scope_.videos.size() <= Scope::kMostListed) {
      for (const VideoScope& v : scope_.videos) r.videos.push_back(v.video.id);
    }
    return r;
  }

  void nearest_evidence() {
    const auto found = passages(request());
    std::map<std::string, int> views;  // how much of what is shown each found
    for (const Retrieved& r : found) {
      for (const std::string& view : r.why) ++views[view];
    }
    answer_.plan["views"] = nlohmann::json::array();
    for (const auto& [view, n] : views) answer_.plan["views"].push_back(view);
    answer_.plan["found_by"] = views;
    // A number, a yes or a name may not be read off a passage: then the question stays unanswered, with what is near it.
    // "How", "which" and names that nobody here bears ask for just that: a passage that holds some of their words is no answer.
    static const std::vector<std::string> exact = {"how", "which", "who", "whose", "when", "both", "was", "did", "does", "is", "were"};
    const bool named = std::any_of(question_.leftover.begin(), question_.leftover.end(), [](const Word& w) { return w.capital; });
    const bool asks =
        std::any_of(words_.begin(), words_.end(),
                    [&](const Word& w) { return std::find(exact.begin(), exact.begin() + 5, w.folded) != exact.begin() + 5; }) ||
        (!words_.empty() && std::find(exact.begin(), exact.end(), words_.front().folded) != exact.end()) ||
        (!words_.empty() && words_.front().folded == "what" && std::any_of(words_.begin(), words_.end(), [](const Word& w) {
          return is_any(w.folded, {"name", "names", "called", "nickname", "surname"});
        }));
    // So does what compares, counts or measures: a passage holds no such figure.
    static const std::vector<std::string> measures = {
        "gap",     "difference", "score", "total",    "number",     "many",       "more",    "most",    "fewest", "less",
        "longest", "between",    "first", "last",     "fewer",      "shortest",   "average", "highest", "result", "same",
        "length",  "second",     "third", "interval", "attendance", "percentage", "rate",    "called",  "named"};
    const bool measured = std::any_of(words_.begin(), words_.end(), [&](const Word& w) {
      return std::find(measures.begin(), measures.end(), w.folded) != measures.end() || parse_ordinal(w.folded);
    });
    const bool computed =
        measured || (question_.intent != Intent::kOpen && question_.intent != Intent::kEvents) || asks || (named && words_.size() > 1);
    if (found.empty()) {
      const bool known = question_.understood() && computed;
      return refuse(known ? Status::kNotUnderstood : Status::kNotSeen, "Nothing in what was described speaks of that.");
    }
    std::string text;
    for (const Retrieved& r : found) {
      const int n = evidence_.cite(r.passage);
      const std::string line = when_where(r.passage.video, r.passage.span) + ": " + base::ellipsize(r.passage.text, 300);
      if (answer_.claims.size() < 3) text += " At " + line;
      answer_.claims.push_back({line, n > 0 ? std::vector<int>{n} : std::vector<int>{}});
    }
    if (computed) {
      std::string why;
      for (const std::string& o : question_.unsupported) why += (why.empty() ? "" : ", ") + o;
      for (std::size_t i = 0; why.empty() && i < question_.leftover.size() && i < 5; ++i)
        why += (i > 0 ? ", " : "") + question_.leftover[i].text;
      return refuse(Status::kNotUnderstood, "This cannot be computed from the archive" +
                                                (why.empty() ? std::string() : " (not understood: " + why + ")") +
                                                ". The nearest evidence:" + text);
    }
    if (found.front().matched < kEnoughMatched) {
      return refuse(Status::kNotSeen, "Nothing in what was described speaks of all that. The nearest evidence:" + text);
    }
    answer_.status = Status::kAnswered;
    answer_.kind = "text";
    answer_.text = "Not computed; this is the nearest evidence." + text;
    answer_.value = answer_.text;
  }

  void multiple_choice() {
    answer_.plan["intent"] = "choice";
    const bool lexical = !is_without(options_.without, "lexical");
    const Meaning* meaning = is_without(options_.without, "vector") ? nullptr : texts_.meaning();
    answer_.plan["views"] = nlohmann::json::array();
    if (lexical) answer_.plan["views"].push_back("lexical");
    if (meaning != nullptr) answer_.plan["views"].push_back("vector");
    const auto answered = [&](int index) {
      answer_.status = Status::kAnswered;
      answer_.kind = "choice";
      answer_.value = index;
      answer_.text =
          "Most of the evidence speaks for \"" + base::sanitize_utf8(options_.choices[static_cast<std::size_t>(index)], 1000) + "\".";
    };
    const char* const nothing = "Nothing in what was described speaks for any of the options.";
    if (!lexical && meaning == nullptr) return refuse(Status::kNotSeen, nothing);
    if (scope_.videos.size() <= kMostReadThrough) {
      std::vector<std::pair<graph::VideoRecord, base::TimeSpan>> videos;
      // Words for a place in time lead to the moment; they do not cut the rest off.
      const base::TimeSpan within{options_.from.value_or(0), options_.to.value_or(base::kMaxTimestamp)};
      for (const VideoScope& v : scope_.videos) videos.emplace_back(v.video, within);
      const auto choice = choose_written(texts_.written, meaning, lexical, videos, answer_.question, options_.choices);
      if (!choice) return refuse(Status::kNotSeen, nothing);
      answered(choice->index);
      const Moment& m = choice->moment;
      const int n = evidence_.cite({m.video, m.span, m.observation, std::nullopt, m.text, 0});
      answer_.claims.push_back({base::ellipsize(m.text, 300), n > 0 ? std::vector<int>{n} : std::vector<int>{}});
      return;
    }
    const auto choice = lexical ? choose(store_, cutter_, request(), options_.choices) : std::nullopt;
    if (!choice) return refuse(Status::kNotSeen, nothing);
    answered(choice->index);
    for (const Retrieved& r : choice->evidence) {
      const int n = evidence_.cite(r.passage);
      answer_.claims.push_back({base::ellipsize(r.passage.text, 300), n > 0 ? std::vector<int>{n} : std::vector<int>{}});
    }
  }

  const graph::Store& store_;
  const std::vector<base::Profile>& profiles_;
  const AskOptions& options_;
  const Lexicon& lexicon_;
  Parsed parsed_;
  const WordCutter& cutter_;
  Texts& texts_;
  Evidence evidence_;
  std::vector<graph::VideoRecord> videos_;
  bool named_video_ = false;
  std::vector<Word> words_;
  Question question_;
  Scope scope_;
  Answer answer_;
};

}  // namespace

Engine::Engine(const graph::Store& store, std::vector<base::Profile> profiles, std::shared_ptr<base::TextEmbedder> embedder,
               base::LogSink log)
    : store_(store), profiles_(std::move(profiles)), embedder_(std::move(embedder)), log_(std::move(log)) {}
Engine::~Engine() = default;
Engine::Engine(Engine&&) noexcept = default;

Engine::Vocabulary& Engine::vocabulary() const {
  if (!vocabulary_) vocabulary_ = std::make_unique<Vocabulary>(store_, profiles_, embedder_, log_);
  return *vocabulary_;
}

Answer Engine::ask(const std::string& question, const AskOptions& options) const {
  const auto ask_one = [&](const std::string& text) {
    return Asking(store_, profiles_, vocabulary().lexicon, vocabulary().cutter, vocabulary().texts, options).ask(text);
  };
  if (options.plan && options.plan->is_object() && options.plan->contains("first") && options.plan->contains("second")) {
    const auto part = [&](const char* key) {
      AskOptions one = options;
      one.plan = options.plan->at(key);
      return Asking(store_, profiles_, vocabulary().lexicon, vocabulary().cutter, vocabulary().texts, one).ask(question);
    };
    Answer first = part("first"), second = part("second");
    if (first.status != Status::kAnswered) return first;
    return second.status == Status::kAnswered ? join_answers(std::move(first), std::move(second)) : second;
  }
  if (options.plan || !options.choices.empty()) return ask_one(question);
  // Two questions in one: both must be computed, else the whole is taken as it is.
  const std::vector<std::string> parts = split_questions(base::sanitize_utf8(question, kLongestQuestion));
  if (parts.size() != 2) return ask_one(question);
  Answer first = ask_one(parts[0]), second = ask_one(parts[1]);
  const auto computed = [](const Answer& a) { return a.status == Status::kAnswered && a.plan.contains("ask"); };
  if (!computed(first) || !computed(second)) return ask_one(question);
  first.question = base::sanitize_utf8(question);
  return join_answers(std::move(first), std::move(second));
}

}  // namespace reelgraph::query
