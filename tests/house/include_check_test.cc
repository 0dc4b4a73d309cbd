// scripts/check_includes on this checkout, and on small trees with one planted fault each: a checker that lets a fault pass is a fault.

#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/support.h"

namespace reelgraph::test {
namespace {

/// A tree of a few files of which all are in order; a test adds its fault.
class Tree {
 public:
  Tree() {
    add("base/time.h", "#pragma once\n#include <cstdint>\n#include <nlohmann/json.hpp>\n");
    add("ingest/reader.h", "#pragma once\n#include \"base/time.h\"\n");
    add("ingest/reader.cc",
        "#include \"ingest/reader.h\"\nextern \"C\" {\n#include <libavformat/avformat.h>\n}\n#include <sys/stat.h>\n#include <unistd.h>\n");
    add("graph/store.h", "#pragma once\n#include \"base/time.h\"\n");
    add("graph/rows.h", "#pragma once\n#include <sqlite3.h>\n");
    add("graph/rows.cc", "#include \"graph/rows.h\"\n#include \"graph/store.h\"\n");
    add("query/engine.cc", "#include \"graph/store.h\"\n#include <unicode/uchar.h>\n");
    add("captioner/torch/plugin.cc", "#include <ATen/Context.h>\n");
    add("tests/graph/rows_test.cc", "#include \"graph/rows.h\"\n#include \"tests/support/support.h\"\n");
    add("graph/CMakeLists.txt",
        "reelgraph_library(graph\n  SOURCES rows.cc\n  PUBLIC reelgraph::base nlohmann_json::nlohmann_json\n  PRIVATE SQLite::SQLite3)\n");
  }

  void add(const std::string& path, const std::string& text) {
    std::filesystem::create_directories((dir_ / path).parent_path());
    write_file(dir_ / path, text);
  }

  [[nodiscard]] ProcessResult check() const { return run({(source_dir() / "scripts/check_includes").string(), dir_.path().string()}); }

 private:
  TempDir dir_;
};

struct Fault {
  std::string what, path, text, expected;
};

}  // namespace

TEST_CASE("the sources of this checkout keep the include rules", "[house]") {
  const ProcessResult result = run({(source_dir() / "scripts/check_includes").string()});
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
}

TEST_CASE("the include check passes a tree in order", "[house]") {
  const ProcessResult result = Tree().check();
  INFO(result.out << result.err);
  CHECK(result.exit_code == 0);
}

TEST_CASE("the include check names each planted fault with its file and line", "[house]") {
  const std::vector<Fault> faults{
      {"a lower folder includes a higher one", "graph/bad.cc", "\n#include \"query/engine.h\"\n", "graph/bad.cc:2: graph must not include"},
      {"captioner includes graph", "captioner/bad.cc", "#include \"graph/store.h\"\n", "captioner/bad.cc:1: captioner must not include"},
      {"graph includes captioner", "graph/bad.h", "#include \"captioner/factory.h\"\n", "graph/bad.h:1: graph must not include"},
      {"base includes another folder", "base/bad.h", "#include \"ingest/reader.h\"\n", "base/bad.h:1: base must not include"},
      {"query skips to ingest", "query/bad.cc", "#include \"ingest/reader.h\"\n", "query/bad.cc:1: query must not include"},
      {"our header in angle brackets hides nothing", "graph/bad.cc", "#include <query/engine.h>\n", "graph must not include"},
      {"FFmpeg outside ingest", "chunker/bad.cc", "#include <libavutil/frame.h>\n", "chunker/bad.cc:1: FFmpeg"},
      {"OpenCV in ingest", "ingest/bad.cc", "#include <opencv2/core.hpp>\n", "ingest/bad.cc:1: OpenCV"},
      {"SQLite in query", "query/bad.cc", "#include <sqlite3.h>\n", "query/bad.cc:1: SQLite"},
      {"SQLite in quotes", "cli/bad.cc", "#include \"sqlite3.h\"\n", "cli/bad.cc:1: SQLite"},
      {"faiss in query", "query/bad.cc", "#include <faiss/IndexFlat.h>\n", "query/bad.cc:1: faiss"},
      {"Boost in cli", "cli/bad.cc", "#include <boost/graph/adjacency_list.hpp>\n", "cli/bad.cc:1: Boost"},
      {"CLI11 in query", "query/bad.cc", "#include <CLI/CLI.hpp>\n", "query/bad.cc:1: CLI11"},
      {"spdlog in a library", "graph/bad.cc", "#include <spdlog/spdlog.h>\n", "graph/bad.cc:1: spdlog"},
      {"toml++ in graph", "graph/bad.cc", "#include <toml++/toml.h>\n", "graph/bad.cc:1: toml++"},
      {"a foreign library in base", "base/bad.cc", "#include <unicode/uchar.h>\n", "base/bad.cc:1: ICU"},
      {"libtorch outside the plugin", "captioner/local.cc", "#include <torch/script.h>\n", "captioner/local.cc:1: libtorch"},
      {"libtorch in a header", "captioner/torch/model.h", "#include <ATen/ATen.h>\n", "captioner/torch/model.h:1: libtorch"},
      {"libtorch in a test of graph", "tests/graph/bad_test.cc", "#include <ATen/ATen.h>\n", "tests/graph/bad_test.cc:1: libtorch"},
      {"a test of graph includes query", "tests/graph/bad_test.cc", "#include \"query/engine.h\"\n", "tests/graph must not include"},
      {"a spaced directive", "graph/bad.cc", "  #  include  \"query/engine.h\" // why\n", "graph/bad.cc:1: graph must not include"},
      {"an include through a macro", "graph/bad.cc", "#define H \"query/engine.h\"\n#include H\n",
       "graph/bad.cc:2: an include through a macro"},
      {"an include not from the root", "graph/bad.cc", "#include \"rows.h\"\n", "graph/bad.cc:1: \"rows.h\" is not written from the root"},
      {"a way up", "graph/bad.cc", "#include \"../query/engine.h\"\n",
       "graph/bad.cc:1: \"../query/engine.h\" is not written from the root"},
      {"a library without a home", "graph/bad.cc", "#include <leveldb/db.h>\n", "<leveldb/db.h> is unknown"},
      {"a foreign header in a public header", "ingest/reader.h", "#include <libavutil/frame.h>\n",
       "ingest/reader.h:1: <libavutil/frame.h> in a public header"},
      {"the same through a header of its folder", "graph/store.h", "#include \"graph/rows.h\"\n",
       "graph/rows.h:2: <sqlite3.h> in a public header"},
      {"a library linked PUBLIC", "ingest/CMakeLists.txt",
       "reelgraph_library(ingest SOURCES reader.cc\n  PUBLIC reelgraph::base PkgConfig::FFMPEG)\n",
       "ingest/CMakeLists.txt:2: PkgConfig::FFMPEG is linked PUBLIC"},
  };
  for (const Fault& fault : faults) {
    Tree tree;
    tree.add("chunker/uses.cc", "#include \"ingest/reader.h\"\n");  // makes that header a public one
    tree.add(fault.path, fault.text);
    const ProcessResult result = tree.check();
    INFO(fault.what << "\n" << result.out << result.err);
    CHECK(result.exit_code == 1);
    CHECK_THAT(result.out, Contains(fault.expected));
  }
}

TEST_CASE("the include check refuses a folder without sources instead of passing it", "[house]") {
  TempDir empty;
  CHECK(run({(source_dir() / "scripts/check_includes").string(), empty.path().string()}).exit_code == 2);
}

}  // namespace reelgraph::test
