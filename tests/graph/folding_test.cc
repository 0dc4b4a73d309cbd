#include "graph/folding.h"

#include "tests/support/support.h"

using reelgraph::graph::fold_name;
using reelgraph::graph::folded_words;

TEST_CASE("names fold case, accents, width and punctuation", "[graph][folding]") {
  CHECK(fold_name("Pedro") == "pedro");
  CHECK(fold_name("  Pedro  Eliezer-RODRÍGUEZ ") == "pedro eliezer rodriguez");
  CHECK(fold_name("kick_off") == "kick off");
  CHECK(fold_name("Straße") == "strasse");
  CHECK(fold_name("Ｆｕｌｌ　Ｗｉｄｔｈ") == "full width");
  CHECK(fold_name("O’Brien") == "o brien");
  CHECK(fold_name("İstanbul") == "istanbul");
  CHECK(fold_name("Александр") == fold_name("АЛЕКСАНДР"));
  CHECK(fold_name("東京 タワー") == "東京 タワー");
  CHECK(fold_name("-- !").empty());
  CHECK(fold_name("").empty());
}

TEST_CASE("the words of a name come once each", "[graph][folding]") {
  CHECK(folded_words("a b a c") == std::vector<std::string>{"a", "b", "c"});
  CHECK(folded_words("").empty());
}
