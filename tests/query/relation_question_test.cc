// What belongs together: relations, chains of them, and who takes part with whom.
#include "tests/query/archive_fixture.h"

namespace reelgraph::query {
namespace {

std::string mention(const std::string& ref, const std::string& name, const std::string& type) {
  return R"({"ref":")" + ref + R"(","id":")" + type + ":" + name + R"(","name":")" + name + R"(","type":")" + type + "\"}";
}

/// Ann and Ben work for Acme, Cy for Bolt, Acme owns Bolt; Ann meets Ben twice and Cy once.
void import_company(test::ArchiveFixture& a) {
  std::string lines = R"({"type":"video","id":"day","duration":100})"
                      "\n";
  const auto line = [&](int at, const std::string& x, const std::string& x_type, const std::string& relation, const std::string& y,
                        const std::string& y_type, const std::string& event) {
    const std::string time = "\"start\":" + std::to_string(at) + ",\"end\":" + std::to_string(at + 1);
    lines += R"({"type":"observation","video":"day",)" + time + R"(,"caption":")" + x + " and " + y + R"(","entities":[)" +
             mention("x", x, x_type) + "," + mention("y", y, y_type) + "]";
    if (!relation.empty()) lines += R"(,"relations":[{"source":"x","type":")" + relation + R"(","target":"y"}])";
    if (!event.empty())
      lines +=
          R"(,"events":[{"type":")" + event + "\"," + time + R"(,"participants":[{"ref":"x","role":"agent"},{"ref":"y","role":"other"}]}])";
    lines += R"(,"provenance":{"kind":"import","name":"office"}})"
             "\n";
  };
  line(1, "Ann", "person", "works_for", "Acme", "company", "");
  line(2, "Ben", "person", "works_for", "Acme", "company", "");
  line(3, "Cy", "person", "works_for", "Bolt", "company", "");
  line(4, "Acme", "company", "owns", "Bolt", "company", "");
  line(10, "Ann", "person", "", "Ben", "person", "meets");
  line(20, "Ben", "person", "", "Ann", "person", "meets");
  line(30, "Ann", "person", "", "Cy", "person", "meets");
  a.import(lines);
}

std::vector<std::string> names(const Answer& a) {
  std::vector<std::string> all;
  if (a.kind == "entity") all.push_back(a.value.at("name"));
  if (a.kind == "list") {
    for (const auto& v : a.value) all.push_back(v.at("name"));
  }
  return all;
}

TEST_CASE("a relation is looked up from either end, with the line that tells of it", "[plan]") {
  test::ArchiveFixture a;
  import_company(a);
  const Answer company = a.ask("Which company does Ann work for?");
  CHECK(names(company) == std::vector<std::string>{"Acme"});
  REQUIRE(company.citations.size() == 1);
  CHECK(company.citations[0].span.start == base::kSecond);
  CHECK(names(a.ask("Who works for Acme?")) == std::vector<std::string>{"Ann", "Ben"});
  CHECK(names(a.ask("What does Acme own?")) == std::vector<std::string>{"Bolt"});
  CHECK(a.ask("Who works for Ann?").status == Status::kNotSeen);
  CHECK(a.ask("Which company does Zoe work for?").status != Status::kAnswered);
}

TEST_CASE("how two belong together is the shortest chain of relations", "[plan]") {
  test::ArchiveFixture a;
  import_company(a);
  const Answer chain = a.ask("How are Ann and Cy connected?");
  INFO(chain.text);
  CHECK(names(chain) == std::vector<std::string>{"Ann", "Acme", "Bolt", "Cy"});
  CHECK(chain.citations.size() == 3);
}

TEST_CASE("who takes part with somebody most often is counted over the events of both", "[plan]") {
  test::ArchiveFixture a;
  import_company(a);
  const Answer most = a.ask("Who appears most often with Ann?");
  INFO(most.text);
  CHECK(names(most) == std::vector<std::string>{"Ben"});
  CHECK(most.citations.size() == 2);
}

}  // namespace
}  // namespace reelgraph::query
