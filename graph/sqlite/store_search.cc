// Full-text search whose cost does not grow with how common the words are: count each word up to a cap, take as candidates the rows of the
// rarest words, score those with what else they hold, and look into the best observations for the event that says it.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include "base/utf8.h"
#include "graph/sqlite/sql.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph::sqlite {
namespace {

constexpr std::int64_t kCountCap = 6'000;      ///< a word in more rows than this is "common"
constexpr std::int64_t kCandidateCap = 6'000;  ///< rows scored at most
constexpr std::size_t kMaxWords = 24;          ///< of a request; more say nothing more
constexpr std::size_t kPassageBytes = 400;
constexpr double kEventShare = 0.6;  ///< an event stands for its observation if it holds this share of what was found there

struct Word {
  Token token;
  std::int64_t rows = 0;  ///< that hold it, up to kCountCap + 1
  double weight = 0;
};

struct Candidate {
  RowId observation = 0;
  double score = 0;
};

/// Which words a text holds, as bits of their numbers.
class Finder {
 public:
  Finder(const TextIndex& text, const std::vector<Word>& words) : text_(text) {
    for (std::size_t i = 0; i < words.size(); ++i) {
      bits_.emplace(words[i].token.stem, std::uint32_t{1} << i);
      weights_.push_back(words[i].weight);
    }
  }
  [[nodiscard]] std::uint32_t find(const std::string& text) const {
    std::uint32_t found = 0;
    for (const Token& token : text_.tokens(text)) {
      if (const auto it = bits_.find(token.stem); it != bits_.end()) found |= it->second;
    }
    return found;
  }
  [[nodiscard]] double weight(std::uint32_t found) const {
    double sum = 0;
    for (std::size_t i = 0; i < weights_.size(); ++i) {
      if (found >> i & 1U) sum += weights_[i];
    }
    return sum;
  }

 private:
  const TextIndex& text_;
  std::map<std::string, std::uint32_t> bits_;
  std::vector<double> weights_;
};

/// An expression of the index with the word and weight of each of its phrases, for reel_score.
struct Expression {
  std::string text;
  std::vector<double> weights;

  void word(const std::vector<Word>& words, std::size_t i) {
    text += TextIndex::quote(words[i].token.raw);
    weights.push_back(static_cast<double>(i));
    weights.push_back(words[i].weight);
  }
  void any(const std::vector<Word>& words, const std::vector<std::size_t>& which, const char* op) {
    text += '(';
    for (std::size_t n = 0; n < which.size(); ++n) {
      if (n > 0) text += op;
      word(words, which[n]);
    }
    text += ')';
  }
  [[nodiscard]] std::string_view blob() const { return {reinterpret_cast<const char*>(weights.data()), weights.size() * sizeof(double)}; }
};

constexpr char kOr[] = " OR ", kAnd[] = " AND ";

std::string with_spaces(std::string text) {
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

}  // namespace

/// One search; holds what its steps share.
class Search {
 public:
  Search(Database& database, const TextIndex& text, const SearchRequest& request, std::vector<RowId> videos)
      : database_(database), text_(text), request_(request), videos_(std::move(videos)) {}

  std::vector<Passage> run() {
    read_words();
    if (words_.empty()) return {};
    narrow();
    if (last_ < first_) return {};
    weigh();
    if (words_.empty()) return {};
    std::vector<Candidate> best = candidates();
    return passages(best);
  }

 private:
  void read_words() {
    std::set<std::string> seen;
    for (const std::string& word : request_.words) {
      for (Token& token : text_.tokens(base::sanitize_utf8(word, 10'000))) {
        if (words_.size() < kMaxWords && seen.insert(token.stem).second) words_.push_back({std::move(token), 0, 0});
      }
    }
  }

  /// Rows of few videos lie close together: only that part of each word's list is read.
  void narrow() {
    // Asked for both at once, SQLite walks the whole table; one by one, it looks at the ends.
    Statement bounds(database_, videos_.empty() ? "SELECT (SELECT min(id) FROM observation), (SELECT max(id) FROM observation)"
                                                : "SELECT min(id), max(id) FROM observation WHERE video = ?");
    if (videos_.empty()) {
      if (!bounds.step() || bounds.is_null(0)) return;
      first_ = bounds.integer(0);
      last_ = bounds.integer(1);
      return;
    }
    for (const RowId video : videos_) {
      bounds.with(video);
      if (!bounds.step() || bounds.is_null(0)) continue;
      const RowId low = bounds.integer(0), high = bounds.integer(1);
      first_ = last_ < first_ ? low : std::min(first_, low);
      last_ = std::max(last_, high);
    }
  }

  void weigh() {
    const double rows = static_cast<double>(last_ - first_ + 1);
    Statement count(database_,
                    "SELECT count(*) FROM (SELECT 1 FROM text_index WHERE text_index MATCH ? AND rowid BETWEEN ? AND ? LIMIT ?)");
    std::vector<Word> known;
    for (Word& word : words_) {
      const std::string quoted = TextIndex::quote(word.token.raw);
      count.with(quoted, first_, last_, kCountCap + 1);
      word.rows = count.step() ? count.integer(0) : 0;
      if (word.rows == 0) {
        if (request_.match_all) {
          words_.clear();
          return;
        }
        continue;
      }
      // BM25's weight, kept above zero: a word that half the rows hold still tells a little.
      const double n = static_cast<double>(word.rows);
      word.weight = std::max(0.05, std::log((std::max(rows, n) - n + 0.5) / (n + 0.5)));
      known.push_back(std::move(word));
    }
    words_ = std::move(known);
    std::stable_sort(words_.begin(), words_.end(), [](const Word& a, const Word& b) { return a.rows < b.rows; });
  }

  std::vector<Candidate> candidates() {
    std::vector<std::size_t> all(words_.size());
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = i;
    if (request_.match_all) return scored(all, {}, true);

    // Words whose rows can all be scored; the others only add to the score of those rows.
    std::vector<std::size_t> base, extra;
    std::int64_t budget = kCandidateCap;
    for (const std::size_t i : all) {
      if (words_[i].rows <= std::min(budget, kCountCap)) {
        base.push_back(i);
        budget -= words_[i].rows;
      } else {
        extra.push_back(i);
      }
    }
    std::vector<Candidate> found;
    if (!base.empty()) {
      found = scored(base, extra, false);
      if (found.size() >= wanted() || extra.empty()) return found;
    }
    // Only common words (or too few rows with others): those that hold several of them first, else the first rows of the rarest.
    merge(found, extra.size() > 1 ? scored(extra, {}, true) : std::vector<Candidate>{});
    if (found.size() < wanted()) {
      const std::size_t rarest = extra.front();
      merge(found, scored({rarest}, {}, false));
    }
    return found;
  }

  static void merge(std::vector<Candidate>& into, std::vector<Candidate> more) {
    std::set<RowId> seen;
    for (const Candidate& c : into) seen.insert(c.observation);
    for (const Candidate& c : more) {
      if (seen.insert(c.observation).second) into.push_back(c);
    }
    order(into);
  }

  static void order(std::vector<Candidate>& list) {
    std::sort(list.begin(), list.end(), [](const Candidate& a, const Candidate& b) {
      return a.score != b.score ? a.score > b.score : a.observation < b.observation;
    });
  }

  /// Rows that hold any (or all) of `base`, scored also by the `extra` words they hold, best first, cut to `wanted`.
  std::vector<Candidate> scored(const std::vector<std::size_t>& base, const std::vector<std::size_t>& extra, bool all) {
    Expression expression;
    expression.any(words_, base, all ? kAnd : kOr);
    if (!extra.empty()) {
      expression.text += " OR (";
      expression.any(words_, base, all ? kAnd : kOr);
      expression.text += kAnd;
      expression.any(words_, extra, kOr);
      expression.text += ')';
    }
    std::string sql = "SELECT t.rowid, reel_score(text_index, ?) FROM text_index t";
    const bool filtered = !videos_.empty() || request_.within;
    if (filtered) sql += " CROSS JOIN observation o ON o.id = t.rowid";
    sql += " WHERE t.text_index MATCH ? AND t.rowid BETWEEN ? AND ?";
    std::string marks;
    for (std::size_t i = 0; i < videos_.size(); ++i) marks += i > 0 ? ",?" : "?";
    if (!videos_.empty()) sql += " AND o.video IN (" + marks + ")";
    if (request_.within) sql += " AND o.start < ? AND (o.\"end\" > ? OR o.start >= ?)";
    sql += " LIMIT " + std::to_string(kCandidateCap);
    Statement rows(database_, sql);
    rows.bind_blob(0, expression.blob());
    rows.bind(1, expression.text).bind(2, first_).bind(3, last_);
    int index = 4;
    for (const RowId video : videos_) rows.bind(index++, video);
    if (request_.within) {
      const base::TimeSpan span = *request_.within;
      rows.bind(index, span.empty() ? span.end + 1 : span.end).bind(index + 1, span.start).bind(index + 2, span.start);
    }
    std::vector<Candidate> found;
    while (rows.step()) found.push_back({rows.integer(0), rows.real(1)});
    order(found);
    if (found.size() > wanted()) found.resize(wanted());
    return found;
  }

  [[nodiscard]] std::size_t wanted() const { return static_cast<std::size_t>(std::clamp(request_.limit, 1, 10'000)) * 2 + 10; }

  std::vector<Passage> passages(const std::vector<Candidate>& candidates) {
    const Finder finder(text_, words_);
    std::vector<Passage> result;
    for (const Candidate& candidate : candidates) look_into(candidate, finder, result);
    std::stable_sort(result.begin(), result.end(), [](const Passage& a, const Passage& b) { return a.score > b.score; });
    const std::size_t limit = static_cast<std::size_t>(std::clamp(request_.limit, 1, 10'000));
    if (result.size() > limit) result.resize(limit);
    return result;
  }

  void look_into(const Candidate& candidate, const Finder& finder, std::vector<Passage>& result) {
    Statement head(database_,
                   "SELECT v.name, o.start, o.\"end\", o.caption, o.transcript, o.ocr FROM observation o JOIN video v ON v.id = o.video "
                   "WHERE o.id = ?");
    head.bind(0, candidate.observation);
    if (!head.step()) return;
    Passage passage{head.text(0), {head.integer(1), head.integer(2)}, candidate.observation, std::nullopt, "", candidate.score};
    std::uint32_t whole = 0;
    double best_text = -1;
    for (int column = 3; column < 6; ++column) {
      const std::uint32_t found = finder.find(head.text(column));
      whole |= found;
      if (finder.weight(found) > best_text && !head.view(column).empty()) {
        best_text = finder.weight(found);
        passage.text = head.text(column);
      }
    }
    passage.text = base::ellipsize(passage.text, kPassageBytes);

    struct Found {
      Passage passage;
      std::uint32_t words;
    };
    std::vector<Found> events;
    Statement rows(
        database_,
        "SELECT e.id, e.start, e.\"end\", e.type, e.description, (SELECT group_concat(d.type || ' ' || d.name || ' ' || d.aliases || "
        "' ' || d.description, ' ') FROM participant p JOIN mention m ON m.observation = e.observation AND m.seq = p.mention "
        "JOIN descriptor d ON d.id = m.descriptor WHERE p.event = e.id) FROM event e WHERE e.observation = ? ORDER BY e.seq");
    rows.bind(0, candidate.observation);
    while (rows.step()) {
      const std::string type = rows.text(3), description = rows.text(4);
      const base::TimeSpan span{rows.integer(1), rows.integer(2)};
      const std::uint32_t found = finder.find(type + " " + description + " " + rows.text(5));
      whole |= found;
      if (found == 0 || (request_.within && !request_.within->overlaps(span))) continue;
      Passage p = passage;
      p.span = span;
      p.event = rows.integer(0);
      p.text = base::ellipsize(description.empty() ? with_spaces(type) : description, kPassageBytes);
      events.push_back({std::move(p), found});
    }
    if (passage.text.empty() && !events.empty()) passage.text = events.front().passage.text;

    const double total = finder.weight(whole);
    double best = 0;
    for (const Found& e : events) best = std::max(best, finder.weight(e.words));
    if (total <= 0 || best < kEventShare * total) {
      result.push_back(std::move(passage));
      return;
    }
    constexpr std::size_t kEventsOfOne = 5;
    std::size_t taken = 0;
    for (Found& e : events) {
      if (finder.weight(e.words) < best || taken == kEventsOfOne) continue;
      ++taken;
      e.passage.score = candidate.score * best / total;
      result.push_back(std::move(e.passage));
    }
  }

  Database& database_;
  const TextIndex& text_;
  const SearchRequest& request_;
  std::vector<RowId> videos_;
  std::vector<Word> words_;
  RowId first_ = 0, last_ = -1;
};

std::vector<Passage> SqliteStore::search(const SearchRequest& request) const {
  std::vector<RowId> rows;
  for (const std::string& id : request.videos) {
    if (const auto row = video_row(id); row && std::find(rows.begin(), rows.end(), *row) == rows.end()) rows.push_back(*row);
  }
  if (!request.videos.empty() && rows.empty()) return {};
  return Search(*database_, text_, request, std::move(rows)).run();
}

std::int64_t SqliteStore::observations_with(const std::string& word, std::int64_t most) const {
  std::string expression;
  for (const Token& token : text_.tokens(base::sanitize_utf8(word, 10'000))) {
    expression += (expression.empty() ? "" : kAnd) + TextIndex::quote(token.raw);
  }
  if (expression.empty()) return 0;
  Statement& row = use_["SELECT count(*) FROM (SELECT 1 FROM text_index WHERE text_index MATCH ? LIMIT ?)"].with(expression, most);
  const std::int64_t n = row.step() ? row.integer(0) : 0;
  row.reset();
  return n;
}

bool SqliteStore::knows_word(const std::string& word) const {
  const std::vector<Token> tokens = text_.tokens(base::sanitize_utf8(word, 10'000));
  if (tokens.empty()) return false;
  for (const Token& token : tokens) {
    const std::string quoted = TextIndex::quote(token.raw);
    Statement& row = use_["SELECT 1 FROM text_index WHERE text_index MATCH ? LIMIT 1"].with(quoted);
    const bool known = row.step();
    row.reset();
    if (!known) return false;
  }
  return true;
}

}  // namespace reelgraph::graph::sqlite
