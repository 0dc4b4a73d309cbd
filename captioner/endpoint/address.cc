#include "captioner/endpoint/address.h"

#include <curl/curl.h>

#include <algorithm>
#include <memory>

#include "base/error.h"
#include "base/observation_json.h"

namespace reelgraph::captioner::endpoint {
namespace {

constexpr std::size_t kLongest = 2000;  // bytes

using Url = std::unique_ptr<CURLU, decltype(&curl_url_cleanup)>;

std::string part(CURLU* url, CURLUPart which) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, 0) != CURLUE_OK || text == nullptr) return {};
  std::string copy = text;
  curl_free(text);
  return copy;
}

Url parsed(std::string_view text) {
  Url url(curl_url(), &curl_url_cleanup);
  if (url == nullptr || text.size() > kLongest || text.find('\0') != std::string_view::npos ||
      curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(), 0) != CURLUE_OK)
    return {nullptr, &curl_url_cleanup};
  return url;
}

bool ends_with(const std::string& text, std::string_view end) {
  return text.size() >= end.size() && text.compare(text.size() - end.size(), end.size(), end) == 0;
}

}  // namespace

Address parse_address(std::string_view text) {
  const auto refuse = [](const std::string& what, const std::string& cure) {
    throw base::Error(base::ErrorCode::kInvalidArgument, what, "endpoint", cure);
  };
  const std::string example = "write it as in endpoint:http://localhost:8000 or endpoint:https://api.example.com/v1";
  const Url url = parsed(text);
  const std::string scheme = url == nullptr ? std::string() : part(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") refuse("this is no address of a model server", example);
  // None of these is shown: each may be a secret.
  if (!part(url.get(), CURLUPART_USER).empty() || !part(url.get(), CURLUPART_PASSWORD).empty() ||
      !part(url.get(), CURLUPART_QUERY).empty() || !part(url.get(), CURLUPART_FRAGMENT).empty()) {
    refuse("the address holds a user, a password or a query",
           "put the key into REELGRAPH_API_KEY or --api-key-file, and the bare address here");
  }
  Address address;
  address.encrypted = scheme == "https";
  address.host = part(url.get(), CURLUPART_HOST);
  if (address.host.empty()) refuse("the address names no host", example);
  address.loopback = address.host == "localhost" || address.host == "[::1]" || address.host.rfind("127.", 0) == 0;
  std::string path = part(url.get(), CURLUPART_PATH);
  while (!path.empty() && path.back() == '/') path.pop_back();
  for (const std::string_view tail : {"/chat/completions", "/models", "/embeddings"}) {
    if (ends_with(path, tail)) path.resize(path.size() - tail.size());
  }
  if (path.empty()) path = "/v1";
  const std::string port = part(url.get(), CURLUPART_PORT);
  address.base = scheme + "://" + address.host + (port.empty() ? "" : ":" + port) + path;
  return address;
}

std::string host_of(std::string_view text) {
  const Url url = parsed(text);
  const std::string host = url == nullptr ? std::string() : part(url.get(), CURLUPART_HOST);
  if (host.empty()) return "another place";
  const std::string port = part(url.get(), CURLUPART_PORT);
  return base::clean_line(part(url.get(), CURLUPART_SCHEME) + "://" + host + (port.empty() ? "" : ":" + port), 200);
}

}  // namespace reelgraph::captioner::endpoint
