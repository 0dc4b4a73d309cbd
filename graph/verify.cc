// Is the archive what it says it is? Truth is only looked at; what is derived from it can be made anew.
#include <unistd.h>

#include <fstream>
#include <set>
#include <sstream>

#include "base/error.h"
#include "graph/archive.h"
#include "graph/frame_files.h"
#include "graph/hashing.h"
#include "graph/sqlite/schema.h"
#include "graph/vectors/vector_index.h"
#include "graph/writer_lock.h"

namespace reelgraph::graph {
namespace {

namespace fs = std::filesystem;
using sqlite::Database;
using sqlite::Statement;

constexpr std::size_t kMaxOfOneKind = 20;

constexpr char kRebuildSpans[] =
    "DELETE FROM span_index;"
    "INSERT INTO span_index(id, start, \"end\", video, video_end) SELECT 2 * id, start / 1e6, \"end\" / 1e6, video, video FROM observation "
    "WHERE "
    "live = 1;"
    "INSERT INTO span_index(id, start, \"end\", video, video_end) SELECT 2 * id + 1, start / 1e6, \"end\" / 1e6, video, video FROM event "
    "WHERE "
    "live = 1;";

class Verifier {
 public:
  Verifier(const fs::path& folder, bool repair, const std::function<void(const std::string&)>& progress)
      : folder_(folder), repair_(repair), progress_(progress) {}

  std::vector<Finding> run() {
    if (!open()) return std::move(findings_);
    if (!check_pages()) return std::move(findings_);
    check_references();
    check_spans();
    check_identity();
    check_counts();
    check_span_index();
    check_text_index();
    check_frames();
    check_vectors();
    return std::move(findings_);
  }

 private:
  void say(const char* what) const {
    if (progress_) progress_(what);
  }

  void find(std::string text, std::string cure, bool repaired, bool fatal = false) {
    findings_.push_back({std::move(text), std::move(cure), repaired, fatal});
  }

  /// Through Archive::open, so that a broken header, a newer version and an older one are treated as everywhere.
  bool open() {
    say("opening");
    try {
      Archive::open(folder_, repair_ ? OpenMode::kWrite : OpenMode::kRead);
      if (repair_) lock_ = std::make_unique<WriterLock>(folder_);
      const fs::path file = folder_ / "graph.db";
      database_ = std::make_unique<Database>(file, repair_ ? Database::Mode::kWrite : read_mode());
      sqlite::configure(*database_, repair_);
      return true;
    } catch (const base::Error& e) {
      if (e.message().find("another process") != std::string::npos) throw;
      find(e.context() + ": " + e.message(), e.cure(), false, true);
      return false;
    }
  }

  [[nodiscard]] Database::Mode read_mode() const {
    // A folder that cannot be written to holds no shared side files; see Archive::open.
    const bool writable = ::access(folder_.c_str(), W_OK) == 0;
    return writable ? Database::Mode::kRead : Database::Mode::kImmutable;
  }

  bool check_pages() {
    say("checking the database file");
    try {
      Statement rows(*database_, "PRAGMA integrity_check(20)");
      bool whole = true;
      while (rows.step()) {
        if (rows.view(0) == "ok") continue;
        const std::string text = rows.text(0);
        // What only concerns derived tables is mended below.
        const bool derived = text.find("span_index") != std::string::npos || text.find("text_index") != std::string::npos;
        if (derived) {
          find("graph.db: " + text, "run verify --repair", repair_);
          rebuild_spans_ = rebuild_text_ = true;
          continue;
        }
        find("graph.db: " + text, "restore the archive from a copy; `export` may still save most of it", false, true);
        whole = false;
      }
      return whole;
    } catch (const base::Error& e) {
      find(e.context() + ": " + e.message(), "restore the archive from a copy; `export` may still save most of it", false, true);
      return false;
    }
  }

  void check_references() {
    say("checking references");
    Statement rows(*database_, "PRAGMA foreign_key_check");
    for (std::size_t n = 0; rows.step() && n < kMaxOfOneKind; ++n) {
      find("graph.db: a row of " + rows.text(0) + " refers to a row of " + rows.text(2) + " that is not there",
           "restore the archive from a copy, or export it and import that anew", false, true);
    }
  }

  void each(const char* sql, const std::string& what, const std::string& cure) {
    Statement rows(*database_, sql);
    for (std::size_t n = 0; rows.step() && n < kMaxOfOneKind; ++n) find(rows.text(0) + ": " + what, cure, false);
  }

  void check_spans() {
    say("checking spans");
    const std::string cure = "export the archive and import that anew";
    each(
        "SELECT 'observation ' || o.id || ' of video ' || v.name FROM observation o JOIN video v ON v.id = o.video WHERE o.start < 0 OR "
        "o.\"end\" < o.start",
        "its span is reversed or negative", cure);
    each(
        "SELECT 'event ' || e.id || ' of video ' || v.name FROM event e JOIN video v ON v.id = e.video WHERE e.start < 0 OR e.\"end\" < "
        "e.start",
        "its span is reversed or negative", cure);
    each("SELECT 'event ' || e.id FROM event e JOIN observation o ON o.id = e.observation WHERE e.video <> o.video OR e.live <> o.live",
         "it contradicts its observation", cure);
    each(
        "SELECT 'observation ' || o.id || ' of video ' || v.name FROM observation o JOIN video v ON v.id = o.video WHERE v.state = 5 AND "
        "o.\"end\" > v.duration",
        "it ends after its video", "import the observations again");
    each("SELECT 'chunk ' || c.key FROM chunk c WHERE c.own_start < c.start OR c.own_end > c.\"end\" OR c.state NOT IN (1, 2, 3)",
         "its own part or its state is impossible", "remove the video and ingest it again");
  }

  /// Mentions, participants and relations belong to the entity that their atom is joined to.
  void check_identity() {
    say("checking identities");
    constexpr const char* kWrong =
        "SELECT (SELECT count(*) FROM mention m JOIN descriptor d ON d.id = m.descriptor LEFT JOIN member b ON b.atom = d.entity WHERE "
        "m.entity "
        "<> coalesce(b.entity, d.entity)) + (SELECT count(*) FROM participant p JOIN event e ON e.id = p.event JOIN mention m ON "
        "m.observation "
        "= e.observation AND m.seq = p.mention WHERE m.entity <> p.entity) + (SELECT count(*) FROM relation r JOIN mention m ON "
        "m.observation = "
        "r.observation AND m.seq = r.source_mention WHERE m.entity <> r.source) + (SELECT count(*) FROM relation r JOIN mention m ON "
        "m.observation = r.observation AND m.seq = r.target_mention WHERE m.entity <> r.target)";
    const std::int64_t wrong = sqlite::query_integer(*database_, kWrong);
    if (wrong == 0) return;
    if (repair_) {
      sqlite::Transaction transaction(*database_);
      database_->execute(
          "UPDATE mention SET entity = (SELECT coalesce(b.entity, d.entity) FROM descriptor d LEFT JOIN member b ON b.atom = d.entity "
          "WHERE d.id = "
          "mention.descriptor);"
          "UPDATE participant SET entity = coalesce((SELECT m.entity FROM event e JOIN mention m ON m.observation = e.observation AND "
          "m.seq = "
          "participant.mention WHERE e.id = participant.event), entity);"
          "UPDATE relation SET source = coalesce((SELECT m.entity FROM mention m WHERE m.observation = relation.observation AND m.seq = "
          "source_mention), source), target = coalesce((SELECT m.entity FROM mention m WHERE m.observation = relation.observation AND "
          "m.seq = "
          "target_mention), target)");
      transaction.commit();
    }
    find(std::to_string(wrong) + " mention(s), participant(s) or relation(s) belong to another entity than the identity log says",
         "run verify --repair", repair_);
  }

  void check_counts() {
    say("checking counts");
    // The same recount that repair stores, compared with what is stored.
    std::set<std::string> stored, counted;
    const auto read = [&](std::set<std::string>& into) {
      Statement rows(*database_, "SELECT kind || ' ' || word || ': ' || n FROM tally");
      while (rows.step()) into.insert(rows.text(0));
    };
    read(stored);
    database_->execute("CREATE TEMP TABLE IF NOT EXISTS wrong_mentions(entity INTEGER PRIMARY KEY, n INTEGER)");
    database_->execute(
        "INSERT INTO temp.wrong_mentions SELECT n.id, coalesce(c.k, 0) FROM entity n LEFT JOIN (SELECT m.entity, count(*) AS k FROM "
        "mention m JOIN "
        "observation o ON o.id = m.observation WHERE o.live = 1 GROUP BY m.entity) c ON c.entity = n.id WHERE n.mentions <> coalesce(c.k, "
        "0)");
    const std::int64_t wrong = sqlite::query_integer(*database_, "SELECT count(*) FROM temp.wrong_mentions");
    if (wrong > 0) {
      if (repair_) {
        sqlite::Transaction transaction(*database_);
        database_->execute(
            "UPDATE entity SET mentions = (SELECT n FROM temp.wrong_mentions w WHERE w.entity = entity.id) WHERE id IN (SELECT entity FROM "
            "temp.wrong_mentions)");
        transaction.commit();
      }
      find("the mentions of " + std::to_string(wrong) + " entities are miscounted", "run verify --repair", repair_);
    }
    for (std::string& line : sqlite::recount(*database_)) counted.insert(std::move(line));
    if (stored == counted) return;
    if (repair_) {
      sqlite::Transaction transaction(*database_);
      sqlite::rebuild_tally(*database_);
      transaction.commit();
    }
    std::string example;
    for (const std::string& line : counted) {
      if (!stored.contains(line)) {
        example = " (should be " + line + ")";
        break;
      }
    }
    find("the stored counts differ from the rows" + example, "run verify --repair", repair_);
  }

  void check_span_index() {
    say("checking the index of spans");
    if (!rebuild_spans_) {
      try {
        const std::int64_t missing = sqlite::query_integer(*database_,
                                                           "SELECT (SELECT count(*) FROM observation o WHERE live = 1 AND NOT EXISTS "
                                                           "(SELECT 1 FROM span_index s WHERE s.id = 2 * o.id AND s.start "
                                                           "<= o.start / 1e6 AND s.\"end\" >= o.\"end\" / 1e6 AND s.video = o.video)) + "
                                                           "(SELECT count(*) FROM event e WHERE live = 1 AND NOT EXISTS "
                                                           "(SELECT 1 FROM span_index s WHERE s.id = 2 * e.id + 1 AND s.start <= e.start / "
                                                           "1e6 AND s.\"end\" >= e.\"end\" / 1e6 AND s.video = "
                                                           "e.video))");
        const std::int64_t indexed = sqlite::query_integer(*database_, "SELECT count(*) FROM span_index");
        const std::int64_t rows = sqlite::query_integer(
            *database_, "SELECT (SELECT count(*) FROM observation WHERE live = 1) + (SELECT count(*) FROM event WHERE live = 1)");
        if (missing == 0 && indexed == rows) return;
      } catch (const base::Error&) {
        // Unreadable is as good as wrong: it is made anew.
      }
    }
    find("the index of spans does not agree with the rows", "run verify --repair", repair_);
    if (!repair_) return;
    sqlite::Transaction transaction(*database_);
    database_->execute(kRebuildSpans);
    transaction.commit();
  }

  void check_text_index() {
    say("checking the index of words");
    if (!rebuild_text_ && text_index_agrees()) return;
    find("the index of words does not agree with the rows", "run verify --repair", repair_);
    if (!repair_) return;
    sqlite::Transaction transaction(*database_);
    database_->execute("INSERT INTO text_index(text_index) VALUES('rebuild')");
    transaction.commit();
  }

  bool text_index_agrees() {
    try {
      const std::int64_t indexed = sqlite::query_integer(*database_, "SELECT count(*) FROM text_index_docsize");
      const std::int64_t rows = sqlite::query_integer(*database_, "SELECT count(*) FROM observation WHERE live = 1");
      const std::int64_t missing = sqlite::query_integer(
          *database_,
          "SELECT count(*) FROM observation o WHERE live = 1 AND NOT EXISTS (SELECT 1 FROM text_index_docsize d WHERE d.id = o.id)");
      if (indexed != rows || missing != 0) return false;
      // FTS5 compares every word with its row by a statement that counts as writing. Where nobody may write, the comparison above must do.
      constexpr char kCompare[] = "INSERT INTO text_index(text_index, rank) VALUES('integrity-check', 1)";
      if (repair_) {
        database_->execute(kCompare);
        return true;
      }
      std::unique_ptr<WriterLock> lock;
      std::unique_ptr<Database> writer;
      try {
        if (::access(database_->file().c_str(), W_OK) != 0) return true;
        lock = std::make_unique<WriterLock>(folder_);
        writer = std::make_unique<Database>(database_->file(), Database::Mode::kWrite);
      } catch (const base::Error&) {
        return true;
      }
      writer->execute(kCompare);
      return true;
    } catch (const base::Error&) {
      return false;  // unreadable is as good as wrong: it is made anew
    }
  }

  void check_frames() {
    say("checking frames");
    std::set<std::string> known;
    Statement rows(*database_, "SELECT DISTINCT f.file, v.name, f.at FROM frame f JOIN video v ON v.id = f.video ORDER BY f.file");
    std::vector<std::string> gone;
    while (rows.step()) {
      const std::string file = rows.text(0);
      if (!known.insert(file).second) continue;
      const std::string where = rows.text(1) + " at " + base::format_time(rows.integer(2));
      const std::string problem = frame_problem(file);
      if (problem.empty()) continue;
      // A damaged file is not evidence; without it the citation says that no frame is kept.
      find(file + " (" + where + "): " + problem,
           repair_ ? "ingest the video again with --recaption to get it back" : "run verify --repair", repair_);
      if (repair_) gone.push_back(file);
    }
    rows.reset();
    if (!gone.empty()) {
      sqlite::Transaction transaction(*database_);
      Statement erase(*database_, "DELETE FROM frame WHERE file = ?");
      for (const std::string& file : gone) erase.with(file).run();
      sqlite::rebuild_tally(*database_);
      transaction.commit();
      for (const std::string& file : gone) {
        known.erase(file);
        std::error_code ignored;
        if (is_frame_path(file)) fs::remove(folder_ / file, ignored);
      }
    }
    std::size_t stray = 0;
    each_frame_file(folder_, [&](const std::string& file) {
      if (known.contains(file)) return;
      ++stray;
      std::error_code ignored;
      if (repair_) fs::remove(folder_ / file, ignored);
    });
    if (stray > 0) {
      find(std::to_string(stray) + " file(s) below frames/ belong to no frame (an interrupted ingest leaves such)", "run verify --repair",
           repair_);
    }
  }

  void check_vectors() {
    say("checking vectors");
    const std::vector<StaleVectorIndex> stale = stale_vector_indexes(*database_);
    if (repair_ && !stale.empty()) refresh_vector_indexes(*database_, progress_);
    for (const StaleVectorIndex& index : stale) find(index.file + " " + index.problem, "run verify --repair", repair_);
  }

  [[nodiscard]] std::string frame_problem(const std::string& file) const {
    if (!is_frame_path(file)) return "is no name of a frame";
    std::ifstream in(folder_ / file, std::ios::binary);
    if (!in) return "the file is missing";
    std::ostringstream bytes;
    bytes << in.rdbuf();
    if (hash_hex(std::move(bytes).str()) != file.substr(10, 32)) return "the file was changed or is damaged";
    return {};
  }

  const fs::path& folder_;
  bool repair_;
  const std::function<void(const std::string&)>& progress_;
  std::unique_ptr<WriterLock> lock_;
  std::unique_ptr<Database> database_;
  std::vector<Finding> findings_;
  bool rebuild_spans_ = false, rebuild_text_ = false;
};

}  // namespace

std::vector<Finding> verify(const fs::path& folder, bool repair, const std::function<void(const std::string&)>& progress) {
  return Verifier(folder, repair, progress).run();
}

}  // namespace reelgraph::graph
