// reelgraph entities: who and what the archive knows.

#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct EntitiesOptions {
  std::string name, type;
  std::vector<std::string> videos;
  int limit = 100;
};

std::vector<graph::EntityRecord> find(const graph::Store& store, const EntitiesOptions& options) {
  if (options.name.empty()) return store.entities(options.type, video_ids(store, options.videos), options.limit);
  std::vector<graph::EntityRecord> found = store.find_entities(options.name, false, options.limit);
  if (!options.type.empty()) std::erase_if(found, [&](const graph::EntityRecord& entity) { return entity.type != options.type; });
  return found;
}

int run(Context& context, const EntitiesOptions& options) {
  if (!options.name.empty() && !options.videos.empty()) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "NAME and --video do not go together", {}, "leave one of them out");
  }
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const std::vector<graph::EntityRecord> entities = find(std::as_const(archive).store(), options);
  if (context.json) {
    nlohmann::ordered_json document;
    document["entities"] = nlohmann::ordered_json::array();
    for (const graph::EntityRecord& entity : entities) {
      nlohmann::ordered_json json;
      json["id"] = entity.row;
      json["name"] = entity.name;
      json["type"] = entity.type;
      json["aliases"] = entity.aliases;
      json["description"] = entity.description;
      json["attributes"] = nlohmann::ordered_json(entity.attributes);
      json["mentions"] = entity.mentions;
      document["entities"].push_back(std::move(json));
    }
    context.print(document);
  } else if (entities.empty()) {
    context.print(std::string("No entities found.\n"));
  } else {
    std::vector<std::vector<std::string>> rows{{"ID", "NAME", "TYPE", "MENTIONS", "ALSO CALLED"}};
    for (const graph::EntityRecord& entity : entities) {
      std::string aliases;
      for (const std::string& alias : entity.aliases) {
        if (alias != entity.name) aliases += (aliases.empty() ? "" : ", ") + alias;
      }
      rows.push_back({std::to_string(entity.row), entity.name, entity.type, std::to_string(entity.mentions), aliases});
    }
    context.print(table(rows));
    if (static_cast<int>(entities.size()) == options.limit)
      context.console.err("reelgraph: the first " + std::to_string(options.limit) + "; --limit shows more");
  }
  return entities.empty() ? kExitNothingFound : kExitDone;
}

}  // namespace

void add_entities(Program& program) {
  auto options = std::make_shared<EntitiesOptions>();
  CLI::App& app = program.add("entities", "List who and what is known, most mentioned first",
                              {"reelgraph entities", "reelgraph entities --type player --limit 20", "reelgraph entities pedro"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("NAME", options->name, "Only those called so")->type_name("");
  app.add_option("--type", options->type, "Only this type")->type_name("TYPE");
  add_videos(app, options->videos);
  app.add_option("--limit", options->limit, "Most entities")->type_name("N")->capture_default_str()->check(CLI::Range(1, 1'000'000'000));
}

}  // namespace reelgraph::cli
