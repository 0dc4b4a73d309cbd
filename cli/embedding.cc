#include "cli/embedding.h"

#include <algorithm>
#include <chrono>
#include <vector>

#include "cli/interrupt.h"
#include "cli/text.h"
#include "graph/embeddings.h"
#include "graph/vectors/vector_index.h"

namespace reelgraph::cli {
namespace {

constexpr std::size_t kTextsAtOnce = 512;  ///< embedded and committed together

}  // namespace

Embedded embed_texts(Context& context, graph::Archive& archive, base::TextEmbedder& embedder, bool anew) {
  using Clock = std::chrono::steady_clock;
  graph::Embeddings table(archive.store());
  Embedded done;
  done.model = embedder.name();
  const auto began = Clock::now();
  const Interrupt interrupt("\nreelgraph: finishing the texts in hand; once more to quit at once\n");
  if (anew) table.clear(done.model);
  table.forget_gone(done.model);
  std::int64_t all = 0;
  table.each_new_text(done.model, [&](const graph::EmbeddedText&) { return ++all > 0; });
  // Batches are drawn anew each time: nothing is read from a table while it is written.
  while (done.made < all && !done.interrupted) {
    std::vector<graph::EmbeddedText> batch;
    table.each_new_text(done.model, [&](graph::EmbeddedText text) {
      batch.push_back(std::move(text));
      return batch.size() < kTextsAtOnce;
    });
    if (batch.empty()) break;
    std::vector<std::string> texts;
    for (const graph::EmbeddedText& one : batch) texts.push_back(one.text);
    table.put(done.model, batch, embedder.embed(texts));
    done.made += static_cast<std::int64_t>(batch.size());
    const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
    context.console.status("embedded " + std::to_string(done.made) + " of " + count_of(all, "text") + ", " +
                           format_effort(seconds / static_cast<double>(done.made) * static_cast<double>(all - done.made)) + " to go");
    done.interrupted = interrupt.token().stop_requested();
  }
  context.console.status({});
  if (!done.interrupted) refresh_indexes(context, archive);
  done.seconds = std::chrono::duration<double>(Clock::now() - began).count();
  for (const graph::EmbeddingCount& count : table.counts()) {
    if (count.model != done.model) continue;
    done.texts = count.rows;
    done.dimensions = count.dimensions;
  }
  return done;
}

void refresh_indexes(Context& context, const graph::Archive& archive) {
  graph::refresh_vector_indexes(archive.store(), [&](const std::string& file) { context.console.status("writing " + file); });
  context.console.status({});
}

nlohmann::ordered_json embedded_json(const Embedded& embedded) {
  return {{"model", embedded.model},
          {"texts", embedded.texts},
          {"new", embedded.made},
          {"dimensions", embedded.dimensions},
          {"seconds", embedded.seconds}};
}

std::string embedded_line(const Embedded& embedded) {
  return "Embedded " + count_of(embedded.made, "new text") + " of " + std::to_string(embedded.texts) + " with " + embedded.model + " in " +
         format_effort(embedded.seconds) + ".";
}

}  // namespace reelgraph::cli
