#include "graph/transfer.h"

#include <fstream>
#include <sstream>

#include "base/error.h"
#include "tests/graph/fixture.h"
#include "tests/support/support.h"

using namespace reelgraph;
using namespace reelgraph::graph;

namespace reelgraph::test {
namespace {

ImportResult import_text(Archive& archive, const std::string& text, ImportOptions options = {}) {
  std::istringstream in(text);
  return import_jsonl(archive, in, "in.jsonl", options);
}

std::string export_text(const Archive& archive, const std::string& format = "jsonl") {
  std::ostringstream out;
  ExportOptions options;
  options.format = format;
  export_archive(archive, out, options);
  return out.str();
}

/// Imports files twice, exports, imports that into a new archive, exports again.
void check_round_trip(const std::vector<std::filesystem::path>& files) {
  TempDir dir;
  Archive first = Archive::open(dir / "first.reel", OpenMode::kCreate);
  std::int64_t added = 0;
  for (const auto& file : files) {
    std::ifstream in(file);
    const ImportResult result = import_jsonl(first, in, file.filename().string(), {});
    CHECK(result.skipped == 0);
    added += result.added;
  }
  REQUIRE(added > 0);
  const std::string once = export_text(first);
  for (const auto& file : files) {
    std::ifstream in(file);
    CHECK(import_jsonl(first, in, file.filename().string(), {}).added == 0);
  }
  REQUIRE(export_text(first) == once);
  Archive second = Archive::open(dir / "second.reel", OpenMode::kCreate);
  import_text(second, once);
  REQUIRE(export_text(second) == once);
  CHECK(second.store().counts().entities == first.store().counts().entities);
  CHECK(second.store().counts().events == first.store().counts().events);
}

TEST_CASE("matches imported twice are unchanged, and survive export and import byte for byte", "[graph][transfer]") {
  const auto folder = shared("eval/soccer");
  if (!folder) return;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(*folder)) {
    if (entry.path().string().ends_with(".observations.jsonl")) files.push_back(entry.path());
  }
  REQUIRE(files.size() == 6);
  check_round_trip(files);
}

TEST_CASE("cameras imported twice are unchanged, and survive export and import byte for byte", "[graph][transfer]") {
  const auto file = shared("eval/meva/observations.jsonl");
  if (!file) return;
  check_round_trip({*file});
}

}  // namespace
}  // namespace reelgraph::test
