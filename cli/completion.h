#pragma once
// Completion scripts, made from the definitions of the commands, so that they never lag behind them.

#include <string>

namespace reelgraph::cli {

class Program;

/// For `source <(reelgraph completion bash)`; needs no bash-completion package.
[[nodiscard]] std::string bash_completion(const Program& program);
/// A function `_reelgraph` for zsh's fpath, or for `source`.
[[nodiscard]] std::string zsh_completion(const Program& program);

}  // namespace reelgraph::cli
