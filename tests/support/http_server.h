#pragma once
// A small HTTP/1.1 server on this machine, for tests of clients: it can misbehave in every way that real ones do. No Catch2 in here, so
// that benchmarks can use it too.

#include <atomic>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

namespace reelgraph::test {

struct HttpServerRequest {
  std::string method, path, body;
  std::map<std::string, std::string> headers;  ///< names in lower case
};

/// One request's way back. Used on the thread of its connection.
class HttpAnswer {
 public:
  HttpAnswer(int socket, const std::atomic<bool>& stopping) : socket_(socket), stopping_(stopping) {}

  /// A whole reply. The connection stays open.
  void reply(int status, std::string_view body, const std::string& type = "application/json", const std::vector<std::string>& headers = {});
  /// Raw bytes. @returns false if the client is gone
  bool send(std::string_view bytes);
  /// The connection is closed after what was sent.
  void cut() { cut_ = true; }
  /// Nothing more is said until the client leaves or the server stops.
  void hang();
  [[nodiscard]] bool is_cut() const { return cut_; }

 private:
  int socket_;
  const std::atomic<bool>& stopping_;
  bool cut_ = false;
};

/// Listens on a free port of 127.0.0.1 while it lives; one thread a connection. The handler is called from these threads at once.
class HttpServer {
 public:
  using Handler = std::function<void(const HttpServerRequest&, HttpAnswer&)>;
  explicit HttpServer(Handler handler);
  ~HttpServer();
  HttpServer(const HttpServer&) = delete;
  HttpServer& operator=(const HttpServer&) = delete;

  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// Connections that were ever opened.
  [[nodiscard]] int connections() const { return connections_; }

 private:
  void accept_all();
  void serve(int socket);

  Handler handler_;
  int listener_ = -1, port_ = 0;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex mutex_;
  std::vector<std::thread> threads_;
  std::thread acceptor_;
};

}  // namespace reelgraph::test
