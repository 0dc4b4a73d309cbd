// libtorch costs 0.4 s and 155 MB a process: only what needs it may map it, and what is not there is said plainly.

#include <nlohmann/json.hpp>
#include <string>

#include "base/error.h"
#include "captioner/torch_plugin.h"
#include "tests/support/support.h"

namespace reelgraph::test {

TEST_CASE("the program does not ask the loader for libtorch", "[house][torch]") {
  // LD_TRACE_LOADED_OBJECTS lists what would be mapped at start, through every level of dependencies, and runs nothing.
  const ProcessResult objects = run({binary().string()}, {}, {}, {"LD_TRACE_LOADED_OBJECTS=1"});
  REQUIRE(objects.exit_code == 0);
  CHECK_THAT(objects.out, Contains("libc.so"));
  CHECK_THAT(objects.out, !Contains("libtorch"));
  CHECK_THAT(objects.out, !Contains("libc10"));
  CHECK_THAT(objects.out, !Contains("not found"));
}

TEST_CASE("commands that need no model never map libtorch", "[house][torch]") {
  TempDir dir;
  const std::string archive = (dir / "a.reel").string();
  draw_film({"-f", "lavfi", "-i", "testsrc2=size=160x120:rate=10:duration=2"}, dir / "film.mp4");
  const std::vector<std::vector<std::string>> commands{{"--version"},
                                                       {"-a", archive, "ingest", (dir / "film.mp4").string()},
                                                       {"-a", archive, "ask", "When does the picture cut?"},
                                                       {"-a", archive, "info"}};
  for (std::vector<std::string> command : commands) {
    command.insert(command.begin(), binary().string());
    // The loader tells each object it maps, dlopen's too, on standard error.
    const ProcessResult result =
        run(command, dir.path(), {}, {"LD_DEBUG=files", "XDG_DATA_HOME=" + dir.path().string()});  // no embedder is installed there
    INFO(command[1] << " " << command.back());
    CHECK((result.exit_code == 0 || result.exit_code == 1));
    CHECK_THAT(result.err, Contains("file=libc.so.6"));
    CHECK(result.err.find("libtorch") == std::string::npos);
    CHECK(result.err.find("reelgraph_torch") == std::string::npos);
  }
}

TEST_CASE("the plugin is looked for beside the program and in an installed tree", "[house][torch]") {
  TempDir dir;
  std::filesystem::create_directories(dir / "bin");
  std::filesystem::create_directories(dir.path() / "lib" / "reelgraph");
  const auto folders = captioner::torch_plugin_folders(dir.path() / "bin" / "reelgraph");
  CHECK_FALSE(captioner::find_torch_plugin(folders).has_value());
  write_file(dir.path() / "lib" / "reelgraph" / "reelgraph_torch.so", "installed");
  CHECK(captioner::find_torch_plugin(folders) == dir.path() / "lib" / "reelgraph" / "reelgraph_torch.so");
  write_file(dir.path() / "bin" / "reelgraph_torch.so", "built");
  CHECK(captioner::find_torch_plugin(folders) == dir.path() / "bin" / "reelgraph_torch.so");
}

TEST_CASE("a file that is no plugin is refused with its name and the reason", "[house][torch]") {
  TempDir dir;
  write_file(dir / "reelgraph_torch.so", "not a library");
  try {
    (void)captioner::TorchPlugin::load(dir / "reelgraph_torch.so");
    FAIL("loaded");
  } catch (const base::Error& error) {
    CHECK(error.code() == base::ErrorCode::kModel);
    CHECK(error.context() == (dir / "reelgraph_torch.so").string());
    CHECK_THAT(error.message(), Contains("cannot be loaded"));
    CHECK_FALSE(error.cure().empty());
  }
}

TEST_CASE("a library of something else is refused as no plugin", "[house][torch]") {
  const ProcessResult objects = run({binary().string()}, {}, {}, {"LD_TRACE_LOADED_OBJECTS=1"});
  const std::size_t slash = objects.out.find('/', objects.out.find("libc.so.6"));
  REQUIRE(slash != std::string::npos);
  const std::string libc = objects.out.substr(slash, objects.out.find(' ', slash) - slash);
  CHECK_THROWS_WITH(captioner::TorchPlugin::load(libc), Contains("is no plugin of reelgraph"));
}

#ifdef REELGRAPH_HAS_TORCH
TEST_CASE("the plugin loads on demand and tells what libtorch is", "[house][torch]") {
  REQUIRE_THAT(read_file("/proc/self/maps"), !Contains("libtorch"));
  const auto file = captioner::find_torch_plugin(captioner::torch_plugin_folders(binary()));
  REQUIRE(file.has_value());
  const nlohmann::json facts = captioner::TorchPlugin::load(*file).facts();
  CHECK_THAT(read_file("/proc/self/maps"), Contains("libtorch"));
  INFO(facts.dump(2));
  CHECK_THAT(facts.at("version").get<std::string>(), Contains("."));
  CHECK(facts.at("threads").get<int>() >= 1);
  CHECK(facts.at("cpu_capability").is_string());
  CHECK(facts.at("cuda").is_boolean());
  // Reference BLAS would be 50 times slower and the pthread build spins against libtorch's own threads.
  bool openmp = false;
  for (const nlohmann::json& path : facts.at("blas")) {
    if (path.get<std::string>().find("openblas-openmp") != std::string::npos) openmp = true;
    CHECK_THAT(path.get<std::string>(), !Contains("openblas-pthread"));
  }
  CHECK(openmp);
}
#endif

}  // namespace reelgraph::test
