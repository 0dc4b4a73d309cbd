#include "query/time_phrase.h"

#include <algorithm>
#include <cctype>
#include <cmath>

namespace reelgraph::query {
namespace {

using base::Duration;
using base::Timestamp;

// Reads words from a position; every reader moves `at` only when it succeeds.
class Reader {
 public:
  Reader(const std::vector<Word>& words, std::size_t at) : words_(&words), at_(at) {}

  [[nodiscard]] std::size_t at() const { return at_; }
  [[nodiscard]] bool done() const { return at_ >= words_->size(); }

  bool take(std::initializer_list<std::string_view> any) {
    if (done() || std::find(any.begin(), any.end(), (*words_)[at_].folded) == any.end()) return false;
    ++at_;
    return true;
  }

  std::optional<double> number() {
    if (done()) return std::nullopt;
    auto n = parse_number((*words_)[at_].folded);
    if (!n || *n > 1e7) return std::nullopt;
    ++at_;
    if (*n >= 20 && std::fmod(*n, 10) == 0 && !done() && std::isalpha(static_cast<unsigned char>((*words_)[at_ - 1].folded[0])) != 0) {
      if (const auto unit = parse_number((*words_)[at_].folded); unit && *unit >= 1 && *unit < 10 && *unit == std::floor(*unit)) {
        if (std::isalpha(static_cast<unsigned char>((*words_)[at_].folded[0])) != 0) {  // "twenty five"
          ++at_;
          n = *n + *unit;
        }
      }
    }
    return n;
  }

  std::optional<Duration> unit() {
    if (done()) return std::nullopt;
    const std::string& w = (*words_)[at_].folded;
    Duration size = 0;
    if (w == "s" || w == "sec" || w == "secs" || w == "second" || w == "seconds") size = base::kSecond;
    if (w == "m" || w == "min" || w == "mins" || w == "minute" || w == "minutes") size = base::kMinute;
    if (w == "h" || w == "hr" || w == "hrs" || w == "hour" || w == "hours") size = base::kHour;
    if (size == 0) return std::nullopt;
    ++at_;
    return size;
  }

  // "3:05", "0:01:20.5": holds a colon, so that it cannot be a number of anything.
  std::optional<Timestamp> clock() {
    if (done() || (*words_)[at_].folded.find(':') == std::string::npos) return std::nullopt;
    const auto t = base::parse_time((*words_)[at_].folded);
    if (t) ++at_;
    return t;
  }

  // "ten minutes", "90 seconds", "half a minute", "1 hour 20 minutes", "90s", and, with `bare`, "minute" alone.
  std::optional<Duration> duration(bool bare) {
    const std::size_t start = at_;
    if (const auto glued = glued_duration()) return glued;
    if (take({"half"})) {
      take({"a", "an"});
      if (const auto u = unit()) return *u / 2;
      at_ = start;
    }
    // "a quarter of an hour", "three quarters of an hour", "quarter hour"
    const bool three = take({"three", "3"});
    take({"a", "one"});
    if (take({"quarter", "quarters"})) {
      take({"of"});
      take({"a", "an"});
      if (take({"hour"})) return (three ? 3 : 1) * base::kHour / 4;
    }
    at_ = start;
    if (take({"a", "an"})) {
      if (const auto u = unit()) {
        const std::size_t one = at_;
        if (take({"and"}) && take({"a"}) && take({"half"})) return *u + *u / 2;
        at_ = one;
        return u;
      }
      at_ = start;
    }
    if (take({"couple"})) {
      take({"of"});
      if (const auto u = unit()) return *u * 2;
      at_ = start;
    }
    if (bare) {
      if (const auto u = unit()) {
        const std::size_t one = at_;
        if (take({"and"}) && take({"a"}) && take({"half"})) return *u + *u / 2;  // "the first minute and a half"
        at_ = one;
        return u;
      }
    }
    if (const auto n = number()) {
      const std::size_t whole = at_;
      if (take({"and"}) && take({"a", "one"}) && take({"half"})) {  // "two and a half minutes"
        if (const auto u = unit()) return scaled(*n + 0.5, *u);
      }
      at_ = whole;
      if (const auto u = unit()) {
        if (take({"and"}) && take({"a"}) && take({"half"})) return scaled(*n + 0.5, *u);
        at_ = whole + 1;
        Duration total = scaled(*n, *u);
        const std::size_t mark = at_;
        take({"and"});
        if (const auto more = number()) {
          if (const auto smaller = unit(); smaller && *smaller < *u) return total + scaled(*more, *smaller);
        }
        at_ = mark;
        return total;
      }
    }
    at_ = start;
    return std::nullopt;
  }

  // "the 30th minute": the minute that ends at 30:00. `ends`: that instant, else the one at which it begins.
  std::optional<Timestamp> nth_minute(bool ends) {
    const std::size_t start = at_;
    take({"the"});
    if (!done()) {
      const auto n = parse_ordinal((*words_)[at_].folded);
      if (n && *n > 0 && at_ + 1 < words_->size() && ((*words_)[at_ + 1].folded == "minute" || (*words_)[at_ + 1].folded == "min")) {
        at_ += 2;
        take({"mark"});
        if (at_ < words_->size() && (*words_)[at_].folded == "and" && at_ + 2 < words_->size() && (*words_)[at_ + 2].folded == "half") {
          at_ = start;  // "the first minute and a half"
          return std::nullopt;
        }
        return scaled(ends ? *n : *n - 1, base::kMinute);
      }
    }
    at_ = start;
    return std::nullopt;
  }

  // "the 60th", "the 60th minute": where that minute begins
  std::optional<Timestamp> ordinal_of_minute() {
    if (const auto whole = nth_minute(false)) return whole;
    const std::size_t start = at_;
    take({"the"});
    if (!done()) {
      const auto n = parse_ordinal((*words_)[at_].folded);
      if (n && *n > 0) {
        ++at_;
        return scaled(*n - 1, base::kMinute);
      }
    }
    at_ = start;
    return std::nullopt;
  }

  // An instant: "1:20", "ten minutes", "minute 12", "second 5".
  std::optional<Timestamp> instant() {
    const std::size_t start = at_;
    take({"about", "around", "time", "the"});
    if (const auto t = clock()) return t;
    if (const auto u = unit()) {
      take({"mark", "number"});
      if (const auto n = number()) return scaled(*n, *u);
      at_ = start;
      return std::nullopt;
    }
    if (const auto d = duration(false)) {
      take({"mark", "in"});
      return d;
    }
    at_ = start;
    return std::nullopt;
  }

  static Duration scaled(double n, Duration u) {
    const double value = n * static_cast<double>(u);
    return value > static_cast<double>(base::kMaxTimestamp) ? base::kMaxTimestamp : static_cast<Duration>(std::llround(value));
  }

 private:
  // "90s", "10min"
  std::optional<Duration> glued_duration() {
    if (done()) return std::nullopt;
    const std::string& w = (*words_)[at_].folded;
    const std::size_t digits = w.find_first_not_of("0123456789.");
    if (digits == 0 || digits == std::string::npos) return std::nullopt;
    const auto n = parse_number(std::string_view(w).substr(0, digits));
    const std::string u = w.substr(digits);
    if (!n) return std::nullopt;
    Duration size = 0;
    if (u == "s" || u == "sec") size = base::kSecond;
    if (u == "m" || u == "min") size = base::kMinute;
    if (u == "h") size = base::kHour;
    if (size == 0) return std::nullopt;
    ++at_;
    return scaled(*n, size);
  }

  const std::vector<Word>* words_;
  std::size_t at_;
};

using Kind = TimePhrase::Kind;

std::optional<TimePhrase> make(Kind kind, Timestamp a, Timestamp b) {
  TimePhrase phrase;
  phrase.kind = kind;
  phrase.a = a;
  phrase.b = b;
  phrase.impossible = (kind == Kind::kBetween && a >= b) || ((kind == Kind::kFirst || kind == Kind::kLast) && a <= 0);
  return phrase;
}

std::optional<TimePhrase> read_between(Reader& r) {
  // "between 10 and 20 minutes": the unit of the second number counts for the first.
  Reader numbers = r;
  if (const auto a = numbers.number()) {
    if (numbers.take({"and", "to"})) {
      if (const auto b = numbers.number()) {
        if (const auto u = numbers.unit()) {
          r = numbers;
          return make(Kind::kBetween, Reader::scaled(*a, *u), Reader::scaled(*b, *u));
        }
      }
    }
  }
  Reader ordinals = r;  // "between the 60th and the 75th minute"
  if (const auto a = ordinals.ordinal_of_minute()) {
    if (ordinals.take({"and", "to"})) {
      if (const auto b = ordinals.nth_minute(true)) {
        r = ordinals;
        return make(Kind::kBetween, *a, *b);
      }
    }
  }
  Reader plural_unit = r;  // "between minutes 10 and 20"
  plural_unit.take({"the"});
  if (const auto u = plural_unit.unit()) {
    if (const auto a = plural_unit.number()) {
      if (plural_unit.take({"and", "to"})) {
        plural_unit.unit();
        if (const auto b = plural_unit.number()) {
          r = plural_unit;
          return make(Kind::kBetween, Reader::scaled(*a, *u), Reader::scaled(*b, *u));
        }
      }
    }
  }
  if (const auto a = r.instant()) {
    if (r.take({"and", "to", "till", "until"})) {
      if (const auto b = r.instant()) return make(Kind::kBetween, *a, *b);
    }
    if (r.take({"onwards", "on"})) return make(Kind::kAfter, *a, 0);
  }
  return std::nullopt;
}

// What may follow "in", "within", "during" and an article: "first ten minutes", "last minute", "second half", "opening seconds".
std::optional<TimePhrase> read_part(Reader& r) {
  r.take({"the", "its"});
  // "the first half hour" is no half, "the first quarter of an hour" no quarter of the video
  const auto stretch_at = [&](std::initializer_list<std::string_view> words) -> std::optional<Duration> {
    Reader stretch = r;
    if (!stretch.take(words)) return std::nullopt;
    const std::size_t from = stretch.at();
    const std::optional<Duration> length = stretch.duration(true);
    if (length && stretch.at() == from + 1) return std::nullopt;  // "the first minute" is read below, after "the first half"
    if (length) r = stretch;
    return length;
  };
  if (const auto d = stretch_at({"first", "opening", "initial"})) return make(Kind::kFirst, *d, 0);
  if (const auto d = stretch_at({"last", "final", "closing"})) return make(Kind::kLast, *d, 0);
  Reader half = r;
  int part = -2;
  if (half.take({"first", "1st"}))
    part = 0;
  else if (half.take({"second", "2nd"}))
    part = 1;
  else if (half.take({"third", "3rd"}))
    part = 2;
  else if (half.take({"fourth", "4th"}))
    part = 3;
  else if (half.take({"last", "final"}))
    part = -1;
  if (part != -2) {
    Reader of = half;
    int parts = 0;
    if (of.take({"half"}))
      parts = 2;
    else if (of.take({"third"}))
      parts = 3;
    else if (of.take({"quarter"}))
      parts = 4;
    if (parts > 0 && part < parts) {
      r = of;
      return make(Kind::kPart, part, parts);
    }
  }
  if (r.take({"first", "opening", "initial"})) {
    if (const auto d = r.duration(true)) return make(Kind::kFirst, *d, 0);
    return std::nullopt;
  }
  if (r.take({"last", "final", "closing"})) {
    if (const auto d = r.duration(true)) return make(Kind::kLast, *d, 0);
    return std::nullopt;
  }
  return std::nullopt;
}

std::optional<TimePhrase> read_edge(Reader& r) {
  if (!r.take({"the"}) && !r.take({"its"})) return std::nullopt;
  r.take({"very"});
  std::optional<TimePhrase> phrase;
  if (r.take({"end", "ending"}))
    phrase = make(Kind::kEnd, 0, 0);
  else if (r.take({"beginning", "start", "opening"}))
    phrase = make(Kind::kBeginning, 0, 0);
  return phrase;
}

// "of the video", "into the film" after a phrase says nothing more.
void take_whole(Reader& r) {
  Reader tail = r;
  if (!tail.take({"of", "in", "into", "from", "during"})) return;
  if (!tail.take({"the", "this", "that"})) return;
  if (tail.take({"video", "film", "clip", "movie", "recording", "footage", "match", "game", "picture", "whole"})) r = tail;
}

std::optional<TimePhrase> read(Reader& r) {
  Reader start = r;
  if (r.take({"between", "from"})) {
    if (auto p = read_between(r)) return p;
    r = start;
  }
  if (r.take({"after", "since", "past", "beyond"})) {
    if (const auto t = r.nth_minute(true)) return make(Kind::kAfter, *t, 0);
    if (const auto t = r.instant()) return make(Kind::kAfter, *t, 0);
    r = start;
  }
  if (r.take({"before", "until", "till", "by", "up"})) {
    Reader word = start;
    const bool before = word.take({"before"});
    r.take({"to", "until"});
    if (const auto t = r.nth_minute(!before)) return make(Kind::kBefore, *t, 0);
    if (const auto t = r.instant()) return make(Kind::kBefore, *t, 0);
    r = start;
  }
  if (r.take({"in", "within", "during", "over", "for", "inside", "throughout"})) {
    Reader inside = r;
    if (const auto t = r.nth_minute(false)) return make(Kind::kAt, *t, *t + base::kMinute);
    if (auto p = read_part(r)) return p;
    r = inside;
    if (auto p = read_edge(r)) return p;
    r = start;
  }
  if (r.take({"at", "around", "near", "in", "towards", "about"})) {
    Reader inside = r;
    if (auto p = read_edge(r)) return p;
    r = inside;
    r.take({"the"});
    if (r.take({"minute"})) {
      if (const auto n = r.number()) {
        // "at minute 12" is the minute that begins at 12:00.
        const Timestamp a = Reader::scaled(*n, base::kMinute);
        return make(Kind::kAt, a, a + base::kMinute);
      }
    }
    r = inside;
    if (const auto t = r.instant()) return make(Kind::kAt, *t, *t + base::kSecond);
    r = start;
  }
  // "the opening ten minutes saw ..."
  if (r.take({"the"}) && !r.done()) {
    Reader stretch = r;
    if (auto p = read_part(stretch); p && (p->kind == Kind::kFirst || p->kind == Kind::kLast)) {
      r = stretch;
      return p;
    }
    r = start;
  }
  return std::nullopt;
}

}  // namespace

std::optional<base::TimeSpan> TimePhrase::resolve(Duration duration) const {
  if (impossible || duration <= 0) return std::nullopt;
  const Duration edge = std::min(duration, std::max(5 * base::kSecond, std::min(base::kMinute, duration / 10)));
  Timestamp from_time = 0;
  Timestamp to_time = duration;
  switch (kind) {
    case Kind::kBetween:
      from_time = a;
      to_time = b;
      break;
    case Kind::kAfter: from_time = a; break;
    case Kind::kBefore:
    case Kind::kFirst: to_time = a; break;
    case Kind::kLast: from_time = std::max<Timestamp>(0, duration - a); break;
    case Kind::kAt:
      from_time = a;
      to_time = b;
      break;
    case Kind::kPart: {
      const Timestamp part = a < 0 ? b - 1 : a;
      from_time = duration * part / b;
      to_time = duration * (part + 1) / b;
      break;
    }
    case Kind::kBeginning: to_time = edge; break;
    case Kind::kEnd: from_time = duration - edge; break;
  }
  to_time = std::min(to_time, duration);
  if (from_time >= to_time) return std::nullopt;
  return base::TimeSpan{from_time, to_time};
}

std::vector<TimePhrase> find_time_phrases(const std::vector<Word>& words) {
  std::vector<TimePhrase> phrases;
  for (std::size_t i = 0; i < words.size();) {
    Reader r(words, i);
    auto phrase = read(r);
    if (!phrase) {
      ++i;
      continue;
    }
    take_whole(r);
    phrase->from = i;
    phrase->to = r.at();
    for (std::size_t k = i; k < phrase->to; ++k) phrase->text += (k > i ? " " : "") + words[k].text;
    i = phrase->to;
    phrases.push_back(std::move(*phrase));
  }
  return phrases;
}

}  // namespace reelgraph::query
