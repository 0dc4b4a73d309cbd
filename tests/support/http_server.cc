#include "tests/support/http_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstdlib>
#include <stdexcept>

namespace reelgraph::test {
namespace {

constexpr int kPollMs = 50;

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool readable(int socket, const std::atomic<bool>& stopping) {
  while (!stopping) {
    pollfd fd{socket, POLLIN, 0};
    if (::poll(&fd, 1, kPollMs) > 0) return true;
  }
  return false;
}

}  // namespace

bool HttpAnswer::send(std::string_view bytes) {
  while (!bytes.empty()) {
    if (stopping_) return false;
    pollfd fd{socket_, POLLOUT, 0};
    if (::poll(&fd, 1, kPollMs) <= 0) continue;
    const ssize_t n = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) continue;
    if (n <= 0) {
      cut_ = true;
      return false;
    }
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

void HttpAnswer::reply(int status, std::string_view body, const std::string& type, const std::vector<std::string>& headers) {
  std::string head = "HTTP/1.1 " + std::to_string(status) + " Status\r\nContent-Type: " + type +
                     "\r\nContent-Length: " + std::to_string(body.size()) + "\r\n";
  for (const std::string& header : headers) head += header + "\r\n";
  head += "\r\n";
  if (send(head)) send(body);
}

void HttpAnswer::hang() {
  cut_ = true;
  while (readable(socket_, stopping_)) {
    char byte = 0;
    if (::recv(socket_, &byte, 1, MSG_DONTWAIT) <= 0) return;
  }
}

HttpServer::HttpServer(Handler handler) : handler_(std::move(handler)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  if (listener_ < 0 || ::bind(listener_, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(listener_, 128) != 0 ||
      ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length) != 0)
    throw std::runtime_error("no server could be started on 127.0.0.1");
  port_ = ntohs(address.sin_port);
  acceptor_ = std::thread([this] { accept_all(); });
}

HttpServer::~HttpServer() {
  stopping_ = true;
  acceptor_.join();
  for (std::thread& thread : threads_) thread.join();
  ::close(listener_);
}

void HttpServer::accept_all() {
  while (readable(listener_, stopping_)) {
    const int socket = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (socket < 0) continue;
    const int on = 1;
    ::setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    ++connections_;
    const std::lock_guard lock(mutex_);
    threads_.emplace_back([this, socket] { serve(socket); });
  }
}

void HttpServer::serve(int socket) {
  std::string buffer;
  std::vector<char> piece(1 << 18);
  const auto more = [&] {
    if (!readable(socket, stopping_)) return false;
    const ssize_t n = ::recv(socket, piece.data(), piece.size(), 0);
    if (n <= 0) return false;
    buffer.append(piece.data(), static_cast<std::size_t>(n));
    return true;
  };
  bool open = true;
  while (open) {
    std::size_t end = 0;
    while ((end = buffer.find("\r\n\r\n")) == std::string::npos && (open = more())) {
    }
    if (!open) break;
    HttpServerRequest request;
    std::size_t at = buffer.find("\r\n");
    const std::string first = buffer.substr(0, at);
    request.method = first.substr(0, first.find(' '));
    request.path = first.substr(request.method.size() + 1, first.rfind(' ') - request.method.size() - 1);
    while (at < end) {
      const std::size_t next = buffer.find("\r\n", at + 2);
      const std::string line = buffer.substr(at + 2, next - at - 2);
      if (const std::size_t colon = line.find(':'); colon != std::string::npos)
        request.headers[lower(line.substr(0, colon))] = line.substr(std::min(line.size(), line.find_first_not_of(' ', colon + 1)));
      at = next;
    }
    const std::size_t length =
        request.headers.contains("content-length") ? std::strtoull(request.headers["content-length"].c_str(), nullptr, 10) : 0;
    while (buffer.size() < end + 4 + length && (open = more())) {
    }
    if (!open) break;
    request.body = buffer.substr(end + 4, length);
    buffer.erase(0, end + 4 + length);
    HttpAnswer answer(socket, stopping_);
    handler_(request, answer);
    open = !answer.is_cut() && !stopping_;
  }
  ::close(socket);
}

}  // namespace reelgraph::test
