#include "cli/interrupt.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstring>

#include "base/error.h"

namespace reelgraph::cli {
namespace {

// A signal handler may touch only these.
std::atomic<int> g_signals = 0;
std::atomic<int> g_pipe = -1;
std::atomic<const char*> g_words = nullptr;
constexpr int kSignals[] = {SIGINT, SIGTERM};

void on_signal(int) {
  const int saved = errno;
  if (g_signals.fetch_add(1) > 0) ::_exit(6);
  const auto put = [](int file, const char* bytes, std::size_t size) {
    [[maybe_unused]] const ssize_t ignored = ::write(file, bytes, size);
  };
  if (const char* words = g_words.load()) put(STDERR_FILENO, words, std::strlen(words));
  put(g_pipe.load(), "s", 1);
  errno = saved;
}

}  // namespace

Interrupt::Interrupt(const char* what) {
  if (::pipe2(pipe_, O_CLOEXEC) != 0) throw base::Error(base::ErrorCode::kInternal, "no pipe: " + base::errno_text(errno));
  g_signals = 0;
  g_words = what;
  g_pipe = pipe_[1];
  // `request_stop` runs callbacks and takes locks, which a handler must not; a thread does it.
  watcher_ = std::thread([this] {
    char byte = 0;
    ssize_t n = 0;
    while ((n = ::read(pipe_[0], &byte, 1)) < 0 && errno == EINTR) {
    }
    if (n == 1 && byte == 's') source_.request_stop();
  });
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  ::sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
}

Interrupt::~Interrupt() {
  for (const int signal : kSignals) ::signal(signal, SIG_DFL);
  g_pipe = -1;
  g_words = nullptr;
  const char byte = 'q';
  [[maybe_unused]] const ssize_t ignored = ::write(pipe_[1], &byte, 1);
  watcher_.join();
  ::close(pipe_[0]);
  ::close(pipe_[1]);
}

}  // namespace reelgraph::cli
