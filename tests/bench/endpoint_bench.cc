// How much the endpoint captioner costs beside its server: chunks of 8 pictures of 512 px a side through a server that answers at once,
// against the same bodies sent by bare libcurl in the same run, and what it holds in memory while the server is slow.
//
//   bench_endpoint [CHUNKS]      default: 300

#include <curl/curl.h>
#include <malloc.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <random>
#include <string>
#include <vector>

#include "captioner/endpoint/captioner.h"
#include "captioner/profiles.h"
#include "tests/support/model_server.h"

using namespace reelgraph;

namespace {

constexpr int kPictures = 8, kSide = 512, kHeight = 288, kJobs = 4;

double seconds_since(std::chrono::steady_clock::time_point began) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
}

double cpu_seconds() {
  rusage usage{};
  ::getrusage(RUSAGE_SELF, &usage);
  const auto of = [](const timeval& t) { return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_usec) / 1e6; };
  return of(usage.ru_utime) + of(usage.ru_stime);
}

/// Resident memory in MiB.
double resident() {
  std::ifstream in("/proc/self/statm");
  long pages = 0, held = 0;
  in >> pages >> held;
  return static_cast<double>(held) * 4096 / (1 << 20);
}

/// As a film's: smooth shades with some grain, so that JPEG has work to do.
base::Image picture(unsigned seed) {
  base::Image image{kSide, kHeight, {}};
  image.pixels.resize(static_cast<std::size_t>(kSide) * kHeight * 3);
  std::minstd_rand random(seed);
  for (std::size_t i = 0; i < image.pixels.size(); ++i)
    image.pixels[i] = static_cast<std::uint8_t>((i / 3 % kSide / 3 + i / 3 / kSide / 2 + seed * 7 + random() % 12) % 256);
  return image;
}

base::Chunk chunk_of(int index, const std::vector<base::Image>& pictures) {
  base::Chunk chunk;
  chunk.index = index;
  chunk.span = chunk.own = {index * 30 * base::kSecond, (index + 1) * 30 * base::kSecond};
  for (int i = 0; i < kPictures; ++i)
    chunk.keyframes.push_back({chunk.span.start + i * base::kSecond, pictures[static_cast<std::size_t>(i)], 1});
  return chunk;
}

struct Run {
  double seconds = 0, cpu = 0;
  int described = 0;
  double memory = 0;  ///< most above the beginning, MiB
};

Run describe(const test::ModelServer& server, int chunks, int jobs, const std::vector<base::Image>& pictures) {
  base::EndpointSettings settings;
  settings.url = server.url();
  settings.jobs = jobs;
  settings.image_side = kSide;
  captioner::endpoint::EndpointCaptioner captioner(settings, captioner::load_profile("general"), {});
  const auto session = captioner.open("film", {});
  ::malloc_trim(0);
  const double before = resident(), cpu = cpu_seconds();
  Run run;
  const auto began = std::chrono::steady_clock::now();
  const auto take = [&](bool wait) {
    for (const base::Finished& one : session->finished(wait)) run.described += one.result.observation ? 1 : 0;
    run.memory = std::max(run.memory, resident() - before);
  };
  for (int i = 0; i < chunks; ++i) {
    while (!session->has_room()) take(true);
    session->begin(chunk_of(i, pictures));
    take(false);
  }
  while (run.described < chunks) take(true);
  run.seconds = seconds_since(began);
  run.cpu = cpu_seconds() - cpu;
  return run;
}

std::size_t drop(char*, std::size_t size, std::size_t n, void*) { return size * n; }

/// The same bodies, made beforehand, by one easy handle after the other on one kept connection.
double bare_curl(const std::string& url, const std::string& body, int times) {
  CURL* easy = curl_easy_init();
  curl_slist* headers = curl_slist_append(curl_slist_append(nullptr, "Content-Type: application/json"), "Expect:");
  curl_easy_setopt(easy, CURLOPT_URL, url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, body.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &drop);
  const auto began = std::chrono::steady_clock::now();
  for (int i = 0; i < times; ++i) curl_easy_perform(easy);
  const double seconds = seconds_since(began);
  curl_slist_free_all(headers);
  curl_easy_cleanup(easy);
  return seconds;
}

}  // namespace

int main(int argc, char** argv) {
  const int chunks = argc > 1 ? std::atoi(argv[1]) : 300;
  std::vector<base::Image> pictures;
  for (unsigned i = 0; i < kPictures; ++i) pictures.push_back(picture(i));

  test::ModelServer server;
  server.keep_bodies = true;
  static_cast<void>(describe(server, 2, 1, pictures));
  const std::string body = server.seen().bodies.back();
  server.keep_bodies = false;
  server.forget();

  const Run run = describe(server, chunks, kJobs, pictures);
  const double bare = bare_curl(server.url() + "/v1/chat/completions", body, chunks);
  const double rate = chunks / run.seconds * 60, bare_rate = chunks / bare * 60;
  std::printf("bodies of %.0f KiB, %d pictures of %dx%d; the server runs in this process\n", static_cast<double>(body.size()) / 1024,
              kPictures, kSide, kHeight);
  std::printf("captioner, %d at once:   %7.0f chunks/min, %.1f ms of processor a chunk\n", kJobs, rate, run.cpu / chunks * 1000);
  std::printf("bare libcurl, same body: %7.0f requests/min\n", bare_rate);
  std::printf("ratio to bare libcurl:   %7.3f (the rest is JPEG, base64, JSON and checking)\n", rate / bare_rate);
  std::printf("ratio to 500 chunks/min: %7.2f\n", rate / 500);

  server.delay = std::chrono::milliseconds(50);
  double one = 0;
  for (const int jobs : {1, 4, 16}) {
    const Run slow = describe(server, jobs * 6, jobs, pictures);
    if (jobs == 1) one = slow.memory;
    std::printf("slow server, %2d at once: %7.1f MiB above the start at most (%.1f a request), %.2f x that of one\n", jobs, slow.memory,
                slow.memory / jobs, slow.memory / std::max(one, 0.1));
  }
  return run.described == chunks ? 0 : 1;
}
