#include "captioner/endpoint/http_client.h"

#include <curl/curl.h>

#include <cstring>
#include <map>
#include <new>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/observation_json.h"
#include "captioner/endpoint/address.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr std::size_t kMostHeaders = std::size_t{64} << 10;  // bytes

struct CurlGlobal {
  CurlGlobal() { curl_global_init(CURL_GLOBAL_DEFAULT); }
};

void need(CURLcode code) {
  if (code != CURLE_OK)
    throw base::Error(base::ErrorCode::kInternal, std::string("libcurl refused an option: ") + curl_easy_strerror(code));
}

bool same_word(std::string_view a, std::string_view b) { return a.size() == b.size() && ::strncasecmp(a.data(), b.data(), a.size()) == 0; }

/// One exchange; its address is libcurl's while it runs.
struct Exchange {
  HttpClient::Id id = 0;
  HttpRequest request;
  HttpReply reply;
  CURL* easy = nullptr;
  curl_slist* headers = nullptr;
  std::size_t header_bytes = 0;
  char error[CURL_ERROR_SIZE] = {};

  ~Exchange() { curl_slist_free_all(headers); }
};

std::size_t take_body(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = size * count;
  if (exchange.reply.body.size() + bytes > exchange.request.largest_reply) {
    exchange.reply.too_large = true;
    return 0;
  }
  try {
    exchange.reply.body.append(data, bytes);
  } catch (const std::bad_alloc&) {
    exchange.reply.too_large = true;
    return 0;
  }
  return bytes;
}

std::size_t take_header(char* data, std::size_t size, std::size_t count, void* user) {
  auto& exchange = *static_cast<Exchange*>(user);
  const std::size_t bytes = size * count;
  exchange.header_bytes += bytes;
  if (exchange.header_bytes > kMostHeaders) {
    exchange.reply.too_large = true;
    return 0;
  }
  const std::string_view line(data, bytes);
  const std::size_t colon = line.find(':');
  if (line.rfind("HTTP/", 0) == 0) {
    exchange.reply.retry_after.clear();
  } else if (colon != std::string_view::npos) {
    const std::string_view name = line.substr(0, colon);
    const std::string value = base::clean_line(line.substr(colon + 1), 2000);
    if (same_word(name, "retry-after")) exchange.reply.retry_after = value;
    if (same_word(name, "location")) exchange.reply.location = host_of(value);
  }
  return bytes;
}

std::string words_for(CURLcode code, const Exchange& exchange) {
  if (exchange.reply.too_large) return "the reply is larger than " + std::to_string(exchange.request.largest_reply >> 20) + " MiB";
  switch (code) {
    case CURLE_OPERATION_TIMEDOUT: return "no reply within " + std::to_string((exchange.request.timeout.count() + 999) / 1000) + " s";
    case CURLE_COULDNT_CONNECT: return "nothing answers there (is the server running?)";
    case CURLE_COULDNT_RESOLVE_HOST: return "the host's name is unknown";
    case CURLE_GOT_NOTHING:
    case CURLE_PARTIAL_FILE:
    case CURLE_RECV_ERROR:
    case CURLE_SEND_ERROR: return "the connection broke";
    case CURLE_PEER_FAILED_VERIFICATION: return "the server's certificate is not trusted";
    default: return base::clean_line(exchange.error[0] != '\0' ? exchange.error : curl_easy_strerror(code), 300);
  }
}

}  // namespace

std::string without_secret(std::string text, const std::string& secret) {
  static constexpr std::string_view kBlot = "[key]";
  if (secret.empty()) return text;
  for (std::size_t at = text.find(secret); at != std::string::npos; at = text.find(secret, at + kBlot.size()))
    text.replace(at, secret.size(), kBlot);
  return text;
}

struct HttpClient::State {
  CURLM* multi = nullptr;
  std::map<CURL*, std::unique_ptr<Exchange>> running;
  std::vector<CURL*> idle;

  ~State() {
    for (auto& [easy, exchange] : running) {
      curl_multi_remove_handle(multi, easy);
      curl_easy_cleanup(easy);
    }
    for (CURL* easy : idle) curl_easy_cleanup(easy);
    if (multi != nullptr) curl_multi_cleanup(multi);
  }
};

HttpClient::HttpClient() : state_(std::make_unique<State>()) {
  static const CurlGlobal global;
  state_->multi = curl_multi_init();
  if (state_->multi == nullptr) throw base::Error(base::ErrorCode::kInternal, "libcurl cannot be started");
}
HttpClient::~HttpClient() = default;

std::size_t HttpClient::running() const { return state_->running.size(); }
void HttpClient::wake() { curl_multi_wakeup(state_->multi); }

void HttpClient::start(Id id, HttpRequest request) {
  auto exchange = std::make_unique<Exchange>();
  exchange->id = id;
  exchange->request = std::move(request);
  CURL* easy = nullptr;
  if (!state_->idle.empty()) {
    easy = state_->idle.back();
    state_->idle.pop_back();
    curl_easy_reset(easy);
  } else if ((easy = curl_easy_init()) == nullptr) {
    throw base::Error(base::ErrorCode::kInternal, "libcurl is out of memory");
  }
  exchange->easy = easy;
  const HttpRequest& r = exchange->request;
  need(curl_easy_setopt(easy, CURLOPT_URL, r.url.c_str()));
  need(curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https"));
  need(curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L));  // a key never goes to a place that the user did not name
  need(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L));
  need(curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L));
  if (!r.ca_file.empty()) need(curl_easy_setopt(easy, CURLOPT_CAINFO, r.ca_file.c_str()));
  if (r.no_proxy) need(curl_easy_setopt(easy, CURLOPT_NOPROXY, "*"));
  need(curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_2TLS)));
  need(curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L));
  need(curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L));
  need(curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(r.connect_timeout.count())));
  need(curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(r.timeout.count())));
  need(curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, &take_body));
  need(curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange.get()));
  need(curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, &take_header));
  need(curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange.get()));
  need(curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error));
  const auto header = [&](const std::string& line) {
    curl_slist* longer = curl_slist_append(exchange->headers, line.c_str());
    if (longer == nullptr) throw base::Error(base::ErrorCode::kInternal, "libcurl is out of memory");
    exchange->headers = longer;
  };
  header("Accept: application/json, text/event-stream");
  header("User-Agent: reelgraph");
  header("Expect:");  // else libcurl waits a second for a "go on" that few servers send
  if (!r.bearer.empty()) header("Authorization: Bearer " + r.bearer);
  if (!r.body.empty()) {
    header("Content-Type: application/json");
    need(curl_easy_setopt(easy, CURLOPT_POST, 1L));
    need(curl_easy_setopt(easy, CURLOPT_POSTFIELDS, r.body.data()));  // not copied: lives in the exchange
    need(curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(r.body.size())));
  }
  need(curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->headers));
  state_->running[easy] = std::move(exchange);
  if (curl_multi_add_handle(state_->multi, easy) != CURLM_OK)
    throw base::Error(base::ErrorCode::kInternal, "libcurl takes no more requests");
}

std::vector<HttpClient::Done> HttpClient::work(std::chrono::milliseconds longest) {
  std::vector<Done> done;
  int running = 0;
  curl_multi_perform(state_->multi, &running);
  const auto collect = [&] {
    int left = 0;
    while (CURLMsg* message = curl_multi_info_read(state_->multi, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      CURL* easy = message->easy_handle;
      const CURLcode code = message->data.result;  // before the handle is taken out: that frees the message
      auto node = state_->running.extract(easy);
      Exchange& exchange = *node.mapped();
      HttpReply& reply = exchange.reply;
      double seconds = 0;
      curl_easy_getinfo(easy, CURLINFO_TOTAL_TIME, &seconds);
      reply.seconds = seconds;
      if (code == CURLE_OK) {
        long status = 0;
        const char* type = nullptr;
        curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
        reply.status = static_cast<int>(status);
        if (type != nullptr) reply.content_type = base::clean_line(type, 200);
      } else {
        reply.error = without_secret(words_for(code, exchange), exchange.request.bearer);
        reply.timed_out = code == CURLE_OPERATION_TIMEDOUT;
        reply.certificate = code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE;
        reply.body.clear();
      }
      reply.body = without_secret(std::move(reply.body), exchange.request.bearer);
      done.push_back({exchange.id, std::move(reply)});
      curl_multi_remove_handle(state_->multi, easy);
      state_->idle.push_back(easy);
    }
  };
  collect();
  if (done.empty()) {
    curl_multi_poll(state_->multi, nullptr, 0, static_cast<int>(longest.count()), nullptr);
    curl_multi_perform(state_->multi, &running);
    collect();
  }
  return done;
}

}  // namespace reelgraph::captioner::endpoint
