#include "cli/program.h"

int main(int argc, char** argv) {
  reelgraph::cli::Program program;
  return program.run(argc, argv);
}
