#include "base/markup.h"

#include "tests/support/support.h"

namespace reelgraph::base {

TEST_CASE("a field of a CSV file is quoted where it must be", "[markup]") {
  CHECK(csv_field("dock 1") == "dock 1");
  CHECK(csv_field("a,b") == "\"a,b\"");
  CHECK(csv_field("say \"so\"\nnow") == "\"say \"\"so\"\"\nnow\"");
  CHECK(csv_field("").empty());
}

TEST_CASE("XML holds no markup from outside, no controls, no forbidden code point", "[markup]") {
  CHECK(xml_text("<a href=\"x\">&") == "&lt;a href=&quot;x&quot;&gt;&amp;");
  CHECK(xml_text(std::string("a\x01") + "b\xEF\xBF\xBE" + "c\n") == "abc\n");
}

TEST_CASE("a line of Markdown stays one line and shows its signs", "[markup]") {
  CHECK(markdown_text("a|b [x](y)\n# z") == "a\\|b \\[x\\](y) \\# z");
}

TEST_CASE("a subtitle cannot end its cue or begin another", "[markup]") {
  CHECK(cue_text("one\n\ntwo --> three\n", false) == "one\ntwo -> three");
  CHECK(cue_text("<b> & -->", true) == "&lt;b&gt; &amp; --&gt;");
  CHECK(cue_time(3'723'456 * kMillisecond, true) == "01:02:03.456");
  CHECK(cue_time(360'000'000 * kMillisecond, false) == "100:00:00,000");
}

}  // namespace reelgraph::base
