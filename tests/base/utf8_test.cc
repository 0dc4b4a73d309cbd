#include "base/utf8.h"

#include "tests/support/support.h"

using namespace reelgraph::base;

TEST_CASE("bad bytes and control characters are replaced, the rest stays", "[base]") {
  CHECK(sanitize_utf8("Matić\tscores\n") == "Matić\tscores\n");
  CHECK(sanitize_utf8(std::string("a\0b\x07"
                                  "c\x7f",
                                  6)) == "a b c ");
  CHECK(sanitize_utf8("\xC3") == "\xEF\xBF\xBD");
  CHECK(sanitize_utf8("\xED\xA0\x80") == "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");
  CHECK(sanitize_utf8("\xC2\x85x") == " x");
  CHECK_FALSE(is_valid_utf8("\xF4\x90\x80\x80"));
  CHECK(is_valid_utf8("日本語 😀"));
}

TEST_CASE("text is cut at a character's border", "[base]") {
  CHECK(sanitize_utf8("ééé", 3) == "é");
  CHECK(ellipsize("ééééé", 8) == "éé...");
  CHECK(ellipsize("short", 8) == "short");
}
