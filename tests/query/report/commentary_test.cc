#include "query/report/commentary.h"

#include <map>
#include <set>

#include "base/error.h"
#include "query/report/commentary_text.h"
#include "query/report/grammar.h"
#include "tests/query/report/match_fixture.h"

namespace reelgraph::test {
namespace {

using base::kSecond;
using query::report::CommentaryLine;
using query::report::CommentaryOptions;
using query::report::CommentaryReport;

std::map<graph::RowId, graph::EventRecord> events_of(const Match& match) {
  std::map<graph::RowId, graph::EventRecord> events;
  for (graph::EventRecord& e : match.store().events({})) events.emplace(e.row, std::move(e));
  return events;
}

std::string filled(const CommentaryLine& line) {
  std::string text = line.pattern;
  for (const query::report::Fact& fact : line.facts) {
    for (std::size_t at = 0; (at = text.find("{" + fact.slot, at)) != std::string::npos;) {
      const std::size_t end = text.find('}', at);
      const std::string slot = text.substr(at + 1, end - at - 1);
      if (slot != fact.slot && slot[fact.slot.size()] != '|') {
        at = end;
        continue;
      }
      std::string said = fact.text;
      if (const std::size_t bar = slot.find('|'); bar != std::string::npos) {
        const std::size_t second = slot.find('|', bar + 1);
        said += " " + (fact.value == 1 ? slot.substr(bar + 1, second - bar - 1) : slot.substr(second + 1));
      }
      text.replace(at, end - at + 1, said);
      break;  // a slot that is there twice has a fact for each way of saying it
    }
  }
  return text;
}

}  // namespace

TEST_CASE("what is always told is told once, after it happened, whatever else happens", "[report][commentary]") {
  const base::Commentary c = bowls();
  for (unsigned seed = 1; seed <= 8; ++seed) {
    const Match match(drawn_match(seed));
    const auto events = events_of(match);
    for (const char* style : {"live", "past"}) {
      CommentaryOptions options;
      options.style = style;
      const CommentaryReport report = match.tell(c, options);
      std::map<graph::RowId, int> told;
      base::Timestamp end = 0;
      std::map<std::string, base::Timestamp> said;
      for (const CommentaryLine& line : report.lines) {
        INFO(seed << " " << style << " " << line.text);
        CHECK(line.span.start >= end);
        end = line.span.end;
        REQUIRE_FALSE(line.events.empty());
        for (const graph::RowId row : line.events) CHECK(events.at(row).span.end <= line.span.start);
        for (const query::report::Fact& fact : line.facts) {
          CHECK_FALSE(fact.events.empty());
          for (const graph::RowId row : fact.events) CHECK(events.at(row).span.end <= line.span.start);
        }
        const double rate = query::report::count_words(line.text) / base::to_seconds(line.span.length());
        CHECK(rate <= 2.5);
        if (const auto it = said.find(line.text); it != said.end()) CHECK(line.span.start - it->second >= 600 * kSecond);
        said[line.text] = line.span.start;
        if (line.kind == "event") {
          for (const graph::RowId row : line.events) ++told[row];
        }
      }
      for (const auto& [row, event] : events) {
        INFO(seed << " " << style << " " << event.type << " at " << base::format_time(event.span.start));
        if (event.type == "point" || event.type == "warning") CHECK(told[row] == 1);
      }
    }
  }
}

TEST_CASE("a line is its template filled with its facts", "[report][commentary]") {
  const Match match(drawn_match(3));
  int facts = 0;
  for (const CommentaryLine& line : match.tell(bowls()).lines) {
    INFO(line.text << " | " << line.pattern);
    std::string text = filled(line);
    if (!text.empty() && text[0] >= 'a' && text[0] <= 'z') text[0] = static_cast<char>(text[0] - 'a' + 'A');
    CHECK(text == line.text);
    facts += static_cast<int>(line.facts.size());
  }
  CHECK(facts > 50);
}

TEST_CASE("counts of a look back are those of the events so far", "[report][commentary]") {
  const Match match(drawn_match(5));
  const auto events = events_of(match);
  int looked = 0;
  for (const CommentaryLine& line : match.tell(bowls()).lines) {
    if (line.topic != "throws") continue;
    ++looked;
    std::map<std::string, std::int64_t> by_team;
    for (const auto& [row, event] : events) {
      if (event.type != "throw" || event.span.end > line.span.start) continue;
      for (const graph::ParticipantRecord& p : event.participants) by_team[p.name] += p.role == "team" ? 1 : 0;
    }
    std::map<std::string, nlohmann::json> said;
    for (const query::report::Fact& fact : line.facts) said[fact.slot] = fact.value;
    INFO(line.text);
    if (said.contains("side")) CHECK(by_team.at(said["side"].get<std::string>()) == said["n"].get<std::int64_t>());
    if (said.contains("other")) CHECK(by_team.at(said["other"].get<std::string>()) == said["m"].get<std::int64_t>());
  }
  CHECK(looked >= 3);
}

TEST_CASE("a count of very many events cites the latest of them and says how many there are", "[report][commentary]") {
  std::vector<Play> plays{{0.5, 1, "start", "Ann Able", "Reds", "", "", R"("part":1)"}};
  for (int i = 0; i < 3000; ++i)
    plays.push_back(
        {2 + i * 0.19, 2.1 + i * 0.19, "throw", i % 3 == 0 ? "Dan Dove" : "Ann Able", i % 3 == 0 ? "Blues" : "Reds", "", "", ""});
  const Match match(plays);
  const auto events = events_of(match);
  std::int64_t most = 0;
  for (const CommentaryLine& line : match.tell(bowls()).lines) {
    CHECK(line.events.size() <= query::report::kMostCited);
    for (const query::report::Fact& fact : line.facts) {
      CHECK(fact.events.size() <= query::report::kMostCited);
      if (line.topic != "throws" || fact.slot != "n") continue;
      CHECK(fact.counted == fact.value.get<std::int64_t>());
      std::int64_t reds = 0;
      for (const auto& [row, event] : events) {
        const bool theirs = event.type == "throw" && event.span.end <= line.span.start && event.participants.front().name == "Ann Able";
        reds += theirs ? 1 : 0;
      }
      CHECK(fact.counted == reds);
      most = std::max(most, fact.counted);
    }
  }
  CHECK(most > static_cast<std::int64_t>(query::report::kMostCited));
}

TEST_CASE("what is said up to a moment depends on nothing beyond the look-ahead", "[report][commentary]") {
  const base::Commentary c = bowls();
  for (const double lookahead : {0.0, 4.0, 10.0}) {
    for (unsigned seed = 11; seed <= 13; ++seed) {
      const std::vector<Play> plays = drawn_match(seed);
      CommentaryOptions options;
      options.lookahead = base::from_seconds(lookahead);
      const CommentaryReport whole = Match(plays).tell(c, options);
      for (const double cut : {100.0, 307.5, 444.0}) {
        std::vector<Play> known;
        for (const Play& p : plays) {
          if (p.start <= cut + lookahead) known.push_back(p);
        }
        const CommentaryReport part = Match(known).tell(c, options);
        std::size_t n = 0;
        while (n < whole.lines.size() && whole.lines[n].span.start <= base::from_seconds(cut)) ++n;
        REQUIRE(part.lines.size() >= n);
        for (std::size_t i = 0; i < n; ++i) {
          INFO(lookahead << " " << seed << " " << cut << " " << whole.lines[i].text);
          CHECK(part.lines[i].text == whole.lines[i].text);
          CHECK(part.lines[i].span == whole.lines[i].span);
        }
      }
    }
  }
}

TEST_CASE("one seed, one commentary, and another seed another", "[report][commentary]") {
  const Match match(drawn_match(7));
  const auto all = [&](std::uint64_t seed) {
    CommentaryOptions options;
    options.seed = seed;
    return query::report::commentary_text(match.tell(bowls(), options), "text");
  };
  CHECK(all(1) == all(1));
  CHECK(all(1) != all(2));
}

TEST_CASE("names are in full, then short, and in full where short would mean two", "[report][commentary]") {
  base::Commentary c = bowls();
  c.recaps.clear();
  c.lines = {{"point", {}, {}, {"{agent} for {side}."}}};
  const Match match({{1, 1, "point", "Cy van der Cane", "Blues of the North", "", "", ""},
                     {20, 20, "point", "Cy van der Cane", "Blues of the North", "", "", ""},
                     {40, 40, "point", "Ann Able", "Reds", "", "", ""},
                     {60, 60, "point", "Ann Able", "Reds", "", "", ""},
                     {80, 80, "point", "Zoe Able", "Reds", "", "", ""},
                     {100, 100, "point", "Ann Able", "Reds", "", "", ""}});
  std::vector<std::string> said;
  for (const CommentaryLine& line : match.tell(c).lines) said.push_back(line.text);
  const std::vector<std::string> wanted{"Cy van der Cane for Blues of the North.",
                                        "Van der Cane for Blues.",
                                        "Ann Able for Reds.",
                                        "Able for Reds.",
                                        "Zoe Able for Reds.",
                                        "Ann Able for Reds."};
  // The last would repeat the third within ten minutes; it is told in its source's words.
  REQUIRE(said.size() == 6);
  CHECK(std::vector<std::string>(said.begin(), said.end() - 1) == std::vector<std::string>(wanted.begin(), wanted.end() - 1));
  CHECK(said.back() == "What Ann Able did.");
}

TEST_CASE("two sides of one name are told apart, and it is said", "[report][commentary]") {
  const Match match({{1, 1, "point", "Ann Able", "Rovers", "", "", "", "one"}, {30, 30, "point", "Dan Dove", "Rovers", "", "", "", "two"}});
  const CommentaryReport report = match.tell(bowls());
  REQUIRE(report.notes.size() == 1);
  CHECK_THAT(report.notes[0], Contains("Rovers") && Contains("told apart"));
  const std::string text = query::report::commentary_text(report, "text");
  CHECK_THAT(text, Contains("Rovers number second"));
}

TEST_CASE("an own goal counts for the other side", "[report][commentary]") {
  const Match match({{1, 1, "throw", "Ann Able", "Reds", "", "", ""},
                     {5, 5, "throw", "Dan Dove", "Blues", "", "", ""},
                     {30, 30, "point", "Dan Dove", "Blues", "", "", R"("own":true)"}});
  const CommentaryReport report = match.tell(bowls());
  const auto point = std::find_if(report.lines.begin(), report.lines.end(), [](const CommentaryLine& l) { return l.topic == "point"; });
  REQUIRE(point != report.lines.end());
  for (const query::report::Fact& fact : point->facts) {
    if (fact.slot == "gains" || fact.slot == "leader") CHECK(fact.value == "Reds");
  }
  REQUIRE(report.lines.back().topic != "standing");
  CHECK_THAT(query::report::commentary_text(report, "text"), Contains("It ends Reds 1, Blues 0.") || Contains("Reds 1"));
}

TEST_CASE("stages end with the score, the video too", "[report][commentary]") {
  const Match match(drawn_match(9));
  const CommentaryReport report = match.tell(bowls());
  int intervals = 0, ends = 0;
  for (const CommentaryLine& line : report.lines) {
    intervals += line.topic == "interval" ? 1 : 0;
    ends += line.topic == "end" ? 1 : 0;
    if (line.topic == "interval") CHECK(line.span.start > 280 * kSecond);
    if (line.topic == "end") CHECK(line.span.start >= 590 * kSecond);
  }
  CHECK(intervals == 1);
  CHECK(ends == 1);
}

TEST_CASE("poor input gives no line that is made up", "[report][commentary]") {
  const base::Commentary c = bowls();
  SECTION("no events") {
    const CommentaryReport report = Match({}).tell(c);
    CHECK(report.lines.empty());
    REQUIRE(report.notes.size() == 1);
    CHECK_THAT(report.notes[0], Contains("no events"));
  }
  SECTION("events of other kinds only") {
    const CommentaryReport report = Match({{1, 2, "motion", "", "", "", "", ""}, {3, 4, "cut", "", "", "", "", ""}}).tell(c);
    CHECK(report.lines.empty());
    REQUIRE(report.notes.size() == 1);
    CHECK_THAT(report.notes[0], Contains("bowls") && Contains("cut, motion"));
  }
  SECTION("one event, of one side") {
    const CommentaryReport report = Match({{7, 7.5, "point", "Ann Able", "Reds", "", "", ""}}).tell(c);
    REQUIRE(report.lines.size() == 1);
    CHECK_THAT(report.lines[0].text, Contains("Ann Able") && !Contains("-"));
    CHECK_THAT(report.notes.at(0), Contains("1 sides"));
  }
  SECTION("an event without anybody in it") {
    const CommentaryReport report = Match({{7, 7.5, "warning", "", "", "", "", ""}}).tell(c);
    REQUIRE(report.lines.size() == 1);
    CHECK(report.lines[0].text == "What  did.");
  }
  SECTION("events after the end, and out of order in the file") {
    const CommentaryReport report = Match({{700, 701, "point", "Ann Able", "Reds", "", "", ""},
                                           {300, 301, "point", "Dan Dove", "Blues", "", "", ""},
                                           {20, 21, "warning", "Ann Able", "Reds", "", "", ""}},
                                          600)
                                        .tell(c);
    REQUIRE(report.lines.size() >= 2);
    CHECK(report.lines[0].topic == "warning");
    CHECK(report.lines[1].topic == "point");
  }
  SECTION("a length that is out of all proportion") {
    const CommentaryReport report =
        Match({{5, 6, "point", "Ann Able", "Reds", "", "", ""}, {9, 9, "throw", "Dan Dove", "Blues", "", "", ""}}, 3e8).tell(c);
    CHECK(report.lines.size() >= 2);
  }
  SECTION("wrong options") {
    const Match match({{5, 6, "point", "Ann Able", "Reds", "", "", ""}});
    CommentaryOptions options;
    options.style = "opera";
    CHECK_THROWS_WITH(match.tell(c, options), Contains("no style opera"));
    options.style = "live";
    options.lookahead = 61 * kSecond;
    CHECK_THROWS_WITH(match.tell(c, options), Contains("look-ahead"));
  }
}

TEST_CASE("a part of a video is told with the score of all before it", "[report][commentary]") {
  CommentaryOptions options;
  options.from = 50 * kSecond;
  options.to = 100 * kSecond;
  const Match match({{1, 1, "throw", "Ann Able", "Reds", "", "", ""},
                     {5, 5, "point", "Dan Dove", "Blues", "", "", ""},
                     {60, 60, "point", "Eve Elm", "Blues", "", "", ""},
                     {120, 120, "point", "Eve Elm", "Blues", "", "", ""}});
  const CommentaryReport report = match.tell(bowls(), options);
  REQUIRE_FALSE(report.lines.empty());
  for (const CommentaryLine& line : report.lines) {
    CHECK(line.span.start >= 50 * kSecond);
    CHECK(line.span.start < 100 * kSecond);
    for (const query::report::Fact& fact : line.facts) {
      if (fact.slot == "score") CHECK(fact.value == "2-0");
    }
  }
}

TEST_CASE("subtitles keep their form whatever a name holds", "[report][commentary]") {
  const Match match({{61.5, 62, "point", "A <b>-->& C", "Reds", "", "", ""}});
  const CommentaryReport report = match.tell(bowls());
  const std::string srt = query::report::commentary_text(report, "srt"), vtt = query::report::commentary_text(report, "vtt");
  CHECK(srt.starts_with("1\n00:01:02,000 --> 00:01:0"));
  CHECK(vtt.starts_with("WEBVTT\n\n1\n00:01:02.000 --> "));
  CHECK_THAT(vtt, Contains("&lt;b&gt;--&gt;&amp;"));
  CHECK_THROWS_WITH(query::report::commentary_text(report, "xes"), Contains("xes"));
  CHECK(query::report::commentary_json(report).at("lines").at(0).at("facts").at(0).contains("events"));
}

}  // namespace reelgraph::test
