#include "graph/vectors/vector_index.h"

#include <faiss/IndexFlat.h>
#include <faiss/IndexIVFFlat.h>
#include <faiss/impl/IDSelector.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>
#include <numeric>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "base/error.h"
#include "graph/embeddings.h"
#include "graph/sqlite/sqlite_store.h"
#include "graph/vectors/vector_file.h"

namespace reelgraph::graph {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;
using sqlite::database_of;
using sqlite::Statement;
using Id = faiss::Index::idx_t;

constexpr std::int64_t kMostWithoutFile = 100'000;  // are read from the table within a second
constexpr Id kCrowd = 10;                           // the nearest of other videos
constexpr Id kLookedAt = 40;                        // among so many nearest
constexpr int kProbes = 8;                  // lists that a search looks into: recall@10 of .95 and more (tests/graph/vectors_test.cc)
constexpr std::int64_t kTrainingEach = 64;  // vectors a list, to place the lists by
constexpr int kTrainingRounds = 10;
constexpr std::size_t kBatch = 20'000;
constexpr int kSamples = 16;           // of the table, that a file must know
constexpr double kSame = 0.999;        // cosine
constexpr double kMostExtended = .25;  // of the vectors may be new before the lists are placed anew

/// "vectors-all-MiniLM-L6-v2-caption.faiss": what may not stand in a file's name becomes "_".
fs::path file_of(Database& database, const std::string& model, const std::string& kind) {
  std::string name = model.substr(model.find_last_of('/') + 1, 80);
  for (char& c : name) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
    if (!plain) c = '_';
  }
  return database.file().parent_path() / ("vectors-" + name + "-" + kind + ".faiss");
}

/// "?1 is the owner": gives its video if it is still there. The embedding itself need not be looked at for that.
std::string live_owner(const std::string& kind) {
  if (kind == "caption" || kind == "moment") return "SELECT video FROM observation WHERE id = ?1 AND live = 1";
  if (kind == "event") return "SELECT video FROM event WHERE id = ?1 AND live = 1";
  if (kind == "entity") return "SELECT 0 FROM entity WHERE id = ?1 AND mentions > 0";
  if (kind == "word") return "SELECT 0 WHERE ?1 IS NOT NULL";
  return "SELECT id FROM video WHERE id = ?1";
}

/// What a vector belongs to that is still there: rows of "owner, video, seq, vector" of embedding `e` for (kind, model).
std::string live_rows(const std::string& kind, const std::string& where) {
  const std::string owner = kind == "caption" || kind == "moment" ? "JOIN observation o ON o.id = e.owner AND o.live = 1 "
                            : kind == "event"                     ? "JOIN event o ON o.id = e.owner AND o.live = 1 "
                            : kind == "entity"                    ? "JOIN entity o ON o.id = e.owner AND o.mentions > 0 "
                            : kind == "word"                      ? ""
                                                                  : "JOIN video o ON o.id = e.owner ";
  const std::string video = kind == "entity" || kind == "word" ? "0" : kind == "video" ? "o.id" : "o.video";
  return "SELECT e.owner, " + video + ", e.seq, e.vector FROM embedding e " + owner + "WHERE e.kind = ?1 AND e.model = ?2" + where;
}

bool read_unit(std::string_view bytes, std::vector<float>& vector) {
  vector = read_vector(bytes);
  return !vector.empty();
}

/// @param visit (owner, video, seq, unit vector)
template <typename Visit>
void each_live(Database& database, const std::string& model, const std::string& kind, std::int64_t after, const Visit& visit) {
  Statement rows(database, live_rows(kind, " AND e.seq > ?3 ORDER BY e.seq"));
  rows.with(kind, model, after);
  std::vector<float> vector;
  while (rows.step()) {
    if (read_unit(rows.view(3), vector)) visit(rows.integer(0), rows.integer(1), rows.integer(2), vector);
  }
}

struct TableFacts {
  std::int64_t rows = 0, last = 0;  ///< of (model, kind), counted up to a limit; the largest sequence number
};
/// @param most a reader need not know how many more there are: counting them would read an index as large as the archive
TableFacts facts_of(Database& database, const std::string& model, const std::string& kind, std::int64_t most) {
  Statement rows(database,
                 "SELECT count(*) FROM (SELECT 1 FROM embedding INDEXED BY embedding_by_seq WHERE model = ? AND kind = ? LIMIT ?)");
  rows.with(model, kind, most).step();
  Statement last(database, "SELECT coalesce(max(seq), 0) FROM embedding INDEXED BY embedding_by_seq WHERE model = ? AND kind = ?");
  last.with(model, kind).step();
  return {rows.integer(0), last.integer(0)};
}

double dot(const float* a, const float* b, std::size_t n) {
  float lanes[8] = {};  // a fixed order of sums, and one that a compiler can keep in a register
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8) {
    for (std::size_t k = 0; k < 8; ++k) lanes[k] += a[i + k] * b[i + k];
  }
  double sum = 0;
  for (; i < n; ++i) sum += static_cast<double>(a[i]) * static_cast<double>(b[i]);
  for (const float lane : lanes) sum += static_cast<double>(lane);
  return sum;
}

/// @param videos of each row
std::vector<float> crowding_of(const faiss::IndexFlatIP& index, const std::vector<RowId>& videos) {
  const Id n = index.ntotal, k = std::min<Id>(n, kLookedAt);
  constexpr Id kAtOnce = 1024;
  std::vector<float> likeness(static_cast<std::size_t>(kAtOnce * k)), mean;
  std::vector<Id> ids(likeness.size());
  for (Id from = 0; from < n; from += kAtOnce) {
    const Id rows = std::min(kAtOnce, n - from);
    index.search(rows, index.get_xb() + from * index.d, k, likeness.data(), ids.data());
    for (Id i = 0; i < rows; ++i) {
      double sum = 0;
      Id others = 0;
      for (Id j = 0; j < k && others < kCrowd; ++j) {
        const auto at = static_cast<std::size_t>(i * k + j);
        if (ids[at] < 0 || videos[static_cast<std::size_t>(ids[at])] == videos[static_cast<std::size_t>(from + i)]) continue;
        sum += static_cast<double>(likeness[at]);
        ++others;
      }
      // Its own video takes all places: no other is nearer than the last of them.
      const double farthest = static_cast<double>(likeness[static_cast<std::size_t>(i * k + k - 1)]);
      mean.push_back(static_cast<float>(others > 0 ? sum / static_cast<double>(others) : farthest));
    }
  }
  return mean;
}

/// All vectors, one by one.
VectorFile make_flat(Database& database, const std::string& model, const std::string& kind) {
  VectorFile made;
  made.model = model;
  made.kind = kind;
  std::unique_ptr<faiss::IndexFlatIP> index;
  std::vector<RowId> videos;
  each_live(database, model, kind, -1, [&](RowId owner, RowId video, std::int64_t seq, const std::vector<float>& vector) {
    if (!index) index = std::make_unique<faiss::IndexFlatIP>(static_cast<Id>(vector.size()));
    made.sequence = std::max(made.sequence, seq);
    if (vector.size() != static_cast<std::size_t>(index->d)) return;
    index->add(1, vector.data());
    made.owners.push_back(owner);
    videos.push_back(video);
  });
  if (!index) return made;
  made.dimensions = index->d;
  made.count = index->ntotal;
  if ((kind == "video" || kind == "caption") && made.count <= VectorIndex::kExact) made.crowding = crowding_of(*index, videos);
  made.index = std::move(index);
  return made;
}

/// Adds what came after `made.sequence` to an index that holds its own ids, in batches.
void add_newer(Database& database, VectorFile& made) {
  std::vector<float> batch;
  std::vector<Id> ids;
  const auto flush = [&] {
    if (!ids.empty()) made.index->add_with_ids(static_cast<Id>(ids.size()), batch.data(), ids.data());
    batch.clear();
    ids.clear();
  };
  each_live(database, made.model, made.kind, made.sequence, [&](RowId owner, RowId, std::int64_t seq, const std::vector<float>& vector) {
    made.sequence = std::max(made.sequence, seq);
    if (static_cast<std::int64_t>(vector.size()) != made.dimensions) return;
    batch.insert(batch.end(), vector.begin(), vector.end());
    ids.push_back(owner);
    if (ids.size() >= kBatch) flush();
  });
  flush();
  made.count = made.index->ntotal;
}

/// Vectors in lists around centres. @param rows how many there are, about
VectorFile make_lists(Database& database, const std::string& model, const std::string& kind, std::int64_t rows) {
  VectorFile made;
  made.model = model;
  made.kind = kind;
  made.sequence = -1;
  const auto lists = static_cast<std::int64_t>(std::exp2(std::round(std::log2(4 * std::sqrt(static_cast<double>(rows))))));
  const std::int64_t step = std::max<std::int64_t>(1, rows / (lists * kTrainingEach));
  std::vector<float> sample;
  std::int64_t row = 0;
  each_live(database, model, kind, -1, [&](RowId, RowId, std::int64_t, const std::vector<float>& vector) {
    if (made.dimensions == 0) made.dimensions = static_cast<std::int64_t>(vector.size());
    if (row++ % step == 0 && static_cast<std::int64_t>(vector.size()) == made.dimensions)
      sample.insert(sample.end(), vector.begin(), vector.end());
  });
  auto centres = std::make_unique<faiss::IndexFlatIP>(made.dimensions);
  auto index = std::make_unique<faiss::IndexIVFFlat>(centres.get(), static_cast<std::size_t>(made.dimensions),
                                                     static_cast<std::size_t>(lists), faiss::METRIC_INNER_PRODUCT);
  index->own_fields = true;
  (void)centres.release();
  index->cp.niter = kTrainingRounds;
  index->cp.min_points_per_centroid = 1;
  index->cp.max_points_per_centroid = static_cast<int>(kTrainingEach);
  index->train(static_cast<Id>(sample.size()) / made.dimensions, sample.data());
  made.index = std::move(index);
  add_newer(database, made);
  return made;
}

/// Why a file that is whole is not of this archive's table; empty: it is.
std::string mismatch(Database& database, const VectorFile& file, const std::string& model, const std::string& kind,
                     const TableFacts& table) {
  if (file.model != model || file.kind != kind) return "is of another model";
  const std::string other = "belongs to other vectors";
  if (file.sequence > table.last) return other;
  Statement one(database, live_rows(kind, " AND e.seq BETWEEN ?3 AND ?4 ORDER BY e.seq LIMIT 1"));
  std::int64_t after = 0;
  int known = 0, unknown = 0;
  std::vector<float> vector;
  for (int i = 0; i < kSamples; ++i) {
    // Evenly over the numbers up to the file's last; numbers are times, so they may lie in clumps.
    one.with(kind, model, std::max(after, file.sequence / kSamples * i), file.sequence);
    if (!one.step()) break;
    after = one.integer(2) + 1;
    if (!read_unit(one.view(3), vector)) continue;
    if (static_cast<std::int64_t>(vector.size()) != file.dimensions) return other;
    float likeness = 0;
    Id id = -1;
    faiss::SearchParametersIVF lists;
    lists.nprobe = 4 * kProbes;  // of equal vectors some may lie in lists apart
    const bool flat = dynamic_cast<const faiss::IndexFlat*>(file.index.get()) != nullptr;
    file.index->search(1, vector.data(), 1, &likeness, &id, flat ? nullptr : &lists);
    ++(id >= 0 && static_cast<double>(likeness) >= kSame ? known : unknown);
  }
  return known > unknown ? "" : other;
}

struct Selector final : faiss::IDSelector {
  explicit Selector(std::function<bool(Id)> accepts) : accepts_(std::move(accepts)) {}
  bool is_member(Id id) const override { return accepts_(id); }

 private:
  std::function<bool(Id)> accepts_;
};

}  // namespace

struct VectorIndex::State {
  State(Database& database, std::string of_model, std::string of_kind)
      : model(std::move(of_model)),
        kind(std::move(of_kind)),
        one(database, live_rows(kind, " AND e.owner = ?3")),
        owner(database, live_owner(kind)) {}

  std::string model, kind;
  mutable Statement one;    ///< (kind, model, owner)
  mutable Statement owner;  ///< (owner): its video
  VectorFile file;
  std::vector<float> newer;  ///< rows that the file does not hold
  std::vector<RowId> newer_owners;
  double usual_crowding = 0;                                ///< mean of the file's
  std::unordered_map<RowId, std::size_t> rows, newer_rows;  ///< of owners; `rows` only where the file lists them

  [[nodiscard]] std::size_t size() const { return static_cast<std::size_t>(file.dimensions); }
  [[nodiscard]] const faiss::IndexFlat* flat() const { return dynamic_cast<const faiss::IndexFlat*>(file.index.get()); }
};

VectorIndex::VectorIndex(std::unique_ptr<State> state) : state_(std::move(state)) {}
VectorIndex::~VectorIndex() = default;

std::unique_ptr<VectorIndex> VectorIndex::open(const Store& store, const std::string& model, const std::string& kind,
                                               const base::LogSink& log) {
  Database& database = database_of(store);
  const TableFacts table = facts_of(database, model, kind, kMostWithoutFile + 1);
  if (table.rows == 0) return nullptr;
  auto state = std::make_unique<State>(database, model, kind);
  const fs::path path = file_of(database, model, kind);
  std::string why = read_vector_file(path, false, state->file);
  if (why.empty()) why = mismatch(database, state->file, model, kind, table);
  if (!why.empty()) {
    const bool few = table.rows <= kMostWithoutFile;
    base::log(log, base::LogLevel::kWarning,
              path.filename().string() + " " + why + "; " +
                  (few ? "vectors are read from the database instead"
                       : "there are too many vectors to do without it, so it goes by words alone") +
                  ". `reelgraph index` writes it anew");
    if (!few) return nullptr;
    state->file = make_flat(database, model, kind);
    if (state->file.count == 0) return nullptr;
  }
  if (const auto& crowding = state->file.crowding; !crowding.empty())
    state->usual_crowding = std::accumulate(crowding.begin(), crowding.end(), 0.0) / static_cast<double>(crowding.size());
  for (std::size_t i = 0; i < state->file.owners.size(); ++i) state->rows.emplace(state->file.owners[i], i);
  if (state->file.sequence < table.last) {
    each_live(database, model, kind, state->file.sequence, [&](RowId owner, RowId, std::int64_t, const std::vector<float>& vector) {
      if (vector.size() != state->size()) return;
      state->newer_rows[owner] = state->newer_owners.size();
      state->newer_owners.push_back(owner);
      state->newer.insert(state->newer.end(), vector.begin(), vector.end());
    });
    if (static_cast<std::int64_t>(state->newer_owners.size()) > kExact) {
      base::log(log, base::LogLevel::kWarning,
                path.filename().string() + " lacks " + std::to_string(state->newer_owners.size()) +
                    " new vectors, which slows searches down; `reelgraph index` adds them");
    }
  }
  return std::unique_ptr<VectorIndex>(new VectorIndex(std::move(state)));
}

std::int64_t VectorIndex::size() const { return state_->file.count + static_cast<std::int64_t>(state_->newer_owners.size()); }
bool VectorIndex::exact() const { return state_->flat() != nullptr; }

std::vector<VectorIndex::Near> VectorIndex::nearest(std::span<const float> to, std::size_t most,
                                                    const std::function<bool(RowId)>& accepts) const {
  const State& s = *state_;
  std::vector<Near> found;
  if (to.size() != s.size() || most == 0) return found;
  const bool flat = s.flat() != nullptr;
  const auto owner_of = [&](Id id) { return flat ? s.file.owners[static_cast<std::size_t>(id)] : static_cast<RowId>(id); };
  const auto live = [&](RowId owner, double similarity) {
    s.owner.with(owner);
    if (s.owner.step()) found.push_back({owner, s.owner.integer(0), similarity});
    s.owner.reset();
  };
  const Selector selector([&](Id id) {
    const RowId owner = owner_of(id);
    return !s.newer_rows.contains(owner) && (!accepts || accepts(owner));
  });
  const bool select = accepts || !s.newer_rows.empty();
  // More than asked for, since some may not be live any more; if that was not enough, once more with all.
  Id k = std::min<Id>(s.file.count, static_cast<Id>(most + most / 4 + 16));
  for (;;) {
    found.clear();
    std::vector<float> likeness(static_cast<std::size_t>(k));
    std::vector<Id> ids(static_cast<std::size_t>(k), -1);
    faiss::SearchParameters plain;
    faiss::SearchParametersIVF lists;
    lists.nprobe = kProbes;
    faiss::SearchParameters* const parameters = flat ? &plain : &lists;
    if (select) parameters->sel = const_cast<Selector*>(&selector);
    s.file.index->search(1, to.data(), k, likeness.data(), ids.data(), flat && !select ? nullptr : parameters);
    std::size_t given = 0;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      if (ids[i] < 0) continue;
      ++given;
      if (found.size() < most) live(owner_of(ids[i]), static_cast<double>(likeness[i]));
    }
    if (found.size() >= most || given < static_cast<std::size_t>(k) || k == s.file.count) break;
    k = std::min<Id>(s.file.count, 8 * k);
  }
  for (std::size_t i = 0; i < s.newer_owners.size(); ++i) {
    if (s.newer_rows.at(s.newer_owners[i]) == i && (!accepts || accepts(s.newer_owners[i])))
      live(s.newer_owners[i], dot(s.newer.data() + i * s.size(), to.data(), s.size()));
  }
  std::sort(found.begin(), found.end(),
            [](const Near& a, const Near& b) { return a.similarity != b.similarity ? a.similarity > b.similarity : a.owner < b.owner; });
  if (found.size() > most) found.resize(most);
  return found;
}

std::optional<double> VectorIndex::similarity(RowId owner, std::span<const float> to) const {
  const State& s = *state_;
  if (to.size() != s.size()) return std::nullopt;
  if (const auto row = s.newer_rows.find(owner); row != s.newer_rows.end())
    return dot(s.newer.data() + row->second * s.size(), to.data(), s.size());
  if (const faiss::IndexFlat* flat = s.flat()) {
    const auto row = s.rows.find(owner);
    if (row == s.rows.end()) return std::nullopt;
    return dot(flat->get_xb() + row->second * s.size(), to.data(), s.size());
  }
  s.one.with(s.kind, s.model, owner);
  std::vector<float> vector;
  std::optional<double> similarity;
  if (s.one.step() && read_unit(s.one.view(3), vector) && vector.size() == s.size()) similarity = dot(vector.data(), to.data(), s.size());
  s.one.reset();
  return similarity;
}

std::optional<double> VectorIndex::crowding(RowId owner) const {
  const std::vector<float>& all = state_->file.crowding;
  if (all.empty()) return std::nullopt;
  const auto row = state_->rows.find(owner);
  if (row != state_->rows.end() && !state_->newer_rows.contains(owner)) return static_cast<double>(all[row->second]);
  return state_->usual_crowding;
}

std::vector<float> VectorIndex::vector_of(RowId owner) const {
  const State& s = *state_;
  const auto row_of = [&](const float* values, std::size_t row) {
    return std::vector<float>(values + row * s.size(), values + (row + 1) * s.size());
  };
  if (const auto row = s.newer_rows.find(owner); row != s.newer_rows.end()) return row_of(s.newer.data(), row->second);
  if (const faiss::IndexFlat* flat = s.flat()) {
    const auto row = s.rows.find(owner);
    return row == s.rows.end() ? std::vector<float>{} : row_of(flat->get_xb(), row->second);
  }
  s.one.with(s.kind, s.model, owner);
  std::vector<float> vector;
  if (s.one.step() && (!read_unit(s.one.view(3), vector) || vector.size() != s.size())) vector.clear();
  s.one.reset();
  return vector;
}

namespace {

/// A file with vectors of one model and kind, and what is wrong with it ("": nothing).
struct Checked {
  fs::path path;
  VectorFile file;
  TableFacts table;
  std::string problem;
  bool usable = false;  ///< whole, and of this table
};

Checked check(Database& database, const std::string& model, const std::string& kind) {
  Checked c;
  c.path = file_of(database, model, kind);
  c.table = facts_of(database, model, kind, std::numeric_limits<std::int64_t>::max());
  c.problem = read_vector_file(c.path, true, c.file);
  if (c.problem.empty()) c.problem = mismatch(database, c.file, model, kind, c.table);
  c.usable = c.problem.empty();
  if (!c.usable || (c.file.sequence == c.table.last && c.file.count == c.table.rows)) return c;
  c.problem =
      c.file.count < c.table.rows ? "lacks " + std::to_string(c.table.rows - c.file.count) + " vectors" : "holds vectors that are gone";
  return c;
}

/// Every model and kind that has vectors to be looked for; descriptions serve identity only.
std::vector<std::pair<std::string, std::string>> embedded_kinds(Database& database) {
  Statement rows(database,
                 "SELECT DISTINCT model, kind FROM embedding INDEXED BY embedding_by_seq WHERE kind <> 'descriptor' ORDER BY model, kind");
  std::vector<std::pair<std::string, std::string>> kinds;
  while (rows.step()) kinds.emplace_back(rows.text(0), rows.text(1));
  return kinds;
}

/// Adds what is new to lists that are there and takes out what is gone.
void extend(Database& database, VectorFile& file, faiss::IndexIVFFlat& lists) {
  std::unordered_set<RowId> kept;
  Statement rows(database, live_rows(file.kind, " AND e.seq <= ?3"));
  rows.with(file.kind, file.model, file.sequence);
  while (rows.step()) kept.insert(rows.integer(0));
  lists.remove_ids(Selector([&](Id id) { return !kept.contains(id); }));
  add_newer(database, file);
}

}  // namespace

std::vector<StaleVectorIndex> stale_vector_indexes(Database& database) {
  std::vector<StaleVectorIndex> stale;
  for (const auto& [model, kind] : embedded_kinds(database)) {
    const Checked c = check(database, model, kind);
    if (!c.problem.empty()) stale.push_back({c.path.filename().string(), c.problem});
  }
  return stale;
}

void refresh_vector_indexes(const Store& store, const std::function<void(const std::string&)>& progress) {
  refresh_vector_indexes(database_of(store), progress);
}

void refresh_vector_indexes(Database& database, const std::function<void(const std::string&)>& progress) {
  std::unordered_set<std::string> wanted;
  for (const auto& [model, kind] : embedded_kinds(database)) {
    Checked c = check(database, model, kind);
    wanted.insert(c.path.filename().string());
    if (c.problem.empty()) continue;
    if (progress) progress(c.path.filename().string());
    auto* const lists = dynamic_cast<faiss::IndexIVFFlat*>(c.file.index.get());
    const bool many = c.table.rows > VectorIndex::kExact;
    const auto change = static_cast<double>(std::abs(c.table.rows - c.file.count));
    if (c.usable && many && lists != nullptr && change < kMostExtended * static_cast<double>(c.file.count)) {
      extend(database, c.file, *lists);
    } else {
      c.file = many ? make_lists(database, model, kind, c.table.rows) : make_flat(database, model, kind);
    }
    if (c.file.count > 0) write_vector_file(c.path, c.file);
  }
  for (const auto& entry : fs::directory_iterator(database.file().parent_path())) {
    const std::string name = entry.path().filename().string();
    std::error_code ignored;
    if (name.starts_with("vectors-") && !wanted.contains(name)) fs::remove(entry.path(), ignored);
  }
}

}  // namespace reelgraph::graph
