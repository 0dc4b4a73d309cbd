// The HTML page of `report bottlenecks` as a browser shows it. Skipped without chromium (scripts/setup --with-browser).

#include "tests/e2e/program.h"

namespace reelgraph::test {
namespace {

/// Runs chromium on a page. @param log of what it asks the network for
ProcessResult browse(const std::filesystem::path& folder, std::vector<std::string> options, const std::filesystem::path& page) {
  std::vector<std::string> words{"chromium",
                                 "--headless",
                                 "--no-sandbox",
                                 "--disable-gpu",
                                 "--no-first-run",
                                 "--disable-background-networking",
                                 "--disable-component-update",
                                 "--disable-sync",
                                 "--disable-default-apps",
                                 "--hide-scrollbars",
                                 "--user-data-dir=" + (folder / "profile").string(),
                                 "--log-net-log=" + (folder / "net.json").string(),
                                 "--host-resolver-rules=MAP * ~NOTFOUND"};
  words.insert(words.end(), options.begin(), options.end());
  words.push_back("file://" + page.string());
  return run(words, folder, {}, {"HOME=" + folder.string()}, 60);
}

bool has_chromium() {
  if (run({"bash", "-c", "command -v chromium"}).exit_code == 0) return true;
  std::cout << "SKIPPED: needs chromium to open the page: scripts/setup --with-browser installs it\n";
  return false;
}

}  // namespace

TEST_CASE("a browser shows the page of bottlenecks: charts and tables have their size, nothing is fetched, it prints", "[e2e][browser]") {
  if (!has_chromium()) return;
  const Reel reel;
  const std::filesystem::path folder = reel.dir.path();
  REQUIRE(run({(binary().parent_path() / "reelgraph-sim").string(), "warehouse", "--seed", "5", "--minutes", "60", "--no-film", "-q", "-o",
               (folder / "hall").string()})
              .exit_code == 0);
  REQUIRE(reel.call({"import", (folder / "hall/truth.observations.jsonl").string()}).exit_code == 0);
  REQUIRE(reel.call({"report", "bottlenecks", "--format", "html", "-o", "hall.html"}).exit_code == 0);

  const ProcessResult shot =
      browse(folder, {"--window-size=1100,1400", "--screenshot=" + (folder / "hall.png").string()}, folder / "hall.html");
  INFO(shot.err);
  REQUIRE(std::filesystem::exists(folder / "hall.png"));
  CHECK(read_file(folder / "hall.png").starts_with("\x89PNG"));
  CHECK(std::filesystem::file_size(folder / "hall.png") > 20'000);  // an empty page has 5 kB

  // A copy that measures itself, and asks for one picture, so that the net log is known to tell.
  const std::string page = read_file(folder / "hall.html");
  std::string copy = page;
  const std::size_t policy = copy.find("<meta http-equiv=\"Content-Security-Policy\"");
  REQUIRE(policy != std::string::npos);
  copy.erase(policy, copy.find('>', policy) + 1 - policy);
  const std::size_t end = copy.find("</main>");
  REQUIRE(end != std::string::npos);
  copy.insert(end, R"(<img src="http://asked.invalid/x.png"><pre id="measured"></pre><script>
const sizes = {charts: [], tables: [], texts: 0, wide: document.documentElement.scrollWidth - innerWidth};
for (const e of document.querySelectorAll("svg")) sizes.charts.push([e.getBoundingClientRect().width, e.getBoundingClientRect().height]);
for (const e of document.querySelectorAll("table")) sizes.tables.push([e.rows.length, e.getBoundingClientRect().height]);
for (const chart of document.querySelectorAll("svg")) {
  const boxes = [...chart.querySelectorAll("text")].map(e => e.getBoundingClientRect());
  boxes.forEach((a, i) => boxes.slice(i + 1).forEach(b => {
    if (a.left < b.right && b.left < a.right && a.top + 2 < b.bottom && b.top + 2 < a.bottom) ++sizes.texts;
  }));
}
document.getElementById("measured").textContent = "measured " + JSON.stringify(sizes) + " end";</script>)");
  write_file(folder / "copy.html", copy);
  const ProcessResult dom = browse(folder, {"--window-size=600,1400", "--dump-dom"}, folder / "copy.html");
  INFO(dom.err);
  CHECK_THAT(read_file(folder / "net.json"), Contains("asked.invalid"));
  const std::size_t from = dom.out.find(">measured "), to = dom.out.find(" end</pre>");
  REQUIRE((from != std::string::npos && to != std::string::npos));
  const nlohmann::json sizes = nlohmann::json::parse(dom.out.substr(from + 10, to - from - 10));
  REQUIRE(sizes.at("charts").size() == 3);
  for (const nlohmann::json& chart : sizes.at("charts")) {
    CHECK(chart.at(0).get<double>() > 300);
    CHECK(chart.at(1).get<double>() > 50);
  }
  REQUIRE(sizes.at("tables").size() == 2);
  for (const nlohmann::json& table : sizes.at("tables")) {
    const int rows = table.at(0);
    CHECK(rows >= 3);
    CHECK(table.at(1).get<double>() < 60 * rows);  // names were once broken letter by letter
  }
  CHECK(sizes.at("texts") == 0);  // no label lies on another
  CHECK(sizes.at("wide").get<double>() <= 0);

  const ProcessResult print =
      browse(folder, {"--no-pdf-header-footer", "--print-to-pdf=" + (folder / "hall.pdf").string()}, folder / "hall.html");
  INFO(print.err);
  REQUIRE(std::filesystem::exists(folder / "hall.pdf"));
  CHECK(read_file(folder / "hall.pdf").starts_with("%PDF"));
  // Whatever chromium asks for itself is Google's; the page asks for nothing.
  const std::string asked = read_file(folder / "net.json");
  CHECK_FALSE(asked.find("asked.invalid") != std::string::npos);
  for (std::size_t at = asked.find("\"url\":\"http"); at != std::string::npos; at = asked.find("\"url\":\"http", at + 1)) {
    const std::string url = asked.substr(at + 7, asked.find('"', at + 7) - at - 7);
    INFO(url);
    const bool own = url.find(".google.com/") != std::string::npos || url.find(".googleapis.com/") != std::string::npos ||
                     url.find(".gvt1.com/") != std::string::npos;
    CHECK(own);
  }
}

}  // namespace reelgraph::test
