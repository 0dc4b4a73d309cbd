#pragma once
// An OpenAI-compatible model server that sees nothing and says what it is told to, well or badly.

#include <atomic>
#include <chrono>
#include <functional>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "tests/support/http_server.h"

namespace reelgraph::test {

/// How a request is answered.
enum class Act {
  kGood,
  kProse,
  kFenced,
  kReasoning,
  kStreamed,  // usable
  kBroken,
  kWrongSchema,
  kRefusal,
  kEmptyText,
  kCutOff,
  kNoChoices,  // paid for and useless
  k429,
  k500,
  kHang,
  kCut,
  kCutStream,
  kHuge,
  kEmpty,
  kRedirect,
  k400,
  k401  // no reply at all
};

class ModelServer {
 public:
  ModelServer();

  // Set before it is used.
  std::function<Act(double start, int nth)> act = [](double, int) {
    return Act::kGood;
  };  ///< by start of the chunk in seconds; nth time, from 1
  /// The reply to a chunk, if not the usual one. @param start, end seconds
  std::function<std::string(double start, double end)> say;
  std::function<std::string(const nlohmann::json& request)> say_text;  ///< to anything that is no chunk and no probe
  std::string key;                                                     ///< demanded if not empty
  std::vector<std::string> models{"tiny-vlm"};
  bool vision = true, schema = false, usage = true;
  int context = 32768;
  std::string retry_after = "1";
  std::string elsewhere = "http://203.0.113.7/steal";  ///< of kRedirect
  std::chrono::milliseconds delay{0};

  [[nodiscard]] std::string url() const { return server_.url(); }
  [[nodiscard]] int connections() const { return server_.connections(); }

  // What happened; read when nothing is under way, or through `locked`.
  struct Seen {
    std::map<double, int> asked;                            ///< by start of chunk: requests
    std::map<double, int> paid;                             ///< by start of chunk: requests that were answered with tokens
    std::int64_t prompt_tokens = 0, completion_tokens = 0;  ///< of chunks
    int repairs = 0, probes = 0, texts = 0, most_at_once = 0;
    std::vector<std::string> bodies;       ///< of chunks, if `keep_bodies`
    std::set<std::string> authorizations;  ///< headers as sent
  };
  bool keep_bodies = false;
  [[nodiscard]] Seen seen() const {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    seen_ = {};
  }

 private:
  void answer(const HttpServerRequest& request, HttpAnswer& answer);
  void chat(const HttpServerRequest& request, HttpAnswer& answer);
  void chunk(double start, double end, const HttpServerRequest& request, HttpAnswer& answer);
  void complete(HttpAnswer& answer, const std::string& text, std::int64_t prompt, bool streamed, const std::string& finish = "stop");
  void embed(const HttpServerRequest& request, HttpAnswer& answer);

  mutable std::mutex mutex_;
  Seen seen_;
  std::atomic<int> at_once_ = 0;
  HttpServer server_;  // last: its threads use the rest
};

/// What a good server says of a part of a film: one person, who walks in two seconds after its start.
[[nodiscard]] std::string usual_reply(double start, double end);

/// How this server counts: not as the client guesses.
[[nodiscard]] std::int64_t prompt_tokens_of(const std::string& body);

}  // namespace reelgraph::test
