#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string_view>

#include "captioner/torch_plugin.h"
#include "cli/program.h"

namespace {

/// OpenMP's library reads how long its idle threads spin when it is loaded, which faiss has done before `main` began. Commands that compute
/// for long start once more with the setting; where more threads than free cores compute, spinning makes them ten times slower.
void start_without_spinning(int argc, char** argv) {
  static const std::set<std::string_view> kLong = {"ingest", "index", "models"};
  const bool told = std::getenv("OMP_WAIT_POLICY") != nullptr || std::getenv("GOMP_SPINCOUNT") != nullptr;
  reelgraph::captioner::wait_without_spinning();
  if (told || std::none_of(argv + std::min(argc, 1), argv + argc, [](const char* word) { return kLong.contains(word); })) return;
  ::execv("/proc/self/exe", argv);  // where that fails, it goes on as it is
}

}  // namespace

int main(int argc, char** argv) {
  start_without_spinning(argc, argv);
  // A file that grows past the user's limit is an error to be told, not a reason to vanish.
  ::signal(SIGXFSZ, SIG_IGN);
  reelgraph::cli::Program program;
  return program.run(argc, argv);
}
