// reelgraph search: ranked moments without an answer.

#include "cli/commands/commands.h"
#include "cli/engine.h"
#include "cli/local_models.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct SearchOptions {
  std::vector<std::string> words, videos, without;
  std::optional<base::Timestamp> from, to;
  int limit = 10;
};

int run(Context& context, const SearchOptions& options) {
  (void)span_of(options.from, options.to);
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = std::as_const(archive).store();
  const query::Engine engine = make_engine(context, store, {}, question_embedder(context, store));
  std::string words;
  for (const std::string& word : options.words) words += (words.empty() ? "" : " ") + word;
  const std::vector<query::Hit> hits =
      engine.search(words, {video_ids(store, options.videos), options.from, options.to, options.limit, options.without});
  if (context.json) {
    nlohmann::ordered_json document;
    document["hits"] = nlohmann::ordered_json::array();
    for (const query::Hit& hit : hits) {
      nlohmann::ordered_json json;
      json["video"] = hit.video;
      json["start"] = base::to_seconds(hit.span.start);
      json["end"] = base::to_seconds(hit.span.end);
      json["score"] = hit.score;
      json["text"] = hit.text;
      json["why"] = hit.why;
      json["frame"] = hit.frame.empty() ? nlohmann::ordered_json() : nlohmann::ordered_json(hit.frame);
      document["hits"].push_back(std::move(json));
    }
    context.print(document);
  } else {
    std::string text;
    int n = 0;
    for (const query::Hit& hit : hits) {
      text += std::to_string(++n) + ". " + hit.video + "  " + format_span(hit.span) + "\n   " + hit.text + "\n";
      if (!hit.frame.empty()) text += "   " + archive.frame_path(hit.frame).string() + "\n";
    }
    context.print(text.empty() ? "Nothing found.\n" : text);
  }
  return hits.empty() ? kExitNothingFound : kExitDone;
}

}  // namespace

void add_search(Program& program) {
  auto options = std::make_shared<SearchOptions>();
  CLI::App& app = program.add("search", "Find moments by words, best first",
                              {"reelgraph search red car", "reelgraph search \"corner kick\" --video match-1 --from 0:45:00 --limit 5"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("WORDS", options->words, "What to look for")->required()->type_name("");
  add_videos(app, options->videos);
  add_range(app, options->from, options->to);
  app.add_option("--without", options->without, "Switch views off: lexical,vector,graph")
      ->type_name("VIEW,...")
      ->delimiter(',')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->check(CLI::IsMember({"lexical", "vector", "graph"}));
  app.add_option("--limit", options->limit, "Most hits")->type_name("N")->capture_default_str()->check(CLI::Range(1, 100'000));
}

}  // namespace reelgraph::cli
