// Speed and memory of the signals captioner on one core, as ratios against real time and against decoding and sampling alone in the same
// run. `bench_signals FILM...` measures films of your own. No judgement: it prints.

#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "captioner/factory.h"
#include "chunker/chunker.h"
#include "ingest/media_reader.h"

namespace {

using namespace reelgraph;
namespace fs = std::filesystem;

/// CPU time: what others do on the machine does not count.
double cpu_seconds(const std::function<void()>& work) {
  const auto now = [] {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + static_cast<double>(t.tv_nsec) / 1e9;
  };
  const double start = now();
  work();
  return now() - start;
}

double best(const std::function<void()>& work) {
  double least = cpu_seconds(work);
  for (int i = 0; i < 2; ++i) least = std::min(least, cpu_seconds(work));
  return least;
}

enum class Work { kSample, kChunk, kCaption };

/// @returns the film's length, s
double watch(const fs::path& film, Work work) {
  ingest::ReaderOptions options;
  options.threads = 1;
  options.want_audio = options.want_subtitles = false;
  const auto reader = ingest::MediaReader::open(film, options);
  const auto session = captioner::make_captioner({})->open("film", reader->info());
  chunker::Chunker chunker({});
  base::Timestamp due = 0;
  const auto describe = [&] {
    const auto chunks = chunker.take();
    if (work == Work::kCaption) static_cast<void>(session->describe(chunks));
  };
  while (const auto event = reader->next()) {
    const auto* frame = std::get_if<const base::Frame*>(&*event);
    if (frame == nullptr) continue;
    if (work == Work::kSample) {
      if ((*frame)->at() < due) continue;
      static_cast<void>((*frame)->render(base::fit_within((*frame)->size(), 320)));
      due = (*frame)->at() + 200 * base::kMillisecond;
      continue;
    }
    const bool boundary = chunker.add(**frame);
    if (work == Work::kCaption) session->watch(**frame, boundary);
    describe();
  }
  const base::Duration length = reader->summary().duration;
  if (work != Work::kSample) {
    chunker.finish(length);
    describe();
  }
  return base::to_seconds(length);
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

void shell(const std::string& command) {
  if (std::system(command.c_str()) != 0) {
    std::fprintf(stderr, "failed: %s\n", command.c_str());
    std::exit(1);
  }
}

void measure(const fs::path& film) {
  double length = 0;
  const double sample = best([&] { length = watch(film, Work::kSample); });
  const double chunk = best([&] { watch(film, Work::kChunk); });
  const double caption = best([&] { watch(film, Work::kCaption); });
  std::printf("%s, %.1f s of film, CPU time of one core\n", film.filename().c_str(), length);
  std::printf("  decode and 5 pictures/s of 320      %5.1f times real time\n", length / sample);
  std::printf("  the same, cut into chunks           %5.1f  (%.2f of the speed)\n", length / chunk, sample / chunk);
  std::printf("  the same, described                 %5.1f  (%.2f of the speed; goal 20 times real time at 768x432)\n", length / caption,
              sample / caption);
}

}  // namespace

int main(int count, char** arguments) {
  if (count > 1) {
    for (int i = 1; i < count; ++i) measure(arguments[i]);
    return 0;
  }
  std::string folder = (fs::temp_directory_path() / "reelgraph-bench-XXXXXX").string();
  if (::mkdtemp(folder.data()) == nullptr) return 1;
  const fs::path dir = folder;
  const std::string ffmpeg = "ffmpeg -v error -nostdin -y ";
  // A lit wall with a little noise, and something that crosses every ten seconds.
  const fs::path film = dir / "film.mp4";
  shell(ffmpeg +
        "-f lavfi -i gradients=s=768x432:r=10:d=60:speed=0.00001:seed=3 -f lavfi -i color=c=red:s=90x160:r=10:d=60 -filter_complex " +
        "\"[0][1]overlay=x='-90+120*mod(t,10)':y=180,noise=alls=3:allf=t\" -c:v libx264 -preset superfast -crf 26 -pix_fmt yuv420p " +
        film.string());
  measure(film);
  const fs::path hour = dir / "hour.mp4";
  shell(ffmpeg + "-stream_loop 59 -i " + film.string() + " -c copy " + hour.string());
  const double small = peak_mib([&] { watch(film, Work::kCaption); });
  const double large = peak_mib([&] { watch(hour, Work::kCaption); });
  std::printf("peak memory of an hour against a minute: %.2f  (%.0f and %.0f MiB)\n", large / small, large, small);
  std::error_code ignored;
  fs::remove_all(dir, ignored);
}
