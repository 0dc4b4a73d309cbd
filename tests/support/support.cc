#include "tests/support/support.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>

extern char** environ;  // POSIX

namespace reelgraph::test {
namespace {

struct Pipe {
  int read_end = -1, write_end = -1;
  Pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) throw std::runtime_error(std::string("pipe: ") + std::strerror(errno));
    read_end = ends[0];
    write_end = ends[1];
  }
  ~Pipe() {
    close_read();
    close_write();
  }
  void close_read() {
    if (read_end >= 0) ::close(read_end);
    read_end = -1;
  }
  void close_write() {
    if (write_end >= 0) ::close(write_end);
    write_end = -1;
  }
};

}  // namespace

TempDir::TempDir() {
  std::string pattern = (std::filesystem::temp_directory_path() / "reelgraph-test-XXXXXX").string();
  if (::mkdtemp(pattern.data()) == nullptr) throw std::runtime_error(std::string("mkdtemp: ") + std::strerror(errno));
  path_ = pattern;
}

TempDir::~TempDir() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

std::optional<std::filesystem::path> shared(const std::string& relative) {
  const std::filesystem::path path = std::filesystem::path(REELGRAPH_SHARED_DIR) / relative;
  if (std::filesystem::exists(path)) return path;
  if (std::getenv("REELGRAPH_REQUIRE_SHARED") != nullptr) FAIL("reference data is required here but absent: " << path);
  std::cout << "SKIPPED: needs reference data that is not here: " << path << "\n";
  return std::nullopt;
}

std::filesystem::path source_dir() { return REELGRAPH_SOURCE_DIR; }
std::filesystem::path binary() { return REELGRAPH_BINARY; }

ProcessResult run(const std::vector<std::string>& command, const std::filesystem::path& folder, const std::string& input,
                  const std::vector<std::string>& environment, double limit_s) {
  Pipe in, out, err;
  std::vector<char*> argv;
  for (const std::string& word : command) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  const pid_t child = ::fork();
  if (child < 0) throw std::runtime_error(std::string("fork: ") + std::strerror(errno));
  if (child == 0) {
    ::setpgid(0, 0);
    ::dup2(in.read_end, 0);
    ::dup2(out.write_end, 1);
    ::dup2(err.write_end, 2);
    if (!folder.empty() && ::chdir(folder.c_str()) != 0) ::_exit(126);
    for (const std::string& pair : environment) ::putenv(const_cast<char*>(pair.c_str()));
    ::execvp(argv[0], argv.data());
    ::_exit(127);
  }
  in.close_read();
  out.close_write();
  err.close_write();

  ::signal(SIGPIPE, SIG_IGN);
  ::fcntl(in.write_end, F_SETFL, O_NONBLOCK);
  ProcessResult result;
  std::size_t written = 0;
  if (input.empty()) in.close_write();
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::duration<double>(limit_s);
  bool late = false;
  while (out.read_end >= 0 || err.read_end >= 0) {
    std::array<pollfd, 3> fds{{{out.read_end, POLLIN, 0}, {err.read_end, POLLIN, 0}, {in.write_end, POLLOUT, 0}}};
    ::poll(fds.data(), fds.size(), 100);
    const auto drain = [](pollfd& fd, Pipe& pipe, std::string& text) {
      if ((fd.revents & (POLLIN | POLLHUP | POLLERR)) == 0) return;
      char buffer[65536];
      const ssize_t n = ::read(fd.fd, buffer, sizeof buffer);
      if (n > 0)
        text.append(buffer, static_cast<std::size_t>(n));
      else
        pipe.close_read();
    };
    drain(fds[0], out, result.out);
    drain(fds[1], err, result.err);
    if (in.write_end >= 0 && (fds[2].revents & (POLLOUT | POLLERR)) != 0) {
      const ssize_t n = ::write(in.write_end, input.data() + written, input.size() - written);
      if (n > 0) written += static_cast<std::size_t>(n);
      if (n < 0 || written == input.size()) in.close_write();
    }
    if (!late && std::chrono::steady_clock::now() > deadline) {
      late = true;
      ::kill(-child, SIGKILL);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  result.exit_code = late ? 124 : WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return result;
}

void draw_film(const std::vector<std::string>& arguments, const std::filesystem::path& output) {
  std::vector<std::string> command{"ffmpeg", "-v", "error", "-y", "-nostdin"};
  command.insert(command.end(), arguments.begin(), arguments.end());
  command.push_back(output.string());
  const ProcessResult result = run(command);
  INFO(result.err);
  REQUIRE(result.exit_code == 0);
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("cannot read " + path.string());
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary);
  out << bytes;
  if (!out) throw std::runtime_error("cannot write " + path.string());
}

}  // namespace reelgraph::test
