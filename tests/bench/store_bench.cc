// How fast the store takes observation lines, and how fast a large archive answers.
//   store_bench [HOURS [OBSERVATIONS.jsonl...]]
// HOURS of synthetic chunks (default 200; 10000 is the goal's size and takes some minutes and 5 GB), and the files to import for the first
// part. Link: reelgraph::graph, SQLite::SQLite3, nlohmann_json (the reference of part one is a bare table).
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>

#include "base/observation_json.h"
#include "graph/transfer.h"

namespace {

using namespace reelgraph;
using Clock = std::chrono::steady_clock;

/// Of this process: tells what the work costs where the machine is shared and the wall clock cannot.
double cpu_seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

struct Folder {
  std::filesystem::path path;
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "reelgraph-bench-XXXXXX").string();
    path = mkdtemp(name.data());
  }
  ~Folder() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

/// Lines as the synthetic matches have them, for machines without the reference data.
std::string drawn_lines(int count) {
  std::ostringstream out;
  for (int i = 0; i < count; ++i) {
    const std::string a = std::to_string(i * 7 % 500), b = std::to_string(i * 13 % 500);
    out << R"({"type":"observation","video":"match-)" << i / 3000 << R"(","start":)" << i % 3000 * 2 << R"(,"end":)" << i % 3000 * 2 + 1
        << R"(,"caption":"Player )" << a << " passes to Player " << b << R"(","entities":[{"ref":"p1","id":"player:)" << a
        << R"(","name":"Player )" << a << R"(","type":"player","attributes":{"shirt_number":7}},{"ref":"p2","id":"player:)" << b
        << R"(","name":"Player )" << b
        << R"(","type":"player"},{"ref":"t1","id":"team:1","name":"Home","type":"team"}],"events":[{"type":"pass","participants":[{"ref":"p1","role":"agent"},{"ref":"p2","role":"recipient"},{"ref":"t1","role":"team"}],"attributes":{"outcome":"complete","half":1},"description":"Player )"
        << a << " passes to Player " << b
        << R"("}],"relations":[{"source":"p1","type":"plays_for","target":"t1"}],"provenance":{"kind":"import","name":"bench"}})" << '\n';
  }
  return out.str();
}

/// The least that storing lines can cost: parse each, put it into one table without any index, in one transaction.
double reference_import(const std::vector<std::string>& texts, const std::filesystem::path& file) {
  const auto start = Clock::now();
  sqlite3* db = nullptr;
  sqlite3_open(file.c_str(), &db);
  sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; CREATE TABLE line(body TEXT); BEGIN", nullptr, nullptr, nullptr);
  sqlite3_stmt* insert = nullptr;
  sqlite3_prepare_v2(db, "INSERT INTO line VALUES(?)", -1, &insert, nullptr);
  for (const std::string& text : texts) {
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) {
      const std::string body = nlohmann::json::parse(line).dump();
      sqlite3_bind_text(insert, 1, body.data(), static_cast<int>(body.size()), SQLITE_STATIC);
      sqlite3_step(insert);
      sqlite3_reset(insert);
    }
  }
  sqlite3_finalize(insert);
  sqlite3_exec(db, "COMMIT", nullptr, nullptr, nullptr);
  sqlite3_close(db);
  return seconds_since(start);
}

void bench_import(const std::vector<std::string>& texts, const std::filesystem::path& folder) {
  std::int64_t lines = 0;
  for (const std::string& text : texts) lines += std::count(text.begin(), text.end(), '\n');
  double ours = 1e9, reference = 1e9, cpu = 1e9;
  for (int round = 0; round < 3; ++round) {
    const std::string suffix = std::to_string(round);
    reference = std::min(reference, reference_import(texts, folder / ("reference" + suffix + ".db")));
    const auto start = Clock::now();
    const double cpu_start = cpu_seconds();
    graph::Archive archive = graph::Archive::open(folder / ("import" + suffix + ".reel"), graph::OpenMode::kCreate);
    for (const std::string& text : texts) {
      std::istringstream in(text);
      graph::import_jsonl(archive, in, "bench", {});
    }
    ours = std::min(ours, seconds_since(start));
    cpu = std::min(cpu, cpu_seconds() - cpu_start);
  }
  const double n = static_cast<double>(lines);
  std::printf("import: %.0f lines, %.0f lines/s with all indexes (%.0f per CPU second); parse + one bare table %.0f lines/s; ratio %.2f\n",
              n, n / ours, n / cpu, n / reference, reference / ours);
}

/// Words with the frequencies of language: the i-th is about 1/i as frequent as the first.
class Language {
 public:
  Language() {
    static const char* kSyllables[] = {"ka", "lo", "mi", "ter", "sun", "ra", "vel", "do", "pin", "gar", "shi", "no"};
    double sum = 0;
    for (int i = 0; i < 20'000; ++i) {
      std::string word;
      for (int n = i + 12; n > 0; n /= 12) word += kSyllables[n % 12];
      words_.push_back(std::move(word));
      sum += 1.0 / (i + 3);
      cumulative_.push_back(sum);
    }
  }
  const std::string& word(std::mt19937_64& random) const {
    const double at = std::uniform_real_distribution<double>(0, cumulative_.back())(random);
    return words_[static_cast<std::size_t>(std::lower_bound(cumulative_.begin(), cumulative_.end(), at) - cumulative_.begin())];
  }
  const std::string& at(std::size_t rank) const { return words_[rank]; }
  std::string sentence(std::mt19937_64& random, int length) const {
    std::string text;
    for (int i = 0; i < length; ++i) text += (i > 0 ? " " : "") + word(random);
    return text;
  }

 private:
  std::vector<std::string> words_;
  std::vector<double> cumulative_;
};

base::Observation drawn_chunk(const Language& language, std::mt19937_64& random, const std::string& video, int index) {
  static const char* kTypes[] = {"appear", "leave", "motion", "stop", "person_walks", "vehicle_turns", "loud", "cut", "picks_up", "talks"};
  base::Observation o;
  o.video = video;
  o.span = {index * 30 * base::kSecond, (index + 1) * 30 * base::kSecond};
  o.caption = language.sentence(random, 25);
  o.transcript = language.sentence(random, 40);
  o.provenance = {"vlm", "bench", "1"};
  for (int i = 0; i < 2; ++i) {
    base::EntityMention m;
    m.ref = std::string("e").append(std::to_string(i));
    m.name = "person " + std::to_string(random() % 40);
    m.type = i == 0 ? "person" : "vehicle";
    m.description = language.sentence(random, 4);
    o.entities.push_back(std::move(m));
  }
  for (int i = 0; i < 3; ++i) {
    base::Event e;
    e.type = kTypes[random() % 10];
    e.span = {o.span.start + i * 10 * base::kSecond, o.span.start + (i * 10 + 5) * base::kSecond};
    e.description = language.sentence(random, 6);
    e.participants = {{i % 2 == 0 ? "e0" : "e1", "agent"}};
    o.events.push_back(std::move(e));
  }
  return o;
}

template <typename Query>
void bench_query(const char* name, int times, const Query& query) {
  std::vector<double> wall, cpu;
  std::size_t results = 0;
  for (int i = 0; i < times; ++i) {
    const auto start = Clock::now();
    const double cpu_start = cpu_seconds();
    results += query(i);
    wall.push_back(1e3 * seconds_since(start));
    cpu.push_back(1e3 * (cpu_seconds() - cpu_start));
  }
  const auto at = [](std::vector<double>& ms, double share) {
    std::sort(ms.begin(), ms.end());
    return ms[static_cast<std::size_t>(share * static_cast<double>(ms.size() - 1))];
  };
  std::printf("%-34s p50 %8.2f  p95 %8.2f  worst %8.2f ms; CPU p50 %8.2f  p95 %8.2f ms  (%.1f results each)\n", name, at(wall, 0.5),
              at(wall, 0.95), wall.back(), at(cpu, 0.5), at(cpu, 0.95), static_cast<double>(results) / times);
  std::fflush(stdout);
}

void bench_queries(int hours, const std::filesystem::path& folder) {
  const Language language;
  std::mt19937_64 random(1);
  const auto start = Clock::now();
  constexpr int kChunksPerHour = 120;
  const std::filesystem::path path = folder / "large.reel";
  {
    graph::Archive archive = graph::Archive::open(path, graph::OpenMode::kCreate);
    for (int hour = 0; hour < hours; hour += 10) {
      const auto bulk = archive.store().begin_bulk();
      const std::string video = "camera-" + std::to_string(hour / 10);
      for (int i = 0; i < std::min(10, hours - hour) * kChunksPerHour; ++i) {
        base::Observation o = drawn_chunk(language, random, video, i);
        bulk->add(o);
      }
      bulk->commit();
    }
    std::printf("built %d hours (%lld observations, %lld events) in %.0f s, %.0f MB\n", hours,
                static_cast<long long>(archive.store().counts().observations), static_cast<long long>(archive.store().counts().events),
                seconds_since(start), static_cast<double>(archive.size_on_disk().database) / 1e6);
  }
  bench_query("open", 20, [&](int) {
    return static_cast<std::size_t>(graph::Archive::open(path, graph::OpenMode::kRead).store().counts().videos > 0);
  });
  graph::Archive archive = graph::Archive::open(path, graph::OpenMode::kRead);
  const graph::Store& store = archive.store();
  const auto search = [&](const std::vector<std::string>& words, const std::vector<std::string>& videos = {}) {
    return store.search({words, false, videos, {}, 10}).size();
  };
  bench_query("search, 3 words as people use them", 200, [&](int) {
    return search({language.word(random), language.word(random), language.word(random)});
  });
  bench_query("search, 3 of the commonest words", 50, [&](int i) {
    const std::size_t n = static_cast<std::size_t>(i % 10);
    return search({language.at(n), language.at(n + 1), language.at(n + 2)});
  });
  bench_query("search, 8 words", 50, [&](int) {
    std::vector<std::string> words;
    for (int i = 0; i < 8; ++i) words.push_back(language.word(random));
    return search(words);
  });
  bench_query("search, all of 3 common words", 50, [&](int i) {
    const std::size_t n = static_cast<std::size_t>(i % 10);
    return store.search({{language.at(n), language.at(n + 5), language.at(n + 9)}, true, {}, {}, 10}).size();
  });
  bench_query("search, one video, common words", 50, [&](int i) {
    return search({language.at(static_cast<std::size_t>(i % 10)), language.at(20)},
                  {"camera-" + std::to_string(i % std::max(1, hours / 10))});
  });
  bench_query("events of a video", 50, [&](int i) {
    graph::EventFilter filter;
    filter.videos = {"camera-" + std::to_string(i % std::max(1, hours / 10))};
    filter.limit = 50;
    return store.events(filter).size();
  });
  bench_query("first events of a type, any video", 50, [&](int) {
    graph::EventFilter filter;
    filter.types = {"cut"};
    filter.limit = 10;
    return store.events(filter).size();
  });
  bench_query("events within a minute, any video", 20, [&](int i) {
    graph::EventFilter filter;
    filter.within = base::TimeSpan{i * 100 * base::kSecond, (i * 100 + 2) * base::kSecond};
    filter.limit = 50;
    return store.events(filter).size();
  });
  bench_query("count of a type in a video", 50, [&](int i) {
    graph::EventFilter filter;
    filter.types = {"cut"};
    filter.videos = {"camera-" + std::to_string(i % std::max(1, hours / 10))};
    return static_cast<std::size_t>(store.count_events(filter));
  });
  bench_query("count of a type, all videos", 50, [&](int) {
    graph::EventFilter filter;
    filter.types = {"cut"};
    return static_cast<std::size_t>(store.count_events(filter) > 0);
  });
  bench_query("entities by name", 50, [&](int i) { return store.find_entities("person " + std::to_string(i % 40), true, 10).size(); });
  bench_query("entities by a shared word", 50, [&](int) { return store.find_entities("person", false, 10).size(); });
}

}  // namespace

int main(int argc, char** argv) {
  const int hours = argc > 1 ? std::atoi(argv[1]) : 200;
  const Folder folder;
  std::vector<std::string> texts;
  for (int i = 2; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    std::ostringstream text;
    text << in.rdbuf();
    texts.push_back(std::move(text).str());
  }
  if (texts.empty()) texts.push_back(drawn_lines(15'000));
  bench_import(texts, folder.path);
  if (hours > 0) bench_queries(hours, folder.path);
  return 0;
}
