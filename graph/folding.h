#pragma once
// Names as people mean them: without case, accents and punctuation.

#include <string>
#include <string_view>
#include <vector>

namespace reelgraph::graph {

/// Compatibility forms, case and accents folded; runs of punctuation, symbols and white space become one space; none at the ends.
/// "Pedro  Eliezer-RODRÍGUEZ" gives "pedro eliezer rodriguez". Text that has no letter or digit folds to "". REQUIRES: sound UTF-8.
[[nodiscard]] std::string fold_name(std::string_view text);

/// The words of a folded name, each once, in order of appearance.
[[nodiscard]] std::vector<std::string> folded_words(std::string_view folded);

}  // namespace reelgraph::graph
