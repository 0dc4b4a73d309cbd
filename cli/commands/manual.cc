// reelgraph completion and reelgraph man: made from the definitions of the commands.

#include "cli/manual.h"
#include "cli/commands/commands.h"
#include "cli/completion.h"
#include "cli/program.h"

namespace reelgraph::cli {

void add_completion(Program& program) {
  auto shell = std::make_shared<std::string>();
  CLI::App& app = program.add("completion", "Print a completion script for a shell",
                              {"source <(reelgraph completion bash)", "reelgraph completion zsh > ~/.zfunc/_reelgraph"}, [&program, shell] {
                                program.context().print(*shell == "bash" ? bash_completion(program) : zsh_completion(program));
                                return kExitDone;
                              });
  app.add_option("SHELL", *shell, "bash or zsh")->required()->type_name("")->check(CLI::IsMember({"bash", "zsh"}));
}

void add_man(Program& program) {
  program.add("man", "Print the manual page", {"reelgraph man | man -l -", "reelgraph man > ~/.local/share/man/man1/reelgraph.1"},
              [&program] {
                program.context().print(manual_page(program));
                return kExitDone;
              });
}

}  // namespace reelgraph::cli
