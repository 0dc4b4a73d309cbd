// The JSON document of `ask --json`.
#include <cmath>

#include "base/usage_json.h"
#include "query/engine.h"

namespace reelgraph::query {

const char* status_name(Status status) {
  switch (status) {
    case Status::kAnswered: return "answered";
    case Status::kNotSeen: return "not_seen";
    case Status::kNotCovered: return "not_covered";
    case Status::kNotUnderstood: return "not_understood";
  }
  return "not_understood";
}

namespace {

using Json = nlohmann::ordered_json;

Json spans_json(const std::vector<VideoSpan>& spans, bool with_reason) {
  Json list = Json::array();
  for (const VideoSpan& s : spans) {
    Json row = Json::array({s.video, base::to_seconds(s.span.start), base::to_seconds(s.span.end)});
    if (with_reason && !s.reason.empty()) row.push_back(s.reason);
    list.push_back(std::move(row));
  }
  return list;
}

Json citation_json(const Citation& c, int n) {
  Json j = {
      {"n", n}, {"video", c.video}, {"start", base::to_seconds(c.span.start)}, {"end", base::to_seconds(c.span.end)}, {"text", c.text}};
  j["event"] = c.event ? Json(*c.event) : Json(nullptr);
  j["observation"] = c.observation ? Json(*c.observation) : Json(nullptr);
  j["frame"] = c.frame.empty() ? Json(nullptr) : Json(c.frame);
  return j;
}

Json steps_json(const std::vector<ReadingStep>& steps) {
  Json list = Json::array();
  for (const ReadingStep& s : steps) {
    Json step = {{"shown", s.shown}, {"usage", base::usage_json(s.usage)}, {"look_for", nullptr}};
    if (s.look_for) {
      const auto time = [](const std::optional<base::Timestamp>& t) { return t ? Json(base::to_seconds(*t)) : Json(nullptr); };
      step["look_for"] = {{"text", s.look_for->text},
                          {"video", s.look_for->video.empty() ? Json(nullptr) : Json(s.look_for->video)},
                          {"from", time(s.look_for->from)},
                          {"to", time(s.look_for->to)}};
      step["found"] = s.found;
      step["new"] = s.added;
    }
    if (!s.note.empty()) step["note"] = s.note;
    list.push_back(std::move(step));
  }
  return list;
}

double milliseconds(double ms) { return std::round(ms * 1000) / 1000; }

}  // namespace

Json to_json(const Answer& answer) {
  Json j;
  j["question"] = answer.question;
  j["status"] = status_name(answer.status);
  if (answer.status == Status::kAnswered) {
    j["answer"] = {{"kind", answer.kind}, {"value", answer.value}, {"text", answer.text}};
  } else {
    j["answer"] = nullptr;
    j["text"] = answer.text;
  }
  j["claims"] = Json::array();
  for (const Claim& claim : answer.claims) j["claims"].push_back({{"text", claim.text}, {"citations", claim.citations}});
  j["citations"] = Json::array();
  for (std::size_t i = 0; i < answer.citations.size(); ++i)
    j["citations"].push_back(citation_json(answer.citations[i], static_cast<int>(i) + 1));
  j["coverage"] = {{"asked", spans_json(answer.coverage.asked, false)},
                   {"described", spans_json(answer.coverage.described, false)},
                   {"failed", spans_json(answer.coverage.failed, true)},
                   {"not_sampled", spans_json(answer.coverage.not_sampled, true)}};
  if (answer.wording) {
    static constexpr const char* kVerdicts[] = {"supported", "flagged", "dropped"};
    Json sentences = Json::array();
    for (const CheckedSentence& s : answer.wording->sentences) {
      sentences.push_back({{"text", s.text},
                           {"citations", s.citations},
                           {"verdict", kVerdicts[static_cast<std::size_t>(s.verdict)]},
                           {"problems", s.problems}});
    }
    j["wording"] = {{"model", answer.wording->model},
                    {"declined", answer.wording->declined},
                    {"sentences", std::move(sentences)},
                    {"steps", steps_json(answer.wording->steps)},
                    {"usage", base::usage_json(answer.wording->usage)}};
  }
  j["plan"] = answer.plan;
  j["timing_ms"] = {
      {"plan", milliseconds(answer.plan_ms)}, {"retrieve", milliseconds(answer.retrieve_ms)}, {"answer", milliseconds(answer.answer_ms)}};
  return j;
}

}  // namespace reelgraph::query
