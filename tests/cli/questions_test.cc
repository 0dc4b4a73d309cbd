// All evaluation questions through the engine with the built-in profiles: plans that can be executed again, and numbers that can be
// computed again from what is cited.
#include <cmath>
#include <fstream>
#include <map>
#include <set>

#include "captioner/profiles.h"
#include "query/plan.h"
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

using nlohmann::json;

#ifdef NDEBUG
constexpr int kEvery = 1;
#else
constexpr int kEvery = 12;  // under sanitizers
#endif

struct Asked {
  std::string question, video;
};

/// One archive with soccer and MEVA together, and the questions of both.
class Mixed {
 public:
  Mixed() {
    const auto soccer = test::shared("eval/soccer"), meva = test::shared("eval/meva");
    there = soccer && meva;
    if (!there) return;
    for (const auto& file : std::filesystem::directory_iterator(*soccer)) {
      if (file.path().string().ends_with(".observations.jsonl")) import(file.path());
    }
    import(*meva / "observations.jsonl");
    for (const auto& folder : {*soccer, *meva}) {
      for (const char* name : {"questions.jsonl", "questions_free.jsonl"}) read(folder / name);
    }
    std::vector<base::Profile> profiles;
    for (const std::string& name : captioner::builtin_profile_names()) profiles.push_back(captioner::load_profile(name));
    engine.emplace(archive.store(), std::move(profiles));
  }

  Answer ask(const Asked& q, const std::optional<json>& plan = std::nullopt) {
    AskOptions options;
    if (!q.video.empty()) options.videos = {q.video};
    options.max_citations = 1'000'000;
    options.without = {"frames"};
    options.plan = plan;
    return engine->ask(q.question, options);
  }

  bool there = false;
  test::ArchiveFixture archive;
  std::optional<Engine> engine;
  std::vector<Asked> questions;

 private:
  void import(const std::filesystem::path& file) {
    std::ifstream in(file);
    graph::import_jsonl(archive.archive(), in, file.string(), {});
  }
  void read(const std::filesystem::path& file) {
    std::ifstream in(file);
    int n = 0;
    for (std::string line; std::getline(in, line);) {
      if (n++ % kEvery != 0) continue;
      const json q = json::parse(line);
      questions.push_back({q.at("question"), q.value("video", "")});
    }
  }
};

Mixed& mixed() {
  static Mixed m;
  return m;
}

/// How many take part, in the role and of the kind that the plan counts, in the events that are cited.
std::size_t participants(Mixed& m, const Answer& a) {
  const std::string role = a.plan.value("role", "agent"), type = a.plan.value("entity_type", "");
  std::set<graph::RowId> entities;
  for (const Citation& c : a.citations) {
    const auto event = m.archive.store().event(c.event.value());
    for (const auto& p : event->participants) {
      if (p.role == role && (type.empty() || m.archive.store().entity(p.entity)->type == type)) entities.insert(p.entity);
    }
  }
  return entities.size();
}

/// The number of an answer, computed again from nothing but what it cites. Nothing for kinds that hold no number.
std::optional<double> recomputed(Mixed& m, const Answer& a) {
  const std::string ask = a.plan.at("ask");
  const auto& cited = a.citations;
  const auto figure = [&](std::size_t claim) { return static_cast<double>(a.claims.at(claim).citations.size()); };
  if (ask == "count") {
    std::set<std::string> videos;
    for (const Citation& c : cited) videos.insert(c.video);
    if (a.plan.value("videos", false)) {
      if (!a.plan.value("except", false)) return static_cast<double>(videos.size());
      return a.plan.at("videos_looked_at").get<double>() - static_cast<double>(videos.size());
    }
    return static_cast<double>(a.plan.value("distinct", false) ? participants(m, a) : cited.size());
  }
  if (ask == "rank" && a.kind == "count") return static_cast<double>(cited.size());
  if (ask == "compare" && a.kind == "count") return std::abs(figure(1) - figure(2));
  if (ask == "concurrency") {
    std::size_t most = 0;  // at the start of one of them all go on
    for (const Citation& at : cited) {
      most = std::max<std::size_t>(most, std::count_if(cited.begin(), cited.end(), [&](const Citation& c) {
                                     return c.span.start <= at.span.start && c.span.end >= at.span.start;
                                   }));
    }
    return static_cast<double>(most);
  }
  if (ask == "members") return static_cast<double>(m.archive.store().event(cited.at(0).event.value())->participants.size());
  if (ask == "duration") {
    std::map<std::string, base::SpanSet> any;
    base::Duration sum = 0, together = 0;
    for (const Citation& c : cited) sum += c.span.length(), any[c.video].add(c.span);
    for (const auto& [video, spans] : any) together += spans.total();
    return base::to_seconds(a.plan.value("total", false) ? sum : together);
  }
  if (ask == "length") return base::to_seconds(cited.at(0).span.length());
  if (ask == "gap" || ask == "gaps") {
    const base::TimeSpan from = cited.at(0).span, to = cited.at(1).span;
    const base::Timestamp start = a.plan.value("from_end", false) ? from.end : from.start;
    return std::abs(base::to_seconds((a.plan.value("total", false) ? to.end : to.start) - start));
  }
  if (ask == "when" && a.kind == "time") return base::to_seconds(cited.at(0).span.start);
  return std::nullopt;
}

TEST_CASE("the number of every answer is computed again from its citations, over all evaluation questions", "[plan][shared]") {
  Mixed& m = mixed();
  if (!m.there) return;
  std::map<std::string, int> checked;
  for (const Asked& q : m.questions) {
    const Answer a = m.ask(q);
    if (a.status != Status::kAnswered || !a.plan.contains("ask")) continue;
    INFO(q.question << " (" << q.video << "): " << a.text);
    if (a.plan.at("ask") == "order") {
      const bool last = a.plan.value("fewest", false);
      const Citation* decisive = &a.citations.at(0);
      for (const Citation& c : a.citations) {
        if (last ? c.span.start > decisive->span.start : c.span.start < decisive->span.start) decisive = &c;
      }
      CHECK(base::to_seconds(decisive->span.start) == a.value.at("start").get<double>());
      ++checked["order"];
      continue;
    }
    const auto number = recomputed(m, a);
    if (!number) continue;
    CHECK(*number == Approx(a.value.get<double>()));
    ++checked[a.kind];
  }
  for (const char* kind : {"count", "time", "duration", "order"}) CHECK(checked[kind] >= 30 / kEvery);
}

TEST_CASE("an explained plan, given back, gives the same answer", "[plan][shared]") {
  Mixed& m = mixed();
  if (!m.there) return;
  int same = 0;
  for (std::size_t i = 0; i < m.questions.size(); i += 3) {
    const Asked& q = m.questions[i];
    const Answer a = m.ask(q);
    if (!a.plan.contains("ask") && !a.plan.contains("first")) continue;
    INFO(q.question << " (" << q.video << "): " << a.plan.dump());
    const Answer b = m.ask({"", q.video}, json::parse(a.plan.dump()));
    CHECK(b.status == a.status);
    CHECK(b.value == a.value);
    CHECK(b.text == a.text);
    CHECK(b.plan == a.plan);
    ++same;
  }
  CHECK(same >= 200 / kEvery);
}

}  // namespace
}  // namespace reelgraph::query
