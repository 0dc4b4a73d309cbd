// reelgraph eval: questions with known answers, answered and scored.

#include <algorithm>
#include <atomic>
#include <exception>
#include <fstream>
#include <iterator>
#include <mutex>
#include <thread>

#include "base/write_file.h"
#include "cli/commands/commands.h"
#include "cli/engine.h"
#include "cli/local_models.h"
#include "cli/program.h"
#include "query/evaluation.h"

namespace reelgraph::cli {
namespace {

struct EvalOptions {
  std::string questions, answers, report, profile;
  int jobs = 0;
  bool ablate = false;
};

const std::vector<std::string> kViews = {"plan", "lexical", "vector"};

std::string line_of(const nlohmann::ordered_json& reply) {
  return reply.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

/// Answers all, each thread with an archive of its own; the order is that of the questions. The first failure ends it.
std::vector<query::EvalReply> answer_all(Context& context, const std::vector<query::EvalLine>& lines, const EvalOptions& options,
                                         const std::vector<std::string>& without = {}) {
  std::vector<query::EvalReply> replies(lines.size());
  std::atomic<std::size_t> next = 0, done = 0;
  std::exception_ptr failure;
  std::mutex guard;
  const auto work = [&](graph::Archive archive, const query::Engine& engine) {
    try {
      for (std::size_t i = next++; i < lines.size(); i = next++) {
        replies[i] = query::answer_question(std::as_const(archive).store(), engine, lines[i].asked, without);
        const std::size_t n = ++done;
        if (n % 50 == 0 || n == lines.size()) {
          const std::lock_guard lock(guard);
          context.console.status(std::to_string(n) + " of " + std::to_string(lines.size()) + " questions");
        }
      }
    } catch (...) {
      const std::lock_guard lock(guard);
      if (!failure) failure = std::current_exception();
      next = lines.size();
    }
  };
  const auto wanted = options.jobs > 0 ? static_cast<unsigned>(options.jobs) : std::max(1U, std::thread::hardware_concurrency());
  const auto n = std::min<std::size_t>(wanted, std::max<std::size_t>(lines.size(), 1));
  // One for all threads: they wait for one another rather than hold a model each.
  const graph::Archive first = context.open_archive(graph::OpenMode::kRead);
  const std::shared_ptr<base::TextEmbedder> embedder = question_embedder(context, first.store(), 1);
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < n; ++i) {
    graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
    query::Engine engine = make_engine(context, std::as_const(archive).store(), options.profile, embedder);
    threads.emplace_back([&work, archive = std::move(archive), engine = std::move(engine)]() mutable { work(std::move(archive), engine); });
  }
  for (std::thread& t : threads) t.join();
  context.console.status({});
  if (failure) std::rethrow_exception(failure);
  return replies;
}

std::string text_of(const nlohmann::ordered_json& s) {
  const auto number = [](const nlohmann::ordered_json& j) { return j.dump(); };
  std::string text = number(s.at("correct")) + " of " + number(s.at("questions")) + " right (accuracy " + number(s.at("accuracy")) + "), " +
                     number(s.at("wrong_confident")) + " wrong with confidence, " + number(s.at("unanswerable").at("refused")) + " of " +
                     number(s.at("unanswerable").at("questions")) + " unanswerable refused\n";
  for (const auto& [name, t] : s.at("by_category").items())
    text += "  " + (name.empty() ? "(no category)" : name) + ": " + number(t.at("correct")) + " of " + number(t.at("questions")) + "\n";
  if (s.contains("grounding")) {
    text += "grounding:";
    for (const auto& [name, value] : s.at("grounding").items()) text += " " + name + " " + number(value);
    text += "\n";
  }
  for (const auto& w : s.at("wrong"))
    text +=
        "wrong: " + w.at("question").get<std::string>() + "  expected " + number(w.at("expected")) + ", got " + number(w.at("got")) + "\n";
  return text;
}

/// The scores of one run without some views, but for its list of wrong answers.
nlohmann::ordered_json score_without(Context& context, const graph::Store& store, const std::vector<query::EvalLine>& lines,
                                     const EvalOptions& options, const std::vector<std::string>& without) {
  std::vector<nlohmann::ordered_json> replies;
  for (query::EvalReply& r : answer_all(context, lines, options, without)) replies.push_back(std::move(r.line));
  nlohmann::ordered_json scores = query::score(store, lines, replies);
  scores.erase("wrong");
  return scores;
}

/// Each view alone, and all but it.
nlohmann::ordered_json ablation(Context& context, const graph::Store& store, const std::vector<query::EvalLine>& lines,
                                const EvalOptions& options) {
  nlohmann::ordered_json table = nlohmann::ordered_json::object();
  for (const std::string& view : kViews) {
    std::vector<std::string> others;
    std::copy_if(kViews.begin(), kViews.end(), std::back_inserter(others), [&](const std::string& v) { return v != view; });
    table[view + " alone"] = score_without(context, store, lines, options, others);
    table["without " + view] = score_without(context, store, lines, options, {view});
  }
  return table;
}

std::string ablation_text(const nlohmann::ordered_json& table) {
  std::string text = "views:\n";
  for (const auto& [name, s] : table.items()) {
    text += "  " + name + ": " + s.at("correct").dump() + " right, " + s.at("wrong_confident").dump() + " wrong with confidence";
    if (s.contains("grounding")) {
      for (const auto& [key, value] : s.at("grounding").items()) text += key == "questions" ? "" : ", " + key + " " + value.dump();
    }
    text += "\n";
  }
  return text;
}

int run(Context& context, const EvalOptions& options) {
  std::ifstream in(options.questions, std::ios::binary);
  if (!in) throw base::Error(base::ErrorCode::kBadInput, "cannot be read", options.questions, "check the path and its permissions");
  const std::vector<query::EvalLine> lines = query::read_questions(in, options.questions);
  if (lines.empty())
    throw base::Error(base::ErrorCode::kBadInput, "holds no question", options.questions, "write one question a line, as JSON");
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const std::vector<query::EvalReply> replies = answer_all(context, lines, options);
  std::vector<nlohmann::ordered_json> reply_lines;
  for (const query::EvalReply& r : replies) reply_lines.push_back(r.line);
  if (!options.answers.empty()) {
    base::write_file(options.answers, [&](std::ostream& out) {
      for (const nlohmann::ordered_json& r : reply_lines) out << line_of(r);
    });
  }
  nlohmann::ordered_json scores = query::score(std::as_const(archive).store(), lines, reply_lines);
  if (!options.report.empty())
    base::write_file(options.report, [&](std::ostream& out) { query::write_eval_report(out, lines, replies, scores); });
  std::string text = text_of(scores);
  if (options.ablate) {
    scores["ablation"] = ablation(context, std::as_const(archive).store(), lines, options);
    text += ablation_text(scores["ablation"]);
  }
  if (context.json)
    context.print(scores);
  else
    context.print(text);
  return kExitDone;
}

}  // namespace

void add_eval(Program& program) {
  auto options = std::make_shared<EvalOptions>();
  CLI::App& app = program.add("eval", "Answer questions with known answers, and score",
                              {"reelgraph eval questions.jsonl", "reelgraph --json eval questions.jsonl --answers answers.jsonl",
                               "reelgraph eval questions.jsonl --report report.html  # figures and every wrong answer with its plan"},
                              [&program, options] { return run(program.context(), *options); });
  app.add_option("QUESTIONS.jsonl", options->questions, "Questions as JSON lines")->required()->type_name("");
  app.add_option("--answers", options->answers, "Write what was answered as JSON lines")->type_name("OUT.jsonl");
  app.add_option("--report", options->report, "Write a page (HTML) with the figures and every wrong answer")->type_name("FILE");
  app.add_flag("--ablate", options->ablate, "Answer again with each view alone and with each left out (plan, lexical, vector)");
  app.add_option("--profile", options->profile, "Further words of a domain: a profile's name or file")->type_name("NAME|FILE");
  app.add_option("--jobs", options->jobs, "Questions answered at once [as many as there are cores]")
      ->type_name("N")
      ->check(CLI::Range(1, 256));
}

}  // namespace reelgraph::cli
