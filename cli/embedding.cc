#include "cli/embedding.h"

#include <algorithm>
#include <chrono>
#include <span>
#include <vector>

#include "cli/interrupt.h"
#include "cli/text.h"
#include "graph/embeddings.h"
#include "graph/identity.h"
#include "graph/vectors/vector_index.h"

namespace reelgraph::cli {
namespace {

constexpr std::size_t kTextsAtOnce = 512;                ///< embedded and committed together
constexpr std::size_t kDrawnAtOnce = 32 * kTextsAtOnce;  ///< looked for together

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
  const auto embed_new = [&] {
    std::int64_t all = done.made;
    table.each_new_text(done.model, [&](const graph::EmbeddedText&) { return ++all > 0; });
    // Texts are drawn before they are embedded: nothing is read from a table while it is written.
    while (done.made < all && !done.interrupted) {
      std::vector<graph::EmbeddedText> drawn;
      table.each_new_text(done.model, [&](graph::EmbeddedText text) {
        drawn.push_back(std::move(text));
        return drawn.size() < kDrawnAtOnce;
      });
      if (drawn.empty()) break;
      for (std::size_t from = 0; from < drawn.size() && !done.interrupted; from += kTextsAtOnce) {
        const std::span<const graph::EmbeddedText> batch = std::span(drawn).subspan(from, std::min(kTextsAtOnce, drawn.size() - from));
        std::vector<std::string> texts;
        for (const graph::EmbeddedText& one : batch) texts.push_back(one.text);
        table.put(done.model, batch, embedder.embed(texts));
        done.made += static_cast<std::int64_t>(batch.size());
        const double seconds = std::chrono::duration<double>(Clock::now() - began).count();
        context.console.status("embedded " + std::to_string(done.made) + " of " + count_of(all, "text") + ", " +
                               format_effort(seconds / static_cast<double>(done.made) * static_cast<double>(all - done.made)) + " to go");
        done.interrupted = interrupt.token().stop_requested();
      }
    }
  };
  embed_new();
  if (done.made > 0 && !done.interrupted) {
    graph::identify_by_descriptions(archive.store());
    embed_new();  // whoever was joined is told of anew
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
