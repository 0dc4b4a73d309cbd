// reelgraph identity: who is who, corrected by hand.

#include <charconv>
#include <cstdio>

#include "base/utf8.h"
#include "cli/commands/commands.h"
#include "cli/program.h"
#include "cli/text.h"
#include "graph/identity.h"

namespace reelgraph::cli {
namespace {

struct IdentityOptions {
  std::string action, a, b, reason;
  int limit = 100;
};

std::optional<std::int64_t> number_of(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

[[noreturn]] void refuse_identity(const std::string& message, const std::string& cure) {
  throw base::Error(base::ErrorCode::kInvalidArgument, message, {}, cure);
}

/// "12", "entity:12", or a name that just one entity bears.
graph::RowId entity_of(const graph::Store& store, const std::string& text) {
  std::string_view id = text;
  if (id.starts_with("entity:")) id.remove_prefix(7);
  if (const auto row = number_of(id)) {
    if (!store.entity(*row)) refuse_identity("there is no entity " + std::string(id), "`entities` lists them");
    return *row;
  }
  const std::string shown = "\"" + base::ellipsize(base::sanitize_utf8(text), 100) + "\"";
  const auto found = store.find_entities(text, true, 10);
  if (found.empty()) refuse_identity("nothing in the archive is called " + shown, "`entities` lists names and numbers");
  if (found.size() > 1) {
    std::string rows;
    for (const graph::EntityRecord& e : found) rows += (rows.empty() ? "" : ", ") + std::to_string(e.row) + " (" + e.type + ")";
    refuse_identity("several are called " + shown + ": " + rows, "name one by its number");
  }
  return found.front().row;
}

/// "12:0" or "mention:12:0".
std::pair<graph::RowId, std::int64_t> mention_of(const std::string& text) {
  std::string_view id = text;
  if (id.starts_with("mention:")) id.remove_prefix(8);
  const std::size_t colon = id.find(':');
  const auto observation = number_of(id.substr(0, colon));
  const auto seq = colon == std::string_view::npos ? std::nullopt : number_of(id.substr(colon + 1));
  if (!observation || !seq) {
    refuse_identity("\"" + base::ellipsize(base::sanitize_utf8(text), 100) + "\" is no mention",
                    "a mention is OBSERVATION:PLACE, for example 12:0; `show` lists those of an entity");
  }
  return {*observation, *seq};
}

nlohmann::ordered_json decision_json(const graph::IdentityDecision& d) {
  const auto side = [](const graph::Identified& i) {
    nlohmann::ordered_json json;
    json["entity"] = i.entity == 0 ? nlohmann::ordered_json(nullptr) : nlohmann::ordered_json(i.entity);
    json["name"] = i.name;
    return json;
  };
  nlohmann::ordered_json json;
  json["n"] = d.number;
  json["action"] = d.action;
  json["a"] = side(d.a);
  json["b"] = side(d.b);
  json["automatic"] = d.automatic;
  json["undone"] = d.undone;
  json["holds"] = d.holds;
  json["score"] = d.score;
  json["reason"] = d.reason;
  return json;
}

std::string side_text(const graph::Identified& side) {
  return side.entity == 0 ? "(gone)" : side.name + " (entity:" + std::to_string(side.entity) + ")";
}

int print_log(Context& context, const IdentityOptions& options) {
  const graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = archive.store();
  std::vector<graph::IdentityDecision> log = graph::identity_log(store, options.a.empty() ? 0 : entity_of(store, options.a));
  const std::size_t limit = static_cast<std::size_t>(options.limit);
  const bool cut = log.size() > limit;
  if (cut) log.erase(log.begin(), log.end() - static_cast<std::ptrdiff_t>(limit));
  if (context.json) {
    nlohmann::ordered_json document;
    document["decisions"] = nlohmann::ordered_json::array();
    for (const graph::IdentityDecision& d : log) document["decisions"].push_back(decision_json(d));
    context.print(document);
  } else if (log.empty()) {
    context.print(std::string("No decisions.\n"));
  } else {
    std::vector<std::vector<std::string>> rows{{"N", "DECISION", "A", "B", "BY", "WHY"}};
    for (const graph::IdentityDecision& d : log) {
      char score[16];
      std::snprintf(score, sizeof score, "%.2f", d.score);
      rows.push_back({std::to_string(d.number),
                      d.action + (d.undone  ? " (undone)"
                                  : d.holds ? ""
                                            : " (no effect)"),
                      side_text(d.a), side_text(d.b), d.automatic ? std::string("evidence ") + score : "hand", d.reason});
    }
    context.print(table(rows));
    if (cut) context.console.err("reelgraph: the last " + std::to_string(limit) + "; --limit shows more");
  }
  return log.empty() ? kExitNothingFound : kExitDone;
}

void require_usage(bool fits, const char* usage) {
  if (!fits) refuse_identity("that is not how it is used", std::string("reelgraph identity ") + usage);
}

int run(Context& context, const IdentityOptions& options) {
  const std::string &action = options.action, &a = options.a, &b = options.b;
  if (action == "log") {
    require_usage(b.empty(), "log [ENTITY]");
    return print_log(context, options);
  }
  if (action == "split") require_usage(!a.empty() && b.empty(), "split MENTION");
  if (action == "undo") require_usage(!a.empty() && b.empty() && number_of(a).value_or(0) > 0, "undo N, a number of the log");
  if (action == "merge") require_usage(!a.empty() && !b.empty(), "merge A B");
  if (action == "distinct") require_usage(!a.empty() && !b.empty(), "distinct A B");
  graph::Archive archive = context.open_archive(graph::OpenMode::kWrite);
  graph::Store& store = archive.store();
  graph::Identity identity(store);
  graph::IdentityDecision done;
  if (action == "merge" || action == "distinct") {
    const graph::RowId left = entity_of(store, a), right = entity_of(store, b);
    done = action == "merge" ? identity.merge(left, right, options.reason) : identity.distinct(left, right, options.reason);
  } else if (action == "split") {
    const auto [observation, seq] = mention_of(a);
    done = identity.split(observation, seq, options.reason);
  } else {
    done = identity.undo(*number_of(a));
  }
  if (context.json) {
    context.print(decision_json(done));
    return kExitDone;
  }
  const std::string n = std::to_string(done.number);
  std::string text;
  if (action == "merge") text = side_text(done.a) + " and " + side_text(done.b) + " are one";
  if (action == "distinct") text = side_text(done.a) + " and " + side_text(done.b) + " stay apart";
  if (action == "split") text = "mention " + a + " is " + side_text(done.a) + " now, apart from " + side_text(done.b);
  if (action == "undo") {
    text = done.undone ? "undone: " + done.action + " of " + side_text(done.a) + " and " + side_text(done.b)
                       : "undone: " + side_text(done.a) + " and " + side_text(done.b) + " stay apart from now on";
  }
  const bool final = action == "undo" && done.undone;
  context.print(text + (final ? "\n" : "  (decision " + n + "; `reelgraph identity undo " + n + "` takes it back)\n"));
  return kExitDone;
}

}  // namespace

void add_identity(Program& program) {
  auto options = std::make_shared<IdentityOptions>();
  CLI::App& app = program.add("identity", "Correct who is who; every change can be undone",
                              {"reelgraph identity merge 3 17  # two that are one", "reelgraph identity merge Pedro \"Pedro Rodríguez\"",
                               "reelgraph identity split 12:0  # the first mention of observation 12 is somebody else",
                               "reelgraph identity distinct 3 18  # never one, whatever the evidence",
                               "reelgraph identity log  # what was decided, by hand and by evidence", "reelgraph identity undo 4"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("ACTION", options->action, "merge A B, split MENTION, distinct A B, undo N, or log [ENTITY]")
      ->required()
      ->type_name("")
      ->check(CLI::IsMember({"merge", "split", "distinct", "undo", "log"}));
  app.add_option("A", options->a, "An entity's number or name; a mention (OBSERVATION:PLACE, as show lists them); a decision's number")
      ->type_name("");
  app.add_option("B", options->b, "Another entity")->type_name("");
  app.add_option("--reason", options->reason, "Why, for the log")->type_name("TEXT");
  app.add_option("--limit", options->limit, "Most decisions of the log, the last ones")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 1'000'000'000));
}

}  // namespace reelgraph::cli
