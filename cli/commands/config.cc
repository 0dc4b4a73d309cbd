// reelgraph config: a user's own defaults.

#include "cli/config.h"

#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"

namespace reelgraph::cli {
namespace {

struct ConfigOptions {
  std::string action = "get", key, value;
};

int get(Context& context, const std::string& key) {
  const Config config = Config::load(config_file());
  const std::vector<ConfigKey>& keys = config_keys();
  const bool known = std::any_of(keys.begin(), keys.end(), [&](const ConfigKey& each) { return each.name == key; });
  if (!key.empty() && !known) {
    std::string names;
    for (const ConfigKey& each : keys) names += (names.empty() ? "" : ", ") + each.name;
    throw base::Error(base::ErrorCode::kInvalidArgument, "unknown key " + key, {}, "keys are " + names);
  }
  const auto found = config.values().find(key);
  if (!key.empty()) {
    if (context.json) {
      nlohmann::ordered_json document;
      document[key] = found == config.values().end() ? nlohmann::ordered_json() : nlohmann::ordered_json(*found);
      context.print(document);
    } else if (found != config.values().end()) {
      context.print((found->is_string() ? found->get<std::string>() : found->dump()) + "\n");
    }
    return found == config.values().end() ? kExitNothingFound : kExitDone;
  }
  if (context.json) {
    nlohmann::ordered_json document;
    document["path"] = config_file().string();
    document["values"] = nlohmann::ordered_json(config.values());
    context.print(document);
    return kExitDone;
  }
  std::vector<std::vector<std::string>> rows{{"KEY", "VALUE", "MEANING"}};
  for (const ConfigKey& each : keys) {
    const auto value = config.values().find(each.name);
    rows.push_back({each.name, value == config.values().end() ? "-" : value->dump(), each.description});
  }
  context.print(config_file().string() + (std::filesystem::exists(config_file()) ? "" : " (not there yet)") + "\n" + table(rows));
  return kExitDone;
}

int run(Context& context, const ConfigOptions& options) {
  if (options.action == "path") {
    if (context.json) {
      nlohmann::ordered_json document;
      document["path"] = config_file().string();
      context.print(document);
    } else {
      context.print(config_file().string() + "\n");
    }
    return kExitDone;
  }
  if (options.action == "get") {
    if (!options.value.empty())
      throw base::Error(base::ErrorCode::kInvalidArgument, "config get takes one key", {}, "reelgraph config set KEY VALUE changes one");
    return get(context, options.key);
  }
  if (options.key.empty() || options.value.empty())
    throw base::Error(base::ErrorCode::kInvalidArgument, "config set needs a key and a value", {}, "reelgraph config set KEY VALUE");
  set_config(config_file(), options.key, options.value);
  return get(context, options.key);
}

}  // namespace

void add_config(Program& program) {
  auto options = std::make_shared<ConfigOptions>();
  std::vector<std::string> examples{"reelgraph config", "reelgraph config get jobs", "reelgraph config set archive /data/cctv.reel",
                                    "reelgraph config path"};
  CLI::App& app =
      program.add("config", "Show or set your defaults", examples, [&program, options] { return run(program.context(), *options); });
  app.add_option("ACTION", options->action, "get, set or path")->type_name("")->check(CLI::IsMember({"get", "set", "path"}));
  app.add_option("KEY", options->key, "One of the keys that config get lists")->type_name("");
  app.add_option("VALUE", options->value, "Its value")->type_name("");
}

}  // namespace reelgraph::cli
