// The index of vectors against a plain scan of all, and against files that are gone, cut off, damaged, old or of something else.

#include <cmath>
#include <fstream>
#include <random>
#include <sstream>

#include "graph/archive.h"
#include "graph/embeddings.h"
#include "graph/transfer.h"
#include "graph/vectors/vector_index.h"
#include "tests/support/support.h"

using namespace reelgraph::graph;

namespace reelgraph::test {
namespace {

namespace fs = std::filesystem;

constexpr char kModel[] = "maker/model@1";
constexpr std::size_t kSize = 16;

std::string caption_line(int i) {
  return R"({"type":"observation","video":"v","start":)" + std::to_string(i) + R"(,"end":)" + std::to_string(i + 1) +
         R"(,"caption":"Line )" + std::to_string(i) +
         R"( of a long film, told at such length that no two of these captions are short enough to be taken together as one )"
         R"(moment, which keeps the number of vectors in this test to one for each of the captions and one for the film as a whole.",)"
         R"("provenance":{"kind":"human","name":"t","version":"1"}})"
         "\n";
}

/// An archive of captions whose vectors lie in clumps.
struct Indexed {
  TempDir dir;
  Archive archive = Archive::open(dir / "a.reel", OpenMode::kCreate);
  std::mt19937 random;
  std::map<RowId, std::vector<float>> vectors;

  explicit Indexed(int captions, unsigned seed = 1) : random(seed) {
    std::istringstream head("{\"type\":\"video\",\"id\":\"v\",\"duration\":100000}\n");
    (void)import_jsonl(archive, head, "test", {});
    add(0, captions);
  }
  void add(int from, int to) {
    std::string lines;
    for (int i = from; i < to; ++i) lines += caption_line(i);
    std::istringstream in(lines);
    (void)import_jsonl(archive, in, "test", {});
    Embeddings table(archive.store());
    std::vector<EmbeddedText> texts;
    std::vector<std::vector<float>> made;
    table.each_new_text(kModel, [&](EmbeddedText text) {
      if (text.kind == "caption") {
        made.push_back(vector());
        vectors[text.owner] = made.back();
        texts.push_back(std::move(text));
      }
      return true;
    });
    table.put(kModel, texts, made);
  }
  std::vector<float> vector() {
    std::normal_distribution<float> normal, noise;  // each keeps every second number for itself
    std::mt19937 of_clump(static_cast<unsigned>(random() % 200));
    std::vector<float> v(kSize);
    double square = 0;
    for (float& x : v) {
      x = normal(of_clump) + 0.4F * noise(random);
      square += static_cast<double>(x) * static_cast<double>(x);
    }
    for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(square));
    return v;
  }
  [[nodiscard]] std::vector<RowId> scan(const std::vector<float>& to, std::size_t most) const {
    std::vector<std::pair<double, RowId>> all;
    for (const auto& [owner, v] : vectors) {
      double sum = 0;
      for (std::size_t i = 0; i < kSize; ++i) sum += static_cast<double>(v[i]) * static_cast<double>(to[i]);
      all.emplace_back(-sum, owner);
    }
    std::sort(all.begin(), all.end());
    std::vector<RowId> owners;
    for (std::size_t i = 0; i < std::min(most, all.size()); ++i) owners.push_back(all[i].second);
    return owners;
  }
  [[nodiscard]] fs::path file() const {
    for (const auto& entry : fs::directory_iterator(archive.folder())) {
      if (entry.path().extension() == ".faiss") return entry.path();
    }
    return {};
  }
  [[nodiscard]] std::vector<RowId> found(const std::vector<float>& to, std::size_t most, std::string* said = nullptr) const {
    const auto index = VectorIndex::open(archive.store(), kModel, "caption", [&](base::LogLevel, const std::string& text) {
      if (said != nullptr) *said += text;
    });
    std::vector<RowId> owners;
    if (!index) return owners;
    for (const auto& near : index->nearest(to, most)) owners.push_back(near.owner);
    return owners;
  }
};

std::string bytes_of(const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  std::ostringstream bytes;
  bytes << in.rdbuf();
  return bytes.str();
}
void put_bytes(const fs::path& file, const std::string& bytes) { std::ofstream(file, std::ios::binary) << bytes; }

TEST_CASE("a few vectors are compared one by one, as a scan of all would", "[vectors]") {
  Indexed a(300);
  refresh_vector_indexes(a.archive.store());
  REQUIRE_FALSE(a.file().empty());
  const auto index = VectorIndex::open(a.archive.store(), kModel, "caption", {});
  REQUIRE(index);
  CHECK(index->exact());
  CHECK(index->size() == 300);
  for (int i = 0; i < 20; ++i) {
    const auto to = a.vector();
    const auto near = index->nearest(to, 10);
    const auto all = a.scan(to, 10);
    REQUIRE(near.size() == 10);
    for (std::size_t k = 0; k < 10; ++k) {
      CHECK(near[k].owner == all[k]);
      CHECK(near[k].video == 1);
      CHECK(std::abs(near[k].similarity - *index->similarity(near[k].owner, to)) < 1e-5);
    }
  }
  CHECK(index->nearest(std::vector<float>(kSize + 1, 0.1F), 10).empty());
  CHECK(index->nearest(a.vector(), 0).empty());
  CHECK(index->nearest(a.vector(), 5, [](RowId owner) { return owner % 2 == 0; })[0].owner % 2 == 0);
  CHECK_FALSE(index->similarity(100'000, a.vector()));
  CHECK_FALSE(VectorIndex::open(a.archive.store(), "another", "caption", {}));
  CHECK_FALSE(VectorIndex::open(a.archive.store(), kModel, "event", {}));
}

TEST_CASE("an index file that is gone, cut off, damaged, old or of something else is noticed, done without, and written anew",
          "[vectors]") {
  Indexed a(120), other(120, 2);
  refresh_vector_indexes(a.archive.store());
  refresh_vector_indexes(other.archive.store());
  const fs::path file = a.file();
  const std::string good = bytes_of(file);
  const auto to = a.vector();
  const auto all = a.scan(to, 20);
  std::string said;
  REQUIRE(a.found(to, 20, &said) == all);
  REQUIRE(said.empty());

  std::vector<std::pair<std::string, std::string>> bad{
      {"", "cut off"},
      {good.substr(0, good.size() - 1), "cut off"},
      {good.substr(0, good.size() / 2), "cut off"},
      {std::string(good.size(), '\0'), "cut off"},
      {good.substr(0, good.size() - 40) + std::string(8, '\x7f') + good.substr(good.size() - 32), "damaged"},
      {"x" + good, "cut off"},
      {bytes_of(other.file()), "other vectors"},
  };
  for (const std::size_t at : {std::size_t{0}, good.size() / 3, good.size() - 60}) {
    std::string flipped = good;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x10);
    bad.emplace_back(flipped, "damaged");
  }
  std::string newer = good;
  newer[newer.size() - 1] = '9';
  bad.emplace_back(newer, "another version");
  for (const auto& [bytes, words] : bad) {
    put_bytes(file, bytes);
    said.clear();
    CHECK(a.found(to, 20, &said) == all);
    CAPTURE(said, words);
    CHECK(said.find(words) != std::string::npos);
    CHECK(said.find("reelgraph index") != std::string::npos);
    CHECK(bytes_of(file) == bytes);  // who asks writes nothing
    refresh_vector_indexes(a.archive.store());
    said.clear();
    CHECK(a.found(to, 20, &said) == all);
    CHECK(said.empty());
  }
  fs::remove(file);
  CHECK(a.found(to, 20, &said) == all);
  CHECK(said.find("is missing") != std::string::npos);
  put_bytes(a.archive.folder() / "vectors-old-caption.faiss", "of a model that is no more");
  refresh_vector_indexes(a.archive.store());
  CHECK_FALSE(fs::exists(a.archive.folder() / "vectors-old-caption.faiss"));

  // A file from before: what came later is found all the same.
  const std::string before = bytes_of(file);
  a.add(120, 150);
  refresh_vector_indexes(a.archive.store());
  put_bytes(file, before);
  said.clear();
  CHECK(a.found(to, 20, &said) == a.scan(to, 20));
  CHECK(said.empty());
}

TEST_CASE("verify tells of an index file and mends it", "[vectors]") {
  Indexed a(20);
  refresh_vector_indexes(a.archive.store());
  const fs::path folder = a.archive.folder(), file = a.file();
  fs::resize_file(file, 100);
  { const Archive closed = std::move(a.archive); }
  const auto findings = verify(folder, false);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].text.find(file.filename().string() + " is cut off") == 0);
  CHECK_FALSE(findings[0].repaired);
  REQUIRE(verify(folder, true).size() == 1);
  CHECK(verify(folder, false).empty());
}

#ifndef __SANITIZE_ADDRESS__  // takes a minute there; the optimised build runs it
TEST_CASE("many vectors lie in lists that find what a scan finds, also after some were added", "[vectors]") {
  const int many = static_cast<int>(VectorIndex::kExact);
  Indexed a(many + 500);
  refresh_vector_indexes(a.archive.store());
  const auto recall = [&] {
    const auto index =
        VectorIndex::open(a.archive.store(), kModel, "caption", [](base::LogLevel, const std::string& text) { FAIL_CHECK(text); });
    REQUIRE(index);
    CHECK_FALSE(index->exact());
    CHECK(index->size() == static_cast<std::int64_t>(a.vectors.size()));
    std::size_t found = 0;
    for (int i = 0; i < 50; ++i) {
      const auto to = a.vector();
      const auto all = a.scan(to, 10);
      for (const auto& near : index->nearest(to, 10)) found += static_cast<std::size_t>(std::count(all.begin(), all.end(), near.owner));
    }
    return static_cast<double>(found) / 500;
  };
  CHECK(recall() >= .95);
  a.add(many + 500, many + 1500);
  CHECK(recall() >= .95);  // what the file lacks is looked at as well
  refresh_vector_indexes(a.archive.store());
  CHECK(recall() >= .95);
}
#endif

}  // namespace
}  // namespace reelgraph::test
