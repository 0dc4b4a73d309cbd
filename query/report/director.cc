#include "query/report/director.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/error.h"

namespace reelgraph::query::report {
namespace {

constexpr double kImportant = 50;                              // interrupts silence at once, and puts off looking back
constexpr double kRival = 40;                                  // what a lesser line makes room for
constexpr double kRoom = 10;                                   // by how much it must be greater
constexpr base::Duration kGap = 200 * base::kMillisecond;      // between two lines
constexpr base::Duration kStep = base::kSecond;                // of looking whether there is something to say
constexpr base::Duration kShortest = base::kSecond;            // of a line
constexpr base::Duration kSameInstant = base::kSecond;         // of two events told as one
constexpr base::Duration kLongSilence = 5 * base::kMinute;     // without events: nothing is looked back on
constexpr base::Duration kSummaryRoom = 15 * base::kSecond;    // after an interval begins
constexpr base::Duration kBreath = 1500 * base::kMillisecond;     // before what follows it
constexpr base::Duration kReaction = 40 * base::kSecond;           // as long as it may follow
constexpr base::Duration kConsequence = 10 * base::kSecond;
constexpr int kNoLimit = 1000;

const base::CommentaryStyle& style_of(const base::Commentary& commentary, const std::string& name) {
  for (const base::CommentaryStyle& s : commentary.styles) {
    if (name.empty() || s.name == name) return s;
  }
  std::string known;
  for (const base::CommentaryStyle& s : commentary.styles) known += (known.empty() ? "" : ", ") + s.name;
  throw base::Error(base::ErrorCode::kInvalidArgument, "the profile " + commentary.profile + " has no style " + name, "--style",
                    known.empty() ? "choose a profile with [commentary], such as sports" : "it has " + known);
}

base::Timestamp up_to_millisecond(base::Timestamp t) { return (t + base::kMillisecond - 1) / base::kMillisecond * base::kMillisecond; }

}  // namespace

Director::Director(const base::Commentary& commentary, const graph::VideoRecord& video, const CommentaryOptions& options, EventFeed& feed)
    : commentary_(commentary), style_(style_of(commentary, options.style)), video_(video), options_(options), feed_(feed),
      names_(commentary), record_(commentary, names_, video.title), grammar_(commentary, style_.name, names_) {}

std::uint64_t Director::chance(base::Timestamp now, const std::string& of) const {
  std::uint64_t h = options_.seed * 0x9e3779b97f4a7c15U + static_cast<std::uint64_t>(now);
  for (const char c : of) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211U;
  return h;
}

void Director::admit(Happening h) {
  FactSheet sheet = record_.add(h);
  when_[h.event.row] = h.known;
  last_event_ = h.event.row;
  admitted_ = h.known;
  if (!h.topic->joins.empty()) {
    joiners_.push_back({std::move(h), std::move(sheet)});
    return;
  }
  for (auto it = joiners_.begin(); it != joiners_.end(); ++it) {
    if (it->happening.topic->joins != h.topic->name || it->happening.agent != h.agent) continue;
    if (std::abs(it->happening.event.span.start - h.event.span.start) > kSameInstant) continue;
    sheet.events.insert(sheet.events.begin(), it->happening.event.row);
    sheet.values.insert(it->sheet.values.begin(), it->sheet.values.end());
    sheet.numbers.insert(it->sheet.numbers.begin(), it->sheet.numbers.end());
    joiners_.erase(it);
    break;
  }
  offer(h, std::move(sheet));
}

void Director::settle_joiners(base::Timestamp now) {
  while (!joiners_.empty() && joiners_.front().happening.known + kSameInstant < now) {
    Joiner alone = std::move(joiners_.front());
    joiners_.erase(joiners_.begin());
    offer(alone.happening, std::move(alone.sheet));
  }
}

void Director::offer(const Happening& h, FactSheet sheet) {
  const base::CommentaryTopic& topic = *h.topic;
  if (topic.importance <= 0) return;
  Candidate c;
  c.of = topic.name;
  c.topic = &topic;
  c.kind = "event";
  c.importance = topic.importance;
  if (const auto it = sheet.numbers.find(topic.measure); !topic.measure.empty() && it != sheet.numbers.end())
    c.importance += topic.measure_weight * std::clamp(it->second, 0.0, 1.0);
  if (const auto it = sheet.numbers.find("all_n"); it != sheet.numbers.end()) c.importance += 6 / it->second;
  const auto margin = sheet.numbers.find("margin");
  if (topic.importance >= kRival && sheet.flags.contains("late") && margin != sheet.numbers.end() && margin->second <= 1) c.importance += 10;
  if (const auto it = sheet.numbers.find("chain"); it != sheet.numbers.end()) c.importance += std::min(12.0, it->second);
  c.always = topic.always;
  c.ready = h.known;
  c.stale = h.known + static_cast<base::Duration>(topic.stale_s * static_cast<double>(base::kSecond));
  if (sheet.flags.contains("stage_starts")) {
    c.importance = std::max(c.importance, 70.0);
    c.stale = h.known + kSummaryRoom + 5 * base::kSecond;
  }
  c.started = h.event.span.start;
  c.agent = h.agent;
  c.side = h.side;
  c.sheet = std::move(sheet);
  queue_.push_back(std::move(c));
}

void Director::offer_summaries(base::Timestamp now, base::Timestamp deadline) {
  double importance = 92;
  for (const base::CommentaryRecap& recap : commentary_.recaps) {
    if (!recap.summary) continue;
    Candidate c;
    c.of = recap.name;
    c.kind = "summary";
    c.recap = &recap;
    c.importance = importance--;
    c.ready = now;
    c.stale = deadline;
    queue_.push_back(std::move(c));
  }
}

void Director::close_stage(base::Timestamp now) {
  closed_stage_ = record_.stage();
  Candidate c;
  c.of = "interval";
  c.kind = "summary";
  c.importance = 95;
  c.ready = now;
  c.stale = now + kSummaryRoom;
  record_.describe(c.sheet, now);
  if (const auto it = c.sheet.facts.find("score"); it != c.sheet.facts.end()) c.sheet.events = it->second.events;
  if (c.sheet.events.empty() && last_event_ != 0) c.sheet.events = {last_event_};
  queue_.push_back(std::move(c));
  offer_summaries(now, now + kSummaryRoom);
}

void Director::close_video(base::Timestamp now) {
  closed_ = true;
  if (last_event_ == 0) return;
  Candidate c;
  c.of = "end";
  c.kind = "summary";
  c.importance = 95;
  c.always = true;
  c.ready = now;
  record_.describe(c.sheet, now);
  if (const auto it = c.sheet.facts.find("score"); it != c.sheet.facts.end()) c.sheet.events = it->second.events;
  if (c.sheet.events.empty()) c.sheet.events = {last_event_};
  queue_.push_back(std::move(c));
  offer_summaries(now, std::max(feed_.end(), now + kStep));
}

double Director::consequence(const Candidate& c) const {
  if (c.side == 0) return 0;
  for (const Happening& h : feed_.ahead()) {
    if (h.event.span.start > c.ready + kConsequence) continue;
    if (h.side == c.side && h.topic->importance >= kImportant && h.topic->importance > c.importance) return 8;
  }
  return 0;
}

int Director::words_before_rival(base::Timestamp now, double importance) const {
  const double wanted = std::max(kRival, importance + kRoom);
  for (const Happening& h : feed_.ahead()) {
    if (h.topic->importance < wanted) continue;
    const double seconds = static_cast<double>(h.known - now - kGap) / static_cast<double>(base::kSecond);
    return std::max(0, static_cast<int>(std::floor(seconds * style_.words_per_s)));
  }
  return kNoLimit;
}

void Director::emit(const Candidate& c, const FactSheet& sheet, Sentence sentence, base::Timestamp now) {
  CommentaryLine line;
  line.span.start = up_to_millisecond(now);
  const double seconds = static_cast<double>(sentence.words) / style_.words_per_s;
  line.span.end = up_to_millisecond(line.span.start + std::max(kShortest, static_cast<base::Duration>(seconds * static_cast<double>(base::kSecond))));
  line.text = sentence.text;
  line.kind = c.kind;
  line.topic = c.of;
  line.importance = c.importance;
  line.pattern = sentence.pattern;
  const std::set<graph::RowId> all(sheet.events.begin(), sheet.events.end());
  line.events.assign(all.begin(), all.end());
  std::stable_sort(line.events.begin(), line.events.end(), [&](graph::RowId a, graph::RowId b) { return when_[a] < when_[b]; });
  last_end_ = line.span.end + kGap;
  if (c.importance >= kImportant) important_end_ = last_end_;
  grammar_.said(sentence, line.span.start);
  line.facts = std::move(sentence.facts);
  lines_.push_back(std::move(line));
}

bool Director::say(const Candidate& c, base::Timestamp now) {
  const std::optional<FactSheet> looked = c.recap != nullptr ? look_back(*c.recap, record_, now) : std::nullopt;
  if (c.recap != nullptr && !looked) return false;
  const FactSheet& sheet = looked ? *looked : c.sheet;
  if (sheet.events.empty()) return false;
  const int room = words_before_rival(now, c.importance);
  std::optional<Sentence> sentence;
  if (room >= 2) sentence = grammar_.make(c.of, sheet, now, room, chance(now, c.of));
  if (!sentence && c.always) sentence = grammar_.make(c.of, sheet, now, kNoLimit, chance(now, c.of));
  if (!sentence && c.always && c.kind == "event") {  // what its source says of it
    sentence.emplace();
    const auto it = sheet.facts.find("description");
    sentence->pattern = it != sheet.facts.end() ? "{description}" : c.of;
    sentence->text = it != sheet.facts.end() ? it->second.text : c.of;
    if (it != sheet.facts.end()) sentence->facts = {it->second};
    std::replace(sentence->text.begin(), sentence->text.end(), '_', ' ');
    capitalise(sentence->text);
    if (sentence->text.empty() || std::string_view(".!?").find(sentence->text.back()) == std::string_view::npos) sentence->text += ".";
    sentence->words = count_words(sentence->text);
  }
  if (!sentence) return false;
  if (c.recap != nullptr) {
    std::string numbers;
    for (const Fact& fact : sentence->facts) numbers += fact.slot == "minutes" ? "" : fact.value.dump() + ";";
    recaps_[c.of] = {now, numbers};
  }
  emit(c, sheet, std::move(*sentence), now);
  if (c.recap != nullptr) recap_end_ = last_end_;
  return true;
}

bool Director::look_back_now(base::Timestamp now, double best) {
  if (!style_.dense || best >= kRival || record_.stage() < 0) return false;
  const auto quiet = static_cast<base::Duration>(style_.quiet_s * static_cast<double>(base::kSecond));
  if (now < important_end_ + quiet || now < recap_end_ + quiet || now - admitted_ > kLongSilence) return false;
  std::vector<std::pair<double, const base::CommentaryRecap*>> order;
  for (const base::CommentaryRecap& recap : commentary_.recaps) {
    if (recap.importance <= 0) continue;  // said after something only
    const auto it = recaps_.find(recap.name);
    const double since = it == recaps_.end() ? 30 : static_cast<double>(now - it->second.at) / static_cast<double>(base::kMinute);
    if (it != recaps_.end() && since < recap.every_min) continue;
    order.emplace_back(recap.importance + std::min(30.0, since), &recap);
  }
  std::stable_sort(order.begin(), order.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  for (const auto& [rank, recap] : order) {
    Candidate c;
    c.of = recap->name;
    c.kind = "recap";
    c.recap = recap;
    c.importance = recap->importance;
    if (say(c, now)) return true;
  }
  recap_end_ = now - quiet + 3 * base::kSecond;  // nothing to say; asked again a little later
  return false;
}

void Director::follow_up(const Candidate& said) {
  double importance = kImportant - 1;
  for (const std::string& name : said.topic->follow) {
    for (const base::CommentaryRecap& recap : commentary_.recaps) {
      if (recap.name != name) continue;
      Candidate c;
      c.of = recap.name;
      c.kind = "recap";
      c.recap = &recap;
      c.importance = importance--;
      c.ready = last_end_ + kBreath;
      c.stale = last_end_ + kReaction;
      queue_.push_back(std::move(c));
    }
  }
}

bool Director::speak(base::Timestamp now) {
  std::erase_if(queue_, [&](const Candidate& c) { return !c.always && now >= c.stale; });
  // Not like a metronome: between two fifths of the pause and eight fifths.
  const double rhythm = 0.4 + 1.2 * static_cast<double>(chance(last_end_, "pause") % 1000) / 1000;
  const auto pause = static_cast<base::Duration>(style_.pause_s * rhythm * static_cast<double>(base::kSecond));
  Candidate* best = nullptr;
  double most = 0;
  for (Candidate& c : queue_) {
    if (now < c.ready || (!c.always && c.kind == "event" && c.importance < style_.least)) continue;
    if (!c.always && c.importance < kImportant && now < last_end_ + pause) continue;
    double value = c.importance + consequence(c);
    if (!c.always && c.stale > c.ready) value -= 10 * static_cast<double>(now - c.ready) / static_cast<double>(c.stale - c.ready);
    if (best != nullptr && value <= most) continue;
    best = &c;
    most = value;
  }
  if (look_back_now(now, best == nullptr ? 0 : most)) return true;
  if (best == nullptr) return false;
  const Candidate chosen = std::move(*best);
  queue_.erase(queue_.begin() + (best - queue_.data()));
  if (say(chosen, now)) {
    if (chosen.topic != nullptr && style_.dense) follow_up(chosen);
    // What was less and came before is old news.
    std::erase_if(queue_, [&](const Candidate& c) { return !c.always && c.kind == "event" && c.ready <= chosen.ready && c.importance < kRival; });
    return true;
  }
  return false;
}

base::Timestamp Director::next_time(base::Timestamp now) const {
  base::Timestamp next = now + kStep;
  if (!feed_.ahead().empty()) return std::max(now + base::kMillisecond, std::min(next, feed_.ahead().front().known));
  if (queue_.empty() && joiners_.empty() && now - admitted_ > kLongSilence) {
    const base::Timestamp resumed = std::min(feed_.next_start(), feed_.end());
    next = std::max(next, resumed - options_.lookahead);
  }
  return next;
}

void Director::run() {
  const base::Timestamp from = options_.from.value_or(0), to = options_.to.value_or(base::kMaxTimestamp);
  base::Timestamp now = 0;
  std::set<std::string> summed;
  for (const base::CommentaryRecap& r : commentary_.recaps) {
    if (r.summary) summed.insert(r.families.begin(), r.families.end());
  }
  while (now < to) {
    feed_.reveal(now + options_.lookahead);
    while (!feed_.ahead().empty() && feed_.ahead().front().known <= now) {
      const std::optional<int> stage = record_.begins_stage(feed_.ahead().front().event);
      if (stage && record_.stage() >= 0 && closed_stage_ < record_.stage() && now >= from) close_stage(now);
      admit(feed_.take());
    }
    settle_joiners(now);
    if (now < from) queue_.clear();
    // Only what is about to begin tells that a stage is over.
    if (!feed_.ahead().empty() && record_.stage() >= 0 && closed_stage_ < record_.stage() && now >= from &&
        record_.begins_stage(feed_.ahead().front().event))
      close_stage(now);
    if (!closed_ && feed_.ends_by(now + options_.lookahead) &&
        std::none_of(feed_.ahead().begin(), feed_.ahead().end(), [&](const Happening& h) {
          return h.topic->importance >= kRival || h.topic->always || !h.topic->joins.empty() || summed.contains(h.topic->family);
        })) {
      if (now >= from) close_video(now);
      closed_ = true;
    }
    if (now >= from && now >= last_end_ && speak(now)) {
      now = last_end_;
      continue;
    }
    if (closed_ && queue_.empty() && joiners_.empty() && (feed_.ahead().empty() || now > feed_.end() + kLongSilence)) break;
    now = now < last_end_ ? std::max(last_end_, now + base::kMillisecond) : next_time(now);
  }
}

}  // namespace reelgraph::query::report
