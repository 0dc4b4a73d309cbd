#include "query/evaluation.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/unistr.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <istream>
#include <map>
#include <ostream>
#include <set>

#include "base/error.h"
#include "base/utf8.h"
#include "query/words.h"

namespace reelgraph::query {
namespace {

using nlohmann::json;
using nlohmann::ordered_json;

constexpr std::size_t kMostVideos = 10;    // of a search
constexpr int kMostCitations = 1'000'000;  // a count is recomputed from all of them
constexpr int kMostHits = 200;             // looked through for distinct videos

// The words of a name as the reference scorer folds them: NFKD, case folded, marks dropped, `_` and punctuation between words.
std::string fold_name(const std::string& text) {
  UErrorCode status = U_ZERO_ERROR;
  const icu::Normalizer2* nfkd = icu::Normalizer2::getNFKDInstance(status);
  if (U_FAILURE(status) != 0)
    throw base::Error(base::ErrorCode::kInternal, "ICU's normalisation data cannot be loaded", {}, "reinstall libicu");
  icu::UnicodeString u = nfkd->normalize(icu::UnicodeString::fromUTF8(base::sanitize_utf8(text)), status);
  u.foldCase();
  icu::UnicodeString out;
  bool gap = false;
  for (std::int32_t i = 0; i < u.length(); i = u.moveIndex32(i, 1)) {
    const UChar32 c = u.char32At(i);
    if (u_getCombiningClass(c) != 0) continue;
    const auto mask = U_GET_GC_MASK(c);
    if ((mask & (U_GC_L_MASK | U_GC_N_MASK)) == 0) {
      gap = true;
      continue;
    }
    if (gap && !out.isEmpty()) out.append(UChar32{' '});
    gap = false;
    out.append(c);
  }
  std::string result;
  out.toUTF8String(result);
  return result;
}

std::string text_of(const json& value) { return value.is_string() ? value.get<std::string>() : value.dump(); }

/// Groups of names that mean the same entity or video.
class Names {
 public:
  explicit Names(const graph::Store& store) {
    int key = 0;
    for (const graph::VideoRecord& v : store.videos()) {
      ++key;
      add(key, v.id);
      add(key, v.title.empty() ? v.id : v.title);
    }
    for (const graph::EntityRecord& e : store.entities({}, {}, 0)) {
      ++key;
      add(key, e.name);
      for (const std::string& alias : e.aliases) add(key, alias);
    }
  }

  [[nodiscard]] bool same(const json& a, const json& b) const {
    const std::string x = fold_name(text_of(a));
    const std::string y = fold_name(text_of(b));
    if (x == y) return true;
    const auto i = groups_.find(x);
    const auto k = groups_.find(y);
    if (i == groups_.end() || k == groups_.end()) return false;
    return std::any_of(i->second.begin(), i->second.end(), [&](int key) { return k->second.contains(key); });
  }

 private:
  void add(int key, const std::string& name) { groups_[fold_name(name)].insert(key); }
  std::map<std::string, std::set<int>> groups_;
};

json name_of(const json& value) {
  if (!value.is_object()) return value;
  for (const char* key : {"name", "type", "video", "id"}) {
    const auto it = value.find(key);
    if (it != value.end() && !it->is_null() && !(it->is_string() && it->get<std::string>().empty())) return *it;
  }
  return nullptr;
}

bool list_matches(const json& want, const json& got, const Names& names) {
  if (!got.is_array() || !want.is_array() || got.size() != want.size()) return false;
  std::vector<json> rest;
  for (const json& g : got) rest.push_back(name_of(g));
  for (const json& w : want) {
    const auto hit = std::find_if(rest.begin(), rest.end(), [&](const json& g) { return names.same(w, g); });
    if (hit == rest.end()) return false;
    rest.erase(hit);
  }
  return true;
}

bool matches(const std::string& kind, const json& want, const json& got, double tolerance, const Names& names) {
  if (got.is_null()) return false;
  if (kind == "count" || kind == "choice") return got.is_number() && want.is_number() && got.get<double>() == want.get<double>();
  if (kind == "boolean") return got.is_boolean() && want.is_boolean() && got == want;
  if (kind == "time" || kind == "duration")
    return got.is_number() && want.is_number() && std::abs(got.get<double>() - want.get<double>()) <= tolerance;
  if (kind == "entity") return names.same(want, name_of(got));
  if (kind == "event") {
    std::vector<json> types{got};
    if (got.is_object()) types = {got.value("type", json()), got.value("description", json())};
    return std::any_of(types.begin(), types.end(),
                       [&](const json& t) { return !t.is_null() && fold_name(text_of(t)) == fold_name(text_of(want)); });
  }
  if (kind == "list") return list_matches(want, got, names);
  return false;
}

double rounded(double value) {  // to four places as the reference does: correctly, of the exact value
  char text[64];
  std::snprintf(text, sizeof text, "%.4f", value);
  return std::strtod(text, nullptr);
}

struct Moment {
  json video;
  double start = 0, end = 0;
};

std::optional<Moment> moment_of(const json& question, const json& reply) {
  const json value = reply.value("value", json());
  if (value.is_object() && value.contains("start") && reply.value("kind", std::string()) == "moment") {
    return Moment{value.value("video", question.value("video", json())), value.at("start").get<double>(), value.at("end").get<double>()};
  }
  const json citations = reply.value("citations", json::array());
  if (citations.empty()) return std::nullopt;
  return Moment{citations[0].at(0), citations[0].at(1).get<double>(), citations[0].at(2).get<double>()};
}

/// IoU and IoP of the moment given with the best evidence span.
std::pair<double, double> grounding(const json& question, const json& reply) {
  const auto moment = moment_of(question, reply);
  std::pair<double, double> best{0, 0};
  if (!moment) return best;
  for (const json& e : question.at("evidence")) {
    const bool with_video = e.size() == 3;
    const json video = with_video ? e.at(0) : question.value("video", json());
    if (video != moment->video) continue;
    const double start = e.at(with_video ? 1 : 0).get<double>();
    const double end = e.at(with_video ? 2 : 1).get<double>();
    const double inter = std::max(0.0, std::min(end, moment->end) - std::max(start, moment->start));
    const double all = std::max(end, moment->end) - std::min(start, moment->start);
    best = std::max(best, {all > 0 ? inter / all : 0.0, inter / std::max(moment->end - moment->start, 1e-9)});
  }
  return best;
}

struct Tally {
  std::int64_t questions = 0, correct = 0;
};

ordered_json tally_json(const std::map<std::string, Tally>& groups) {
  ordered_json j = ordered_json::object();
  for (const auto& [name, t] : groups) j[name] = {{"questions", t.questions}, {"correct", t.correct}};
  return j;
}

[[noreturn]] void refuse(const std::string& message, const std::string& where) {
  throw base::Error(base::ErrorCode::kBadInput, message, where, "the questions file's format is in docs/questions.md, \"Evaluation\"");
}

}  // namespace

std::vector<EvalLine> read_questions(std::istream& in, const std::string& name) {
  std::vector<EvalLine> lines;
  std::set<std::string> ids;
  std::size_t number = 0;
  for (std::string text; std::getline(in, text);) {
    ++number;
    if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
    const std::string where = name + ":" + std::to_string(number);
    EvalLine line;
    line.truth = json::parse(text, nullptr, false);
    if (!line.truth.is_object()) refuse("this line is no JSON object", where);
    const auto text_at = [&](const char* key, bool needed) -> std::string {
      const auto it = line.truth.find(key);
      if (it == line.truth.end() || it->is_null()) {
        if (needed) refuse(std::string("a question has no \"") + key + "\"", where);
        return {};
      }
      if (!it->is_string()) refuse(std::string("\"") + key + "\" is not a string", where);
      return it->get<std::string>();
    };
    line.asked.id = text_at("id", true);
    line.asked.question = text_at("question", true);
    line.asked.video = text_at("video", false);
    const std::string task = text_at("task", false);
    if (!task.empty() && task != "ask" && task != "search") refuse("\"task\" is neither ask nor search", where);
    line.asked.search = task == "search";
    if (line.asked.search && line.asked.video.empty()) refuse("a search names no \"video\"", where);
    if (!ids.insert(line.asked.id).second) refuse("the id \"" + base::ellipsize(line.asked.id, 60) + "\" is there twice", where);
    if (const auto it = line.truth.find("options"); it != line.truth.end() && !it->is_null()) {
      if (!it->is_array()) refuse("\"options\" is not a list", where);
      for (const json& option : *it) {
        if (!option.is_string()) refuse("an option is not a string", where);
        line.asked.options.push_back(option.get<std::string>());
      }
    }
    if (const auto it = line.truth.find("answer"); it != line.truth.end()) {
      if (!it->is_object() || !it->contains("kind") || !it->at("kind").is_string() || !it->contains("value"))
        refuse("\"answer\" is not {\"kind\": ..., \"value\": ...}", where);
    }
    if (const auto it = line.truth.find("evidence"); it != line.truth.end()) {
      const bool good =
          it->is_array() && std::all_of(it->begin(), it->end(), [](const json& e) {
            return e.is_array() && (e.size() == 2 || e.size() == 3) && e.at(e.size() - 1).is_number() && e.at(e.size() - 2).is_number();
          });
      if (!good) refuse("\"evidence\" is not a list of [start, end] or [video, start, end]", where);
    }
    lines.push_back(std::move(line));
  }
  return lines;
}

EvalReply answer_question(const graph::Store& store, const Engine& engine, const EvalQuestion& question,
                          const std::vector<std::string>& without) {
  EvalReply reply;
  ordered_json& line = reply.line;
  line["id"] = question.id;
  std::string video;
  if (!question.video.empty()) {
    const auto record = store.find_video(question.video);
    if (!record) {
      line["status"] = "not_covered";
      line["kind"] = nullptr;
      line["value"] = nullptr;
      line["citations"] = ordered_json::array();
      line["videos"] = ordered_json::array();
      reply.text = "The archive has no video " + question.video + ".";
      return reply;
    }
    video = record->id;
  }
  if (question.search) {
    SearchOptions everywhere;
    everywhere.limit = kMostHits;
    everywhere.without = without;
    ordered_json videos = ordered_json::array();
    for (const Hit& hit : engine.search(question.question, everywhere)) {
      if (videos.size() < kMostVideos && std::find(videos.begin(), videos.end(), hit.video) == videos.end()) videos.push_back(hit.video);
    }
    SearchOptions within;
    within.videos = {video};
    within.without = without;
    const auto hits = engine.search(question.question, within);
    line["status"] = hits.empty() ? "not_seen" : "answered";
    line["kind"] = hits.empty() ? ordered_json() : ordered_json("moment");
    line["value"] = nullptr;
    line["citations"] = ordered_json::array();
    if (!hits.empty()) {
      const Hit& best = hits.front();
      line["value"] = {{"video", best.video}, {"start", base::to_seconds(best.span.start)}, {"end", base::to_seconds(best.span.end)}};
      for (const Hit& h : hits) line["citations"].push_back({h.video, base::to_seconds(h.span.start), base::to_seconds(h.span.end)});
      reply.text = best.text;
    }
    line["videos"] = std::move(videos);
    return reply;
  }
  AskOptions options;
  if (!video.empty()) options.videos = {video};
  options.choices = question.options;
  options.without = without;
  options.without.emplace_back("frames");
  options.max_citations = kMostCitations;
  const Answer answer = engine.ask(question.question, options);
  const bool answered = answer.status == Status::kAnswered;
  line["status"] = status_name(answer.status);
  line["kind"] = answered ? ordered_json(answer.kind) : ordered_json();
  line["value"] = answered ? ordered_json(answer.value) : ordered_json();
  line["citations"] = ordered_json::array();
  line["videos"] = ordered_json::array();
  for (const Citation& c : answer.citations) {
    line["citations"].push_back({c.video, base::to_seconds(c.span.start), base::to_seconds(c.span.end)});
    if (std::find(line["videos"].begin(), line["videos"].end(), c.video) == line["videos"].end()) line["videos"].push_back(c.video);
  }
  reply.text = answer.text;
  reply.plan = answer.plan;
  return reply;
}

ordered_json score(const graph::Store& store, const std::vector<EvalLine>& lines, const std::vector<ordered_json>& reply_lines) {
  static const std::set<std::string> refusals = {"not_seen", "not_covered", "not_understood"};
  const Names names(store);
  std::map<std::string, json> replies;
  for (const ordered_json& r : reply_lines) replies[r.at("id").get<std::string>()] = r;
  std::int64_t questions = 0, scored = 0, answered = 0, right = 0, unanswerable = 0, refused = 0, confident = 0;
  std::map<std::string, Tally> by_category, by_kind;
  std::vector<std::pair<double, double>> grounds;
  std::vector<std::pair<bool, bool>> recalls;
  ordered_json wrong = ordered_json::array();
  for (const EvalLine& line : lines) {
    const json& q = line.truth;
    if (!q.contains("answer")) continue;
    ++questions;
    const json& a = q.at("answer");
    const std::string kind = a.at("kind").get<std::string>();
    const auto found = replies.find(line.asked.id);
    const json r = found == replies.end() ? json::object() : found->second;
    const std::string status = r.value("status", "missing");
    answered += status == "answered" ? 1 : 0;
    if ((kind == "moment" || kind == "choice") && q.contains("evidence") && !q.at("evidence").empty()) grounds.push_back(grounding(q, r));
    if (line.asked.search) {
      const json ranked = r.value("videos", json::array());
      const auto at = std::find(ranked.begin(), ranked.end(), q.at("video"));
      const auto rank = at - ranked.begin();
      recalls.emplace_back(at != ranked.end() && rank < 1, at != ranked.end() && rank < 10);
      continue;
    }
    ++scored;
    const json got = status == "answered" ? r.value("value", json()) : json();
    json accept = a.value("accept", json::array());
    if (!accept.is_array()) accept = json::array();
    const json want = a.at("value");
    bool ok = false;
    if (kind == "none") {
      ok = refusals.contains(status);
      ++unanswerable;
      refused += ok ? 1 : 0;
    } else {
      const double tolerance = a.value("tolerance", 2.0);
      ok = matches(kind, want, got, tolerance, names);
      bool null_accepted = false;
      for (const json& other : accept) {
        null_accepted = null_accepted || other.is_null();
        ok = ok || (!other.is_null() && matches(kind, other, got, tolerance, names));
      }
      const bool empty = (want.is_boolean() && !want.get<bool>()) || (kind == "count" && want.is_number() && want.get<double>() == 0);
      ok = ok || (status == "not_seen" && (null_accepted || empty));
    }
    right += ok ? 1 : 0;
    Tally& category = by_category[q.value("category", std::string())];
    Tally& of_kind = by_kind[kind];
    ++category.questions;
    ++of_kind.questions;
    category.correct += ok ? 1 : 0;
    of_kind.correct += ok ? 1 : 0;
    if (ok) continue;
    confident += status == "answered" ? 1 : 0;
    wrong.push_back({{"id", line.asked.id},
                     {"question", line.asked.question},
                     {"expected", want},
                     {"got", status == "answered" ? ordered_json(got) : ordered_json(status)}});
  }
  ordered_json out;
  out["questions"] = questions;
  out["answered"] = answered;
  out["correct"] = right;
  out["accuracy"] = scored > 0 ? ordered_json(rounded(static_cast<double>(right) / static_cast<double>(scored))) : ordered_json();
  out["by_category"] = tally_json(by_category);
  out["by_kind"] = tally_json(by_kind);
  out["unanswerable"] = {{"questions", unanswerable}, {"refused", refused}};
  out["wrong_confident"] = confident;
  if (!grounds.empty()) {
    const auto n = static_cast<double>(grounds.size());
    double iou = 0, iop = 0;
    for (const auto& g : grounds) {
      iou += g.first;
      iop += g.second;
    }
    ordered_json g = {{"questions", grounds.size()}, {"mean_iou", rounded(iou / n)}, {"mean_iop", rounded(iop / n)}};
    for (const auto& [name, t] : {std::pair{"recall@0.3", 0.3}, {"recall@0.5", 0.5}, {"recall@0.7", 0.7}}) {
      const auto over = std::count_if(grounds.begin(), grounds.end(), [&](const auto& x) { return x.first >= t; });
      g[name] = rounded(static_cast<double>(over) / n);
    }
    if (!recalls.empty()) {
      const auto all = static_cast<double>(recalls.size());
      g["video_recall@1"] =
          rounded(static_cast<double>(std::count_if(recalls.begin(), recalls.end(), [](const auto& x) { return x.first; })) / all);
      g["video_recall@10"] =
          rounded(static_cast<double>(std::count_if(recalls.begin(), recalls.end(), [](const auto& x) { return x.second; })) / all);
    }
    out["grounding"] = std::move(g);
  }
  out["wrong"] = std::move(wrong);
  return out;
}

void write_eval_report(std::ostream& out, const std::vector<EvalLine>& lines, const std::vector<EvalReply>& replies,
                       const ordered_json& scores) {
  const auto dump = [](const auto& j, int indent = -1) { return escape_html(j.dump(indent, ' ', false, json::error_handler_t::replace)); };
  out << "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>reelgraph eval</title><style>"
         "body{font:15px/1.5 system-ui,sans-serif;margin:2em auto;max-width:72em;padding:0 1em;color:#1d2733}"
         "table{border-collapse:collapse;margin:1em 0}td,th{border:1px solid #d5dde5;padding:.3em .7em;text-align:left;vertical-align:top}"
         "td.n{text-align:right}pre{background:#f4f6f8;padding:.7em;overflow:auto;font-size:13px}h3{margin-bottom:.2em}</style></"
         "head><body>\n"
         "<h1>Evaluation</h1>\n<table><tr><th>questions</th><th>answered</th><th>correct</th><th>accuracy</th><th>wrong with "
         "confidence</th>"
         "<th>unanswerable refused</th></tr><tr>";
  for (const char* key : {"questions", "answered", "correct", "accuracy", "wrong_confident"})
    out << "<td class=\"n\">" << dump(scores.at(key)) << "</td>";
  out << "<td class=\"n\">" << dump(scores.at("unanswerable").at("refused")) << " of " << dump(scores.at("unanswerable").at("questions"))
      << "</td></tr></table>\n";
  for (const char* key : {"by_category", "by_kind"}) {
    out << "<h2>" << (std::string(key) == "by_kind" ? "By kind of answer" : "By category")
        << "</h2>\n<table><tr><th></th><th>questions</th><th>correct</th></tr>\n";
    for (const auto& [name, t] : scores.at(key).items()) {
      out << "<tr><td>" << escape_html(name) << "</td><td class=\"n\">" << dump(t.at("questions")) << "</td><td class=\"n\">"
          << dump(t.at("correct")) << "</td></tr>\n";
    }
    out << "</table>\n";
  }
  if (scores.contains("grounding")) out << "<h2>Grounding</h2>\n<pre>" << dump(scores.at("grounding"), 1) << "</pre>\n";
  std::map<std::string, std::size_t> at;
  for (std::size_t i = 0; i < lines.size(); ++i) at[lines[i].asked.id] = i;
  out << "<h2>Wrong answers</h2>\n";
  for (const auto& w : scores.at("wrong")) {
    const std::size_t i = at.at(w.at("id").get<std::string>());
    const EvalReply& r = replies[i];
    out << "<h3>" << escape_html(lines[i].asked.question) << "</h3>\n<p>" << escape_html(lines[i].asked.id)
        << (lines[i].asked.video.empty() ? "" : ", " + escape_html(lines[i].asked.video)) << "<br>expected <b>" << dump(w.at("expected"))
        << "</b>, got <b>" << dump(w.at("got")) << "</b><br>" << escape_html(r.text)
        << "</p>\n<details><summary>plan and evidence</summary><pre>" << dump(r.plan, 1) << "\n"
        << dump(r.line.at("citations")) << "</pre></details>\n";
  }
  out << "</body></html>\n";
}

}  // namespace reelgraph::query
