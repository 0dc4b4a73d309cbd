#include "graph/embeddings.h"

#include <xxhash.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <set>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/error.h"
#include "base/utf8.h"
#include "graph/folding.h"
#include "graph/sqlite/sqlite_store.h"

namespace reelgraph::graph {
namespace {

using sqlite::Database;
using sqlite::database_of;
using sqlite::Statement;

[[noreturn]] void refuse(const std::string& model, const std::string& why) {
  throw base::Error(base::ErrorCode::kModel, why, "embedder " + model, "`reelgraph models check FOLDER` looks at a model; use another one");
}

// What an entity or an event is, in words: its type, and what is said of it.
constexpr char kTexts[] =
    "SELECT 'caption', id, caption FROM observation WHERE live = 1 AND caption <> '' "
    "UNION ALL SELECT 'event', id, trim(replace(type, '_', ' ') || ': ' || description, ': ') FROM event WHERE live = 1 "
    "UNION ALL SELECT 'entity', id, trim(CASE WHEN name = '' THEN replace(type, '_', ' ') ELSE name || ', ' || replace(type, '_', ' ') END "
    "|| ': ' || description, ': ') FROM entity WHERE mentions > 0 AND (name <> '' OR description <> '') "
    // What follows says what was meant before: two short captions together, and a whole film, as far as an embedder reads.
    "UNION ALL SELECT 'moment', id, caption || ' ' || next FROM (SELECT id, caption, lead(caption) OVER (PARTITION BY video ORDER BY id) "
    "AS "
    "next FROM observation WHERE live = 1 AND caption <> '') WHERE length(caption) + length(next) <= 400 "
    "UNION ALL SELECT 'video', video, substr(group_concat(caption, ' '), 1, 1500) FROM (SELECT video, caption, sum(length(caption)) OVER "
    "(PARTITION BY video ORDER BY id) AS until FROM observation WHERE live = 1 AND caption <> '') WHERE until - length(caption) < 1500 "
    "GROUP BY video ORDER BY 1, 2";

/// Never 0, which stands for a text that is not known.
std::int64_t hash_of(const std::string& text) {
  const auto hash = static_cast<std::int64_t>(XXH3_64bits(text.data(), text.size()));
  return hash == 0 ? 1 : hash;
}

constexpr std::size_t kMostWords = 20'000;
constexpr std::int64_t kReadForWords = 100'000;  // observations: larger archives are not ranked by their words

/// Words by how many captions and transcripts hold them, most first, ties by the alphabet.
std::vector<std::string> words_of(Database& database) {
  Statement rows(database, "SELECT caption || ' ' || transcript FROM observation WHERE live = 1 ORDER BY id LIMIT ?");
  rows.with(kReadForWords);
  std::unordered_map<std::string, std::int64_t> counts;
  while (rows.step()) {
    for (std::string& word : folded_words(fold_name(base::sanitize_utf8(rows.text(0))))) {
      const bool letters = std::any_of(word.begin(), word.end(), [](char c) { return c < '0' || c > '9'; });
      if (letters && word.size() > 1 && word.size() <= 40) ++counts[std::move(word)];
    }
  }
  std::vector<std::pair<std::int64_t, std::string>> sorted;
  for (const auto& [word, n] : counts) sorted.emplace_back(-n, word);
  std::sort(sorted.begin(), sorted.end());
  if (sorted.size() > kMostWords) sorted.resize(kMostWords);
  std::vector<std::string> words;
  for (auto& [n, word] : sorted) words.push_back(std::move(word));
  return words;
}

}  // namespace

RowId text_owner(std::string_view text) {
  return static_cast<RowId>(XXH3_64bits(text.data(), text.size()) >> 1);  // never negative
}

std::vector<float> read_vector(std::string_view bytes) {
  std::vector<float> vector;
  if (bytes.empty() || bytes.size() % sizeof(float) != 0) return vector;
  vector.resize(bytes.size() / sizeof(float));
  std::memcpy(vector.data(), bytes.data(), bytes.size());
  double square = 0;
  for (const float v : vector) square += static_cast<double>(v) * static_cast<double>(v);
  if (!std::isfinite(square) || square <= 0) return {};
  const auto scale = static_cast<float>(1 / std::sqrt(square));
  for (float& v : vector) v *= scale;
  return vector;
}

Embeddings::Embeddings(Store& store) : store_(store) { static_cast<void>(database_of(store)); }

void Embeddings::each_text(const std::function<bool(EmbeddedText)>& visit) const {
  Statement rows(database_of(store_), kTexts);
  while (rows.step()) {
    if (!visit({rows.text(0), rows.integer(1), rows.text(2)})) return;
  }
  Statement described(database_of(store_),
                      "SELECT DISTINCT description FROM descriptor WHERE name = '' AND stable_id IS NULL AND description <> '' ORDER BY 1");
  while (described.step()) {
    if (std::string text = described.text(0); !visit({"descriptor", text_owner(text), text})) return;
  }
  for (std::string& word : words_of(database_of(store_))) {
    const RowId owner = text_owner(word);
    if (!visit({"word", owner, std::move(word)})) return;
  }
}

void Embeddings::each_new_text(const std::string& model, const std::function<bool(EmbeddedText)>& visit) const {
  Statement known(database_of(store_), "SELECT text_hash FROM embedding WHERE kind = ? AND owner = ? AND model = ?");
  each_text([&](EmbeddedText text) {
    known.reset();
    known.with(text.kind, text.owner, model);
    const bool same = known.step() && known.integer(0) == hash_of(text.text);
    known.reset();
    return same || visit(std::move(text));
  });
}

void Embeddings::forget_gone(const std::string& model) {
  std::set<std::pair<std::string, RowId>> live, gone;
  each_text([&](const EmbeddedText& text) { return live.emplace(text.kind, text.owner).second || true; });
  Database& database = database_of(store_);
  Statement rows(database, "SELECT kind, owner FROM embedding WHERE model = ?");
  rows.with(model);
  while (rows.step()) {
    if (const std::pair<std::string, RowId> key{rows.text(0), rows.integer(1)}; live.count(key) == 0) gone.insert(key);
  }
  rows.reset();
  if (gone.empty()) return;
  sqlite::Transaction transaction(database);
  Statement remove(database, "DELETE FROM embedding WHERE kind = ? AND owner = ? AND model = ?");
  for (const auto& [kind, owner] : gone) {
    remove.reset();
    remove.with(kind, owner, model).run();
  }
  transaction.commit();
}

void Embeddings::clear(const std::string& model) {
  Statement(database_of(store_), "DELETE FROM embedding WHERE model = ?").with(model).run();
}

void Embeddings::put(const std::string& model, std::span<const EmbeddedText> texts, std::span<const std::vector<float>> vectors) {
  if (texts.size() != vectors.size()) {
    refuse(model, "gave " + std::to_string(vectors.size()) + " vectors for " + std::to_string(texts.size()) + " texts");
  }
  Database& database = database_of(store_);
  Statement known(database, "SELECT length(vector) / 4 FROM embedding WHERE model = ? LIMIT 1");
  known.with(model);
  std::size_t dimensions = known.step() ? static_cast<std::size_t>(known.integer(0)) : 0;
  known.reset();
  for (const std::vector<float>& vector : vectors) {
    if (dimensions == 0) dimensions = vector.size();
    if (vector.empty() || vector.size() != dimensions) {
      refuse(model, "gave a vector of " + std::to_string(vector.size()) + " numbers among vectors of " + std::to_string(dimensions));
    }
    double square = 0;
    for (const float value : vector) square += static_cast<double>(value) * value;
    if (!std::isfinite(square)) refuse(model, "gave a vector that is not finite");
    if (square <= 0) refuse(model, "gave a vector that is all zero");
  }
  sqlite::Transaction transaction(database);
  // Numbers that were ever used are not used again, also not those of vectors that were deleted since: they are times.
  std::int64_t sequence =
      std::chrono::duration_cast<std::chrono::microseconds>(std::chrono::system_clock::now().time_since_epoch()).count();
  Statement last(database, "SELECT max(seq) FROM embedding WHERE model = ? AND kind = ?");
  for (const char* kind : {"caption", "moment", "video", "event", "entity", "word", "descriptor"}) {
    last.with(model, kind);
    if (last.step()) sequence = std::max(sequence, last.integer(0) + 1);
  }
  last.reset();
  Statement insert(database,
                   "INSERT INTO embedding(kind, owner, model, vector, text_hash, seq) VALUES(?, ?, ?, ?, ?, ?) ON CONFLICT DO UPDATE SET "
                   "vector = excluded.vector, text_hash = excluded.text_hash, seq = excluded.seq");
  for (std::size_t i = 0; i < texts.size(); ++i) {
    insert.reset();
    insert.bind(0, texts[i].kind).bind(1, texts[i].owner).bind(2, model);
    insert.bind_blob(3, {reinterpret_cast<const char*>(vectors[i].data()), vectors[i].size() * sizeof(float)});
    insert.bind(4, hash_of(texts[i].text));
    insert.bind(5, sequence++);
    insert.run();
  }
  transaction.commit();
}

bool has_vectors(const Store& store) {
  Statement any(database_of(store), "SELECT 1 FROM embedding LIMIT 1");
  return any.step();
}

void each_vector(const Store& store, const std::string& model, const std::string& kind,
                 const std::function<bool(const StoredVector&)>& visit) {
  Statement rows(database_of(store), kind == "video" ? "SELECT owner, v.id, vector FROM embedding JOIN video v ON v.id = owner "
                                                       "WHERE kind = ? AND model = ?"
                                                     : "SELECT owner, o.video, vector FROM embedding JOIN observation o ON o.id = owner "
                                                       "WHERE kind = ? AND model = ? AND o.live = 1");
  rows.with(kind, model);
  std::vector<float> vector;
  while (rows.step()) {
    const std::string_view bytes = rows.view(2);
    if (bytes.empty() || bytes.size() % sizeof(float) != 0) {
      throw base::Error(base::ErrorCode::kArchive, "holds a vector that is cut off", database_of(store).file().string(),
                        "run `reelgraph index`");
    }
    vector.resize(bytes.size() / sizeof(float));
    std::memcpy(vector.data(), bytes.data(), bytes.size());
    if (!visit({rows.integer(0), rows.integer(1), vector})) return;
  }
}

std::vector<EmbeddingCount> Embeddings::counts() const {
  Statement rows(database_of(store_), "SELECT model, count(*), max(length(vector)) / 4 FROM embedding GROUP BY model ORDER BY model");
  std::vector<EmbeddingCount> counts;
  while (rows.step()) counts.push_back({rows.text(0), rows.integer(1), rows.integer(2)});
  return counts;
}

}  // namespace reelgraph::graph
