#include "graph/sqlite/text_index.h"

#include <sqlite3.h>

#include <algorithm>
#include <cstring>

#include "base/error.h"

namespace reelgraph::graph::sqlite {
namespace {

/// Columns as in the schema: caption, transcript, ocr, events, entities.
constexpr double kColumnWeight[] = {1.0, 0.9, 0.8, 1.0, 0.9};
constexpr int kMaxPhrases = 64;

fts5_api* find_api(Database& database) {
  fts5_api* api = nullptr;
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(database.handle(), "SELECT fts5(?1)", -1, &statement, nullptr) == SQLITE_OK) {
    sqlite3_bind_pointer(statement, 1, static_cast<void*>(&api), "fts5_api_ptr", nullptr);
    sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  if (!api || api->iVersion < 2) {
    throw base::Error(base::ErrorCode::kArchive, "this SQLite was built without FTS5", sqlite3_libversion(), "install libsqlite3-0");
  }
  return api;
}

void score(const Fts5ExtensionApi* api, Fts5Context* context, sqlite3_context* result, int count, sqlite3_value** values) {
  if (count != 1) return sqlite3_result_error(result, "reel_score takes one argument", -1);
  const int phrases = api->xPhraseCount(context);
  const auto* weights = static_cast<const char*>(sqlite3_value_blob(values[0]));
  if (sqlite3_value_bytes(values[0]) != static_cast<int>(2 * sizeof(double)) * phrases || phrases > 2 * kMaxPhrases) {
    return sqlite3_result_error(result, "reel_score needs two numbers a phrase", -1);
  }
  double best[kMaxPhrases] = {};
  for (int phrase = 0; phrase < phrases; ++phrase) {
    double pair[2];
    std::memcpy(pair, weights + 2 * sizeof(double) * static_cast<std::size_t>(phrase), sizeof pair);
    const int word = static_cast<int>(pair[0]);
    if (word < 0 || word >= kMaxPhrases) continue;
    Fts5PhraseIter iterator;
    int column = -1;
    if (const int failure = api->xPhraseFirstColumn(context, phrase, &iterator, &column); failure != SQLITE_OK) {
      return sqlite3_result_error_code(result, failure);
    }
    for (; column >= 0; api->xPhraseNextColumn(context, &iterator, &column)) {
      const double value = pair[1] * (column < 5 ? kColumnWeight[column] : 1.0);
      best[word] = std::max(best[word], value);
    }
  }
  double sum = 0;
  for (const double value : best) sum += value;
  int length = 0;
  sqlite3_int64 rows = 0, total = 0;
  api->xColumnSize(context, -1, &length);
  api->xRowCount(context, &rows);
  api->xColumnTotalSize(context, -1, &total);
  const double mean = rows > 0 && total > 0 ? static_cast<double>(total) / static_cast<double>(rows) : 1.0;
  // BM25 with one occurrence a word: k1 = 1.2; b = 0.4, because a long observation is a rich one, not a padded one.
  sqlite3_result_double(result, sum * 2.2 / (1 + 1.2 * (0.6 + 0.4 * length / mean)));
}

}  // namespace

struct TextIndex::Tokenizer {
  fts5_tokenizer functions{};
  Fts5Tokenizer* instance = nullptr;
};

void TextIndex::Closer::operator()(Tokenizer* tokenizer) const {
  if (tokenizer->instance) tokenizer->functions.xDelete(tokenizer->instance);
  delete tokenizer;
}

TextIndex::TextIndex(Database& database) : tokenizer_(new Tokenizer) {
  fts5_api* api = find_api(database);
  void* user = nullptr;
  const char* arguments[] = {"unicode61", "remove_diacritics", "2"};  // as in the schema
  if (api->xFindTokenizer(api, "porter", &user, &tokenizer_->functions) != SQLITE_OK ||
      tokenizer_->functions.xCreate(user, arguments, 3, &tokenizer_->instance) != SQLITE_OK) {
    tokenizer_->instance = nullptr;
    throw base::Error(base::ErrorCode::kArchive, "this SQLite has no porter tokenizer", sqlite3_libversion(), "install libsqlite3-0");
  }
  if (const int result = api->xCreateFunction(api, kScoreFunction, nullptr, score, nullptr); result != SQLITE_OK) database.fail(result);
}

std::vector<Token> TextIndex::tokens(std::string_view text) const {
  struct Context {
    std::string_view text;
    std::vector<Token> tokens;
  } context{text, {}};
  const auto collect = [](void* user, int, const char* token, int bytes, int start, int end) -> int {
    auto& c = *static_cast<Context*>(user);
    c.tokens.push_back({std::string(c.text.substr(static_cast<std::size_t>(start), static_cast<std::size_t>(end - start))),
                        std::string(token, static_cast<std::size_t>(bytes))});
    return SQLITE_OK;
  };
  const std::size_t bytes = std::min<std::size_t>(text.size(), std::size_t{16} << 20);
  tokenizer_->functions.xTokenize(tokenizer_->instance, &context, FTS5_TOKENIZE_DOCUMENT, text.data(), static_cast<int>(bytes), collect);
  return std::move(context.tokens);
}

std::string TextIndex::quote(const std::string& raw) {
  std::string text = "\"";
  for (const char c : raw) {
    if (c == '"') text += '"';
    text += c;
  }
  return text + '"';
}

}  // namespace reelgraph::graph::sqlite
