// Speed and memory of reading films, as ratios against the ffmpeg program or another mode in the same run. No judgement: it prints.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <functional>
#include <string>
#include <thread>

#include "ingest/media_reader.h"

namespace {

using namespace reelgraph;
namespace fs = std::filesystem;

double seconds(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// The best of three: other work on the machine only ever adds.
double best(const std::function<void()>& work) {
  double least = seconds(work);
  for (int i = 0; i < 2; ++i) least = std::min(least, seconds(work));
  return least;
}

void shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) {
    std::fprintf(stderr, "failed: %s\n", command.c_str());
    std::exit(1);
  }
}

struct Work {
  double pictures_per_s = 0;  ///< rendered, 768 wide; 0: none
  bool thumbnails = false;    ///< 64x36 of every frame
  bool keyframes_only = false;
  bool audio = false;
};

void read(const fs::path& film, const Work& work, int threads) {
  ingest::ReaderOptions options;
  options.threads = threads;
  options.want_audio = work.audio;
  options.want_subtitles = false;
  options.keyframes_only = work.keyframes_only;
  const auto reader = ingest::MediaReader::open(film, options);
  base::Timestamp due = 0;
  while (const auto event = reader->next()) {
    const auto* frame = std::get_if<const base::Frame*>(&*event);
    if (frame == nullptr) continue;
    if (work.thumbnails) static_cast<void>((*frame)->render({64, 36}));
    if (work.pictures_per_s > 0 && (*frame)->at() >= due) {
      static_cast<void>((*frame)->render(base::fit_within((*frame)->size(), 768)));
      due = (*frame)->at() + static_cast<base::Duration>(1e6 / work.pictures_per_s);
    }
  }
}

/// Highest resident size of a process that does nothing else, MiB.
double peak_mib(const std::function<void()>& work) {
  const pid_t child = ::fork();
  if (child == 0) {
    work();
    ::_exit(0);
  }
  int status = 0;
  rusage usage{};
  ::wait4(child, &status, 0, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

}  // namespace

int main() {
  std::string folder = (fs::temp_directory_path() / "reelgraph-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const fs::path dir = folder;
  const int threads = static_cast<int>(std::max(1U, std::thread::hardware_concurrency()));
  const std::string ffmpeg = "ffmpeg -v error -nostdin -y ";

  // Moving detail with a little noise, much as a camera gives.
  const fs::path film = dir / "film.mp4";
  shell(ffmpeg +
        "-f lavfi -i testsrc2=size=1280x720:rate=30 -t 40 -vf noise=alls=3:allf=t -c:v libx264 -preset superfast -crf 27 -g 250 -pix_fmt "
        "yuv420p " +
        film.string());
  const fs::path gop30 = dir / "gop30.mp4";
  shell(ffmpeg + "-i " + film.string() + " -c:v libx264 -preset superfast -crf 27 -g 30 -keyint_min 30 -sc_threshold 0 " + gop30.string());

  for (const int n : {1, threads}) {
    const double reference =
        best([&] { shell(ffmpeg + "-threads " + std::to_string(n) + " -i " + film.string() + " -map 0:v -vsync passthrough -f null -"); });
    const double plain = best([&] { read(film, {}, n); });
    const double sampled = best([&] { read(film, {.pictures_per_s = 1}, n); });
    const double thumbs = best([&] { read(film, {.pictures_per_s = 1, .thumbnails = true}, n); });
    std::printf("%d thread(s), 1200 frames of 1280x720: speed against ffmpeg -f null (%.0f frames/s)\n", n, 1200 / reference);
    std::printf("  decode only                         %.2f\n", reference / plain);
    std::printf("  decode and 1 picture/s of 768       %.2f  (goal 0.90)\n", reference / sampled);
    std::printf("  the same and 64x36 of every frame   %.2f\n", reference / thumbs);
  }
  const double full = best([&] { read(gop30, {}, threads); });
  const double keys = best([&] { read(gop30, {.keyframes_only = true}, threads); });
  std::printf("key pictures only against full decode, GOP 30: %.1f times the speed (goal 6)\n", full / keys);

  shell(ffmpeg +
        "-f lavfi -i testsrc2=size=320x180:rate=10 -f lavfi -i sine=sample_rate=16000 -t 60 -c:v libx264 -preset veryfast -g 50 -c:a aac " +
        (dir / "minute.mkv").string());
  for (const char* ending : {".mkv", ".ts", ".mp4"}) {
    const fs::path short_film = dir / (std::string("short") + ending), long_film = dir / (std::string("long") + ending);
    shell(ffmpeg + "-stream_loop 9 -i " + (dir / "minute.mkv").string() + " -c copy " + short_film.string());
    shell(ffmpeg + "-stream_loop 599 -i " + (dir / "minute.mkv").string() + " -c copy " + long_film.string());
    const Work work{.pictures_per_s = 0.1, .keyframes_only = true, .audio = true};
    const double small = peak_mib([&] { read(short_film, work, 1); });
    const double large = peak_mib([&] { read(long_film, work, 1); });
    std::printf("peak memory of 10 hours against 10 minutes (%s): %.2f  (%.0f and %.0f MiB)\n", ending + 1, large / small, large, small);
    fs::remove(long_film);
  }
  std::error_code ignored;
  fs::remove_all(dir, ignored);
}
