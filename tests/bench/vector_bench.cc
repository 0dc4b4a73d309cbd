// Retrieval over many passages: what the index of vectors, the fused search and PageRank cost, and what they find, against plain ways to
// the same answers in the same run.
//
//   bench_vector [PASSAGES [FOLDER]]     default 100000; FOLDER is kept and used again
//   bench_vector --ask FOLDER [QUESTIONS]    only asks; the memory must not grow with the questions
//
// Vectors are drawn around 2,000 middles (384 numbers); each passage names one of PASSAGES / 50 people and is told in words drawn by rank.
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>
#include <sstream>
#include <string_view>

#include "graph/archive.h"
#include "graph/embeddings.h"
#include "graph/network/network.h"
#include "graph/transfer.h"
#include "graph/vectors/vector_index.h"
#include "query/fusion.h"

namespace {

using namespace reelgraph;
namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::size_t kSize = 384;
constexpr int kMiddles = 2000;
constexpr char kModel[] = "bench";

double seconds_since(Clock::time_point began) { return std::chrono::duration<double>(Clock::now() - began).count(); }

std::vector<float> vector_of(std::uint64_t row) {
  std::mt19937 middle(static_cast<unsigned>(row * 2654435761U % kMiddles)), own(static_cast<unsigned>(row + 77));
  std::normal_distribution<float> a, b;
  std::vector<float> v(kSize);
  double square = 0;
  for (float& x : v) {
    x = a(middle) + 0.7F * b(own);
    square += static_cast<double>(x) * static_cast<double>(x);
  }
  for (float& x : v) x = static_cast<float>(static_cast<double>(x) / std::sqrt(square));
  return v;
}

std::string word_of(std::mt19937& random) {
  // By Zipf's law over 20,000 words.
  const double u = std::uniform_real_distribution<double>(0, 1)(random);
  return "w" + std::to_string(static_cast<int>(std::pow(20'000.0, u)));
}

std::string line_of(int row, int people, std::mt19937& random) {
  std::string caption;
  for (int i = 0; i < 12; ++i) caption += word_of(random) + " ";
  const int start = row % 3600 * 10;
  return R"({"type":"observation","video":"v)" + std::to_string(row / 3600) + R"(","start":)" + std::to_string(start) + R"(,"end":)" +
         std::to_string(start + 10) + R"(,"caption":")" + caption + R"(","entities":[{"ref":"a","type":"person","name":"Person )" +
         std::to_string(static_cast<int>(random() % static_cast<unsigned>(people))) +
         R"("}],"provenance":{"kind":"import","name":"bench"}})" + "\n";
}

class NearEmbedder final : public base::TextEmbedder {
 public:
  [[nodiscard]] std::string name() const override { return kModel; }
  [[nodiscard]] std::vector<std::vector<float>> embed(std::span<const std::string> texts) override {
    std::vector<std::vector<float>> vectors;
    for (const std::string& text : texts) vectors.push_back(vector_of(std::hash<std::string>{}(text) % 1'000'003 + 5'000'000));
    return vectors;
  }
};

/// Without what is mapped from files, which the system takes back as it likes. Asked for in a fresh process: what the making of the graph
/// or of the archive left on the heap is not a query's.
long own_kb() {
  std::ifstream in("/proc/self/status");
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("RssAnon:")) return std::stol(line.substr(8));
  }
  return 0;
}

double percentile(std::vector<double> values, double p) {
  std::sort(values.begin(), values.end());
  return values[static_cast<std::size_t>(p * static_cast<double>(values.size() - 1))];
}

void fill(const fs::path& folder, int passages) {
  graph::Archive archive = graph::Archive::open(folder, graph::OpenMode::kCreate);
  std::mt19937 random(1);
  for (int from = 0; from < passages; from += 50'000) {
    std::string lines;
    for (int i = from; i < std::min(passages, from + 50'000); ++i) lines += line_of(i, std::max(1, passages / 50), random);
    std::istringstream in(lines);
    (void)graph::import_jsonl(archive, in, "bench", {});
  }
  graph::Embeddings table(archive.store());
  std::vector<graph::EmbeddedText> texts;
  std::vector<std::vector<float>> vectors;
  const auto put = [&] {
    table.put(kModel, texts, vectors);
    texts.clear();
    vectors.clear();
  };
  std::vector<graph::EmbeddedText> all;
  table.each_text([&](graph::EmbeddedText text) {
    if (text.kind == "caption") all.push_back({text.kind, text.owner, {}});
    return true;
  });
  for (graph::EmbeddedText& text : all) {
    vectors.push_back(vector_of(static_cast<std::uint64_t>(text.owner)));
    texts.push_back(std::move(text));
    if (texts.size() == 20'000) put();
  }
  put();
}

void print_own(const char* when) { std::printf("memory of its own, %-13s %8.1f MiB\n", when, static_cast<double>(own_kb()) / 1024); }

void ask(const fs::path& folder, int questions) {
  print_own("at first");
  auto began = Clock::now();
  const graph::Archive archive = graph::Archive::open(folder, graph::OpenMode::kRead);
  const graph::Store& store = archive.store();
  std::printf("opening the archive             %8.1f ms\n", seconds_since(began) * 1e3);
  began = Clock::now();
  const auto meaning = query::Meaning::read(store, std::make_shared<NearEmbedder>());
  std::printf("opening the vectors             %8.1f ms\n", seconds_since(began) * 1e3);
  if (!meaning) return;
  print_own("opened");
  const query::WordCutter cutter;
  std::mt19937 random(2);
  std::vector<double> fused, by_vector, by_words, by_graph;
  for (int i = 0; i < questions; ++i) {
    query::FusionRequest request;
    while (request.words.words.size() < 4) {
      std::string word = word_of(random);
      if (std::stoi(word.substr(1)) > 50) request.words.words.push_back(std::move(word));  // the 50 commonest are as stop words are
    }
    request.text = "question " + std::to_string(i);
    const auto people = store.find_entities("Person " + std::to_string(random() % 1000), true, 1);
    for (const auto& p : people) request.entities.push_back(p.row);
    (void)meaning->of(request.text);  // the embedder is not what is measured
    const auto time = [&](std::vector<double>& times, const query::FusionRequest& what) {
      const auto from = Clock::now();
      (void)query::retrieve_fused(store, cutter, what);
      times.push_back(seconds_since(from) * 1e3);
    };
    query::FusionRequest words = request, vector = request, around = request;
    words.text.clear();
    words.entities.clear();
    vector.by_words = around.by_words = false;
    vector.entities.clear();
    around.text.clear();
    request.meaning = vector.meaning = meaning.get();
    time(by_words, words);
    time(by_vector, vector);
    time(by_graph, around);
    time(fused, request);
  }
  const auto row = [](const char* what, const std::vector<double>& t) {
    std::printf("%-30s p50 %7.1f ms   p95 %7.1f ms\n", what, percentile(t, .5), percentile(t, .95));
  };
  row("words alone", by_words);
  row("vectors alone", by_vector);
  row("graph alone", by_graph);
  row("all fused", fused);
  print_own("in the end");
}

void recall(const fs::path& folder, int passages) {
  const graph::Archive archive = graph::Archive::open(folder, graph::OpenMode::kRead);
  const auto index = graph::VectorIndex::open(archive.store(), kModel, "caption", {});
  std::vector<float> all;
  std::vector<graph::RowId> owners;
  graph::each_vector(archive.store(), kModel, "caption", [&](const graph::StoredVector& v) {
    owners.push_back(v.owner);
    all.insert(all.end(), v.values.begin(), v.values.end());
    return true;
  });
  double found = 0, exact_s = 0, index_s = 0;
  constexpr int kAsked = 50;
  for (int i = 0; i < kAsked; ++i) {
    const auto to = vector_of(static_cast<std::uint64_t>(9'000'000 + i));
    auto began = Clock::now();
    std::vector<std::pair<double, graph::RowId>> best;
    for (std::size_t r = 0; r < owners.size(); ++r) {
      float lanes[16] = {};
      const float* v = all.data() + r * kSize;
      for (std::size_t k = 0; k < kSize; k += 16) {
        for (std::size_t l = 0; l < 16; ++l) lanes[l] += v[k + l] * to[k + l];
      }
      double sum = 0;
      for (const float l : lanes) sum += static_cast<double>(l);
      best.emplace_back(-sum, owners[r]);
    }
    std::partial_sort(best.begin(), best.begin() + 10, best.end());
    exact_s += seconds_since(began);
    began = Clock::now();
    const auto near = index->nearest(to, 10);
    index_s += seconds_since(began);
    for (int k = 0; k < 10; ++k) {
      found += std::any_of(near.begin(), near.end(), [&](const auto& n) { return n.owner == best[static_cast<std::size_t>(k)].second; });
    }
  }
  std::printf("nearest ten of %d            %8.2f ms, a scan %.2f ms: %.1fx; recall@10 %.3f\n", passages, index_s / kAsked * 1e3,
              exact_s / kAsked * 1e3, exact_s / index_s, found / (10 * kAsked));
}

void page_rank(int edges) {
  std::mt19937 random(5);
  std::vector<graph::Network::Edge> list;
  using Kind = graph::NetworkNode::Kind;
  for (int i = 0; i < edges; ++i)
    list.push_back(
        {{Kind::kObservation, static_cast<graph::RowId>(random() % static_cast<unsigned>(edges / 3))},
         {Kind::kEntity, static_cast<graph::RowId>(std::pow(edges / 50.0, std::uniform_real_distribution<double>(0, 1)(random)))}});
  auto began = Clock::now();
  const graph::Network network(list);
  std::printf("graph of %zu nodes, %zu edges made in %.2f s\n", network.nodes(), network.edges(), seconds_since(began));
  // The plain way: the power series over every edge until little changes.
  std::map<graph::NetworkNode, std::uint32_t> ids;
  for (const auto& [a, b] : list) {
    ids.emplace(a, ids.size());
    ids.emplace(b, ids.size());
  }
  std::sort(list.begin(), list.end());
  list.erase(std::unique(list.begin(), list.end()), list.end());
  std::vector<std::pair<std::uint32_t, std::uint32_t>> pairs;
  std::vector<double> degree(ids.size(), 0);
  for (const auto& [a, b] : list) {
    pairs.emplace_back(ids.at(a), ids.at(b));
    ++degree[pairs.back().first];
    ++degree[pairs.back().second];
  }
  std::vector<double> times, plain_times;
  double agreed = 0;
  constexpr int kAsked = 10;
  for (int i = 0; i < kAsked; ++i) {
    const std::vector<graph::NetworkNode> seeds{{Kind::kEntity, 100 + 37 * i}, {Kind::kEntity, 5 + i}};
    began = Clock::now();
    const auto ranked = network.page_rank(seeds, 50);
    times.push_back(seconds_since(began) * 1e3);
    began = Clock::now();
    std::vector<double> now(ids.size(), 0), next(ids.size(), 0);
    for (const auto& s : seeds) now[ids.at(s)] += .5;
    const std::vector<double> start = now;
    for (int step = 0; step < 50; ++step) {
      for (std::size_t n = 0; n < next.size(); ++n) next[n] = .15 * start[n];
      for (const auto& [a, b] : pairs) {
        next[b] += .85 * now[a] / degree[a];
        next[a] += .85 * now[b] / degree[b];
      }
      now.swap(next);
    }
    plain_times.push_back(seconds_since(began) * 1e3);
    // Many nodes are equally near, so it is not asked which they are but how near.
    double of_ours = 0, of_best = 0;
    for (const auto& r : ranked) of_ours += now[ids.at(r.node)];
    std::partial_sort(now.begin(), now.begin() + 50, now.end(), std::greater<>());
    for (std::size_t k = 0; k < 50; ++k) of_best += now[k];
    agreed += of_ours / of_best;
  }
  std::printf(
      "personalised PageRank           p50 %.1f ms, p95 %.1f ms; by power series %.1f ms: %.1fx; its first 50 have %.1f %% of the score of "
      "the true ones\n",
      percentile(times, .5), percentile(times, .95), percentile(plain_times, .5), percentile(plain_times, .5) / percentile(times, .5),
      100 * agreed / kAsked);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc >= 3 && std::string_view(argv[1]) == "--ask") {
    ask(argv[2], argc > 3 ? std::max(1, std::atoi(argv[3])) : 200);
    return 0;
  }
  const int passages = argc > 1 ? std::atoi(argv[1]) : 100'000;
  const bool keep = argc > 2;
  const fs::path folder = keep ? fs::path(argv[2]) : fs::temp_directory_path() / ("bench_vector_" + std::to_string(::getpid()) + ".reel");
  page_rank(1'000'000);
  if (!fs::exists(folder)) {
    auto began = Clock::now();
    fill(folder, passages);
    std::printf("filled with %d passages in %.0f s\n", passages, seconds_since(began));
    began = Clock::now();
    graph::Archive archive = graph::Archive::open(folder, graph::OpenMode::kWrite);
    graph::refresh_vector_indexes(archive.store());
    std::printf("index of %d vectors made in   %8.1f s\n", passages, seconds_since(began));
  }
  std::fflush(stdout);
  if (const pid_t child = ::fork(); child == 0) {
    ::execl("/proc/self/exe", argv[0], "--ask", folder.c_str(), nullptr);
    ::_exit(127);
  } else {
    ::waitpid(child, nullptr, 0);
  }
  recall(folder, passages);
  if (!keep) fs::remove_all(folder);
}
