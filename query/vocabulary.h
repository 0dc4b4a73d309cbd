#pragma once
// What an engine reads of its archive at the first question, and keeps.

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/engine.h"
#include "query/lexicon.h"
#include "query/meaning.h"
#include "query/moments.h"
#include "query/words.h"

namespace reelgraph::query {

inline constexpr std::size_t kLongestQuestion = 1 << 14;  ///< bytes that are read; what follows is no question any more

/// What the texts of an archive say and mean; read when first asked for.
class Texts {
 public:
  Texts(const graph::Store& store, const WordCutter& cutter, std::shared_ptr<base::TextEmbedder> embedder, base::LogSink log)
      : written(store, cutter), store_(store), embedder_(std::move(embedder)), log_(std::move(log)) {}

  WrittenVideos written;
  /// Null where nothing was embedded.
  [[nodiscard]] const Meaning* meaning() {
    if (!read_) meaning_ = Meaning::read(store_, embedder_, log_);
    read_ = true;
    return meaning_.get();
  }

 private:
  const graph::Store& store_;
  std::shared_ptr<base::TextEmbedder> embedder_;
  base::LogSink log_;
  std::unique_ptr<Meaning> meaning_;
  bool read_ = false;
};

struct Engine::Vocabulary {
  Vocabulary(const graph::Store& store, const std::vector<base::Profile>& profiles, std::shared_ptr<base::TextEmbedder> embedder,
             base::LogSink log)
      : lexicon(store, profiles, cutter), texts(store, cutter, std::move(embedder), std::move(log)) {}
  WordCutter cutter;
  Lexicon lexicon;
  Texts texts;
};

/// Entities whose names stand in a text.
[[nodiscard]] inline std::vector<graph::RowId> entities_named(const Lexicon& lexicon, const std::vector<Word>& words) {
  std::vector<graph::RowId> named;
  for (const Token& token : lexicon.read(words, {})) {
    if (token.kind == Token::Kind::kEntity) named.insert(named.end(), token.entities.begin(), token.entities.end());
  }
  return named;
}

[[nodiscard]] inline bool is_without(const std::vector<std::string>& without, std::string_view view) {
  return std::find(without.begin(), without.end(), view) != without.end();
}

[[nodiscard]] inline std::vector<std::string> ids_of(const std::vector<graph::VideoRecord>& videos) {
  std::vector<std::string> ids;
  for (const graph::VideoRecord& v : videos) ids.push_back(v.id);
  return ids;
}

}  // namespace reelgraph::query
