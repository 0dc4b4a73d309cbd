// reelgraph ask: a question, answered with citations.

#include <algorithm>
#include <fstream>
#include <iostream>

#include "base/utf8.h"
#include "base/write_file.h"
#include "cli/answerer.h"
#include "cli/commands/commands.h"
#include "cli/engine.h"
#include "cli/local_models.h"
#include "cli/media/media.h"
#include "cli/program.h"
#include "cli/text.h"
#include "query/answerer.h"
#include "query/answerer_prompt.h"

namespace reelgraph::cli {
namespace {

constexpr std::uintmax_t kLargestPicture = 4 << 20;  // bytes
constexpr std::size_t kLongestQuestion = 1 << 20;    // bytes; the engine cuts further
constexpr std::size_t kLargestPlan = 1 << 20;        // bytes
constexpr int kAllCitations = 1'000'000;             // a number is recomputed from all of them
constexpr int kCitationsInText = 10;

struct AskOptions {
  std::string question, frames, profile, plan;
  AnswererOptions answerer;
  std::vector<std::string> videos, choices, without;
  std::optional<base::Timestamp> from, to;
  int citations = 0;  // 0: all in JSON, ten in text and for a model
  int max_tokens = 4000, max_steps = 3;
  bool explain = false;
};

std::string spans_text(const std::vector<query::VideoSpan>& spans) {
  std::string text;
  int shown = 0;
  for (const query::VideoSpan& part : spans) {
    if (++shown > 4) return text + ", and " + std::to_string(spans.size() - 4) + " more";
    text += (text.empty() ? "" : ", ") + part.video + " " + format_span(part.span) + (part.reason.empty() ? "" : " (" + part.reason + ")");
  }
  return text;
}

/// How a model read the evidence, and what it asked for.
std::string steps_text(const query::Wording& wording) {
  std::string text = "\n  Read by " + wording.model + ":\n";
  int n = 0;
  for (const query::ReadingStep& step : wording.steps) {
    text += "    " + std::to_string(++n) + ". " + count_of(step.shown, "passage") + " (" + std::to_string(step.usage.prompt_tokens) +
            " + " + std::to_string(step.usage.completion_tokens) + " tokens): ";
    if (step.look_for) {
      text += "asked for \"" + query::to_text(*step.look_for) + "\", " + std::to_string(step.found) + " found, " +
              std::to_string(step.added) + " new";
    } else {
      text += wording.declined ? "finds no answer" : "answered";
    }
    text += (step.note.empty() ? "" : " (" + step.note + ")") + "\n";
  }
  return text;
}

std::string answer_text(const query::Answer& answer, const graph::Archive& archive, bool explain) {
  std::string text = answer.text + "\n";
  // A claim with a citation of its own is said there.
  const bool worth_listing = std::any_of(answer.claims.begin(), answer.claims.end(), [&](const query::Claim& claim) {
    return claim.citations.size() != 1 && claim.text != answer.text;
  });
  if (worth_listing) {
    for (const query::Claim& claim : answer.claims) {
      text += "  - " + claim.text;
      for (const int n : claim.citations) text += " [" + std::to_string(n) + "]";
      text += "\n";
    }
  }
  int n = 0;
  for (const query::Citation& citation : answer.citations) {
    text += "\n  [" + std::to_string(++n) + "] " + citation.video + "  " + format_span(citation.span) + "\n";
    if (!citation.text.empty()) text += "      " + citation.text + "\n";
    if (!citation.frame.empty()) text += "      " + archive.frame_path(citation.frame).string() + "\n";
  }
  if (answer.wording) {
    for (const query::CheckedSentence& s : answer.wording->sentences) {
      if (s.verdict == query::Verdict::kSupported) continue;
      std::string why;
      for (const std::string& problem : s.problems) why += (why.empty() ? "" : "; ") + problem;
      text += std::string("\n  ") + (s.verdict == query::Verdict::kDropped ? "Dropped" : "Not verified") + ": a sentence of " +
              answer.wording->model + ", because " + why + "\n";
    }
    if (answer.wording->declined) text += "\n  " + answer.wording->model + " finds no answer in the evidence.\n";
  }
  if (!answer.coverage.failed.empty()) text += "\n  Could not be described: " + spans_text(answer.coverage.failed) + "\n";
  if (!answer.coverage.not_sampled.empty()) text += "\n  Was not looked at: " + spans_text(answer.coverage.not_sampled) + "\n";
  if (explain && answer.wording) text += steps_text(*answer.wording);
  if (explain) {
    char times[128];
    std::snprintf(times, sizeof times, "plan %.1f ms, retrieve %.1f ms, answer %.1f ms", answer.plan_ms, answer.retrieve_ms,
                  answer.answer_ms);
    text += "\n  Plan (" + std::string(times) + "):\n";
    std::istringstream lines(answer.plan.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    for (std::string line; std::getline(lines, line);) text += "    " + line + "\n";
  }
  return text;
}

/// The cited pictures as files: the kept one, else the one on the screen when the cited span starts.
void save_frames(Context& context, const query::Answer& answer, const graph::Archive& archive, const std::filesystem::path& folder) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) throw base::Error(base::ErrorCode::kArchive, "cannot be made: " + error.message(), folder.string());
  int n = 0;
  for (const query::Citation& citation : answer.citations) {
    std::string video = citation.video;
    for (char& c : video) {
      if (c == '/' || c == '\\') c = '_';
    }
    char number[16];
    std::snprintf(number, sizeof number, "%02d-", ++n);
    std::string time = base::format_time(citation.span.start);
    std::replace(time.begin(), time.end(), ':', '.');
    const std::filesystem::path file = folder / (number + base::ellipsize(video, 100) + "-" + time + ".jpg");
    if (!citation.frame.empty()) {
      std::ifstream in(archive.frame_path(citation.frame), std::ios::binary);
      if (in) {
        base::write_file(file, [&](std::ostream& out) { out << in.rdbuf(); });
        continue;
      }
    }
    const std::optional<graph::VideoRecord> record = archive.store().find_video(citation.video);
    if (!record || record->path.empty() || !std::filesystem::exists(record->path, error)) {
      context.console.log_sink()(base::LogLevel::kWarning,
                                 "no picture for [" + std::to_string(n) + "]: none is kept there, and the film is not at hand");
      continue;
    }
    try {
      base::write_file(file, media().picture(record->path, citation.span.start, false, {}, {}).bytes);
    } catch (const base::Error& failure) {
      if (failure.code() != base::ErrorCode::kBadInput) throw;
      context.console.log_sink()(base::LogLevel::kWarning, "no picture for [" + std::to_string(n) + "]: " + failure.message());
    }
  }
}

/// @throws base::Error kBadInput if it cannot be read or is no JSON; what it says is checked by the engine
nlohmann::json read_plan(const std::string& file) {
  std::ifstream in(file, std::ios::binary);
  std::string text(kLargestPlan + 1, '\0');
  if (in) in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!in.is_open() || in.bad())
    throw base::Error(base::ErrorCode::kBadInput, "cannot be read", file, "check the path and its permissions");
  text.resize(static_cast<std::size_t>(in.gcount()));
  if (text.size() > kLargestPlan)
    throw base::Error(base::ErrorCode::kBadInput, "is larger than 1 MiB: that is no plan", file, "shorten it");
  nlohmann::json plan = nlohmann::json::parse(text, nullptr, false);
  if (plan.is_discarded()) throw base::Error(base::ErrorCode::kBadInput, "is no JSON", file, "`ask --explain` shows plans that are right");
  return plan;
}

int run(Context& context, const AskOptions& options) {
  AnswererOptions answerer = options.answerer;
  if (answerer.spec.empty()) answerer.spec = context.config().text("answerer").value_or("none");
  const std::unique_ptr<base::TextModel> model = make_answerer(context, answerer);
  (void)span_of(options.from, options.to);
  graph::Archive archive = context.open_archive(graph::OpenMode::kRead);
  const graph::Store& store = std::as_const(archive).store();
  const query::Engine engine = make_engine(context, store, options.profile, question_embedder(context, store));
  query::AskOptions ask;
  ask.videos = video_ids(store, options.videos);
  ask.from = options.from;
  ask.to = options.to;
  ask.choices = options.choices;
  ask.without = options.without;
  ask.max_citations = options.citations > 0 ? options.citations : context.json && !model ? kAllCitations : kCitationsInText;
  if (!options.plan.empty()) {
    ask.plan = read_plan(options.plan);
    ask.plan_source = options.plan;
  } else if (options.question.empty()) {
    throw base::Error(base::ErrorCode::kInvalidArgument, "there is no question", {}, "say reelgraph ask \"...\", or give --plan FILE");
  }

  query::WordingOptions wording;
  wording.max_tokens = std::min(wording.max_tokens, options.max_tokens);
  wording.max_prompt_tokens = options.max_tokens;
  wording.max_steps = options.max_steps;
  wording.look_up = query::look_up_in(store, engine, ask);
  const bool frames = std::find(options.without.begin(), options.without.end(), "frames") == options.without.end();
  if (frames)
    wording.read_frame = [&](const std::string& frame) {
      std::error_code error;
      const std::filesystem::path file = archive.frame_path(frame);
      if (!std::filesystem::is_regular_file(file, error) || std::filesystem::file_size(file, error) > kLargestPicture) return std::string();
      std::ifstream in(file, std::ios::binary);
      return std::string{std::istreambuf_iterator<char>(in), {}};
    };
  const bool many = options.question == "-";
  bool model_failed = false;
  const auto answer_one = [&](const std::string& question) {
    query::Answer answer = engine.ask(question, ask);
    if (model) {
      try {
        query::word_answer(answer, *model, wording);
      } catch (const base::Error& error) {
        if (error.code() != base::ErrorCode::kModel) throw;
        // What was computed is an answer all the same.
        context.console.err("reelgraph: the answer was not worded: " + std::string(error.what()));
        model_failed = true;
      }
    }
    if (context.json)
      many ? context.print_line(query::to_json(answer)) : context.print(query::to_json(answer));
    else
      context.print((many ? "> " + question + "\n" : std::string()) + answer_text(answer, archive, options.explain) + (many ? "\n" : ""));
    if (!options.frames.empty()) save_frames(context, answer, archive, options.frames);
    return answer.status == query::Status::kAnswered;
  };
  if (!many) {
    const bool answered = answer_one(base::sanitize_utf8(options.question, kLongestQuestion));
    return model_failed ? kExitModel : answered ? kExitDone : kExitNothingFound;
  }

  bool all = true, any = false;
  for (std::string line; std::getline(std::cin, line);) {
    line = base::sanitize_utf8(line, kLongestQuestion);
    if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
    any = true;
    if (!answer_one(line)) all = false;
  }
  if (!any) throw base::Error(base::ErrorCode::kBadInput, "holds no question", "standard input", "write one question a line");
  return model_failed ? kExitModel : all ? kExitDone : kExitNothingFound;
}

}  // namespace

void add_ask(Program& program) {
  auto options = std::make_shared<AskOptions>();
  CLI::App& app = program.add(
      "ask", "Answer a question, with citations",
      {"reelgraph ask \"When does the picture cut?\"", "reelgraph ask \"Who scores first?\" --video match-1 --explain",
       "reelgraph ask \"What is on the table?\" --option cup --option book", "reelgraph --json ask - < questions.txt  # one answer a line",
       "reelgraph ask \"What happens at the door?\" --answerer endpoint:http://localhost:8000"},
      [&program, options] { return run(program.context(), *options); });
  app.add_option("QUESTION", options->question, "In plain words; - reads one question a line from standard input")->type_name("");
  app.add_option("--plan", options->plan, "Execute this plan (JSON, as --explain shows) instead of reading the question")
      ->type_name("FILE");
  add_videos(app, options->videos);
  add_range(app, options->from, options->to);
  app.add_option("--option", options->choices, "A possible answer (repeat for multiple choice)")
      ->type_name("TEXT")
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false);
  app.add_flag("--explain", options->explain, "Show the plan and what each view found");
  app.add_option("--without", options->without, "Switch views off: lexical,vector,graph,frames,plan")
      ->type_name("VIEW,...")
      ->delimiter(',')
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->allow_extra_args(false)
      ->check(CLI::IsMember({"lexical", "vector", "graph", "frames", "plan"}));
  app.add_option("--answerer", options->answerer.spec,
                 "none: answers are computed, no model words them; local:FOLDER or endpoint:URL: a model folder or a model server words "
                 "them, and what its evidence does not bear is dropped [none]")
      ->type_name("none|local:FOLDER|endpoint:URL");
  add_run_options(app, options->answerer.run);
  add_adapter(app, options->answerer.run.adapter);
  add_sampling(app, options->answerer.sampling);
  add_endpoint(app, options->answerer.endpoint);
  app.add_option("--max-tokens", options->max_tokens,
                 "Most tokens of text that a model is shown, by an estimate that is rather too high; of its answer at most 400 of them")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 100'000));
  app.add_option("--max-steps", options->max_steps,
                 "How often a model may read: after each reading but the last it may ask for more evidence")
      ->type_name("N")
      ->capture_default_str()
      ->check(CLI::Range(1, 10));
  app.add_option("--profile", options->profile, "Further words of a domain: a profile's name or file")->type_name("NAME|FILE");
  app.add_option("--frames", options->frames, "Write the cited pictures into this folder")->type_name("DIR");
  app.add_option("--citations", options->citations, "Most citations [all with --json, else 10]")
      ->type_name("N")
      ->check(CLI::Range(1, 1000000));
}

}  // namespace reelgraph::cli
