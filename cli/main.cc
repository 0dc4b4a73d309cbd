#include <signal.h>

#include "captioner/torch_plugin.h"
#include "cli/program.h"

int main(int argc, char** argv) {
  // A file that grows past the user's limit is an error to be told, not a reason to vanish.
  ::signal(SIGXFSZ, SIG_IGN);
  reelgraph::captioner::wait_without_spinning();
  reelgraph::cli::Program program;
  return program.run(argc, argv);
}
