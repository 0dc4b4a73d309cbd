#include "query/answerer.h"

#include <algorithm>
#include <map>
#include <numeric>
#include <set>

#include "base/utf8.h"
#include "query/answerer_prompt.h"
#include "query/vocabulary.h"

namespace reelgraph::query {
namespace {

constexpr int kMostFound = 6;                   // passages for one follow-up
constexpr std::size_t kLongestFoundText = 600;  // bytes

std::vector<CitedEvidence> evidence_of(const Answer& answer, const std::vector<Citation>& citations) {
  std::vector<CitedEvidence> evidence;
  for (const Citation& citation : citations) evidence.push_back({citation.video, citation.span, citation.text});
  for (const Claim& claim : answer.claims) {
    for (const int n : claim.citations) {
      if (n >= 1 && n <= static_cast<int>(evidence.size())) evidence[static_cast<std::size_t>(n) - 1].text += "\n" + claim.text;
    }
  }
  return evidence;
}

std::string with_citations(const CheckedSentence& s) {
  std::string marks;
  for (const int n : s.citations) marks += " [" + std::to_string(n) + "]";
  const std::size_t end = s.text.find_last_not_of(".!?") + 1;  // before what ends the sentence
  return s.text.substr(0, end) + marks + s.text.substr(end);
}

bool is_same(const Citation& a, const Citation& b) {
  return a.video == b.video && a.text == b.text && (a.span.overlaps(b.span) || a.span == b.span);
}

/// The evidence as a model reads it, step by step.
class EvidenceReader {
 public:
  EvidenceReader(const Answer& answer, base::TextModel& model, const WordingOptions& options)
      : answer_(answer), model_(model), options_(options), citations_(answer.citations), order_(citations_.size()) {
    std::iota(order_.begin(), order_.end(), std::size_t{0});
  }

  /// Asks until it answers. @throws base::Error kModel
  void read() {
    bool last = !options_.look_up || is_computed(answer_);
    for (int step = 1;; ++step) {
      last = last || step >= options_.max_steps;
      Reading reading = compose_reading(answer_, citations_, order_, options_, !last, asked_);
      base::TextReply reply = model_.write(reading.request);
      usage.prompt_tokens += reply.usage.prompt_tokens;
      usage.completion_tokens += reply.usage.completion_tokens;
      usage.cost_usd += reply.usage.cost_usd;
      ModelReply said = read_reply(reply.text);
      ReadingStep& done = steps.emplace_back();
      done.shown = static_cast<int>(reading.shown.size());
      done.usage = reply.usage;
      done.look_for = said.look_for;
      done.note = said.problem;
      if (!said.look_for || last) {
        declined = said.declined || said.look_for;
        if (said.look_for) done.note = "it was to answer now";
        prose = std::move(said.prose);
        cut_off = reply.cut_off;
        return;
      }
      if (!look_up(*said.look_for, done)) last = true;
    }
  }

  [[nodiscard]] const std::vector<Citation>& citations() const { return citations_; }

  bool declined = false, cut_off = false;
  std::string prose;
  std::vector<ReadingStep> steps;
  base::Usage usage;

 private:
  /// False: that led to nothing that it had not seen.
  bool look_up(const FollowUp& ask, ReadingStep& step) {
    if (ask.text.empty()) return false;
    const auto told = [&](const std::string& note) { step.note += (step.note.empty() ? "" : "; ") + note; };
    if (!keys_.insert(fold(to_text(ask))).second) {
      told("it asked for that before");
      return false;
    }
    asked_.push_back(ask);
    std::string note;
    const std::vector<Citation> found = options_.look_up(ask, note);
    if (!note.empty()) told(note);
    step.found = static_cast<int>(found.size());
    std::vector<std::size_t> first;  // what was asked for is more useful than what came by itself
    for (const Citation& c : found) {
      if (std::any_of(citations_.begin(), citations_.end(), [&](const Citation& known) { return is_same(c, known); })) continue;
      first.push_back(citations_.size());
      citations_.push_back(c);
    }
    order_.insert(order_.begin(), first.begin(), first.end());
    step.added = static_cast<int>(first.size());
    if (first.empty()) told(found.empty() ? "nothing was found" : "nothing new was found");
    return !first.empty();
  }

  const Answer& answer_;
  base::TextModel& model_;
  const WordingOptions& options_;
  std::vector<Citation> citations_;  ///< those of the answer, then what was found for the model
  std::vector<std::size_t> order_;   ///< from the most useful on
  std::vector<FollowUp> asked_;
  std::set<std::string> keys_;
};

/// Keeps of what was found for the model only what the sentences rest on, and numbers it anew behind the answer's own citations.
void keep_cited(const std::vector<Citation>& all, bool used, std::vector<CheckedSentence>& sentences, std::vector<Citation>& citations) {
  const int own = static_cast<int>(citations.size());
  std::map<int, int> renumbered;
  for (const CheckedSentence& s : sentences) {
    for (const int n : s.citations) {
      if (!used || n <= own || s.verdict == Verdict::kDropped || renumbered.contains(n)) continue;
      citations.push_back(all[static_cast<std::size_t>(n) - 1]);
      renumbered[n] = static_cast<int>(citations.size());
    }
  }
  for (CheckedSentence& s : sentences) {
    std::vector<int> kept;
    for (const int n : s.citations) {
      if (n <= own) kept.push_back(n);
      if (const auto it = renumbered.find(n); it != renumbered.end()) kept.push_back(it->second);
    }
    s.citations = std::move(kept);
  }
}

}  // namespace

void word_answer(Answer& answer, base::TextModel& model, const WordingOptions& options) {
  const bool open = answer.status == Status::kAnswered || answer.status == Status::kNotUnderstood;
  if (!open || answer.citations.empty()) return;
  EvidenceReader reader(answer, model, options);
  reader.read();

  Wording wording;
  wording.model = model.name();
  wording.usage = reader.usage;
  wording.steps = std::move(reader.steps);
  if (reader.declined) {
    wording.declined = true;
    answer.wording = std::move(wording);
    return;
  }
  const WordCutter cutter;
  const std::vector<CitedEvidence> evidence = evidence_of(answer, reader.citations());
  wording.sentences = check_claims(reader.prose, evidence, is_computed(answer) ? answer.text : std::string(), cutter);
  // Cut off by the limit: half a sentence is none.
  if (reader.cut_off && !wording.sentences.empty()) {
    const std::string& last = wording.sentences.back().text;
    if (last.empty() || std::string_view(".!?").find(last.back()) == std::string_view::npos) wording.sentences.pop_back();
  }
  const auto is = [&](Verdict verdict) {
    return std::any_of(wording.sentences.begin(), wording.sentences.end(), [&](const CheckedSentence& s) { return s.verdict == verdict; });
  };
  // What nobody computed and nothing supports does not become an answer.
  const bool used = is(Verdict::kSupported) || (answer.status == Status::kAnswered && is(Verdict::kFlagged));
  keep_cited(reader.citations(), used, wording.sentences, answer.citations);
  std::string text;
  std::vector<Claim> claims;
  for (const CheckedSentence& s : wording.sentences) {
    if (s.verdict == Verdict::kDropped) continue;
    const char* const flag = s.verdict == Verdict::kFlagged ? "[not verified] " : "";
    text += (text.empty() ? "" : " ") + std::string(flag) + with_citations(s);
    claims.push_back({flag + s.text, s.citations});
  }
  answer.wording = std::move(wording);
  if (!used) return;
  if (is_computed(answer)) {
    answer.text += "\n" + text;
    return;
  }
  answer.status = Status::kAnswered;
  answer.kind = "text";
  answer.text = text;
  answer.value = text;
  answer.claims = std::move(claims);
}

std::function<std::vector<Citation>(const FollowUp&, std::string&)> look_up_in(const graph::Store& store, const Engine& engine,
                                                                               const AskOptions& asked) {
  return [&store, &engine, &asked](const FollowUp& ask, std::string& note) {
    SearchOptions search;
    search.videos = asked.videos;
    search.from = asked.from;
    search.to = asked.to;
    search.limit = kMostFound;
    search.without = asked.without;
    const auto told = [&](const std::string& what) { note += (note.empty() ? "" : "; ") + what; };
    if (!ask.video.empty()) {
      const bool may = asked.videos.empty() || std::find(asked.videos.begin(), asked.videos.end(), ask.video) != asked.videos.end();
      const auto videos = store.videos();
      const bool is_there = std::any_of(videos.begin(), videos.end(), [&](const graph::VideoRecord& v) { return v.id == ask.video; });
      if (may && is_there) {
        search.videos = {ask.video};
      } else {
        told(is_there ? "its video is none that is asked about" : "there is no such video");
      }
    }
    // Never beyond what the question was put to.
    const base::Timestamp from = std::max(asked.from.value_or(0), ask.from.value_or(0));
    const base::Timestamp to = std::min(asked.to.value_or(base::kMaxTimestamp), ask.to.value_or(base::kMaxTimestamp));
    if ((ask.from || ask.to) && from < to) {
      search.from = from;
      search.to = to;
    } else if (ask.from || ask.to) {
      told("its times lie outside what is asked about");
    }
    std::vector<Citation> found;
    for (Hit& hit : engine.search(ask.text, search)) {
      if (is_without(asked.without, "frames")) hit.frame.clear();
      found.push_back({hit.video, hit.span, base::ellipsize(hit.text, kLongestFoundText), std::nullopt, std::nullopt, hit.frame});
    }
    return found;
  };
}

}  // namespace reelgraph::query
