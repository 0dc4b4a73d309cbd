#pragma once
// HTTP as a model server needs it: many requests at once over kept connections, HTTP/2 where offered, everything from the server bounded.
// Knows nothing of retries or of what is said.

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace reelgraph::captioner::endpoint {

struct HttpRequest {
  std::string url;
  std::string body;    ///< JSON; empty: GET
  std::string bearer;  ///< secret; empty: none is sent
  std::filesystem::path ca_file;
  bool no_proxy = false;
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::milliseconds timeout{300'000};  ///< of the whole exchange
  std::size_t largest_reply = std::size_t{8} << 20;
};

/// What came back, or why nothing did. Nothing in it is to be trusted; the bearer does not occur in it.
struct HttpReply {
  int status = 0;  ///< 0: there was no complete reply
  std::string body;
  std::string content_type;
  std::string retry_after;  ///< header as sent; empty if absent
  std::string location;     ///< scheme and host that a redirect names; redirects are never followed
  std::string error;        ///< of the transport, for people; empty if there was a reply
  bool too_large = false;
  bool timed_out = false;
  bool certificate = false;  ///< the server's certificate was not accepted
  double seconds = 0;
};

/// Owns the connections. One thread uses it, but for `wake`.
class HttpClient {
 public:
  HttpClient();
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  using Id = std::size_t;
  void start(Id id, HttpRequest request);
  struct Done {
    Id id = 0;
    HttpReply reply;
  };
  /// Works for at most `longest`, less when something finishes or `wake` is called.
  [[nodiscard]] std::vector<Done> work(std::chrono::milliseconds longest);
  [[nodiscard]] std::size_t running() const;
  /// Ends the current `work` early. Callable from any thread.
  void wake();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// `text` with every occurrence of `secret` blotted out.
[[nodiscard]] std::string without_secret(std::string text, const std::string& secret);

}  // namespace reelgraph::captioner::endpoint
