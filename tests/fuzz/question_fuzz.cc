// Any bytes are a question: words, time phrases and the whole of `ask` over a small archive. Links reelgraph::query reelgraph::graph.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <string>

#include "graph/archive.h"
#include "graph/transfer.h"
#include "query/engine.h"
#include "query/time_phrase.h"

namespace {

using namespace reelgraph;

constexpr const char* kLines = R"({"type":"video","id":"match-1","title":"Home v Away","duration":100}
{"type":"observation","video":"match-1","start":10,"end":12,"caption":"Pedro scores","entities":[{"ref":"p","id":"1","name":"Pedro","type":"player"}],"events":[{"type":"goal","start":10,"end":12,"participants":[{"ref":"p","role":"agent"}]}],"provenance":{"kind":"import","name":"x"}}
{"type":"observation","video":"match-1","start":50,"end":52,"caption":"a cut","events":[{"type":"cut","start":50,"end":51},{"type":"motion","start":50,"end":52}],"provenance":{"kind":"signals","name":"signals"}}
)";

// Lives until the process ends; its folder is removed then.
struct Fixture {
  std::filesystem::path folder;
  graph::Archive archive;

  Fixture() : folder(make()), archive(graph::Archive::open(folder / "fuzz.reel", graph::OpenMode::kCreate)) {
    std::istringstream in(kLines);
    graph::import_jsonl(archive, in, "fuzz.jsonl", {});
  }
  ~Fixture() {
    std::error_code ignored;
    std::filesystem::remove_all(folder, ignored);
  }
  static std::filesystem::path make() {
    std::string name = (std::filesystem::temp_directory_path() / "question_fuzz.XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    return name;
  }
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static Fixture fixture;
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const query::TimePhrase& phrase : query::find_time_phrases(query::WordCutter().cut(text))) {
    for (const base::Duration length : {base::Duration{0}, base::kSecond, 100 * base::kHour}) {
      const auto span = phrase.resolve(length);
      if (span && !(span->start >= 0 && span->start < span->end && span->end <= length)) std::abort();
    }
  }
  const query::Engine engine(fixture.archive.store(), {});
  const query::Answer answer = engine.ask(text, {});
  if ((answer.status == query::Status::kAnswered) == answer.kind.empty()) std::abort();
  (void)query::to_json(answer).dump();
  (void)engine.search(text, {});
  return 0;
}
